#include "policy/stages/identify.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/ascii.h"
#include "policy/query.h"

namespace sluice {
namespace {

// In Kong's order of execution.
constexpr Step (*kPlugins[])(Txn&) = {IdentifyByCertificate,
                                      IdentifyByJwt,
                                      IdentifyByKey,
                                      IdentifyByPassword,
                                      IdentifyByOpenidConnect,
                                      IdentifyBySignature,
                                      IdentifyByForwardedCertificate};

void SetOrRemove(Txn& t, std::string_view name, std::string_view value) {
  if (value.empty()) {
    t.request_changes.Remove(name);
  } else {
    t.request_changes.Set(name, value);
  }
}

void AddIdentityHeaders(Txn& t) {
  const CompiledConsumer* consumer = t.identity.consumer;
  SetOrRemove(t, "X-Consumer-ID", consumer != nullptr ? consumer->id : std::string_view());
  SetOrRemove(t, "X-Consumer-Custom-ID", consumer != nullptr ? consumer->custom_id : std::string_view());
  SetOrRemove(t, "X-Consumer-Username", consumer != nullptr ? consumer->username : std::string_view());
  SetOrRemove(t, "X-Credential-Identifier", t.identity.anonymous ? std::string_view() : t.identity.credential);
  SetOrRemove(t, "X-Anonymous-Consumer", t.identity.anonymous ? "true" : "");
}

void SetConsumer(Txn& t, uint32_t consumer) {
  t.identity.token = {};
  t.identity.groups = {};
  t.identity.plan = kNone;
  t.identity.consumer = consumer == kNone ? nullptr : &t.snapshot->consumers[consumer];
  t.decision.consumer = consumer == kNone ? std::string_view() : t.identity.consumer->name;
  t.decision.consumer_groups =
      consumer == kNone ? std::span<const std::string_view>() : t.identity.consumer->group_names;
}

}  // namespace

Step Identify(Txn& t) {
  for (; t.identify.next < std::size(kPlugins); ++t.identify.next) {
    Step step = kPlugins[t.identify.next](t);
    if (step != Step::kNext) return step;
    t.identify.waits = 0;
  }
  for (std::string_view name : policy::kIdentityHeaders) DropSpellings(t, name);
  if (t.auth_ran) AddIdentityHeaders(t);
  return Step::kNext;
}

Step Accept(Txn& t, uint32_t consumer, std::string_view credential) {
  SetConsumer(t, consumer);
  t.identity.credential = credential;
  t.identity.authenticated = true;
  t.identity.anonymous = false;
  return Step::kNext;
}

Step RefuseCredential(Txn& t, const Refusal& refusal) {
  if (refusal.anonymous != kNone) {
    SetConsumer(t, refusal.anonymous);
    t.identity.anonymous = true;
    Trace(t, refusal.plugin, "pass", refusal.spot,
          {refusal.cause, "; goes on as anonymous `", t.decision.consumer, "`"});
    return Step::kNext;
  }
  Trace(t, refusal.plugin, "refuse", refusal.spot, {refusal.cause});
  if (!refusal.challenge.empty()) t.response_changes.Set("WWW-Authenticate", refusal.challenge);
  return Refuse(t, refusal.status, refusal.reason, refusal.message);
}

std::string_view CredentialsOf(std::string_view value, std::string_view scheme) {
  value = absl::StripLeadingAsciiWhitespace(value);
  if (!absl::StartsWithIgnoreCase(value, scheme) || value.substr(scheme.size(), 1) != " ") return {};
  return absl::StripAsciiWhitespace(value.substr(scheme.size()));
}

void DropSpellings(Txn& t, std::string_view name, bool keep_exact) {
  for (const Header& header : RequestHeaders(t)) {
    if (!IsSpelling(header.name, name)) continue;
    const bool exact = absl::EqualsIgnoreCase(header.name, name);
    if (!exact || !keep_exact) t.request_changes.Remove(exact ? name : header.name);
  }
}

// The identifier, a line feed, and the groups; a line feed alone in their place if the only group is the identifier.
bool PackIdentity(std::string_view identifier, std::string_view groups, auth::CachedToken* out) {
  if (groups.size() == identifier.size() + 1 && absl::StartsWith(groups, identifier)) groups = "\n";
  out->payload_size = identifier.size() + 1 + groups.size();
  if (out->payload_size > auth::CachedToken::kPayloadBytes) return false;
  char* end = out->payload + identifier.copy(out->payload, identifier.size());
  *end = '\n';
  groups.copy(end + 1, groups.size());
  return true;
}

void UnpackIdentity(Txn& t, const auth::CachedToken& packed, std::string_view* identifier, std::string_view* groups) {
  const std::string_view all = t.arena.Copy(packed.payload_view());
  const size_t end = all.find('\n');
  *identifier = all.substr(0, end);
  *groups = all.substr(end + 1);
  if (*groups == "\n") *groups = all.substr(0, end + 1);
}

bool SkipsAuthentication(const Txn& t, uint32_t anonymous, bool run_on_preflight) {
  if (!run_on_preflight && t.request.method == "OPTIONS") return true;
  return anonymous != kNone && t.identity.authenticated;
}

bool NextQueryValue(Txn& t, std::string_view name, size_t* next, std::string_view* value) {
  std::string_view rest = t.target.query.substr(*next);
  QueryParameter parameter;
  while (NextParameter(&rest, t.arena, &parameter)) {
    *next = t.target.query.size() - rest.size();
    if (parameter.name != name) continue;
    *value = DecodeQuery(parameter.value, t.arena);
    return true;
  }
  return false;
}

std::string_view QueryWithout(Txn& t, std::string_view query, std::string_view name) {
  char* out = t.arena.Array<char>(query.size());
  size_t size = 0;
  std::string_view rest = query;
  QueryParameter parameter;
  while (NextParameter(&rest, t.arena, &parameter)) {
    if (parameter.name == name) continue;
    if (size > 0) out[size++] = '&';
    size += parameter.raw.copy(out + size, parameter.raw.size());
  }
  return {out, size};
}

}  // namespace sluice
