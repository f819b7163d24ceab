#include "router/prover/libfa_automaton.h"

extern "C" {
#include <fa.h>
}

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"

namespace sluice::router {
namespace {

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

}  // namespace

ByteAutomaton CompileWithLibfa(std::string_view expression, bool minimize) {
  fa* automaton = nullptr;
  if (fa_compile(expression.data(), expression.size(), &automaton) != 0) return {};
  const std::unique_ptr<fa, FreeFa> owner(automaton);
  if (minimize && fa_minimize(automaton) != 0) return {};
  return Read(automaton);
}

}  // namespace sluice::router
