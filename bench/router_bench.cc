// The router beside its floor, one hash probe of the whole path.
//
//   router_bench --benchmark_filter=Generated --benchmark_format=json
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "benchmark/benchmark.h"
#include "router/normalize.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

struct Asked {
  std::string method;
  std::string path;
};

// A table with requests that hit each of its routes.
struct Workload {
  std::unique_ptr<const RouteTable> table;
  std::vector<Asked> hits;
};

Workload Build(const std::vector<RouteSpec>& specs, std::vector<Asked> hits) {
  Diagnostics problems;
  Workload workload{RouteTable::Build(specs, &problems), std::move(hits)};
  for (const Diagnostic& d : problems) std::fprintf(stderr, "%s\n", ToText(d).c_str());
  if (workload.table == nullptr) std::abort();
  return workload;
}

// REST-like: 1 host for 100 routes, a collection and a member path in turn, all with methods.
Workload Generated(size_t count) {
  std::vector<RouteSpec> specs;
  std::vector<Asked> hits;
  for (size_t i = 0; i < count; ++i) {
    RouteSpec spec;
    spec.name = "r" + std::to_string(i);
    std::string path =
        "/api/v" + std::to_string(i % 3) + "/team" + std::to_string(i / 3 % 97) + "/resource" + std::to_string(i);
    spec.paths = {path};
    spec.methods = {i % 2 == 0 ? "GET" : "POST"};
    specs.push_back(spec);
    hits.push_back({spec.methods[0], path + "/4711"});
  }
  return Build(specs, std::move(hits));
}

// GitHub's API: a parameter is a regular expression to Kong.
Workload GitHub() {
  std::ifstream file("bench/data/github_api_routes.txt");
  std::vector<RouteSpec> specs;
  std::vector<Asked> hits;
  for (std::string method, path; file >> method;) {
    if (method[0] == '#') {
      std::getline(file, path);
      continue;
    }
    file >> path;
    RouteSpec spec;
    std::string pattern, asked;
    bool has_parameter = false;
    for (size_t i = 0; i < path.size(); ++i) {
      if (path[i] != ':') {
        pattern += path[i] == '.' ? "\\." : std::string(1, path[i]);
        asked += path[i];
        continue;
      }
      has_parameter = true;
      while (i + 1 < path.size() && path[i + 1] != '/') ++i;
      pattern += "[^/]+";
      asked += "value";
    }
    spec.name = method;
    spec.name.append(" ").append(path);
    spec.methods = {method};
    spec.paths = {has_parameter ? "~" + pattern + "$" : path};
    specs.push_back(spec);
    hits.push_back({method, asked});
  }
  if (specs.size() < 200) std::abort();  // the file is not where the test or the command runs
  return Build(specs, std::move(hits));
}

void FindAll(benchmark::State& state, const Workload& workload, std::string_view suffix) {
  std::vector<std::string> paths;
  for (const Asked& asked : workload.hits) paths.push_back(asked.path + std::string(suffix));
  Arena arena;
  RouteMatch match;
  size_t i = 0;
  for (auto _ : state) {
    arena.Reset();
    NormalTarget target;
    NormalizeTarget(paths[i], &arena, &target);
    RouteQuery query;
    query.method = workload.hits[i].method;
    query.host = "api.example.com";
    query.path = target.path;
    benchmark::DoNotOptimize(workload.table->Find(query, &match));
    if (++i == paths.size()) i = 0;
  }
}

void FindHit(benchmark::State& state) { FindAll(state, Generated(static_cast<size_t>(state.range(0))), ""); }
BENCHMARK(FindHit)->Arg(10)->Arg(1'000)->Arg(100'000);

void FindMiss(benchmark::State& state) {
  Workload workload = Generated(static_cast<size_t>(state.range(0)));
  for (Asked& asked : workload.hits) asked.path = "/api/v9" + asked.path;
  FindAll(state, workload, "");
}
BENCHMARK(FindMiss)->Arg(10)->Arg(1'000)->Arg(100'000);

void FindGitHub(benchmark::State& state) { FindAll(state, GitHub(), ""); }
BENCHMARK(FindGitHub);

// What no router can do without, if every path were known in full.
void FloorHashProbe(benchmark::State& state) {
  Workload workload = Generated(static_cast<size_t>(state.range(0)));
  absl::flat_hash_map<std::string, size_t> map;
  for (const Asked& asked : workload.hits) map.emplace(asked.path, map.size());
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(map.find(workload.hits[i].path));
    if (++i == workload.hits.size()) i = 0;
  }
}
BENCHMARK(FloorHashProbe)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace sluice::router
