// Consumers, their credentials, and consumer groups.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

std::string_view CheckPem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  return absl::ConsumePrefix(&text, kBegin) ? "" : "a public key in PEM form, which begins with `-----BEGIN `";
}

std::string_view CheckApiKey(std::string_view text) {
  return text.empty() || text.size() > limits::kApiKeyBytes ? "a key of 1 to 512 bytes" : "";
}

// It goes into a header of its own, and before the colon of RFC 7617.
std::string_view CheckUsername(std::string_view text) {
  if (text.find(':') != text.npos) return "a username without `:`, which ends it in a request";
  if (text.size() > limits::kUsernameBytes) return "a username of at most 255 bytes";
  return CheckIdentity(text);
}

std::string_view CheckPassword(std::string_view text) {
  return text.empty() || text.size() > limits::kPasswordBytes ? "a password of 1 to 255 bytes" : "";
}

constexpr Field<JwtSecret> kJwtFields[] = {
    {"id", ReadString<&JwtSecret::id, CheckUuid>},
    {"key", ReadString<&JwtSecret::key, CheckIdentity>, kRequired | kSecret},
    {"algorithm", ReadWord<&JwtSecret::algorithm, kJwtAlgorithms>},
    {"secret", ReadString<&JwtSecret::secret, CheckNotEmpty>, kSecret},
    {"rsa_public_key", ReadString<&JwtSecret::rsa_public_key, CheckPem>, kSecret},
    {"tags", ReadStrings<&JwtSecret::tags, CheckTag>},
    {"consumer", Skip<JwtSecret>},
    {"created_at", Skip<JwtSecret>},
};

constexpr Field<KeyAuthCredential> kKeyAuthFields[] = {
    {"id", ReadString<&KeyAuthCredential::id, CheckUuid>},
    {"key", ReadString<&KeyAuthCredential::key, CheckApiKey>, kRequired | kSecret},
    {"tags", ReadStrings<&KeyAuthCredential::tags, CheckTag>},
    {"consumer", Skip<KeyAuthCredential>},
    {"created_at", Skip<KeyAuthCredential>},
    {"ttl", NotYet<KeyAuthCredential>},
};

constexpr Field<BasicAuthCredential> kBasicAuthFields[] = {
    {"id", ReadString<&BasicAuthCredential::id, CheckUuid>},
    {"username", ReadString<&BasicAuthCredential::username, CheckUsername>, kRequired | kSecret},
    {"password", ReadString<&BasicAuthCredential::password, CheckPassword>, kRequired | kSecret},
    {"tags", ReadStrings<&BasicAuthCredential::tags, CheckTag>},
    {"consumer", Skip<BasicAuthCredential>},
    {"created_at", Skip<BasicAuthCredential>},
};

// It stands in quotes in a request, where nothing is escaped.
std::string_view CheckSigner(std::string_view text) {
  if (text.find_first_of("\"\\") != text.npos) return "a username without `\"` and `\\`";
  if (text.size() > limits::kUsernameBytes) return "a username of at most 255 bytes";
  return CheckIdentity(text);
}

constexpr Field<HmacAuthCredential> kHmacAuthFields[] = {
    {"id", ReadString<&HmacAuthCredential::id, CheckUuid>},
    {"username", ReadString<&HmacAuthCredential::username, CheckSigner>, kRequired | kSecret},
    {"secret", ReadString<&HmacAuthCredential::secret, CheckNotEmpty>, kRequired | kSecret},
    {"tags", ReadStrings<&HmacAuthCredential::tags, CheckTag>},
    {"consumer", Skip<HmacAuthCredential>},
    {"created_at", Skip<HmacAuthCredential>},
};

constexpr Field<AclGroup> kAclFields[] = {
    {"group", ReadString<&AclGroup::group, CheckIdentity>, kRequired},
    {"id", Skip<AclGroup>},
    {"tags", Skip<AclGroup>},
    {"consumer", Skip<AclGroup>},
    {"created_at", Skip<AclGroup>},
};

void ReadGroups(Reader& reader, const Cursor& at, Consumer* out) {
  reader.List(at, [&](const Cursor& item) {
    size_t group = reader.Reference(item, EntityKind::kConsumerGroup);
    bool known = std::find(out->groups.begin(), out->groups.end(), group) != out->groups.end();
    if (group != kNone && !known) out->groups.push_back(group);
  });
}

constexpr Field<Consumer> kConsumerFields[] = {
    {"id", ReadString<&Consumer::id, CheckUuid>},
    {"username", ReadString<&Consumer::username, CheckIdentity>},
    {"custom_id", ReadString<&Consumer::custom_id, CheckIdentity>},
    {"jwt_secrets", ReadCredentials<&Consumer::jwt_secrets, ReadJwtSecret>, kSecret},
    {"keyauth_credentials", ReadCredentials<&Consumer::keyauth_credentials, ReadKeyAuthCredential>, kSecret},
    {"basicauth_credentials", ReadCredentials<&Consumer::basicauth_credentials, ReadBasicAuthCredential>, kSecret},
    {"hmacauth_credentials", ReadCredentials<&Consumer::hmacauth_credentials, ReadHmacAuthCredential>, kSecret},
    {"acls", ReadCredentials<&Consumer::acls, ReadAclGroup>},
    {"groups", ReadGroups},
    {"plan", ReadPlanName<Consumer>},
    {"plugins", Skip<Consumer>},
    {"tags", ReadStrings<&Consumer::tags, CheckTag>},
    {"created_at", Skip<Consumer>},
    {"updated_at", Skip<Consumer>},
    {"type", NotYet<Consumer>},
    {"oauth2_credentials", NotYetList<Consumer>},
    {"mtls_auth_credentials", ReadCredentials<&Consumer::mtls_auth_credentials, ReadMtlsAuthCredential>},
};

constexpr Field<ConsumerGroup> kGroupFields[] = {
    {"id", ReadString<&ConsumerGroup::id, CheckUuid>},
    {"name", ReadString<&ConsumerGroup::name, CheckName>, kRequired},
    {"plan", ReadPlanName<ConsumerGroup>},
    {"consumers", Skip<ConsumerGroup>},
    {"plugins", Skip<ConsumerGroup>},
    {"tags", ReadStrings<&ConsumerGroup::tags, CheckTag>},
    {"created_at", Skip<ConsumerGroup>},
    {"updated_at", Skip<ConsumerGroup>},
};

}  // namespace

void ReadJwtSecret(Reader& reader, const Cursor& at, JwtSecret* out) {
  if (!reader.Entity(at, kJwtFields, out)) return;
  std::string_view needed = IsShared(out->algorithm) ? "secret" : "rsa_public_key";
  if (!Reader::IsSet(at, needed))
    reader.Error(at, "missing_field", absl::StrCat("algorithm ", ToString(out->algorithm), " needs `", needed, "`"),
                 "add it");
}

void ReadKeyAuthCredential(Reader& reader, const Cursor& at, KeyAuthCredential* out) {
  reader.Entity(at, kKeyAuthFields, out);
}

void ReadBasicAuthCredential(Reader& reader, const Cursor& at, BasicAuthCredential* out) {
  reader.Entity(at, kBasicAuthFields, out);
}

void ReadHmacAuthCredential(Reader& reader, const Cursor& at, HmacAuthCredential* out) {
  reader.Entity(at, kHmacAuthFields, out);
}

void ReadAclGroup(Reader& reader, const Cursor& at, AclGroup* out) { reader.Entity(at, kAclFields, out); }

void ReadConsumerGroup(Reader& reader, const Cursor& at, ConsumerGroup* out) { reader.Entity(at, kGroupFields, out); }

void ReadConsumer(Reader& reader, const Cursor& at, Consumer* out) {
  if (!reader.Entity(at, kConsumerFields, out)) return;
  if (!Reader::IsSet(at, "username") && !Reader::IsSet(at, "custom_id"))
    reader.Error(at, "missing_field", "a consumer needs `username` or `custom_id`", "add one of them");
}

}  // namespace sluice::policy
