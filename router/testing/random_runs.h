// How long tests on random input run.
#ifndef SLUICE_ROUTER_TESTING_RANDOM_RUNS_H_
#define SLUICE_ROUTER_TESTING_RANDOM_RUNS_H_

#include <cstdlib>

namespace sluice::router {

// `usual`, times SLUICE_RANDOM_TIMES if that is set:
//   bazel test -c opt --test_env=SLUICE_RANDOM_TIMES=50 //router:random_routes_test
inline int Rounds(int usual) {
  const char* times = std::getenv("SLUICE_RANDOM_TIMES");
  return times == nullptr ? usual : usual * std::atoi(times);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_TESTING_RANDOM_RUNS_H_
