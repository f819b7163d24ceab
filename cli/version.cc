// sluice version.
#include <cstdio>

#include "capi/sluice.h"
#include "cli/verbs.h"

namespace sluice::cli {
namespace {

int Run(const Args&) {
  std::printf("sluice %s (ABI %u)\n", SLUICE_VERSION, SLUICE_ABI_VERSION);
  return 0;
}

}  // namespace

const Verb kVersion = {
    .name = "version",
    .summary = "print the version",
    .operands = "",
    .about = "Prints the version of the command, and of the C ABI it was built with.",
    .example = "  sluice version",
    .flags = {},
    .run = Run,
};

}  // namespace sluice::cli
