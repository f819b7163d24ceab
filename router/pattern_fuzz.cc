// Lines of any bytes as patterns, then as requests: nothing crashes, and the table agrees with the linear matcher. A
// line is a pattern, or `?method host path`.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "router/testing/linear_patterns.h"

namespace {

using sluice::router::PatternSpec;

void Ask(const sluice::router::RouteTable& table, const std::vector<PatternSpec>& patterns, std::string_view line) {
  const std::vector<std::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
  sluice::router::RouteQuery query;
  query.method = words[0];
  query.host = words.size() > 1 ? words[1] : "";
  query.path = words.size() > 2 ? words[2] : "";
  query.port = 80;
  const sluice::router::LinearPatternMatch expected = sluice::router::FindPattern(patterns, query);
  sluice::router::RouteMatch match;
  if (table.Find(query, &match) != expected.found) std::abort();
  std::set<std::string> allowed;
  for (std::string_view method : match.allowed) allowed.emplace(method);
  if (allowed != expected.allowed) std::abort();
  if (!expected.found) return;
  if (match.route != expected.route || match.capture_count != expected.captures.size()) std::abort();
  for (size_t i = 0; i < match.capture_count; ++i)
    if (match.Captured(expected.captures[i].first) != expected.captures[i].second) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<PatternSpec> patterns;
  std::vector<std::string_view> requests;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty() && line[0] == '?') {
      requests.push_back(line.substr(1));
      continue;
    }
    // One that is refused must not keep the others from being asked.
    patterns.push_back({"", std::string(line)});
    sluice::Diagnostics problems;
    if (sluice::router::RouteTable::BuildPatterns(patterns, &problems) == nullptr) patterns.pop_back();
    if (patterns.size() == 64) break;
  }
  sluice::Diagnostics problems;
  const auto table = sluice::router::RouteTable::BuildPatterns(patterns, &problems, size);
  if (table == nullptr) std::abort();
  for (std::string_view request : requests) Ask(*table, patterns, request);
  return 0;
}
