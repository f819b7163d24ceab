#!/usr/bin/env python3
"""Cases through a real nginx with the module: each case gets a fresh nginx on loopback, and its requests real HTTP.

usage: nginx_runner_test.py [CASE]...        (beside hosts/nginx/ngx_http_sluice_module.so, as Bazel lays them out)

Which cases HTTP can express is found by rule (why_not). What HTTP does not show of a decision (captures, limits, the
trace) is left to the other runners; the rest is compared: who answered and how, and what the upstream saw.
"""

import os
import pathlib
import re
import socketserver
import sys
import threading

HERE = pathlib.Path(__file__).absolute().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hosts" / "nginx")]
import loader
import matcher
import nginx_fixture

FEWEST_CASES = 100
LONG_S = 30  # never reached unless something is broken

# The parts of a decision that the module's variables tell, and the header that the test answers them in.
VARIABLES = {
    "action": "action", "reason": "reason", "route": "route", "service": "service", "consumer": "consumer",
    "plan": "plan", "name": "upstream_name", "scheme": "upstream_scheme", "host": "upstream_host",
    "port": "upstream_port", "connect_timeout_ms": "connect_timeout_ms", "send_timeout_ms": "send_timeout_ms",
    "read_timeout_ms": "read_timeout_ms",
}  # fmt: skip
DECISION = ("action", "reason", "route", "service", "consumer", "plan")
UPSTREAM = ("name", "scheme", "host", "port", "connect_timeout_ms", "send_timeout_ms", "read_timeout_ms")
NUMBERS = ("port", "connect_timeout_ms", "send_timeout_ms", "read_timeout_ms")

CONF = """
load_module {module};
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
{env}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  large_client_header_buffers 4 1m;
  sluice_policy policy.yaml;
  sluice_zone counters 1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      sluice on;
      {headers}
      proxy_pass http://127.0.0.1:{upstream}$sluice_upstream_uri;
      proxy_set_header Host $sluice_host_header;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


# ---- Which cases ----

EXPRESSIBLE = {"id", "method", "path", "host", "headers"}


def why_not(case):
    """Why HTTP through one nginx cannot express a case; None if it can."""
    if case["memory"] is not None:
        return "a zone of the test's own size"
    if case["answers"] is not None:
        return "its identity provider is not on loopback"
    for step in case["steps"]:
        if step["kind"] == "reload" or step["no_wait"] or step["expect"].get("action") == "wait":
            return "about reloads or waits, which tests of the host have"
        if set(step["request"]) - EXPRESSIBLE:
            return "about a clock, an address, TLS or an outcome"
        if not is_http(step["request"]):
            return "no request that HTTP has bytes for and nginx takes"
    return None


def is_http(request):
    """Whether the request line and the headers can be written down so that they are read as they were meant."""
    line = [request["method"], request["path"]]
    values = [value for _, value in header_pairs(request)]
    names = [name for name, _ in header_pairs(request)]
    if "host" in request and "host" in [name.lower() for name in names[1:]]:
        return False  # one host beside another
    visible = all(part and re.fullmatch(r"[!-~]+", part) for part in line + names)
    if request["path"] == "*":
        return False  # nginx answers 400 itself
    if re.match(r"(?!https?:)[a-z]+://", request["path"]):
        return False  # nginx takes absolute targets apart itself and forgets their scheme
    return visible and ":" not in "".join(names) and all(re.fullmatch(r"[ -~]*", value) for value in values)


def header_pairs(request):
    headers = request.get("headers", [])
    pairs = list(headers.items()) if isinstance(headers, dict) else [tuple(pair) for pair in headers]
    return ([("Host", request["host"])] if "host" in request else []) + pairs


# ---- The two sides of nginx ----


class Upstream(socketserver.ThreadingTCPServer):
    """Answers 200 to whatever comes, and remembers it: (target, [(name, value)])."""

    daemon_threads = True
    allow_reuse_address = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            lines = []
            while (line := self.rfile.readline().decode("latin-1").rstrip("\r\n")) or not lines:
                lines.append(line)
            headers = [tuple(header.split(": ", 1)) for header in lines[1:]]
            self.server.seen = (lines[0].split(" ")[1], [(n.rstrip(":"), *v, "")[:2] for n, *v in headers])
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen = None
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_header(name):
    return "x-test-" + name.replace("_", "-")


class CaseNginx(nginx_fixture.Nginx):
    """nginx that forwards to the test's upstream wherever the decision points, and tells the decision in headers."""

    def __init__(self, case, upstream):
        self.case = case
        self.upstream = upstream
        super().__init__(case["policy"])

    def write(self, policy, **parts):
        user = "user root;" if os.geteuid() == 0 else ""
        headers = "\n".join(
            f'add_header {test_header(name)} "$sluice_{variable}" always;' for name, variable in VARIABLES.items())
        env = "\n".join(f"env {name};" for name in self.case["env"])
        (self.dir / "policy.yaml").write_text(policy)
        (self.dir / "nginx.conf").write_text(
            CONF.format(module=nginx_fixture.MODULE, dir=self.dir, port=self.port, user=user, env=env, headers=headers,
                        upstream=self.upstream.server_address[1]))  # fmt: skip

    def send(self, request):
        """(status, [(name, value)], body) of the answer. HTTP/1.0 needs no Host, so that a case may leave it out."""
        lines = [f"{request['method']} {request['path']} HTTP/1.0", *(f"{n}: {v}" for n, v in header_pairs(request))]
        raw = self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        head, _, body = raw.partition(b"\r\n\r\n")
        status, *headers = head.decode("latin-1").split("\r\n")
        return int(status.split(" ")[1]), [tuple(h.split(": ", 1)) for h in headers], body.decode()


# ---- Comparing ----


def lower(pairs):
    return [[pair[0].lower(), pair[1]] for pair in pairs]


def observed(status, headers, body, seen):
    """As much of a decision as HTTP shows."""
    told = {name.lower(): value for name, value in headers}
    value = {name: told.get(test_header(name)) for name in VARIABLES}
    decision = {name: value[name] for name in DECISION}
    decision["reason"] = decision["reason"] or ""
    decision["status"] = status if decision["action"] == "respond" else None
    decision["body"] = body if decision["action"] == "respond" else None
    decision["response_headers"] = {"set": lower(headers), "add": []}
    decision["request_headers"] = {"set": lower(seen[1]) if seen else [], "add": []}
    decision["upstream"] = None
    if seen:
        hosts = [v for n, v in seen[1] if n.lower() == "host"]
        decision["upstream"] = {name: int(value[name]) if name in NUMBERS else value[name] for name in UPSTREAM}
        decision["upstream"].update(path=seen[0], host_header=hosts[0] if len(hosts) == 1 else hosts)
    return decision


def expected_on_the_wire(expect, request):
    """What HTTP can show of the expectation, in the form of `observed`. A header that the decision leaves alone reaches
    the upstream if the client sent it."""
    sent = {name.lower() for name, _ in header_pairs(request)}
    wanted = {name: expect[name] for name in (*DECISION, "status", "body", "upstream") if name in expect}
    if isinstance(wanted.get("upstream"), dict):
        wanted["upstream"] = {k: v for k, v in wanted["upstream"].items() if k != "retries"}
    for side in ("request_headers", "response_headers"):
        if side == "request_headers" and expect.get("action") == "respond" or side not in expect:
            continue
        changes = expect[side]
        untouched = [name for name in changes.get("absent", []) if name.lower() not in sent]
        wanted[side] = {"set": lower(changes.get("set", []) + changes.get("add", [])),
                        "absent": changes.get("remove", []) + untouched}  # fmt: skip
    return wanted


def is_nginx_own_refusal(expect, status, headers, seen):
    """nginx reads requests more strictly than HTTP asks; what it refuses itself, Sluice need not refuse again."""
    decided = any(name.lower() == "x-test-action" for name, _ in headers)
    return not decided and not seen and 400 <= status < 500 and expect.get("status") in range(400, 500)


def compare(step, nginx, upstream):
    upstream.seen = None
    status, headers, body = nginx.send(step["request"])
    if is_nginx_own_refusal(step["expect"], status, headers, upstream.seen):
        return []
    decision = observed(status, headers, body, upstream.seen)
    found = matcher.differences(expected_on_the_wire(step["expect"], step["request"]), decision)
    return [f"{step['where']}: {text}" for text in found]


def run_requests(case, upstream):
    with CaseNginx(case, upstream) as nginx:
        return [text for step in case["steps"] for text in compare(step, nginx, upstream)]


def run_errors(case, upstream):
    """`nginx -t` must refuse the policy and name each error with its place."""
    status, printed = CaseNginx(case, upstream).check()
    found = [] if status != 0 else ["nginx -t takes the policy"]
    for problem in case["problems"]:
        wanted = rf"/policy\.yaml:{problem['line']}:\d+: error: .*\[{problem['code']}\]"
        if problem["severity"] == "error" and not re.search(wanted, printed):
            found.append(f"nginx -t does not print {problem}: {printed}")
    return found


def run(case, upstream):
    os.environ.update(case["env"])
    try:
        return run_requests(case, upstream) if case["steps"] else run_errors(case, upstream)
    finally:
        for name in case["env"]:
            del os.environ[name]


def main(names):
    upstream = Upstream()
    ran = failed = 0
    for case in loader.load():
        if (names and case["name"] not in names) or why_not(case):
            continue
        failures = run(case, upstream)
        for failure in failures:
            print(f"{case['where']}: {case['name']}: {failure}"[:1000], flush=True)
        ran += 1
        failed += bool(failures)
    print(f"{ran} cases ran, {failed} failed")
    return 0 if failed == 0 and ran >= (len(names) or FEWEST_CASES) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
