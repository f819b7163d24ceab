"""A real nginx with the module, servers behind it, and clients: what the tests of hosts/nginx share.

Everything is on loopback and below TEST_TMPDIR; ports are the system's choice.
"""

import base64
import collections
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

MODULE = pathlib.Path("hosts/nginx/ngx_http_sluice_module.so").resolve()
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LONG_S = 30  # never reached unless something is broken

CONF = """
load_module {module};
{user}
daemon off;
worker_processes {workers};
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 512; }}
http {{
  access_log {dir}/access.log;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  sluice_policy policy.yaml;
  sluice_zone counters 1m;
  {http}
  server {{
    listen 127.0.0.1:{port} reuseport backlog=1024;
    {server}
    location / {{
      sluice on;
      proxy_pass $sluice_upstream$sluice_upstream_uri;
      proxy_set_header Host $sluice_host_header;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      {location}
    }}
  }}
}}
"""

Answer = collections.namedtuple("Answer", "status headers body")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what):
    end = time.monotonic() + LONG_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (LONG_S, what))
        time.sleep(0.02)


class Nginx:
    """One nginx. Use as a context manager; on leaving it is stopped and its error log must show no crash."""

    def __init__(self, policy, workers=1, http="", server="", location=""):
        self.dir = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")))
        self.port = free_port()
        self.parts = {"workers": workers, "http": http, "server": server, "location": location}
        self.process = None
        self.allowed_alerts = None
        self.write(policy)

    def write(self, policy, **parts):
        self.parts.update(parts)
        user = "user root;" if os.geteuid() == 0 else ""
        (self.dir / "policy.yaml").write_text(policy)
        (self.dir / "nginx.conf").write_text(
            CONF.format(module=MODULE, dir=self.dir, port=self.port, user=user, **self.parts))

    def command(self, *arguments):
        return [NGINX, "-p", str(self.dir), "-c", str(self.dir / "nginx.conf"), "-e", str(self.dir / "error.log"),
                *arguments]

    def check(self):
        """nginx -t: (exit status, what it printed)."""
        done = subprocess.run(self.command("-t"), capture_output=True, text=True, timeout=LONG_S)
        return done.returncode, done.stderr

    def __enter__(self):
        self.process = subprocess.Popen(self.command(), stderr=subprocess.PIPE, text=True)
        wait_until(self.answers, "nginx listens: " + str(self.dir))  # which it does before it has workers
        wait_until(lambda: len(self.worker_pids()) >= self.parts["workers"], "its workers")
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LONG_S)
        self.process.stderr.close()
        if kind is None:
            alerts = [line for line in self.error_log().splitlines() if re.search(r"\[(alert|emerg|crit)\]", line)]
            unexpected = [a for a in alerts if not (self.allowed_alerts and re.search(self.allowed_alerts, a))]
            assert not unexpected, unexpected
            assert status == 0, status
            shutil.rmtree(self.dir)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("nginx ended: " + self.process.stderr.read())
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def error_log(self):
        path = self.dir / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def worker_pids(self):
        text = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True,
                              text=True).stdout
        return {int(line.split()[0]) for line in text.splitlines() if "worker process" in line and "shutting" not in line}

    def reload(self):
        """nginx -s reload, until the old workers have stopped listening."""
        before = self.worker_pids()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.worker_pids() and not self.worker_pids() & before, "new workers")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)

    def request(self, path="/", method="GET", headers=None, body=None):
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return read_answer(connection)
        finally:
            connection.close()

    def raw(self, data):
        """Sends bytes as they are; everything that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=LONG_S) as s:
            s.sendall(data)
            chunks = []
            try:
                while chunk := s.recv(65536):
                    chunks.append(chunk)
            except ConnectionResetError:
                pass
            return b"".join(chunks)

    def in_parallel(self, count, **request):
        """The statuses of `count` requests sent at once."""
        statuses = [None] * count
        start = threading.Barrier(count)

        def one(i):
            start.wait()
            try:
                statuses[i] = self.request(**request).status
            except (OSError, http.client.HTTPException) as error:
                statuses[i] = type(error).__name__

        threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return collections.Counter(statuses)


def read_answer(connection):
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


class Server(http.server.ThreadingHTTPServer):
    """Serves `handle(request) -> (status, headers, body)` on a port of its own, in threads."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, handle):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.count += 1
                status, headers, body = handle(self)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = do_GET

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.count = 0
        self.url = "http://127.0.0.1:%d" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


def echo(request):
    """Answers with what came in. /slow: after three seconds; the query's `answer` is a header to answer with."""
    body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
    if request.path.startswith("/slow"):
        time.sleep(3)
    seen = {"method": request.command, "path": request.path, "headers": request.headers.items(), "body": body.decode()}
    return 200, [("Content-Type", "application/json"), ("X-Upstream", "echo")], json.dumps(seen).encode()


def seen(answer):
    """What an echo upstream saw: (method, path, {lower-case name: [values]}, body)."""
    data = json.loads(answer.body)
    headers = collections.defaultdict(list)
    for name, value in data["headers"]:
        headers[name.lower()].append(value)
    return data["method"], data["path"], headers, data["body"]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """An RSA key made by openssl, as a JWK set and as a maker of RS256 tokens."""

    def __init__(self, kid):
        self.kid = kid
        self.path = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))) / "key.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.path, "2048"], check=True, stderr=subprocess.DEVNULL)

    def jwk_set(self):
        modulus = subprocess.run(["openssl", "rsa", "-in", self.path, "-noout", "-modulus"], check=True,
                                 capture_output=True, text=True).stdout.strip().split("=")[1]
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "e": "AQAB",
               "n": base64url(bytes.fromhex(modulus))}
        return json.dumps({"keys": [key]}).encode()

    def token(self, kid=None, **claims):
        claims = {"exp": int(time.time()) + 600, **claims}
        header = {"alg": "RS256", "typ": "JWT", "kid": kid or self.kid}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path], input=signed.encode(), check=True,
                                   capture_output=True).stdout
        return signed + "." + base64url(signature)

    def bearer(self, **claims):
        return {"Authorization": "Bearer " + self.token(**claims)}
