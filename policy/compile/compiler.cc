#include "policy/compile/compiler.h"

#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/document/parse.h"
#include "policy/gateway.h"
#include "policy/gateway_state.h"
#include "router/conflicts/conflicts.h"

namespace sluice {
namespace {

int64_t Sum(const std::vector<int64_t>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), int64_t{0}); }

// How many turns each target has in one round: its weight, in lowest terms, and scaled down to `most_slots` turns in
// all. A target with a weight has one at least, however small its share.
std::vector<int64_t> TurnsOf(const std::vector<policy::Target>& targets, int64_t most_slots) {
  std::vector<int64_t> turns;
  for (const policy::Target& target : targets) turns.push_back(target.weight);
  const int64_t divisor =
      std::accumulate(turns.begin(), turns.end(), int64_t{0}, [](int64_t a, int64_t b) { return std::gcd(a, b); });
  if (divisor == 0) return turns;
  for (int64_t& turn : turns) turn /= divisor;
  const int64_t total = Sum(turns);
  if (total <= most_slots) return turns;
  for (int64_t& turn : turns)
    if (turn > 0) turn = std::max<int64_t>(1, turn * most_slots / total);
  return turns;
}

// Laid out in turn, as evenly as can be: at every step the target furthest behind its share goes next (nginx's smooth
// weighted round robin).
std::vector<uint32_t> RingOf(const std::vector<policy::Target>& targets, uint32_t most_slots) {
  const std::vector<int64_t> turns = TurnsOf(targets, most_slots);
  const int64_t slots = Sum(turns);
  std::vector<int64_t> credit(turns.size());
  std::vector<uint32_t> ring;
  for (int64_t slot = 0; slot < slots; ++slot) {
    for (size_t i = 0; i < turns.size(); ++i) credit[i] += turns[i];
    size_t next = static_cast<size_t>(std::max_element(credit.begin(), credit.end()) - credit.begin());
    credit[next] -= slots;
    ring.push_back(static_cast<uint32_t>(next));
  }
  return ring;
}

std::string HostHeader(const std::string& host, uint16_t port, std::string_view scheme) {
  std::string bracketed = absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
  uint16_t usual = absl::EndsWith(scheme, "s") ? 443 : 80;
  return port == usual ? bracketed : absl::StrCat(bracketed, ":", port);
}

std::vector<router::NetSpec> NetsOf(const std::vector<policy::Route::Peer>& peers) {
  std::vector<router::NetSpec> nets;
  for (const policy::Route::Peer& peer : peers) nets.push_back({peer.ip, static_cast<uint16_t>(peer.port)});
  return nets;
}

router::RouteSpec SpecOf(const policy::Route& route, std::string name) {
  router::RouteSpec spec;
  spec.name = std::move(name);
  spec.hosts = route.hosts;
  spec.paths = route.paths;
  spec.methods = route.methods;
  spec.snis = route.snis;
  for (const auto& [header, values] : route.headers) spec.headers.push_back({header, values});
  spec.sources = NetsOf(route.sources);
  spec.destinations = NetsOf(route.destinations);
  spec.protocols.clear();
  for (policy::Protocol protocol : route.protocols) spec.protocols.emplace_back(policy::ToString(protocol));
  spec.https_redirect_status_code = static_cast<uint16_t>(route.https_redirect_status_code);
  spec.strip_path = route.strip_path;
  spec.regex_priority = static_cast<int32_t>(route.regex_priority);
  spec.where = route.origin.place;
  return spec;
}

}  // namespace

void Compiler::Compile() {
  snapshot_.file = document_.file_name;
  Plans();
  Upstreams();
  Services();
  Routes();
  Authorities();
  Keys();
  Groups();
  Consumers();
  Plugins();
  RevokedTokens();
}

void Compiler::Error(const policy::Origin& origin, std::string_view path, std::string code, std::string message,
                     std::string hint) {
  Diagnostic d;
  d.code = std::move(code);
  d.message = std::move(message);
  d.hint = std::move(hint);
  d.where = origin.At(path);
  diagnostics_.push_back(std::move(d));
}

std::string Compiler::RouteName(size_t index) const {
  const policy::Route& route = document_.routes[index];
  if (!route.name.empty()) return route.name;
  return route.id.empty() ? absl::StrCat("route#", index + 1) : route.id;
}

std::string Compiler::ServiceName(size_t index) const {
  const policy::Service& service = document_.services[index];
  if (!service.name.empty()) return service.name;
  return service.id.empty() ? absl::StrCat("service#", index + 1) : service.id;
}

void Compiler::Upstreams() {
  for (const policy::Upstream& upstream : document_.upstreams) {
    CompiledUpstream compiled;
    compiled.name = upstream.name;
    compiled.host_header = upstream.host_header;
    for (const policy::Target& target : upstream.targets) compiled.targets.push_back({target.host, target.port});
    compiled.ring = RingOf(upstream.targets, upstream.slots);
    compiled.turn = static_cast<uint32_t>(ratelimit::HashLimitName(upstream.name).lo % GatewayState::kTurns);
    snapshot_.upstreams.push_back(std::move(compiled));
  }
}

void Compiler::Services() {
  for (size_t i = 0; i < document_.services.size(); ++i) {
    const policy::Service& service = document_.services[i];
    CompiledService compiled;
    compiled.spot = SpotOf(service.origin);
    compiled.name = ServiceName(i);
    compiled.scheme = std::string(policy::ToString(service.protocol));
    compiled.host = service.host;
    compiled.port = service.port;
    compiled.path = service.path;
    compiled.host_header = HostHeader(service.host, service.port, compiled.scheme);
    compiled.upstream = Index(service.upstream);
    compiled.plan = Index(service.plan);
    compiled.connect_timeout_ms = static_cast<uint32_t>(service.connect_timeout_ms);
    compiled.send_timeout_ms = static_cast<uint32_t>(service.write_timeout_ms);
    compiled.read_timeout_ms = static_cast<uint32_t>(service.read_timeout_ms);
    compiled.retries = service.retries;
    snapshot_.services.push_back(std::move(compiled));
  }
}

// Routes of a service that is not enabled are left out, as Kong leaves them out of its router.
void Compiler::Routes() {
  for (size_t i = 0; i < document_.routes.size(); ++i) {
    const policy::Route& route = document_.routes[i];
    CompiledRoute compiled;
    compiled.spot = SpotOf(route.origin);
    compiled.name = RouteName(i);
    compiled.service = Index(route.service);
    compiled.preserve_host = route.preserve_host;
    compiled.cost = route.cost;
    compiled.plan = Index(route.plan);
    if (route.service == policy::kNone || document_.services[route.service].enabled) {
      specs_.push_back(SpecOf(route, compiled.name));
      snapshot_.table_routes.push_back(static_cast<uint32_t>(i));
    }
    snapshot_.routes.push_back(std::move(compiled));
  }
  const size_t known = diagnostics_.size();
  snapshot_.table = router::RouteTable::Build(specs_, &diagnostics_);
  if (snapshot_.table != nullptr) router::FindConflicts(specs_, *snapshot_.table, options_.route_prover, &diagnostics_);
  if (snapshot_.table != nullptr && options_.report_overlaps)
    router::FindOverlaps(specs_, *snapshot_.table, options_.route_prover, &diagnostics_);
  LocateInRoutes(known);
}

std::vector<std::string> Compiler::RouteServices() const {
  std::vector<std::string> names;
  for (uint32_t route : snapshot_.table_routes) {
    const size_t service = document_.routes[route].service;
    names.push_back(service == policy::kNone ? "" : ServiceName(service));
  }
  return names;
}

// The router knows where a route stands, not where its fields do: it only appends "/paths/0" to the pointer.
void Compiler::LocateInRoutes(size_t first) {
  if (diagnostics_.size() == first) return;
  absl::flat_hash_map<std::string_view, const policy::Origin*> routes;
  for (const policy::Route& route : document_.routes) routes.emplace(route.origin.place.pointer, &route.origin);
  for (size_t i = first; i < diagnostics_.size(); ++i) {
    struct Place& where = diagnostics_[i].where;
    const std::string_view pointer = where.pointer;
    for (size_t end = pointer.rfind('/'); end != pointer.npos && end > 0; end = pointer.rfind('/', end - 1)) {
      auto route = routes.find(pointer.substr(0, end));
      if (route == routes.end()) continue;
      const struct Place field = route->second->At(pointer.substr(end + 1));
      where.line = field.line;
      where.column = field.column;
      break;
    }
  }
}

namespace {

// The part of the document that a diagnostic is about: the entity or list around a field, or the entity itself.
std::string_view Around(std::string_view pointer) {
  size_t slash = pointer.rfind('/');
  if (slash == pointer.npos || slash + 1 == pointer.size()) return pointer;
  bool is_index = pointer.find_first_not_of("0123456789", slash + 1) == pointer.npos;
  return is_index ? pointer : pointer.substr(0, slash);
}

// What parsing found wrong is not said again by what was compiled from it.
void AppendUnlessKnown(const Diagnostics& found, Diagnostics* all) {
  const size_t known = all->size();
  for (const Diagnostic& d : found) {
    auto is_about_the_same = [&](const Diagnostic& earlier) {
      return earlier.severity == Severity::kError && absl::StartsWith(earlier.where.pointer, Around(d.where.pointer));
    };
    if (std::none_of(all->begin(), all->begin() + static_cast<ptrdiff_t>(known), is_about_the_same)) all->push_back(d);
  }
}

}  // namespace

CompileResult Compile(std::string_view document, const CompileOptions& options) {
  policy::ParseOptions parse;
  parse.file_name = options.file_name.empty() ? "policy" : options.file_name;
  parse.env = options.environment;
  switch (options.format) {
    case CompileOptions::Format::kAuto: parse.format = policy::ParseOptions::Format::kSniff; break;
    case CompileOptions::Format::kYaml: parse.format = policy::ParseOptions::Format::kYaml; break;
    case CompileOptions::Format::kJson: parse.format = policy::ParseOptions::Format::kJson; break;
  }
  policy::ParseResult parsed = policy::Parse(document, parse);
  CompileResult result;
  result.diagnostics = std::move(parsed.diagnostics);
  auto snapshot = std::make_shared<Snapshot>();
  // Also after errors, so that one run reports everything; what could not be read is not there to be compiled.
  Diagnostics found;
  Compiler compiler(parsed.document, result.diagnostics, options, snapshot.get(), &found);
  compiler.Compile();
  if (options.keep_routes) {
    result.routes = compiler.TakeRoutes();
    result.route_services = compiler.RouteServices();
  }
  AppendUnlessKnown(found, &result.diagnostics);
  std::stable_sort(result.diagnostics.begin(), result.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
  });
  if (!HasErrors(result.diagnostics)) result.snapshot = std::move(snapshot);
  return result;
}

}  // namespace sluice
