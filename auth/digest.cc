#include "auth/digest.h"

#include <openssl/aead.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <cstring>

namespace sluice::auth {
namespace {

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

struct Hash1 {
  using State = SHA_CTX;
  static constexpr size_t kBlock = SHA_CBLOCK, kSize = SHA_DIGEST_LENGTH;
  static void Init(State* s) { SHA1_Init(s); }
  static void Update(State* s, const void* data, size_t size) { SHA1_Update(s, data, size); }
  static void Final(uint8_t* out, State* s) { SHA1_Final(out, s); }
};

struct Hash256 {
  using State = SHA256_CTX;
  static constexpr size_t kBlock = SHA256_CBLOCK, kSize = SHA256_DIGEST_LENGTH;
  static void Init(State* s) { SHA256_Init(s); }
  static void Update(State* s, const void* data, size_t size) { SHA256_Update(s, data, size); }
  static void Final(uint8_t* out, State* s) { SHA256_Final(out, s); }
};

struct Hash384 {
  using State = SHA512_CTX;
  static constexpr size_t kBlock = SHA384_CBLOCK, kSize = SHA384_DIGEST_LENGTH;
  static void Init(State* s) { SHA384_Init(s); }
  static void Update(State* s, const void* data, size_t size) { SHA384_Update(s, data, size); }
  static void Final(uint8_t* out, State* s) { SHA384_Final(out, s); }
};

struct Hash512 {
  using State = SHA512_CTX;
  static constexpr size_t kBlock = SHA512_CBLOCK, kSize = SHA512_DIGEST_LENGTH;
  static void Init(State* s) { SHA512_Init(s); }
  static void Update(State* s, const void* data, size_t size) { SHA512_Update(s, data, size); }
  static void Final(uint8_t* out, State* s) { SHA512_Final(out, s); }
};

// BoringSSL's HMAC() allocates three digests a call and hashes the padded key each time; this does neither.
template <typename Hash>
class HmacOf final : public HmacKey {
 public:
  explicit HmacOf(std::string_view secret) {
    uint8_t block[Hash::kBlock] = {};
    if (secret.size() > Hash::kBlock) {
      typename Hash::State state;
      Hash::Init(&state);
      Hash::Update(&state, secret.data(), secret.size());
      Hash::Final(block, &state);
      OPENSSL_cleanse(&state, sizeof(state));
    } else if (!secret.empty()) {
      std::memcpy(block, secret.data(), secret.size());
    }
    StartWith(&inner_, block, 0x36);
    StartWith(&outer_, block, 0x5c);
    OPENSSL_cleanse(block, sizeof(block));
  }

  ~HmacOf() override {
    OPENSSL_cleanse(&inner_, sizeof(inner_));
    OPENSSL_cleanse(&outer_, sizeof(outer_));
  }

  void Mac(std::string_view data, uint8_t* out) const override {
    typename Hash::State state = inner_;
    uint8_t digest[Hash::kSize];
    Hash::Update(&state, data.data(), data.size());
    Hash::Final(digest, &state);
    state = outer_;
    Hash::Update(&state, digest, sizeof(digest));
    Hash::Final(out, &state);
  }

  size_t size() const override { return Hash::kSize; }

 private:
  static void StartWith(typename Hash::State* state, const uint8_t* block, uint8_t pad) {
    uint8_t padded[Hash::kBlock];
    for (size_t i = 0; i < Hash::kBlock; ++i) padded[i] = block[i] ^ pad;
    Hash::Init(state);
    Hash::Update(state, padded, sizeof(padded));
    OPENSSL_cleanse(padded, sizeof(padded));
  }

  typename Hash::State inner_, outer_;
};

}  // namespace

std::array<uint8_t, 32> Sha256(std::string_view bytes) {
  std::array<uint8_t, 32> out;
  SHA256(Bytes(bytes), bytes.size(), out.data());
  return out;
}

bool EqualInConstantTime(const void* a, const void* b, size_t size) { return CRYPTO_memcmp(a, b, size) == 0; }

std::shared_ptr<const HmacKey> HmacKey::Create(Algorithm algorithm, std::string_view secret) {
  if (algorithm == Algorithm::kHs256) return std::make_shared<HmacOf<Hash256>>(secret);
  if (algorithm == Algorithm::kHs384) return std::make_shared<HmacOf<Hash384>>(secret);
  if (algorithm == Algorithm::kHs512) return std::make_shared<HmacOf<Hash512>>(secret);
  return nullptr;
}

std::shared_ptr<const HmacKey> HmacKey::CreateSha1(std::string_view secret) {
  return std::make_shared<HmacOf<Hash1>>(secret);
}

bool HmacKey::Verify(std::string_view data, std::string_view mac) const {
  if (mac.size() != size()) return false;
  uint8_t expected[kMaxBytes];
  Mac(data, expected);
  return EqualInConstantTime(expected, mac.data(), mac.size());
}

struct KeyedHash::State {
  EVP_AEAD_CTX cipher;
};

KeyedHash::KeyedHash(const std::array<uint8_t, 32>& seed) : state_(new State) {
  EVP_AEAD_CTX_zero(&state_->cipher);
  if (!EVP_AEAD_CTX_init(&state_->cipher, EVP_aead_aes_256_gcm(), seed.data(), seed.size(), 16, nullptr)) {
    ERR_clear_error();
    state_.reset();
  }
}

KeyedHash::~KeyedHash() {
  if (state_) EVP_AEAD_CTX_cleanup(&state_->cipher);
}

std::array<uint64_t, 2> KeyedHash::Hash(const std::array<uint64_t, 2>& context, std::string_view data) const {
  std::array<uint64_t, 2> out{};
  uint8_t nonce[sizeof(context)];
  std::memcpy(nonce, context.data(), sizeof(nonce));
  uint8_t tag[16];
  size_t size = 0;
  if (state_ &&
      EVP_AEAD_CTX_seal(&state_->cipher, tag, &size, sizeof(tag), nonce, sizeof(nonce), nullptr, 0, Bytes(data),
                        data.size()) &&
      size == sizeof(tag))
    std::memcpy(out.data(), tag, sizeof(tag));
  return out;
}

}  // namespace sluice::auth
