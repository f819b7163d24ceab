#include "router/conflicts/common_headers.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/conflicts/regex_example.h"
#include "router/filters.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

using Line = HeaderLines::value_type;
using Sets = std::vector<HeaderSet>;

std::unique_ptr<const Regex> CompileHeader(std::string_view pattern) {
  Regex::Error error;
  return Regex::Compile(pattern.substr(2), Regex::Kind::kHeader, &error);
}

bool Takes(const HeaderSet& header, const Line& line) {
  const std::string& value = line.second;
  if (!IsHeaderNamed(header.name, line.first)) return false;
  const auto is_value = [&value](const std::string& other) { return absl::EqualsIgnoreCase(other, value); };
  const auto has_value = [&value](const std::string& pattern) {
    const auto regex = CompileHeader(pattern);
    return regex != nullptr && regex->Matches(value);
  };
  return std::any_of(header.values.begin(), header.values.end(), is_value) ||
         std::any_of(header.patterns.begin(), header.patterns.end(), has_value);
}

bool AnyTakes(const Sets& headers, const Line& line) {
  return std::any_of(headers.begin(), headers.end(), [&line](const HeaderSet& header) { return Takes(header, line); });
}

// What can be sent as a header's value and arrives as it was sent.
bool IsSendable(const std::string& value) {
  return absl::StripAsciiWhitespace(value) == value &&
         std::all_of(value.begin(), value.end(), [](char c) { return ' ' <= c && c <= '~'; });
}

// A text for each expression that has a simple one.
std::vector<std::string> ExamplesOf(const HeaderSet& header) {
  std::vector<std::string> values;
  for (const std::string& pattern : header.patterns) {
    const auto regex = CompileHeader(pattern);
    if (regex == nullptr) continue;
    std::optional<std::string> value = SimpleExample(std::string_view(pattern).substr(2), *regex);
    if (value && IsSendable(*value)) values.push_back(*std::move(value));
  }
  return values;
}

std::vector<std::string> ValuesOf(const HeaderSet& header, std::vector<std::string> examples) {
  std::vector<std::string> values = header.values;
  for (std::string& example : examples) values.push_back(std::move(example));
  return values;
}

// The name that both names take, if one does: an underscore takes a dash, too.
std::optional<std::string> CommonName(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return std::nullopt;
  std::string name = a;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    if (std::minmax({a[i], b[i]}) != std::pair('-', '_')) return std::nullopt;
    name[i] = '-';
  }
  return name;
}

// Lines that may satisfy both. What expressions find anywhere in a value two of them may find behind one another.
HeaderLines LinesForBoth(const HeaderSet& a, const HeaderSet& b) {
  HeaderLines lines;
  const std::optional<std::string> name = CommonName(a.name, b.name);
  if (!name) return lines;
  const std::vector<std::string> firsts = ExamplesOf(a), seconds = ExamplesOf(b);
  for (std::string& value : ValuesOf(a, firsts)) lines.emplace_back(*name, std::move(value));
  for (std::string& value : ValuesOf(b, seconds)) lines.emplace_back(*name, std::move(value));
  for (const std::string& first : firsts)
    for (const std::string& second : seconds)
      for (std::string value : {absl::StrCat(first, second), absl::StrCat(second, first)})
        lines.emplace_back(*name, std::move(value));
  return lines;
}

// Lines for the conditions of one route after the other.
class LineSearch {
 public:
  LineSearch(const Sets& avoided, Repeats repeats, HeaderLines* lines)
      : avoided_(avoided), repeats_(repeats), lines_(*lines) {}

  Answer Add(const HeaderSet& header, const Sets& others) {
    if (std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return Takes(header, line); }))
      return Answer::kYes;
    for (const HeaderSet& other : others)
      for (Line& line : LinesForBoth(header, other))
        if (IsFree(line) && Takes(header, line) && Takes(other, line)) return Take(std::move(line));
    for (std::string& value : ValuesOf(header, ExamplesOf(header)))
      if (Line line(header.name, std::move(value)); IsFree(line)) return Take(std::move(line));
    return HasTriedAll(header, others) ? Answer::kNo : Answer::kUnknown;
  }

 private:
  bool IsFree(const Line& line) const {
    const auto has_its_name = [&line](const Line& other) { return other.first == line.first; };
    return !AnyTakes(avoided_, line) &&
           (repeats_ == Repeats::kAllowed || std::none_of(lines_.begin(), lines_.end(), has_its_name));
  }

  Answer Take(Line line) {
    lines_.push_back(std::move(line));
    return Answer::kYes;
  }

  // Of a header that comes once, another route's list of values is all that there is, too.
  bool HasTriedAll(const HeaderSet& header, const Sets& others) const {
    bool is_list = header.patterns.empty();
    for (const HeaderSet& other : others) {
      if (!CommonName(header.name, other.name)) continue;
      if (header.name != other.name) return false;
      is_list |= repeats_ == Repeats::kNone && other.patterns.empty();
    }
    return is_list;
  }

  const Sets& avoided_;
  const Repeats repeats_;
  HeaderLines& lines_;
};

}  // namespace

Answer AddHeaderLines(const Sets& a, const Sets& b, const Sets& avoided, Repeats repeats, HeaderLines* lines) {
  LineSearch search(avoided, repeats, lines);
  Answer all = Answer::kYes;
  for (const auto& [own, others] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const HeaderSet& header : *own) {
      const Answer answer = search.Add(header, *others);
      if (answer == Answer::kNo) return answer;
      if (answer == Answer::kUnknown) all = answer;
    }
  }
  return all;
}

}  // namespace sluice::router
