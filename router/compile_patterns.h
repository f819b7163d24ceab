// From patterns as written to the index that Find reads.
#ifndef SLUICE_ROUTER_COMPILE_PATTERNS_H_
#define SLUICE_ROUTER_COMPILE_PATTERNS_H_

#include <cstdint>
#include <vector>

#include "base/diagnostic.h"
#include "router/match_index.h"
#include "router/pattern.h"

namespace sluice::router {

// False, with the reasons in `problems`, if the patterns cannot be used; `index` is then of no use.
bool CompilePatterns(const std::vector<PatternSpec>& patterns, uint64_t seed, MatchIndex* index, Diagnostics* problems);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_COMPILE_PATTERNS_H_
