#!/usr/bin/env python3
"""The command as a user runs it: outputs, exit statuses, widths, secrets.

`cli/sluice_test.py --update` (from the root, after bazel build -c opt //cli:sluice) writes the expected outputs anew.
"""

import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest

UPDATE = "--update" in sys.argv
SLUICE = os.path.abspath("bazel-bin/cli/sluice" if UPDATE else "cli/sluice")
DATA = "cli/testdata"
POLICY = f"{DATA}/policy.yaml"
CERTIFICATES = "conformance/certificates"
VERBS = ["check", "decide", "explain", "routes", "token mint", "token inspect", "token verify", "token jwks",
         "cert verify", "version"]
MEMBERS = ["id", "action", "status", "reason", "message", "route", "service", "consumer", "consumer_groups", "plan",
           "captures", "client", "upstream", "request_headers", "response_headers", "body", "limits"]


def run(*args, stdin="", env=None):
    """Exit status, standard output, standard error."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run([SLUICE, *args], input=data, capture_output=True, timeout=60,
                          env={**os.environ, **(env or {})}, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def on_terminal(*args, env=None):
    """What the command prints when its output is a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([SLUICE, *args], stdin=subprocess.DEVNULL, stdout=slave,
                          env={"TERM": "xterm", **(env or {})}) as process:
        os.close(slave)
        text = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end is gone
                break
            if not chunk:
                break
            text += chunk
        process.wait()
    os.close(master)
    return text.decode()


class SluiceTest(unittest.TestCase):
    maxDiff = None

    def golden(self, name, found):
        path = f"{DATA}/{name}"
        if UPDATE:
            with open(path, "w", encoding="utf-8") as file:
                file.write(found)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(found, file.read(), f"differs from {path}")

    def narrow(self, text):
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)

    # ---- decide

    def test_decide_golden(self):
        status, out, err = run("decide", POLICY, f"{DATA}/requests.jsonl")
        self.assertEqual((status, err), (1, ""))  # two lines are malformed
        self.golden("decisions.jsonl", out)

    def test_decide_has_every_member_in_order(self):
        _, out, _ = run("decide", POLICY, f"{DATA}/requests.jsonl", "--trace")
        decisions = [line for line in map(json.loads, out.splitlines()) if "error" not in line]
        self.assertEqual(len(decisions), 9)
        for decision in decisions:
            members = MEMBERS + ["trace"] + (["diagnosis"] if decision["route"] == "public" else [])
            self.assertEqual(list(decision), members)
            for step in decision["trace"]:
                self.assertEqual(list(step), ["step", "verdict", "cause", "where"])
        self.assertNotIn("alice-key", out)

    def test_decide_reads_standard_input(self):
        status, out, err = run("decide", POLICY, stdin='{"method":"GET","path":"/public/x"}\n\n')
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(json.loads(out)["upstream"]["host"], "public.internal")

    def test_decide_answers_at_once(self):
        with subprocess.Popen([SLUICE, "decide", POLICY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            for path in ("/public/1", "/public/2"):
                process.stdin.write(json.dumps({"method": "GET", "path": path}).encode() + b"\n")
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline())["route"], "public")
            process.stdin.close()
            self.assertEqual(process.wait(), 0)

    def test_decide_metrics(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/metrics.prom"
            status, _, _ = run("decide", POLICY, f"{DATA}/requests.jsonl", "--metrics", path)
            self.assertEqual(status, 1)  # one line is malformed
            with open(path, encoding="utf-8") as file:
                self.golden("metrics.prom", file.read())
            status, _, err = run("decide", POLICY, f"{DATA}/requests.jsonl", "--metrics", f"{folder}/no/metrics.prom")
            self.assertEqual((status, err), (2, f"sluice decide: cannot write `{folder}/no/metrics.prom`\n"))

    def test_decide_metrics_of_a_server(self):
        policy = """
_format_version: "3.0"
services: [{name: s, url: "http://s.internal", routes: [{name: r, paths: [/]}]}]
plugins:
- name: rate-limiting
  config: {day: 9, policy: redis, limit_by: ip, redis: {host: r, password: word-secret}}
"""
        requests = [json.dumps({"method": "GET", "path": "/", "peer": f"10.0.0.{i}:1", "now": 1760000000 + 60 * i})
                    for i in (1, 2)]
        canned = {"redis://r:6379/0": [{"body": "G 4 1000000 1760000000000000 1 gen 60000 0 5 5000000"},
                                       {"error": "OOM"}]}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in ("p.yaml", policy), ("r.jsonl", "\n".join(requests)), ("a.json", json.dumps(canned)):
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            status, _, err = run("decide", f"{folder}/p.yaml", f"{folder}/r.jsonl", "--answers", f"{folder}/a.json",
                                 "--metrics", f"{folder}/m.prom")
            self.assertEqual((status, err), (0, ""))
            with open(f"{folder}/m.prom", encoding="utf-8") as file:
                found = file.read()
        for line in ('answers_total{server="redis://r:6379/0",answer="granted"} 1',
                     'errors_total{server="redis://r:6379/0",error="out_of_memory"} 1',
                     'granted_units_total{server="redis://r:6379/0"} 4', 'up{server="redis://r:6379/0"} 0'):
            self.assertIn(f"sluice_limit_server_{line}\n", found)
        self.assertNotIn("secret", found)

    def test_decide_goes_on_after_malformed_lines(self):
        lines = [b"\xff\xfe", b"[]", b"{" * 100000, b'{"method":"GET","path":"' + b"a" * (5 << 20) + b'"}',
                 b'{"method":"GET","path":"/public"}']
        status, out, _ = run("decide", POLICY, stdin=b"\n".join(lines))
        self.assertEqual(status, 1)
        found = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([answer.get("line") for answer in found], [1, 2, 3, 4, None])
        self.assertEqual(found[-1]["action"], "forward")

    def test_decide_bad_policy(self):
        for policy in (f"{DATA}/broken.yaml", "/no/such/policy.yaml"):
            status, out, err = run("decide", policy, stdin='{"method":"GET","path":"/"}')
            self.assertEqual((status, out), (2, ""))
            self.assertIn(policy, err)

    def test_decide_waits_without_a_network(self):
        _, out, _ = run("decide", POLICY, f"{DATA}/requests.jsonl")
        last = json.loads(out.splitlines()[-1])
        self.assertEqual((last["id"], last["action"]), ("signed", "wait"))

    def test_decide_with_canned_answers(self):
        # The first fetch times out, the second brings the keys.
        _, out, _ = run("decide", POLICY, f"{DATA}/requests.jsonl", "--answers", f"{DATA}/answers.json")
        last = json.loads(out.splitlines()[-1])
        self.assertEqual((last["id"], last["action"], last["consumer"]), ("signed", "forward", "alice"))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as none:
            none.write("{}")
            none.flush()
            _, out, _ = run("decide", POLICY, f"{DATA}/requests.jsonl", "--answers", none.name)
        last = json.loads(out.splitlines()[-1])
        self.assertEqual((last["action"], last["status"]), ("respond", 503))

    def test_decide_bad_answers(self):
        for text in ("[]", '{"u":1}', '{"u":[]}', '{"u":{"stat":1}}', '{"u":{"headers":[]}}', "{"):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                status, out, err = run("decide", POLICY, "--answers", file.name)
            self.assertEqual((status, out), (2, ""), text)
            self.assertIn(file.name, err)

    # ---- check

    def test_check_exit_status(self):
        for policy, flags, want in (("policy", [], 0), ("warned", [], 0), ("warned", ["--strict"], 1),
                                    ("broken", [], 2), ("broken", ["--strict"], 2), ("missing", [], 2)):
            for form in ("text", "json", "sarif"):
                status, _, err = run("check", f"{DATA}/{policy}.yaml", "--format", form, *flags)
                self.assertEqual((status, err), (want, ""), f"{policy} {flags} {form}")

    def test_check_golden(self):
        for form, name in (("text", "broken.txt"), ("json", "broken.json"), ("sarif", "broken.sarif")):
            self.golden(name, run("check", f"{DATA}/broken.yaml", "--format", form)[1])

    def test_check_finds_conflicts(self):
        for name in ("conflicts", "never"):
            for form, ending in (("text", "txt"), ("json", "json"), ("sarif", "sarif")):
                self.golden(f"{name}.{ending}", run("check", f"{DATA}/{name}.yaml", "--format", form)[1])
        self.assertEqual(run("check", f"{DATA}/conflicts.yaml", "--strict")[0], 1)
        self.assertEqual(run("check", f"{DATA}/never.yaml")[0], 2)

    def decided_routes(self, policy, requests):
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        status, out, err = run("decide", policy, stdin=lines)
        self.assertEqual(status, 0, err)
        return [json.loads(line)["route"] for line in out.splitlines()]

    def test_check_overlaps(self):
        policy = f"{DATA}/overlap.yaml"
        report = json.loads(run("check", policy, "--overlaps", "--format", "json")[1])
        self.assertEqual(list(report), ["errors", "warnings", "notes"])
        self.assertEqual(report["warnings"], [])
        overlaps = [note for note in report["notes"] if note["code"] == "route_overlap"]
        self.assertGreater(len(overlaps), 2)
        routes = self.decided_routes(policy, [one["witness"] for one in overlaps])
        self.assertEqual(routes, [one["routes"][0] for one in overlaps])
        contrasted = [one for one in overlaps if "contrast" in one]
        self.assertGreater(len(contrasted), 2)
        routes = self.decided_routes(policy, [one["contrast"] for one in contrasted])
        self.assertEqual(routes, [one["routes"][1] for one in contrasted])
        self.assertEqual(run("check", policy, "--overlaps", "--strict")[0], 0)

    def test_check_witnesses_replay(self):
        report = json.loads(run("check", f"{DATA}/conflicts.yaml", "--format", "json")[1])
        proved = [warning for warning in report["warnings"] if warning["witness"]]
        self.assertGreater(len(proved), 5)
        found = self.decided_routes(f"{DATA}/conflicts.yaml", [warning["witness"] for warning in proved])
        for warning, route in zip(proved, found, strict=True):
            routes = warning["routes"]
            winners = routes[1:] if warning["code"] == "route_shadowed" else routes[:1]
            self.assertIn(route, winners, warning["message"])

    def test_check_json_is_as_promised(self):
        _, out, _ = run("check", f"{DATA}/warned.yaml", "--format", "json")
        report = json.loads(out)
        self.assertEqual(list(report), ["errors", "warnings"])
        self.assertEqual((len(report["errors"]), len(report["warnings"])), (0, 1))
        for member in ("code", "message", "where", "routes", "witness", "hint"):
            self.assertIn(member, report["warnings"][0])
        self.assertEqual(list(report["warnings"][0]["where"]), ["file", "line", "column", "pointer"])

    def test_check_reads_standard_input(self):
        status, out, _ = run("check", "-", stdin="_format_version: '3.0'\nservises: []\n")
        self.assertEqual(status, 2)
        self.assertIn("stdin:2:1: error:", out)

    # ---- explain

    EXPLAIN = ("explain", POLICY, "GET https://api.example.com/orders/7?x=1", "--now", "1760000000")

    def test_explain_golden(self):
        for name, flags in (("explain_forward.txt", ["-H", "apikey: alice-key", "-H", "X-Debug: 1"]),
                            ("explain_refused.txt", ["-H", "apikey: bob-key"])):
            status, out, err = run(*self.EXPLAIN, *flags)
            self.assertEqual((status, err), (0, ""))
            self.golden(name, out)
            self.narrow(out)
            self.assertNotIn("made-up-secret", out)
            self.assertNotIn("-key\n", out)
            self.assertNotIn("\x1b", out)

    def test_explain_says_why_a_route_won(self):
        requests = {
            "explain_candidates.txt": ["GET https://api.example.com/orders/7", "-H", "X-Stage: beta"],
            "explain_nearest.txt": ["PUT https://api.example.com/orders/7", "-H", "X-Token: swordfish"],
            "explain_asterisk.txt": ["OPTIONS https://api.example.com"],
            "explain_stream.txt": ["tls://db.example.com:5432", "--peer", "10.1.2.3:4000"],
        }
        for name, words in requests.items():
            status, out, err = run("explain", f"{DATA}/routes.yaml", *words, "--now", "1760000000")
            self.assertEqual(status, 0)
            self.assertNotIn("error", err)  # a tie is a warning
            self.golden(name, out)
            self.narrow(out)
            self.assertNotIn("swordfish", out)

    def test_explain_shows_no_credential_of_a_query(self):
        for name, value in [("apikey", "swordfish"), ("JWT", "a.b.c"), ("access_token", "short"), ("%6bey", "swordfish"),
                            ("k", "0123456789abcdef012345678")]:
            status, out, _ = run("explain", POLICY, f"GET /public/7?x=1&{name}={value}&y=two", "--now", "1760000000")
            self.assertEqual(status, 0)
            self.assertNotIn(value, out)
            self.assertEqual(out.count(f"?x=1&{name}=(hidden, {len(value)} bytes)&y=two"), 2, out)
        _, out, _ = run("explain", POLICY, "GET /public/7?k=0123456789abcdef01234567&&key=&z", "--now", "1760000000")
        self.assertEqual(out.count("?k=0123456789abcdef01234567&&key=&z"), 2, out)

    def test_explain_stays_narrow(self):
        path = "/public/" + "very-long-" * 40
        status, out, _ = run("explain", POLICY, f"GET https://{'a' * 200}.example{path}", "-H", "X-A: " + "b " * 200)
        self.assertEqual(status, 0)
        self.narrow(out)

    def test_explain_colours_a_terminal_only(self):
        self.assertIn("\x1b[", on_terminal(*self.EXPLAIN))
        self.assertNotIn("\x1b", on_terminal(*self.EXPLAIN, env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", on_terminal(*self.EXPLAIN, env={"TERM": "dumb"}))

    def test_explain_lets_no_request_steer_the_terminal(self):
        for hostile in ("\x1b[31m", "\x9b31m", "\r", "\x07"):
            _, out, _ = run("explain", POLICY, f"GET /public/{hostile}x")
            self.assertNotIn(hostile, out)

    def test_explain_refuses_what_it_cannot_read(self):
        for words in (("GET api.example.com",), ("GET /", "-H", "sesame"), ("GET /", "--now", "soon"),
                      ("GET /", "--peers", "x"), ()):
            status, out, err = run("explain", POLICY, *words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertTrue(err.startswith("sluice explain: "), err)
            self.assertNotIn("sesame", err)

    # ---- routes

    def test_routes_golden(self):
        for name, flags in (("routes.txt", []), ("routes.json", ["--format", "json"])):
            status, out, err = run("routes", f"{DATA}/routes.yaml", *flags)
            self.assertEqual((status, err), (0, ""))
            self.golden(name, out)
        self.narrow(run("routes", f"{DATA}/routes.yaml")[1])

    def test_routes_are_in_the_order_in_which_they_win(self):
        listed = json.loads(run("routes", f"{DATA}/routes.yaml", "--format", "json")[1])["routes"]
        self.assertEqual([row["rank"] for row in listed], list(range(1, len(listed) + 1)))
        ranks = {(row["route"], row["path"]): row["rank"] for row in listed}
        self.assertLess(ranks["orders", "~/orders/(?<id>\\d+)$"], ranks["orders", "/orders"])
        marked = {row["route"] for row in listed if row["conflicts"]}
        self.assertEqual(marked, {"docs", "docs-too", "lost"})

    def test_routes_of_a_policy_that_does_not_load(self):
        status, out, err = run("routes", f"{DATA}/broken.yaml")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("broken.yaml", err)
        self.assertEqual(run("routes", f"{DATA}/routes.yaml", "--format", "xml")[0], 2)

    def test_routes_colours_a_terminal_only(self):
        self.assertIn("\x1b[", on_terminal("routes", f"{DATA}/routes.yaml"))
        self.assertNotIn("\x1b", run("routes", f"{DATA}/routes.yaml")[1])

    # ---- token

    def mint(self, *args, secret="a-secret-of-thirty-two-bytes-len"):
        status, out, err = run("token", "mint", "--secret-file", "-", *args, stdin=secret + "\n")
        self.assertNotIn(secret, out + err)
        return status, out.strip(), err

    def test_token_mint_is_accepted_by_a_policy(self):
        policy = """
_format_version: "3.0"
services:
- {name: s, url: "http://s.internal", routes: [{name: r, paths: [/]}], plugins: [{name: jwt}]}
consumers:
- {username: alice, jwt_secrets: [{key: issuer, algorithm: HS384, secret: a-secret-of-thirty-two-bytes-len}]}
"""
        status, token, _ = self.mint("--alg", "HS384", "--iss", "issuer", "--exp", "5m")
        self.assertEqual(status, 0)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(policy)
            file.flush()
            for bearer, consumer in ((token, "alice"), (token[:-4] + "AAAA", None)):
                request = {"method": "GET", "path": "/", "headers": {"Authorization": "Bearer " + bearer}}
                _, out, _ = run("decide", file.name, "--trace", stdin=json.dumps(request))
                self.assertEqual(json.loads(out)["consumer"], consumer, out)
                self.assertNotIn(bearer, out)

    def test_token_mint_and_inspect_golden(self):
        status, token, err = self.mint("--iss", "https://idp.example.com", "--sub", "alice", "--aud", "a", "--aud", "b",
                                       "--nbf", "-1m", "--exp", "1h", "--kid", "k1", "--claim", "team=blue \x1b[31m",
                                       "--claim-json", 'scopes=["read",{"deep":1.50}]', "--header", "x=y",
                                       "--now", "1760000000")
        self.assertEqual((status, err), (0, ""))
        status, out, err = run("token", "inspect", "--now", "1760000012", stdin=f"  Bearer {token}\n")
        self.assertEqual((status, err), (0, ""))
        self.golden("inspect.txt", out)
        self.narrow(out)
        self.assertIn("NOT VERIFIED", out)
        self.assertEqual(run("token", "inspect", token, "--now", "1760000012")[1], out)

    # The key is that of RFC 8037, A.1; the token was signed with `openssl pkeyutl -sign -rawin`. Ed25519 is deterministic.
    def test_token_mint_eddsa_as_openssl_signs(self):
        key = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
        pem = f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"
        status, token, err = run("token", "mint", "--alg", "EdDSA", "--key", "-", "--sub", "alice", "--now", "1760000000",
                                 stdin=pem)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(token, "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9."
                         "eyJleHAiOjE3NjAwMDM2MDAsImlhdCI6MTc2MDAwMDAwMCwic3ViIjoiYWxpY2UifQ."
                         "6RuqogrqngVzb0IyhXSieBhKXzDr1GO5PbZ7WSRl98rKmz-H1-lfpEU_3XR81SxKyPaTetIkJqe2TW-a4C8sBw\n")
        for alg in ("PS256", "PS384", "PS512", "RS256", "ES256", "HS256"):
            status, out, err = run("token", "mint", "--alg", alg, "--key", "-", stdin=pem)
            self.assertEqual((status, out), (2, ""), alg)
            self.assertNotIn(key[:16], err)

    # The key and its thumbprint are those of RFC 8037, A.1 to A.3.
    def test_token_jwks(self):
        pem = ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
               "-----END PRIVATE KEY-----\n")
        expected = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
                    "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            status, out, err = run("token", "jwks", file.name, file.name)
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(json.loads(out), {"keys": [expected, expected]})
            status, out, _ = run("token", "jwks", "--kid", "k1", "--alg", "EdDSA", "-", stdin=pem)
            self.assertEqual(json.loads(out), {"keys": [{**expected, "kid": "k1"}]})
            for words in (["--alg", "ES256", file.name], ["--alg", "none", file.name], ["/nowhere"], [],
                          ["--kid", "a", file.name, file.name], ["--kid", 'a"', file.name]):
                status, out, err = run("token", "jwks", *words)
                self.assertEqual((status, out), (2, ""), words)
                self.assertNotIn("MC4CAQ", err)
        self.assertEqual(run("token", "jwks", "-", stdin="sesame")[0], 2)

    def test_token_mint_refuses(self):
        for words in (["--alg", "none"], ["--alg", "hs256"], ["--alg", "ES256"], ["--alg", "UNKN"], ["--exp", "soon"],
                      ["--claim", "x"], ["--claim-json", "x={"], ["--key", "-"]):
            status, out, err = self.mint(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertTrue(err.startswith("sluice token mint: "), err)
        self.assertEqual(run("token", "mint", "--secret-file", "-", stdin="")[0], 2)
        self.assertEqual(run("token", "mint", "--alg", "RS256", "--key", "-", stdin="sesame")[0], 2)
        self.assertEqual(run("token", "mint")[0], 2)

    def test_token_inspect_survives_anything(self):
        def token(*parts):
            import base64
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

        for text in ("", "a", "a.b", "a.b.c.d", "..", "!.!.!", token(b"{}", b"[]", b""), token(b"{}", b"[" * 100000, b""),
                     token(b'{"a":1,"a":2}', b"{}", b""), "a.b.c.d.e", "A" * (2 << 20), "\x00.\x00.\x00"):
            status, _, err = run("token", "inspect", stdin=text)
            self.assertEqual(status, 2, text[:40])
            self.assertTrue(err.startswith("sluice token inspect: "), err)
        claims = b'{"exp":1e300,"nbf":-1,"iat":"x","\\u001b[31m":"\\u009b31m"}'
        status, out, _ = run("token", "inspect", stdin=token(b'{"alg":"none"}', claims, b""))
        self.assertEqual(status, 0)
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\x9b", out)

    # The key is that of RFC 8037, A.1 and A.2.
    ED25519 = ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
               "-----END PRIVATE KEY-----\n")
    ED25519_PUBLIC = ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                      "-----END PUBLIC KEY-----\n")
    SECRET = "a-secret-of-thirty-two-bytes-len"

    def mint_ed25519(self, *args):
        status, token, err = run("token", "mint", "--alg", "EdDSA", "--key", "-", "--now", "1760000000", *args,
                                 stdin=self.ED25519)
        self.assertEqual((status, err), (0, ""))
        return token.strip()

    def verify_token(self, token, material, *flags, now="1760000060"):
        """Material: the flag and the text of its file."""
        with tempfile.NamedTemporaryFile("w", suffix=".key") as file:
            file.write(material[1])
            file.flush()
            status, out, err = run("token", "verify", "-", material[0], file.name, "--now", now, *flags, stdin=token)
        self.assertEqual(err, "")
        self.narrow(out)
        for part in [*token.split("."), self.SECRET]:
            self.assertNotIn(part or "no part", out)
        return status, out

    def test_token_verify_golden(self):
        token = self.mint_ed25519("--kid", "k1", "--iss", "https://idp.example.com", "--sub", "alice \x1b[31m",
                                  "--aud", "orders", "--aud", "billing", "--nbf", "-1m")
        key = ("--jwks", run("token", "jwks", "--kid", "k1", "-", stdin=self.ED25519)[1])
        wants = ("--iss", "https://idp.example.com", "--aud", "orders", "--typ", "application/jwt")
        for name, now, want in (("token_good.txt", "1760000060", 0), ("token_refused.txt", "1760003905", 1)):
            status, out = self.verify_token(token, key, *wants, "--leeway", "300", now=now)
            self.assertEqual(status, want)
            self.golden(name, out)

    def test_token_verify_names_causes(self):
        pem = ("--key", self.ED25519_PUBLIC)
        jwks = ("--jwks", run("token", "jwks", "--kid", "k1", "-", stdin=self.ED25519)[1])
        secret = ("--secret-file", self.SECRET + "\n")
        eddsa = ["--alg", "EdDSA"]
        names = ["--iss", "a", "--aud", "b", "--aud", "c"]
        hs256 = self.mint("--now", "1760000000")[1]
        for token, material, flags, now, code, cause in (
                (self.mint_ed25519(), pem, eddsa, "1760003599.999", "good", ""),
                (self.mint_ed25519(), pem, eddsa, "1760003600", "jwt_expired",
                 "`exp` was 0 s ago, with a leeway of 0 s"),
                (self.mint_ed25519(), pem, [*eddsa, "--leeway", "9"], "1760003608", "good", ""),
                (self.mint_ed25519(), pem, [*eddsa, "--leeway", "9"], "1760003609", "jwt_expired",
                 "`exp` was 9 s ago, with a leeway of 9 s"),
                (self.mint_ed25519("--nbf", "90s"), pem, eddsa, "1760000000", "jwt_not_yet_valid", "`nbf` is in 90 s"),
                (self.mint_ed25519("--exp", "none"), pem, eddsa, "1760000000", "jwt_missing_exp", "`exp` is missing"),
                (self.mint_ed25519("--claim", "exp=soon"), pem, eddsa, "1760000000", "jwt_bad_claim", "not a number"),
                (self.mint_ed25519()[:-6] + "AAAAAA", pem, eddsa, "1760000000", "jwt_bad_signature", "by this key"),
                (hs256, pem, eddsa, "1760000000", "jwt_alg_not_allowed", "token says `HS256`, the key is for `EdDSA`"),
                ("eyJhbGciOiJub25lIn0.e30.", pem, eddsa, "1760000000", "jwt_alg_not_allowed", "`none`"),
                (hs256, secret, [], "1760000000", "good", ""),
                (hs256, secret, ["--alg", "HS512"], "1760000000", "jwt_alg_not_allowed", "the key is for `HS512`"),
                (hs256, ("--secret-file", self.SECRET[1:]), [], "1760000000", "jwt_bad_signature", "note"),
                (self.mint_ed25519("--kid", "k1"), jwks, [], "1760000000", "good", ""),
                (self.mint_ed25519(), jwks, [], "1760000000", "good", ""),
                (self.mint_ed25519("--kid", "k2"), jwks, [], "1760000000", "jwt_unknown_kid",
                 "says `k2`, the set has `k1`"),
                (self.mint_ed25519("--kid", "k1"), jwks, ["--alg", "ES256"], "1760000000", "jwt_unknown_kid",
                 "no usable key"),
                (self.mint("--kid", "k1")[1], jwks, [], "1760000000", "jwt_alg_not_allowed", "the key is for `EdDSA`"),
                (self.mint_ed25519(*names), pem, [*eddsa, "--iss", "x", "--iss", "a", "--aud", "c"], "1760000000",
                 "good", ""),
                (self.mint_ed25519(*names), pem, [*eddsa, "--iss", "x"], "1760000000", "jwt_wrong_issuer",
                 "expected the issuer `x`, found `a`"),
                (self.mint_ed25519(), pem, [*eddsa, "--iss", "x"], "1760000000", "jwt_wrong_issuer", "found none"),
                (self.mint_ed25519(*names), pem, [*eddsa, "--aud", "x", "--aud", "y"], "1760000000",
                 "jwt_wrong_audience", "expected the audience one of `x`, `y`, found `b`, `c`"),
                (self.mint_ed25519(), pem, [*eddsa, "--typ", "at+jwt"], "1760000000", "jwt_wrong_type", "found `JWT`"),
                ("sesame.sesame", pem, eddsa, "1760000000", "jwt_malformed", "not three segments"),
                ("a" * 20000, pem, eddsa, "1760000000", "jwt_too_large", "more than the 16384 bytes allowed"),
        ):
            status, out = self.verify_token(token, material, *flags, now=now)
            self.assertEqual(status, 0 if code == "good" else 1, out)
            self.assertIn(f"\n{code}\n", "\n" + out)
            self.assertIn(cause, " ".join(out.split()))
            self.assertEqual("  mend " in out, code != "good")
            proven = code not in ("jwt_bad_signature", "jwt_alg_not_allowed", "jwt_unknown_kid", "jwt_malformed",
                                  "jwt_too_large")
            self.assertEqual(out.startswith("signed\n"), proven, out)

    # RFC 7515, A.1 and A.3.
    def test_token_verify_takes_tokens_of_others(self):
        claims = ("eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
        keys = [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                 "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
                {"kty": "oct", "alg": "HS256", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iP"
                                                    "S4hcgUuTwjAzZr1Z9CAow"}]
        signatures = {"ES256": "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
                      "HS256": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
        headers = {"ES256": "eyJhbGciOiJFUzI1NiJ9", "HS256": "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"}
        for alg, header in headers.items():
            token = f"{header}.{claims}.{signatures[alg]}"
            flags = ("--alg", "ES256", "--alg", "HS256", "--iss", "joe")
            status, out = self.verify_token(token, ("--jwks", json.dumps({"keys": keys})), *flags, now="1300819379")
            self.assertEqual(status, 0, out)
            self.assertNotIn("note", out)
            self.assertIn(f"  algorithm {alg}\n  issuer    joe\n", out)
        # Without its name in --alg a secret in a set does not count, and is named.
        status, out = self.verify_token(token, ("--jwks", json.dumps({"keys": keys})), now="1300819379")
        self.assertEqual(status, 1)
        self.assertIn("jwt_alg_not_allowed", out)
        self.assertIn("  note      key 1 ", out)
        self.assertNotIn("AyM1SysPpbyDfgZld3umj1qzKObw", out)

    def test_token_verify_refuses_what_it_cannot_use(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in ("private.pem", self.ED25519), ("public.pem", self.ED25519_PUBLIC), ("empty", ""):
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            public = ["--key", f"{folder}/public.pem"]
            eddsa = [*public, "--alg", "EdDSA"]
            for words, part in (
                    ([], "found 0"), ([*eddsa, *public], "found 2"), ([*eddsa, "--jwks", "x"], "found 2"),
                    (public, "--alg once"), ([*eddsa, "--alg", "ES256"], "--alg once"),
                    ([*public, "--alg", "none"], "`none`"), ([*public, "--alg", "ES256"], "another type"),
                    ([*public, "--alg", "HS256"], "found a PEM key"),
                    (["--key", f"{folder}/private.pem", "--alg", "EdDSA"], "private"),
                    (["--key", "/no/such", "--alg", "EdDSA"], "/no/such"),
                    (["--secret-file", f"{folder}/empty"], "empty"),
                    (["--secret-file", f"{folder}/public.pem", "--alg", "EdDSA"], "found a secret"),
                    (["--jwks", f"{folder}/public.pem"], "key set"), (["--jwks", "-"], "standard input"),
                    ([*eddsa, "--now", "soon"], "--now"), ([*eddsa, "--leeway", "-1"], "`-1`"),
                    ([*eddsa, "--leeway", "3601"], "0 to 3600"), (["a", "b", *eddsa], "2 operands")):
                status, out, err = run("token", "verify", *words, stdin="a.b.c")
                self.assertEqual((status, out), (2, ""), words)
                self.assertTrue(err.startswith("sluice token verify: "), err)
                self.assertIn(part, err)
                self.assertNotIn("MC4CAQ", err)
            self.assertEqual(run("token", "verify", *eddsa, "--leeway", "3600", stdin="a.b.c")[0], 1)
            status, _, err = run("token", "verify", *eddsa, stdin="a" * ((1 << 20) + 1))
            self.assertEqual(status, 2, err)
            for flag, most in (("--secret-file", 64 << 10), ("--jwks", 1 << 20)):
                for size, want in ((most, 1), (most + 1, 2)):
                    text = '{"keys":[]}'.ljust(size)
                    status, _, err = run("token", "verify", "a.b.c", flag, "-", stdin=text)
                    self.assertEqual(status, want, err)
            token = self.mint_ed25519()
            status, out, _ = run("token", "verify", token, "--key", "-", "--alg", "EdDSA", "--now", "1760000000",
                                 stdin=self.ED25519_PUBLIC)
            self.assertEqual(status, 0, out)

    # ---- cert

    def verify(self, *names, ca="root", flags=(), now="1760000000"):
        bundle = "".join(open(f"{CERTIFICATES}/{name}.pem", encoding="utf-8").read() for name in names)
        trust = ["--ca", f"{CERTIFICATES}/{ca}.pem"] if ca else []
        status, out, err = run("cert", "verify", "-", *trust, "--now", now, *flags, stdin=bundle)
        self.assertEqual(err, "")
        self.narrow(out)
        return status, out

    def test_cert_verify_golden(self):
        for name, chain, want in (("cert_good.txt", ("bob", "issuing"), 0), ("cert_refused.txt", ("alice",), 1)):
            status, out = self.verify(*chain)
            self.assertEqual(status, want)
            self.golden(name, out)

    def test_cert_verify_names_causes(self):
        for chain, keywords, code in (
                (("alice", "issuing"), {"ca": "stranger"}, "cert_missing_intermediate"),
                (("alice", "issuing", "root"), {"ca": "stranger"}, "cert_unknown_root"),
                (("alice",), {"ca": "issuing"}, "cert_unknown_root"),
                (("alice",), {"ca": "issuing", "flags": ["--partial"]}, "good"),
                (("alice", "root", "issuing"), {}, "cert_bad_order"),
                (("issuing", "alice"), {}, "cert_bad_order"),
                (("self_signed",), {}, "cert_self_signed"),
                (("issuing",), {}, "cert_ca_leaf"),
                (("server", "issuing"), {}, "cert_wrong_usage"),
                (("expiring", "issuing"), {"now": "1760000120"}, "good"),
                (("expiring", "issuing"), {"now": "1760000121"}, "cert_expired"),
                (("alice", "issuing"), {"now": "1759913599"}, "cert_not_yet_valid"),
                (("bob", "issuing"), {"flags": ["--name", "bob.example.com"]}, "good"),
                (("bob", "issuing"), {"flags": ["--name", "robert"]}, "cert_name_mismatch"),
                ((), {}, "cert_malformed"),
        ):
            status, out = self.verify(*chain, **keywords)
            self.assertEqual(status, 0 if code == "good" else 1, out)
            self.assertIn(f"\n{code}\n", "\n" + out)
            self.assertEqual("  mend " in out, code != "good")

    def test_cert_verify_without_authorities(self):
        status, out = self.verify("alice", "issuing", "root", ca=None)
        self.assertEqual(status, 0)
        self.assertIn("Whom you trust was not asked", out)
        self.assertIn("cert_missing_intermediate", self.verify("alice", ca=None)[1])

    def test_cert_verify_refuses_what_it_cannot_use(self):
        root = f"{CERTIFICATES}/root.pem"
        for words in (["/no/such.pem"], [root, "--ca", "/no/such.pem"], [root, "--ca", POLICY],
                      [root, "--ca", f"{CERTIFICATES}/alice.pem"], [root, "--now", "soon"], []):
            status, out, err = run("cert", "verify", *words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertTrue(err.startswith("sluice cert verify: "), err)

    # ---- the rest

    def test_help(self):
        for verb in VERBS:
            status, out, err = run(*verb.split(), "--help")
            self.assertEqual((status, err), (0, ""))
            self.assertIn("\nExample\n  ", out)
            self.narrow(out)
            self.assertEqual(run("help", *verb.split())[1], out)
        for words in (["help"], ["--help"]):
            status, out, _ = run(*words)
            self.assertEqual(status, 0)
            self.narrow(out)
            for verb in VERBS:
                self.assertIn(f"  {verb} ", out)

    def test_version(self):
        self.assertEqual(run("version"), run("--version"))
        self.assertRegex(run("version")[1], r"^sluice \d+\.\d+\.\d+ \(ABI \d+\)\n$")

    def test_usage_errors(self):
        for words, part in (([], ""), (["chek", POLICY], "did you mean `check`?"), (["token", "mnt"], "`token mint`"),
                            (["token"], "known: `token mint`, `token inspect`, `token verify`, `token jwks`"),
                            (["cert", "verfy"], "`cert verify`"),
                            (["check"], "expected POLICY"), (["check", POLICY, POLICY], "2 operands"),
                            (["check", POLICY, "--format", "xml"], "`xml`"), (["version", "x"], "no operand")):
            status, _, err = run(*words)
            self.assertEqual(status, 2, words)
            self.assertIn(part, err)

    def test_a_full_disk_is_noticed(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([SLUICE, "version"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot write", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
