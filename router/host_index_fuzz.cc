// Lines of any bytes as host patterns, then as hosts: the index finds the patterns that HostMatches says match. A line
// is a pattern, or `?host`, asked for with port 80.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "router/host_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::router::HostPattern;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<HostPattern> patterns;
  sluice::router::HostIndex index;
  std::set<std::pair<HostPattern::Kind, std::string>> seen;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    HostPattern pattern;
    if (ParseHostPattern(line, &pattern) == nullptr && seen.emplace(pattern.kind, HostKey(pattern)).second) {
      patterns.push_back(pattern);
    }
  }
  for (uint32_t i = 0; i < patterns.size(); ++i) index.Add(patterns[i], i);
  index.Finish(size);
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line[0] != '?') continue;
    std::multiset<uint32_t> found;
    std::multiset<uint32_t> expected;
    sluice::router::HostIndex::Trees trees;
    index.Find(line.substr(1), 80, &trees);
    found.insert(trees.begin(), trees.end());
    for (uint32_t i = 0; i < patterns.size(); ++i) {
      const bool port_fits = patterns[i].port == 0 || patterns[i].port == 80;
      if (port_fits && HostMatches(patterns[i], line.substr(1))) expected.insert(i);
    }
    if (found != expected) std::abort();
  }
  return 0;
}
