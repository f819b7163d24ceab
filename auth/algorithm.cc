#include "auth/algorithm.h"

#include <iterator>

namespace sluice::auth {
namespace {

struct Row {
  std::string_view name;
  KeyType key_type;
  int hash_bytes;
};

// In the order of the enum.
constexpr Row kRows[] = {
    {"HS256", KeyType::kSecret, 32},  {"HS384", KeyType::kSecret, 48}, {"HS512", KeyType::kSecret, 64},
    {"RS256", KeyType::kRsa, 32},     {"RS384", KeyType::kRsa, 48},    {"RS512", KeyType::kRsa, 64},
    {"PS256", KeyType::kRsa, 32},     {"PS384", KeyType::kRsa, 48},    {"PS512", KeyType::kRsa, 64},
    {"ES256", KeyType::kEcP256, 32},  {"ES384", KeyType::kEcP384, 48}, {"ES512", KeyType::kEcP521, 64},
    {"EdDSA", KeyType::kEd25519, 64},
};
static_assert(std::size(kRows) == kAlgorithmCount);

const Row& RowOf(Algorithm algorithm) { return kRows[static_cast<int>(algorithm)]; }

}  // namespace

std::optional<Algorithm> FindAlgorithm(std::string_view name) {
  for (int i = 0; i < kAlgorithmCount; ++i)
    if (kRows[i].name == name) return static_cast<Algorithm>(i);
  return std::nullopt;
}

std::string_view AlgorithmName(Algorithm algorithm) { return RowOf(algorithm).name; }

KeyType KeyTypeOf(Algorithm algorithm) { return RowOf(algorithm).key_type; }

int HashBytes(Algorithm algorithm) { return RowOf(algorithm).hash_bytes; }

AlgorithmSet AlgorithmSet::OfKeyType(KeyType type) {
  AlgorithmSet set;
  for (int i = 0; i < kAlgorithmCount; ++i)
    if (kRows[i].key_type == type) set = set | AlgorithmSet{static_cast<Algorithm>(i)};
  return set;
}

AlgorithmSet AlgorithmSet::Asymmetric() {
  AlgorithmSet set;
  for (KeyType type : {KeyType::kRsa, KeyType::kEcP256, KeyType::kEcP384, KeyType::kEcP521, KeyType::kEd25519})
    set = set | OfKeyType(type);
  return set;
}

}  // namespace sluice::auth
