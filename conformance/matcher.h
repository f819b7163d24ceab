// Whether a decision is what a case expects: every member that the case gives must be equal. README.md has the rules;
// matcher.py follows the same.
#ifndef SLUICE_CONFORMANCE_MATCHER_H_
#define SLUICE_CONFORMANCE_MATCHER_H_

#include <string>
#include <vector>

#include "policy/json/json_reader.h"

namespace sluice::conformance {

// Texts of what differs; none if it fits.
std::vector<std::string> Differences(const JsonNode& expected, const JsonNode& actual);

}  // namespace sluice::conformance

#endif  // SLUICE_CONFORMANCE_MATCHER_H_
