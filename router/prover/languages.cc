#include "router/prover/languages.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "router/prover/libfa_automaton.h"
#include "router/prover/regex_language.h"

namespace sluice::router {
namespace {

constexpr size_t kMostLawful = 20'000;
constexpr size_t kMostDeterministic = 200;  // states; more would cost more than they save

// libfa compares the ends of a range as signed bytes: none may begin in ASCII and end beyond.
constexpr char kPathBytes[] = "[\x01-\"$&-,0->@-\x7f\x80-\xff]";  // but for `-` and `.`
constexpr char kReadablePathBytes[] = "[0-9A-Za-z_~!$&'()*+,;=:@]";

// Paths in normal form: segments that are neither empty nor `.` nor `..`, the last one may be empty; no raw `?` or `#`
// and no zero byte; `%` only before the upper-case hex of a reserved byte.
std::string PathsOf(std::string_view bytes) {
  const std::string other = absl::StrCat("(", bytes, "|\\-|%(2[13456789ABCF]|3[ABDF]|40|5[BD]))");
  const std::string any = absl::StrCat("(", other, "|\\.)");
  const std::string segment = absl::StrCat("(", other, any, "*|\\.", other, any, "*|\\.\\.", any, any, "*)");
  return absl::StrCat("/(", segment, "/)*(", segment, ")?");
}

// RFC 9110, 5.5: visible bytes and those beyond ASCII, and between them white space.
constexpr char kValueBytes[] = "[!-~\x80-\xff]";
constexpr char kReadableValueBytes[] = "[!-@_-~]";  // without capitals, which are mostly the same

std::string ValuesOf(std::string_view bytes, std::string_view space) {
  return absl::StrCat("(", bytes, "((", bytes, "|", space, ")*", bytes, ")?)?");
}

size_t CountSteps(const ByteAutomaton& automaton) {
  size_t steps = 0;
  for (const ByteAutomaton::State& state : automaton.states) steps += state.steps.size();
  return steps;
}

void AppendSteps(const ByteAutomaton::State& from, uint32_t base, ByteAutomaton::State* to) {
  for (ByteAutomaton::Step step : from.steps) {
    step.to += base;
    to->steps.push_back(step);
  }
}

}  // namespace

Languages Languages::OfPaths() { return Languages(PathExpression, PathsOf(kPathBytes), PathsOf(kReadablePathBytes)); }

Languages Languages::OfValues() {
  return Languages(ValueExpression, ValuesOf(kValueBytes, "[\t ]"), ValuesOf(kReadableValueBytes, " "));
}

Languages::Languages(Translate translate, std::string_view lawful, std::string_view readable)
    : translate_(translate),
      lawful_(Determinized(CompileWithLibfa(lawful, true), kMostDeterministic)),
      readable_(Determinized(CompileWithLibfa(readable, true), kMostDeterministic)) {}

const Language& Languages::Of(const std::string& text, size_t* work) {
  ++*work;
  if (const auto found = languages_.find(text); found != languages_.end()) return *found->second;
  auto language = std::make_unique<Language>();
  std::string expression;
  if (translate_(text, &expression, &language->unknown))
    Fill(CompileWithLibfa(expression, false), language.get(), work);
  return *languages_.emplace(text, std::move(language)).first->second;
}

// The work is what was measured: libfa takes the square of the number of states to put one behind another, and a step
// is looked at again for each set of states that it leaves from.
void Languages::Fill(ByteAutomaton automaton, Language* language, size_t* work) {
  const size_t states = automaton.states.size();
  *work += states * (100 + states) + 100 * CountSteps(automaton);
  language->any = Determinized(std::move(automaton), kMostDeterministic);
  language->lawful = Intersection(language->any, lawful_, kMostLawful);
  if (language->lawful.states.empty()) language->unknown = "an automaton that takes too much memory";
  steps_ += 1 + CountSteps(language->any) + CountSteps(language->lawful);
}

void Languages::Trim(size_t most) {
  if (steps_ <= most) return;
  languages_.clear();
  steps_ = 0;
}

ByteAutomaton UnionOf(const std::vector<const ByteAutomaton*>& automata) {
  ByteAutomaton all;
  all.states.emplace_back();
  for (const ByteAutomaton* automaton : automata) {
    const uint32_t base = static_cast<uint32_t>(all.states.size());
    all.states[0].accepts |= automaton->states[0].accepts;
    AppendSteps(automaton->states[0], base, &all.states[0]);
    for (const ByteAutomaton::State& state : automaton->states) {
      ByteAutomaton::State& copy = all.states.emplace_back();
      copy.accepts = state.accepts;
      AppendSteps(state, base, &copy);
    }
  }
  SortSteps(&all.states[0]);
  return all;
}

}  // namespace sluice::router
