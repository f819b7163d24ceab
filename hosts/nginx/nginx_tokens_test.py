#!/usr/bin/env python3
"""Tokens: a live list of those that are revoked, in every worker; those that the gateway signs, and its public keys."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from nginx_fixture import Nginx, Server, Signer, echo, seen, wait_until

REVOCABLE = """
_format_version: "3.0"
services:
- name: s
  url: {upstream}
  routes:
  - name: r
    paths: [/]
    plugins: [{{name: jwt, config: {{consumer_optional: true, jwks: '{jwks}'}}}}]
"""

SIGNING = """
_format_version: "3.0"
key_sets:
- name: kong
  keys:
  - {{kid: now, pem: {{private_key: {key}}}}}
- {{name: other}}
services:
- name: s
  url: {upstream}
  routes: [{{name: r, paths: [/]}}]
plugins:
- {{name: key-auth}}
- {{name: jwt-signer, config: {{access_token_signing_algorithm: {algorithm}}}}}
consumers:
- {{username: alice, keyauth_credentials: [{{key: alices-key}}]}}
"""

WORKERS = 3
KEYS = "location = /.well-known/jwks.json { sluice_public_keys %s; }"


class TokensTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Server(echo)

    def tearDown(self):
        self.upstream.shutdown()
        self.upstream.server_close()


class RevokedTest(TokensTest):
    @classmethod
    def setUpClass(cls):
        cls.idp = Signer("k1")
        cls.alice = cls.idp.bearer(jti="a", sub="alice")
        cls.bob = cls.idp.bearer(jti="b", sub="bob")

    def nginx(self, revoked, **options):
        policy = REVOCABLE.format(upstream=self.upstream.url, jwks=self.idp.jwk_set().decode())
        nginx = Nginx(policy, http="sluice_revoked revoked.yaml;", **options)
        self.publish(nginx, revoked)
        return nginx

    @staticmethod
    def publish(nginx, text):
        (nginx.dir / "new.yaml").write_text(text)
        os.rename(nginx.dir / "new.yaml", nginx.dir / "revoked.yaml")

    @staticmethod
    def taken_in(nginx):
        return nginx.error_log().count("took in the list of revoked tokens")

    def statuses(self, nginx, headers):
        """Of many connections: the kernel spreads them over the workers."""
        return dict(nginx.in_parallel(40, headers=headers))

    def test_every_worker_sees_the_list_and_its_changes(self):
        with self.nginx("revoked: [{jti: a}]", workers=WORKERS) as nginx:
            self.assertEqual(self.statuses(nginx, self.alice), {401: 40})
            self.assertEqual(self.statuses(nginx, self.bob), {200: 40})
            self.publish(nginx, '{"revoked": [{"jti": "b"}]}')
            wait_until(lambda: self.taken_in(nginx) == WORKERS, "every worker took it in")
            self.assertEqual(self.statuses(nginx, self.alice), {200: 40})
            self.assertEqual(self.statuses(nginx, self.bob), {401: 40})
            self.assertIn("reason: jwt_revoked", nginx.error_log())

    def test_what_does_not_load_leaves_the_list_before(self):
        with self.nginx("revoked: [{jti: a}]") as nginx:
            self.publish(nginx, "revoked: [{jit: b}]")
            wait_until(lambda: "`jit`" in nginx.error_log(), "the error is logged")
            self.assertRegex(nginx.error_log(), r'\[error\].*revoked\.yaml" does not load')
            self.assertEqual(nginx.request(headers=self.alice).status, 401)
            (nginx.dir / "revoked.yaml").unlink()
            wait_until(lambda: "cannot be opened (2: No such file" in nginx.error_log(), "that, too")
            self.assertEqual(nginx.request(headers=self.alice).status, 401)
            self.publish(nginx, "revoked: []")
            wait_until(lambda: self.taken_in(nginx) == 1, "it is taken in again")
            self.assertEqual(nginx.request(headers=self.alice).status, 200)
            self.assertEqual(nginx.error_log().count("cannot be opened"), 1)

    def test_written_in_place_it_is_noticed_too(self):
        with self.nginx("revoked: [{jti: a}]") as nginx:
            (nginx.dir / "revoked.yaml").write_text("revoked: [{jti: b}]")  # as many bytes
            wait_until(lambda: nginx.request(headers=self.bob).status == 401, "it is taken in")
            self.assertEqual(nginx.request(headers=self.alice).status, 200)

    def test_a_worker_that_is_born_later_has_the_list_of_then(self):
        with self.nginx("revoked: [{jti: a}]", workers=2) as nginx:
            nginx.allowed_alerts = "exited on signal 9"
            self.publish(nginx, "revoked: [{jti: b}]")
            wait_until(lambda: self.taken_in(nginx) == 2, "both took it in")
            for pid in nginx.worker_pids():
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: self.taken_in(nginx) == 4, "their successors did")
            self.assertEqual(self.statuses(nginx, self.bob), {401: 40})

    def test_a_reload_takes_the_list_of_then(self):
        with self.nginx("revoked: [{jti: a}]", workers=2) as nginx:
            self.publish(nginx, "revoked: [{jti: b}]")
            nginx.reload()
            self.assertEqual(self.statuses(nginx, self.bob), {401: 40})
            nginx.allowed_alerts = "revoked|revocations"
            workers = nginx.worker_pids()
            self.publish(nginx, "revoked: [{jti: b}, {}]")
            nginx.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "[emerg]" in nginx.error_log(), "the reload is refused")
            self.assertEqual(nginx.worker_pids(), workers)
            self.assertEqual(nginx.request(headers=self.bob).status, 401)

    def test_the_list_keeps_no_old_worker(self):
        with self.nginx("revoked: []") as nginx:
            nginx.reload()
            wait_until(lambda: "gracefully shutting down" in nginx.error_log(), "the old one is told")
            wait_until(lambda: nginx.error_log().count("exited with code 0") >= 1, "it ends")

    def test_what_is_refused(self):
        for text, message in [("revoked: [{}]", r"revoked\.yaml\" does not load"), ("a: 1", "revocations:1:")]:
            status, output = self.nginx(text).check()
            self.assertNotEqual(status, 0)
            self.assertRegex(output, message)
        nginx = self.nginx("revoked: []")
        (nginx.dir / "revoked.yaml").unlink()
        self.assertRegex(nginx.check()[1], r'revoked\.yaml" cannot be opened \(2: .* in .*nginx\.conf:\d+')
        os.mkfifo(nginx.dir / "revoked.yaml")
        self.assertRegex(nginx.check()[1], "is not a regular file")


class SigningTest(TokensTest):
    def policy(self, key_path, algorithm):
        key = json.dumps(pathlib.Path(key_path).read_text())
        return SIGNING.format(upstream=self.upstream.url, key=key, algorithm=algorithm)

    def test_public_keys(self):
        first, second = Signer("now"), Signer("now")
        with Nginx(self.policy(first.path, "RS256"), server=KEYS % "kong") as nginx:
            answer = nginx.request("/.well-known/jwks.json")
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/json"))
            published = json.loads(answer.body)["keys"]
            expected = json.loads(first.jwk_set())["keys"][0]
            del expected["alg"]  # an RSA key serves six
            self.assertEqual(published, [expected])
            head = nginx.request("/.well-known/jwks.json", method="HEAD")
            self.assertEqual((head.headers["Content-Length"], head.body), (str(len(answer.body)), b""))
            self.assertEqual(nginx.request("/.well-known/jwks.json", method="POST").status, 405)
            nginx.write(self.policy(second.path, "RS256"))
            nginx.reload()
            keys = json.loads(nginx.request("/.well-known/jwks.json").body)["keys"]
            self.assertEqual(keys[0]["n"], json.loads(second.jwk_set())["keys"][0]["n"])

    def test_public_keys_that_are_refused(self):
        policy = self.policy(Signer("now").path, "RS256")
        for server, message in [
            (KEYS % "king", 'names "king", which is none of the policy'),
            ("location = /a { sluice_public_keys kong; sluice_public_keys other; }", "is duplicate"),
            ("sluice_public_keys kong;", "not allowed here"),
        ]:
            status, output = Nginx(policy, server=server).check()
            self.assertNotEqual(status, 0)
            self.assertIn(message, output)
        nginx = Nginx(policy, server=KEYS % "kong")
        conf = nginx.dir / "nginx.conf"
        conf.write_text(conf.read_text().replace("sluice_policy policy.yaml;", "").replace("sluice on;", ""))
        self.assertIn('"sluice_public_keys" needs a "sluice_policy"', nginx.check()[1])
        self.assertEqual(Nginx(policy, server=KEYS % "other").check()[0], 0)

    def test_room_for_signed_tokens(self):
        key = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))) / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
                       check=True, stderr=subprocess.DEVNULL)
        policy = self.policy(key, "ES256")

        def tokens(nginx):  # no two signatures of ES256 are the same
            return {seen(nginx.request(headers={"apikey": "alices-key"}))[2]["authorization"][0] for _ in range(5)}

        for http, count in [("", 1), ("sluice_signed_tokens 64k;", 1), ("sluice_signed_tokens off;", 5)]:
            with Nginx(policy, http=http) as nginx:
                self.assertEqual(len(tokens(nginx)), count, http)
        for http, message in [
            ("sluice_signed_tokens 63k;", "expects off or 64k to 1g, found"),
            ("sluice_signed_tokens 1025m;", "expects off or 64k to 1g, found"),
            ("sluice_signed_tokens on;", "expects off or 64k to 1g, found"),
            ("sluice_signed_tokens off; sluice_signed_tokens 1m;", "is duplicate"),
        ]:
            self.assertIn(message, Nginx(policy, http=http).check()[1])


if __name__ == "__main__":
    unittest.main()
