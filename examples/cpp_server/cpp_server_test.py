#!/usr/bin/python3
"""The C++ server under the demo's policy, between curl and the demo's upstream and identity provider."""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "examples/nginx")
from servers import IdentityProvider, Upstream, openssl  # noqa: E402


def curl(url, token=None, *options):
    headers = ["-H", "Authorization: Bearer " + token] if token else []
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", *headers, *options, url], capture_output=True, text=True,
                          timeout=30)
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), body


def expect(what, found, wanted):
    if found != wanted:
        sys.exit("%s: expected %s, found %s" % (what, wanted, found))


class CppServer:
    """The example, running; it must end well when told to."""

    def __init__(self, program, upstream, idp, *arguments):
        self.program, self.arguments = program, [str(a) for a in arguments]
        self.environment = {**os.environ, "DECK_UPSTREAM": upstream, "DECK_IDP": idp}

    def __enter__(self):
        for _ in range(5):  # a port that was free may be taken by another test's server in the meantime
            if self.start():
                return self
        sys.exit("the server does not listen")

    def start(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % port
        command = [self.program, "examples/nginx/policy.yaml", str(port), *self.arguments]
        self.process = subprocess.Popen(command, env=self.environment)
        for _ in range(200):
            time.sleep(0.05)
            if self.process.poll() is not None:
                return False
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return self.process.poll() is None
            except OSError:
                pass
        self.process.kill()
        return False

    def __exit__(self, kind, *_):
        self.process.terminate()
        status = self.process.wait(10)
        if kind is None:
            expect("exit status", status, 0)


def decides(server, idp):
    url, stella = server.url, idp.token("stella")
    expect("no route", curl(url + "/nowhere")[0], 404)
    expect("no token", curl(url + "/orders/7")[0], 401)
    expect("no token, another method", curl(url + "/orders/7", None, "-X", "OPTIONS")[0], 401)
    expect("a stranger's token", curl(url + "/orders/7", idp.forged_by_stranger("stella"))[0], 401)
    expect("not of the group", curl(url + "/admin/reports", idp.token("fred"))[0], 403)
    expect("a header that splits", curl(url + "/orders/7", stella, "-H", "X-A: a%0d%0aX-B: b")[0], 400)
    expect("a form, which cpp-httplib would lose", curl(url + "/orders/7", stella, "-F", "a=b")[0], 415)
    # At once, so that the bucket does not fill up again in between.
    at_once = ["--parallel", "--parallel-immediate", "-o", os.devnull]
    last, others = curl(url + "/orders/[1-30]", idp.token("fred"), *at_once)
    statuses = [last, *map(int, others.split())]
    expect("the free plan's burst", min(statuses.count(200), 10), 10)
    expect("the free plan's end", set(statuses), {200, 429})


def forwards(server, upstream, idp):
    path = "/orders/7?x=a+b&y=%2B%20;,"
    status, body = curl(server.url + path, idp.token("stella"), "-H", "X-Consumer-Username: root")
    expect("a good token", status, 200)
    seen = json.loads(body)
    expect("the path at the upstream", seen["path"], path)
    expect("the identity at the upstream", seen["headers"]["X-Consumer-Username"], "stella")
    expect("the host at the upstream", seen["headers"]["Host"], upstream.url.split("//")[1])


def openssl_certificate(directory):
    key, certificate = directory / "tls_key.pem", directory / "tls.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=upstream",
            "-addext", "subjectAltName=IP:127.0.0.1")
    return key, certificate


def speaks_tls(program, idp, directory):
    """To an upstream that the policy has as https: with its certificate verified, or not at all."""
    key, certificate = openssl_certificate(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Upstream() as upstream:
        https = upstream.url.replace("http:", "https:")
        with CppServer(program, https, idp.url, certificate) as server:
            expect("https where nobody speaks it", curl(server.url + "/orders/7", idp.token("stella"))[0], 502)
        upstream.server.socket = context.wrap_socket(upstream.server.socket, server_side=True)
        with CppServer(program, https, idp.url, certificate) as server:
            expect("https", curl(server.url + "/orders/7", idp.token("stella"))[0], 200)
        with CppServer(program, https, idp.url) as server:
            expect("https, an unknown authority", curl(server.url + "/orders/7", idp.token("stella"))[0], 502)


def main(program, command):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        with Upstream() as upstream, IdentityProvider(os.path.abspath(command), directory) as idp:
            with CppServer(program, upstream.url, idp.url) as server:
                decides(server, idp)
                forwards(server, upstream, idp)
            speaks_tls(program, idp, directory)
    print("as expected")


main(sys.argv[1], sys.argv[2])
