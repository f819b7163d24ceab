#include "router/conflicts/pattern_pairs.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "router/conflicts/arm_pairs.h"
#include "router/conflicts/common_host.h"

namespace sluice::router {
namespace {

// Of the methods of a subtree those that contain others.
constexpr uint8_t kAny = 1;
constexpr uint8_t kGet = 2;

uint8_t WidthOf(const Pattern& pattern) { return pattern.method.empty() ? kAny : pattern.method == "GET" ? kGet : 0; }

bool MethodsMeet(const Pattern& a, const Pattern& b) { return MethodContains(a, b) || MethodContains(b, a); }

}  // namespace

// One trie beside another, or beside itself: in nodes that the same path may reach.
class PatternPairs::Walk {
 public:
  // `any`: hosts tell neither pattern from the other, so that each has requests of its own in any case.
  Walk(const std::vector<Pattern>& patterns, bool any, size_t* steps, const Visit& visit)
      : patterns_(patterns), any_(any), steps_(*steps), visit_(visit) {}

  // What has been found on the way to a pair of nodes: whether one asks for less than the other somewhere.
  struct Narrower {
    bool a = false;
    bool b = false;
  };

  bool Alone(const Node& node) {
    if (!Step() || !Below(node.rests, node, {false, true})) return false;
    for (const auto& [text, child] : node.literals) {
      if (!Alone(child)) return false;
      if (!text.empty() && !node.parameter.empty() && !Beside(child, node.parameter[0], {true, false})) return false;
    }
    return node.parameter.empty() || Alone(node.parameter[0]);
  }

  bool Beside(const Node& a, const Node& b, Narrower narrower) {
    if (!Step() || !Each(a.ends, b.ends, narrower) || !Each(a.rests, b.rests, narrower) ||
        !Below(a.rests, b, {narrower.a, true}) || !Above(a, b.rests, {true, narrower.b}) ||
        !SameLiterals(a, b, narrower)) {
      return false;
    }
    const Narrower a_narrower = {true, narrower.b}, b_narrower = {narrower.a, true};
    if (!a.parameter.empty() && !b.parameter.empty() && !Beside(a.parameter[0], b.parameter[0], narrower)) return false;
    for (const Node& parameter : b.parameter)
      for (const auto& [text, child] : a.literals)
        if (!text.empty() && !Beside(child, parameter, a_narrower)) return false;
    for (const Node& parameter : a.parameter)
      for (const auto& [text, child] : b.literals)
        if (!text.empty() && !Beside(parameter, child, b_narrower)) return false;
    return true;
  }

 private:
  bool Step() { return steps_ > 0 && --steps_ > 0; }

  bool SameLiterals(const Node& a, const Node& b, Narrower narrower) {
    const bool a_is_smaller = a.literals.size() < b.literals.size();
    const auto& large = a_is_smaller ? b.literals : a.literals;
    for (const auto& [text, child] : a_is_smaller ? a.literals : b.literals) {
      const auto other = large.find(text);
      if (other == large.end()) continue;
      if (a_is_smaller ? !Beside(child, other->second, narrower) : !Beside(other->second, child, narrower))
        return false;
    }
    return true;
  }

  bool Each(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b, Narrower narrower) {
    for (uint32_t x : a)
      for (uint32_t y : b)
        if (!Meet(x, y, narrower)) return false;
    return true;
  }

  bool Meet(uint32_t a, uint32_t b, Narrower narrower) {
    const Pattern& x = patterns_[a];
    const Pattern& y = patterns_[b];
    if (!Step()) return false;
    if (!MethodsMeet(x, y)) return true;
    const bool nested = (!narrower.b && MethodContains(y, x)) || (!narrower.a && MethodContains(x, y));
    return (nested && !any_) || visit_(a, b);
  }

  // Each rest with all that lies below the node; what does is narrower, so that often only a wider method counts.
  bool Below(const std::vector<uint32_t>& rests, const Node& node, Narrower narrower) {
    return std::all_of(rests.begin(), rests.end(), [&](uint32_t rest) {
      return EachBelow(node, WantedBeside(rest, narrower.a),
                       [&](uint32_t other) { return Meet(rest, other, narrower); });
    });
  }

  bool Above(const Node& node, const std::vector<uint32_t>& rests, Narrower narrower) {
    return std::all_of(rests.begin(), rests.end(), [&](uint32_t rest) {
      return EachBelow(node, WantedBeside(rest, narrower.b),
                       [&](uint32_t other) { return Meet(other, rest, narrower); });
    });
  }

  static constexpr uint8_t kAll = 0xff;

  // Which methods a pattern below must have; none if no pattern will do.
  uint8_t WantedBeside(uint32_t rest, bool rest_is_narrower) const {
    if (any_ || rest_is_narrower) return kAll;
    const std::string_view method = patterns_[rest].method;
    return method.empty() ? 0 : method == "HEAD" ? kAny | kGet : kAny;
  }

  template <typename Found>
  bool EachBelow(const Node& node, uint8_t wanted, Found found) {
    if (wanted == 0) return true;
    const auto all_of = [&](const Node& child) {
      if (wanted != kAll && (child.methods & wanted) == 0) return true;
      return Step() && std::all_of(child.ends.begin(), child.ends.end(), found) &&
             std::all_of(child.rests.begin(), child.rests.end(), found) && EachBelow(child, wanted, found);
    };
    return std::all_of(node.literals.begin(), node.literals.end(),
                       [&](const auto& edge) { return all_of(edge.second); }) &&
           std::all_of(node.parameter.begin(), node.parameter.end(), all_of);
  }

  const std::vector<Pattern>& patterns_;
  const bool any_;
  size_t& steps_;
  const Visit& visit_;
};

PatternPairs::PatternPairs(const std::vector<Pattern>& patterns) : patterns_(patterns) {
  absl::flat_hash_map<std::string, size_t> places;
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    const Pattern& pattern = patterns[i];
    const std::string key =
        pattern.has_host ? absl::StrCat(static_cast<int>(pattern.host.kind), HostKey(pattern.host)) : "";
    const auto [place, fresh] = places.try_emplace(key, roots_.size());
    if (fresh) {
      roots_.emplace_back();
      hosts_.push_back(&pattern);
    }
    Node* node = &roots_[place->second];
    node->methods |= WidthOf(pattern);
    std::vector<uint32_t> Node::*list = &Node::ends;
    for (const PatternSegment& segment : pattern.segments) {
      if (segment.kind == PatternSegment::Kind::kRest) {
        list = &Node::rests;
      } else if (segment.kind == PatternSegment::Kind::kLiteral) {
        node = &node->literals[segment.text];
      } else {
        node->parameter.resize(1);
        node = &node->parameter[0];
      }
      node->methods |= WidthOf(pattern);
    }
    (node->*list).push_back(i);
  }
}

bool PatternPairs::ForEach(size_t most_steps, const Visit& visit) const {
  size_t steps = most_steps;
  for (const Node& root : roots_)
    if (!Walk(patterns_, false, &steps, visit).Alone(root)) return false;
  ArmPairs hosts;
  for (uint32_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i]->has_host) hosts.Add(i, {hosts_[i]->host}, "");
  absl::flat_hash_set<std::pair<uint32_t, uint32_t>> seen;
  return hosts.ForEach([&](uint32_t a, uint32_t b) {
    if (steps == 0) return false;
    --steps;
    const HostPattern& x = hosts_[a]->host;
    const HostPattern& y = hosts_[b]->host;
    if (!PortsMeet(x.port, y.port) || HostContains(x, y) || HostContains(y, x)) return true;
    if (!seen.insert(std::minmax(a, b)).second) return true;
    return Walk(patterns_, true, &steps, visit).Beside(roots_[a], roots_[b], {});
  });
}

}  // namespace sluice::router
