// Tokens that are no longer to be believed, though they are signed and have not expired: a list, looked up by what a
// token says of itself.
//
//   TokenMarker marker(seed);                           // 32 random bytes, kept secret
//   RevokedTokens revoked(marker, {{.jti = "4f1c"}, {.issuer = "https://idp", .subject = "al", .before_ns = moment}});
//   TokenMarks marks = marker.MarksOf(token);           // of a token that was verified; small enough for a cache
//   if (revoked.Find(marks, now_wall_ns) != RevokedTokens::Match::kNone) …
//
// A lookup costs three probes however long the list is. Names are compared by marks: MACs of 64 bits under the secret
// seed (GMAC as in auth/token_cache.h, cut in half). The same name always has the same mark, so that no revoked token
// escapes; another name of n 16-byte blocks shares the mark of an entry with probability at most (n + 2) / 2^64, so
// that a good token with names of 64 bytes meets one of 65,536 entries with less than 2^-44, and is refused in vain.
//
// Immutable, safe from any number of threads; MarksOf and Find allocate nothing.
#ifndef SLUICE_AUTH_REVOCATION_H_
#define SLUICE_AUTH_REVOCATION_H_

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "auth/digest.h"
#include "auth/jwt.h"

namespace sluice::auth {

// What is revoked: the token with this `jti` (of this issuer, if it is not empty); or, if `jti` is empty, all tokens of
// this subject and issuer that were issued before a moment.
struct Revocation {
  std::string jti = {};
  std::string issuer = {};
  std::string subject = {};
  int64_t before_ns = 0;                                   // since the epoch; of `iat`
  int64_t until_ns = std::numeric_limits<int64_t>::max();  // from here on the entry counts no more
};

// What a token says of itself, as far as an entry may ask for it. 0: it says nothing of that.
struct TokenMarks {
  uint64_t jti = 0;
  uint64_t issuer_jti = 0;
  uint64_t issuer_subject = 0;
  int64_t iat_ns = std::numeric_limits<int64_t>::min();  // without `iat`: before any moment
};

class TokenMarker {
 public:
  explicit TokenMarker(const std::array<uint8_t, 32>& seed) : hash_(seed) {}

  // Claims that are no texts (`iat`: no number) count as not there.
  TokenMarks MarksOf(const Token& token) const;

  uint64_t JtiMark(std::string_view jti) const;
  uint64_t JtiMark(std::string_view issuer, std::string_view jti) const;
  uint64_t SubjectMark(std::string_view issuer, std::string_view subject) const;

 private:
  uint64_t Mark(const std::array<uint64_t, 2>& context, std::string_view name) const;

  KeyedHash hash_;
};

class RevokedTokens {
 public:
  // Entries with the same names count as one, with the later moments of both: no order of them loses a revocation.
  RevokedTokens(const TokenMarker& marker, const std::vector<Revocation>& entries);

  enum class Match : uint8_t { kNone, kToken, kSubject };
  Match Find(const TokenMarks& marks, int64_t now_wall_ns) const;

 private:
  struct Slot {
    uint64_t mark = 0;  // 0: empty
    int64_t before_ns = std::numeric_limits<int64_t>::min();
    int64_t until_ns = std::numeric_limits<int64_t>::min();
  };

  void Insert(const Slot& slot);
  bool Has(uint64_t mark, int64_t iat_ns, int64_t now_wall_ns) const;

  std::vector<Slot> slots_;  // open addressing, at most half full; a power of two
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_REVOCATION_H_
