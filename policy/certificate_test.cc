// mtls-auth and header-cert-auth: where a certificate comes from, and whom it stands for. What makes one good is tested
// in auth/.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "auth/certificate_maker.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using auth::MadeCertificate;
using auth::MakeCertificate;
using testing::After;
using testing::Changed;
using testing::kSecond;
using testing::kStart;
using testing::TestRequest;

constexpr const char* kRootId = "11111111-1111-1111-1111-111111111111";
constexpr const char* kOtherId = "22222222-2222-2222-2222-222222222222";

struct Pki {
  MadeCertificate root = MakeCertificate({.subject = "CN=Root", .ca = true});
  MadeCertificate other = MakeCertificate({.subject = "CN=Other Root", .ca = true});
  MadeCertificate issuing = MakeCertificate({.subject = "CN=Issuing", .ca = true}, &root);
  MadeCertificate alice = MakeCertificate({.subject = "CN=alice,O=Acme"}, &issuing);
};

const Pki& P() {
  static const auto* pki = new Pki;
  return *pki;
}

std::string Indented(const std::string& pem) {
  return absl::StrCat("|\n    ", absl::StrReplaceAll(pem, {{"\n", "\n    "}}));
}

std::string Policy(std::string_view plugin, std::string_view more = "") {
  return absl::StrCat(R"(
_format_version: "3.0"
ca_certificates:
- id: )",
                      kRootId, "\n  cert: ", Indented(P().root.pem), "\n- id: ", kOtherId,
                      "\n  cert: ", Indented(P().other.pem), R"(
services:
- name: site
  url: http://site.internal
  routes: [{name: all, paths: [/]}]
  plugins:
  - )",
                      plugin, R"(
consumers:
- {username: alice}
- {username: guest}
- {custom_id: "spiffe://acme/bob"}
- username: carol
  mtls_auth_credentials:
  - {subject_name: mapped.example.com}
  - {subject_name: both.example.com, ca_certificate: {id: )",
                      kRootId, R"(}}
- username: dave
  mtls_auth_credentials:
  - {subject_name: both.example.com, ca_certificate: )",
                      kOtherId, "}\n", more);
}

std::string Mtls(std::string_view config = "") {
  return absl::StrCat("{name: mtls-auth, config: {revocation_check_mode: SKIP, ca_certificates: [", kRootId, ", ",
                      kOtherId, "]", config.empty() ? "" : ", ", config, "}}");
}

std::string FromHeader(std::string_view header, std::string_view format, std::string_view config = "") {
  return absl::StrCat("{name: header-cert-auth, config: {revocation_check_mode: SKIP, ca_certificates: [", kRootId,
                      "], certificate_header_name: ", header, ", certificate_header_format: ", format,
                      config.empty() ? ", trusted_ips: [203.0.113.0/24]" : ", ", config, "}}");
}

// One decision about a connection whose client presents `chain`.
struct Decided {
  Decided(Gateway& gateway, const std::string& chain, Now now = kStart) : txn(gateway) {
    TestRequest r("GET", "/");
    r.request.scheme = "https";
    r.request.tls.client_cert = chain;
    Begin(r, now);
  }
  Decided(Gateway& gateway, std::vector<Header> headers, std::string_view peer = "203.0.113.9:51234") : txn(gateway) {
    TestRequest r("GET", "/", std::move(headers));
    r.request.peer = peer;
    Begin(r, kStart);
  }
  void Begin(const TestRequest& r, Now now) {
    txn.Begin(r.request, now, {.trace = true});
    const Decision& d = txn.decision();
    status = d.status;
    reason = std::string(d.reason);
    message = std::string(d.message);
    consumer = std::string(d.consumer);
    for (const char* name : {"X-Credential-Identifier", "X-Anonymous-Consumer", "X-Authenticated-Groups", "X-Cert",
                             "Client-Cert", "Client-Cert-Chain"})
      changes[name] = Changed(d.request_headers, name);
  }
  Transaction txn;
  uint32_t status;
  std::string reason, message, consumer;
  std::map<std::string, std::string> changes;
};

std::string ChainOf(const auth::CertificateSpec& spec, const MadeCertificate& issuer = P().root) {
  return MakeCertificate(spec, &issuer).pem;
}

TEST(MtlsAuth, FindsTheConsumerOfACertificate) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(Mtls())));
  struct {
    std::string chain;
    const char *consumer, *identifier;
  } const kCases[] = {
      {P().alice.pem + P().issuing.pem, "alice", "alice"},
      {ChainOf({.subject = "CN=alice", .names = "DNS:nobody.example.com"}), "", ""},  // CN counts without others only
      {ChainOf({.subject = "CN=x", .names = "DNS:x.example.com,URI:spiffe://acme/bob"}), "spiffe://acme/bob",
       "spiffe://acme/bob"},
      {ChainOf({.subject = "CN=x", .names = "DNS:mapped.example.com"}), "carol", "mapped.example.com"},
      {ChainOf({.subject = "CN=mapped.example.com"}), "carol", "mapped.example.com"},
      {ChainOf({.subject = "CN=both.example.com"}), "carol", "both.example.com"},
      {ChainOf({.subject = "CN=both.example.com"}, P().other), "dave", "both.example.com"},
  };
  for (const auto& test : kCases) {
    for (const char* round : {"verified", "from the cache"}) {
      Decided d(gateway, test.chain);
      SCOPED_TRACE(absl::StrCat(test.identifier, ", ", round));
      EXPECT_EQ(d.consumer, test.consumer);
      if (*test.consumer == '\0') {
        EXPECT_EQ(d.status, 401u);
        EXPECT_EQ(d.reason, "cert_unknown_consumer");
        continue;
      }
      EXPECT_EQ(d.reason, "");
      EXPECT_EQ(d.changes["X-Credential-Identifier"], test.identifier);
    }
  }
}

TEST(MtlsAuth, Refuses) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(Mtls())));
  struct {
    std::string chain;
    const char *reason, *message;
  } const kCases[] = {
      {"", "cert_missing", "No required TLS certificate was sent"},
      {P().alice.pem, "cert_missing_intermediate", "TLS certificate failed verification"},
      {MakeCertificate({.subject = "CN=alice"}).pem, "cert_self_signed", "TLS certificate failed verification"},
      {"-----BEGIN CERTIFICATE-----", "cert_malformed", "TLS certificate failed verification"},
  };
  for (const auto& test : kCases) {
    Decided d(gateway, test.chain);
    EXPECT_EQ(d.status, 401u);
    EXPECT_EQ(d.reason, test.reason);
    EXPECT_EQ(d.message, test.message);
    EXPECT_EQ(Changed(d.txn.decision().response_headers, "WWW-Authenticate"), "(none)");
  }
}

// A good outcome is remembered, but not beyond the last second of the first certificate to expire, nor before the
// first.
TEST(MtlsAuth, TheCacheKeepsTimeToTheSecond) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(Mtls())));
  const int64_t now_s = kStart.wall_ns / kSecond;
  const std::string chain = ChainOf({.subject = "CN=alice", .not_before_s = now_s - 10, .not_after_s = now_s + 10});
  struct {
    int64_t offset_ns;
    const char* reason;
  } const kCases[] = {
      {0, ""},
      {0, ""},
      {11 * kSecond - 1, ""},
      {11 * kSecond, "cert_expired"},
      {-10 * kSecond, ""},
      {-10 * kSecond - 1, "cert_not_yet_valid"},
      {0, ""},
  };
  for (const auto& test : kCases) EXPECT_EQ(Decided(gateway, chain, After(test.offset_ns)).reason, test.reason);
}

TEST(MtlsAuth, AnotherPolicyReachesNoOldOutcome) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(Mtls())));
  const std::string chain = ChainOf({.subject = "CN=alice"}, P().other);
  EXPECT_EQ(Decided(gateway, chain).consumer, "alice");
  std::string only_root = absl::StrReplaceAll(Mtls(), {{absl::StrCat(", ", kOtherId), ""}});
  gateway.Publish(testing::MustCompile(Policy(only_root)));
  EXPECT_EQ(Decided(gateway, chain).reason, "cert_missing_intermediate");
}

TEST(MtlsAuth, OptionsOfTheLookup) {
  const std::string unknown = ChainOf({.subject = "CN=nobody,O=Acme"}), alice = ChainOf({.subject = "CN=alice"});
  struct {
    const char* config;
    const std::string& chain;
    const char *consumer, *reason;
  } const kCases[] = {
      {"default_consumer: guest", unknown, "guest", ""},
      {"default_consumer: guest", alice, "alice", ""},
      {"consumer_by: [custom_id]", alice, "", "cert_unknown_consumer"},
      {"consumer_by: []", alice, "", "cert_unknown_consumer"},
      {"anonymous: guest", unknown, "guest", ""},
      {"skip_consumer_lookup: true", alice, "", ""},
  };
  for (const auto& test : kCases) {
    Gateway gateway;
    gateway.Publish(testing::MustCompile(Policy(Mtls(test.config))));
    Decided d(gateway, test.chain);
    EXPECT_EQ(d.consumer, test.consumer) << test.config;
    EXPECT_EQ(d.reason, test.reason) << test.config;
    EXPECT_EQ(d.changes["X-Anonymous-Consumer"] == "true", std::string_view(test.config) == "anonymous: guest");
  }
}

TEST(MtlsAuth, GroupsOfCertificatesForAcl) {
  struct {
    const char *config, *acl, *reason, *groups;
  } const kCases[] = {
      {"skip_consumer_lookup: true", "allow: [ops]", "", "ops"},
      {"skip_consumer_lookup: true, authenticated_group_by: CN", "allow: [dev]", "acl_denied", "(none)"},
      {"skip_consumer_lookup: true, authenticated_group_by: DN", "allow: ['O=Acme,CN=ops']", "", "O=Acme,CN=ops"},
  };
  for (const auto& test : kCases) {
    Gateway gateway;
    gateway.Publish(
        testing::MustCompile(Policy(absl::StrCat(Mtls(test.config), "\n  - {name: acl, config: {", test.acl, "}}"))));
    for (int round = 0; round < 2; ++round) {
      Decided d(gateway, ChainOf({.subject = "CN=ops,O=Acme"}));
      EXPECT_EQ(d.reason, test.reason) << test.config;
      EXPECT_EQ(d.changes["X-Authenticated-Groups"], test.groups) << test.config;
    }
  }
}

TEST(MtlsAuth, PartialChains) {
  std::string policy = absl::StrReplaceAll(Policy(Mtls()), {{Indented(P().root.pem), Indented(P().issuing.pem)}});
  Gateway strict, partial;
  strict.Publish(testing::MustCompile(policy));
  partial.Publish(testing::MustCompile(
      absl::StrReplaceAll(policy, {{"revocation_check_mode", "allow_partial_chain: true, revocation_check_mode"}})));
  EXPECT_EQ(Decided(strict, P().alice.pem).reason, "cert_unknown_root");
  EXPECT_EQ(Decided(partial, P().alice.pem).consumer, "alice");
}

// ---- In headers ----

std::string PercentEncoded(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", "%0A"}, {" ", "%20"}, {"+", "%2B"}, {"/", "%2F"}, {"=", "%3D"}});
}

std::string Base64(const std::string& pem) {
  return absl::StrReplaceAll(pem, {{"\n", ""}, {"-----BEGIN CERTIFICATE-----", ""}, {"-----END CERTIFICATE-----", ""}});
}

TEST(HeaderCertAuth, ReadsEachFormat) {
  const std::string whole = P().alice.pem + P().issuing.pem, direct = ChainOf({.subject = "CN=alice"});
  const std::string urlenc = PercentEncoded(whole), base64 = Base64(direct),
                    xfcc = absl::StrCat("By=x;Cert=\"evil\",Hash=00;Chain=\"", urlenc, "\";URI=spiffe://acme/alice"),
                    client_cert = absl::StrCat(":", Base64(P().alice.pem), ":"),
                    client_chain = absl::StrCat(":", Base64(P().issuing.pem), ":");
  struct {
    const char *header, *format;
    std::vector<Header> headers;
  } const kCases[] = {
      {"X-Cert", "url_encoded", {{"x-cert", urlenc}}},
      {"X-Cert", "base64_encoded", {{"X-Cert", base64}}},
      {"X-Cert", "xfcc", {{"X-Cert", xfcc}}},
      {"X-Cert", "xfcc", {{"X-Cert", "Cert=of-the-client"}, {"X-Cert", xfcc}}},
      {"Client-Cert", "rfc9440", {{"Client-Cert", client_cert}, {"Client-Cert-Chain", client_chain}}},
  };
  for (const auto& test : kCases) {
    Gateway gateway;
    gateway.Publish(testing::MustCompile(Policy(FromHeader(test.header, test.format))));
    for (const char* round : {"verified", "from the cache"}) {
      Decided d(gateway, test.headers);
      EXPECT_EQ(d.consumer, "alice") << test.format << ", " << round << ": " << d.reason;
      EXPECT_EQ(d.changes[test.header], "(none)") << "the upstream may have it";
    }
    Decided stranger(gateway, test.headers, "198.51.100.7:1000");
    EXPECT_EQ(stranger.status, 401u);
    EXPECT_EQ(stranger.reason, "cert_untrusted_source");
    EXPECT_EQ(Decided(gateway, test.headers, "").reason, "cert_untrusted_source") << "nobody knows from where";
  }
}

TEST(HeaderCertAuth, Refuses) {
  const std::string urlenc = PercentEncoded(P().alice.pem + P().issuing.pem),
                    without_issuer = PercentEncoded(P().alice.pem);
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(FromHeader("X-Cert", "url_encoded"))));
  struct {
    std::vector<Header> headers;
    const char *reason, *message;
  } const kCases[] = {
      {{}, "cert_missing", "No required TLS certificate was sent"},
      {{{"X-Cert", ""}}, "cert_missing", "No required TLS certificate was sent"},
      {{{"X-Cert", urlenc}, {"X-Cert", urlenc}}, "cert_malformed", "TLS certificate failed verification"},
      {{{"X-Cert", without_issuer}}, "cert_missing_intermediate", "TLS certificate failed verification"},
      {{{"X-Cert", "%"}}, "cert_malformed", "TLS certificate failed verification"},
      {{{"X-Cert", "hello"}}, "cert_malformed", "TLS certificate failed verification"},
  };
  for (const auto& test : kCases) {
    Decided d(gateway, test.headers);
    EXPECT_EQ(d.reason, test.reason);
    EXPECT_EQ(d.message, test.message);
  }
}

TEST(HeaderCertAuth, WhatAStrangerSendsReachesNoUpstream) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(
      Policy(FromHeader("Client-Cert", "rfc9440", "trusted_ips: [10.0.0.0/8], anonymous: guest"))));
  Decided d(gateway, {{"Client-Cert", ":AA==:"}, {"Client-Cert-Chain", ":AA==:"}, {"client_cert", "x"}});
  EXPECT_EQ(d.consumer, "guest");
  EXPECT_EQ(d.changes["Client-Cert"], "(removed)");
  EXPECT_EQ(d.changes["Client-Cert-Chain"], "(removed)");
  EXPECT_EQ(Changed(d.txn.decision().request_headers, "client_cert"), "(removed)") << "CGI takes it for the same";
}

TEST(HeaderCertAuth, NoOtherSpellingReachesAnUpstream) {
  const std::string urlenc = PercentEncoded(P().alice.pem + P().issuing.pem);
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(FromHeader("SSL_CLIENT_CERT", "url_encoded",
                                                         "anonymous: guest"
                                                         ", trusted_ips: [10.0.0.0/8]"))));
  const std::vector<Header> headers = {{"ssl_client_cert", urlenc}, {"SSL-Client-Cert", "of-the-client"}};
  Decided stranger(gateway, headers);
  EXPECT_EQ(stranger.consumer, "guest");
  EXPECT_EQ(Changed(stranger.txn.decision().request_headers, "SSL_CLIENT_CERT"), "(removed)");
  EXPECT_EQ(Changed(stranger.txn.decision().request_headers, "SSL-Client-Cert"), "(removed)");
  Decided proxied(gateway, headers, "10.0.0.1:1000");
  EXPECT_EQ(proxied.consumer, "alice");
  EXPECT_EQ(Changed(proxied.txn.decision().request_headers, "SSL_CLIENT_CERT"), "(none)");
  EXPECT_EQ(Changed(proxied.txn.decision().request_headers, "SSL-Client-Cert"), "(removed)");
}

// A name of 150 bytes as identifier and as group: kept once.
TEST(MtlsAuth, ALongNameIsRemembered) {
  const std::string name(60, 'n'), subject = "CN=" + name + ",OU=" + name + ",O=Acme";
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(Mtls("skip_consumer_lookup: true, authenticated_group_by: DN"))));
  const std::string chain = ChainOf({.subject = subject});
  std::vector<std::string> identifiers;
  for (int round = 0; round < 2; ++round) {
    Decided d(gateway, chain);
    identifiers.push_back(d.changes["X-Credential-Identifier"]);
    bool remembered = false;
    for (const TraceStep& step : d.txn.trace())
      remembered |= step.cause.find("verified before") != std::string_view::npos;
    EXPECT_EQ(remembered, round == 1);
  }
  EXPECT_EQ(identifiers[0], identifiers[1]);
}

TEST(HeaderCertAuth, AnInsecureSourceIsBelievedOnlyWhenThePolicySaysSo) {
  const std::string urlenc = PercentEncoded(P().alice.pem + P().issuing.pem);
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy(FromHeader("X-Cert", "url_encoded", "secure_source: false"))));
  EXPECT_EQ(Decided(gateway, {{"X-Cert", urlenc}}, "198.51.100.7:1000").consumer, "alice");
}

// ---- Documents ----

TEST(CertificateDocuments, SayWhatIsWrong) {
  std::string leaf = absl::StrReplaceAll(Policy(Mtls()), {{Indented(P().root.pem), Indented(P().alice.pem)}});
  std::string digest = absl::StrReplaceAll(
      Policy(Mtls()), {{absl::StrCat("- id: ", kRootId), absl::StrCat("- cert_digest: 00ff\n  id: ", kRootId)}});
  std::string twice = absl::StrReplaceAll(Policy(Mtls()), {{Indented(P().other.pem), Indented(P().root.pem)}});
  struct {
    std::string document;
    const char *code, *says;
  } const kCases[] = {
      {leaf, "bad_certificate", "is no authority's"},
      {digest, "bad_digest", "expected the SHA-256 of the certificate, `"},
      {twice, "bad_certificate", "certificate 2: is there twice"},
      {Policy("{name: mtls-auth, config: {ca_certificates: [], revocation_check_mode: SKIP}}"), "bad_value",
       "expected at least one of `ca_certificates`"},
      {Policy(Mtls("send_ca_dn: true")), "not_supported", "`send_ca_dn: true` is not supported yet"},
      {Policy(Mtls("http_proxy_host: proxy")), "not_supported", "`http_proxy_host` is not supported yet"},
      {Policy(absl::StrReplaceAll(Mtls(), {{"SKIP", "STRICT"}})), "not_supported",
       "`revocation_check_mode: STRICT` is not supported yet"},
      {Policy(absl::StrReplaceAll(Mtls(), {{"revocation_check_mode: SKIP, ", ""}})), "no_revocation_check",
       "certificates are not checked for revocation"},
      {Policy(absl::StrReplaceAll(Mtls(), {{kOtherId, "33333333-3333-3333-3333-333333333333"}})), "unknown_reference",
       "there is no ca certificate `33333333-"},
      {Policy(FromHeader("X-Cert", "url_encoded", "secure_source: true")), "missing_field",
       "`header-cert-auth` needs `trusted_ips`"},
      {Policy(FromHeader("X-Cert", "url_encoded", "secure_source: false")), "insecure",
       "anybody who reaches the gateway can send anybody's certificate"},
      {Policy(FromHeader("X-Cert", "url_encoded", "trusted_ips: [10.0.0.1, proxy.internal]")), "bad_value",
       "expected an address or a network"},
      {Policy(Mtls(), "mtls_auth_credentials: [{consumer: alice, subject_name: mapped.example.com}]\n"),
       "duplicate_credential", "two mtls auth credentials have the same subject_name and ca_certificate"},
  };
  for (const auto& test : kCases) {
    CompileResult result = Compile(test.document, {});
    ASSERT_EQ(result.diagnostics.size(), 1u) << test.says;
    EXPECT_EQ(result.diagnostics[0].code, test.code);
    EXPECT_NE(result.diagnostics[0].message.find(test.says), std::string::npos) << result.diagnostics[0].message;
    EXPECT_GT(result.diagnostics[0].where.line, 1u);
  }
}

}  // namespace
}  // namespace sluice
