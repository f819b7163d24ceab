#!/usr/bin/env python3
"""Several workers and one set of counters: exact, kept by a reload, usable after a worker was killed."""

import os
import signal
import threading
import unittest

from nginx_fixture import Nginx, Server, echo, wait_until

POLICY = """
_format_version: "3.0"
plans:
- name: two-at-once
  limits:
  - {{name: parallel, in_flight: 2}}
services:
- name: plain
  url: {upstream}
  routes:
  - name: limited
    paths: [/limited]
    plugins:
    - {{name: rate-limiting, config: {{hour: {limit}, policy: local, limit_by: ip}}}}
  - {{name: open, paths: [/open]}}
  - name: planned
    paths: [/slow]
    strip_path: false
    plugins:
    - {{name: key-auth, config: {{key_names: [apikey]}}}}
consumers:
- username: alice
  plan: two-at-once
  keyauth_credentials:
  - {{key: alices-key}}
"""


class WorkersTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Server(echo)

    def tearDown(self):
        self.upstream.shutdown()
        self.upstream.server_close()

    def policy(self, limit=50):
        return POLICY.format(upstream=self.upstream.url, limit=limit)

    def test_workers_share_one_limit_exactly(self):
        with Nginx(self.policy(), workers=4) as nginx:
            wait_until(lambda: len(nginx.worker_pids()) == 4, "four workers")
            self.assertEqual(nginx.in_parallel(200, path="/limited"), {200: 50, 429: 150})
            self.assertEqual(self.upstream.count, 50)

    def test_any_worker_answers_with_what_all_counted(self):
        with Nginx(self.policy(), workers=4, server="location = /metrics { sluice_metrics; }") as nginx:
            nginx.in_parallel(60, path="/limited")
            answer = nginx.request("/metrics")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4")
            ruling = 'sluice_limit_rulings_total{scope="plugin/rate-limiting/route:limited",' \
                     'limit="hour",ruling="%s"} %d\n'
            self.assertIn(ruling % ("allowed", 50), answer.body.decode())
            self.assertIn(ruling % ("refused", 10), answer.body.decode())
            self.assertEqual(nginx.request("/metrics", method="POST").status, 405)

    def test_the_policy_decides_about_metrics_unless_it_is_off(self):
        server = "sluice on; location = /metrics { sluice_metrics; } location = /open { sluice off; sluice_metrics; }"
        with Nginx(self.policy(), server=server) as nginx:
            self.assertEqual(nginx.request("/metrics").status, 404)  # no route
            self.assertEqual(nginx.request("/open").status, 200)
            self.assertEqual(nginx.request("/open", method="HEAD").body, b"")

    def test_without_zone_workers_share_all_the_same(self):
        nginx = Nginx(self.policy(20), workers=4)
        conf = nginx.dir / "nginx.conf"
        conf.write_text(conf.read_text().replace("sluice_zone counters 1m;", ""))
        with nginx:
            self.assertEqual(nginx.in_parallel(60, path="/limited"), {200: 20, 429: 40})

    def test_reload_keeps_counters(self):
        with Nginx(self.policy(), workers=2) as nginx:
            self.assertEqual(nginx.in_parallel(30, path="/limited"), {200: 30})
            nginx.reload()
            self.assertEqual(nginx.in_parallel(40, path="/limited"), {200: 20, 429: 20})
            nginx.reload()
            self.assertEqual(nginx.request("/limited").status, 429)

    def test_reload_takes_a_new_policy(self):
        with Nginx(self.policy(), workers=2) as nginx:
            self.assertEqual(nginx.request("/new").status, 404)
            nginx.write(self.policy().replace("paths: [/open]", "paths: [/new]"))
            nginx.reload()
            self.assertEqual(nginx.request("/new").status, 200)
            self.assertEqual(nginx.request("/open").status, 404)

    def test_requests_during_reloads_all_succeed(self):
        with Nginx(self.policy(), workers=2) as nginx:
            failures = []
            done = threading.Event()

            def ask():
                connection = nginx.connect()
                while not done.is_set():
                    try:
                        connection.request("GET", "/open")
                        response = connection.getresponse()
                        response.read()
                        if response.status != 200:
                            failures.append(response.status)
                    except OSError:
                        connection.close()  # a worker that ends closes connections between requests
                    except Exception as error:  # pylint: disable=broad-except
                        if type(error).__name__ != "RemoteDisconnected":
                            failures.append(repr(error))
                        connection.close()
                connection.close()

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for _ in range(5):
                nginx.reload()
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])

    def test_killed_worker_leaves_counters_usable(self):
        with Nginx(self.policy(limit=1000000), workers=2) as nginx:
            nginx.allowed_alerts = "exited on signal 9"
            for _ in range(5):
                load = threading.Thread(target=nginx.in_parallel, args=(60,), kwargs={"path": "/limited"})
                load.start()
                os.kill(min(nginx.worker_pids()), signal.SIGKILL)
                load.join()
                wait_until(lambda: len(nginx.worker_pids()) == 2, "a new worker")
            first = int(nginx.request("/limited").headers["RateLimit-Remaining"])
            self.assertLess(first, 1000000)
            self.assertEqual(nginx.in_parallel(50, path="/limited"), {200: 50})
            self.assertEqual(int(nginx.request("/limited").headers["RateLimit-Remaining"]), first - 51)

    def test_in_flight_is_given_back(self):
        with Nginx(self.policy(), workers=2) as nginx:
            key = {"apikey": "alices-key"}
            statuses = nginx.in_parallel(6, path="/slow", headers=key)
            self.assertEqual(statuses, {200: 2, 429: 4})
            # Clients that go away in the middle give theirs back, too.
            for _ in range(3):
                gone = [nginx.connect() for _ in range(2)]
                for connection in gone:
                    connection.request("GET", "/slow", headers=key)
                    connection.close()
                log = nginx.dir / "access.log"
                wait_until(lambda: nginx.request("/slow", headers=key).status == 200, "a slot is free again")
            self.assertIn(" 499 ", log.read_text())


if __name__ == "__main__":
    unittest.main()
