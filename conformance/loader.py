#!/usr/bin/env python3
"""Reads conformance/cases/*.case, strictly: the one loader that all runners share. README.md describes the format.

    loader.py            # prints all cases as one JSON document, which the C++ runners read
    import loader        # loader.load() gives the same to the Python runners
"""

import json
import pathlib
import re
import sys
import urllib.parse

# Not resolved: in Bazel's sandbox each file is a link to somewhere else.
ROOT = pathlib.Path(__file__).absolute().parent

MAX_EXPANDED_BYTES = 2 << 20


class CaseError(Exception):
    """A case file that does not say what it means."""


# ---- Placeholders ----


class Placeholders:
    """{token:NAME} {key:NAME} {private_key:NAME} {jwks:NAME} {pem:NAME} {escaped:NAME} {base64:NAME} {times:COUNT:TEXT},
    replaced in the text before anything else reads it."""

    KINDS = "token|key|private_key|jwks|pem|escaped|base64|times"
    PATTERN = re.compile(r"\{(" + KINDS + r"):([^{} ][^{}]*)\}")  # `{key: x}` is YAML

    def __init__(self, root):
        self.keys = root / "keys"
        self.certificates = root / "certificates"
        self.tokens = json.loads((root / "tokens.json").read_text())
        self.used_tokens = set()

    def resolve(self, text, where):
        def replace(match):
            try:
                return getattr(self, "_" + match[1])(match[2])
            except (KeyError, FileNotFoundError, ValueError):
                raise CaseError(f"{where}: no such placeholder `{match[0]}`") from None

        return self.PATTERN.sub(replace, text)

    def _token(self, name):
        self.used_tokens.add(name)
        return self.tokens[name]

    def _key(self, name):
        """A public key in PEM form, as the inside of a quoted YAML or JSON string."""
        return (self.keys / (name + ".public.pem")).read_text().replace("\n", "\\n")

    def _private_key(self, name):
        """Likewise the private one, which signs."""
        return (self.keys / (name + ".private.pem")).read_text().replace("\n", "\\n")

    def _jwks(self, name):
        return json.dumps(json.loads((self.keys / (name + ".jwks.json")).read_text()), separators=(",", ":"))

    def _chain(self, names):
        return "".join((self.certificates / (name + ".pem")).read_text() for name in names.split("+"))

    def _pem(self, names):
        """Certificates, one behind the other, as the inside of a quoted YAML or JSON string."""
        return self._chain(names).replace("\n", "\\n")

    def _escaped(self, names):
        return urllib.parse.quote(self._chain(names), safe="")

    def _base64(self, name):
        return "".join(self._chain(name).splitlines()[1:-1])

    @staticmethod
    def _times(arguments):
        count, _, text = arguments.partition(":")
        if not text or int(count) * len(text) > MAX_EXPANDED_BYTES:
            raise ValueError(arguments)
        return text * int(count)


# ---- One case ----


class CaseReader:
    """Turns `keyword argument` entries into one case. Every keyword has a method; there are no others."""

    def __init__(self, root, placeholders):
        self.root = root
        self.placeholders = placeholders

    def start(self, name, where):
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise CaseError(f"{where}: expected a case name of a-z, 0-9 and _, found `{name}`")
        self.case = {
            "name": name, "where": where, "about": "", "policy": "", "env": {}, "memory": None, "answers": None,
            "steps": [],
            "problems": [], "proofs": [],
        }  # fmt: skip

    def finish(self):
        case, where = self.case, self.case["where"]
        if not case["about"]:
            raise CaseError(f"{where}: `{case['name']}` has no `about`")
        if not case["policy"]:
            raise CaseError(f"{where}: `{case['name']}` has no `policy`")
        requests = [step for step in case["steps"] if step["kind"] == "request"]
        for step in requests:
            if step["expect"] is None:
                raise CaseError(f"{where}: a request of `{case['name']}` has no `expect`")
        fails = any(problem["severity"] == "error" for problem in case["problems"])
        if bool(requests) == fails:
            raise CaseError(f"{where}: `{case['name']}` needs either requests or the errors of its policy")
        return case

    def add(self, keyword, argument, block, where):
        """`argument` stands behind the keyword; `block` is what is indented below, without the indent."""
        method = getattr(self, "_" + keyword, None)
        if method is None:
            raise CaseError(f"{where}: unknown keyword `{keyword}`")
        method(argument, block, where)

    def _about(self, argument, block, where):
        self.case["about"] = " ".join([argument, *block.split("\n")]).strip()

    def _text(self, argument, block, where):
        """A policy: the block, or the file of policies/ that the argument names."""
        if bool(argument) == bool(block):
            raise CaseError(f"{where}: expected a policy below, or the name of one in policies/")
        text = block + "\n" if block else (self.root / "policies" / argument).read_text()
        return self.placeholders.resolve(text, where)

    def _json(self, argument, block, where):
        text = self.placeholders.resolve((argument + " " + block).strip(), where)
        try:
            return json.loads(text, object_pairs_hook=self._unique), text.replace("\n", " ")
        except ValueError as error:
            raise CaseError(f"{where}: bad JSON: {error}") from None

    @staticmethod
    def _unique(pairs):
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("a member appears twice")
        return members

    def _nothing(self, argument, block, where):
        if argument or block:
            raise CaseError(f"{where}: this keyword takes nothing")

    def _last_request(self, where):
        steps = self.case["steps"]
        if not steps or steps[-1]["kind"] != "request":
            raise CaseError(f"{where}: this belongs behind a request")
        return steps[-1]

    def _policy(self, argument, block, where):
        self.case["policy"] = self._text(argument, block, where)

    def _reload(self, argument, block, where):
        self.case["steps"].append({"kind": "reload", "where": where, "policy": self._text(argument, block, where)})

    def _env(self, argument, block, where):
        self._nothing("", block, where)
        name, equals, value = argument.partition("=")
        if not equals:
            raise CaseError(f"{where}: expected NAME=VALUE")
        self.case["env"][name] = value

    def _memory(self, argument, block, where):
        self._nothing("", block, where)
        if not re.fullmatch(r"[1-9][0-9]*", argument):
            raise CaseError(f"{where}: expected a number of bytes")
        self.case["memory"] = int(argument)

    def _answers(self, argument, block, where):
        answers, _ = self._json(argument, block, where)
        for url, series in answers.items():
            for answer in series if isinstance(series, list) else [series]:
                unknown = set(answer) - {"status", "headers", "body", "error"}
                if unknown:
                    raise CaseError(f"{where}: unknown member `{unknown.pop()}` of an answer for {url}")
        self.case["answers"] = answers

    def _request(self, argument, block, where):
        request, text = self._json(argument, block, where)
        self.case["steps"].append({
            "kind": "request", "where": where, "json": text, "request": request, "no_wait": False, "waits": None,
            "fetches": None, "expect": None,
        })  # fmt: skip

    def _expect(self, argument, block, where):
        step = self._last_request(where)
        if step["expect"] is not None:
            raise CaseError(f"{where}: a second `expect` for one request")
        step["expect"], _ = self._json(argument, block, where)

    def _no_wait(self, argument, block, where):
        self._nothing(argument, block, where)
        self._last_request(where)["no_wait"] = True

    def _waits(self, argument, block, where):
        self._last_request(where)["waits"] = int(argument)

    def _fetches(self, argument, block, where):
        self._last_request(where)["fetches"] = int(argument)

    def _problem(self, severity, argument, block, where, members="problems"):
        problem, _ = self._json(argument, block, where)
        unknown = set(problem) - {"code", "line", "says"}
        if unknown or not {"code", "line"} <= set(problem):
            raise CaseError(f"{where}: a problem has `code`, `line` and perhaps `says`")
        self.case[members].append({"severity": severity, "says": "", **problem})

    def _error(self, argument, block, where):
        self._problem("error", argument, block, where)

    def _warning(self, argument, block, where):
        self._problem("warning", argument, block, where)

    def _proof(self, argument, block, where):
        self._problem("warning", argument, block, where, "proofs")


# ---- Files ----


def entries(path, root):
    """(keyword, argument, block, where) for each line that is not indented, with the indented lines below it."""
    found = []
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if line.startswith("  ") or (not line.strip() and found and found[-1][2]):
            if not found:
                raise CaseError(f"{path.name}:{number}: an indented line belongs to nothing")
            found[-1][2].append(line[2:])
        elif line.strip() and not line.startswith("#"):
            keyword, _, argument = line.partition(" ")
            found.append([keyword, argument.strip(), [], f"{path.relative_to(root)}:{number}"])
    return [(k, a, "\n".join(block).rstrip(), where) for k, a, block, where in found]


def read_file(path, root, placeholders):
    cases = []
    reader = CaseReader(root, placeholders)
    for keyword, argument, block, where in entries(path, root):
        if keyword == "case":
            if hasattr(reader, "case"):
                cases.append(reader.finish())
            reader.start(argument, where)
        elif not hasattr(reader, "case"):
            raise CaseError(f"{where}: expected `case NAME` first")
        else:
            reader.add(keyword, argument, block, where)
    if hasattr(reader, "case"):
        cases.append(reader.finish())
    return cases


def load(root=ROOT):
    """All cases, in the order of files and lines. Raises CaseError for whatever is not understood."""
    placeholders = Placeholders(root)
    cases = []
    for path in sorted((root / "cases").glob("*.case")):
        cases += read_file(path, root, placeholders)
    names = [case["name"] for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise CaseError(f"two cases are named `{name}`")
    unused = set(placeholders.tokens) - placeholders.used_tokens
    if unused:
        raise CaseError(f"no case uses these tokens: {', '.join(sorted(unused))}")
    return cases


if __name__ == "__main__":
    try:
        json.dump(load(), sys.stdout, indent=1)
    except CaseError as error:
        sys.exit(f"loader.py: {error}")
