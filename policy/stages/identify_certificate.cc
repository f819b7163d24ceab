// Kong's mtls-auth and header-cert-auth: a client certificate, of the TLS connection or of a header that a proxy in
// front has set.
#include <algorithm>

#include "absl/strings/match.h"
#include "auth/certificate_header.h"
#include "base/limits.h"
#include "policy/stages/identify.h"

namespace sluice {
namespace {

using Format = policy::CertificateAuthConfig::HeaderFormat;

// Kong's messages.
constexpr std::string_view kNoneSent = "No required TLS certificate was sent";
constexpr std::string_view kFailed = "TLS certificate failed verification";

constexpr int64_t kSecondNs = 1'000'000'000;

// What a plugin goes by while it looks at one certificate.
struct Check {
  std::string_view name;  // of the plugin
  const CertificateAuthPlugin& plugin;
  std::string_view presented;  // as it came: what the cache goes by
};

Step RefuseCertificate(Txn& t, std::string_view name, const CertificateAuthPlugin& plugin, std::string_view reason,
                       std::string_view cause, std::string_view message = kFailed) {
  Refusal refusal{name, plugin.spot, plugin.anonymous};
  refusal.reason = reason;
  refusal.message = message;
  refusal.cause = cause;
  return RefuseCredential(t, refusal);
}

// ---- The cache ----

// What is longer cannot be good, percent-encoded or not. By the bound of auth/token_cache.h a text of that length meets
// a given entry with probability below 2^-113.
constexpr size_t kMostPresented = 3 * limits::kCertificateChainBytes;

bool UsesCache(const Txn& t, const Check& check) {
  return t.gateway.tokens != nullptr && check.presented.size() <= kMostPresented;
}

auth::TokenCache::Key CacheKey(const Txn& t, const Check& check) {
  return t.gateway.tokens->KeyFor(check.presented, {check.plugin.verifier, t.world->policy_generation});
}

// Years beyond 2262 do not fit.
int64_t ToNs(int64_t seconds) {
  constexpr int64_t kMost = INT64_MAX / kSecondNs - 1;
  return std::clamp(seconds, -kMost, kMost) * kSecondNs;
}

Step AcceptCertificate(Txn& t, const Check& check, uint32_t consumer, std::string_view identifier,
                       std::string_view groups, std::string_view how) {
  Accept(t, consumer, identifier);
  t.identity.groups = groups;
  Trace(t, check.name, "pass", check.plugin.spot, {"`", identifier, "`, ", how});
  return Step::kNext;
}

bool FromCache(Txn& t, const Check& check, Step* step) {
  auth::CachedToken hit;
  if (!UsesCache(t, check) || !t.gateway.tokens->Find(CacheKey(t, check), &hit)) return false;
  if (t.now.wall_ns < hit.nbf_ns || t.now.wall_ns >= hit.exp_ns) return false;  // verified again, it says why
  std::string_view identifier, groups;
  UnpackIdentity(t, hit, &identifier, &groups);
  *step = AcceptCertificate(t, check, static_cast<uint32_t>(hit.user[0]), identifier, groups,
                            "verified before, still valid");
  return true;
}

void Remember(Txn& t, const Check& check, const auth::CertificateVerdict& verdict, uint32_t consumer,
              std::string_view identifier, std::string_view groups) {
  auth::CachedToken value;
  if (!UsesCache(t, check) || !PackIdentity(identifier, groups, &value)) return;
  value.nbf_ns = ToNs(verdict.not_before_s);
  value.exp_ns = ToNs(verdict.not_after_s + 1);  // the last second counts in full
  value.user[0] = consumer;
  t.gateway.tokens->Insert(CacheKey(t, check), value);
}

// ---- Who it is ----

struct Match {
  uint32_t consumer = kNone;
  std::string_view name;  // by which it was found
};

uint32_t Find(const absl::flat_hash_map<std::string, uint32_t>& consumers, std::string_view name) {
  auto found = consumers.find(name);
  return found == consumers.end() ? kNone : found->second;
}

// In Kong's order: credentials for the certificate's authorities, those for any, consumers of that name.
Match FindConsumer(const Snapshot& snapshot, const CertificateAuthPlugin& plugin, const auth::Certificate& leaf,
                   const std::vector<size_t>& cas) {
  std::vector<uint32_t> authorities;
  for (size_t ca : cas) authorities.push_back(plugin.ca_numbers[ca]);
  authorities.push_back(kNone);
  for (uint32_t authority : authorities) {
    for (const std::string& name : leaf.Names()) {
      auto found = snapshot.subject_credentials.find(std::pair(name, authority));
      if (found != snapshot.subject_credentials.end()) return {found->second.consumer, name};
    }
  }
  for (const std::string& name : leaf.Names()) {
    for (policy::CertificateAuthConfig::ConsumerBy by : plugin.config.consumer_by) {
      bool by_name = by == policy::CertificateAuthConfig::ConsumerBy::kUsername;
      uint32_t consumer = Find(by_name ? snapshot.consumer_by_name : snapshot.consumer_by_custom_id, name);
      if (consumer != kNone) return {consumer, name};
    }
  }
  return {plugin.default_consumer, leaf.Names().empty() ? std::string_view() : leaf.Names()[0]};
}

Step AcceptVerified(Txn& t, const Check& check, const auth::Certificate& leaf,
                    const auth::CertificateVerdict& verdict) {
  const policy::CertificateAuthConfig& config = check.plugin.config;
  std::string subject = leaf.Subject();
  Match match;
  std::string_view groups;
  if (config.skip_consumer_lookup) {
    bool by_cn = config.authenticated_group_by == policy::CertificateAuthConfig::GroupBy::kCommonName;
    std::string_view group = by_cn ? std::string_view(leaf.CommonName()) : std::string_view(subject);
    match.name = subject;
    if (!group.empty()) groups = t.arena.Concat({group, "\n"});
  } else {
    match = FindConsumer(*t.snapshot, check.plugin, leaf, verdict.cas);
    if (match.consumer == kNone)
      return RefuseCertificate(t, check.name, check.plugin, "cert_unknown_consumer",
                               t.arena.Concat({"`", subject, "` is good, but none of its names is a consumer's"}));
  }
  std::string_view identifier = t.arena.Copy(match.name.empty() ? std::string_view(subject) : match.name);
  Remember(t, check, verdict, match.consumer, identifier, groups);
  return AcceptCertificate(t, check, match.consumer, identifier, groups, "verified");
}

Step VerifyCertificate(Txn& t, const Check& check, std::string_view text) {
  auth::CertificateVerdict verdict;
  std::optional<auth::CertificateChain> chain = auth::CertificateChain::Parse(text, &verdict);
  if (chain) verdict = auth::VerifyChain(*chain, *check.plugin.cas, check.plugin.rules, t.now.wall_ns / kSecondNs);
  if (!verdict.ok())
    return RefuseCertificate(t, check.name, check.plugin, auth::CertificateCauseCode(verdict.cause),
                             t.arena.Concat({verdict.detail, " (", verdict.mend, ")"}));
  return AcceptVerified(t, check, chain->leaf(), verdict);
}

// ---- In headers ----

bool IsNamed(const Header& header, std::string_view name) { return absl::EqualsIgnoreCase(header.name, name); }

struct PresentedHeader {
  std::string_view value;  // the last of that name
  size_t count = 0;
};

PresentedHeader FindLast(const Txn& t, std::string_view name) {
  PresentedHeader found;
  for (const Header& header : RequestHeaders(t)) {
    if (!IsNamed(header, name)) continue;
    found.value = header.value;
    ++found.count;
  }
  return found;
}

// All of that name as one list (RFC 9110 section 5.3).
std::string_view Joined(Txn& t, std::string_view name) {
  std::string_view all;
  for (const Header& header : RequestHeaders(t))
    if (IsNamed(header, name)) all = all.empty() ? header.value : t.arena.Concat({all, ",", header.value});
  return all;
}

constexpr std::string_view kChainHeader = "Client-Cert-Chain";  // RFC 9440

bool IsTrustedSource(const Txn& t, const CertificateAuthPlugin& plugin) {
  if (!plugin.config.secure_source) return true;
  return t.has_peer && std::any_of(plugin.trusted.begin(), plugin.trusted.end(),
                                   [&](const Cidr& network) { return network.Contains(t.peer.ip); });
}

// What a stranger says of certificates reaches nobody behind us either. A trusted proxy answers for the exact name
// alone.
void DropForged(Txn& t, const CertificateAuthPlugin& plugin, bool trusted) {
  DropSpellings(t, plugin.config.certificate_header_name, trusted);
  if (plugin.config.certificate_header_format == Format::kRfc9440) DropSpellings(t, kChainHeader, trusted);
}

std::string_view ReadHeader(Txn& t, Format format, std::string_view value, std::string_view chain, const char** fault) {
  switch (format) {
    case Format::kBase64Encoded: return auth::ReadBase64Encoded(value, t.arena, fault);
    case Format::kUrlEncoded: return auth::ReadUrlEncoded(value, t.arena, fault);
    case Format::kXfcc: return auth::ReadForwardedClientCert(value, t.arena, fault);
    case Format::kRfc9440: break;
  }
  return auth::ReadClientCert(value, chain, t.arena, fault);
}

}  // namespace

Step IdentifyByCertificate(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kMtlsAuth);
  if (scoped == nullptr) return Step::kNext;
  const CertificateAuthPlugin& plugin = t.snapshot->certificate_auth[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, true)) return Step::kNext;
  t.auth_ran = true;
  const Tls& tls = t.request.tls;
  if (tls.client_cert.empty())
    return RefuseCertificate(t, "mtls-auth", plugin, "cert_missing", "the client sent no certificate", kNoneSent);
  const std::string_view text =
      tls.client_chain.empty() ? tls.client_cert : t.arena.Concat({tls.client_cert, "\n", tls.client_chain});
  Check check{"mtls-auth", plugin, text};
  Step step;
  return FromCache(t, check, &step) ? step : VerifyCertificate(t, check, text);
}

Step IdentifyByForwardedCertificate(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kHeaderCertAuth);
  if (scoped == nullptr) return Step::kNext;
  const CertificateAuthPlugin& plugin = t.snapshot->certificate_auth[scoped->config];
  const bool trusted = IsTrustedSource(t, plugin);
  DropForged(t, plugin, trusted);
  if (SkipsAuthentication(t, plugin.anonymous, true)) return Step::kNext;
  t.auth_ran = true;
  constexpr std::string_view kName = "header-cert-auth";
  if (!trusted)
    return RefuseCertificate(t, kName, plugin, "cert_untrusted_source",
                             "the request does not come from one of trusted_ips", kNoneSent);
  const PresentedHeader header = FindLast(t, plugin.config.certificate_header_name);
  if (header.value.empty())
    return RefuseCertificate(t, kName, plugin, "cert_missing", "no certificate in the configured header", kNoneSent);
  const Format format = plugin.config.certificate_header_format;
  if (header.count > 1 && format != Format::kXfcc)
    return RefuseCertificate(t, kName, plugin, "cert_malformed", "the configured header is there more than once");
  const std::string_view chain = format == Format::kRfc9440 ? Joined(t, kChainHeader) : std::string_view();
  Check check{kName, plugin, chain.empty() ? header.value : t.arena.Concat({header.value, "\n", chain})};
  Step step;
  if (FromCache(t, check, &step)) return step;
  const char* fault;
  std::string_view text = ReadHeader(t, format, header.value, chain, &fault);
  if (*fault != '\0') return RefuseCertificate(t, kName, plugin, "cert_malformed", fault);
  return VerifyCertificate(t, check, text);
}

}  // namespace sluice
