#include "ratelimit/lease_wire.h"

#include <charconv>
#include <limits>

#include "ratelimit/siphash.h"

namespace sluice::ratelimit {
namespace {

#include "ratelimit/lease_script.h"  // kLeaseScript: lease.lua

constexpr int64_t kMaxUs = std::numeric_limits<int64_t>::max() / 1'000;

// Words between single spaces.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view Next() {
    const size_t end = rest_.find(' ');
    const std::string_view word = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return word;
  }
  template <typename T>
  bool Number(T* out) {
    const std::string_view word = Next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *out);
    return error == std::errc() && end == word.data() + word.size();
  }
  // Microseconds, to nanoseconds; not negative unless `least` is.
  bool Time(int64_t* ns, int64_t least = 0) {
    int64_t us = 0;
    if (!Number(&us) || us < least || us > kMaxUs) return false;
    *ns = us < 0 ? us : us * 1'000;
    return true;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Buckets are spread over 1,024 parts of the key space. Those of one part are in one cluster slot, together with the
// key that says since when their history is unbroken.
std::string Part(std::string_view bucket) {
  constexpr char kHex[] = "0123456789abcdef";
  const uint64_t hash = HashLimitName(bucket).lo;
  return {kHex[hash >> 8 & 3], kHex[hash >> 4 & 15], kHex[hash & 15]};
}

}  // namespace

std::string_view LeaseScript() { return kLeaseScript; }

AskText ToText(const Ask& ask, std::string_view prefix) {
  const std::string name = ask.set->name() + ":" + ask.bucket;
  const std::string part = std::string(prefix) + "{" + Part(name) + "}";
  AskText text;
  text.keys = {part + ":" + name, part + ":since"};
  text.arguments = {ask.set->on_loss_argument(),        ask.set->lease_argument(), std::to_string(ask.need),
                    std::to_string(ask.want),           std::to_string(ask.debt),  std::to_string(ask.returned),
                    std::to_string(ask.returned_of_us), ask.seen_generation,       std::to_string(ask.seen_version)};
  const std::vector<std::string>& limits = ask.set->limit_arguments();
  text.arguments.insert(text.arguments.end(), limits.begin(), limits.end());
  return text;
}

bool ParseAnswer(std::string_view text, size_t limits, Answer* answer) {
  Words words(text);
  int64_t ttl_ms = 0;
  if (words.Next() != "G" || !words.Number(&answer->granted) || answer->granted > kMaxLeaseUnits ||
      !words.Time(&answer->usable_ns) || answer->usable_ns > kMaxLease || !words.Number(&answer->granted_at_us) ||
      !words.Number(&answer->version))
    return false;
  answer->generation = words.Next();
  if (answer->generation.empty() || answer->generation.size() > 64 || !words.Number(&ttl_ms) || ttl_ms < 0 ||
      ttl_ms > kMaxUs / 1'000 || !words.Time(&answer->retry_ns, -1))
    return false;
  answer->ttl_ns = ttl_ms * kMillisecond;
  for (size_t i = 0; i < limits; ++i)
    if (!words.Number(&answer->figures[i].remaining) || !words.Time(&answer->figures[i].reset_ns)) return false;
  return words.done();
}

}  // namespace sluice::ratelimit
