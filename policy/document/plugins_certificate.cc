// mtls-auth and header-cert-auth; the authorities that they trust, and the names on certificates that stand for
// consumers.
#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

using Config = CertificateAuthConfig;

std::string_view CheckCertificatePem(std::string_view text) {
  return text.find("-----BEGIN CERTIFICATE-----") != text.npos
             ? ""
             : "a certificate in PEM form, which begins with `-----BEGIN CERTIFICATE-----`";
}

constexpr Field<CaCertificate> kCaFields[] = {
    {"id", ReadString<&CaCertificate::id, CheckUuid>, kRequired},
    {"cert", ReadString<&CaCertificate::cert, CheckCertificatePem>, kRequired},
    {"cert_digest", ReadString<&CaCertificate::cert_digest, CheckNotEmpty>},
    {"tags", ReadStrings<&CaCertificate::tags, CheckTag>},
    {"created_at", Skip<CaCertificate>},
    {"updated_at", Skip<CaCertificate>},
};

constexpr Field<MtlsAuthCredential> kCredentialFields[] = {
    {"id", ReadString<&MtlsAuthCredential::id, CheckUuid>},
    {"subject_name", ReadString<&MtlsAuthCredential::subject_name, CheckIdentity>, kRequired},
    {"ca_certificate",
     [](Reader& reader, const Cursor& at, MtlsAuthCredential* out) {
       out->ca_certificate = reader.Reference(at, EntityKind::kCaCertificate);
     }},
    {"tags", ReadStrings<&MtlsAuthCredential::tags, CheckTag>},
    {"consumer", Skip<MtlsAuthCredential>},
    {"created_at", Skip<MtlsAuthCredential>},
};

void ReadAuthorities(Reader& reader, const Cursor& at, Config* out) {
  bool list = reader.List(at, [&](const Cursor& item) {
    size_t authority = reader.Reference(item, EntityKind::kCaCertificate);
    if (authority != kNone) out->ca_certificates.push_back(authority);
  });
  if (list && at.node->size() == 0)
    reader.Error(at, "bad_value", "expected at least one of `ca_certificates`", "name those whose clients may pass");
}

void ReadDefaultConsumer(Reader& reader, const Cursor& at, Config* out) {
  out->default_consumer = reader.Reference(at, EntityKind::kConsumer);
}

// Kong's other modes ask the authority (OCSP) or its list (CRL) on the network.
void ReadRevocation(Reader& reader, const Cursor& at, Config*) {
  std::string mode;
  if (!reader.String(at, nullptr, &mode) || mode == "SKIP") return;
  if (mode == "IGNORE_CA_ERROR" || mode == "STRICT") {
    reader.NotSupported(at, absl::StrCat("revocation_check_mode: ", mode),
                        "set it to SKIP: certificates are not checked for revocation, so let them be short-lived");
    return;
  }
  reader.Unknown(at, "value", mode, {"SKIP", "IGNORE_CA_ERROR", "STRICT"});
}

void ReadSendCaDn(Reader& reader, const Cursor& at, Config*) {
  bool value = false;
  if (reader.Bool(at, &value) && value)
    reader.NotSupported(at, "send_ca_dn: true", "set it to false: the host does the handshake, and names authorities");
}

constexpr Word<Config::ConsumerBy> kConsumerBy[] = {{"username", Config::ConsumerBy::kUsername},
                                                    {"custom_id", Config::ConsumerBy::kCustomId}};
constexpr Word<Config::GroupBy> kGroupBy[] = {{"CN", Config::GroupBy::kCommonName},
                                              {"DN", Config::GroupBy::kDistinguishedName}};
constexpr Word<Config::HeaderFormat> kFormats[] = {{"base64_encoded", Config::HeaderFormat::kBase64Encoded},
                                                   {"url_encoded", Config::HeaderFormat::kUrlEncoded},
                                                   {"xfcc", Config::HeaderFormat::kXfcc},
                                                   {"rfc9440", Config::HeaderFormat::kRfc9440}};

// Fields of revocation checks have no meaning where there are none; decK writes their defaults.
constexpr Field<Config> kCommonFields[] = {
    {"ca_certificates", ReadAuthorities, kRequired},
    {"allow_partial_chain", ReadBool<&Config::allow_partial_chain>},
    {"consumer_by", ReadWords<&Config::consumer_by, kConsumerBy>},
    {"skip_consumer_lookup", ReadBool<&Config::skip_consumer_lookup>},
    {"authenticated_group_by", ReadWord<&Config::authenticated_group_by, kGroupBy>},
    {"default_consumer", ReadDefaultConsumer},
    {"anonymous", ReadAnonymous<Config>},
    {"revocation_check_mode", ReadRevocation},
    {"cache_ttl", Skip<Config>},
    {"cert_cache_ttl", Skip<Config>},
    {"http_timeout", Skip<Config>},
    {"ssl_verify", Skip<Config>},
    {"http_proxy_host", NotYet<Config>},
    {"http_proxy_port", NotYet<Config>},
    {"https_proxy_host", NotYet<Config>},
    {"https_proxy_port", NotYet<Config>},
};

constexpr Field<Config> kMtlsAuthFields[] = {
    {"send_ca_dn", ReadSendCaDn},
    {"san_dirname_matcher", NotYetList<Config>},
};

constexpr Field<Config> kHeaderCertAuthFields[] = {
    {"certificate_header_name", ReadString<&Config::certificate_header_name, CheckHeaderName>, kRequired},
    {"certificate_header_format", ReadWord<&Config::certificate_header_format, kFormats>, kRequired},
    {"secure_source", ReadBool<&Config::secure_source>},
    {"trusted_ips", ReadStrings<&Config::trusted_ips, CheckIpOrCidr>},
};

// One table of the common fields and a plugin's own.
template <size_t N>
bool ReadFields(Reader& reader, const Cursor& at, const Field<Config> (&own)[N], Config* out) {
  Field<Config> fields[std::size(kCommonFields) + N];
  std::copy(std::begin(own), std::end(own), std::copy(std::begin(kCommonFields), std::end(kCommonFields), fields));
  return reader.Map(at, fields, out);
}

// Kong checks for revocation unless it is told not to: whoever relies on that must know.
void CheckRevocation(Reader& reader, const Cursor& at) {
  if (!Reader::IsSet(at, "revocation_check_mode"))
    reader.Warn(reader.PlaceOf(at), "no_revocation_check",
                "certificates are not checked for revocation, as Kong would do by default",
                "let them be short-lived, and say `revocation_check_mode: SKIP`");
}

void CheckLookup(Reader& reader, const Cursor& at, const Config& config) {
  if (config.skip_consumer_lookup && config.default_consumer != kNone)
    reader.Warn(reader.PlaceOf(at), "no_effect", "`default_consumer` has no effect with `skip_consumer_lookup`",
                "remove one of them");
}

// A certificate is no secret: whoever may send the header is whoever he likes.
void CheckSource(Reader& reader, const Cursor& at, const Config& config) {
  if (config.secure_source && config.trusted_ips.empty())
    reader.Error(at, "missing_field", "`header-cert-auth` needs `trusted_ips`: nobody else's header is believed",
                 "list the proxies in front, which verify certificates and remove the header that clients send; Kong "
                 "has them in its own configuration");
  if (!config.secure_source)
    reader.Warn(reader.PlaceOf(at), "insecure",
                "with `secure_source: false` anybody who reaches the gateway can send anybody's certificate",
                "list the proxies in front in `trusted_ips` instead");
}

}  // namespace

void ReadCaCertificate(Reader& reader, const Cursor& at, CaCertificate* out) { reader.Entity(at, kCaFields, out); }

void ReadMtlsAuthCredential(Reader& reader, const Cursor& at, MtlsAuthCredential* out) {
  reader.Entity(at, kCredentialFields, out);
}

void ReadMtlsAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  Config& config = out->emplace<MtlsAuthConfig>();
  if (!ReadFields(reader, at, kMtlsAuthFields, &config)) return;
  CheckRevocation(reader, at);
  CheckLookup(reader, at, config);
}

void ReadHeaderCertAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  Config& config = out->emplace<HeaderCertAuthConfig>();
  if (!ReadFields(reader, at, kHeaderCertAuthFields, &config)) return;
  CheckRevocation(reader, at);
  CheckLookup(reader, at, config);
  CheckSource(reader, at, config);
}

}  // namespace sluice::policy
