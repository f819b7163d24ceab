// Why a request finds the route that it finds, for people: which routes match it and in what order, which rule puts one
// before the other, and what the nearest of the others ask that the request does not have.
//
//   for (const sluice::router::Candidate& c : sluice::router::FindCandidates(routes, query, 5))
//     std::cout << routes[c.route].name << (c.matches ? ": " + c.reason : " asks for " + c.unmet[0].wanted) << "\n";
//
// Straight from the specs, each of which is looked at: milliseconds for some thousand routes, seconds for a million.
// Not for the way of a request. Threads: no state.
#ifndef SLUICE_ROUTER_WHY_H_
#define SLUICE_ROUTER_WHY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "router/route_spec.h"
#include "router/route_table.h"

namespace sluice::router {

// A field of a route that the request does not satisfy.
struct Unmet {
  std::string field;   // "hosts", "paths", "methods", "snis", "sources", "destinations", "protocols"; "header x-stage"
  std::string wanted;  // "POST or PUT"
  std::string found;   // "GET"; "none" if the request has nothing of the kind
};

struct Candidate {
  size_t route = 0;  // index into the specs
  size_t path = 0;   // of a route that matches: which of its paths ranks it, if it has any
  bool matches = false;
  // Of a route that matches: which rule puts it behind the one before it, with figures: "the longer prefix goes
  // first: 7 bytes against 1". Empty for the first.
  std::string reason;
  std::vector<Unmet> unmet;  // of a route that does not match; never empty
};

// "10.0.0.0/8 port 53", "port 53".
std::string NetText(const NetSpec& net);

// Routes that match, the winner first; then those that do not but miss the least, the nearest first. At most `most` of
// each kind; of a connection without HTTP only routes of streams, and the other way round. `routes` must be ones that
// RouteTable::Build takes.
std::vector<Candidate> FindCandidates(const std::vector<RouteSpec>& routes, const RouteQuery& query, size_t most);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_WHY_H_
