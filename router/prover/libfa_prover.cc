#include "router/prover/libfa_prover.h"

extern "C" {
#include <fa.h>
}

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/byte_automaton.h"
#include "router/prover/path_outline.h"
#include "router/prover/regex_language.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

constexpr size_t kMostNormal = 20'000;
constexpr size_t kMostDeterministic = 200;  // states; more would cost more than they save

struct FreeFa {
  void operator()(fa* automaton) const { fa_free(automaton); }
};

ByteAutomaton Read(fa* automaton) {
  absl::flat_hash_map<state*, uint32_t> numbers;
  for (state* at = fa_state_initial(automaton); at != nullptr; at = fa_state_next(at))
    numbers.emplace(at, static_cast<uint32_t>(numbers.size()));
  ByteAutomaton read;
  for (state* at = fa_state_initial(automaton); at != nullptr; at = fa_state_next(at)) {
    ByteAutomaton::State& added = read.states.emplace_back();
    added.accepts = fa_state_is_accepting(at) != 0;
    for (size_t i = 0; i < fa_state_num_trans(at); ++i) {
      state* to = nullptr;
      ByteAutomaton::Step step;
      if (fa_state_trans(at, i, &to, &step.least, &step.most) != 0) continue;
      step.to = numbers.at(to);
      added.steps.push_back(step);
    }
    SortSteps(&added);
  }
  return read;
}

// Without states if the memory does not suffice. `known`: an expression of ours, whose automaton may be minimized at
// any cost.
ByteAutomaton Compile(std::string_view expression, bool known = false) {
  fa* automaton = nullptr;
  if (fa_compile(expression.data(), expression.size(), &automaton) != 0) return {};
  const std::unique_ptr<fa, FreeFa> owner(automaton);
  if (known && fa_minimize(automaton) != 0) return {};
  return Read(automaton);
}

// Paths in normal form: segments that are neither empty nor `.` nor `..`, the last one may be empty; no raw `?` or `#`
// and no zero byte; `%` only before the upper-case hex of a reserved byte. With `printable` only those that a person
// can read.
ByteAutomaton NormalPaths(bool printable) {
  // libfa compares the ends of a range as signed bytes: none may begin in ASCII and end beyond.
  const std::string_view bytes = printable ? "[0-9A-Za-z_~!$&'()*+,;=:@]" : "[\x01-\"$&-,0->@-\x7f\x80-\xff]";
  const std::string other = absl::StrCat("(", bytes, "|\\-|%(2[13456789ABCF]|3[ABDF]|40|5[BD]))");
  const std::string any = absl::StrCat("(", other, "|\\.)");
  const std::string segment = absl::StrCat("(", other, any, "*|\\.", other, any, "*|\\.\\.", any, any, "*)");
  return Compile(absl::StrCat("/(", segment, "/)*(", segment, ")?"), true);
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
  LibfaProver()
      : normal_(Determinized(NormalPaths(false), kMostDeterministic)),
        printable_(Determinized(NormalPaths(true), kMostDeterministic)) {}

  Answer FindPath(const std::vector<std::string>& all, const std::vector<std::string>& none, std::string* example,
                  std::string* reason) override {
    if (steps_ > kProverSteps) Forget();
    if (all.size() == 2 && AreApart(all[0], all[1])) return Answer::kNo;
    std::vector<const ByteAutomaton*> in, out;
    if (!Collect(all, &Language::normal, &in, reason) || !Collect(none, &Language::any, &out, reason))
      return Answer::kUnknown;
    const TextAnswer answer = Ask(in, out, example);
    if (answer == TextAnswer::kNone) return Answer::kNo;
    *reason = "expressions whose comparison takes too much work";
    if (answer == TextAnswer::kTooMuchWork) return Answer::kUnknown;
    in.push_back(&printable_);
    std::string readable;
    if (Ask(in, out, &readable) == TextAnswer::kFound) *example = readable;
    const auto matches = [example](const std::string& path) { return Matches(path, *example); };
    *reason = "a construct that was read otherwise than RE2 does";
    if (!std::all_of(all.begin(), all.end(), matches) || std::any_of(none.begin(), none.end(), matches))
      return Answer::kUnknown;
    reason->clear();
    return Answer::kYes;
  }

  bool AreApart(const std::string& a, const std::string& b) override {
    if (outlines_.size() + 2 > kProverOutlines) outlines_.clear();
    const std::optional<PathOutline>& first = *OutlineOf(a);
    const std::optional<PathOutline>& second = *OutlineOf(b);
    return first && second && first->IsApartFrom(*second);
  }

  size_t work() const override { return work_; }

 private:
  struct Language {
    ByteAutomaton any;     // of all its texts; without states: `unknown` says why
    ByteAutomaton normal;  // of those of normal paths
    std::string unknown;
  };

  TextAnswer Ask(const std::vector<const ByteAutomaton*>& in, const std::vector<const ByteAutomaton*>& out,
                 std::string* text) {
    size_t work = kProofWork;
    const TextAnswer answer = ShortestText(in, out, &work, text);
    work_ += kProofWork - work;
    return answer;
  }

  bool Collect(const std::vector<std::string>& paths, ByteAutomaton Language::*part,
               std::vector<const ByteAutomaton*>* automata, std::string* reason) {
    for (const std::string& path : paths) {
      const Language& language = LanguageOf(path);
      *reason = language.unknown;
      if (!reason->empty()) return false;
      automata->push_back(&(language.*part));
    }
    return true;
  }

  void Forget() {
    languages_.clear();
    steps_ = 0;
  }

  // Nothing of a path whose language is unknown.
  std::optional<PathOutline>* OutlineOf(const std::string& path) {
    std::unique_ptr<std::optional<PathOutline>>& outline = outlines_[path];
    if (outline != nullptr) return outline.get();
    if (steps_ > kProverSteps) Forget();
    const Language& language = LanguageOf(path);
    outline = std::make_unique<std::optional<PathOutline>>();
    if (language.unknown.empty()) outline->emplace(language.normal);
    return outline.get();
  }

  const Language& LanguageOf(const std::string& path) {
    if (const auto found = languages_.find(path); found != languages_.end()) return *found->second;
    auto language = std::make_unique<Language>();
    std::string expression;
    const bool is_regex = absl::StartsWith(path, "~");
    if (!is_regex) expression = LiteralExpression(path) + AnyTextExpression();
    if (!is_regex || TranslateRegex(std::string_view(path).substr(1), &expression, &language->unknown)) {
      Fill(Compile(expression), language.get());
    }
    return *languages_.emplace(path, std::move(language)).first->second;
  }

  // The work is what was measured: libfa takes the square of the number of states to put one behind another, and a step
  // is looked at again for each set of states that it leaves from.
  void Fill(ByteAutomaton automaton, Language* language) {
    const size_t states = automaton.states.size();
    work_ += states * (100 + states) + 100 * CountSteps(automaton);
    language->any = Determinized(std::move(automaton), kMostDeterministic);
    language->normal = Intersection(language->any, normal_, kMostNormal);
    if (language->normal.states.empty()) language->unknown = "an automaton that takes too much memory";
    steps_ += 1 + CountSteps(language->any) + CountSteps(language->normal);
  }

  static size_t CountSteps(const ByteAutomaton& automaton) {
    size_t steps = 0;
    for (const ByteAutomaton::State& state : automaton.states) steps += state.steps.size();
    return steps;
  }

  ByteAutomaton normal_;
  ByteAutomaton printable_;
  absl::flat_hash_map<std::string, std::unique_ptr<Language>> languages_;
  size_t steps_ = 0;  // of languages_
  absl::flat_hash_map<std::string, std::unique_ptr<std::optional<PathOutline>>> outlines_;
  size_t work_ = 0;
};

}  // namespace

std::unique_ptr<PathProver> MakeLibfaProver() { return std::make_unique<LibfaProver>(); }

}  // namespace sluice::router
