#!/usr/bin/env python3
"""Cases through the command: `sluice decide` for those with requests, `sluice check` for policies that must not load.

usage: command_runner_test.py SLUICE [CASE]...
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent))
import loader
import matcher

FEWEST_CASES = 150


def why_not(case):
    """Why the command cannot express a case; None if it can."""
    if case["memory"] is not None:
        return "has the default's memory for counters"
    for step in case["steps"]:
        if step["kind"] == "reload":
            return "one policy a run"
        if step["no_wait"]:
            return "always waits if it can"
    return None


class Command:
    def __init__(self, binary, case, directory):
        self.binary = str(pathlib.Path(binary).absolute())
        self.case = case
        self.directory = pathlib.Path(directory)
        self.write("policy.yaml", case["policy"])

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def run(self, *arguments):
        env = {**{k: v for k, v in os.environ.items() if not k.startswith("DECK_")}, **self.case["env"]}
        return subprocess.run([self.binary, *arguments], cwd=self.directory, env=env, capture_output=True, timeout=60)

    def check(self):
        """What `sluice check` says otherwise than the case expects."""
        done = self.run("check", "policy.yaml", "--format", "json")
        fails = any(problem["severity"] == "error" for problem in self.case["problems"])
        if done.returncode != (2 if fails else 0):
            return [f"check ends with status {done.returncode}: {done.stderr.decode()}"]
        report = json.loads(done.stdout)
        expected = sorted(self.case["problems"] + self.case["proofs"], key=lambda problem: problem["line"])
        return problems_differ(expected, report)

    def decide(self):
        """What `sluice decide` says otherwise than the case expects."""
        steps = self.case["steps"]
        self.write("requests.jsonl", "".join(step["json"] + "\n" for step in steps))
        arguments = ["decide", "--trace", "policy.yaml", "requests.jsonl"]
        if self.case["answers"] is not None:
            self.write("answers.json", json.dumps(self.case["answers"]))
            arguments += ["--answers", "answers.json"]
        done = self.run(*arguments)
        lines = done.stdout.decode().splitlines()
        if done.returncode != 0 or len(lines) != len(steps):
            return [f"decide ends with status {done.returncode} and {len(lines)} lines: {done.stderr.decode()}"]
        found = []
        for step, line in zip(steps, lines):
            decision = json.loads(line)
            found += [f"{step['where']}: {text}" for text in matcher.differences(step["expect"], decision)]
            found += credentials_shown(step, decision["trace"])
        return found


def problems_differ(expected, report):
    found = []
    for severity in ("error", "warning"):
        wanted = [p for p in expected if p["severity"] == severity]
        given = report[severity + "s"]
        for problem, one in zip(wanted, given):
            fits = problem["code"] == one["code"] and problem["line"] == one["where"]["line"]
            if not fits or problem["says"] not in one["message"] or one["where"]["file"] != "policy.yaml":
                found.append(f"expected {problem}, found {one}")
        if len(wanted) != len(given):
            found.append(f"expected {len(wanted)} {severity}s, found {len(given)}")
    return found


def credentials_shown(step, trace):
    """Keys of the cases hold "-secret", tokens begin with "eyJ": neither has a place in a trace."""
    shown = [entry["cause"] for entry in trace if "-secret" in entry["cause"] or "eyJ" in entry["cause"]]
    return [f"{step['where']}: the trace shows a credential: {cause}" for cause in shown]


def run(binary, case):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as directory:
        command = Command(binary, case, directory)
        found = command.check()
        return found if found or not case["steps"] else command.decide()


def main(binary, names):
    ran = failed = 0
    for case in loader.load():
        if (names and case["name"] not in names) or why_not(case):
            continue
        failures = run(binary, case)
        for failure in failures:
            print(f"{case['where']}: {case['name']}: {failure}"[:1000])
        ran += 1
        failed += bool(failures)
    print(f"{ran} cases ran, {failed} failed")
    return 0 if failed == 0 and ran >= (len(names) or FEWEST_CASES) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
