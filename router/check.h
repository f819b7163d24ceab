// Whether routes say what they may: every field of every route is looked at, and every fault reported.
#ifndef SLUICE_ROUTER_CHECK_H_
#define SLUICE_ROUTER_CHECK_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "router/match_index.h"
#include "router/path_shape.h"
#include "router/route_spec.h"

namespace sluice::router {

// Collects errors up to limits::kDiagnostics, and remembers that there were some.
class Report {
 public:
  explicit Report(Diagnostics* problems) : problems_(problems) {}

  void Add(Diagnostic problem);

  // `field` is appended to the pointer of the route's place: "/paths/0".
  void Add(const RouteSpec& route, std::string_view field, std::string code, std::string message, std::string hint);

  bool failed() const { return failed_; }

 private:
  Diagnostics* problems_;
  bool failed_ = false;
};

struct CheckedPath {
  std::string_view prefix;             // borrowed from the spec
  std::unique_ptr<const Regex> regex;  // then `prefix` is empty
  std::optional<PathShape> shape;      // or of a regular expression that is one, instead of `regex`
};

struct CheckedRoute {
  std::vector<HostPattern> hosts;
  std::vector<CheckedPath> paths;
  RouteFilters filters;
};

// False if it is none that a route may ask for.
bool ReadNet(const NetSpec& net, NetFilter* filter);

CheckedRoute CheckRoute(const RouteSpec& route, Report* report);

// What reports call the route at place `i`.
std::string NameOf(const RouteSpec& route, size_t i);

// Reports each route that matches exactly the requests of an earlier one.
void CheckDuplicates(const std::vector<RouteSpec>& routes, Report* report);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CHECK_H_
