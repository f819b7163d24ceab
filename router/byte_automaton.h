// Questions to finite automata that are given up on after a stated amount of work, rather than after minutes.
//
// Products and subsets are made of the automata's states as the search reaches them (Rabin and Scott, "Finite Automata
// and Their Decision Problems", 1959), so that what one question costs is counted, and a hostile expression whose
// deterministic automaton has 2^n states costs no more than the budget.
#ifndef SLUICE_ROUTER_BYTE_AUTOMATON_H_
#define SLUICE_ROUTER_BYTE_AUTOMATON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::router {

// Nondeterministic, without empty steps. State 0 is the first one.
struct ByteAutomaton {
  struct Step {
    uint8_t least = 0;
    uint8_t most = 0;
    uint32_t to = 0;
  };
  struct State {
    std::vector<Step> steps;  // by `least`
    bool accepts = false;
  };
  std::vector<State> states;
  bool deterministic = false;  // the steps of a state share no byte
};

void SortSteps(ByteAutomaton::State* state);

// The same language with one state at a time, which makes searches shorter; `automaton` itself where that would take
// more than `most` states. Automata of usual expressions get smaller by it, those of hostile ones do not get larger.
ByteAutomaton Determinized(ByteAutomaton automaton, size_t most);

// What both accept, without steps that lead nowhere. Has no states where it would take more than `most`, or where one
// of the two has none.
ByteAutomaton Intersection(const ByteAutomaton& a, const ByteAutomaton& b, size_t most);

enum class TextAnswer { kNone, kFound, kTooMuchWork };

// The shortest text that each of `all` accepts and none of `none`; of several the one with the simplest bytes, the same
// in each run. Takes from `work` one unit (20 to 50 ns) for each step that is looked at; kTooMuchWork when it is used
// up. `all` has one member at least.
TextAnswer ShortestText(const std::vector<const ByteAutomaton*>& all, const std::vector<const ByteAutomaton*>& none,
                        size_t* work, std::string* text);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_BYTE_AUTOMATON_H_
