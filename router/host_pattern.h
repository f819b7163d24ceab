// Names of hosts as routes write them: `example.com`, `*.example.com`, `example.*`, and the same with a port.
#ifndef SLUICE_ROUTER_HOST_PATTERN_H_
#define SLUICE_ROUTER_HOST_PATTERN_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::router {

struct HostPattern {
  enum class Kind {
    kPlain,
    kAnySubdomain,  // `*.example.com`; text is ".example.com"
    kAnyTail,       // `example.*`; text is "example."
  };
  Kind kind = Kind::kPlain;
  std::string text;   // lower case, without the asterisk
  uint32_t port = 0;  // 0: any
};

// Null, or what is wrong with `text`: a clause that fits after "expected a host name".
const char* ParseHostPattern(std::string_view text, HostPattern* out);

// The same for a TLS server name, which has no port and may end with the root's dot.
const char* ParseServerName(std::string_view text, HostPattern* out);

// `example.com.` is `example.com` (RFC 1034, 3.1); a server name leaves the dot out (RFC 6066, 3), and nginx drops it.
inline std::string_view WithoutRootDot(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  return name;
}

// What tells patterns of one kind apart: the text, with `:port` if there is one.
std::string HostKey(const HostPattern& pattern);

// Whether a name of any case satisfies the pattern; ports are not looked at. The asterisk takes at least one byte. A
// name of more than limits::kHostBytes, which is none, satisfies no pattern.
bool HostMatches(const HostPattern& pattern, std::string_view host);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_HOST_PATTERN_H_
