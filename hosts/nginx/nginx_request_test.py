#!/usr/bin/env python3
"""One request: what the upstream sees, what the client gets, what is odd or too large."""

import json
import unittest

from nginx_fixture import Nginx, Server, echo, seen

POLICY = """
_format_version: "3.0"
services:
- name: orders
  url: {upstream}/v1
  read_timeout: 500
  routes:
  - {{name: orders, paths: [/orders]}}
- name: slow
  url: {upstream}
  read_timeout: 500
  retries: 0
  routes:
  - {{name: slow, paths: [/slow], strip_path: false}}
- name: nobody-listens
  url: http://127.0.0.1:{closed_port}
  routes:
  - {{name: nobody-listens, paths: [/nobody]}}
- name: plain
  url: {upstream}
  routes:
  - {{name: public, paths: [/public], strip_path: false}}
  - {{name: kept-host, paths: [/kept], preserve_host: true}}
  - name: admin
    paths: [/admin]
    plugins:
    - name: request-termination
      config: {{status_code: 403, message: for administrators only}}
  - name: limited
    paths: [/limited]
    plugins:
    - {{name: rate-limiting, config: {{hour: 2, policy: local, limit_by: ip}}}}
  - name: keyed
    paths: [/keyed]
    plugins:
    - {{name: key-auth, config: {{key_names: [apikey], hide_credentials: true}}}}
    - name: request-transformer
      config:
        remove: {{headers: [Authorization, X-Drop, User-Agent, Cookie]}}
        replace: {{headers: ['X-Replace:new', 'Content-Type:text/x-new']}}
        add: {{headers: ['X-Add:added', 'X-Forwarded-For:192.0.2.1']}}
        append: {{headers: ['X-Append:second']}}
consumers:
- username: alice
  keyauth_credentials:
  - key: alices-secret-key
"""

SERVER = """
error_page 418 = @teapot;
location = /redirected { sluice on; error_page 403 = @elsewhere; deny all; }
location @elsewhere { sluice on; proxy_pass $sluice_upstream$sluice_upstream_uri; }
location = /unguarded { add_header X-Action "<$sluice_action$sluice_upstream>"; return 200 "unguarded"; }
"""

LOCATION = """
add_header X-Action $sluice_action always;
add_header X-Names "$sluice_route $sluice_service $sluice_consumer" always;
add_header X-Upstream-Choice "$sluice_upstream $sluice_upstream_port $sluice_read_timeout_ms $sluice_client_ip" always;
add_header X-Reason $sluice_reason always;
"""


class RequestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Server(echo)
        closed = Server(echo)
        closed.shutdown()
        closed.server_close()
        policy = POLICY.format(upstream=cls.upstream.url, closed_port=closed.server_port)
        server = SERVER.replace("error_page 418 = @teapot;", "")
        cls.nginx = Nginx(policy, server=server, location=LOCATION,
                          http="large_client_header_buffers 8 128k; client_header_buffer_size 4k;").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.__exit__(None, None, None)
        cls.upstream.shutdown()
        cls.upstream.server_close()

    def get(self, path, headers=None, **more):
        return self.nginx.request(path, headers=headers, **more)

    # ---- Forwarded ----

    def test_forwards_to_the_service(self):
        answer = self.get("/orders/7?x=1&y=%20")
        self.assertEqual(answer.status, 200)
        method, path, headers, _ = seen(answer)
        self.assertEqual((method, path), ("GET", "/v1/7?x=1&y=%20"))
        self.assertEqual(headers["host"], [self.upstream.url[7:]])
        self.assertEqual(answer.headers["X-Upstream"], "echo")

    def test_variables(self):
        answer = self.get("/orders/7")
        self.assertEqual(answer.headers["X-Action"], "forward")
        self.assertEqual(answer.headers["X-Names"], "orders orders ")
        self.assertEqual(answer.headers["X-Upstream-Choice"],
                         "%s %d 500 127.0.0.1" % (self.upstream.url, self.upstream.server_port))
        self.assertNotIn("X-Reason", answer.headers)

    def test_variables_are_empty_where_sluice_is_off(self):
        answer = self.get("/unguarded")
        self.assertEqual((answer.status, answer.headers["X-Action"]), (200, "<>"))

    def test_preserves_the_clients_host(self):
        _, _, headers, _ = seen(self.get("/kept", {"Host": "client.example.com:81"}))
        self.assertEqual(headers["host"], ["client.example.com:81"])

    def test_body_goes_through(self):
        body = "0123456789" * 100000
        answer = self.get("/orders", method="POST", body=body)
        method, _, headers, got = seen(answer)
        self.assertEqual((method, got), ("POST", body))
        self.assertEqual(headers["content-length"], ["1000000"])

    def test_chunked_body_goes_through(self):
        answer = self.get("/orders", method="POST", body=iter([b"abc", b"def"]))
        self.assertEqual(seen(answer)[3], "abcdef")

    def test_identity_headers_and_transformations(self):
        answer = self.get("/keyed", {"apikey": "alices-secret-key", "X-Consumer-Username": "forged", "X-Drop": "1",
                                     "X-Replace": "old", "X-Append": "first", "Authorization": "Basic eDp5",
                                     "User-Agent": "agent", "Cookie": "a=b", "Content-Type": "text/x-old",
                                     "X-Keep": "kept"})
        self.assertEqual(answer.status, 200)
        _, _, headers, _ = seen(answer)
        self.assertEqual(headers["x-consumer-username"], ["alice"])
        for name in ("apikey", "x-drop", "authorization", "user-agent", "cookie"):
            self.assertEqual(headers[name], [], name)
        self.assertEqual(headers["x-replace"], ["new"])
        self.assertEqual(headers["content-type"], ["text/x-new"])
        self.assertEqual(headers["x-add"], ["added"])
        self.assertEqual(headers["x-append"], ["first", "second"])
        self.assertEqual(headers["x-forwarded-for"], ["192.0.2.1"])
        self.assertEqual(headers["x-keep"], ["kept"])
        self.assertEqual(answer.headers["X-Names"], "keyed plain alice")

    def test_many_headers_with_some_removed(self):
        headers = {"X-%d" % i: str(i) for i in range(60)}
        answer = self.get("/keyed", {**headers, "X-Drop": "1", "apikey": "alices-secret-key"})
        _, _, got, _ = seen(answer)
        self.assertEqual({name: got[name.lower()] for name in headers}, {name: [v] for name, v in headers.items()})

    def test_limit_headers_on_forwarded_and_refused_answers(self):
        answers = [self.get("/limited") for _ in range(3)]
        self.assertEqual([a.status for a in answers], [200, 200, 429])
        self.assertEqual([a.headers["RateLimit-Remaining"] for a in answers], ["1", "0", "0"])
        self.assertEqual(json.loads(answers[2].body)["message"], "API rate limit exceeded")
        self.assertTrue(0 < int(answers[2].headers["Retry-After"]) <= 3600)

    def test_policys_timeouts(self):
        self.assertEqual(self.get("/slow").status, 504)

    def test_upstream_that_cannot_be_reached(self):
        self.assertEqual(self.get("/nobody").status, 502)

    def test_decided_once_whatever_nginx_redirects(self):
        answer = self.get("/redirected")
        self.assertEqual(answer.status, 404)  # no route: Sluice answers before `deny`

    # ---- Refused ----

    def test_no_route(self):
        answer = self.get("/nowhere")
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(json.loads(answer.body)["message"], "no Route matched with those values")
        self.assertEqual(answer.headers["Content-Length"], str(len(answer.body)))
        self.assertEqual(answer.headers["X-Reason"], "no_route")
        self.assertEqual(answer.headers["X-Action"], "respond")

    def test_missing_and_wrong_key(self):
        for headers in ({}, {"apikey": "wrong-secret-key"}):
            answer = self.get("/keyed", headers)
            self.assertEqual(answer.status, 401)
            self.assertIn("Key", answer.headers["WWW-Authenticate"])
            self.assertIn("message", json.loads(answer.body))
        self.assertNotIn("wrong-secret-key", self.nginx.error_log())

    def test_refusals_are_logged_with_reason_route_and_consumer(self):
        self.get("/admin")
        self.assertRegex(self.nginx.error_log(), r"\[info\].* sluice answers 403, reason: \w+, route: admin, consumer: -")

    def test_head_has_no_body(self):
        answer = self.nginx.raw(b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 404 "), head)
        self.assertEqual(body, b"")

    def test_connection_lives_on_after_a_refusal_with_a_body(self):
        connection = self.nginx.connect()
        for _ in range(3):
            connection.request("POST", "/nowhere", body="x" * 10000)
            response = connection.getresponse()
            self.assertEqual((response.status, len(response.read()) > 0), (404, True))
        connection.close()

    # ---- Odd and large ----

    def test_one_normal_form_for_routing_and_forwarding(self):
        for path in ("/public/../admin", "/public/%2e%2e/admin", "//admin", "/./admin", "/%61dmin", "/public/.%2E/admin"):
            answer = self.nginx.raw(b"GET %s HTTP/1.0\r\nHost: a\r\n\r\n" % path.encode())
            self.assertIn(answer.split(b" ", 2)[1], (b"403", b"400", b"404"), (path, answer))

    def test_encoded_slash_reaches_no_other_rule(self):
        answer = self.nginx.raw(b"GET /public/..%2fadmin HTTP/1.0\r\nHost: a\r\n\r\n")
        status, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " in status.split(b"\r\n")[0]:
            self.assertTrue(json.loads(body)["path"].lower().startswith("/public/..%2f"), body)

    def test_odd_requests(self):
        long = b"a" * 70000
        cases = [
            (b"GET /%00 HTTP/1.1\r\nHost: a\r\n", (b"400",)),
            (b"GET /a%zz HTTP/1.1\r\nHost: a\r\n", (b"400",)),
            (b"GET /orders HTTP/1.1\r\n", (b"400",)),
            (b"GET /orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n", (b"400",)),
            (b"GET /" + long + b" HTTP/1.1\r\nHost: a\r\n", (b"414", b"400")),
            (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: " + long + long + b"\r\n", (b"400", b"431")),
            (b"GET /orders HTTP/1.1\r\nHost: a\r\n" + b"X-A: 1\r\n" * 1000, (b"400", b"431")),
            (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n", (b"400", b"404")),
            (b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n", (b"400",)),
            (b"GET http://127.0.0.1/orders/abs HTTP/1.1\r\nHost: other\r\n", (b"200",)),
            (b"GET /orders?%00=\xff HTTP/1.1\r\nHost: a\r\n", (b"200", b"400")),
            (b"BREW /orders HTTP/1.1\r\nHost: a\r\n", (b"200", b"405", b"501")),
        ]
        for head, expected in cases:
            answer = self.nginx.raw(head + b"Connection: close\r\n\r\n")
            self.assertIn(answer.split(b" ", 2)[1] if answer else b"nothing", expected, head[:80])
        self.assertEqual(self.get("/orders").status, 200)

    def test_http_1_0(self):
        answer = self.nginx.raw(b"GET /orders HTTP/1.0\r\nHost: a\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)


if __name__ == "__main__":
    unittest.main()
