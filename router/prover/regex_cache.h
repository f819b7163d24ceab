// Texts of routes, asked of the library that will match them.
#ifndef SLUICE_ROUTER_PROVER_REGEX_CACHE_H_
#define SLUICE_ROUTER_PROVER_REGEX_CACHE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "router/regex.h"

namespace sluice::router {

inline constexpr size_t kCachedInstructions = 1'000'000;  // of RE2's programs, 16 bytes each

// Keeps what it has compiled, because a search asks the same expressions again and again; all of it goes when it gets
// more than kCachedInstructions. Not thread-safe.
class RegexCache {
 public:
  // `path` as in RouteSpec::paths.
  bool TakesPath(const std::string& path, std::string_view text);

  // `value` as in HeaderSpec::values.
  bool TakesValue(const std::string& value, std::string_view text);

  // Of an expression, as in regex_example.h.
  std::optional<std::string> PathExample(const std::string& path);
  std::optional<std::string> ValueExample(const std::string& value);

 private:
  struct Entry {
    std::unique_ptr<const Regex> regex;  // null: cannot be used
    std::optional<std::string> example;
    bool has_example = false;  // whether `example` has been looked for
  };

  // Until the next call.
  Entry& EntryOf(const std::string& text, std::string_view pattern, Regex::Kind kind);

  absl::flat_hash_map<std::string, Entry> entries_;  // paths begin with `/` or `~/`, expressions of values with `~*`
  size_t instructions_ = 0;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_REGEX_CACHE_H_
