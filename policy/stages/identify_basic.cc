// Kong's basic-auth: user and password (RFC 7617).
#include "absl/strings/match.h"
#include "auth/base64url.h"
#include "base/limits.h"
#include "policy/stages/identify.h"

namespace sluice {
namespace {

// In Kong's order: what a client adds for the proxy it talks to goes first.
constexpr std::string_view kHeaders[] = {"Proxy-Authorization", "Authorization"};

// The Basic credentials under one name, as they were sent.
struct PresentedPassword {
  std::string_view encoded;
  size_t count = 0;
};

PresentedPassword LookIn(const Txn& t, std::string_view name) {
  PresentedPassword presented;
  for (const Header& header : RequestHeaders(t)) {
    if (!absl::EqualsIgnoreCase(header.name, name)) continue;
    std::string_view encoded = CredentialsOf(header.value, "Basic");
    if (encoded.empty()) continue;
    presented.encoded = encoded;
    ++presented.count;
  }
  return presented;
}

// "user:password"; empty: not base64, or more than any credential of a policy has.
std::string_view Decoded(Txn& t, std::string_view encoded) {
  if (encoded.size() > limits::kApiKeyBytes * 4 / 3 + 4) return {};
  char* out = t.arena.Array<char>(auth::DecodedSize(encoded.size()));
  std::optional<size_t> size = auth::DecodeBase64(encoded, out);
  return size ? std::string_view(out, *size) : std::string_view();
}

struct Found {
  std::optional<uint32_t> credential;
  std::string_view reason = "basic_missing";
  std::string_view cause = "no Basic credentials in Proxy-Authorization and Authorization";
};

// More than one under a name would let one request try many passwords.
Found Check(Txn& t, const PresentedPassword& presented) {
  if (presented.count > 1) return {{}, "basic_duplicate", "one header has Basic credentials more than once"};
  std::string_view user_password = Decoded(t, presented.encoded);
  if (user_password.find(':') == user_password.npos)
    return {{}, "basic_malformed", "the Basic credentials are not base64 of `user:password`"};
  Found found{{}, "basic_unknown", "no consumer has that user with that password"};
  if (t.snapshot->passwords) found.credential = t.snapshot->passwords->Find(user_password);
  return found;
}

}  // namespace

Step IdentifyByPassword(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kBasicAuth);
  if (scoped == nullptr) return Step::kNext;
  const BasicAuthPlugin& plugin = t.snapshot->basic_auth[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, true)) return Step::kNext;
  t.auth_ran = true;
  Found found;
  for (std::string_view name : kHeaders) {
    PresentedPassword presented = LookIn(t, name);
    if (presented.count == 0) continue;
    if (plugin.config.hide_credentials) t.request_changes.Remove(name);
    if (!found.credential) found = Check(t, presented);
  }
  if (!found.credential) {
    Refusal refusal{"basic-auth", plugin.spot, plugin.anonymous};
    refusal.reason = found.reason;
    refusal.cause = found.cause;
    refusal.challenge = plugin.challenge;
    return RefuseCredential(t, refusal);
  }
  const CompiledCredential& known = t.snapshot->password_credentials[*found.credential];
  Accept(t, known.consumer, known.identifier);
  Trace(t, "basic-auth", "pass", plugin.spot, {"user and password of `", t.decision.consumer, "`"});
  return Step::kNext;
}

}  // namespace sluice
