#include "router/conflicts/header_values.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

constexpr size_t kMostExamples = 8;  // of one header's expressions; a proof finds what they do not show

// What can be sent as a header's value and arrives as it was sent.
bool IsSendable(std::string_view value) {
  return absl::StripAsciiWhitespace(value) == value &&
         std::all_of(value.begin(), value.end(), [](char c) { return ' ' <= c && c <= '~'; });
}

void AppendTexts(const HeaderSet& set, Texts* texts) {
  texts->insert(texts->end(), set.values.begin(), set.values.end());
  texts->insert(texts->end(), set.patterns.begin(), set.patterns.end());
}

// `(?-i)` or the like, perhaps: then it is not for all values or none that differ in case alone.
bool MayTellCase(const std::string& pattern) {
  const size_t group = pattern.find("(?");
  return group != pattern.npos && pattern.find('-', group) != pattern.npos;
}

bool IsList(const HeaderSet* set) { return set->patterns.empty(); }

bool MayTellCase(const HeaderSet* set) {
  return std::any_of(set->patterns.begin(), set->patterns.end(),
                     [](const std::string& pattern) { return MayTellCase(pattern); });
}

}  // namespace

std::vector<HeaderValues::Lookup> HeaderValues::LookupsOf(const Sets& sets) {
  std::vector<Lookup> lookups;
  for (const HeaderSet* set : sets) lookups.push_back({{set->values.begin(), set->values.end()}, set->patterns});
  return lookups;
}

bool HeaderValues::Suits(const std::vector<Lookup>& all, const std::vector<Lookup>& none, const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(value);
  const auto takes = [&](const Lookup& set) {
    return set.values.contains(lower) ||
           std::any_of(set.patterns.begin(), set.patterns.end(),
                       [&](const std::string& pattern) { return regexes_.TakesValue(pattern, value); });
  };
  return std::all_of(all.begin(), all.end(), takes) && std::none_of(none.begin(), none.end(), takes);
}

// A text for each of the first expressions that has a simple one.
Texts HeaderValues::ExamplesOf(const HeaderSet& set) {
  Texts examples;
  for (const std::string& pattern : set.patterns) {
    if (examples.size() == kMostExamples) break;
    std::optional<std::string> example = regexes_.ValueExample(pattern);
    if (example && IsSendable(*example)) examples.push_back(*std::move(example));
  }
  return examples;
}

Texts HeaderValues::Guesses(const Sets& all) {
  Texts guesses;
  for (const HeaderSet* set : all) {
    const Texts examples = ExamplesOf(*set);
    guesses.insert(guesses.end(), set->values.begin(), set->values.end());
    guesses.insert(guesses.end(), examples.begin(), examples.end());
  }
  return guesses;
}

Answer HeaderValues::Find(const Sets& all, const Sets& none, std::string* value, std::string* reason) {
  const std::vector<Lookup> wanted = LookupsOf(all), avoided_sets = LookupsOf(none);
  const auto list = std::find_if(all.begin(), all.end(), IsList);
  for (std::string& guess : list == all.end() ? Guesses(all) : Texts((*list)->values)) {
    if (!Suits(wanted, avoided_sets, guess)) continue;
    *value = std::move(guess);
    return Answer::kYes;
  }
  const auto tells_case = [](const HeaderSet* set) { return MayTellCase(set); };
  if (list != all.end() && std::none_of(all.begin(), all.end(), tells_case) &&
      std::none_of(none.begin(), none.end(), tells_case)) {
    return Answer::kNo;  // all that the list takes has been tried
  }
  *reason = "a header's regular expression";
  if (prover_ == nullptr) return Answer::kUnknown;
  std::vector<Texts> lists;
  for (const HeaderSet* set : all) AppendTexts(*set, &lists.emplace_back());
  Texts avoided;
  for (const HeaderSet* set : none) AppendTexts(*set, &avoided);
  return prover_->FindValue(lists, avoided, value, reason);
}

}  // namespace sluice::router
