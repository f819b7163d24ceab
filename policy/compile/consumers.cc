#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/base64url.h"
#include "policy/compile/compiler.h"
#include "policy/seed.h"

namespace sluice {
namespace {

auth::Algorithm AlgorithmOf(policy::JwtAlgorithm algorithm) {
  return *auth::FindAlgorithm(policy::ToString(algorithm));
}

std::string NameOf(const policy::Consumer& consumer) {
  if (!consumer.username.empty()) return consumer.username;
  return consumer.custom_id.empty() ? consumer.id : consumer.custom_id;
}

// A consumer's own plan; else that of the first of its groups that names one.
uint32_t PlanOf(const policy::Document& document, const policy::Consumer& consumer) {
  if (consumer.plan != policy::kNone) return Index(consumer.plan);
  for (size_t group : consumer.groups)
    if (document.consumer_groups[group].plan != policy::kNone) return Index(document.consumer_groups[group].plan);
  return kNone;
}

// What X-Credential-Identifier says of an API key: enough to tell one from another in a log, nothing to use it with.
std::string Identifier(const policy::KeyAuthCredential& credential, const std::string& consumer, size_t number) {
  return credential.id.empty() ? absl::StrCat(consumer, "/key-", number + 1) : credential.id;
}

}  // namespace

uint32_t Compiler::AclGroup(const std::string& name) {
  auto [it, inserted] = acl_groups_.emplace(name, static_cast<uint32_t>(acl_groups_.size()));
  return it->second;
}

void Compiler::Groups() {
  for (const policy::ConsumerGroup& group : document_.consumer_groups) {
    CompiledGroup compiled;
    compiled.name = group.name.empty() ? group.id : group.name;
    snapshot_.groups.push_back(std::move(compiled));
  }
}

void Compiler::Consumers() {
  for (const policy::Consumer& consumer : document_.consumers) {
    auto index = static_cast<uint32_t>(snapshot_.consumers.size());
    CompiledConsumer compiled;
    compiled.spot = SpotOf(consumer.origin);
    compiled.id = consumer.id;
    compiled.username = consumer.username;
    compiled.custom_id = consumer.custom_id;
    compiled.name = NameOf(consumer);
    compiled.plan = PlanOf(document_, consumer);
    for (size_t group : consumer.groups) {
      compiled.groups.push_back(Index(group));
      compiled.group_names.push_back(snapshot_.groups[group].name);
    }
    for (const policy::AclGroup& acl : consumer.acls) {
      compiled.acl_groups.push_back(AclGroup(acl.group));
      compiled.acl_names.push_back(acl.group);
    }
    std::sort(compiled.acl_groups.begin(), compiled.acl_groups.end());
    compiled.acl_header = absl::StrJoin(compiled.acl_names, ", ");
    if (!consumer.username.empty()) snapshot_.consumer_by_name.emplace(consumer.username, index);
    if (!consumer.custom_id.empty()) snapshot_.consumer_by_custom_id.emplace(consumer.custom_id, index);
    if (!consumer.id.empty()) snapshot_.consumer_by_id.emplace(consumer.id, index);
    snapshot_.consumers.push_back(std::move(compiled));
    JwtSecrets(consumer, index);
    ApiKeys(consumer, index);
    Passwords(consumer, index);
    SigningSecrets(consumer, index);
    Subjects(consumer, index);
  }
  snapshot_.api_keys = Digests(api_keys_);
  snapshot_.passwords = Digests(passwords_);
}

// RFC 7518, 3.2: whoever sees a token can try secrets on it for as long as it takes.
void Compiler::WarnOfShortSecret(const policy::JwtSecret& secret, auth::Algorithm algorithm) {
  const auto least = static_cast<size_t>(auth::HashBytes(algorithm));
  if (secret.secret.empty() || secret.secret.size() >= least) return;
  Error(secret.origin, "secret", "weak_secret",
        absl::StrCat("expected a secret of at least ", least, " bytes for `", auth::AlgorithmName(algorithm),
                     "`, found `", secret.secret.size(), "`"),
        "make a longer one at random: a short one can be found from any of its tokens");
  diagnostics_.back().severity = Severity::kWarning;
}

void Compiler::JwtSecrets(const policy::Consumer& consumer, uint32_t index) {
  // Kong takes secrets of any length; refusing the short ones would refuse policies that work, so they are warned of.
  auth::SecretOptions options;
  options.allow_short_secret = true;
  for (const policy::JwtSecret& secret : consumer.jwt_secrets) {
    CompiledJwtSecret compiled;
    compiled.credential = {index, secret.key};
    compiled.algorithm = AlgorithmOf(secret.algorithm);
    std::string error;
    if (auth::KeyTypeOf(compiled.algorithm) == auth::KeyType::kSecret) {
      compiled.key = auth::Key::FromSecret(secret.secret, compiled.algorithm, options, &error);
      if (std::optional<std::string> decoded = auth::DecodeAnyBase64(secret.secret)) {
        std::string ignored;  // it matters only to plugins with secret_is_base64, which refuse its tokens
        compiled.decoded_key = auth::Key::FromSecret(*decoded, compiled.algorithm, options, &ignored);
      }
      if (!compiled.key) Error(secret.origin, "secret", "bad_secret", error);
      WarnOfShortSecret(secret, compiled.algorithm);
    } else {
      compiled.key = auth::Key::FromPem(secret.rsa_public_key, compiled.algorithm, &error);
      compiled.decoded_key = compiled.key;
      if (!compiled.key) Error(secret.origin, "rsa_public_key", "bad_public_key", error);
    }
    snapshot_.jwt_secret_by_key.emplace(secret.key, static_cast<uint32_t>(snapshot_.jwt_secrets.size()));
    snapshot_.jwt_secrets.push_back(std::move(compiled));
  }
}

void Compiler::ApiKeys(const policy::Consumer& consumer, uint32_t index) {
  for (size_t i = 0; i < consumer.keyauth_credentials.size(); ++i) {
    const policy::KeyAuthCredential& credential = consumer.keyauth_credentials[i];
    api_keys_.push_back({credential.key, static_cast<uint32_t>(snapshot_.api_key_credentials.size())});
    snapshot_.api_key_credentials.push_back({index, Identifier(credential, NameOf(consumer), i)});
  }
}

// As RFC 7617 sends them. Kong keeps SHA-1(password + consumer id) of them; auth/api_key.h says what is kept here.
void Compiler::Passwords(const policy::Consumer& consumer, uint32_t index) {
  for (const policy::BasicAuthCredential& credential : consumer.basicauth_credentials) {
    user_passwords_.push_back(absl::StrCat(credential.username, ":", credential.password));
    passwords_.push_back({user_passwords_.back(), static_cast<uint32_t>(snapshot_.password_credentials.size())});
    snapshot_.password_credentials.push_back({index, credential.username});
  }
}

void Compiler::SigningSecrets(const policy::Consumer& consumer, uint32_t index) {
  for (const policy::HmacAuthCredential& signer : consumer.hmacauth_credentials) {
    auto number = static_cast<uint32_t>(snapshot_.signing_credentials.size());
    snapshot_.signing_credential_by_username.emplace(signer.username, number);
    snapshot_.signing_credentials.push_back({{index, signer.username}, auth::SigningSecret(signer.secret)});
  }
}

std::optional<auth::ApiKeyTable> Compiler::Digests(const std::vector<auth::ApiKey>& keys) {
  if (keys.empty()) return std::nullopt;
  std::string error;
  std::optional<auth::ApiKeyTable> table = auth::ApiKeyTable::Build(keys, RandomSeed(), &error);
  if (table) return table;
  policy::Origin whole;  // which keys it is about was said when the document was read
  whole.place = {document_.file_name, 1, 1, ""};
  Error(whole, "", "bad_api_keys", error);
  return std::nullopt;
}

}  // namespace sluice
