"""Every external repository, taken from Debian 12 packages (and one for tests from npm).

The repository names and labels equal those that MODULE.bazel gives the Bazel Central Registry's modules, so BUILD
files need no switch between the two.
"""

_HEAD = 'package(default_visibility = ["//visibility:public"])\n'

def _run(ctx, command, hint = ""):
    ran = ctx.execute(command, timeout = 300)
    if ran.return_code:
        fail("%s: %s %s" % (command, ran.stderr, hint))

def _unpack(ctx, package):
    # What http_archive does, but from apt: tools/setup adds the deb-src line that this needs.
    _run(ctx, ["apt-get", "source", "--download-only", "-q", package], "(run tools/setup: is a deb-src line missing?)")
    _run(ctx, ["sh", "-c", "dpkg-source -x *.dsc tree && mv tree/* . && rm -rf tree *.dsc *.tar.*"])
    ctx.file("WORKSPACE", "")

def _source_impl(ctx):
    _unpack(ctx, ctx.attr.package)
    for command in ctx.attr.edits:
        _run(ctx, ["sh", "-c", command])

_source = repository_rule(
    implementation = _source_impl,
    attrs = {"package": attr.string(mandatory = True), "edits": attr.string_list()},
    doc = "A Debian source package, unpacked and edited; it brings BUILD files of its own.",
)

def _boringssl_impl(ctx):
    _unpack(ctx, "android-platform-external-boringssl")

    # The two headers that BoringSSL's util/make_prefix_headers.go would write (it needs Go), from a list of symbols.
    # They rename every symbol, so that no host's OpenSSL can answer our calls, nor we the host's.
    symbols = ctx.read(ctx.attr.symbols).splitlines()
    defines = "".join(["#define %s BORINGSSL_ADD_PREFIX(BORINGSSL_PREFIX, %s)\n" % (s, s) for s in symbols])
    join = "#define BORINGSSL_ADD_PREFIX(a, b) BORINGSSL_ADD_PREFIX_INNER(a, b)\n#define BORINGSSL_ADD_PREFIX_INNER(a, b) a ## _ ## b\n"
    headers = ["src/include/boringssl_prefix_symbols.h", "src/include/boringssl_prefix_symbols_asm.h"]
    for header in headers:
        ctx.file(header, "#pragma once\n" + join + defines)
    build = ctx.read("BUILD")
    build = build.replace(
        "hdrs = crypto_headers + fips_fragments,",
        "hdrs = crypto_headers + fips_fragments + %s,\n    defines = [\"BORINGSSL_PREFIX=%s\"]," % (headers, ctx.attr.prefix),
    )
    ctx.file("BUILD", build)

_boringssl = repository_rule(
    implementation = _boringssl_impl,
    attrs = {
        "prefix": attr.string(mandatory = True),
        "symbols": attr.label(mandatory = True, allow_single_file = True),
    },
    doc = "BoringSSL from Debian's source package, every symbol prefixed.",
)

def _tree_impl(ctx):
    for link, target in ctx.attr.links.items():
        if not ctx.path(target).exists:
            fail("%s is missing: run tools/setup (package %s)" % (target, ctx.attr.apt))
        ctx.symlink(target, link)
    for path, text in ctx.attr.files.items():
        ctx.file(path, text)
    ctx.file("WORKSPACE", "")

_tree = repository_rule(
    implementation = _tree_impl,
    local = True,
    attrs = {"links": attr.string_dict(), "files": attr.string_dict(), "apt": attr.string()},
    doc = "Symbolic links to an installed package, and BUILD files for it.",
)

def _nginx_impl(ctx):
    # The packaged nginx loads only modules built from its own source with its own flags: both come from nginx-dev.
    _run(ctx, ["sh", "-c", "cp -r /usr/share/nginx/src ."], "(run tools/setup: package nginx-dev)")
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", _HEAD + 'filegroup(name = "src", srcs = glob(["src/**"]))\n')

_nginx = repository_rule(implementation = _nginx_impl, doc = "The source of the installed nginx.")

def _npm_impl(ctx):
    package = ctx.path(ctx.attr.lock).dirname.get_child("node_modules").get_child(ctx.name)
    if not package.exists:
        fail("node_modules/%s is missing: run tools/setup" % ctx.name)
    ctx.symlink(package, "package")
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", _HEAD + "filegroup(name = \"%s\", srcs = glob([\"package/**\"]))\n" % ctx.name)

_npm = repository_rule(
    implementation = _npm_impl,
    local = True,
    attrs = {"lock": attr.label(mandatory = True, allow_single_file = True)},
    doc = "A package that tools/setup has installed from the lock file; for tests only.",
)

# Debian's own copy of rules_cc does not match its Bazel; native rules do.
_RULES_CC = "\n".join(["%s = native.%s" % (r, r) for r in [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "cc_proto_library",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_library",
    "objc_import",
]])

_RULES_SHELL = "%s = native.%s"

_GOOGLETEST = _HEAD + """
cc_library(
    name = "gtest",
    srcs = ["gtest/src/gtest-all.cc", "gmock/src/gmock-all.cc"],
    hdrs = glob(["gtest/include/**/*.h", "gmock/include/**/*.h"]),
    textual_hdrs = glob(
        ["gtest/src/*.cc", "gtest/src/*.h", "gmock/src/*.cc"],
        exclude = ["gtest/src/gtest-all.cc", "gmock/src/gmock-all.cc"],
    ),
    includes = ["gtest", "gtest/include", "gmock", "gmock/include"],
    linkopts = ["-pthread"],
)
cc_library(name = "gtest_main", srcs = ["gmock/src/gmock_main.cc"], deps = [":gtest"])
"""

_BENCHMARK = _HEAD + """
cc_library(name = "benchmark", linkopts = ["-lbenchmark", "-pthread"])
cc_library(name = "benchmark_main", linkopts = ["-lbenchmark_main"], deps = [":benchmark"])
"""

_CPP_JWT = _HEAD + """
cc_library(
    name = "cpp_jwt",
    hdrs = glob(["include/**/*.hpp", "include/**/*.ipp"]),
    includes = ["include"],
    deps = ["@boringssl//:crypto"],
)
"""

_RAPIDJSON = _HEAD + """
cc_library(name = "rapidjson", hdrs = glob(["include/**/*.h"]), includes = ["include"])
"""

def system_repositories():
    """Packages used as installed: headers and libraries under /usr."""
    _tree(
        name = "cpp_jwt",
        apt = "libcpp-jwt-dev",
        links = {"include/jwt": "/usr/include/jwt"},
        files = {"BUILD.bazel": _CPP_JWT},
    )
    for name, target, libraries in [
        ("curl", "curl", ["curl"]),
        ("hiredis", "hiredis", ["hiredis"]),
        ("libfa", "fa", ["fa"]),
        ("system_openssl", "crypto", ["crypto"]),
    ]:
        _tree(name = name, files = {"BUILD.bazel": _HEAD + "cc_library(name = \"%s\", linkopts = %s)\n" % (target, ["-l" + library for library in libraries])})

    # Debian's shared library needs the flags of its pkg-config file; without them the layouts differ and it crashes.
    _tree(name = "cpp_httplib", files = {"BUILD.bazel": _HEAD + """
cc_library(
    name = "cpp_httplib",
    defines = ["CPPHTTPLIB_OPENSSL_SUPPORT", "CPPHTTPLIB_ZLIB_SUPPORT", "CPPHTTPLIB_BROTLI_SUPPORT"],
    linkopts = ["-lcpp-httplib", "-pthread"],
)
"""})
    _nginx(name = "nginx_src")
    for package in ["jose", "oidc-provider"]:
        _npm(name = package, lock = Label("//:package-lock.json"))

def debian_repositories():
    """Declares every repository of MODULE.bazel from Debian's packages."""
    _tree(name = "rules_cc", files = {"cc/BUILD.bazel": "", "cc/defs.bzl": _RULES_CC})
    _tree(name = "rules_shell", files = {
        "shell/BUILD.bazel": "",
        "shell/sh_binary.bzl": _RULES_SHELL % ("sh_binary", "sh_binary"),
        "shell/sh_library.bzl": _RULES_SHELL % ("sh_library", "sh_library"),
        "shell/sh_test.bzl": _RULES_SHELL % ("sh_test", "sh_test"),
    })
    native.new_local_repository(
        name = "remote_coverage_tools",  # Bazel wants it for every cc_test
        path = "third_party/debian",
        build_file_content = _HEAD + """
sh_binary(name = "coverage_report_generator", srcs = ["coverage.py"])
sh_binary(name = "lcov_merger", srcs = ["coverage.py"])
""",
    )
    native.local_repository(name = "rules_java", path = "/usr/share/bazel/rules/java")
    native.local_repository(name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    native.local_repository(name = "platforms", path = "/usr/share/bazel/tools/platforms")
    native.local_repository(name = "bazel_skylib", path = "/usr/share/bazel/tools/skylib")

    # From source, because Debian's archives are not position independent and its headers keep absl::string_view
    # apart from std::string_view.
    _source(
        name = "com_google_absl",
        package = "abseil",
        edits = ["sed -i 's/^\\(#define ABSL_OPTION_USE_STD_[A-Z_]*\\) 0/\\1 2/' absl/base/options.h"],
    )
    _source(
        name = "com_googlesource_code_re2",
        package = "re2",
        edits = [
            # Debian leaves the generated tables out of its source and makes them from its own Unicode data.
            "sed -i 's/from six.moves import urllib/import urllib.request/' re2/unicode.py",
            "perl re2/make_perl_groups.pl >re2/perl_groups.cc",
            "python3 re2/make_unicode_casefold.py >re2/unicode_casefold.cc",
            "python3 re2/make_unicode_groups.py >re2/unicode_groups.cc",
        ],
    )
    _source(name = "yaml_cpp", package = "yaml-cpp")
    _boringssl(name = "boringssl", prefix = "sluice_bssl", symbols = Label("//third_party/boringssl:symbols.txt"))
    _tree(
        name = "rapidjson",
        apt = "rapidjson-dev",
        links = {"include/rapidjson": "/usr/include/rapidjson"},
        files = {"BUILD.bazel": _RAPIDJSON},
    )
    _tree(
        name = "com_google_googletest",
        apt = "googletest",
        links = {"gtest": "/usr/src/googletest/googletest", "gmock": "/usr/src/googletest/googlemock"},
        files = {"BUILD.bazel": _GOOGLETEST},
    )
    _tree(name = "com_github_google_benchmark", apt = "libbenchmark-dev", files = {"BUILD.bazel": _BENCHMARK})
    system_repositories()
