#include "router/conflicts/path_cover.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/conflicts/regex_example.h"

namespace sluice::router {
namespace {

std::vector<std::string> PathsAt(const std::vector<size_t>& places, const std::vector<std::string>& paths) {
  std::vector<std::string> chosen;
  for (size_t place : places) chosen.push_back(paths[place]);
  return chosen;
}

}  // namespace

const Regex* PathCover::Compiled(const std::string& path) {
  std::unique_ptr<const Regex>& regex = compiled_[path];
  Regex::Error error;
  if (regex == nullptr) regex = Regex::Compile(std::string_view(path).substr(1), Regex::Kind::kPath, &error);
  return regex.get();
}

bool PathCover::Takes(const std::string& path, const std::string& text) {
  if (!absl::StartsWith(path, "~")) return absl::StartsWith(text, path);
  const Regex* regex = Compiled(path);
  return regex != nullptr && regex->Matches(text);
}

// Paths in normal form that match.
std::vector<std::string> PathCover::SamplesOf(const std::string& path) {
  if (path.empty()) return {"/"};
  if (!absl::StartsWith(path, "~")) return {path, absl::StrCat(path, "a"), absl::StrCat(path, "0")};
  const Regex* regex = Compiled(path);
  if (regex == nullptr) return {};
  const std::optional<std::string> example = PlainExample(std::string_view(path).substr(1), *regex);
  return example ? std::vector<std::string>{*example} : std::vector<std::string>();
}

size_t PathCover::Taker(const std::vector<std::string>& by, const std::vector<bool>& barred, const std::string& text) {
  for (size_t i = 0; i < by.size(); ++i)
    if (!barred[i] && Takes(by[i], text)) return i;
  return by.size();
}

void PathCover::DropNeedless(const std::string& path, const std::vector<std::string>& by, std::vector<size_t>* places) {
  for (size_t i = 0; places->size() > 1 && i < places->size();) {
    std::vector<size_t> fewer = *places;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    if (prover_->Contains(PathsAt(fewer, by), path) == Answer::kYes)
      *places = std::move(fewer);
    else
      ++i;
  }
}

Answer PathCover::Find(const std::string& path, const std::vector<std::string>& by, std::vector<size_t>* places,
                       std::string* reason) {
  const auto same = std::find(by.begin(), by.end(), path);
  *places = {static_cast<size_t>(same - by.begin())};
  if (same != by.end()) return Answer::kYes;
  places->clear();
  if (prover_ == nullptr) return Answer::kNo;
  std::vector<bool> barred(by.size(), false);
  for (const std::string& sample : SamplesOf(path))
    if (Taker(by, barred, sample) == by.size()) return Answer::kNo;
  Answer none = Answer::kNo;
  while (places->size() <= kMostTogether) {
    std::string escaping, why;
    const Answer escapes = prover_->FindPath({path.empty() ? "/" : path}, PathsAt(*places, by), &escaping, &why);
    if (escapes == Answer::kNo) {
      DropNeedless(path, by, places);
      return Answer::kYes;
    }
    if (escapes == Answer::kUnknown) {
      none = escapes;
      *reason = why;
      if (places->empty()) return none;
      barred[places->back()] = true;  // others may do without it
      places->pop_back();
      continue;
    }
    const size_t next = Taker(by, barred, escaping);
    if (next == by.size()) return none;
    places->push_back(next);
  }
  *reason = absl::StrCat("more than ", kMostTogether, " expressions that might cover it together");
  return Answer::kUnknown;
}

}  // namespace sluice::router
