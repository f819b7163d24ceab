#!/usr/bin/env python3
"""Makes the certificates of conformance/certificates/ anew. TEST CERTIFICATES: no private key is kept.

    conformance/tools/certificates.py

Needs Python's standard library and the `openssl` command (3.0). It signs without any code of Sluice's. The results are
committed: cases run without this script. All but expiring.pem are valid from T0 - 1 day, where the cases' time lines begin, to
2100, so that a real nginx with a real clock takes them as well.
"""

import pathlib
import subprocess
import tempfile

OUT = pathlib.Path(__file__).resolve().parent.parent / "certificates"

NOT_BEFORE = "20251008085320Z"  # T0, 1760000000, less a day
NOT_AFTER = "21000101000000Z"
CA = "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n"
CLIENT = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\nauthorityKeyIdentifier=keyid\n"

# name: (subject, issuer, extensions, not after)
CERTIFICATES = {
    "root": ("/CN=Conformance Root", "root", CA, NOT_AFTER),
    "stranger": ("/CN=Strange Root", "stranger", CA, NOT_AFTER),
    "issuing": ("/CN=Conformance Issuing", "root", CA + "authorityKeyIdentifier=keyid\n", NOT_AFTER),
    "alice": ("/O=Acme/CN=alice", "issuing", CLIENT, NOT_AFTER),
    "bob": ("/O=Acme/CN=robert", "issuing", CLIENT + "subjectAltName=DNS:bob.example.com\n", NOT_AFTER),
    "ops": ("/O=Acme/CN=ops", "issuing", CLIENT, NOT_AFTER),
    "expiring": ("/O=Acme/CN=alice", "issuing", CLIENT, "20251009085520Z"),  # T0 + 120 s
    "server": ("/O=Acme/CN=alice", "issuing", CLIENT.replace("clientAuth", "serverAuth"), NOT_AFTER),
    "mallory": ("/O=Acme/CN=alice", "stranger", CLIENT, NOT_AFTER),
    "self_signed": ("/O=Acme/CN=alice", "self_signed", CLIENT.replace("keyid", "none"), NOT_AFTER),
}

CONFIG = """
[ca]
default_ca = this
[this]
database = {dir}/index.txt
new_certs_dir = {dir}
serial = {dir}/serial
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
organizationName = optional
commonName = supplied
"""


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def make(directory, name):
    subject, issuer, extensions, not_after = CERTIFICATES[name]
    key, request, config = directory / (name + ".key"), directory / (name + ".csr"), directory / "ca.cnf"
    (directory / "ext").write_text(extensions)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
            request, "-subj", subject)
    signer = ["-selfsign"] if issuer == name else ["-cert", OUT / (issuer + ".pem")]
    openssl("ca", "-batch", "-notext", "-config", config, "-in", request, "-keyfile", directory / (issuer + ".key"),
            *signer, "-extfile", directory / "ext", "-startdate", NOT_BEFORE, "-enddate", not_after, "-out",
            OUT / (name + ".pem"))


def main():
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "index.txt").write_text("")
        (directory / "ca.cnf").write_text(CONFIG.format(dir=directory))
        for certificate in CERTIFICATES:
            make(directory, certificate)


if __name__ == "__main__":
    main()
