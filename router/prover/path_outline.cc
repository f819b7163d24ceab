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
    ListEdges();
    ReadStarts();
    TurnAround();
    ReadEnds();
    ReadEndOfPath();
  }

 private:
  using Step = ByteAutomaton::Step;
  using States = std::vector<uint32_t>;
  // A step, with the bytes that it takes but for slashes.
  struct Edge {
    uint32_t from = 0;
    uint32_t to = 0;
    bool has_slash = false;
    bool only_slash = false;
    Bytes bytes;
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

  void ListEdges() {
    for (uint32_t i = 0; i < states_.size(); ++i) {
      first_edge_.push_back(edges_.size());
      for (const Step& step : states_[i].steps) edges_.push_back(EdgeOf(i, step));
    }
    first_edge_.push_back(edges_.size());
  }

  static Edge EdgeOf(uint32_t from, const Step& step) {
    Edge edge = {from, step.to, step.least <= '/' && '/' <= step.most, false, {}};
    edge.only_slash = edge.has_slash && step.least == step.most;
    edge.bytes = (~Bytes() << step.least) & (~Bytes() >> (UINT8_MAX - step.most));
    edge.bytes.reset('/');
    return edge;
  }

  void ReadStarts() {
    for (const Step& step : states_[0].steps) Reach({step.to, 0, 0});
    while (!open_.empty()) {
      const Place place = open_.back();
      open_.pop_back();
      for (size_t i = first_edge_[place.state]; i < first_edge_[place.state + 1]; ++i) Follow(place, edges_[i]);
      if (states_[place.state].accepts) EndPath(place);
    }
  }

  void Reach(const Place& place) {
    Distances& known = At(place.state, place.segment);
    if (known.test(place.distance)) return;
    known.set(place.distance);
    open_.push_back(place);
  }

  void Follow(const Place& place, const Edge& edge) {
    if (edge.has_slash) {
      EndSegment(place);
      if (place.segment + 1 < kSegments) Reach({edge.to, place.segment + 1, 0});
      if (edge.only_slash) return;
    }
    if (place.distance < kPlaces) Start(place.segment)[place.distance] |= edge.bytes;
    Reach({edge.to, place.segment, std::min(place.distance + 1, kPlaces)});
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

  void TurnAround() {
    first_before_.resize(states_.size() + 1);
    for (const Edge& edge : edges_) ++first_before_[edge.to + 1];
    std::partial_sum(first_before_.begin(), first_before_.end(), first_before_.begin());
    before_.resize(edges_.size());
    std::vector<size_t> next(first_before_.begin(), first_before_.end() - 1);
    for (size_t i = 0; i < edges_.size(); ++i) before_[next[edges_[i].to]++] = i;
    seen_.resize(states_.size());
  }

  void ReadEnds() {
    for (size_t segment = 0; segment < kSegments; ++segment) {
      States ends;
      for (uint32_t i = 0; i < states_.size(); ++i)
        if (At(i, segment).any() && EndsSegment(i)) ends.push_back(i);
      const auto starts = [&](uint32_t state) { return At(state, segment).test(0); };
      const auto precedes = [&](const Edge& edge) { return At(edge.from, segment).any() && !edge.only_slash; };
      ReadBackward(std::move(ends), starts, precedes, &End(segment));
    }
  }

  bool EndsSegment(uint32_t state) const {
    return states_[state].accepts || std::any_of(edges_.begin() + static_cast<ptrdiff_t>(first_edge_[state]),
                                                 edges_.begin() + static_cast<ptrdiff_t>(first_edge_[state + 1]),
                                                 [](const Edge& edge) { return edge.has_slash; });
  }

  void ReadEndOfPath() {
    States ends;
    for (uint32_t i = 0; i < states_.size(); ++i)
      if (states_[i].accepts) ends.push_back(i);
    Places& last = outline_.rows_.back();
    ReadBackward(
        std::move(ends), [](uint32_t state) { return state == 0; }, [](const Edge&) { return true; }, &last);
  }

  // The bytes before `ends`, those before them, and so on. A text may begin where `starts` holds. A slash also counts
  // as an end.
  template <typename Starts, typename Precedes>
  void ReadBackward(States ends, Starts starts, Precedes precedes, Places* places) {
    bool started = false;
    for (Bytes& bytes : *places) {
      States earlier;
      ++round_;
      for (uint32_t end : ends) {
        started |= starts(end);
        for (size_t i = first_before_[end]; i < first_before_[end + 1]; ++i) {
          const Edge& edge = edges_[before_[i]];
          if (!precedes(edge)) continue;
          bytes |= edge.bytes;
          if (edge.has_slash) bytes.set(kEnded);
          if (std::exchange(seen_[edge.from], round_) != round_) earlier.push_back(edge.from);
        }
      }
      if (started) bytes.set(kEnded);
      ends = std::move(earlier);
    }
  }

  const std::vector<ByteAutomaton::State>& states_;
  PathOutline& outline_;
  std::vector<Distances> reached_;  // [state][segment]
  std::vector<Place> open_;
  std::vector<Edge> edges_;           // by where they come from
  std::vector<size_t> first_edge_;    // of a state
  std::vector<size_t> before_;        // indexes into edges_, by where they lead
  std::vector<size_t> first_before_;  // those to a state
  std::vector<uint32_t> seen_;        // round in which a state was seen last, going backward
  uint32_t round_ = 0;
};

PathOutline::PathOutline(const ByteAutomaton& paths) {
  Reader(paths, this).Run();
  for (size_t place = 0; place < kOutlinePlaces; ++place) {
    const Bytes& bytes = rows_[place / kPlaces][place % kPlaces];
    only_[place] = -1;
    for (size_t byte = 0; bytes.count() == 1 && byte < bytes.size(); ++byte)
      if (bytes.test(byte)) only_[place] = static_cast<int16_t>(byte);
  }
}

bool PathOutline::IsApartFrom(const PathOutline& other) const {
  for (size_t i = 0; i < rows_.size(); ++i)
    for (size_t j = 0; j < kPlaces; ++j)
      if ((rows_[i][j] & other.rows_[i][j]).none()) return true;
  return false;
}

}  // namespace sluice::router
