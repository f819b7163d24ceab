#include "router/prover/regex_cache.h"

#include <utility>

#include "absl/strings/match.h"
#include "router/prover/regex_example.h"

namespace sluice::router {
namespace {

constexpr std::string_view kPathMark = "~";
constexpr std::string_view kValueMark = "~*";

}  // namespace

RegexCache::Entry& RegexCache::EntryOf(const std::string& text, std::string_view pattern, Regex::Kind kind) {
  const auto found = entries_.find(text);
  if (found != entries_.end()) return found->second;
  if (instructions_ > kCachedInstructions) {
    entries_.clear();
    instructions_ = 0;
  }
  Entry entry;
  Regex::Error error;
  entry.regex = Regex::Compile(pattern, kind, &error);
  instructions_ += 1 + (entry.regex == nullptr ? 0 : entry.regex->instructions());
  return entries_.emplace(text, std::move(entry)).first->second;
}

bool RegexCache::TakesPath(const std::string& path, std::string_view text) {
  if (!absl::StartsWith(path, kPathMark)) return absl::StartsWith(text, path);
  const Entry& entry = EntryOf(path, std::string_view(path).substr(kPathMark.size()), Regex::Kind::kPath);
  return entry.regex != nullptr && entry.regex->Matches(text);
}

bool RegexCache::TakesValue(const std::string& value, std::string_view text) {
  if (!absl::StartsWith(value, kValueMark)) return absl::EqualsIgnoreCase(value, text);
  const Entry& entry = EntryOf(value, std::string_view(value).substr(kValueMark.size()), Regex::Kind::kHeader);
  return entry.regex != nullptr && entry.regex->Matches(text);
}

std::optional<std::string> RegexCache::PathExample(const std::string& path) {
  const std::string_view pattern = std::string_view(path).substr(kPathMark.size());
  Entry& entry = EntryOf(path, pattern, Regex::Kind::kPath);
  if (!std::exchange(entry.has_example, true) && entry.regex != nullptr)
    entry.example = PlainExample(pattern, *entry.regex);
  return entry.example;
}

std::optional<std::string> RegexCache::ValueExample(const std::string& value) {
  const std::string_view pattern = std::string_view(value).substr(kValueMark.size());
  Entry& entry = EntryOf(value, pattern, Regex::Kind::kHeader);
  if (!std::exchange(entry.has_example, true) && entry.regex != nullptr)
    entry.example = SimpleExample(pattern, *entry.regex);
  return entry.example;
}

}  // namespace sluice::router
