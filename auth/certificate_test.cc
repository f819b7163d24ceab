#include "auth/certificate.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "auth/certificate_maker.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

using Cause = CertificateCause;

constexpr int64_t kNow = 1'800'000'000;

// A root, an authority below it, and a client of that.
struct World {
  MadeCertificate root = MakeCertificate({.subject = "CN=Root", .ca = true});
  MadeCertificate issuing = MakeCertificate({.subject = "CN=Issuing", .ca = true}, &root);
  MadeCertificate alice = MakeCertificate({.subject = "CN=alice,O=Acme"}, &issuing);
  MadeCertificate other_root = MakeCertificate({.subject = "CN=Other Root", .ca = true});
};

const World& W() {
  static const auto* world = new World;
  return *world;
}

std::shared_ptr<const CaSet> Trust(const std::vector<std::string>& pems) {
  std::string error;
  std::shared_ptr<const CaSet> set = CaSet::Build({pems.begin(), pems.end()}, &error);
  EXPECT_NE(set, nullptr) << error;
  return set;
}

CertificateVerdict Verify(std::string_view text, const CaSet& cas, const CertificateRules& rules = {},
                          int64_t now_s = kNow) {
  CertificateVerdict verdict;
  std::optional<CertificateChain> chain = CertificateChain::Parse(text, &verdict);
  return chain ? VerifyChain(*chain, cas, rules, now_s) : verdict;
}

CertificateVerdict Verify(std::string_view text, const MadeCertificate& root, const CertificateRules& rules = {},
                          int64_t now_s = kNow) {
  return Verify(text, *Trust({root.pem}), rules, now_s);
}

void ExpectCause(const CertificateVerdict& verdict, Cause cause, std::string_view detail) {
  EXPECT_STREQ(CertificateCauseCode(verdict.cause), CertificateCauseCode(cause)) << verdict.detail;
  EXPECT_NE(verdict.detail.find(detail), std::string::npos) << verdict.detail;
  EXPECT_EQ(verdict.mend.empty(), verdict.ok());
}

TEST(Certificate, AChainToATrustedRootIsGood) {
  const std::string chain = W().alice.pem + W().issuing.pem;
  CertificateVerdict verdict = Verify(chain, W().root);
  ExpectCause(verdict, Cause::kOk, "");
  EXPECT_EQ(verdict.not_before_s, 1'700'000'000);
  EXPECT_EQ(verdict.not_after_s, 1'900'000'000);
  EXPECT_EQ(verdict.cas, std::vector<size_t>{0});
}

TEST(Certificate, TellsItsNames) {
  struct {
    const char *names, *expected;
  } const kCases[] = {
      {"", "bob"},
      {"DNS:bob.example.com", "bob.example.com"},
      {"DNS:a.example.com,email:b@example.com,URI:spiffe://acme/bob,IP:10.0.0.9,IP:2001:db8::1",
       "a.example.com b@example.com spiffe://acme/bob 10.0.0.9 2001:db8::1"},
      {"RID:1.2.3.4", ""},  // there are alternative names, none of a kind that is looked at: the common name is none
  };
  for (const auto& test : kCases) {
    MadeCertificate made = MakeCertificate({.subject = "O=Acme,CN=robert,CN=bob", .names = test.names}, &W().issuing);
    CertificateVerdict verdict;
    std::optional<CertificateChain> chain = CertificateChain::Parse(made.der, &verdict);
    ASSERT_TRUE(chain) << verdict.detail;
    std::string all;
    for (const std::string& name : chain->leaf().Names()) all += (all.empty() ? "" : " ") + name;
    EXPECT_EQ(all, test.expected);
    EXPECT_EQ(chain->leaf().CommonName(), "bob") << "the last one";
    EXPECT_EQ(chain->leaf().Subject(), "CN=bob,CN=robert,O=Acme");
    EXPECT_EQ(chain->leaf().Issuer(), "CN=Issuing");
    EXPECT_FALSE(chain->leaf().is_ca());
  }
}

TEST(Certificate, NamesThatCouldDeceiveAreRefused) {
  for (const std::string& subject : {std::string("CN=alice\0.example.com", 21), std::string("CN=ali\nce")})
    ExpectCause(Verify(MakeCertificate({.subject = subject}, &W().issuing).pem, W().root), Cause::kMalformed,
                "has a common name that cannot be read");
  ExpectCause(Verify(MakeCertificate({.subject = "CN=x", .names = "DNS:a b"}, &W().issuing).pem, W().root),
              Cause::kMalformed, "has a name that cannot be read");
}

TEST(Certificate, HasABoundedNumberOfNames) {
  std::string names = "DNS:a";
  for (size_t i = 1; i < limits::kCertificateNames; ++i) names += ",DNS:a";
  auto verify = [](const std::string& all) {
    return Verify(MakeCertificate({.subject = "CN=x", .names = all}, &W().root).pem, W().root);
  };
  ExpectCause(verify(names), Cause::kOk, "");
  ExpectCause(verify(names + ",DNS:a"), Cause::kMalformed, "has a name that cannot be read");
}

// ---- One case for each cause ----

TEST(CertificateCauses, ReadingTheChain) {
  const std::string& alice = W().alice.pem;
  std::string cut = alice.substr(0, alice.size() - 30), scrambled = alice;
  scrambled[60] = '!';
  std::string many;
  for (size_t i = 0; i <= limits::kCertificates; ++i) many += alice;
  struct {
    std::string text;
    Cause cause;
    const char* detail;
  } const kCases[] = {
      {"", Cause::kMalformed, "expected a certificate, PEM or DER, found none"},
      {"hello", Cause::kMalformed, "found none"},
      {cut, Cause::kMalformed, "certificate 1 has no line `-----END CERTIFICATE-----`"},
      {scrambled, Cause::kMalformed, "certificate 1 is no base64"},
      {alice + PemOf("\x30\x03\x02\x01\x01"), Cause::kMalformed, "certificate 2 cannot be read"},
      {W().alice.der + "x", Cause::kMalformed, "certificate 2 cannot be read"},
      {alice + "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n", Cause::kMalformed,
       "certificate 2 is a private key"},
      {"-----BEGIN PUBLIC KEY-----\nMHc=\n-----END PUBLIC KEY-----\n", Cause::kMalformed,
       "certificate 1 is no block `CERTIFICATE`"},
      {many, Cause::kTooLarge, "more than 10 certificates"},
      {std::string(limits::kCertificateChainBytes + 1, ' '), Cause::kTooLarge, "more than 64 KiB"},
  };
  for (const auto& test : kCases) ExpectCause(Verify(test.text, W().root), test.cause, test.detail);
}

TEST(CertificateCauses, TheWay) {
  const World& w = W();
  MadeCertificate self = MakeCertificate({.subject = "CN=self"});
  MadeCertificate self_as_openssl = MakeCertificate({.subject = "CN=self", .ca = true});
  MadeCertificate self_no_cert_sign = MakeCertificate({.subject = "CN=self", .key_usage = "digitalSignature"});
  MadeCertificate stranger = MakeCertificate({.subject = "CN=stranger"}, &w.other_root);
  MadeCertificate impostor = MakeCertificate({.subject = "CN=Root", .ca = true});
  MadeCertificate of_impostor = MakeCertificate({.subject = "CN=mallory"}, &impostor);
  MadeCertificate nameless_root = MakeCertificate({.subject = "CN=Plain", .ca = true, .key_identifiers = false});
  MadeCertificate namesake = MakeCertificate({.subject = "CN=Plain", .ca = true, .key_identifiers = false});
  MadeCertificate of_namesake = MakeCertificate({.subject = "CN=eve", .key_identifiers = false}, &namesake);
  struct {
    std::string chain;
    const MadeCertificate& root;
    Cause cause;
    const char *detail, *wanted;
  } const kCases[] = {
      {w.alice.pem, w.root, Cause::kMissingIntermediate,
       "nobody sent the certificate of `CN=Issuing`, which issued `O=Acme,CN=alice`", "CN=Issuing"},
      {w.alice.pem + w.other_root.pem, w.root, Cause::kMissingIntermediate, "`CN=Issuing`", "CN=Issuing"},
      {stranger.pem, w.root, Cause::kMissingIntermediate, "`CN=Other Root`", "CN=Other Root"},
      {stranger.pem + w.other_root.pem, w.root, Cause::kUnknownRoot,
       "the chain ends at `CN=Other Root`, which is not trusted", "CN=Other Root"},
      {of_impostor.pem, w.root, Cause::kUnknownRoot, "another `CN=Root` than the one that is trusted", "CN=Root"},
      {of_namesake.pem, nameless_root, Cause::kBadSignature, "is not signed by the key", ""},
      {self.pem, w.root, Cause::kSelfSigned, "`CN=self` is issued by itself", ""},
      {self_as_openssl.pem, w.root, Cause::kSelfSigned, "`CN=self` is issued by itself", ""},
      {self_no_cert_sign.pem, w.root, Cause::kSelfSigned, "`CN=self` is issued by itself", ""},
      {w.issuing.pem, w.root, Cause::kCaLeaf, "`CN=Issuing` is the certificate of an authority", ""},
      {w.root.pem, w.root, Cause::kCaLeaf, "`CN=Root` is the certificate of an authority", ""},
      {w.issuing.pem + w.alice.pem, w.root, Cause::kBadOrder,
       "`O=Acme,CN=alice` was issued by `CN=Issuing`, and stands behind it", ""},
      {w.root.pem + w.issuing.pem + w.alice.pem, w.root, Cause::kBadOrder, "stands behind it", ""},
  };
  for (const auto& test : kCases) {
    CertificateVerdict verdict = Verify(test.chain, test.root);
    ExpectCause(verdict, test.cause, test.detail);
    EXPECT_EQ(verdict.wanted, test.wanted);
  }
}

TEST(CertificateCauses, EachCertificateOnTheWay) {
  struct {
    CertificateSpec issuing, client;
    Cause cause;
    const char* detail;
  } const kCases[] = {
      {{}, {.usages = ""}, Cause::kOk, ""},
      {{}, {.usages = "serverAuth"}, Cause::kWrongUsage, "clientAuth is not among them"},
      {{}, {.usages = "anyExtendedKeyUsage"}, Cause::kWrongUsage, "clientAuth is not among them"},
      {{}, {.usages = "serverAuth,clientAuth", .key_usage = "digitalSignature"}, Cause::kOk, ""},
      {{}, {.key_usage = "keyEncipherment"}, Cause::kWrongUsage, "lacks digitalSignature"},
      {{.usages = "serverAuth"}, {}, Cause::kWrongUsage, "`CN=Middle` names extended key usages for what it issues"},
      {{.usages = "anyExtendedKeyUsage"}, {}, Cause::kWrongUsage, "`CN=Middle` names extended key usages"},
      {{.ca = false}, {}, Cause::kNotACa, "`CN=Middle` has issued `CN=client`, but may not issue certificates"},
      {{.key_usage = "cRLSign"}, {}, Cause::kNotACa, "may not issue certificates"},
      {{}, {.key = MadeKey::kRsa1024}, Cause::kWeakKey, "`CN=client` has an RSA key of 1024 bits"},
      {{}, {.key = MadeKey::kP224}, Cause::kWeakKey, "weak curve"},
      {{}, {.key = MadeKey::kEd25519}, Cause::kOk, ""},
      {{}, {.key = MadeKey::kRsa2048}, Cause::kOk, ""},
      {{.key = MadeKey::kRsa1024}, {}, Cause::kWeakKey, "`CN=Middle` has an RSA key of 1024 bits"},
      {{.key = MadeKey::kEd25519}, {}, Cause::kOk, ""},
      {{}, {.digest = "SHA1"}, Cause::kWeakKey, "`CN=client` is signed with a weak algorithm, ecdsa-with-SHA1"},
      {{.digest = "SHA1"}, {}, Cause::kWeakKey, "`CN=Middle` is signed with a weak algorithm"},
      {{.key = MadeKey::kRsa2048}, {.digest = "MD5"}, Cause::kWeakKey, "md5WithRSAEncryption"},
      {{.key = MadeKey::kRsa2048}, {.digest = "SHA512"}, Cause::kOk, ""},
      {{}, {.critical_oid = "1.2.3.4"}, Cause::kUnsupported, "`CN=client` was refused"},
      {{.critical_oid = "1.2.3.4"}, {}, Cause::kUnsupported, "`CN=Middle` was refused"},
      {{.name_constraints = "permitted;DNS:example.com"}, {.names = "DNS:alice.example.com"}, Cause::kOk, ""},
      {{.name_constraints = "permitted;DNS:example.com"},
       {.names = "DNS:alice.example.org"},
       Cause::kNameConstraint,
       "`CN=client` was refused: permitted subtree violation"},
      {{.name_constraints = "permitted;DNS:example.com"}, {.names = "URI:alice"}, Cause::kMalformed, "has a name"},
      {{.name_constraints = "permitted;DNS:example.com"}, {.names = "email:alice"}, Cause::kMalformed, "has a name"},
      {{}, {.names = "DNS:10.0.0.9"}, Cause::kMalformed, "has a name"},
      {{}, {.names = "DNS:a@example.com"}, Cause::kMalformed, "has a name"},
      {{}, {.names = "URI:fe80::1"}, Cause::kMalformed, "has a name"},
      {{}, {.names = "email:a@example.com,URI:spiffe://acme/alice,DNS:*.example.com,IP:10.0.0.9"}, Cause::kOk, ""},
      {{.not_after_s = kNow}, {}, Cause::kOk, ""},
      {{.not_after_s = kNow - 1}, {}, Cause::kExpired, "`CN=Middle` expired 1 s ago"},
      {{.not_before_s = kNow + 1}, {}, Cause::kNotYetValid, "`CN=Middle` is valid only in 1 s"},
      {{}, {.not_after_s = kNow - 12}, Cause::kExpired, "`CN=client` expired 12 s ago"},
      {{}, {.not_before_s = kNow + 7}, Cause::kNotYetValid, "`CN=client` is valid only in 7 s"},
      {{}, {.not_before_s = kNow, .not_after_s = kNow}, Cause::kOk, ""},
      {{}, {.not_after_s = 4'000'000'000}, Cause::kOk, ""},  // beyond 2049: another type of time
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.detail);
    CertificateSpec issuing = test.issuing, client = test.client;
    issuing.subject = "CN=Middle";
    issuing.ca = test.cause != Cause::kNotACa || !issuing.key_usage.empty();
    client.subject = "CN=client";
    MadeCertificate middle = MakeCertificate(issuing, &W().root);
    ExpectCause(Verify(MakeCertificate(client, &middle).pem + middle.pem, W().root), test.cause, test.detail);
  }
}

// BoringSSL holds a common name to constraints only where it looks like a host's.
TEST(CertificateCauses, ACommonNameIsHeldToConstraints) {
  MadeCertificate middle =
      MakeCertificate({.subject = "CN=Middle", .ca = true, .name_constraints = "permitted;DNS:example.com"}, &W().root);
  MadeCertificate client = MakeCertificate({.subject = "CN=alice smith"}, &middle);
  ExpectCause(Verify(client.pem + middle.pem, W().root), Cause::kNameConstraint,
              "`CN=alice smith` has no subject alternative name");
}

TEST(CertificateCauses, PathLength) {
  for (int most : {0, 1, 2}) {
    MadeCertificate root = MakeCertificate({.subject = "CN=Root", .ca = true, .path_length = most});
    MadeCertificate one = MakeCertificate({.subject = "CN=One", .ca = true}, &root);
    MadeCertificate two = MakeCertificate({.subject = "CN=Two", .ca = true}, &one);
    MadeCertificate client = MakeCertificate({.subject = "CN=client"}, &two);
    CertificateVerdict verdict = Verify(client.pem + two.pem + one.pem, root);
    ExpectCause(verdict, most < 2 ? Cause::kPathLength : Cause::kOk,
                most < 2 ? "allows " + std::to_string(most) + " authorities below it, and there are 2" : "");
  }
}

TEST(CertificateCauses, AWayIsBoundedInDepth) {
  std::vector<MadeCertificate> all = {MakeCertificate({.subject = "CN=0", .ca = true})};
  std::string sent;
  for (size_t i = 1; i < limits::kCertificateDepth; ++i) {
    const bool last = i + 1 == limits::kCertificateDepth;
    all.push_back(MakeCertificate({.subject = "CN=" + std::to_string(i), .ca = !last}, &all.back()));
    sent.insert(0, all.back().pem);
  }
  ExpectCause(Verify(sent, all[0]), Cause::kOk, "");
  MadeCertificate below = MakeCertificate({.subject = "CN=below"}, &all[all.size() - 2]);
  MadeCertificate deep = MakeCertificate({.subject = "CN=deep", .ca = true}, &all[all.size() - 2]);
  MadeCertificate client = MakeCertificate({.subject = "CN=client"}, &deep);
  sent.clear();
  for (size_t i = 1; i + 1 < all.size(); ++i) sent.insert(0, all[i].pem);
  ExpectCause(Verify(client.pem + deep.pem + sent, all[0]), Cause::kPathLength, "longer than 8 certificates");
}

TEST(CertificateCauses, Name) {
  MadeCertificate made = MakeCertificate({.subject = "CN=x", .names = "DNS:a.example.com,email:a@b"}, &W().issuing);
  const std::string chain = made.pem + W().issuing.pem;
  for (const char* name : {"a.example.com", "A.Example.Com", "a@b"})
    ExpectCause(Verify(chain, W().root, {.name = name}), Cause::kOk, "");
  for (const char* name : {"x", "b.example.com", "example.com", "a.example.com."})
    ExpectCause(Verify(chain, W().root, {.name = name}), Cause::kNameMismatch,
                "is for `a.example.com`, `a@b`, not for `" + std::string(name) + "`");
}

TEST(CertificateCauses, HaveCodesOfTheirOwn) {
  std::set<std::string> codes;
  for (int i = 0; i < kCertificateCauseCount; ++i) codes.insert(CertificateCauseCode(static_cast<Cause>(i)));
  EXPECT_EQ(codes.size(), static_cast<size_t>(kCertificateCauseCount));
}

// ---- The search ----

TEST(CertificateSearch, OrderOfIssuersMattersOnlyWhenAsked) {
  MadeCertificate two = MakeCertificate({.subject = "CN=Two", .ca = true}, &W().issuing);
  MadeCertificate client = MakeCertificate({.subject = "CN=client"}, &two);
  const std::string straight = client.pem + two.pem + W().issuing.pem, swapped = client.pem + W().issuing.pem + two.pem;
  ExpectCause(Verify(straight, W().root), Cause::kOk, "");
  ExpectCause(Verify(swapped, W().root), Cause::kOk, "");
  ExpectCause(Verify(straight + W().root.pem, W().root, {.strict_order = true}), Cause::kOk, "");
  ExpectCause(Verify(swapped, W().root, {.strict_order = true}), Cause::kBadOrder,
              "`CN=client` is followed by `CN=Issuing`, and not by its issuer `CN=Two`");
}

TEST(CertificateSearch, PartialChains) {
  const std::string& alice = W().alice.pem;
  std::shared_ptr<const CaSet> issuing = Trust({W().issuing.pem}), both = Trust({W().root.pem, W().issuing.pem});
  ExpectCause(Verify(alice, *issuing), Cause::kUnknownRoot, "partial chains are not allowed");
  CertificateVerdict partial = Verify(alice, *issuing, {.allow_partial_chain = true});
  ExpectCause(partial, Cause::kOk, "");
  EXPECT_EQ(partial.cas, std::vector<size_t>{0});
  CertificateVerdict whole = Verify(alice, *both);
  ExpectCause(whole, Cause::kOk, "");
  EXPECT_EQ(whole.cas, (std::vector<size_t>{1, 0})) << "the trusted intermediate stands in for the one not sent";
}

// An authority that was renewed, with the same name and key: the old one is still among the trusted.
TEST(CertificateSearch, PrefersAuthoritiesThatAreValidNow) {
  MadeCertificate fresh = MakeCertificate({.subject = "CN=Renewed", .ca = true});
  MadeCertificate old =
      MakeCertificate({.subject = "CN=Renewed", .ca = true, .not_after_s = kNow - 5, .key_of = &fresh});
  MadeCertificate client = MakeCertificate({.subject = "CN=client"}, &fresh);
  CertificateVerdict verdict = Verify(client.pem, *Trust({old.pem, fresh.pem}));
  ExpectCause(verdict, Cause::kOk, "");
  EXPECT_EQ(verdict.cas, std::vector<size_t>{1});
  ExpectCause(Verify(client.pem, *Trust({old.pem})), Cause::kExpired, "`CN=Renewed` expired 5 s ago");
}

TEST(CertificateSearch, TriesEveryAuthorityOfTheName) {
  std::vector<MadeCertificate> plain;
  std::vector<std::string> pems;
  for (int i = 0; i < 5; ++i) {
    plain.push_back(MakeCertificate({.subject = "CN=Plain", .ca = true, .key_identifiers = false}));
    pems.push_back(plain.back().pem);
  }
  MadeCertificate client = MakeCertificate({.subject = "CN=client", .key_identifiers = false}, &plain[3]);
  CertificateVerdict verdict = Verify(client.pem, *Trust(pems));
  ExpectCause(verdict, Cause::kOk, "");
  EXPECT_EQ(verdict.cas, std::vector<size_t>{3});
}

TEST(CertificateSearch, AForgedSignatureNeverPasses) {
  const std::string& der = W().alice.der;
  std::shared_ptr<const CaSet> cas = Trust({W().root.pem, W().issuing.pem});
  ASSERT_TRUE(Verify(der, *cas).ok());
  for (size_t bit = 0; bit < der.size() * 8; ++bit) {
    std::string forged = der;
    forged[bit / 8] = static_cast<char>(forged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(Verify(forged, *cas).ok()) << "bit " << bit;
  }
}

// Two authorities that have issued each other, again and again: more ways than anybody should try.
TEST(CertificateSearch, IsBoundedInSignatures) {
  CertificateSpec x_spec{.subject = "CN=X", .ca = true}, y_spec{.subject = "CN=Y", .ca = true};
  MadeCertificate x = MakeCertificate(x_spec), y = MakeCertificate(y_spec);
  x_spec.key_of = &x;
  y_spec.key_of = &y;
  std::string sent;
  for (size_t i = 0; i < 4; ++i) sent += MakeCertificate(x_spec, &y).pem + MakeCertificate(y_spec, &x).pem;
  MadeCertificate client = MakeCertificate({.subject = "CN=client"}, &x);
  ExpectCause(Verify(client.pem + sent, W().root), Cause::kTooLarge,
              "more than 32 signatures would have to be checked");
}

// ---- Texts ----

TEST(CertificateText, PemAsHeadersAndToolsHaveIt) {
  const std::string pem = W().alice.pem + W().issuing.pem;
  std::string spaces = pem, crlf, one_line;
  for (char& c : spaces)
    if (c == '\n') c = ' ';
  for (char c : pem) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (char c : pem)
    if (c != '\n') one_line += c;
  for (const std::string& text : {pem, spaces, crlf, one_line, "subject=CN = alice\n" + pem + "---\n",
                                  W().alice.der + W().issuing.der, "\t" + pem})
    ExpectCause(Verify(text, W().root), Cause::kOk, "");
}

// Whoever could choose a text inside of a certificate must not choose which certificate is read.
TEST(CertificateText, PemInsideOfDerIsNoCertificate) {
  MadeCertificate trap = MakeCertificate({.subject = "CN=-----BEGIN CERTIFICATE-----"}, &W().issuing);
  CertificateVerdict verdict;
  std::optional<CertificateChain> chain = CertificateChain::Parse(trap.der, &verdict);
  ASSERT_TRUE(chain) << verdict.detail;
  EXPECT_EQ(chain->leaf().CommonName(), "-----BEGIN CERTIFICATE-----");
}

TEST(CaSet, RefusesWhatIsNoAuthority) {
  struct {
    std::vector<std::string> texts;
    const char* error;
  } const kCases[] = {
      {{"hello"}, "certificate 1: expected one certificate"},
      {{W().root.pem, W().alice.pem}, "certificate 2: is no authority's: its basic constraints do not say CA:TRUE"},
      {{W().root.pem + W().issuing.pem}, "certificate 1: expected one certificate, PEM or DER, found none or several"},
      {{W().root.pem, W().issuing.pem, W().root.der}, "certificate 3: is there twice"},
      {{MakeCertificate({.subject = "CN=Weak", .ca = true, .key = MadeKey::kRsa1024}).pem},
       "certificate 1: has an RSA key of 1024 bits, expected 2048 to 8192"},
      {std::vector<std::string>(limits::kCaCertificates + 1), "more than 1024 certificates of authorities"},
      {{std::string(limits::kCertificateChainBytes + 1, ' ')}, "certificate 1: is larger than 64 KiB"},
  };
  for (const auto& test : kCases) {
    std::string error;
    EXPECT_EQ(CaSet::Build({test.texts.begin(), test.texts.end()}, &error), nullptr);
    EXPECT_EQ(error.substr(0, std::string(test.error).size()), test.error) << error;
  }
  std::string error;
  EXPECT_NE(CaSet::Build({}, &error), nullptr) << "trusts nobody";
}

}  // namespace
}  // namespace sluice::auth
