"""Fuzz targets: a corpus test in ordinary builds, a libFuzzer program with --config=fuzz."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")

def sluice_fuzz_test(name, srcs, corpus, deps, size = "small"):
    """Declares NAME, a test that runs the corpus, and NAME_libfuzzer, a program for `make fuzz`.

    Args:
      name: of the test, by custom x_fuzz.
      srcs: one file that defines LLVMFuzzerTestOneInput.
      corpus: the files to run; at least one.
      deps: libraries under test.
      size: of the test.
    """
    cc_test(
        name = name,
        size = size,
        srcs = srcs,
        args = ["$(location %s)" % file for file in corpus],
        data = corpus,
        deps = deps + ["//tools:fuzz_corpus_main"],
    )
    cc_binary(
        name = name + "_libfuzzer",
        testonly = True,
        srcs = srcs,
        tags = ["manual"],
        deps = deps,
    )
