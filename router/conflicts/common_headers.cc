#include "router/conflicts/common_headers.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_replace.h"
#include "router/filters.h"

namespace sluice::router {
namespace {

using Conditions = std::vector<const HeaderSet*>;

// The conditions on one header, by its name with dashes.
using ByHeader = std::map<std::string, Conditions>;

ByHeader Grouped(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b) {
  ByHeader groups;
  for (const HeaderSet& set : a) groups[absl::StrReplaceAll(set.name, {{"_", "-"}})].push_back(&set);
  if (&a == &b) return groups;
  for (const HeaderSet& set : b) groups[absl::StrReplaceAll(set.name, {{"_", "-"}})].push_back(&set);
  return groups;
}

// The name that satisfies all of them and as few others as can be: an underscore takes a dash, too.
std::string CommonName(const Conditions& all) {
  std::string name = all[0]->name;
  for (const HeaderSet* set : all)
    for (size_t i = 0; i < name.size(); ++i)
      if (set->name[i] != name[i]) name[i] = '-';
  return name;
}

// Lines for the conditions on one header after the other.
class LineSearch {
 public:
  LineSearch(const std::vector<HeaderSet>& avoided, HeaderValues* values, HeaderLines* lines, std::string* reason)
      : avoided_(avoided), values_(*values), lines_(*lines), reason_(*reason) {}

  Answer AddForAll(const Conditions& all) {
    const std::string name = CommonName(all);
    Conditions avoided;
    for (const HeaderSet& set : avoided_)
      if (IsHeaderNamed(set.name, name)) avoided.push_back(&set);
    std::string value, reason;
    const Answer answer = values_.Find(all, avoided, &value, &reason);
    if (answer == Answer::kYes) lines_.emplace_back(name, std::move(value));
    if (answer == Answer::kUnknown) reason_ = std::move(reason);
    return answer;
  }

  Answer AddForEach(const Conditions& all) {
    Answer answer = Answer::kYes;
    for (const HeaderSet* one : all) {
      const Answer own = AddForAll({one});
      if (own == Answer::kNo) return own;
      if (own == Answer::kUnknown) answer = own;
    }
    return answer;
  }

 private:
  const std::vector<HeaderSet>& avoided_;
  HeaderValues& values_;
  HeaderLines& lines_;
  std::string& reason_;
};

}  // namespace

Answer FindHeaderLines(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b,
                       const std::vector<HeaderSet>& avoided, Repeats repeats, HeaderValues* values, HeaderLines* lines,
                       std::string* reason) {
  lines->clear();
  LineSearch search(avoided, values, lines, reason);
  Answer all = Answer::kYes;
  for (const auto& [name, conditions] : Grouped(a, b)) {
    Answer answer = search.AddForAll(conditions);
    const bool may_repeat = repeats == Repeats::kAllowed && conditions.size() > 1;
    if (answer != Answer::kYes && may_repeat) answer = search.AddForEach(conditions);
    if (answer == Answer::kNo) return answer;
    if (answer == Answer::kUnknown) all = answer;
  }
  return all;
}

bool ShareAHeader(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b) {
  const ByHeader groups = Grouped(a, b);
  return std::any_of(groups.begin(), groups.end(), [](const auto& group) { return group.second.size() > 1; });
}

}  // namespace sluice::router
