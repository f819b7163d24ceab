#include "cli/token_sign.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <jwt/jwt.hpp>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sluice::cli {
namespace {

// cpp-jwt aborts on a name it does not know: only this table leads to it. It knows neither PS… nor EdDSA (its NONE
// stands for them here): those BoringSSL signs.
struct Algorithm {
  std::string_view name;
  jwt::algorithm id;
  int key_type;                      // EVP_PKEY_…; EVP_PKEY_NONE: a shared secret
  int curve;                         // NID of the curve, where there is one
  const EVP_MD* (*pss)() = nullptr;  // the hash of PS…
};

constexpr Algorithm kAlgorithms[] = {
    {"HS256", jwt::algorithm::HS256, EVP_PKEY_NONE, NID_undef},
    {"HS384", jwt::algorithm::HS384, EVP_PKEY_NONE, NID_undef},
    {"HS512", jwt::algorithm::HS512, EVP_PKEY_NONE, NID_undef},
    {"RS256", jwt::algorithm::RS256, EVP_PKEY_RSA, NID_undef},
    {"RS384", jwt::algorithm::RS384, EVP_PKEY_RSA, NID_undef},
    {"RS512", jwt::algorithm::RS512, EVP_PKEY_RSA, NID_undef},
    {"ES256", jwt::algorithm::ES256, EVP_PKEY_EC, NID_X9_62_prime256v1},
    {"ES384", jwt::algorithm::ES384, EVP_PKEY_EC, NID_secp384r1},
    {"ES512", jwt::algorithm::ES512, EVP_PKEY_EC, NID_secp521r1},
    {"PS256", jwt::algorithm::NONE, EVP_PKEY_RSA, NID_undef, EVP_sha256},
    {"PS384", jwt::algorithm::NONE, EVP_PKEY_RSA, NID_undef, EVP_sha384},
    {"PS512", jwt::algorithm::NONE, EVP_PKEY_RSA, NID_undef, EVP_sha512},
    {"EdDSA", jwt::algorithm::NONE, EVP_PKEY_ED25519, NID_undef},
};

const Algorithm* FindAlgorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

int NoPassword(char*, int, int, void*) { return 0; }

bssl::UniquePtr<EVP_PKEY> ReadPrivateKey(std::string_view pem, std::string* error) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bssl::UniquePtr<EVP_PKEY> key(bio == nullptr ? nullptr
                                               : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) *error = "the key is no unencrypted private key in PEM";
  return key;
}

// RFC 7518, 3.4: each ES algorithm has one curve; cpp-jwt does not look.
bool FitsKey(const Algorithm& algorithm, std::string_view pem, std::string* error) {
  bssl::UniquePtr<EVP_PKEY> key = ReadPrivateKey(pem, error);
  if (key == nullptr) return false;
  bool fits = EVP_PKEY_id(key.get()) == algorithm.key_type;
  if (fits && algorithm.curve != NID_undef)
    fits = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key.get()))) == algorithm.curve;
  if (!fits) *error = absl::StrCat("the key is not one for ", algorithm.name);
  return fits;
}

// PS… (RFC 7518, 3.5: the salt is as long as the hash) and EdDSA (RFC 8037).
bool SignText(const Algorithm& algorithm, EVP_PKEY* key, std::string_view text, std::string* signature) {
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* options = nullptr;
  const EVP_MD* hash = algorithm.pss == nullptr ? nullptr : algorithm.pss();
  if (!EVP_DigestSignInit(context.get(), &options, hash, nullptr, key)) return false;
  if (hash != nullptr && !(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) &&
                           EVP_PKEY_CTX_set_rsa_pss_saltlen(options, static_cast<int>(EVP_MD_size(hash)))))
    return false;
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  size_t size = 0;
  if (!EVP_DigestSign(context.get(), nullptr, &size, data, text.size())) return false;
  signature->resize(size);
  if (!EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature->data()), &size, data, text.size()))
    return false;
  signature->resize(size);
  return true;
}

using Members = std::vector<std::pair<std::string, json_t>>;

json_t ObjectOf(json_t object, const Members& members) {
  for (const auto& [name, value] : members) object[name] = value;
  return object;
}

std::optional<std::string> SignBeyondCppJwt(const Algorithm& algorithm, const Members& header, const Members& claims,
                                            std::string_view pem, std::string* error) {
  json_t first = ObjectOf({{"alg", std::string(algorithm.name)}, {"typ", "JWT"}}, header);
  std::string text = absl::StrCat(absl::WebSafeBase64Escape(first.dump()), ".",
                                  absl::WebSafeBase64Escape(ObjectOf(json_t::object(), claims).dump()));
  bssl::UniquePtr<EVP_PKEY> key = ReadPrivateKey(pem, error);
  if (key == nullptr) return std::nullopt;
  std::string signature;
  if (SignText(algorithm, key.get(), text, &signature))
    return absl::StrCat(text, ".", absl::WebSafeBase64Escape(signature));
  *error = absl::StrCat("signing failed: is the key long enough for ", algorithm.name, "?");
  return std::nullopt;
}

bool AddMembers(const std::vector<std::pair<std::string, std::string>>& members, std::string_view what, Members* out,
                std::string* error) {
  for (const auto& [name, text] : members) {
    if (!json_t::accept(absl::StrCat("\"", name, "\""))) {  // writing such a name would throw
      *error = absl::StrCat("the name of a ", what, " is not plain UTF-8 text");
      return false;
    }
    json_t value = json_t::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) {
      *error = absl::StrCat(what, " `", name, "` is not valid JSON");
      return false;
    }
    out->emplace_back(name, std::move(value));
  }
  return true;
}

}  // namespace

std::optional<bool> TakesSecret(std::string_view alg) {
  const Algorithm* algorithm = FindAlgorithm(alg);
  if (algorithm == nullptr) return std::nullopt;
  return algorithm->key_type == EVP_PKEY_NONE;
}

std::string_view KnownAlgorithms() {
  return "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA";
}

std::optional<std::string> SignToken(const TokenSpec& spec, std::string_view key, std::string* error) {
  const Algorithm* algorithm = FindAlgorithm(spec.alg);
  if (algorithm == nullptr) {
    *error = absl::StrCat("unknown algorithm `", spec.alg, "` (known: ", KnownAlgorithms(), ")");
    return std::nullopt;
  }
  if (key.empty()) {
    *error = "the key is empty";
    return std::nullopt;
  }
  if (algorithm->key_type != EVP_PKEY_NONE && !FitsKey(*algorithm, key, error)) return std::nullopt;
  Members header, claims;
  if (!AddMembers(spec.header, "header member", &header, error)) return std::nullopt;
  if (!AddMembers(spec.claims, "claim", &claims, error)) return std::nullopt;

  if (algorithm->id == jwt::algorithm::NONE) return SignBeyondCppJwt(*algorithm, header, claims, key, error);
  jwt::jwt_object token;
  token.header().algo(algorithm->id);
  token.secret(jwt::string_view(key.data(), key.size()));
  for (const auto& [name, value] : header) token.header().add_header(name, value, /*overwrite=*/true);
  for (const auto& [name, value] : claims) token.payload().add_claim(name, value, /*overwrite=*/true);
  if (claims.empty()) token.payload().add_claim("iss", ""), token.payload().remove_claim("iss");  // {} and not null
  std::error_code failure;
  std::string signed_token = token.signature(failure);
  if (failure) {
    *error = absl::StrCat("signing failed: ", failure.message());
    return std::nullopt;
  }
  return signed_token;
}

}  // namespace sluice::cli
