// How long an HTTP answer stays fresh (RFC 9111 section 4.2). Internal to auth/.
#ifndef SLUICE_AUTH_HTTP_FRESHNESS_H_
#define SLUICE_AUTH_HTTP_FRESHNESS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::auth {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7, the one form that may be sent) to seconds since the epoch.
std::optional<int64_t> ParseHttpDate(std::string_view text);

struct FreshnessHeaders {
  std::string_view cache_control, expires, date, age;
};

// Seconds from now: max-age less Age; 0 for no-store, no-cache and what cannot be read; else Expires less Date (or less
// `now_s` without one); nothing if the answer does not say.
std::optional<int64_t> FreshSeconds(const FreshnessHeaders& headers, int64_t now_s);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_HTTP_FRESHNESS_H_
