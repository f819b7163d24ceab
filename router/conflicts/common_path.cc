#include "router/conflicts/common_path.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::router {
namespace {

bool IsRegex(const std::string& path) { return absl::StartsWith(path, "~"); }

}  // namespace

// Paths in normal form that match, which mostly spare a proof.
std::vector<std::string> CommonPaths::SamplesOf(const std::string& path) {
  if (!IsRegex(path)) return {path, absl::StrCat(path, "a"), absl::StrCat(path, "0")};
  std::optional<std::string> example = regexes_.PathExample(path);
  return example ? std::vector<std::string>{*std::move(example)} : std::vector<std::string>();
}

Answer CommonPaths::Find(const std::string& a, const std::string& b, const std::vector<std::string>& avoided,
                         std::string* path, std::string* reason) {
  const auto suits = [&](const std::string& text) {
    const auto takes = [&](const std::string& one) { return regexes_.TakesPath(one, text); };
    return takes(a) && takes(b) && std::none_of(avoided.begin(), avoided.end(), takes);
  };
  for (const std::string* one : {&a, &b}) {
    for (std::string& sample : SamplesOf(*one)) {
      if (!suits(sample)) continue;
      *path = std::move(sample);
      return Answer::kYes;
    }
  }
  // Of prefixes the longer one is itself the path that the fewest others take.
  if (!IsRegex(a) && !IsRegex(b) && std::none_of(avoided.begin(), avoided.end(), IsRegex)) return Answer::kNo;
  *reason = "a path's regular expression";
  if (prover_ == nullptr) return Answer::kUnknown;
  return prover_->FindPath(a == b ? RegexProver::Texts{a} : RegexProver::Texts{a, b}, avoided, path, reason);
}

}  // namespace sluice::router
