#include "router/libfa_prover.h"

extern "C" {
#include <fa.h>
}

#include <map>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/regex.h"
#include "router/regex_language.h"

namespace sluice::router {
namespace {

struct FreeAutomaton {
  void operator()(fa* automaton) const { fa_free(automaton); }
};
using Automaton = std::unique_ptr<fa, FreeAutomaton>;

Automaton Compile(std::string_view expression) {
  fa* automaton = nullptr;
  if (fa_compile(expression.data(), expression.size(), &automaton) != 0) return nullptr;
  return Automaton(automaton);
}

// Paths in normal form: segments that are neither empty nor `.` nor `..`, the last one may be empty; no raw `?` or `#`
// and no zero byte; `%` only before the upper-case hex of a reserved byte. With `printable` only those that a person
// can read.
Automaton NormalPaths(bool printable) {
  // libfa compares the ends of a range as signed bytes: none may begin in ASCII and end beyond.
  const std::string_view bytes = printable ? "[0-9A-Za-z_~!$&'()*+,;=:@]" : "[\x01-\"$&-,0->@-\x7f\x80-\xff]";
  const std::string other = absl::StrCat("(", bytes, "|\\-|%(2[13456789ABCF]|3[ABDF]|40|5[BD]))");
  const std::string any = absl::StrCat("(", other, "|\\.)");
  const std::string segment = absl::StrCat("(", other, any, "*|\\.", other, any, "*|\\.\\.", any, any, "*)");
  return Compile(absl::StrCat("/(", segment, "/)*(", segment, ")?"));
}

// The byte that a person would like best in an example.
char Nicest(unsigned char least, unsigned char most) {
  for (char c : std::string_view("a01A-_"))
    if (least <= c && c <= most) return c;
  return static_cast<char>(least);
}

// One of the shortest texts of the language, always the same one; "" if there is none. (fa_example's depends on where
// memory lies.) A breadth-first search in which each state keeps the least text of its level.
std::string Example(fa* automaton) {
  std::map<state*, std::string> level = {{fa_state_initial(automaton), ""}};
  absl::flat_hash_set<state*> seen = {level.begin()->first};
  while (!level.empty()) {
    const std::string* best = nullptr;
    for (const auto& [at, text] : level)
      if (fa_state_is_accepting(at) && (best == nullptr || text < *best)) best = &text;
    if (best != nullptr) return *best;
    std::map<state*, std::string> next;
    for (const auto& [at, text] : level) {
      for (size_t i = 0; i < fa_state_num_trans(at); ++i) {
        state* to = nullptr;
        unsigned char least = 0;
        unsigned char most = 0;
        if (fa_state_trans(at, i, &to, &least, &most) != 0 || seen.contains(to)) continue;
        std::string longer = text + Nicest(least, most);
        const auto [it, fresh] = next.try_emplace(to, longer);
        if (!fresh && longer < it->second) it->second = std::move(longer);
      }
    }
    for (const auto& [at, text] : next) seen.insert(at);
    level = std::move(next);
  }
  return "";
}

// Whether the path matches, asked of the library that will match it.
bool Matches(const std::string& path, const std::string& text) {
  if (!absl::StartsWith(path, "~")) return absl::StartsWith(text, path);
  Regex::Error error;
  const auto regex = Regex::Compile(std::string_view(path).substr(1), Regex::Kind::kPath, &error);
  return regex != nullptr && regex->Matches(text);
}

class LibfaProver : public PathProver {
 public:
  LibfaProver() : normal_(NormalPaths(false)), printable_(NormalPaths(true)) {}

  Answer Overlap(const std::string& a, const std::string& b, std::string* example, std::string* reason) override {
    MakeRoom();
    const Language& first = LanguageOf(a);
    const Language& second = LanguageOf(b);
    for (const Language* language : {&first, &second}) {
      if (language->automaton != nullptr) continue;
      *reason = language->unknown;
      return Answer::kUnknown;
    }
    const Automaton both(fa_intersect(first.automaton.get(), second.automaton.get()));
    if (both == nullptr) return TooLarge(reason);
    for (fa* paths : {printable_.get(), normal_.get()}) {
      const Automaton common(fa_intersect(both.get(), paths));
      if (common == nullptr) return TooLarge(reason);
      *example = Example(common.get());
      if (example->empty()) continue;  // every normal path has a byte
      if (Matches(a, *example) && Matches(b, *example)) return Answer::kYes;
      *reason = "a construct that was read otherwise than RE2 does";
      return Answer::kUnknown;
    }
    return Answer::kNo;
  }

  Answer Contains(const std::string& outer, const std::string& inner) override {
    MakeRoom();
    const Language& large = LanguageOf(outer);
    const Language& small = LanguageOf(inner);
    if (large.automaton == nullptr || small.automaton == nullptr || large.bytes > kContainsBytes ||
        large.freedom > kContainsFreedom)
      return Answer::kUnknown;
    const Automaton asked(fa_intersect(small.automaton.get(), normal_.get()));
    if (asked == nullptr) return Answer::kUnknown;
    const int contained = fa_contains(asked.get(), large.automaton.get());
    return contained < 0 ? Answer::kUnknown : contained == 1 ? Answer::kYes : Answer::kNo;
  }

 private:
  struct Language {
    Automaton automaton;  // null: `unknown` says why
    std::string unknown;
    size_t bytes = 0;  // of its expression
    int freedom = 0;   // see TranslateRegex
  };

  static Answer TooLarge(std::string* reason) {
    *reason = "an automaton that takes too much memory";
    return Answer::kUnknown;
  }

  void MakeRoom() {
    if (languages_.size() >= kProverPatterns) languages_.clear();
  }

  const Language& LanguageOf(const std::string& path) {
    if (const auto found = languages_.find(path); found != languages_.end()) return *found->second;
    auto language = std::make_unique<Language>();
    std::string expression;
    const bool is_regex = absl::StartsWith(path, "~");
    if (!is_regex) expression = LiteralExpression(path) + AnyTextExpression();
    if (!is_regex ||
        TranslateRegex(std::string_view(path).substr(1), &expression, &language->freedom, &language->unknown)) {
      language->automaton = Compile(expression);
      language->bytes = expression.size();
      if (language->automaton == nullptr) language->unknown = "an automaton that takes too much memory";
    }
    return *languages_.emplace(path, std::move(language)).first->second;
  }

  Automaton normal_;
  Automaton printable_;
  absl::flat_hash_map<std::string, std::unique_ptr<Language>> languages_;
};

}  // namespace

std::unique_ptr<PathProver> MakeLibfaProver() { return std::make_unique<LibfaProver>(); }

}  // namespace sluice::router
