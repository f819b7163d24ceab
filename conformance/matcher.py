"""Whether a decision is what a case expects: every member that the case gives must be equal. See README.md."""

import re

HEADER_LISTS = ("request_headers", "response_headers")


def differences(expected, actual, path=""):
    """Texts of what differs; none if it fits."""
    if isinstance(expected, dict):
        if set(expected) == {"matches"}:
            return _pattern(expected["matches"], actual, path)
        if not isinstance(actual, dict):
            return [f"{path}: expected an object, found {actual!r}"]
        return [d for name in expected for d in _member(name, expected[name], actual, path)]
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{path}: expected {expected!r}, found {actual!r}"]
        return [d for i, e in enumerate(expected) for d in differences(e, actual[i], f"{path}[{i}]")]
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{path}: expected {expected!r}, found {actual!r}"]


def _pattern(pattern, actual, path):
    fits = isinstance(actual, str) and re.fullmatch(pattern, actual)
    return [] if fits else [f"{path}: expected a match of {pattern!r}, found {actual!r}"]


def _member(name, expected, actual, path):
    below = f"{path}.{name}"
    if path in ["." + lists for lists in HEADER_LISTS]:
        return _headers(name, expected, actual, below)
    if name not in actual:
        return [f"{below}: there is no such member"]
    if path == "" and name == "trace":
        return _contains(expected, actual[name], below)
    return differences(expected, actual[name], below)


def _headers(name, expected, actual, path):
    """`set`, `add` and `remove` contain what is expected; `absent` names headers that are neither set nor added."""
    if name == "absent":
        given = {pair[0].lower() for pair in actual["set"] + actual["add"]}
        return [f"{path}: `{header}` is set" for header in expected if header.lower() in given]
    if name not in actual:
        return [f"{path}: there is no such member"]
    return _contains(expected, actual[name], path)


def _contains(expected, actual, path):
    found = []
    for element in expected:
        if not any(not differences(element, candidate) for candidate in actual):
            found.append(f"{path}: expected {element!r} among {actual!r}")
    return found
