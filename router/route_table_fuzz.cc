// Lines of any bytes as hosts, paths, headers and methods of routes, then as requests: nothing crashes, and the table
// agrees with the linear matcher. A line is a kind (h, p, m, v, s), then a value; `-` ends a route; `?host path method`
// asks.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "router/route_table.h"
#include "router/testing/linear_matcher.h"

namespace {

using sluice::router::RouteSpec;

void AddTo(RouteSpec* route, char kind, std::string_view value) {
  if (kind == 'h') route->hosts.emplace_back(value);
  // PCRE's spelling of named groups is the table's own affair; the linear matcher knows RE2's.
  if (kind == 'p' && !absl::StrContains(value, "(?<")) route->paths.emplace_back(value);
  if (kind == 'm') route->methods.emplace_back(value);
  if (kind == 's') route->snis.emplace_back(value);
  if (kind == 'v') route->headers.push_back({"x-v", {std::string(value)}});
}

void Ask(const sluice::router::RouteTable& table, const sluice::router::LinearMatcher& linear, std::string_view line) {
  const std::vector<std::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
  const sluice::Header header = {"X-V", words[0]};
  sluice::router::RouteQuery query;
  query.host = words[0];
  query.path = words.size() > 1 ? words[1] : "";
  query.method = words.size() > 2 ? words[2] : "";
  query.port = 80;
  query.scheme = "https";
  query.sni = words[0];
  query.headers = &header;
  query.header_count = 1;
  sluice::router::RouteMatch match;
  const bool found = table.Find(query, &match);
  const sluice::router::LinearMatch expected = linear.Find(query);
  if (found != expected.found) std::abort();
  if (found && (match.route != expected.route || match.matched != expected.matched)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<RouteSpec> routes(1);
  std::vector<std::string_view> questions;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) continue;
    if (line[0] == '?') {
      questions.push_back(line.substr(1));
    } else if (line[0] == '-') {
      routes.emplace_back();
    } else {
      AddTo(&routes.back(), line[0], line.substr(1));
    }
  }
  sluice::Diagnostics problems;
  const auto table = sluice::router::RouteTable::Build(routes, &problems);
  if ((table == nullptr) != sluice::HasErrors(problems)) std::abort();
  if (table == nullptr) return 0;
  const sluice::router::LinearMatcher linear(routes);
  for (std::string_view question : questions) Ask(*table, linear, question);
  return 0;
}
