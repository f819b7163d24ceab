"""The demo's servers, all on loopback, each a context manager that ends what it began."""
import base64
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 20


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # by default 5: of many connections at once the kernel would drop some


class Served:
    """An HTTP server on a thread; subclasses answer in `answer(handler)` → (status, headers, body)."""

    def __enter__(self):
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = answer(self)
                self.send_response(status)
                for header, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(header, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Upstream(Served):
    """Says what it saw."""

    def answer(self, handler):
        seen = {"path": handler.path, "headers": dict(handler.headers.items())}
        return 200, {"Content-Type": "application/json"}, json.dumps(seen).encode()


class IdentityProvider(Served):
    """Publishes one RSA key as a JWK set, and signs tokens with it."""

    def __init__(self, command, directory):
        self.command = command
        self.key, self.stranger, self.public = (directory / name for name in ("key.pem", "stranger.pem", "public.pem"))
        for path in (self.key, self.stranger):
            openssl("genrsa", "-out", path, "2048")
        openssl("rsa", "-in", self.key, "-pubout", "-out", self.public)

    def jwk_set(self):
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").strip().split("=")[1]
        encoded = base64.urlsafe_b64encode(bytes.fromhex(modulus)).rstrip(b"=").decode()
        return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "e": "AQAB", "n": encoded}]}).encode()

    def answer(self, handler):
        if handler.path != "/jwks":
            return 404, {}, b""
        return 200, {"Content-Type": "application/jwk-set+json", "Cache-Control": "max-age=300"}, self.jwk_set()

    def token(self, consumer, expires="10m"):
        return self.mint(consumer, expires, "--alg", "RS256", "--key", self.key)

    def forged_by_stranger(self, consumer):
        return self.mint(consumer, "10m", "--alg", "RS256", "--key", self.stranger)

    def forged_with_public_key(self, consumer):
        return self.mint(consumer, "10m", "--alg", "HS256", "--secret-file", self.public)

    def mint(self, consumer, expires, *how):
        command = [self.command, "token", "mint", "--kid", "k1", "--iss", self.url, "--sub", consumer, "--exp=" + expires, *how]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


class Answer:
    """What curl got, and what nginx's access log says of it."""

    def __init__(self, status, headers, body, log):
        self.status = status
        self.retry_after = headers.get("retry-after", [""])[0]
        self.answered = "gateway" if log["action"] == "respond" else "upstream"
        self.reason = log["reason"]
        seen = json.loads(body)["headers"] if self.answered == "upstream" and status == 200 and body else {}
        self.identity = {name: value for name, value in seen.items() if name.startswith(("X-Consumer-", "X-Credential-"))}


class Gateway:
    """nginx with the module, in a directory of its own."""

    def __init__(self, module, directory, upstream, idp):
        self.module = module
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=directory))
        self.directory.chmod(0o755)
        directory.chmod(0o755)  # workers of another user look for the policy's neighbours here
        self.environment = {**os.environ, "DECK_UPSTREAM": upstream, "DECK_IDP": idp}
        self.log_size = 0

    def __enter__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        shutil.copy(HERE / "policy.yaml", self.directory)
        conf = (HERE / "nginx.conf.in").read_text()
        user = "root" if os.geteuid() == 0 else str(os.geteuid())
        for name, value in [("@MODULE@", self.module), ("@PORT@", str(self.port)), ("@USER@", user)]:
            conf = conf.replace(name, value)
        (self.directory / "nginx.conf").write_text(conf)
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        self.process = subprocess.Popen([nginx, "-p", str(self.directory), "-c", "nginx.conf", "-e", "error.log"],
                                        env=self.environment, cwd=self.directory)
        try:
            self.wait_until_it_listens()
        except BaseException:  # nobody calls __exit__ for what did not get in
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def wait_until_it_listens(self):
        for _ in range(PATIENCE_S * 20):
            if self.process.poll() is not None:
                raise SystemExit("nginx ended:\n" + self.error_log())
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("nginx does not listen")

    def error_log(self):
        return (self.directory / "error.log").read_text(errors="replace")

    def get(self, path, headers):
        body = self.directory / "body.json"
        body.write_text("")
        status, answered = parse_report(curl(self.url + path, headers, "-o", body))[0]
        return Answer(status, answered, body.read_text(), self.next_log_line())

    def get_at_once(self, count, path, all_headers):
        """For each of `all_headers` one curl, all at the same time, each with `count` requests in parallel."""
        url = "%s%s/[1-%d]" % (self.url, path, count)
        parallel = ["-o", os.devnull, "--parallel", "--parallel-immediate", "--parallel-max", str(count)]
        processes = [start_curl(url, headers, *parallel) for headers in all_headers]
        reports = [parse_report(process.communicate(timeout=PATIENCE_S)[0]) for process in processes]
        logged = [self.next_log_line() for report in reports for _ in report]
        return [[Answer(status, answered, "", matching(logged, status)) for status, answered in report]
                for report in reports]

    def next_log_line(self):
        """What the access log says of the next request that was answered: its name=value pairs."""
        log = self.directory / "access.log"
        for _ in range(PATIENCE_S * 200):
            text = log.read_text() if log.exists() else ""
            if text.find("\n", self.log_size) >= 0:
                line = text[self.log_size:text.index("\n", self.log_size)]
                self.log_size += len(line) + 1
                return dict(part.split("=", 1) for part in line.split() if "=" in part)
            time.sleep(0.005)
        raise SystemExit("no line in the access log")


def matching(logged, status):
    """Requests that run in parallel are logged in any order: the first line with that status, which is taken out."""
    line = next(line for line in logged if line["status"] == str(status))
    logged.remove(line)
    return line


def start_curl(url, headers, *options):
    """Writes a JSON value per answer: [status, {lower-case name: [values]}]."""
    header_options = [option for name, value in headers.items() for option in ("-H", "%s: %s" % (name, value))]
    report = '["%{http_code}",%{header_json}]\n'
    return subprocess.Popen(["curl", "-sS", "-w", report, *header_options, *options, url], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)


def curl(url, headers, *options):
    return start_curl(url, headers, *options).communicate(timeout=PATIENCE_S)[0]


def parse_report(text):
    """Each answer's (status, headers)."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append((int(value[0]), value[1]))
        at += 1  # the end of the line
    return found
