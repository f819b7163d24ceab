// Lines of any bytes as patterns of hosts, the last as a host and its port: nothing crashes, what is taken has the form
// that the documentation gives, and the index finds exactly the patterns that match, by a reading of its own.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "router/host_index.h"
#include "router/host_pattern.h"

namespace {

using sluice::router::HostPattern;

void Require(bool holds) {
  if (!holds) std::abort();
}

// What stands before the port, with the asterisk.
std::string NameOf(const HostPattern& pattern) {
  switch (pattern.kind) {
    case HostPattern::Kind::kPlain: return pattern.text;
    case HostPattern::Kind::kAnySubdomain: return absl::StrCat("*", pattern.text);
    case HostPattern::Kind::kAnyTail: return absl::StrCat(pattern.text, "*");
  }
  return {};
}

// Reads the text of the pattern as it was written, beside whatever the parser made of it.
bool Matches(std::string_view name, std::string_view host) {
  const size_t star = name.find('*');
  const std::string found = absl::AsciiStrToLower(host);
  if (star == std::string_view::npos) return found == name;
  return found.size() >= name.size() && absl::StartsWith(found, name.substr(0, star)) &&
         absl::EndsWith(found, name.substr(star + 1));
}

void CheckForm(std::string_view written, const HostPattern& pattern) {
  const std::string name = NameOf(pattern);
  Require(absl::StartsWith(absl::AsciiStrToLower(written), name));
  const std::string_view rest = written.substr(name.size());
  uint32_t port = 0;
  Require(rest.empty() ? pattern.port == 0
                       : rest[0] == ':' && absl::SimpleAtoi(rest.substr(1), &port) && port == pattern.port && port > 0);
  const size_t star = name.find('*');
  Require(star == std::string::npos || star == 0 || star + 1 == name.size());
  Require(star == std::string::npos || name.find('*', star + 1) == std::string::npos);
  Require(!absl::StrContains(name, ".."));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  std::vector<std::string_view> lines =
      absl::StrSplit(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  const std::string_view host = lines.back();
  const uint32_t port = size % 2 == 0 ? 80 : 8443;
  lines.pop_back();
  std::vector<HostPattern> patterns;
  for (std::string_view line : lines) {
    HostPattern pattern;
    if (sluice::router::ParseHostPattern(line, &pattern) != nullptr) continue;
    CheckForm(line, pattern);
    bool known = false;  // the index holds each pattern once
    for (const HostPattern& other : patterns) known |= NameOf(other) == NameOf(pattern) && other.port == pattern.port;
    if (known) continue;
    patterns.push_back(pattern);
  }
  sluice::router::HostIndex index;
  for (uint32_t i = 0; i < patterns.size(); ++i) index.Add(patterns[i], i);
  index.Finish(size);
  std::vector<int> visits(patterns.size());
  sluice::router::HostIndex::Trees found;
  index.Find(host, port, &found);
  for (uint32_t tree : found) ++visits.at(tree);
  for (size_t i = 0; i < patterns.size(); ++i) {
    const bool by_name = Matches(NameOf(patterns[i]), host);
    Require(HostMatches(patterns[i], host) == by_name);
    // No name is longer than 255 bytes; the index does not look further.
    const bool expected = by_name && host.size() <= 255 && (patterns[i].port == 0 || patterns[i].port == port);
    Require(visits[i] == (expected ? 1 : 0));
  }
  return 0;
}
