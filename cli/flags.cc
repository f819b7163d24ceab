#include "cli/flags.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/diagnostic.h"
#include "cli/terminal.h"

namespace sluice::cli {
namespace {

const Flag* FindFlag(std::span<const Flag> flags, std::string_view name) {
  auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

bool UnknownFlag(std::span<const Flag> flags, std::string_view name, std::string* error) {
  std::vector<std::string> known;
  for (const Flag& flag : flags) known.emplace_back(flag.name);
  std::string nearest = NearestName(std::string(name), known);
  *error = absl::StrCat("unknown flag `", name, "`");
  if (!nearest.empty()) absl::StrAppend(error, " (did you mean `", nearest, "`?)");
  return false;
}

constexpr size_t kHelpColumn = 24;

}  // namespace

bool Args::Parse(std::span<const Flag> flags, std::span<char* const> words, std::string* error) {
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--") {
      operands_.insert(operands_.end(), words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
      return true;
    }
    if (word.size() < 2 || word[0] != '-') {
      operands_.push_back(word);
      continue;
    }
    size_t equals = word.substr(0, 2) == "--" ? word.find('=') : std::string_view::npos;
    std::string_view name = word.substr(0, equals);
    const Flag* flag = FindFlag(flags, name);
    if (flag == nullptr) return UnknownFlag(flags, name, error);
    bool inlined = equals != std::string_view::npos;
    if (flag->value.empty() && inlined) {
      *error = absl::StrCat("flag `", name, "` takes no value");
      return false;
    }
    std::string_view value = inlined ? word.substr(equals + 1) : std::string_view();
    if (!flag->value.empty() && !inlined) {
      if (++i == words.size()) {
        *error = absl::StrCat("flag `", name, "` needs a value: ", name, " ", flag->value);
        return false;
      }
      value = words[i];
    }
    given_.emplace_back(flag->name, value);
  }
  return true;
}

bool Args::Has(std::string_view flag) const { return !All(flag).empty(); }

std::string_view Args::Get(std::string_view flag, std::string_view otherwise) const {
  std::vector<std::string_view> all = All(flag);
  return all.empty() ? otherwise : all.back();
}

std::vector<std::string_view> Args::All(std::string_view flag) const {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : given_)
    if (name == flag) values.push_back(value);
  return values;
}

std::string HelpText(const Verb& verb) {
  std::string text = absl::StrCat("sluice ", verb.name, " ", verb.operands, verb.operands.empty() ? "" : " ",
                                  verb.flags.empty() ? "" : "[flags]", "\n");
  for (std::string_view paragraph : absl::StrSplit(verb.about, "\n\n"))
    absl::StrAppend(&text, "\n", Wrap(paragraph, kColumns, 0), "\n");
  if (!verb.flags.empty()) absl::StrAppend(&text, "\nFlags\n");
  for (const Flag& flag : verb.flags) {
    std::string head = absl::StrCat("  ", flag.name, flag.value.empty() ? "" : " ", flag.value);
    if (head.size() + 1 >= kHelpColumn) {
      absl::StrAppend(&text, head, "\n");
      head.clear();
    }
    head.resize(kHelpColumn, ' ');
    absl::StrAppend(&text, head, Wrap(flag.help, kColumns, kHelpColumn), "\n");
  }
  return absl::StrCat(text, "\nExample\n", verb.example, "\n");
}

}  // namespace sluice::cli
