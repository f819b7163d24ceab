// What regular expressions of routes have in common and what not, decided and not tried: the question behind ties,
// shadowed routes and overlaps.
#ifndef SLUICE_ROUTER_PROVER_REGEX_PROVER_H_
#define SLUICE_ROUTER_PROVER_REGEX_PROVER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::router {

enum class Answer { kNo, kYes, kUnknown };

class RegexProver {
 public:
  using Texts = std::vector<std::string>;

  virtual ~RegexProver() = default;

  // Whether some path matches each of `all` and none of `none`; then `example` is one. On kUnknown `reason` names what
  // stands in the way. `all` has one member at least. Paths are texts as in RouteSpec::paths: a prefix, or `~` and a
  // regular expression. Only paths in normal form count (normalize.h), because no other ever reaches a route.
  virtual Answer FindPath(const Texts& all, const Texts& none, std::string* example, std::string* reason) = 0;

  // The same for values of a header: whether one of them is taken by some text of each list of `all`, and by none of
  // `none`. Texts are as in HeaderSpec::values: a value, or `~*` and a regular expression. Only values count that may
  // be sent (RFC 9110, 5.5): neither controls but tabs, nor white space at either end.
  virtual Answer FindValue(const std::vector<Texts>& all, const Texts& none, std::string* example,
                           std::string* reason) = 0;

  // Quick, in less than a microsecond once a path is known: true if no path matches both, false if that is not certain.
  virtual bool AreApart(const std::string& a, const std::string& b) = 0;

  // The same for many: adds each two of `paths`, by their indexes, of which that is not certain. Finds them without a
  // look at each two where it can, and takes from `looks` one for each two that it looks at; false if they do not
  // suffice.
  using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;
  virtual bool FindPairsNotApart(const Texts& paths, size_t* looks, Pairs* pairs) = 0;

  // What the questions so far have cost, in units of 20 to 50 ns.
  virtual size_t work() const = 0;

  // Whether some path matches both.
  Answer Overlap(const std::string& a, const std::string& b, std::string* example, std::string* reason) {
    return FindPath({a, b}, {}, example, reason);
  }

  // Whether every path that matches `inner` matches one of `outer`.
  Answer Contains(const Texts& outer, const std::string& inner) {
    std::string example, reason;
    const Answer escapes = FindPath({inner}, outer, &example, &reason);
    return escapes == Answer::kUnknown ? escapes : escapes == Answer::kYes ? Answer::kNo : Answer::kYes;
  }
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_REGEX_PROVER_H_
