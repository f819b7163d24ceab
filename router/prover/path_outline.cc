#include "router/prover/path_outline.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace sluice::router {
namespace {

constexpr size_t kNoSegment = 0;
constexpr size_t kEnded = '/';

}  // namespace

class PathOutline::Reader {
 public:
  Reader(const ByteAutomaton& paths, PathOutline* outline)
      : states_(paths.states), outline_(*outline), reached_(states_.size() * kSegments) {}

  void Run() {
    ReadStarts();
    TurnAround();
    ReadEnds();
    ReadEndOfPath();
  }

 private:
  using Step = ByteAutomaton::Step;
  using States = std::vector<uint32_t>;
  struct Before {
    uint32_t state = 0;
    Step step;
  };
  // Of a state in a segment: at how many bytes from the segment's start it was seen, as bits; the last one: or more.
  using Distances = std::bitset<kPlaces + 1>;

  // In the search: a state of the automaton, with the segment that the text has come to. What lies beyond kSegments is
  // not followed.
  struct Place {
    uint32_t state = 0;
    size_t segment = 0;
    size_t distance = 0;
  };

  Places& Start(size_t segment) { return outline_.rows_[segment]; }
  Places& End(size_t segment) { return outline_.rows_[kSegments + segment]; }
  Distances& At(uint32_t state, size_t segment) { return reached_[state * kSegments + segment]; }

  // But for slashes.
  static Bytes RangeOf(const Step& step) {
    Bytes bytes = (~Bytes() << step.least) & (~Bytes() >> (UINT8_MAX - step.most));
    bytes.reset('/');
    return bytes;
  }

  static bool HasSlash(const Step& step) { return step.least <= '/' && '/' <= step.most; }

  void ReadStarts() {
    for (const Step& step : states_[0].steps) Reach({step.to, 0, 0});
    while (!open_.empty()) {
      const Place place = open_.back();
      open_.pop_back();
      for (const Step& step : states_[place.state].steps) Follow(place, step);
      if (states_[place.state].accepts) EndPath(place);
    }
  }

  void Reach(const Place& place) {
    Distances& known = At(place.state, place.segment);
    if (known.test(place.distance)) return;
    known.set(place.distance);
    open_.push_back(place);
  }

  void Follow(const Place& place, const Step& step) {
    if (HasSlash(step)) {
      EndSegment(place);
      if (place.segment + 1 < kSegments) Reach({step.to, place.segment + 1, 0});
      if (step.least == step.most) return;
    }
    if (place.distance < kPlaces) Start(place.segment)[place.distance] |= RangeOf(step);
    Reach({step.to, place.segment, std::min(place.distance + 1, kPlaces)});
  }

  void EndSegment(const Place& place) {
    for (size_t i = place.distance; i < kPlaces; ++i) Start(place.segment)[i].set(kEnded);
  }

  void EndPath(const Place& place) {
    EndSegment(place);
    for (size_t segment = place.segment + 1; segment < kSegments; ++segment) {
      for (Bytes& bytes : Start(segment)) bytes.set(kNoSegment);
      for (Bytes& bytes : End(segment)) bytes.set(kNoSegment);
    }
  }

  // Fills before_.
  void TurnAround() {
    for (uint32_t i = 0; i < states_.size(); ++i)
      for (const Step& step : states_[i].steps) before_.push_back({i, step});
    std::sort(before_.begin(), before_.end(), [](const Before& a, const Before& b) { return a.step.to < b.step.to; });
    first_before_.resize(states_.size() + 1);
    for (const Before& before : before_) ++first_before_[before.step.to + 1];
    std::partial_sum(first_before_.begin(), first_before_.end(), first_before_.begin());
  }

  void ReadEnds() {
    for (size_t segment = 0; segment < kSegments; ++segment) {
      States ends;
      for (uint32_t i = 0; i < states_.size(); ++i)
        if (At(i, segment).any() && EndsSegment(states_[i])) ends.push_back(i);
      const auto starts = [&](uint32_t state) { return At(state, segment).test(0); };
      const auto precedes = [&](const Before& before) {
        return At(before.state, segment).any() && (before.step.least != '/' || before.step.most != '/');
      };
      ReadBackward(std::move(ends), starts, precedes, &End(segment));
    }
  }

  static bool EndsSegment(const ByteAutomaton::State& state) {
    return state.accepts || std::any_of(state.steps.begin(), state.steps.end(), HasSlash);
  }

  void ReadEndOfPath() {
    States ends;
    for (uint32_t i = 0; i < states_.size(); ++i)
      if (states_[i].accepts) ends.push_back(i);
    Places& last = outline_.rows_.back();
    ReadBackward(
        std::move(ends), [](uint32_t state) { return state == 0; }, [](const Before&) { return true; }, &last);
  }

  // The bytes before `ends`, those before them, and so on. A text may begin where `starts` holds. A slash also counts
  // as an end.
  template <typename Starts, typename Precedes>
  void ReadBackward(States ends, Starts starts, Precedes precedes, Places* places) {
    bool started = false;
    for (Bytes& bytes : *places) {
      States earlier;
      for (uint32_t end : ends) {
        started |= starts(end);
        for (size_t i = first_before_[end]; i < first_before_[end + 1]; ++i) {
          const Before& before = before_[i];
          if (!precedes(before)) continue;
          earlier.push_back(before.state);
          bytes |= RangeOf(before.step);
          if (HasSlash(before.step)) bytes.set(kEnded);
        }
      }
      if (started) bytes.set(kEnded);
      std::sort(earlier.begin(), earlier.end());
      earlier.erase(std::unique(earlier.begin(), earlier.end()), earlier.end());
      ends = std::move(earlier);
    }
  }

  const std::vector<ByteAutomaton::State>& states_;
  PathOutline& outline_;
  std::vector<Distances> reached_;  // [state][segment]
  std::vector<Place> open_;
  std::vector<Before> before_;        // all steps, by where they lead
  std::vector<size_t> first_before_;  // those to a state
};

PathOutline::PathOutline(const ByteAutomaton& paths) { Reader(paths, this).Run(); }

bool PathOutline::IsApartFrom(const PathOutline& other) const {
  for (size_t i = 0; i < rows_.size(); ++i)
    for (size_t j = 0; j < kPlaces; ++j)
      if ((rows_[i][j] & other.rows_[i][j]).none()) return true;
  return false;
}

}  // namespace sluice::router
