#include "router/conflicts/witness_search.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/arena.h"
#include "router/normalize.h"

namespace sluice::router {
namespace {

// The request of a witness, as the table is asked.
class WitnessQuery {
 public:
  WitnessQuery(const Witness& witness, std::string_view path) {
    query_.method = witness.method;
    query_.host = witness.host;
    query_.path = path;
    query_.scheme = witness.scheme;
    query_.sni = witness.sni;
    for (const auto& [name, value] : witness.headers) headers_.push_back({name, value});
    query_.headers = headers_.data();
    query_.header_count = headers_.size();
    if (!witness.peer.empty() && ParseEndpoint(witness.peer, &peer_)) query_.source = &peer_;
    if (!witness.server.empty() && ParseEndpoint(witness.server, &server_)) query_.destination = &server_;
    query_.port = witness.port != 0               ? witness.port
                  : query_.destination != nullptr ? server_.port
                  : witness.scheme == "https"     ? 443
                                                  : 80;
  }
  WitnessQuery(const WitnessQuery&) = delete;
  WitnessQuery& operator=(const WitnessQuery&) = delete;

  const RouteQuery& get() const { return query_; }

 private:
  std::vector<Header> headers_;
  Endpoint peer_;
  Endpoint server_;
  RouteQuery query_;
};

constexpr char kAsterisk[] = "*";  // is no path, and for OPTIONS alone (RFC 9112, 3.2.4)

using Methods = std::vector<std::string>;

bool AskByOptions(std::initializer_list<const Methods*> wanted, const Methods& avoided, Witness* witness) {
  witness->method = "OPTIONS";
  const auto has = [&](const Methods& methods) {
    return std::find(methods.begin(), methods.end(), witness->method) != methods.end();
  };
  return !has(avoided) && std::all_of(wanted.begin(), wanted.end(),
                                      [&](const Methods* methods) { return methods->empty() || has(*methods); });
}

// Whether the request satisfies a host that asks for its port, which goes before the others of its route.
bool ComesByPort(const RouteSpec& route, const RouteQuery& query) {
  return std::any_of(route.hosts.begin(), route.hosts.end(), [&query](const std::string& text) {
    HostPattern host;
    return ParseHostPattern(text, &host) == nullptr && host.port != 0 && host.port == query.port &&
           HostMatches(host, query.host);
  });
}

template <typename T>
void Append(const std::vector<T>& more, std::vector<T>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

template <typename T>
std::optional<Avoided> Avoiding(const std::vector<T>& values, std::vector<T> Avoided::*field, const Avoided& avoided) {
  if (values.empty()) return std::nullopt;
  Avoided more = avoided;
  Append(values, &(more.*field));
  return more;
}

// The ways to keep clear of a set beside what is avoided already: in one of the fields that it asks for.
std::vector<Avoided> WaysAround(const MatchSet& set, const Avoided& avoided) {
  std::vector<Avoided> ways;
  const auto add = [&ways](std::optional<Avoided> way) {
    if (way) ways.push_back(*std::move(way));
  };
  add(Avoiding(set.sources, &Avoided::sources, avoided));
  add(Avoiding(set.destinations, &Avoided::destinations, avoided));
  add(Avoiding(set.snis, &Avoided::snis, avoided));
  for (const HeaderSet& header : set.headers) add(Avoiding({header}, &Avoided::headers, avoided));
  add(Avoiding(set.methods, &Avoided::methods, avoided));
  add(Avoiding(set.hosts, &Avoided::hosts, avoided));
  return ways;
}

}  // namespace

template <typename FindBlocker>
Answer WitnessSearch::Search(const RouteArm& first, const RouteArm& second, Repeats repeats, size_t most_tries,
                             FindBlocker find_blocker, Witness* witness, std::string* reason) {
  Answer none = Answer::kNo;
  const size_t work_before = Work();
  std::vector<Branch> open(1);
  for (size_t tries = 0; !open.empty(); ++tries) {
    if (tries == most_tries || Work() - work_before > kWitnessWork) {
      *reason = "better routes, which take each request that was tried";
      return Answer::kUnknown;
    }
    ++tries_;
    const Branch branch = std::move(open.back());
    open.pop_back();
    std::string path, why;
    Witness found;
    const Answer answer = FindRequest(first, second, repeats, branch, &found, &path, &why);
    if (answer == Answer::kUnknown) {
      none = answer;
      *reason = why;
    }
    if (answer != Answer::kYes) continue;
    const WitnessQuery query(found, path);
    Arena arena;
    if (!first.set.is_stream) found.path = EscapePath(path, &arena);  // a stream has none
    const std::optional<RouteArm> blocker = find_blocker(query.get(), found);
    if (!blocker) {
      *witness = std::move(found);
      return Answer::kYes;
    }
    if (blocker->precedence.route == routes_.size()) {
      none = Answer::kUnknown;
      *reason = "a construct that was read otherwise than RE2 does";
      continue;
    }
    for (Avoided& way : WaysAround(blocker->set, branch.avoided)) open.push_back({std::move(way), branch.paths});
    if (blocker->path.empty()) continue;
    open.push_back(branch);
    open.back().paths.push_back(blocker->path);
  }
  return none;
}

Answer WitnessSearch::FindRequest(const RouteArm& first, const RouteArm& second, Repeats repeats, const Branch& branch,
                                  Witness* found, std::string* path, std::string* reason) {
  std::string why;
  const Answer fields = FindCommonRequest(first.set, second.set, branch.avoided, repeats, &values_, found, reason);
  if (fields == Answer::kNo) return fields;
  const Answer paths = CommonPath(first, second, branch, found, path, &why);
  if (paths == Answer::kUnknown) *reason = why;
  return paths == Answer::kYes ? fields : paths;
}

// Routes that ask for no path are satisfied by `*`, too.
Answer WitnessSearch::CommonPath(const RouteArm& first, const RouteArm& second, const Branch& branch, Witness* found,
                                 std::string* path, std::string* reason) {
  if (first.set.is_stream) return Answer::kYes;
  const auto wanted = [](const RouteArm& arm) { return arm.path.empty() ? std::string("/") : arm.path; };
  const Answer answer = paths_.Find(wanted(first), wanted(second), branch.paths, path, reason);
  if (answer == Answer::kYes || !first.path.empty() || !second.path.empty() ||
      !AskByOptions({&first.set.methods, &second.set.methods}, branch.avoided.methods, found)) {
    return answer;
  }
  *path = kAsterisk;
  return Answer::kYes;
}

Answer WitnessSearch::FindTie(const RouteArm& first, const RouteArm& second, Repeats repeats, Witness* witness,
                              std::string* reason) {
  const size_t a = first.precedence.route, b = second.precedence.route;
  const auto find_blocker = [&](const RouteQuery& query, const Witness&) -> std::optional<RouteArm> {
    RouteArm winner = Winner(query);
    // Else a better arm of its route goes before the other one in any order.
    const bool is_tie = winner.precedence.route == a && WinnerOf({b, a}, query).precedence.route == b;
    return is_tie ? std::nullopt : std::optional(std::move(winner));
  };
  return Search(first, second, repeats, kWitnessTries, find_blocker, witness, reason);
}

Answer WitnessSearch::FindOverlap(const RouteArm& first, const RouteArm& second, Witness* witness,
                                  std::string* reason) {
  const size_t a = first.precedence.route, b = second.precedence.route;
  const auto find_blocker = [&](const RouteQuery& query, const Witness&) -> std::optional<RouteArm> {
    RouteArm winner = Winner(query);
    if (winner.precedence.route == a) winner = WinnerOf({b, a}, query);
    return winner.precedence.route == a ? std::nullopt : std::optional(std::move(winner));
  };
  return Search(first, second, Repeats::kAllowed, kWitnessTries, find_blocker, witness, reason);
}

Answer WitnessSearch::FindOwn(const RouteArm& arm, Witness* witness, Losses* losses, std::string* reason) {
  const auto find_blocker = [&](const RouteQuery& query, const Witness& found) -> std::optional<RouteArm> {
    RouteArm winner = Winner(query);
    if (winner.precedence.route == arm.precedence.route) return std::nullopt;
    if (losses != nullptr) losses->try_emplace(winner.precedence.route, found);
    return winner;
  };
  return Search(arm, arm, Repeats::kAllowed, kOwnTries, find_blocker, witness, reason);
}

RouteArm WitnessSearch::Winner(const RouteQuery& query) const {
  RouteMatch match;
  return table_.Find(query, &match) ? ArmOf(match.route, match.path, query) : NoArm();
}

RouteArm WitnessSearch::WinnerOf(const std::vector<size_t>& places, const RouteQuery& query) const {
  std::vector<RouteSpec> routes;
  for (size_t place : places) routes.push_back(routes_[place]);
  Diagnostics problems;
  RouteMatch match;
  const auto table = RouteTable::Build(routes, &problems);
  if (table == nullptr || !table->Find(query, &match)) return NoArm();
  return ArmOf(places[match.route], match.path, query);
}

RouteArm WitnessSearch::NoArm() const {
  RouteArm none;
  none.precedence.route = routes_.size();
  return none;
}

RouteArm WitnessSearch::ArmOf(size_t place, size_t path, const RouteQuery& query) const {
  const RouteSpec& route = routes_[place];
  RouteArm arm;
  arm.precedence.route = place;
  arm.set = MatchSetOf(route, ComesByPort(route, query));
  if (!route.paths.empty()) arm.path = route.paths[path];
  return arm;
}

}  // namespace sluice::router
