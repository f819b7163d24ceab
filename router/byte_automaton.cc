#include "router/byte_automaton.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace sluice::router {
namespace {

using Step = ByteAutomaton::Step;

constexpr std::string_view kNice = "a01A-_";

// How much a person would like to see the byte in an example: the least is the best.
int RankOf(uint8_t byte) {
  const size_t at = kNice.find(static_cast<char>(byte));
  return at == kNice.npos ? 256 + byte : static_cast<int>(at);
}

uint8_t NicestIn(int least, int most) {
  int best = least;
  for (unsigned char c : kNice)
    if (least <= c && c <= most && RankOf(c) < RankOf(static_cast<uint8_t>(best))) best = c;
  return static_cast<uint8_t>(best);
}

// Where a set of ranges changes between bytes least and most: the first byte of each part.
std::vector<int> CutsOf(const std::vector<Step>& steps, int least, int most) {
  std::vector<int> cuts = {least};
  for (const Step& step : steps) {
    if (step.least > least) cuts.push_back(step.least);
    if (step.most < most) cuts.push_back(step.most + 1);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// The first step that may take `byte` or more.
std::vector<Step>::const_iterator FirstFrom(const std::vector<Step>& steps, int byte, bool deterministic) {
  if (!deterministic) return steps.begin();
  return std::partition_point(steps.begin(), steps.end(), [byte](const Step& step) { return step.most < byte; });
}

void SortUnique(std::vector<uint32_t>::iterator first, std::vector<uint32_t>* values) {
  std::sort(first, values->end());
  values->erase(std::unique(first, values->end()), values->end());
}

class Search {
 public:
  Search(const std::vector<const ByteAutomaton*>& all, const std::vector<const ByteAutomaton*>& none, size_t* work)
      : all_(all), none_(none), work_(*work) {
    uint32_t states = 0;
    for (const ByteAutomaton* automaton : none_) {
      bases_.push_back(states);
      states += static_cast<uint32_t>(automaton->states.size());
    }
  }

  TextAnswer Run(std::string* text) {
    Place start(all_.size(), 0);
    start.insert(start.end(), bases_.begin(), bases_.end());
    std::vector<Node> level = {{start, 0, 0}};
    seen_.insert(start);
    while (!level.empty()) {
      for (const Node& node : level) {
        if (!IsFound(node.place)) continue;
        *text = TextOf(node);
        return TextAnswer::kFound;
      }
      if (!NextLevel(&level)) return TextAnswer::kTooMuchWork;
    }
    return TextAnswer::kNone;
  }

 private:
  // One state of each of all_, then the set of states in which those of none_ may be, sorted and numbered through.
  using Place = std::vector<uint32_t>;
  static constexpr size_t kSubsetWork = 4;  // a state of a set is sorted, copied and hashed
  // Of one level: places that are reached by as many bytes. The text to a node is that of its parent and `byte`.
  struct Node {
    Place place;
    size_t parent = 0;  // index into trail_
    uint8_t byte = 0;
  };
  struct Trail {
    size_t parent = 0;
    uint8_t byte = 0;
    size_t rank = 0;  // of the text among those of its level
  };

  bool IsFound(const Place& place) const {
    for (size_t i = 0; i < all_.size(); ++i)
      if (!all_[i]->states[place[i]].accepts) return false;
    return std::none_of(place.begin() + static_cast<ptrdiff_t>(all_.size()), place.end(),
                        [this](uint32_t state) { return NoneState(state).accepts; });
  }

  const ByteAutomaton::State& NoneState(uint32_t state) const {
    const auto owner = std::upper_bound(bases_.begin(), bases_.end(), state) - bases_.begin() - 1;
    return none_[static_cast<size_t>(owner)]->states[state - bases_[static_cast<size_t>(owner)]];
  }

  std::string TextOf(const Node& node) const {
    std::string text;
    if (trail_.empty()) return text;
    text.push_back(static_cast<char>(node.byte));
    for (size_t at = node.parent; at != 0; at = trail_[at].parent) text.push_back(static_cast<char>(trail_[at].byte));
    std::reverse(text.begin(), text.end());
    return text;
  }

  // Of all_, the step from each to the next place on the bytes least to most.
  bool Product(const Place& from, size_t depth, int least, int most, Place* to, size_t parent) {
    if (depth == all_.size()) return Subsets(from, least, most, *to, parent);
    const std::vector<Step>& steps = all_[depth]->states[from[depth]].steps;
    for (auto step = FirstFrom(steps, least, all_[depth]->deterministic); step != steps.end(); ++step) {
      if (step->least > most) break;
      if (!Spend(1)) return false;
      const int low = std::max<int>(least, step->least);
      const int high = std::min<int>(most, step->most);
      if (low > high) continue;
      to->push_back(step->to);
      if (!Product(from, depth + 1, low, high, to, parent)) return false;
      to->pop_back();
    }
    return true;
  }

  // The states of none_ that follow differ from byte to byte: one place for each range in which they do not.
  bool Subsets(const Place& from, int least, int most, const Place& to, size_t parent) {
    std::vector<Step> steps;
    for (size_t i = all_.size(); i < from.size(); ++i) {
      const uint32_t base = *(std::upper_bound(bases_.begin(), bases_.end(), from[i]) - 1);
      for (const Step& step : NoneState(from[i]).steps)
        if (step.least <= most && step.most >= least) steps.push_back({step.least, step.most, base + step.to});
    }
    const std::vector<int> cuts = CutsOf(steps, least, most);
    for (size_t i = 0; i < cuts.size(); ++i) {
      if (!Spend(kSubsetWork * steps.size())) return false;
      Place place = to;
      for (const Step& step : steps)
        if (step.least <= cuts[i] && cuts[i] <= step.most) place.push_back(step.to);
      SortUnique(place.begin() + static_cast<ptrdiff_t>(to.size()), &place);
      Offer({std::move(place), parent, NicestIn(cuts[i], i + 1 < cuts.size() ? cuts[i + 1] - 1 : most)});
    }
    return true;
  }

  // The node, unless its place is known; of two ways of one length the nicer text.
  void Offer(Node node) {
    if (seen_.contains(node.place)) return;
    const auto [it, fresh] = next_.try_emplace(node.place, node);
    if (!fresh && KeyOf(node) < KeyOf(it->second)) it->second = std::move(node);
  }

  std::pair<size_t, int> KeyOf(const Node& node) const { return {trail_[node.parent].rank, RankOf(node.byte)}; }

  bool NextLevel(std::vector<Node>* level) {
    size_t rank = 0;
    const size_t first = trail_.size();
    for (size_t i = 0; i < level->size(); ++i) {
      const Node& node = (*level)[i];
      if (i > 0 && KeyOf((*level)[i - 1]) != KeyOf(node)) ++rank;
      trail_.push_back({node.parent, node.byte, rank});
    }
    next_.clear();
    for (size_t i = 0; i < level->size(); ++i) {
      Place to;
      if (!Product((*level)[i].place, 0, 0, 255, &to, first + i)) return false;
    }
    level->clear();
    for (auto& [place, node] : next_) {
      seen_.insert(place);
      level->push_back(std::move(node));
    }
    std::sort(level->begin(), level->end(), [this](const Node& a, const Node& b) { return KeyOf(a) < KeyOf(b); });
    return Spend(level->size());
  }

  bool Spend(size_t units) {
    const bool enough = work_ >= units;
    work_ = enough ? work_ - units : 0;
    return enough;
  }

  const std::vector<const ByteAutomaton*>& all_;
  const std::vector<const ByteAutomaton*>& none_;
  size_t& work_;
  std::vector<uint32_t> bases_;  // where the states of each of none_ begin in a Place
  absl::flat_hash_set<Place> seen_;
  absl::flat_hash_map<Place, Node> next_;  // nodes of the next level
  std::vector<Trail> trail_;               // nodes of the levels so far
};

class SubsetConstruction {
 public:
  SubsetConstruction(const ByteAutomaton& from, size_t most) : from_(from), most_(most) {}

  // False if there are too many.
  bool Run(ByteAutomaton* to) {
    NumberOf({0});
    for (size_t i = 0; i < sets_.size(); ++i) {
      if (sets_.size() > most_) return false;
      AddState(sets_[i], &to->states.emplace_back());
    }
    return true;
  }

 private:
  using Set = std::vector<uint32_t>;

  void AddState(const Set& set, ByteAutomaton::State* state) {
    std::vector<Step> steps;
    for (uint32_t member : set) {
      const ByteAutomaton::State& old = from_.states[member];
      state->accepts |= old.accepts;
      steps.insert(steps.end(), old.steps.begin(), old.steps.end());
    }
    const std::vector<int> cuts = CutsOf(steps, 0, UINT8_MAX);
    for (size_t i = 0; i < cuts.size(); ++i) {
      Set next;
      for (const Step& step : steps)
        if (step.least <= cuts[i] && cuts[i] <= step.most) next.push_back(step.to);
      if (next.empty()) continue;
      SortUnique(next.begin(), &next);
      const int last = i + 1 < cuts.size() ? cuts[i + 1] - 1 : UINT8_MAX;
      AddStep({static_cast<uint8_t>(cuts[i]), static_cast<uint8_t>(last), NumberOf(std::move(next))}, state);
    }
  }

  static void AddStep(Step step, ByteAutomaton::State* state) {
    if (!state->steps.empty()) {
      Step& before = state->steps.back();
      if (before.to == step.to && before.most + 1 == step.least) {
        before.most = step.most;
        return;
      }
    }
    state->steps.push_back(step);
  }

  uint32_t NumberOf(Set set) {
    const auto [it, fresh] = numbers_.try_emplace(set, static_cast<uint32_t>(sets_.size()));
    if (fresh) sets_.push_back(std::move(set));
    return it->second;
  }

  const ByteAutomaton& from_;
  const size_t most_;
  absl::flat_hash_map<Set, uint32_t> numbers_;
  std::deque<Set> sets_;  // stay where they are while others are added
};

class ProductConstruction {
 public:
  ProductConstruction(const ByteAutomaton& a, const ByteAutomaton& b, size_t most) : a_(a), b_(b), most_(most) {}

  // False if there are too many states.
  bool Run(ByteAutomaton* to) {
    NumberOf(0, 0);
    for (size_t i = 0; i < pairs_.size(); ++i) {
      if (pairs_.size() > most_) return false;
      AddState(pairs_[i], &to->states.emplace_back());
    }
    return true;
  }

 private:
  using Pair = std::pair<uint32_t, uint32_t>;

  void AddState(const Pair pair, ByteAutomaton::State* state) {
    const ByteAutomaton::State& x = a_.states[pair.first];
    const ByteAutomaton::State& y = b_.states[pair.second];
    state->accepts = x.accepts && y.accepts;
    for (const Step& p : x.steps) {
      for (auto q = FirstFrom(y.steps, p.least, b_.deterministic); q != y.steps.end(); ++q) {
        if (q->least > p.most) break;
        if (q->most < p.least) continue;
        state->steps.push_back({std::max(p.least, q->least), std::min(p.most, q->most), NumberOf(p.to, q->to)});
      }
    }
    SortSteps(state);
  }

  uint32_t NumberOf(uint32_t x, uint32_t y) {
    const auto [it, fresh] = numbers_.try_emplace({x, y}, static_cast<uint32_t>(pairs_.size()));
    if (fresh) pairs_.emplace_back(x, y);
    return it->second;
  }

  const ByteAutomaton& a_;
  const ByteAutomaton& b_;
  const size_t most_;
  absl::flat_hash_map<Pair, uint32_t> numbers_;
  std::vector<Pair> pairs_;
};

// Whether a text can still be accepted, for each state.
std::vector<bool> Alive(const ByteAutomaton& automaton) {
  std::vector<std::vector<uint32_t>> before(automaton.states.size());
  std::vector<bool> alive(automaton.states.size());
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < automaton.states.size(); ++i) {
    for (const Step& step : automaton.states[i].steps) before[step.to].push_back(i);
    if (!automaton.states[i].accepts) continue;
    alive[i] = true;
    found.push_back(i);
  }
  while (!found.empty()) {
    const uint32_t at = found.back();
    found.pop_back();
    for (uint32_t i : before[at]) {
      if (alive[i]) continue;
      alive[i] = true;
      found.push_back(i);
    }
  }
  return alive;
}

}  // namespace

void SortSteps(ByteAutomaton::State* state) {
  std::sort(state->steps.begin(), state->steps.end(), [](const Step& a, const Step& b) { return a.least < b.least; });
}

ByteAutomaton Intersection(const ByteAutomaton& a, const ByteAutomaton& b, size_t most) {
  ByteAutomaton both;
  if (a.states.empty() || b.states.empty()) return both;
  if (!ProductConstruction(a, b, most).Run(&both)) return {};
  both.deterministic = a.deterministic && b.deterministic;
  const std::vector<bool> alive = Alive(both);
  for (ByteAutomaton::State& state : both.states) {
    auto& steps = state.steps;
    steps.erase(std::remove_if(steps.begin(), steps.end(), [&](const Step& step) { return !alive[step.to]; }),
                steps.end());
  }
  return both;
}

ByteAutomaton Determinized(ByteAutomaton automaton, size_t most) {
  ByteAutomaton determinized;
  if (automaton.states.empty() || automaton.states.size() > most ||
      !SubsetConstruction(automaton, most).Run(&determinized))
    return automaton;
  determinized.deterministic = true;
  return determinized;
}

TextAnswer ShortestText(const std::vector<const ByteAutomaton*>& all, const std::vector<const ByteAutomaton*>& none,
                        size_t* work, std::string* text) {
  return Search(all, none, work).Run(text);
}

}  // namespace sluice::router
