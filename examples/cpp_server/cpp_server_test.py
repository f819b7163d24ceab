#!/usr/bin/python3
"""The C++ server under the demo's policy, between curl and the demo's upstream and identity provider."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "examples/nginx")
from servers import IdentityProvider, Upstream  # noqa: E402


def curl(url, token=None):
    headers = ["-H", "Authorization: Bearer " + token] if token else []
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", *headers, url], capture_output=True, text=True, timeout=30)
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), body


def wait_until_it_listens(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not listen")


def expect(what, found, wanted):
    if found != wanted:
        sys.exit("%s: expected %s, found %s" % (what, wanted, found))


def main(server, command):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = "http://127.0.0.1:%d" % port
    with Upstream() as upstream, tempfile.TemporaryDirectory() as directory, \
            IdentityProvider(os.path.abspath(command), pathlib.Path(directory)) as idp:
        environment = {**os.environ, "DECK_UPSTREAM": upstream.url, "DECK_IDP": idp.url}
        process = subprocess.Popen([server, "examples/nginx/policy.yaml", str(port)], env=environment)
        try:
            wait_until_it_listens(port)
            expect("no route", curl(url + "/nowhere")[0], 404)
            expect("no token", curl(url + "/orders/7")[0], 401)
            status, body = curl(url + "/orders/7?x=1", idp.token("stella"))
            expect("a good token", status, 200)
            expect("identity and path at the upstream", '"X-Consumer-Username": "stella"' in body and "/orders/7?x=1" in body, True)
            expect("a stranger's token", curl(url + "/orders/7", idp.forged_by_stranger("stella"))[0], 401)
            expect("not of the group", curl(url + "/admin/reports", idp.token("fred"))[0], 403)
            statuses = [curl(url + "/orders/7", idp.token("fred"))[0] for _ in range(20)]
            expect("the free plan's end", 429 in statuses and 200 in statuses, True)
        finally:
            process.terminate()
            status = process.wait(10)
        expect("exit status", status, 0)
    print("as expected")


main(sys.argv[1], sys.argv[2])
