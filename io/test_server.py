"""An HTTP and an HTTPS server on loopback for io's tests: test_server.py DIRECTORY. Prints their ports, then serves.

Writes DIRECTORY/cert.pem (for 127.0.0.1 and localhost) and DIRECTORY/other.pem (an authority that signed nothing).
"""

import http.server
import pathlib
import ssl
import subprocess
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        handler = getattr(self, "get_" + self.path.strip("/").replace("-", "_"), None)
        if handler is None:
            return self.answer(404, b"nothing here")
        return handler()

    do_POST = do_GET

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def get_ok(self):
        self.answer(200, b"hello", [("X-Test", "  a b "), ("X-Empty", ""), ("ETag", '"1"')])

    def get_echo(self):
        self.answer(200, ("%s %s" % (self.command, self.headers.as_string())).encode())

    def get_thousand(self):
        self.answer(200, b"x" * 1000)

    def get_thousand_and_one(self):
        self.answer(200, b"x" * 1001)

    def get_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"64\r\n" + b"x" * 100 + b"\r\n")
        except OSError:
            self.close_connection = True

    def get_big_header(self):
        self.answer(200, b"", [("X-Big", "y" * 5000)])

    def get_many_headers(self):
        self.answer(200, b"", [("X-%d" % i, "") for i in range(300)])

    def get_slow(self):
        time.sleep(30)

    def get_trickle(self):
        self.send_response(200)
        self.send_header("Content-Length", "900")
        self.end_headers()
        try:
            for _ in range(300):
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            self.close_connection = True

    def get_redirect(self):
        self.answer(302, b"", [("Location", "/ok")])

    def get_not_modified(self):
        self.send_response(304)
        self.end_headers()

    def get_early_hints(self):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
        self.answer(200, b"late", [("X-Late", "1")])

    def get_cut_off(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.close_connection = True

    def get_rubbish(self):
        self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        self.close_connection = True

    def get_brief(self):
        time.sleep(0.2)
        self.answer(200, b"brief")

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients go away in the middle: that is what is tested


def make_certificate(path, alternative_names):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=sluice test", "-addext", "subjectAltName=" + alternative_names,
         "-keyout", path.with_suffix(".key"), "-out", path],
        check=True, stderr=subprocess.DEVNULL)


def serve(directory):
    make_certificate(directory / "cert.pem", "IP:127.0.0.1")
    make_certificate(directory / "other.pem", "IP:127.0.0.1")
    plain = Server(("127.0.0.1", 0), Handler)
    secure = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "cert.key")
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(plain.server_port, secure.server_port, flush=True)
    sys.stdin.read()  # until the test closes the pipe


serve(pathlib.Path(sys.argv[1]))
