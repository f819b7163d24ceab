#!/usr/bin/python3
"""Checks what the sources may mention: the walls between rooms, who touches a big dependency, and no machine's own names.

usage: check_sources.py [ROOT]     exit status 0 if all is well, else 1 with one line a finding
"""

import fnmatch
import os
import re
import subprocess
import sys

# Who may use whom: base <- {router, auth, ratelimit} <- policy <- {io, capi} <- {cli, hosts, bindings}.
MAY_USE = {
    "base": set(),
    "router": {"base"},
    "auth": {"base"},
    "ratelimit": {"base"},
    "policy": {"base", "router", "auth", "ratelimit"},
    "io": {"base", "policy", "capi"},  # what it carries out are the effects of sluice.h
    "capi": {"base", "policy"},
    "hosts": {"base", "policy", "io", "capi"},
    "bindings": {"capi"},
    "examples": {"base", "policy", "io", "capi", "cli", "hosts"},
    # conformance: its certificates, for the command's test.
    "cli": {"base", "router", "auth", "ratelimit", "policy", "io", "capi", "conformance"},
    "conformance": {"base", "policy", "io", "capi", "cli", "hosts"},
    "bench": {"base", "router", "auth", "ratelimit", "policy", "io", "capi"},
}

# The files that may include a big dependency; everyone else goes through them.
CONTAINED = {
    "rapidjson/": ["auth/json.cc", "policy/document/tree_json.cc", "policy/json/json_reader.cc", "router/kong_cases_test.cc"],
    "openssl/": ["auth/digest*.cc", "auth/minter.cc", "auth/public_key.cc", "auth/certificate*", "auth/token_sign.cc", "auth/private_key.*", "auth/public_jwk.cc", "auth/*_test.cc"]
    + ["bench/auth_bench.cc", "bench/certificate_bench.cc"]
    + ["tools/coexist/*"],  # a test about OpenSSL
    "re2/": ["router/*.cc", "bench/router_bench.cc"],  # the bench, as a floor
    "fa.h": ["router/prover/libfa_automaton.cc"],
    "yaml-cpp/": ["policy/document/tree_yaml.cc"],
    "curl/": ["io/*"],
    "hiredis/": ["io/redis_connection.cc", "base/redis_test_server.cc", "bench/redis_bench.cc"],
    "jwt/": ["auth/token_sign*.cc", "auth/cpp_jwt_*_test.cc"],
    "httplib.h": ["examples/*", "*_test.cc"],
}

# Written so that this file does not hold what it looks for.
MACHINE_NAMES = re.compile(
    r"(?<![\w.~$}])/(?:work/(?:main|shared|wt)|home/\w+/|root/\.)"
    r"|\b(?:deb|security|snapshot|ftp|http)\.debian\."
    r"|\bregistry\.(?:npm|yarn)"
    r"|\b(?:pypi|files\.pythonhosted|crates|proxy\.golang)\.(?:org|io)\b"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
LABEL = re.compile(r'"//([a-z_]+)[/:"]')


def room_of(path):
    return path.split("/", 1)[0]


def check_use(path, line, used, findings):
    room = room_of(path)
    if room in MAY_USE and used in MAY_USE and used != room and used not in MAY_USE[room]:
        findings.append("%s:%d: %s may not use %s" % (path, line, room, used))


def check_include(path, line, header, findings):
    if "/" in header:
        check_use(path, line, room_of(header), findings)
    for dependency, allowed in CONTAINED.items():
        if header.startswith(dependency) and not any(fnmatch.fnmatch(path, pattern) for pattern in allowed):
            findings.append("%s:%d: `%s` may be included only by %s" % (path, line, header, ", ".join(allowed)))


def check_file(path, text, findings):
    is_source = re.search(r"\.(c|h|cc|hpp)$", path)
    is_build = os.path.basename(path).startswith("BUILD")
    for number, line in enumerate(text.split("\n"), 1):
        include = is_source and INCLUDE.match(line)
        if include:
            check_include(path, number, include.group(1), findings)
        for label in LABEL.findall(line) if is_build and "visibility" not in line else []:
            check_use(path, number, label, findings)
        name = MACHINE_NAMES.search(line)
        if name:
            findings.append("%s:%d: names a machine or a package host: `%s`" % (path, number, name.group(0)))


def tracked_files(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout
    return [name for name in listed.decode().split("\0") if name]


def check(root, names):
    findings = []
    for name in names:
        path = os.path.join(root, name)
        if not os.path.isfile(path) or os.path.islink(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        if b"\0" not in content:
            check_file(name, content.decode("utf-8", "replace"), findings)
    return findings


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings = check(root, tracked_files(root))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
