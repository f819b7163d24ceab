// Runs every case against a fresh face; the main function of the C++ and C runners.
#ifndef SLUICE_CONFORMANCE_SUITE_H_
#define SLUICE_CONFORMANCE_SUITE_H_

#include <functional>
#include <memory>

#include "conformance/face.h"

namespace sluice::conformance {

// `argv`: the path of cases.json, then perhaps the names of the cases to run. Prints the number of cases that ran and
// returns the exit status: 0 if all did as they say.
int Main(int argc, char** argv, const std::function<std::unique_ptr<Face>(const Case&)>& make_face);

}  // namespace sluice::conformance

#endif  // SLUICE_CONFORMANCE_SUITE_H_
