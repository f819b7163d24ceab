#!/usr/bin/python3
"""Tests of check_sources.py: each rule on one line that breaks it and on one that does not."""

import unittest

import check_sources


def findings(path, *lines):
    found = []
    check_sources.check_file(path, "\n".join(lines), found)
    return found


class CheckSourcesTest(unittest.TestCase):
    def test_walls_between_rooms(self):
        for path, line, allowed in [
            ("router/table.cc", '#include "router/trie.h"', True),
            ("router/table.cc", '#include "base/ip.h"', True),
            ("router/table.cc", '#include "auth/jwt.h"', False),
            ("base/ip.cc", '#include "router/trie.h"', False),
            ("auth/jwt.cc", '  #  include "policy/gateway.h"', False),
            ("policy/decide.cc", '#include "auth/jwt.h"', True),
            ("policy/decide.cc", '#include "capi/sluice.h"', False),
            ("capi/sluice.cc", '#include "policy/gateway.h"', True),
            ("capi/sluice.cc", '#include "io/driver.h"', False),
            ("io/driver.h", '#include "capi/sluice.h"', True),
            ("bindings/python/module.c", '#include "policy/gateway.h"', False),
            ("hosts/nginx/module.c", '#include "capi/sluice.h"', True),
            ("router/BUILD.bazel", '        "//base:ip",', True),
            ("router/BUILD.bazel", '        "//auth:jwt",', False),
            ("router/BUILD.bazel", '        "//auth",', False),
            ("router/BUILD.bazel", '    visibility = ["//policy:__pkg__"],', True),
            ("router/notes.md", '#include "auth/jwt.h"', True),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual([] if allowed else [path], [f.split(":")[0] for f in findings(path, line)])

    def test_containment(self):
        for path, line, allowed in [
            ("auth/public_key.cc", "#include <openssl/evp.h>", True),
            ("auth/signature.h", "#include <openssl/evp.h>", False),
            ("policy/decide.cc", "#include <openssl/evp.h>", False),
            ("policy/decide.cc", '#include "rapidjson/reader.h"', False),
            ("auth/json.cc", '#include "rapidjson/reader.h"', True),
            ("router/regex.cc", '#include "re2/re2.h"', True),
            ("auth/claims.cc", '#include "re2/re2.h"', False),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(allowed, not findings(path, line))

    def test_machine_names(self):
        for line, allowed in [
            ("cd /" + "work/main", False),
            ("/" + "home/alice/src", False),
            ("/" + "root/.cache/x", False),
            ("/root/readme as a path of a request", True),
            ("see deb." + "debian.org", False),
            ('"resolved": "https://registry.' + 'npmjs.org/x"', False),
            ("build --disk_cache=~/.cache/sluice-bazel", True),
            ("/usr/share/keyrings/debian-archive-keyring.gpg", True),
            ("GET /api/work/1", True),
            ("https://api.example.com/home/7", True),
        ]:
            with self.subTest(line=line):
                self.assertEqual(allowed, not findings("docs/x.md", line))

    def test_places(self):
        self.assertEqual(
            ["router/a.cc:2: router may not use auth"], findings("router/a.cc", "// a", '#include "auth/jwt.h"')
        )


if __name__ == "__main__":
    unittest.main()
