#!/usr/bin/env python3
"""The loader refuses whatever it does not understand, and the Python matcher agrees with matcher_cases.json."""

import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).absolute().parent
sys.path.insert(0, str(HERE))
import loader
import matcher

GOOD = """# A comment.
case good
about Two lines
  of text.
env DECK_X=1=2
policy
  _format_version: "3.0"

  services: [{key: {token:t}}]
request {"method":"GET",
         "path":"{times:3:ab}"}
waits 1
expect {"action":"forward"}
"""


def load(text):
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for folder in ("cases", "certificates", "keys", "policies"):
            (root / folder).mkdir()
        for name in ("a", "b"):
            text_of = f"-----BEGIN CERTIFICATE-----\n{name}{name}+=\n-----END CERTIFICATE-----\n"
            (root / "certificates" / f"{name}.pem").write_text(text_of)
        (root / "tokens.json").write_text('{"t": "TOKEN"}')
        (root / "cases" / "a.case").write_text(text)
        return loader.load(root)


class LoaderTest(unittest.TestCase):
    def test_good(self):
        [case] = load(GOOD)
        self.assertEqual(case["about"], "Two lines of text.")
        self.assertEqual(case["env"], {"DECK_X": "1=2"})
        self.assertEqual(case["policy"], '_format_version: "3.0"\n\nservices: [{key: TOKEN}]\n')
        [step] = case["steps"]
        self.assertEqual(step["request"]["path"], "ababab")
        self.assertEqual((step["waits"], step["fetches"], step["expect"]), (1, None, {"action": "forward"}))

    def test_certificates(self):
        def path(placeholder):
            return load(GOOD.replace("{times:3:ab}", placeholder))[0]["steps"][0]["request"]["path"]

        block = "-----BEGIN CERTIFICATE-----\n%s+=\n-----END CERTIFICATE-----\n"
        self.assertEqual(path("{pem:a+b}"), block % "aa" + block % "bb")
        self.assertEqual(path("{escaped:a}"), "-----BEGIN%20CERTIFICATE-----%0Aaa%2B%3D%0A-----END%20CERTIFICATE-----%0A")
        self.assertEqual(path("{base64:b}"), "bb+=")
        self.assert_refused(GOOD.replace("{times:3:ab}", "{pem:c}"), "no such placeholder")

    def assert_refused(self, text, says):
        with self.assertRaisesRegex(loader.CaseError, says):
            load(text)

    def test_changes_that_are_refused(self):
        for old, new, says in [
            ("waits 1", "wait 1", "unknown keyword `wait`"),
            ("waits 1", "expect {}", "a second `expect`"),
            ("waits 1", "no_wait maybe", "takes nothing"),
            ("expect {", "expect {{", "bad JSON"),
            ('expect {"action":"forward"}', "", "no `expect`"),
            ('"path":"', '"method":"', "appears twice"),
            ("{times:3:ab}", "{times:99999999:ab}", "placeholder"),
            ("{token:t}", "{token:u}", "placeholder"),
            ("{token:t}", "x", "no case uses these tokens: t"),
            ("about Two lines\n  of text.\n", "", "no `about`"),
            ("case good", "case Good one", "expected a case name"),
            ("case good", "", "expected `case NAME` first"),
            ("# A comment.", "  indented", "belongs to nothing"),
            ("env DECK_X=1=2", "env DECK_X", "NAME=VALUE"),
            ("env DECK_X=1=2", "memory 1m", "expected a number of bytes"),
            ("waits 1", 'error {"code":"c","line":1}', "either requests or the errors"),
            ("waits 1", 'warning {"code":"c","line":1,"colum":2}', "a problem has"),
            ("waits 1", 'answers {"https://x/": {"stats": 200}}', "unknown member `stats`"),
            ("policy\n", "policy nowhere.yaml\n", "expected a policy below, or the name"),
        ]:
            with self.subTest(new=new):
                self.assertIn(old, GOOD)
                self.assert_refused(GOOD.replace(old, new), says)

    def test_names_are_unique(self):
        self.assert_refused(GOOD + GOOD, "two cases are named `good`")

    def test_committed_cases(self):
        cases = loader.load()
        self.assertGreaterEqual(len(cases), 200)
        self.assertTrue(any(case["problems"] for case in cases))


class MatcherTest(unittest.TestCase):
    def test_cases(self):
        for case in json.loads((HERE / "matcher_cases.json").read_text()):
            with self.subTest(about=case["about"]):
                fits = not matcher.differences(case["expected"], case["actual"])
                self.assertEqual(fits, case["fits"])


if __name__ == "__main__":
    unittest.main()
