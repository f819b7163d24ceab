// The path of a request, in the one form that is both matched and forwarded.
//
//   sluice::Arena arena;
//   sluice::router::NormalTarget target;
//   sluice::router::TargetError error = sluice::router::NormalizeTarget("/a/./b%20c//d%2fe?x=1", &arena, &target);
//   // target.path == "/a/b c/d%2Fe", target.query == "x=1"; match with target.path, and forward
//   std::string_view path = sluice::router::EscapePath(target.path, &arena);  // "/a/b%20c/d%2Fe"
//
// The form is Kong's, so that a rule and the upstream never see two different paths:
//   1. the query is cut at the first `?` and kept as received;
//   2. every percent-escape of a byte that RFC 3986 does not reserve is decoded (`%41`, `%2e`, `%20`, `%C3`); those of
//      reserved bytes (`!*'();:@&=+$,/?%#[]`) stay, with upper-case hex: `%2f` becomes `%2F` and parts no segments;
//   3. dot segments are removed (RFC 3986, 5.2.4; `/..` at the root is dropped), also when they came in as `%2e`;
//   4. runs of slashes become one.
// Bytes that are no UTF-8 (overlong forms, too) are bytes like any other: matched as they are, escaped when forwarded.
//
// Refused, as by the nginx under Kong: `%00`, `%` without two hex digits, raw controls and spaces, `#`.
// For every x that is accepted, normalize(escape(normalize(x))) is normalize(x).
//
// No state and no locks; memory comes from the arena only, and only when the path changes: a path that is already
// normal is returned as a view of the target. Views live as long as the target and the arena.
#ifndef SLUICE_ROUTER_NORMALIZE_H_
#define SLUICE_ROUTER_NORMALIZE_H_

#include <string_view>

#include "base/arena.h"

namespace sluice::router {

// RFC 9112, 3.2. Authority form (`CONNECT host:port`) is refused: it names no path to decide on.
enum class TargetForm { kOrigin, kAbsolute, kAsterisk };

struct NormalTarget {
  TargetForm form = TargetForm::kOrigin;
  std::string_view path;   // normal; begins with `/`, or is "*" in asterisk form (for OPTIONS alone)
  std::string_view query;  // as received, without `?`
  bool has_query = false;  // tells `/a?` from `/a`
  // Absolute form only. The authority replaces the Host header, whatever that says (RFC 9112, 3.2.2).
  std::string_view scheme;     // "http" or "https", as received: any case
  std::string_view authority;  // host[:port], never with user information
};

enum class TargetError {
  kNone,
  kEmpty,             // "empty_target"
  kTooLong,           // "target_too_long": above limits::kTargetBytes; answer 414
  kAuthorityForm,     // "authority_form_target": neither path, URI nor `*`
  kUnknownScheme,     // "unknown_target_scheme": absolute form of neither http nor https
  kBadAuthority,      // "bad_target_authority": absolute form with an empty or malformed host, or user information
  kForbiddenByte,     // "forbidden_byte_in_target": control, space or `#`
  kBadPercentEscape,  // "bad_percent_escape": `%` without two hex digits
  kNulByte,           // "nul_byte_in_target": `%00`
};

// The stable codes above; "" for kNone.
std::string_view TargetErrorCode(TargetError error);

// Fills `out` only when it returns kNone.
TargetError NormalizeTarget(std::string_view target, Arena* arena, NormalTarget* out);

// Makes a normal path safe to send: percent-encodes all but RFC 3986's reserved and unreserved bytes. `%` is kept: in a
// normal path it always begins an escape. Returns a view of `path` when there is nothing to encode.
std::string_view EscapePath(std::string_view path, Arena* arena);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_NORMALIZE_H_
