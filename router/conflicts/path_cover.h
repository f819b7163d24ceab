// Whether several paths of routes together take all that another one matches.
#ifndef SLUICE_ROUTER_CONFLICTS_PATH_COVER_H_
#define SLUICE_ROUTER_CONFLICTS_PATH_COVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "router/prover/path_prover.h"
#include "router/regex.h"

namespace sluice::router {

inline constexpr size_t kMostTogether = 32;  // paths that are taken to cover another one together

// A path that none of the chosen ones takes names the next to choose, so that it does not matter how many there are to
// choose from; one that none takes at all ends the search, mostly before anything has to be proved.
class PathCover {
 public:
  // Without a prover (null) only the same path is found.
  explicit PathCover(PathProver* prover) : prover_(prover) {}

  // kYes: every path that matches `path` matches one of `by`, and those at `places` of it suffice. kUnknown, with what
  // stood in the way in `reason`: an expression cannot be compared, or more than kMostTogether were needed.
  Answer Find(const std::string& path, const std::vector<std::string>& by, std::vector<size_t>* places,
              std::string* reason);

 private:
  std::vector<std::string> SamplesOf(const std::string& path);
  bool Takes(const std::string& path, const std::string& text);
  // The first of `by` that takes the text and is not `barred`; else its size.
  size_t Taker(const std::vector<std::string>& by, const std::vector<bool>& barred, const std::string& text);
  void DropNeedless(const std::string& path, const std::vector<std::string>& by, std::vector<size_t>* places);
  const Regex* Compiled(const std::string& path);

  PathProver* prover_;
  absl::flat_hash_map<std::string, std::unique_ptr<const Regex>> compiled_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_PATH_COVER_H_
