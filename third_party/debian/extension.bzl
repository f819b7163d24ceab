"""Module extension for Bazel 7 and later: the repositories that only the system's packages give."""

load(":repositories.bzl", "system_repositories")

debian = module_extension(implementation = lambda _ctx: system_repositories())
