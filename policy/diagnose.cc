// For the engineer at 3 a.m.: a status alone does not say whether the token, the gateway, the load balancer in front
// or the service behind produced it; what was decided and what the host saw do.
#include "policy/diagnose.h"

#include <iterator>

#include "absl/strings/match.h"

namespace sluice {
namespace {

struct Row {
  std::string_view key;
  Diagnosis diagnosis;
};

// Refusals of our own that are not the client's doing, by reason.
constexpr Row kGatewayReasons[] = {
    {"jwks_unavailable",
     {"gateway",
      "the identity provider's key set could not be fetched: look at its URL, its certificate and the way there"}},
    {"no_service", {"gateway", "the route has no service: give it one, or a request-termination plugin"}},
    {"no_target", {"gateway", "the upstream has no target with a weight above 0: look at its targets"}},
    {"no_policy", {"gateway", "no policy was published yet: look at the host's start-up log"}},
    {"terminated", {"gateway", "a request-termination plugin answers here: remove it to let requests through"}},
};

// What the host said of an upstream that gave no answer.
constexpr Row kUpstreamErrors[] = {
    {"timeout",
     {"upstream", "the upstream did not answer in time: look at its load, or raise the service's read_timeout"}},
    {"connect",
     {"upstream", "no connection to the upstream: is it running, is its host and port right, is a firewall between?"}},
    {"reset",
     {"upstream", "the upstream closed the connection without an answer: look for a crash or a restart in its log"}},
    {"tls",
     {"upstream", "no TLS with the upstream: look at its certificate, its name and the protocol of the service"}},
};

const Row* Find(const Row* rows, size_t count, std::string_view key) {
  for (size_t i = 0; i < count; ++i)
    if (rows[i].key == key) return &rows[i];
  return nullptr;
}

Diagnosis OfRefusal(const Decision& decision) {
  if (const Row* row = Find(kGatewayReasons, std::size(kGatewayReasons), decision.reason)) return row->diagnosis;
  if (decision.reason == "no_route")
    return {"client", "no route matches: compare host, path and method with `sluice explain`"};
  if (decision.reason == "rate_limited")
    return {"client", "over its limits: wait as Retry-After says, or give it a larger plan"};
  if (decision.reason == "jwt_insufficient_scope")
    return {"client",
            "the token is good, but lacks a scope that the policy requires: ask the identity provider for it"};
  if (absl::StartsWith(decision.reason, "jwt_"))
    return {"client", "the token was refused by this gateway: the reason says why; `sluice token inspect` shows it"};
  if (absl::StartsWith(decision.reason, "key_"))
    return {"client", "the API key was refused by this gateway: is it sent where key-auth looks, is it in the policy?"};
  if (absl::StartsWith(decision.reason, "basic_"))
    return {"client",
            "user and password were refused by this gateway: are they in the policy, does the client send them?"};
  if (absl::StartsWith(decision.reason, "hmac_"))
    return {"client",
            "the signature was refused by this gateway: the reason says why; compare the clocks, and the text "
            "that was signed"};
  if (absl::StartsWith(decision.reason, "cert_"))
    return {"client",
            "the client's certificate was refused by this gateway: the reason says why; `sluice cert verify` shows it, "
            "and what would mend it"};
  if (absl::StartsWith(decision.reason, "acl_"))
    return {"client", "the consumer is in none of the groups that may pass: look at its acls"};
  return {"client", "the request was refused by this gateway: the reason says why"};
}

}  // namespace

Diagnosis Diagnose(const Decision& decision, const Outcome& outcome) {
  if (outcome.status == 0) return {"client", "the client went away before the answer"};
  if (outcome.status < 400) return {"none", ""};
  if (decision.action == Action::kRespond) {
    if (outcome.status == decision.status) return OfRefusal(decision);
    return {"front_proxy",
            "the client got another status than this gateway answered: look at the proxy in front, or the host's error "
            "pages"};
  }
  if (const Row* row = Find(kUpstreamErrors, std::size(kUpstreamErrors), outcome.error)) return row->diagnosis;
  if (outcome.status == 401 || outcome.status == 403)
    return {"upstream", "this gateway let the request through; the service behind refused it: look at its own log"};
  if (outcome.status < 500)
    return {"client", "this gateway let the request through; the service behind found fault with it"};
  return {"upstream", "this gateway let the request through; the service behind failed: look at its own log"};
}

}  // namespace sluice
