#!/usr/bin/env python3
"""Waiting for an identity provider: nobody else waits, and whoever goes away leaves nothing behind."""

import subprocess
import threading
import time
import unittest

from nginx_fixture import LONG_S, Nginx, Server, Signer, echo, free_port, read_answer, seen, wait_until

POLICY = """
_format_version: "3.0"
services:
- name: plain
  url: {upstream}
  routes:
  - {{name: open, paths: [/open]}}
  - name: guarded
    paths: [/guarded]
    plugins:
    - name: jwt
      config: {{jwks_uri: "{idp}/jwks", jwks_allow_http: true, jwks_cooldown: 1, claims_to_verify: [exp]}}
consumers:
- username: alice
"""


class IdentityProvider(Server):
    """Answers with `body`, once `open` is set."""

    def __init__(self):
        self.body = b'{"keys": []}'
        self.status = 200
        self.open = threading.Event()
        super().__init__(self.answer)

    def answer(self, request):
        self.open.wait(LONG_S)
        return self.status, [("Content-Type", "application/jwk-set+json")], self.body


class WaitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.signer = Signer("one")
        cls.stranger = Signer("one")

    def setUp(self):
        self.upstream = Server(echo)
        self.idp = IdentityProvider()
        self.idp.body = self.signer.jwk_set()
        self.policy = POLICY.format(upstream=self.upstream.url, idp=self.idp.url)
        self.alice = self.signer.bearer(sub="alice")

    def tearDown(self):
        self.idp.open.set()
        for server in (self.upstream, self.idp):
            server.shutdown()
            server.server_close()

    def begin(self, nginx, path="/guarded", headers=None):
        """Sends a request and comes back once it is on its way; its answer is to be read from the connection."""
        connection = nginx.connect()
        connection.request("GET", path, headers=headers or self.alice)
        return connection

    def assert_waits(self, connection):
        connection.sock.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            connection.sock.recv(1, 2)  # MSG_PEEK
        connection.sock.settimeout(LONG_S)

    def test_others_are_answered_while_one_waits(self):
        with Nginx(self.policy) as nginx:
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            waiting = [self.begin(nginx) for _ in range(5)]
            stranger = self.begin(nginx, headers=self.stranger.bearer(sub="alice"))
            for _ in range(20):
                self.assertEqual(nginx.request("/open").status, 200)
            self.assert_waits(waiting[0])
            self.idp.open.set()
            for connection in waiting:
                answer = read_answer(connection)
                self.assertEqual(answer.status, 200)
                self.assertEqual(seen(answer)[2]["x-consumer-username"], ["alice"])
            self.assertEqual(read_answer(stranger).status, 401)
            self.assertEqual(self.idp.count, 1)
            for connection in waiting + [stranger]:
                connection.close()

    def test_slow_identity_provider(self):
        with Nginx(self.policy) as nginx:
            threading.Timer(3, self.idp.open.set).start()
            waiting = self.begin(nginx)
            while not self.idp.open.is_set():
                begun = time.monotonic()
                self.assertEqual(nginx.request("/open").status, 200)
                self.assertLess(time.monotonic() - begun, 2)  # the provider takes three seconds
            self.assertEqual(read_answer(waiting).status, 200)
            waiting.close()

    def http2(self):
        """An nginx that also speaks HTTP/2, over TLS: without it this curl cannot send two streams at once."""
        nginx = Nginx(self.policy)
        port, certificate = free_port(), nginx.dir / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-key", self.signer.path, "-out", certificate, "-days", "1", "-subj",
                        "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
        nginx.write(self.policy, server="listen 127.0.0.1:%d ssl http2; ssl_certificate %s; ssl_certificate_key %s;" %
                    (port, certificate, self.signer.path))
        return nginx, "https://127.0.0.1:%d/guarded" % port

    def two_streams(self, url):
        command = ["curl", "-sk", "--http2", "--parallel", "-w", "%{http_code} ", "-H",
                   "Authorization: " + self.alice["Authorization"], "-o", "/dev/null", url, "-o", "/dev/null", url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def test_http2(self):
        nginx, url = self.http2()
        with nginx:
            curl = self.two_streams(url)
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            self.assertEqual(nginx.request("/open").status, 200)
            self.idp.open.set()
            self.assertEqual(curl.communicate(timeout=LONG_S)[0].split(), ["200", "200"])

    def test_http2_client_goes_away(self):
        nginx, url = self.http2()
        with nginx:
            curl = self.two_streams(url)
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            time.sleep(0.3)
            curl.kill()
            curl.communicate()
            self.assertEqual(nginx.request("/open").status, 200)
            self.idp.open.set()
            self.assertEqual(nginx.request("/guarded", headers=self.alice).status, 200)

    def test_client_that_goes_away_while_waiting(self):
        with Nginx(self.policy) as nginx:
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            gone = [self.begin(nginx) for _ in range(10)]
            stays = self.begin(nginx)
            self.assert_waits(stays)
            for connection in gone:
                connection.close()
            wait_until(lambda: self.log_lines(nginx, " 499 ") == 10, "ten requests end with 499")
            self.idp.open.set()
            self.assertEqual(read_answer(stays).status, 200)
            stays.close()
            self.assertEqual(self.upstream.count, 1)

    @staticmethod
    def log_lines(nginx, text):
        return (nginx.dir / "access.log").read_text().count(text)

    def test_unknown_key_id_waits_for_one_refetch(self):
        self.idp.open.set()
        with Nginx(self.policy) as nginx:
            self.assertEqual(nginx.request("/guarded", headers=self.alice).status, 200)
            new = Signer("two")
            self.idp.body = new.jwk_set()
            time.sleep(1.2)  # the cooldown is a second
            self.assertEqual(nginx.request("/guarded", headers=new.bearer(sub="alice")).status, 200)
            self.assertEqual(self.idp.count, 2)
            self.assertEqual(nginx.request("/guarded", headers=new.bearer(sub="alice", kid="three")).status, 401)
            self.assertLessEqual(self.idp.count, 3)

    def test_a_storm_of_made_up_key_ids_is_one_fetch_a_cooldown(self):
        self.idp.open.set()
        with Nginx(self.policy) as nginx:
            self.assertEqual(nginx.request("/guarded", headers=self.alice).status, 200)
            begun = time.monotonic()
            for wave in range(20):
                made_up = self.signer.bearer(sub="alice", kid="made-up-%d" % wave)
                self.assertEqual(nginx.in_parallel(20, path="/guarded", headers=made_up), {401: 20})
            cooldowns = time.monotonic() - begun  # of a second each
            self.assertLessEqual(self.idp.count, 2 + cooldowns)
            self.assertEqual(nginx.request("/guarded", headers=self.alice).status, 200)

    def test_identity_provider_that_fails(self):
        self.idp.status = 500
        self.idp.open.set()
        with Nginx(self.policy) as nginx:
            self.assertEqual(nginx.request("/guarded", headers=self.alice).status, 503)
            self.assertEqual(nginx.request("/open").status, 200)

    def test_post_body_arrives_after_the_wait(self):
        with Nginx(self.policy) as nginx:
            connection = nginx.connect()
            connection.request("POST", "/guarded", body="x" * 300000, headers=self.alice)
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            self.idp.open.set()
            answer = read_answer(connection)
            self.assertEqual((answer.status, len(seen(answer)[3])), (200, 300000))
            connection.close()

    def test_reload_while_requests_wait(self):
        with Nginx(self.policy) as nginx:
            waiting = [self.begin(nginx) for _ in range(3)]
            wait_until(lambda: self.idp.count == 1, "the key set is asked for")
            nginx.reload()
            self.idp.open.set()
            for connection in waiting:
                self.assertEqual(read_answer(connection).status, 200)
                connection.close()

    def test_stop_while_requests_wait(self):
        with Nginx(self.policy) as nginx:
            waiting = [self.begin(nginx) for _ in range(3)]
            self.assert_waits(waiting[0])
        for connection in waiting:
            connection.close()


if __name__ == "__main__":
    unittest.main()
