"""The two forms in which Sluice leaves Bazel: a shared object and a static archive, each exporting only its golden list."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc:defs.bzl", "cc_binary")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

def sluice_shared_library(name, deps, version_script, visibility = None):
    """A shared object that needs only the C library and exports only what its version script names.

    Args:
      name: the file and its soname, as libsluice.so.0; NAME.stripped is the same without symbols and debug data.
      deps: libraries whose exported functions are in targets with `alwayslink`.
      version_script: a GNU ld version script with a node per release.
      visibility: of the target.
    """
    cc_binary(
        name = name,
        additional_linker_inputs = [version_script],
        linkopts = [
            "-Wl,--version-script=$(location %s)" % version_script,
            "-Wl,-soname,%s" % name,
            "-Wl,-z,defs",
            "-Wl,-z,relro,-z,now",
            # A host in C, or one with another C++ runtime, must not have to bring ours. -static-libstdc++ has no effect
            # here: Bazel links with gcc and names the library itself.
            "-Wl,--as-needed",
            "-l:libstdc++.a",
            "-static-libgcc",
        ],
        linkshared = True,
        linkstatic = True,
        # The sanitizers' runtimes belong to the program, not to a library that must resolve every symbol.
        tags = ["no-sanitizer"],
        visibility = visibility,
        deps = deps,
    )

def _archives(deps):
    """Every archive that deps need, each once: (linked whole, linked by need)."""
    whole, needed = [], []
    for dep in deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                archive = library.pic_static_library or library.static_library
                if archive:
                    (whole if library.alwayslink else needed).append(archive)
    return depset(whole).to_list(), depset(needed).to_list()

# Makes every symbol local that is not to be kept. objcopy leaves "unique" ones (g++'s static variables of inline
# functions) as they are, unless they were made weak before.
_LOCALIZE = """
set -e
merged=$1 keep=$2 archive=$3 nm=$4 objcopy=$5 ar=$6
"$nm" "$merged" | awk '$2 == "u" { print $3 }' >"$archive.unique"
"$objcopy" --weaken-symbols="$archive.unique" "$merged" "$archive.weak"
"$objcopy" --keep-global-symbols="$keep" --strip-debug "$archive.weak" "$archive.o"
"$ar" rcsD "$archive" "$archive.o"
rm "$archive.unique" "$archive.weak" "$archive.o"
"""

def _static_archive_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    whole, needed = _archives(ctx.attr.deps)
    merged = ctx.actions.declare_file(ctx.label.name + ".merged.o")
    archive = ctx.actions.declare_file(ctx.label.name)

    # Groups are dissolved while linking: a group keeps its name even when its symbols become local, and the host's
    # linker would then throw ours away in favour of the host's own copy of, say, std::vector<int>.
    ctx.actions.run(
        executable = toolchain.compiler_executable,
        arguments = ["-r", "-nostdlib", "-o", merged.path, "-Wl,--force-group-allocation", "-Wl,--whole-archive"] +
                    [f.path for f in whole] + ["-Wl,--no-whole-archive", "-Wl,--start-group"] +
                    [f.path for f in needed] + ["-Wl,--end-group"],
        inputs = depset(whole + needed, transitive = [toolchain.all_files]),
        outputs = [merged],
        mnemonic = "SluiceMerge",
        use_default_shell_env = True,
    )
    ctx.actions.run_shell(
        command = _LOCALIZE,
        arguments = [merged.path, ctx.file.keep.path, archive.path] +
                    [toolchain.nm_executable, toolchain.objcopy_executable, toolchain.ar_executable],
        inputs = depset([merged, ctx.file.keep], transitive = [toolchain.all_files]),
        outputs = [archive],
        mnemonic = "SluiceLocalize",
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([archive]), runfiles = ctx.runfiles([archive]))]

sluice_static_archive = rule(
    implementation = _static_archive_impl,
    attrs = {
        "deps": attr.label_list(mandatory = True, providers = [CcInfo]),
        "keep": attr.label(mandatory = True, allow_single_file = True, doc = "One symbol a line: what stays global."),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    doc = """An archive of one relocatable object in which every symbol but those of `keep` is local.

    Our BoringSSL, Abseil and RE2 can then neither answer the host's calls nor be answered by the host's copies. The
    host brings the C++ runtime (-lstdc++ -lm).""",
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def sluice_library_test(name, shared, archive, golden):
    """Checks what the two forms export and need: the golden list, and the C library.

    Args:
      name: of the test.
      shared: a sluice_shared_library.
      archive: a sluice_static_archive.
      golden: one exported symbol a line, sorted.
    """
    sh_test(
        name = name,
        size = "small",
        srcs = ["//tools:library_test.sh"],
        args = ["$(rootpath %s)" % label for label in [shared, archive, golden]],
        data = [archive, golden, shared],
        tags = ["no-sanitizer"],
    )
