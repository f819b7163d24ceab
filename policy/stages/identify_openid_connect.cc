// Kong's openid-connect plugin, for bearer tokens of one identity provider.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "policy/stages/tokens.h"

namespace sluice {
namespace {

using ParamType = policy::OpenidConnectConfig::ParamType;

constexpr std::string_view kQueryParameter = "access_token";                     // RFC 6750, 2.3
constexpr std::string_view kBareHeaders[] = {"access-token", "x-access-token"};  // Kong's; without a scheme

Presented FindToken(Txn& t, const policy::OpenidConnectConfig& config) {
  Presented presented;
  for (ParamType place : config.bearer_token_param_type) {
    switch (place) {
      case ParamType::kHeader:
        CollectHeader(t, "authorization", true, &presented);
        for (std::string_view name : kBareHeaders) CollectHeader(t, name, false, &presented);
        break;
      case ParamType::kQuery: CollectQuery(t, kQueryParameter, &presented); break;
      case ParamType::kCookie: CollectCookies(t, config.bearer_token_cookie_name, &presented); break;
    }
  }
  return presented;
}

// `token` empty: any.
bool IsIn(const Txn& t, std::string_view header, std::string_view token, bool has_scheme) {
  for (const Header& h : RequestHeaders(t)) {
    if (!absl::EqualsIgnoreCase(h.name, header)) continue;
    std::string_view there = has_scheme ? CredentialsOf(h.value, "Bearer") : absl::StripAsciiWhitespace(h.value);
    if (token.empty() ? !there.empty() : there == token) return true;
  }
  return false;
}

bool IsAuthorization(std::string_view header) { return absl::EqualsIgnoreCase(header, "authorization"); }

// The request's cookies but those of that name.
void HideCookie(Txn& t, std::string_view name) {
  size_t size = 0;  // at most: each pair of n bytes took n + 1, and takes n + 2
  for (const Header& header : RequestHeaders(t))
    if (absl::EqualsIgnoreCase(header.name, "cookie")) size += 2 * (header.value.size() + 1);
  char* out = t.arena.Array<char>(size);
  size_t at = 0;
  for (const Header& header : RequestHeaders(t)) {
    if (!absl::EqualsIgnoreCase(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    for (std::string_view pair; NextCookie(&rest, &pair);) {
      if (IsCookie(pair, name)) continue;
      if (at > 0) at += std::string_view("; ").copy(out + at, 2);
      at += pair.copy(out + at, pair.size());
    }
  }
  if (at == 0) return t.request_changes.Remove("Cookie");
  t.request_changes.Set("Cookie", {out, at});
}

void HideInHeaders(Txn& t, std::string_view token, bool authorization) {
  if (authorization && IsIn(t, "authorization", token, true)) t.request_changes.Remove("Authorization");
  for (std::string_view name : kBareHeaders)
    if (IsIn(t, name, token, false)) t.request_changes.Remove(name);
}

void HideInQueryAndCookies(Txn& t, const policy::OpenidConnectConfig& config) {
  for (ParamType place : config.bearer_token_param_type) {
    size_t next = 0;
    std::string_view value;
    if (place == ParamType::kQuery && NextQueryValue(t, kQueryParameter, &next, &value))
      t.query = QueryWithout(t, t.query, kQueryParameter);
    if (place == ParamType::kCookie) HideCookie(t, config.bearer_token_cookie_name);
  }
}

// Takes the token out of the request and puts it where the upstream expects it.
void MoveToken(Txn& t, const OpenidConnectPlugin& plugin, std::string_view token) {
  const bool stays =
      plugin.token_header_has_scheme && IsAuthorization(plugin.token_header) && IsIn(t, "authorization", token, true);
  if (plugin.config.hide_credentials) {
    HideInHeaders(t, token, !stays);
    HideInQueryAndCookies(t, plugin.config);
  }
  if (stays || plugin.token_header.empty()) return;
  t.request_changes.Set(plugin.token_header,
                        plugin.token_header_has_scheme ? t.arena.Concat({"Bearer ", token}) : token);
}

// The request goes on without its tokens having been believed: the upstream is not to take them for some that were.
void WithholdTokens(Txn& t, const policy::OpenidConnectConfig& config) {
  if (!config.hide_credentials) return;
  const auto& places = config.bearer_token_param_type;
  if (std::find(places.begin(), places.end(), ParamType::kHeader) != places.end()) HideInHeaders(t, {}, true);
  HideInQueryAndCookies(t, config);
}

Step Verify(Txn& t, const OpenidConnectPlugin& plugin, std::string_view token) {
  Step step;
  if (FromCache(t, plugin, token, &step)) return step;
  auth::Verdict form = t.token.Parse(token);
  if (!form.ok()) return RefuseToken(t, plugin, form);
  return VerifyByProvider(t, plugin, 0, token);
}

}  // namespace

Step IdentifyByOpenidConnect(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kOpenidConnect);
  if (scoped == nullptr) return Step::kNext;
  const OpenidConnectPlugin& plugin = t.snapshot->openid_connect[scoped->config];
  DropClaimHeaders(t, plugin);
  if (!IsAuthorization(plugin.token_header)) DropSpellings(t, plugin.token_header);
  if (SkipsAuthentication(t, plugin.anonymous, plugin.config.run_on_preflight)) return Step::kNext;
  t.auth_ran = true;
  const Presented presented = FindToken(t, plugin.config);
  Step step;
  const bool found = CheckPresented(t, plugin, presented, &step);
  if (found) step = Verify(t, plugin, presented.token);
  if (step != Step::kNext) return step;
  if (found && t.identity.authenticated) {
    MoveToken(t, plugin, presented.token);
  } else if (!presented.token.empty()) {
    WithholdTokens(t, plugin.config);
  }
  return step;
}

}  // namespace sluice
