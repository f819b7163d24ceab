#!/usr/bin/env python3
"""Makes the keys, key sets and tokens that the conformance cases use. TEST KEYS: their private halves are public.

    conformance/tools/mint.py              # new tokens and key sets from the keys that are there
    conformance/tools/mint.py --new-keys   # new keys first

Needs Python's standard library and the `openssl` command (3.0). It signs without any code of Sluice's, so that a fault
in Sluice cannot hide on both sides. The results are committed: cases run without this script.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = ROOT / "keys"

T0 = 1760000000  # where the cases' time lines begin
FOREVER = 4102444800  # 2100-01-01: also valid by the wall clock of a real nginx

KEY_KINDS = {
    "rsa1": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "stranger": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ec384": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ec521": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["genpkey", "-algorithm", "ED25519"],
}

SECRET = b"conformance-test-secret-0123456789abcdef-0123456789abcdef-012345"
ECDSA_BYTES = {"ES256": 32, "ES384": 48, "ES512": 66}


def openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, capture_output=True, check=True).stdout


def private_key(name):
    return KEYS / (name + ".private.pem")


def public_pem(name):
    return (KEYS / (name + ".public.pem")).read_text()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


# ---- Signing ----


def raw_ecdsa(der, size):
    """DER's SEQUENCE of two INTEGERs as the fixed-size pair of RFC 7518, 3.4."""
    at = 3 if der[1] & 0x80 else 2
    numbers = []
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length], "big"))
        at += 2 + length
    return b"".join(number.to_bytes(size, "big") for number in numbers)


def sign_eddsa(key, data):
    with tempfile.NamedTemporaryFile() as message:  # one-shot signatures cannot be streamed
        message.write(data)
        message.flush()
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(private_key(key)), "-in", message.name)


def sign(algorithm, key, data):
    if algorithm.lower() == "none":
        return b""
    if algorithm == "EdDSA":
        return sign_eddsa(key, data)
    digest = "sha" + algorithm[2:]
    if algorithm.startswith("HS"):
        return hmac.new(key, data, getattr(hashlib, digest)).digest()
    args = ["dgst", "-" + digest, "-sign", str(private_key(key))]
    if algorithm.startswith("PS"):
        args += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    signature = openssl(*args, data=data)
    return raw_ecdsa(signature, ECDSA_BYTES[algorithm]) if algorithm.startswith("ES") else signature


def mint(algorithm, key, claims, header=None):
    """A compact JWS. `claims` may be JSON text, for what no JSON writer would write."""
    fields = {"typ": "JWT", "alg": algorithm, **(header or {})}
    signing_input = b64url(compact_json(fields).encode()) + "." + b64url(compact_json(claims).encode())
    return signing_input + "." + b64url(sign(algorithm, key, signing_input.encode()))


def with_claims(token, claims):
    """The token of somebody who changed what was signed."""
    header, _, signature = token.split(".")
    return ".".join([header, b64url(compact_json(claims).encode()), signature])


# ---- Public keys as JWKs ----


def rsa_jwk(name):
    text = openssl("rsa", "-pubin", "-in", str(KEYS / (name + ".public.pem")), "-noout", "-modulus").decode()
    return {"kty": "RSA", "n": b64url(bytes.fromhex(text.strip().partition("=")[2])), "e": "AQAB"}


def public_der(name):
    return openssl("pkey", "-pubin", "-in", str(KEYS / (name + ".public.pem")), "-outform", "DER")


def ec_jwk(name, curve, size):
    point = public_der(name)[-2 * size :]  # an uncompressed point ends the SubjectPublicKeyInfo
    return {"kty": "EC", "crv": curve, "x": b64url(point[:size]), "y": b64url(point[size:])}


def ed_jwk(name):
    return {"kty": "OKP", "crv": "Ed25519", "x": b64url(public_der(name)[-32:])}


def key_sets():
    rsa = {**rsa_jwk("rsa1"), "kid": "rsa-1", "use": "sig", "alg": "RS256"}
    ec = {**ec_jwk("ec256", "P-256", 32), "kid": "ec-1", "use": "sig", "alg": "ES256"}
    ed = {**ed_jwk("ed25519"), "kid": "ed-2", "use": "sig", "alg": "EdDSA"}
    return {"idp": [rsa, ec], "idp_rotated": [rsa, ec, ed], "only_ed": [ed], "empty": []}


# ---- Tokens ----


def shared_key(algorithm):
    if algorithm.startswith("HS"):
        return SECRET
    return {"ES256": "ec256", "ES384": "ec384", "ES512": "ec521", "EdDSA": "ed25519"}.get(algorithm, "rsa1")


ALGORITHMS = "HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512 EdDSA".split()


def tokens_of_consumers():
    """For jwt_secrets: `iss` is the secret's key, "alice-" and the algorithm."""
    tokens = {}
    for algorithm in ALGORITHMS:
        tokens["alice_" + algorithm.lower()] = mint(
            algorithm, shared_key(algorithm), {"iss": "alice-" + algorithm, "exp": FOREVER}
        )

    def hs(name, claims, header=None, algorithm="HS256"):
        tokens[name] = mint(algorithm, SECRET, claims, header)

    hs("bob_hs256", {"iss": "bob-HS256", "exp": FOREVER})
    hs("alice_expired", {"iss": "alice-HS256", "exp": T0 - 12})
    hs("alice_not_yet", {"iss": "alice-HS256", "nbf": T0 + 30, "exp": FOREVER})
    hs("alice_with_nbf", {"iss": "alice-HS256", "nbf": T0 - 30, "exp": FOREVER})
    hs("alice_no_exp", {"iss": "alice-HS256"})
    hs("alice_exp_text", {"iss": "alice-HS256", "exp": "tomorrow"})
    hs("alice_half_hour", {"iss": "alice-HS256", "exp": T0 + 1800})
    hs("alice_two_hours", {"iss": "alice-HS256", "exp": T0 + 7200})
    hs("alice_crit", {"iss": "alice-HS256", "exp": FOREVER}, {"crit": ["exp"]})
    hs("alice_wrong_alg", {"iss": "alice-HS256", "exp": FOREVER}, algorithm="HS512")
    hs("alice_twice_iss", '{"iss":"bob-HS256","iss":"alice-HS256","exp":%d}' % FOREVER)
    hs("alice_sub", {"iss": "https://anyone.example", "sub": "alice-HS256", "exp": FOREVER})
    hs("alice_kid", {"sub": "x", "exp": FOREVER}, {"kid": "alice-HS256"})
    hs("unknown_issuer", {"iss": "nobody", "exp": FOREVER})
    hs("no_issuer", {"sub": "alice", "exp": FOREVER})
    hs("alice_jti_a", {"iss": "alice-HS256", "jti": "a", "sub": "al", "iat": T0 - 60, "exp": FOREVER})
    hs("alice_jti_b", {"iss": "alice-HS256", "jti": "b", "sub": "al", "iat": T0, "exp": FOREVER})
    hs("bob_jti_b", {"iss": "bob-HS256", "jti": "b", "sub": "al", "iat": T0 - 60, "exp": FOREVER})
    tokens["alice_none"] = mint("none", None, {"iss": "alice-HS256", "exp": FOREVER})
    tokens["alice_none_rs"] = mint("nOnE", None, {"iss": "alice-RS256", "exp": FOREVER})
    tokens["alice_stranger"] = mint("RS256", "stranger", {"iss": "alice-RS256", "exp": FOREVER})
    tokens["alice_tampered"] = with_claims(
        tokens["alice_rs256"], {"iss": "alice-RS256", "exp": FOREVER, "admin": True}
    )
    tokens["alice_rsa_as_hmac"] = mint(
        "HS256", public_pem("rsa1").encode(), {"iss": "alice-RS256", "exp": FOREVER}
    )
    tokens["alice_base64_secret"] = mint("HS256", SECRET, {"iss": "alice-base64", "exp": FOREVER})
    tokens["alice_unsigned_form"] = tokens["alice_hs256"].rpartition(".")[0]
    return tokens


def tokens_of_idp():
    """For a JWK set: `kid` names the key, `sub` the consumer."""
    issuer, audience = "https://idp.example.com", "orders"
    tokens = {}

    def idp(name, kid="rsa-1", algorithm="RS256", key="rsa1", typ="JWT", **claims):
        everything = {"iss": issuer, "aud": audience, "sub": "alice", "exp": FOREVER, **claims}
        kept = {k: v for k, v in everything.items() if v is not None}
        tokens[name] = mint(algorithm, key, kept, {"typ": typ, **({"kid": kid} if kid else {})})

    idp("idp_alice")
    idp("idp_alice_es", kid="ec-1", algorithm="ES256", key="ec256")
    idp("idp_alice_ed", kid="ed-2", algorithm="EdDSA", key="ed25519")
    idp("idp_alice_no_kid", kid=None)
    idp("idp_made_up_kid", kid="made-up")
    idp("idp_made_up_kid_2", kid="made-up-2")
    idp("idp_stranger", key="stranger")
    idp("idp_wrong_alg", algorithm="RS512")
    idp("idp_wrong_issuer", iss="https://evil.example.com")
    idp("idp_wrong_audience", aud="invoices")
    idp("idp_no_audience", aud=None)
    idp("idp_audience_list", aud=["invoices", "orders"])
    idp("idp_nobody", sub="nobody")
    idp("idp_no_sub", sub=None)
    idp("idp_custom_id", sub="x", client_id="c-42")
    idp("idp_expired", exp=T0 - 12)
    idp("idp_no_exp", exp=None)
    idp("idp_scopes", scope="orders:read orders:write", tenant="t1", groups=["eng", "staff"])
    idp("idp_scp_list", scp=["orders:read", "orders:write"], tenant=7, groups="eng", sub="stranger")
    idp("idp_scope_short", scope="orders:read", tenant="t1", groups=["sales"], sub="stranger")
    idp("idp_no_tenant", scope="orders:read orders:write", tenant=None, sub="stranger")
    idp("idp_bad_groups", scope="orders:read orders:write", tenant="t1", groups=["a\r\nX-Admin: true"])
    idp("idp_spaced_group", groups=["eng lead", "staff"])
    idp("idp_empty_group", scope="orders:read orders:write", tenant="t1", groups=[""], sub="stranger")
    idp("idp_sub_with_newline", sub="alice\r\nX-Admin: true")
    idp("idp_access_token", typ="at+jwt")
    idp("idp_nested", sub="stranger", act={"sub": "alice"}, realm_access={"roles": ["eng"]})
    idp("idp_nested_dot", **{"act": {"sub": "alice"}, "realm_access.roles": ["eng"]})
    idp("idp_profile", email="alice@example.com", level=7, verified=True, address={"city": "Rome"})
    idp("idp_profile_with_newline", email="a\r\nX-Admin: true")
    idp("idp_consumer_id", client_id="5c2f1c1e-8a0b-4a0c-9d6e-0b1f2a3c4d5e")
    idp("idp_banned", banned=True)
    idp("idp_gold", tier="gold")
    idp("idp_gold_of_nobody", tier="gold", sub="stranger")
    idp("idp_no_such_tier", tier="platinum")
    idp("idp_two_tiers", tier=["gold", "free"])
    partner = {"iss": "https://partner.example.com", "kid": "ed-2", "algorithm": "EdDSA", "key": "ed25519"}
    idp("partner_alice", **partner)
    idp("partner_for_others", aud="invoices", **partner)
    idp("idp_half_hour", exp=T0 + 1800, jti="h", iat=T0)
    idp("idp_two_hours", exp=T0 + 7200)
    idp("idp_old", iat=T0 - 60, jti="o")
    idp("idp_shared", kid="shared", algorithm="HS256", key=SECRET)
    return tokens


def tokens_of_gateway():
    """What jwt-signer makes at T0, member for member in its order: these signatures leave no choice."""

    def signed(algorithm, kid, claims):
        signing_input = ".".join(
            b64url(compact_json(part).encode()) for part in ({"alg": algorithm, "kid": kid, "typ": "JWT"}, claims)
        )
        return signing_input + "." + b64url(sign(algorithm, shared_key(algorithm), signing_input.encode()))

    caller = {"iss": "kong", "original_iss": "https://idp.example.com", "aud": "orders", "sub": "alice"}
    return {
        "gateway_idp": signed("EdDSA", "ed-1", {**caller, "iat": T0, "exp": T0 + 300}),
        "gateway_profile": signed(
            "RS256", "rsa-1",
            {"iss": "https://gateway.example.com", "aud": "internal", "sub": "alice", "level": 7, "verified": True,
             "address": {"city": "Rome"}, "tenant": {"id": 7}, "iat": T0, "exp": T0 + 60},
        ),  # fmt: skip
        "gateway_alice": signed(
            "EdDSA", "ed-1",
            {"iss": "kong", "sub": "alice", "consumer_custom_id": "a-1", "consumer_username": "alice",
             "credential_id": "alice/key-1", "groups": ["staff", "eng"], "iat": T0, "exp": T0 + 300},
        ),  # fmt: skip
        "gateway_certificate": signed(
            "EdDSA", "ed-1",
            {"iss": "kong", "sub": "CN=alice,O=Acme", "credential_id": "CN=alice,O=Acme", "groups": ["alice"],
             "iat": T0, "exp": T0 + 300},
        ),  # fmt: skip
    }


def make_keys():
    KEYS.mkdir(exist_ok=True)
    for name, command in KEY_KINDS.items():
        private_key(name).write_bytes(openssl(*command))
        (KEYS / (name + ".public.pem")).write_bytes(openssl("pkey", "-in", str(private_key(name)), "-pubout"))


def write_json(path, value, indent=1):
    path.write_text(json.dumps(value, indent=indent) + "\n")


def main():
    if sys.argv[1:] not in ([], ["--new-keys"]):
        sys.exit(__doc__)
    if sys.argv[1:]:
        make_keys()
    for name, keys in key_sets().items():
        write_json(KEYS / (name + ".jwks.json"), {"keys": keys})
    write_json(ROOT / "tokens.json", {**tokens_of_consumers(), **tokens_of_idp(), **tokens_of_gateway()})


if __name__ == "__main__":
    main()
