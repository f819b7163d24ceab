#include "router/conflicts/match_set.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "router/check.h"
#include "router/conflicts/common_host.h"
#include "router/filters.h"

namespace sluice::router {
namespace {

using ParseName = const char* (*)(std::string_view, HostPattern*);

// Of a route that can be built each name parses. One that did not would stay, as a name that nobody has: left out, the
// field might ask for nothing any more.
std::vector<HostPattern> NamesOf(const std::vector<std::string>& texts, ParseName parse) {
  std::vector<HostPattern> names(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) parse(texts[i], &names[i]);
  return names;
}

std::vector<NetFilter> NetsOf(const std::vector<NetSpec>& specs) {
  std::vector<NetFilter> nets(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) ReadNet(specs[i], &nets[i]);
  return nets;
}

HeaderSet HeaderSetOf(const HeaderSpec& spec) {
  HeaderSet set;
  set.name = absl::AsciiStrToLower(spec.name);
  for (const std::string& value : spec.values) {
    if (absl::StartsWith(value, "~*")) {
      set.patterns.push_back(value);
    } else {
      set.values.push_back(absl::AsciiStrToLower(value));
    }
  }
  return set;
}

bool NetContains(const NetFilter& outer, const NetFilter& inner) {
  if (outer.port != 0 && outer.port != inner.port) return false;
  if (outer.any_address) return true;
  return !inner.any_address && outer.network.prefix <= inner.network.prefix &&
         outer.network.Contains(inner.network.network);
}

bool SameText(const std::string& a, const std::string& b) { return a == b; }

// Whether each of `inner` lies in one of `outer`; a field that asks for nothing contains all.
template <typename T, typename Covers>
bool EachIsIn(const std::vector<T>& inner, const std::vector<T>& outer, Covers covers) {
  if (outer.empty()) return true;
  if (inner.empty()) return false;
  return std::all_of(inner.begin(), inner.end(), [&](const T& one) {
    return std::any_of(outer.begin(), outer.end(), [&](const T& other) { return covers(other, one); });
  });
}

// Every header that `inner` takes `outer` takes, too; an underscore of its name stands for more.
bool HeaderContains(const HeaderSet& outer, const HeaderSet& inner) {
  const auto in = [](const std::vector<std::string>& some, const std::vector<std::string>& all) {
    return some.empty() || (!all.empty() && EachIsIn(some, all, SameText));
  };
  return IsHeaderNamed(outer.name, inner.name) && in(inner.values, outer.values) && in(inner.patterns, outer.patterns);
}

// Replaces each set by one set for each value of a field, as long as there are not too many.
template <typename T>
void Split(std::vector<T> MatchSet::*field, size_t most, std::vector<MatchSet>* sets) {
  std::vector<MatchSet> split;
  for (const MatchSet& set : *sets) {
    for (size_t i = 0; i < std::max<size_t>(1, (set.*field).size()) && split.size() <= most; ++i) {
      split.push_back(set);
      if (!(set.*field).empty()) split.back().*field = {(set.*field)[i]};
    }
  }
  *sets = std::move(split);
}

void SplitHeader(size_t at, size_t most, std::vector<MatchSet>* sets) {
  std::vector<MatchSet> split;
  for (const MatchSet& set : *sets) {
    const HeaderSet& header = set.headers[at];
    for (size_t i = 0; i < header.values.size() + header.patterns.size() && split.size() <= most; ++i) {
      split.push_back(set);
      HeaderSet& one = split.back().headers[at];
      one.values.clear();
      one.patterns.clear();
      if (i < header.values.size()) {
        one.values = {header.values[i]};
      } else {
        one.patterns = {header.patterns[i - header.values.size()]};
      }
    }
  }
  *sets = std::move(split);
}

}  // namespace

MatchSet MatchSetOf(const RouteSpec& route, bool by_port) {
  MatchSet set;
  set.hosts = NamesOf(route.hosts, ParseHostPattern);
  set.hosts.erase(std::remove_if(set.hosts.begin(), set.hosts.end(),
                                 [by_port](const HostPattern& host) { return (host.port != 0) != by_port; }),
                  set.hosts.end());
  set.methods = route.methods;
  for (const HeaderSpec& header : route.headers) set.headers.push_back(HeaderSetOf(header));
  set.snis = NamesOf(route.snis, ParseServerName);
  set.sources = NetsOf(route.sources);
  set.destinations = NetsOf(route.destinations);
  set.is_stream = IsStreamRoute(route);
  for (const std::string& protocol : route.protocols) {
    if (set.is_stream) set.methods.push_back(protocol == "tls_passthrough" ? "tls" : protocol);
    set.takes_http |= protocol == "http" || protocol == "grpc";
    set.takes_https |= protocol == "https" || protocol == "grpcs";
  }
  return set;
}

bool Contains(const MatchSet& outer, const MatchSet& inner) {
  return EachIsIn(inner.methods, outer.methods, SameText) && EachIsIn(inner.hosts, outer.hosts, HostContains) &&
         EachIsIn(inner.snis, outer.snis, HostContains) && EachIsIn(inner.sources, outer.sources, NetContains) &&
         EachIsIn(inner.destinations, outer.destinations, NetContains) &&
         std::all_of(outer.headers.begin(), outer.headers.end(), [&inner](const HeaderSet& header) {
           return std::any_of(inner.headers.begin(), inner.headers.end(),
                              [&header](const HeaderSet& other) { return HeaderContains(header, other); });
         });
}

std::vector<MatchSet> Atoms(const MatchSet& set, size_t most) {
  std::vector<MatchSet> sets = {set};
  Split(&MatchSet::methods, most, &sets);
  Split(&MatchSet::hosts, most, &sets);
  Split(&MatchSet::snis, most, &sets);
  Split(&MatchSet::sources, most, &sets);
  Split(&MatchSet::destinations, most, &sets);
  for (size_t i = 0; i < set.headers.size(); ++i) SplitHeader(i, most, &sets);
  if (sets.size() > most) sets.clear();
  return sets;
}

}  // namespace sluice::router
