// Takes one case through one face, and says what came out otherwise than the case expects.
#ifndef SLUICE_CONFORMANCE_TIMELINE_H_
#define SLUICE_CONFORMANCE_TIMELINE_H_

#include <string>
#include <vector>

#include "conformance/cases.h"
#include "conformance/face.h"

namespace sluice::conformance {

// One line for each difference; none if the face does as the case says. `face` is fresh.
std::vector<std::string> Run(const Case& test, Face& face);

}  // namespace sluice::conformance

#endif  // SLUICE_CONFORMANCE_TIMELINE_H_
