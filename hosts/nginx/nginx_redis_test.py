#!/usr/bin/env python3
"""Limits that two nginx and their workers share in a real Redis server, which dies and comes back."""

import pathlib
import subprocess
import tempfile
import unittest

from nginx_fixture import LONG_S, Nginx, Server, echo, wait_until

POLICY = """
_format_version: "3.0"
services:
- name: orders
  url: {upstream}
  routes: [{{name: orders, paths: [/]}}]
  plugins:
  - name: rate-limiting
    config:
      {{year: {limit}, policy: redis, limit_by: ip,
       redis: {{socket: {socket}, mode: {mode}, on_error: closed, on_loss: reset}}}}
"""


class Redis:
    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="sluice_redis_")  # a socket's path must be short
        self.socket = pathlib.Path(self.directory.name) / "s"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
                                         "--dir", self.directory.name], stdout=subprocess.DEVNULL)
        wait_until(self.socket.exists, "redis-server's socket")

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait(LONG_S)
        self.process = None
        self.socket.unlink(missing_ok=True)

    def close(self):
        self.stop()
        self.directory.cleanup()


class RedisTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Server(echo)
        self.redis = Redis()
        self.redis.start()

    def tearDown(self):
        self.redis.close()
        self.upstream.shutdown()
        self.upstream.server_close()

    def policy(self, limit, mode):
        return POLICY.format(upstream=self.upstream.url, socket=self.redis.socket, limit=limit, mode=mode)

    def test_two_nginx_share_one_limit_exactly(self):
        policy = self.policy(50, "strict")
        with Nginx(policy, workers=2) as one, Nginx(policy, workers=2) as other:
            self.assertEqual(one.in_parallel(30), {200: 30})
            self.assertEqual(other.in_parallel(60), {200: 20, 429: 40})
            self.assertEqual(self.upstream.count, 50)

    def test_metrics_tell_of_the_server_whichever_worker_answers(self):
        server = f'server="unix:{self.redis.socket}"'
        location = "location = /metrics { sluice off; sluice_metrics; }"
        with Nginx(self.policy(50, "strict"), workers=2, server=location) as nginx:
            self.assertEqual(nginx.in_parallel(60), {200: 50, 429: 10})
            for _ in range(5):
                text = nginx.request("/metrics").body.decode()
                self.assertIn(f'sluice_limit_server_answers_total{{{server},answer="granted"}} 50\n', text)
                self.assertIn(f'sluice_limit_server_answers_total{{{server},answer="refused"}} 10\n', text)
                self.assertIn(f"sluice_limit_server_granted_units_total{{{server}}} 50\n", text)
                self.assertIn(f"sluice_limit_server_up{{{server}}} 1\n", text)
            self.redis.stop()
            self.assertEqual(nginx.request("/").status, 500)
            text = nginx.request("/metrics").body.decode()
            self.assertIn(f'sluice_limit_server_errors_total{{{server},error="connect"}}', text)
            self.assertNotIn(f'sluice_limit_server_errors_total{{{server},error="connect"}} 0\n', text)

    def test_leases_end_at_the_limit(self):
        policy = self.policy(200, "lease")
        with Nginx(policy, workers=2) as one, Nginx(policy, workers=2) as other:
            for _ in range(20):
                for nginx in one, other:
                    self.assertLessEqual(set(nginx.in_parallel(20)), {200, 429})
            self.assertLessEqual(self.upstream.count, 200)
            self.assertGreater(self.upstream.count, 100)

    def test_a_server_that_dies_is_found_again(self):
        with Nginx(self.policy(1000, "strict")) as nginx:
            self.assertEqual(nginx.request("/").status, 200)
            self.redis.stop()
            self.assertEqual(nginx.request("/").status, 500)
            self.redis.start()  # with nothing of what it knew, which on_loss makes nothing of
            wait_until(lambda: nginx.request("/").status == 200, "the server is found again")


if __name__ == "__main__":
    unittest.main()
