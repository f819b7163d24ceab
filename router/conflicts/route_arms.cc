#include "router/conflicts/route_arms.h"

#include <utility>

#include "router/prover/regex_example.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

class Collector {
 public:
  Collector(const std::vector<RouteSpec>& routes, RegexProver* prover, const std::function<bool()>& has_budget)
      : routes_(routes), prover_(prover), has_budget_(has_budget) {}

  RouteArms Run() {
    for (const Arm& arm : RankArms(routes_)) Add(arm);
    for (const Precedence& precedence : RankStreams(routes_))
      all_.arms.push_back({precedence, MatchSetOf(routes_[precedence.route], false), "", ""});
    return std::move(all_);
  }

 private:
  void Add(const Arm& arm) {
    const RouteSpec& route = routes_[arm.precedence.route];
    RouteArm added;
    added.precedence = arm.precedence;
    if (!route.paths.empty()) added.path = route.paths[arm.precedence.path];
    added.way = added.path;
    if (arm.precedence.is_regex && !ReadRegex(&added)) return;
    added.set = MatchSetOf(route, arm.by_port);
    all_.arms.push_back(std::move(added));
  }

  // False if the arm is out of question.
  bool ReadRegex(RouteArm* arm) {
    if (prover_ == nullptr) {
      all_.partial.insert(arm->precedence.route);
      return false;
    }
    Regex::Error error;
    const std::string pattern = arm->path.substr(1);
    const auto regex = Regex::Compile(pattern, Regex::Kind::kPath, &error);
    if (regex == nullptr) return false;
    arm->way = regex->literal_prefix();
    if (PlainExample(pattern, *regex).has_value()) return true;  // which spares most of them an automaton
    if (!has_budget_()) return true;
    std::string example, reason;
    if (prover_->Overlap(arm->path, "/", &example, &reason) != Answer::kNo) return true;
    if (never_.insert({arm->precedence.route, arm->precedence.path}).second) all_.nevers.push_back(arm->precedence);
    return false;
  }

  const std::vector<RouteSpec>& routes_;
  RegexProver* prover_;
  const std::function<bool()>& has_budget_;
  RouteArms all_;
  absl::flat_hash_set<std::pair<size_t, size_t>> never_;  // route and path
};

}  // namespace

RouteArms CollectArms(const std::vector<RouteSpec>& routes, RegexProver* prover,
                      const std::function<bool()>& has_budget) {
  return Collector(routes, prover, has_budget).Run();
}

bool Ties(const RouteArm& a, const RouteArm& b) {
  return a.set.is_stream == b.set.is_stream && SameRank(a.precedence, b.precedence);
}

}  // namespace sluice::router
