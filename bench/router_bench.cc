// The router beside its floors: one hash probe of the whole path, one comparison of it, and RE2 alone.
//
//   router_bench --benchmark_filter=GitHub --benchmark_format=json
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "re2/re2.h"
#include "router/normalize.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

constexpr char kHost[] = "api.example.com";

struct Asked {
  std::string method;
  std::string host;
  std::string path;
  std::string version;  // of header x-version
};

// Routes of one kind or the other, and a request for each of them.
struct Workload {
  std::vector<RouteSpec> routes;
  std::vector<PatternSpec> patterns;
  std::vector<Asked> hits;
};

std::unique_ptr<const RouteTable> Build(const Workload& workload) {
  Diagnostics problems;
  auto table = workload.patterns.empty() ? RouteTable::Build(workload.routes, &problems)
                                         : RouteTable::BuildPatterns(workload.patterns, &problems);
  for (const Diagnostic& d : problems) std::fprintf(stderr, "%s\n", ToText(d).c_str());
  if (table == nullptr) std::abort();
  return table;
}

std::string Number(size_t i) { return std::to_string(i); }

// `/api/v1/team17/resource4`: four segments, of which the last is the route's own.
std::string RestPath(size_t i) {
  return "/api/v" + Number(i % 3) + "/team" + Number(i / 3 % 97) + "/resource" + Number(i);
}

const char* RestMethod(size_t i) { return i % 2 == 0 ? "GET" : "POST"; }

// A member of each collection as a pattern.
Workload Patterns(size_t count) {
  Workload workload;
  for (size_t i = 0; i < count; ++i) {
    workload.patterns.push_back({"r" + Number(i), absl::StrCat(RestMethod(i), " ", RestPath(i), "/{id}")});
    workload.hits.push_back({RestMethod(i), kHost, RestPath(i) + "/4711", ""});
  }
  return workload;
}

Workload Routes(size_t count, void (*fill)(size_t, RouteSpec*, Asked*)) {
  Workload workload;
  for (size_t i = 0; i < count; ++i) {
    RouteSpec& spec = workload.routes.emplace_back();
    spec.name = "r" + Number(i);
    workload.hits.push_back({"GET", kHost, RestPath(i) + "/4711", ""});
    fill(i, &spec, &workload.hits.back());
  }
  return workload;
}

Workload Prefixes(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked* asked) {
    spec->paths = {RestPath(i)};
    spec->methods = {RestMethod(i)};
    asked->method = RestMethod(i);
  });
}

// Regular expressions that are segments.
Workload Segments(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked*) { spec->paths = {"~" + RestPath(i) + "/(?<id>\\d+)$"}; });
}

// Regular expressions that RE2 must run, and that all begin alike.
Workload Regexes(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked* asked) {
    spec->paths = {"~/api/(v1|v2)/[a-z]+-" + Number(i) + "/items?/\\d+$"};
    asked->path = "/api/v" + Number(1 + i % 2) + "/things-" + Number(i) + "/item/4711";
  });
}

Workload Hosts(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked* asked) {
    asked->host = "tenant" + Number(i) + ".example.com";
    spec->hosts = {asked->host};
    spec->paths = {"/api"};
  });
}

Workload WildcardHosts(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked* asked) {
    spec->hosts = {"*.tenant" + Number(i) + ".example.com"};
    spec->paths = {"/api"};
    asked->host = "www.tenant" + Number(i) + ".example.com";
  });
}

// Four versions of each path, told apart by a header.
Workload Headers(size_t count) {
  return Routes(count, [](size_t i, RouteSpec* spec, Asked* asked) {
    spec->paths = {RestPath(i / 4)};
    spec->headers = {{"x-version", {Number(i % 4)}}};
    asked->path = RestPath(i / 4) + "/4711";
    asked->version = Number(i % 4);
  });
}

// GitHub's API, as patterns and as Kong's routes, to which a parameter is a regular expression.
Workload GitHub(bool as_patterns) {
  std::ifstream file("bench/data/github_api_routes.txt");
  Workload workload;
  for (std::string method, path; file >> method;) {
    std::getline(file >> std::ws, path);
    if (method[0] == '#') continue;
    std::string pattern, regex, asked;
    for (size_t i = 0; i < path.size(); ++i) {
      if (path[i] != ':') {
        regex += path[i] == '.' ? "\\." : std::string(1, path[i]);
        pattern += path[i];
        asked += path[i];
        continue;
      }
      const std::string name = path.substr(i + 1, path.find('/', i) - i - 1);
      pattern += "{" + name + "}";
      regex += "(?<" + name + ">[^/]+)";
      asked += "value";
      i += name.size();
    }
    if (as_patterns) {
      workload.patterns.push_back({path, absl::StrCat(method, " ", pattern)});
    } else {
      RouteSpec& spec = workload.routes.emplace_back();
      spec.name = absl::StrCat(method, " ", path);
      spec.hosts = {kHost};
      spec.methods = {method};
      spec.paths = {"~" + regex + "$"};
    }
    workload.hits.push_back({method, kHost, asked, ""});
  }
  if (workload.hits.size() < 200) std::abort();  // the file is not where the test or the command runs
  return workload;
}

Workload GitHubPatterns(size_t) { return GitHub(true); }
Workload GitHubKong(size_t) { return GitHub(false); }

// A request that no route answers, and as like one that some route does as can be.
void Spoil(Asked* asked) {
  const std::string_view path = asked->path;
  if (asked->host != kHost) {
    asked->host += ".test";
  } else if (const size_t at = path.find("/resource"); at != path.npos) {
    asked->path[at + 1] = 'R';
  } else if (const size_t item = path.find("/item/"); item != path.npos) {
    asked->path[item + 1] = 'I';
  } else {
    asked->path += "/no/such/thing";
  }
}

using Make = Workload (*)(size_t);

struct Prepared {
  Workload workload;
  std::unique_ptr<const RouteTable> table;
};

// Kept for the benchmarks of the same workload, and for all threads of one.
const Prepared& Prepare(Make make, size_t size) {
  static std::mutex mutex;
  static std::map<std::pair<Make, size_t>, Prepared> all;
  const std::lock_guard<std::mutex> lock(mutex);
  Prepared& prepared = all[{make, size}];
  if (prepared.table == nullptr) {
    prepared.workload = make(size);
    prepared.table = Build(prepared.workload);
  }
  return prepared;
}

enum Normalizing { kAsItIs, kNormalize };

// One lap over all requests after the other, each thread from a place of its own.
void FindAll(benchmark::State& state, const RouteTable& table, const std::vector<Asked>& all, Normalizing normalizing) {
  Arena arena;
  RouteMatch match;
  Header header = {"x-version", ""};
  RouteQuery query;
  query.port = 443;
  query.scheme = "https";
  query.headers = &header;
  size_t i = all.size() / 2 * static_cast<size_t>(state.thread_index());
  for (auto _ : state) {
    const Asked& asked = all[i];
    query.method = asked.method;
    query.host = asked.host;
    query.path = asked.path;
    header.value = asked.version;
    query.header_count = asked.version.empty() ? 0 : 1;
    if (normalizing == kNormalize) {
      arena.Reset();
      NormalTarget target;
      NormalizeTarget(asked.path, &arena, &target);
      query.path = target.path;
    }
    benchmark::DoNotOptimize(table.Find(query, &match));
    if (++i == all.size()) i = 0;
  }
  state.counters["bytes"] =
      benchmark::Counter(static_cast<double>(table.memory_bytes()), benchmark::Counter::kAvgThreads);
}

void Hit(benchmark::State& state, Make make, Normalizing normalizing) {
  const Prepared& prepared = Prepare(make, static_cast<size_t>(state.range(0)));
  FindAll(state, *prepared.table, prepared.workload.hits, normalizing);
}

// By chance, as real requests come: a processor does not learn the branches of the next one.
void HitAtRandom(benchmark::State& state, Make make, Normalizing normalizing) {
  const Prepared& prepared = Prepare(make, static_cast<size_t>(state.range(0)));
  const std::vector<Asked>& hits = prepared.workload.hits;
  std::mt19937 random(1);
  std::vector<Asked> asked;
  for (int i = 0; i < 10'000; ++i) asked.push_back(hits[random() % hits.size()]);
  FindAll(state, *prepared.table, asked, normalizing);
}

void Miss(benchmark::State& state, Make make, Normalizing normalizing) {
  const Prepared& prepared = Prepare(make, static_cast<size_t>(state.range(0)));
  std::vector<Asked> misses = prepared.workload.hits;
  for (Asked& asked : misses) Spoil(&asked);
  FindAll(state, *prepared.table, misses, normalizing);
}

// NOLINTBEGIN(bugprone-macro-parentheses): `sizes` goes on from a call
#define SLUICE_FIND(name, make, normalizing, sizes)                              \
  BENCHMARK_CAPTURE(Hit, name, make, normalizing) sizes->Threads(1)->Threads(2); \
  BENCHMARK_CAPTURE(Miss, name, make, normalizing) sizes->Threads(1)->Threads(2)
// NOLINTEND(bugprone-macro-parentheses)
#define SLUICE_SIZES ->Arg(10)->Arg(1'000)->Arg(10'000)->Arg(100'000)

SLUICE_FIND(github_patterns, GitHubPatterns, kAsItIs, ->Arg(203));
SLUICE_FIND(github_kong, GitHubKong, kNormalize, ->Arg(203));
BENCHMARK_CAPTURE(HitAtRandom, github_patterns, GitHubPatterns, kAsItIs)->Arg(203);
BENCHMARK_CAPTURE(HitAtRandom, github_kong, GitHubKong, kNormalize)->Arg(203);
SLUICE_FIND(patterns, Patterns, kAsItIs, SLUICE_SIZES);
SLUICE_FIND(prefixes, Prefixes, kNormalize, SLUICE_SIZES);
SLUICE_FIND(segments, Segments, kNormalize, SLUICE_SIZES);
SLUICE_FIND(regexes, Regexes, kNormalize, ->Arg(10)->Arg(1'000));
SLUICE_FIND(hosts, Hosts, kNormalize, SLUICE_SIZES);
SLUICE_FIND(wildcard_hosts, WildcardHosts, kNormalize, SLUICE_SIZES);
SLUICE_FIND(headers, Headers, kNormalize, SLUICE_SIZES);

void BuildTable(benchmark::State& state, Make make) {
  const Workload workload = make(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(Build(workload));
}
BENCHMARK_CAPTURE(BuildTable, patterns, Patterns)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BuildTable, prefixes, Prefixes)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// What no router can do without, if every path were known in full.
void FloorHashProbe(benchmark::State& state) {
  const std::vector<Asked>& hits = Prepare(Patterns, static_cast<size_t>(state.range(0))).workload.hits;
  absl::flat_hash_map<std::string, size_t> map;
  for (const Asked& asked : hits) map.emplace(asked.path, map.size());
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(map.find(hits[i].path));
    if (++i == hits.size()) i = 0;
  }
}
BENCHMARK(FloorHashProbe) SLUICE_SIZES;

// Reading the path once.
void FloorCompare(benchmark::State& state) {
  const std::vector<Asked>& hits = Prepare(Patterns, static_cast<size_t>(state.range(0))).workload.hits;
  std::vector<std::string> copies;
  for (const Asked& asked : hits) copies.push_back(asked.path);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(std::memcmp(hits[i].path.data(), copies[i].data(), copies[i].size()));
    if (++i == hits.size()) i = 0;
  }
}
BENCHMARK(FloorCompare) SLUICE_SIZES;

// The one regular expression that matches, if it were known which.
void FloorRe2(benchmark::State& state) {
  const Workload& workload = Prepare(Regexes, static_cast<size_t>(state.range(0))).workload;
  std::vector<std::unique_ptr<re2::RE2>> patterns;
  for (const RouteSpec& route : workload.routes)
    patterns.push_back(std::make_unique<re2::RE2>(route.paths[0].substr(1)));
  size_t i = 0;
  for (auto _ : state) {
    const std::string& path = workload.hits[i].path;
    re2::StringPiece taken;
    benchmark::DoNotOptimize(patterns[i]->Match(path, 0, path.size(), re2::RE2::ANCHOR_START, &taken, 1));
    if (++i == patterns.size()) i = 0;
  }
}
BENCHMARK(FloorRe2)->Arg(10)->Arg(1'000);

}  // namespace
}  // namespace sluice::router
