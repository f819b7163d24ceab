#include "auth/public_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

#include "auth/key.h"

namespace sluice::auth {
namespace {

using bssl::UniquePtr;

// BoringSSL queues its errors for the thread; nobody here reads them, and the queue must not outlive the call.
struct ErrorQueue {
  ~ErrorQueue() { ERR_clear_error(); }
};

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

PublicKey::Ptr Refuse(std::string* error, std::string text) {
  *error = std::move(text);
  return nullptr;
}

UniquePtr<BIGNUM> Number(std::string_view bytes) {
  return UniquePtr<BIGNUM>(BN_bin2bn(Bytes(bytes), bytes.size(), nullptr));
}

struct Digest {
  uint8_t bytes[SHA512_DIGEST_LENGTH];
  size_t size;
  int nid;
  const EVP_MD* md;
};

Digest DigestOf(Algorithm algorithm, std::string_view data) {
  Digest d;
  d.size = static_cast<size_t>(HashBytes(algorithm));
  if (d.size == 32) {
    SHA256(Bytes(data), data.size(), d.bytes);
    d.nid = NID_sha256;
    d.md = EVP_sha256();
  } else if (d.size == 48) {
    SHA384(Bytes(data), data.size(), d.bytes);
    d.nid = NID_sha384;
    d.md = EVP_sha384();
  } else {
    SHA512(Bytes(data), data.size(), d.bytes);
    d.nid = NID_sha512;
    d.md = EVP_sha512();
  }
  return d;
}

class RsaKey final : public PublicKey {
 public:
  static Ptr Make(UniquePtr<RSA> rsa, std::string* error) {
    const BIGNUM *n, *e, *d;
    RSA_get0_key(rsa.get(), &n, &e, &d);
    unsigned bits = BN_num_bits(n);
    if (bits < kRsaMinBits || bits > kRsaMaxBits)
      return Refuse(error, "expected an RSA key of " + std::to_string(kRsaMinBits) + " to " +
                               std::to_string(kRsaMaxBits) + " bits, found `" + std::to_string(bits) + "`");
    // An exponent of 1 makes every text its own signature; one beyond 33 bits only makes verification slow.
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 33)
      return Refuse(error, "expected an odd RSA exponent of at least 3 and at most 33 bits, such as 65537");
    if (!BN_is_odd(n) || !RSA_check_key(rsa.get())) return Refuse(error, "expected an RSA key, found an unfit modulus");
    return std::make_shared<RsaKey>(std::move(rsa));
  }

  explicit RsaKey(UniquePtr<RSA> rsa) : rsa_(std::move(rsa)) {}
  KeyType type() const override { return KeyType::kRsa; }

  bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const override {
    ErrorQueue clear;
    if (KeyTypeOf(algorithm) != KeyType::kRsa) return false;
    Digest d = DigestOf(algorithm, signing_input);
    bool pss = algorithm >= Algorithm::kPs256 && algorithm <= Algorithm::kPs512;
    if (pss)  // RFC 7518 section 3.5: MGF1 with the same hash, salt as long as the hash
      return RSA_verify_pss_mgf1(rsa_.get(), d.bytes, d.size, d.md, d.md, static_cast<int>(d.size), Bytes(signature),
                                 signature.size()) == 1;
    return RSA_verify(d.nid, d.bytes, d.size, Bytes(signature), signature.size(), rsa_.get()) == 1;
  }

 private:
  UniquePtr<RSA> rsa_;
};

struct Curve {
  KeyType type;
  Algorithm algorithm;  // the only one for it, RFC 7518 section 3.4
  int nid;
  size_t bytes;  // of a coordinate, and of r and s
  const char* name;
};

constexpr Curve kCurves[] = {
    {KeyType::kEcP256, Algorithm::kEs256, NID_X9_62_prime256v1, 32, "P-256"},
    {KeyType::kEcP384, Algorithm::kEs384, NID_secp384r1, 48, "P-384"},
    {KeyType::kEcP521, Algorithm::kEs512, NID_secp521r1, 66, "P-521"},
};

class EcKey final : public PublicKey {
 public:
  EcKey(UniquePtr<EC_KEY> key, const Curve& curve) : key_(std::move(key)), curve_(curve) {}
  KeyType type() const override { return curve_.type; }

  bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const override {
    ErrorQueue clear;
    if (algorithm != curve_.algorithm || signature.size() != 2 * curve_.bytes) return false;
    UniquePtr<BIGNUM> r = Number(signature.substr(0, curve_.bytes));
    UniquePtr<BIGNUM> s = Number(signature.substr(curve_.bytes));
    UniquePtr<ECDSA_SIG> pair(ECDSA_SIG_new());
    if (!r || !s || !pair || !ECDSA_SIG_set0(pair.get(), r.get(), s.get())) return false;
    r.release();  // the pair owns both now
    s.release();
    Digest d = DigestOf(algorithm, signing_input);
    return ECDSA_do_verify(d.bytes, d.size, pair.get(), key_.get()) == 1;  // refuses r or s out of range
  }

 private:
  UniquePtr<EC_KEY> key_;
  const Curve& curve_;
};

// RFC 8032 section 5.1.3: the bytes are `y` of a point, the least significant first, and a bit for the sign of `x`.
// ED25519_verify takes any point of the curve, also the eight of small order, by which a signature that nobody made
// (all zeroes behind such a point) is good for every text, or for one in eight. So none of them is a key. Only where
// keys are read: slow, and not in constant time, for the key is public.
bool IsFitEd25519(const uint8_t (&bytes)[ED25519_PUBLIC_KEY_LEN]) {
  uint8_t digits[ED25519_PUBLIC_KEY_LEN];
  std::reverse_copy(std::begin(bytes), std::end(bytes), digits);
  digits[0] &= 0x7f;
  BIGNUM *p_raw = nullptr, *d_raw = nullptr;
  BN_hex2bn(&p_raw, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
  BN_hex2bn(&d_raw, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
  UniquePtr<BIGNUM> p(p_raw), d(d_raw), y(BN_bin2bn(digits, sizeof(digits), nullptr));
  UniquePtr<BIGNUM> yy(BN_new()), u(BN_new()), v(BN_new()), order8(BN_new()), square(BN_new()), half(BN_new());
  UniquePtr<BN_CTX> ctx(BN_CTX_new());
  if (!p || !d || !y || !yy || !u || !v || !order8 || !square || !half || !ctx) return false;
  // The curve is -x^2 + y^2 = 1 + d x^2 y^2, so x^2 = u / v with u = y^2 - 1 and v = d y^2 + 1, which is a square if u
  // v is one. y is 1 or -1 for points of order 1 and 2 (u = 0), 0 for 4, and of 8 where d y^4 + 2 y^2 - 1 = v y^2 + u =
  // 0.
  const bool computed = BN_cmp(y.get(), p.get()) < 0 && BN_mod_sqr(yy.get(), y.get(), p.get(), ctx.get()) &&
                        BN_mod_sub(u.get(), yy.get(), BN_value_one(), p.get(), ctx.get()) &&
                        BN_mod_mul(v.get(), d.get(), yy.get(), p.get(), ctx.get()) &&
                        BN_mod_add(v.get(), v.get(), BN_value_one(), p.get(), ctx.get()) &&
                        BN_mod_mul(order8.get(), v.get(), yy.get(), p.get(), ctx.get()) &&
                        BN_mod_add(order8.get(), order8.get(), u.get(), p.get(), ctx.get()) &&
                        BN_mod_mul(square.get(), u.get(), v.get(), p.get(), ctx.get()) &&
                        BN_rshift1(half.get(), p.get()) &&
                        BN_mod_exp(square.get(), square.get(), half.get(), p.get(), ctx.get());
  return computed && !BN_is_zero(y.get()) && !BN_is_zero(u.get()) && !BN_is_zero(order8.get()) &&
         BN_is_one(square.get());
}

class Ed25519Key final : public PublicKey {
 public:
  static Ptr Make(const uint8_t (&bytes)[ED25519_PUBLIC_KEY_LEN], std::string* error) {
    if (IsFitEd25519(bytes)) return std::make_shared<Ed25519Key>(bytes);
    return Refuse(error, "expected an Ed25519 key that is a point on the curve, and none of small order");
  }

  explicit Ed25519Key(const uint8_t* bytes) { std::memcpy(key_, bytes, sizeof(key_)); }
  KeyType type() const override { return KeyType::kEd25519; }

  bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const override {
    ErrorQueue clear;
    if (algorithm != Algorithm::kEdDsa || signature.size() != ED25519_SIGNATURE_LEN) return false;
    return ED25519_verify(Bytes(signing_input), signing_input.size(), Bytes(signature), key_) == 1;
  }

 private:
  uint8_t key_[ED25519_PUBLIC_KEY_LEN];
};

const Curve* CurveOf(const EC_KEY* key) {
  int nid = EC_GROUP_get_curve_name(EC_KEY_get0_group(key));
  for (const Curve& curve : kCurves)
    if (curve.nid == nid) return &curve;
  return nullptr;
}

PublicKey::Ptr FromEvp(EVP_PKEY* key, std::string* error) {
  int type = EVP_PKEY_id(key);
  if (type == EVP_PKEY_RSA) return RsaKey::Make(UniquePtr<RSA>(EVP_PKEY_get1_RSA(key)), error);
  if (type == EVP_PKEY_EC) {
    UniquePtr<EC_KEY> ec(EVP_PKEY_get1_EC_KEY(key));
    const Curve* curve = CurveOf(ec.get());
    if (!curve) return Refuse(error, "expected an elliptic curve P-256, P-384 or P-521, found another");
    return std::make_shared<EcKey>(std::move(ec), *curve);  // the parser has checked the point
  }
  if (type == EVP_PKEY_ED25519) {
    uint8_t raw[ED25519_PUBLIC_KEY_LEN];
    size_t size = sizeof(raw);
    if (EVP_PKEY_get_raw_public_key(key, raw, &size) && size == sizeof(raw)) return Ed25519Key::Make(raw, error);
  }
  return Refuse(error, "expected an RSA, elliptic curve or Ed25519 key, found another kind");
}

struct PemBlock {
  std::string label;
  std::string der;
};

std::optional<PemBlock> ReadPemBlock(std::string_view pem) {
  UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char *name = nullptr, *header = nullptr;
  uint8_t* data = nullptr;
  long size = 0;  // NOLINT(google-runtime-int): the type that PEM_read_bio wants
  if (!bio || !PEM_read_bio(bio.get(), &name, &header, &data, &size)) return std::nullopt;
  UniquePtr<char> own_name(name), own_header(header);
  UniquePtr<uint8_t> own_data(data);
  return PemBlock{name, std::string(reinterpret_cast<char*>(data), static_cast<size_t>(size))};
}

}  // namespace

PublicKey::Ptr PublicKey::FromRsa(std::string_view n, std::string_view e, std::string* error) {
  ErrorQueue clear;
  // Bounded before anything is computed from it; leading zeroes (which RFC 7518 forbids, and some issuers write) are
  // within the slack.
  if (n.size() > kRsaMaxBits / 8 + 8 || e.size() > 16) return Refuse(error, "expected an RSA key of at most 8192 bits");
  UniquePtr<RSA> rsa(RSA_new());
  UniquePtr<BIGNUM> modulus = Number(n), exponent = Number(e);
  if (!rsa || !modulus || !exponent || !RSA_set0_key(rsa.get(), modulus.get(), exponent.get(), nullptr))
    return Refuse(error, "expected an RSA key, found one that cannot be read");
  modulus.release();  // the key owns both now
  exponent.release();
  return RsaKey::Make(std::move(rsa), error);
}

PublicKey::Ptr PublicKey::FromEc(KeyType type, std::string_view x, std::string_view y, std::string* error) {
  ErrorQueue clear;
  for (const Curve& curve : kCurves) {
    if (curve.type != type) continue;
    if (x.size() != curve.bytes || y.size() != curve.bytes)
      return Refuse(error, "expected coordinates of " + std::to_string(curve.bytes) + " bytes for " + curve.name +
                               ", found `" + std::to_string(x.size()) + "` and `" + std::to_string(y.size()) + "`");
    UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(curve.nid));
    UniquePtr<BIGNUM> bx = Number(x), by = Number(y);
    if (!key || !bx || !by || !EC_KEY_set_public_key_affine_coordinates(key.get(), bx.get(), by.get()))
      return Refuse(error, std::string("expected a point on the curve ") + curve.name);
    return std::make_shared<EcKey>(std::move(key), curve);
  }
  return Refuse(error, "expected an elliptic curve P-256, P-384 or P-521");
}

PublicKey::Ptr PublicKey::FromEd25519(std::string_view x, std::string* error) {
  if (x.size() != ED25519_PUBLIC_KEY_LEN)
    return Refuse(error, "expected an Ed25519 key of 32 bytes, found `" + std::to_string(x.size()) + "`");
  ErrorQueue clear;
  uint8_t bytes[ED25519_PUBLIC_KEY_LEN];
  std::memcpy(bytes, x.data(), sizeof(bytes));
  return Ed25519Key::Make(bytes, error);
}

PublicKey::Ptr PublicKey::FromPem(std::string_view pem, std::string* error) {
  ErrorQueue clear;
  constexpr size_t kMaxPemBytes = 16 << 10;  // an 8192-bit RSA key has 1.5 KiB
  if (pem.size() > kMaxPemBytes) return Refuse(error, "expected a PEM key of at most 16 KiB");
  std::optional<PemBlock> block = ReadPemBlock(pem);
  if (!block) return Refuse(error, "expected a PEM block `-----BEGIN PUBLIC KEY-----`, found none that can be read");
  CBS der;
  CBS_init(&der, Bytes(block->der), block->der.size());
  if (block->label == "PUBLIC KEY") {
    UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&der));
    if (!key || CBS_len(&der) != 0) return Refuse(error, "expected a public key (SPKI), found one that cannot be read");
    return FromEvp(key.get(), error);
  }
  if (block->label == "RSA PUBLIC KEY") {
    UniquePtr<RSA> rsa(RSA_parse_public_key(&der));
    if (!rsa || CBS_len(&der) != 0) return Refuse(error, "expected an RSA public key, found one that cannot be read");
    return RsaKey::Make(std::move(rsa), error);
  }
  if (block->label.find("PRIVATE KEY") != std::string::npos)
    return Refuse(error, "expected a public key, found `" + block->label +
                             "`: put the public key here and replace the private one, it has been shown");
  return Refuse(error, "expected `PUBLIC KEY` or `RSA PUBLIC KEY`, found `" + block->label + "`");
}

}  // namespace sluice::auth
