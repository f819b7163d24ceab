// The signature algorithms of JWS that Sluice verifies (RFC 7518 section 3.1, RFC 8037 section 3.1), and sets of them.
//
//   auto alg = sluice::auth::FindAlgorithm("RS256");          // optional; "none", "rs256" and "ES256K" give nothing
//   AlgorithmSet allowed = AlgorithmSet::Asymmetric();
//   if (alg && allowed.Has(*alg)) …
//
// Plain values: no allocation, safe from any thread.
#ifndef SLUICE_AUTH_ALGORITHM_H_
#define SLUICE_AUTH_ALGORITHM_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace sluice::auth {

// `none` is deliberately not a member: nothing in this library can name it, so nothing can allow it.
enum class Algorithm : uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,  // Ed25519 only
};

inline constexpr int kAlgorithmCount = 13;

// What kind of key an algorithm needs.
enum class KeyType : uint8_t { kSecret, kRsa, kEcP256, kEcP384, kEcP521, kEd25519 };

// Exact, case-sensitive names, as RFC 7515 section 4.1.1 asks.
std::optional<Algorithm> FindAlgorithm(std::string_view name);
std::string_view AlgorithmName(Algorithm algorithm);
KeyType KeyTypeOf(Algorithm algorithm);
int HashBytes(Algorithm algorithm);  // 32, 48 or 64; 64 for EdDSA

class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> all) {
    for (Algorithm a : all) bits_ = static_cast<uint16_t>(bits_ | Bit(a));
  }
  static AlgorithmSet Asymmetric();             // everything that is checked with a public key
  static AlgorithmSet OfKeyType(KeyType type);  // everything that a key of this type could be used for

  constexpr bool Has(Algorithm a) const { return (bits_ & Bit(a)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr AlgorithmSet operator&(AlgorithmSet other) const { return FromBits(bits_ & other.bits_); }
  constexpr AlgorithmSet operator|(AlgorithmSet other) const { return FromBits(bits_ | other.bits_); }
  constexpr bool operator==(AlgorithmSet other) const { return bits_ == other.bits_; }

 private:
  static constexpr int Bit(Algorithm a) { return 1 << static_cast<int>(a); }
  static constexpr AlgorithmSet FromBits(int bits) {
    AlgorithmSet set;
    set.bits_ = static_cast<uint16_t>(bits);
    return set;
  }
  uint16_t bits_ = 0;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_ALGORITHM_H_
