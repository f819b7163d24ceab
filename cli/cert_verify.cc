// sluice cert verify: whether a client's certificate would be accepted, and if not, why and what would mend it.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/certificate.h"
#include "base/limits.h"
#include "cli/dates.h"
#include "cli/input.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kVerb = "cert verify";
constexpr size_t kBundleBytes = size_t{8} << 20;  // limits::kCaCertificates of them fit

// One certificate each; a text without the line that ends one stays whole.
std::vector<std::string_view> Blocks(std::string_view bundle) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::vector<std::string_view> blocks;
  for (size_t end; (end = bundle.find(kEnd)) != bundle.npos; bundle.remove_prefix(end + kEnd.size()))
    blocks.push_back(bundle.substr(0, end + kEnd.size()));
  if (blocks.empty()) blocks.push_back(bundle);
  return blocks;
}

// Without --ca the issuers that the file itself holds are believed; an unfit one is left for the verdict to name.
std::shared_ptr<const auth::CaSet> OwnAuthorities(std::string_view bundle) {
  std::vector<std::string_view> fit;
  std::string ignored;
  for (std::string_view block : Blocks(bundle)) {
    fit.push_back(block);
    if (auth::CaSet::Build(fit, &ignored) == nullptr) fit.pop_back();
  }
  return auth::CaSet::Build(fit, &ignored);
}

std::string Validity(const auth::Certificate& certificate, int64_t now_s) {
  return absl::StrCat("from ", Utc(certificate.not_before_s()), " to ", Utc(certificate.not_after_s()), ", which is ",
                      Relative(certificate.not_after_s() - now_s));
}

void PrintChain(const auth::CertificateChain& chain, int64_t now_s) {
  const std::vector<auth::Certificate>& all = chain.certificates();
  for (size_t i = 0; i < all.size(); ++i) {
    std::printf("%scertificate %zu\n", i == 0 ? "" : "\n", i + 1);
    PrintLine("subject", all[i].Subject());
    PrintLine("issuer", all[i].Issuer());
    PrintLine("valid", Validity(all[i], now_s));
    if (i == 0) PrintLine("names", absl::StrJoin(all[i].Names(), ", "));
  }
  std::printf("\n");
}

void PrintVerdict(const auth::CertificateVerdict& verdict, int64_t now_s) {
  const bool colour = WantsColour();
  if (verdict.ok()) {
    std::printf("%s\n", Paint("good", Style::kGood, colour).c_str());
    PrintLine("until", absl::StrCat(Utc(verdict.not_after_s), ", which is ", Relative(verdict.not_after_s - now_s)));
    return;
  }
  std::printf("%s\n", Paint(auth::CertificateCauseCode(verdict.cause), Style::kBad, colour).c_str());
  PrintLine("cause", verdict.detail);
  PrintLine("mend", verdict.mend);
}

constexpr Flag kFlags[] = {
    {"--ca", "FILE", "the authorities that are trusted, PEM; default: those that the file itself holds"},
    {"--partial", "", "a trusted authority need not be a root (allow_partial_chain)"},
    {"--name", "NAME", "what the certificate must be called: DNS name, e-mail, URI, address or, lacking these, CN"},
    {"--now", "SECONDS", "the time that validity is compared with, since the epoch; default: this machine's"},
};

std::shared_ptr<const auth::CaSet> Authorities(const Args& args, std::string_view presented, std::string* error) {
  if (!args.Has("--ca")) return OwnAuthorities(presented);
  std::optional<std::string> bundle = ReadFile(args.Get("--ca"), kBundleBytes, error);
  if (!bundle) return nullptr;
  std::shared_ptr<const auth::CaSet> cas = auth::CaSet::Build(Blocks(*bundle), error);
  if (cas == nullptr) *error = absl::StrCat(args.Get("--ca"), ": ", *error);
  return cas;
}

int Run(const Args& args) {
  int64_t now_ns = WallClockNs();
  if (args.Has("--now") && !ParseSeconds(args.Get("--now"), &now_ns))
    return Fail(kVerb, "expected --now as seconds since the epoch");
  const int64_t now_s = now_ns / 1'000'000'000;
  std::string error;
  std::optional<std::string> text = ReadFile(args.operands()[0], limits::kCertificateChainBytes + 1, &error);
  if (!text) return Fail(kVerb, error);
  std::shared_ptr<const auth::CaSet> cas = Authorities(args, *text, &error);
  if (cas == nullptr) return Fail(kVerb, error);
  auth::CertificateRules rules;
  rules.allow_partial_chain = args.Has("--partial") || !args.Has("--ca");
  rules.strict_order = true;
  rules.name = args.Get("--name");
  auth::CertificateVerdict verdict;
  std::optional<auth::CertificateChain> chain = auth::CertificateChain::Parse(*text, &verdict);
  if (chain) {
    PrintChain(*chain, now_s);
    verdict = auth::VerifyChain(*chain, *cas, rules, now_s);
  }
  PrintVerdict(verdict, now_s);
  if (!args.Has("--ca") && verdict.ok())
    std::printf("\nWhom you trust was not asked: the file's own issuers were believed. Give --ca.\n");
  return verdict.ok() ? 0 : 1;
}

}  // namespace

const Verb kCertVerify = {
    .name = "cert verify",
    .summary = "whether a client certificate would be accepted, and why not",
    .operands = "FILE",
    .about =
        "Verifies a certificate with the issuers behind it, as a client would send them, as mtls-auth does: the way "
        "to a trusted root, signatures, key sizes, usage for client authentication, validity to the second; and that "
        "each issuer stands right behind what it has issued, which mtls-auth does not ask, but others do. A refusal "
        "names its cause and what would mend it. FILE is PEM or DER; `-` reads standard input.\n\n"
        "Exit status: 0 good, 1 refused, 2 a file that cannot be used.",
    .example =
        "  sluice cert verify alice.pem --ca root.pem\n"
        "  sluice cert verify bundle.pem --ca root.pem --name alice.example.com",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = Run,
};

}  // namespace sluice::cli
