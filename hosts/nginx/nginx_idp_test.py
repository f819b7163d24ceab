#!/usr/bin/env python3
"""An identity provider that is not ours, oidc-provider from npm, behind a real nginx: discovery, access tokens, rotation
of keys, an outage and its end."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

from nginx_fixture import LONG_S, Nginx, Server, echo, free_port, seen, wait_until

# The sandbox holds links: node resolves what the library imports from where it really is.
LIBRARY = os.path.realpath(sys.argv.pop(1))
SCRIPT = pathlib.Path(__file__).with_name("identity_provider.mjs").resolve()

POLICY = """
_format_version: "3.0"
services:
- name: orders
  url: {upstream}
  routes:
  - {{name: orders, paths: [/orders]}}
  plugins:
  - name: openid-connect
    config:
      issuer: {issuer}
      issuer_allow_http: true
      auth_methods: [bearer]
      audience_required: ["https://api.example.com"]
      scopes_required: ["orders:read"]
      token_types: [at+jwt]
      upstream_headers_claims: [client_id]
      upstream_headers_names: [X-Client]
      rediscovery_lifetime: 1
"""


def new_key():
    return subprocess.run(["node", SCRIPT, LIBRARY, "--new-key"], check=True, capture_output=True, text=True,
                          timeout=LONG_S).stdout


class IdentityProvider:
    """oidc-provider on a port that stays the same while it is stopped and started with other keys."""

    def __init__(self):
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.process = None

    def start(self, *keys):
        self.process = subprocess.Popen(["node", SCRIPT, LIBRARY, str(self.port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write("".join(keys))
        self.process.stdin.close()
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
        raise AssertionError("oidc-provider ended: exit status %s" % self.process.wait(LONG_S))

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait(LONG_S)
        self.process.stdout.close()
        self.process = None

    def token(self, scope="orders:read", resource="https://api.example.com"):
        """An access token by the client credentials grant (RFC 6749, 4.4; RFC 8707)."""
        form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
        request = urllib.request.Request(self.url + "/token", urllib.parse.urlencode(form).encode())
        secret = base64.b64encode(b"orders-client:orders-client-secret").decode()
        request.add_header("Authorization", "Basic " + secret)
        with urllib.request.urlopen(request, timeout=LONG_S) as answer:
            return json.load(answer)["access_token"]


class IdpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = [new_key(), new_key()]
        cls.upstream = Server(echo)

    def setUp(self):
        self.idp = IdentityProvider()
        self.addCleanup(self.idp.stop)
        self.policy = POLICY.format(upstream=self.upstream.url, issuer=self.idp.url)

    def status(self, nginx, token):
        return nginx.request("/orders", headers={"Authorization": "Bearer " + token}).status

    def test_access_tokens(self):
        self.idp.start(self.keys[0])
        with Nginx(self.policy) as nginx:
            headers = {"Authorization": "Bearer " + self.idp.token(), "X-Client": "root"}
            for _ in range(2):  # verified, then from the cache
                answer = nginx.request("/orders", headers=headers)
                self.assertEqual(answer.status, 200)
                upstream = seen(answer)[2]
                self.assertEqual(upstream["x-client"], ["orders-client"])
                self.assertEqual(upstream["x-credential-identifier"], ["orders-client"])
            missing = nginx.request("/orders")
            self.assertEqual(missing.status, 401)
            self.assertEqual(missing.headers["WWW-Authenticate"], 'Bearer realm="127.0.0.1"')
            short = nginx.request("/orders", headers={"Authorization": "Bearer " + self.idp.token("orders:write")})
            self.assertEqual(short.status, 403)
            self.assertEqual(short.headers["WWW-Authenticate"],
                             'Bearer realm="127.0.0.1", error="insufficient_scope", scope="orders:read"')
            self.assertEqual(self.status(nginx, self.idp.token(resource="https://others.example.com")), 403)
            self.assertEqual(self.status(nginx, self.idp.token(resource="https://api.example.com/opaque")), 401)

    def test_rotation(self):
        self.idp.start(self.keys[0])
        with Nginx(self.policy) as nginx:
            old = self.idp.token()
            self.assertEqual(self.status(nginx, old), 200)
            self.idp.stop()
            self.idp.start(self.keys[1], self.keys[0])
            new = self.idp.token()
            wait_until(lambda: self.status(nginx, new) == 200, "the new key is fetched")  # at once, or after a cooldown
            self.assertEqual(self.status(nginx, old), 200)
            self.idp.stop()
            third = new_key()
            self.idp.start(third)
            wait_until(lambda: self.status(nginx, self.idp.token()) == 200, "the third key is fetched")
            self.assertEqual(self.status(nginx, old), 401)
            self.assertEqual(self.status(nginx, new), 401)

    def test_outage(self):
        self.idp.start(self.keys[0])
        token = self.idp.token()
        self.idp.stop()
        with Nginx(self.policy) as nginx:
            self.assertEqual(self.status(nginx, token), 503)
            self.idp.start(self.keys[0])
            wait_until(lambda: self.status(nginx, token) == 200, "the end of the outage is noticed")
            self.idp.stop()
            self.assertEqual(self.status(nginx, token), 200)

    def test_an_impostor(self):
        """At the address of the issuer somebody else answers."""
        self.idp.start(self.keys[0])
        policy = self.policy.replace("issuer: " + self.idp.url, "issuer: http://localhost:%d" % self.idp.port)
        with Nginx(policy) as nginx:
            self.assertEqual(self.status(nginx, self.idp.token()), 503)


if __name__ == "__main__":
    unittest.main()
