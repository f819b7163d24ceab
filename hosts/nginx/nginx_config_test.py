#!/usr/bin/env python3
"""Configuration: what nginx -t says, and what a reload with a bad policy does."""

import unittest

from nginx_fixture import Nginx, Server, echo

GOOD = """
_format_version: "3.0"
services:
- name: orders
  url: {upstream}
  routes:
  - {{name: orders, paths: [/orders]}}
"""

BAD = """
_format_version: "3.0"
services:
- name: orders
  host: orders.internal
  routes:
  - name: orders
    path: /orders
plugins:
- name: rate-limting
"""


class ConfigTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Server(echo)
        self.policy = GOOD.format(upstream=self.upstream.url)

    def tearDown(self):
        self.upstream.shutdown()
        self.upstream.server_close()

    def assert_refused(self, nginx, *texts):
        status, output = nginx.check()
        self.assertNotEqual(status, 0, output)
        for text in texts:
            self.assertRegex(output, text)

    def test_good_policy(self):
        status, output = Nginx(self.policy).check()
        self.assertEqual(status, 0, output)
        self.assertIn("test is successful", output)

    def test_every_error_of_a_policy_with_its_place(self):
        self.assert_refused(Nginx(BAD), r"\[emerg\].*policy\.yaml:8:\d+: error: .*`path`.*`paths`",
                            r"\[emerg\].*policy\.yaml:10:\d+: error: .*`rate-limting`.*`rate-limiting`",
                            r'"sluice_policy" directive has a policy that does not load in .*nginx\.conf:\d+')

    def test_broken_yaml(self):
        self.assert_refused(Nginx("a: [1, 2\nb: }"), r"policy\.yaml:\d+:\d+: error: ")

    def test_missing_policy_file(self):
        nginx = Nginx(self.policy)
        (nginx.dir / "policy.yaml").unlink()
        self.assert_refused(nginx, r"policy\.yaml\" cannot be opened \(2: No such file or directory\) in .*nginx\.conf:\d+")

    def test_policy_that_is_no_file(self):
        nginx = Nginx(self.policy)
        (nginx.dir / "policy.yaml").unlink()
        (nginx.dir / "policy.yaml").mkdir()
        self.assert_refused(nginx, "is not a regular file")

    def test_policy_beyond_64_mib(self):
        nginx = Nginx(self.policy)
        with open(nginx.dir / "policy.yaml", "r+b") as policy:
            policy.truncate((64 << 20) + 1)
        self.assert_refused(nginx, "is larger than 64 MiB")

    def test_sluice_on_without_policy(self):
        nginx = Nginx(self.policy)
        conf = nginx.dir / "nginx.conf"
        conf.write_text(conf.read_text().replace("sluice_policy policy.yaml;", ""))
        self.assert_refused(nginx, '"sluice on" needs a "sluice_policy"')

    def test_bad_directives(self):
        for directive, text in [("sluice_zone other 1m;", "is duplicate"),
                                ("sluice_policy policy.yaml;", "is duplicate"),
                                ("sluice_ca_file missing.pem;", r"cannot read .*missing\.pem")]:
            self.assert_refused(Nginx(self.policy, http=directive), text)

    def test_zone_sizes(self):
        for size in ("1k", "much", "-1m"):
            nginx = Nginx(self.policy)
            conf = nginx.dir / "nginx.conf"
            conf.write_text(conf.read_text().replace("counters 1m", "counters " + size))
            self.assert_refused(nginx, "expects a size of at least 256k, found")

    def test_environment(self):
        nginx = Nginx(self.policy + "_info: {select_tags: ['${{ env \"HOME\" }}']}\n")
        self.assert_refused(nginx, "HOME")

    def test_reload_with_a_bad_policy_keeps_the_good_one(self):
        with Nginx(self.policy) as nginx:
            self.assertEqual(nginx.request("/orders/1").status, 200)
            nginx.allowed_alerts = "policy.yaml|sluice_policy"
            workers = nginx.worker_pids()
            nginx.write(BAD)
            nginx.process.send_signal(1)
            while "does not load" not in nginx.error_log():
                self.assertEqual(nginx.request("/orders/1").status, 200)
            self.assertEqual(nginx.request("/orders/1").status, 200)
            self.assertEqual(nginx.worker_pids(), workers)

    def test_without_policy_the_module_stays_out_of_the_way(self):
        nginx = Nginx(self.policy)
        conf = nginx.dir / "nginx.conf"
        text = conf.read_text().replace("sluice_policy policy.yaml;", "").replace("sluice on;", "return 204;")
        conf.write_text(text.replace("sluice_zone counters 1m;", ""))
        with nginx:
            self.assertEqual(nginx.request("/").status, 204)


if __name__ == "__main__":
    unittest.main()
