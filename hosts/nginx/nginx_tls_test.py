#!/usr/bin/env python3
"""Client certificates: what nginx hands over, and what mtls-auth makes of it."""

import http.client
import json
import pathlib
import ssl
import subprocess
import tempfile
import unittest

from nginx_fixture import LONG_S, Nginx, Server, echo, free_port

ROOT_ID = "0a000000-0000-0000-0000-000000000001"
POLICY = """
_format_version: "3.0"
ca_certificates:
- {{id: {id}, cert: {root}}}
services:
- name: site
  url: {upstream}
  routes: [{{name: all, paths: [/], strip_path: false}}]
  plugins:
  - {{name: mtls-auth, config: {{ca_certificates: [{id}], revocation_check_mode: SKIP}}}}
consumers: [{{username: alice}}]
"""


class Pki:
    """A root, an authority below it and a client of that, made by openssl; a server certificate of its own."""

    def __init__(self, directory):
        self.dir = directory
        self.make("server", None, "")
        self.make("root", None, "basicConstraints=critical,CA:TRUE\n")
        self.make("issuing", "root", "basicConstraints=critical,CA:TRUE\n")
        self.make("alice", "issuing", "extendedKeyUsage=clientAuth\n")
        self.make("lonely", None, "")

    def make(self, name, issuer, extensions):
        (self.dir / "ext").write_text(extensions)
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name, "key"), "-subj",
               "/CN=" + name]
        self.openssl("req", "-new", *new, "-out", self.path(name, "csr"))
        signer = ["-signkey", self.path(name, "key")] if issuer is None else [
            "-CA", self.path(issuer, "pem"), "-CAkey", self.path(issuer, "key"), "-CAcreateserial"]
        self.openssl("x509", "-req", "-in", self.path(name, "csr"), *signer, "-days", "2", "-extfile", self.dir / "ext",
                     "-out", self.path(name, "pem"))

    def path(self, name, kind):
        return self.dir / (name + "." + kind)

    def text(self, *names):
        return "".join(self.path(name, "pem").read_text() for name in names)

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.pki = Pki(pathlib.Path(cls.directory.name))
        cls.upstream = Server(echo)
        cls.tls_port = free_port()
        server = "listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_verify_client optional_no_ca;" % (
            cls.tls_port, cls.pki.path("server", "pem"), cls.pki.path("server", "key"))
        policy = POLICY.format(id=ROOT_ID, root=json.dumps(cls.pki.text("root")), upstream=cls.upstream.url)
        cls.nginx = Nginx(policy, server=server, location="add_header X-Reason $sluice_reason always;")
        cls.nginx.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.__exit__(None, None, None)
        cls.upstream.shutdown()
        cls.directory.cleanup()

    def get(self, *certificates):
        """(status, reason, consumer as the upstream saw it) for a client that presents these."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificates:
            chain = self.pki.dir / "presented.pem"
            chain.write_text(self.pki.text(*certificates))
            context.load_cert_chain(chain, self.pki.path(certificates[0], "key"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls_port, context=context, timeout=LONG_S)
        connection.request("GET", "/")
        response = connection.getresponse()
        body = response.read()
        consumer = None
        if response.status == 200:
            consumer = dict(json.loads(body)["headers"]).get("X-Consumer-Username")
        connection.close()
        return response.status, response.headers.get("X-Reason"), consumer

    def test_the_chain_is_handed_over(self):
        self.assertEqual(self.get("alice", "issuing"), (200, None, "alice"))
        self.assertEqual(self.get("alice", "issuing", "root"), (200, None, "alice"))

    def test_refusals(self):
        self.assertEqual(self.get(), (401, "cert_missing", None))
        self.assertEqual(self.get("alice"), (401, "cert_missing_intermediate", None))
        self.assertEqual(self.get("lonely"), (401, "cert_self_signed", None))

    def test_a_plain_connection_has_none(self):
        self.assertEqual(self.nginx.request("/").status, 401)


if __name__ == "__main__":
    unittest.main()
