#include "ratelimit/key.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::ratelimit {
namespace {

std::string Hex(const Hash128& hash) {
  std::string text;
  for (uint64_t word : {hash.lo, hash.hi}) {
    for (int i = 0; i < 8; ++i) {
      const uint8_t byte = static_cast<uint8_t>(word >> (8 * i));
      text += "0123456789ABCDEF"[byte >> 4];
      text += "0123456789ABCDEF"[byte & 15];
    }
  }
  return text;
}

constexpr HashKey kVectorKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string Counting(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>(i);
  return text;
}

// Key 00 01 … 0f, message 00 01 … n-1, as in the reference implementation's vectors_sip128; digests by OpenSSL 3's
// SIPHASH with size 16.
TEST(SipHash, AgreesWithTheReferenceVectors) {
  const std::pair<size_t, const char*> vectors[] = {
      {0, "A3817F04BA25A8E66DF67214C7550293"},  {1, "DA87C1D86B99AF44347659119B22FC45"},
      {7, "A1F1EBBED8DBC153C0B84AA61FF08239"},  {8, "3B62A9BA6258F5610F83E264F31497B4"},
      {9, "264499060AD9BAABC47F8B02BB6D71ED"},  {15, "5493E99933B0A8117E08EC0F97CFC3D9"},
      {16, "6EE2A4CA67B054BBFD3315BF85230577"}, {33, "77C6077146F01C32B6B69D5F4EA9FFCF"},
      {63, "5150D1772F50834A503E069A973FBD7C"},
  };
  for (const auto& [size, digest] : vectors) EXPECT_EQ(Hex(SipHash128(kVectorKey, Counting(size))), digest) << size;
}

TEST(SipHash, DoesNotDependOnHowTheMessageIsCut) {
  const std::string message = Counting(40);
  for (size_t cut = 0; cut <= message.size(); ++cut) {
    for (size_t second = cut; second <= message.size(); ++second) {
      SipHasher hasher(kVectorKey);
      hasher.Add(message.substr(0, cut));
      hasher.Add(message.substr(cut, second - cut));
      hasher.Add(message.substr(second));
      ASSERT_EQ(hasher.Finish(), SipHash128(kVectorKey, message)) << cut << " " << second;
    }
  }
}

TEST(SipHash, AddsAWordAsItsBytes) {
  for (size_t before = 0; before < 9; ++before) {
    SipHasher words(kVectorKey);
    words.Add(Counting(before));
    words.AddWord(0x6867666564636261);
    SipHasher bytes(kVectorKey);
    bytes.Add(Counting(before) + "abcdefgh");
    EXPECT_EQ(words.Finish(), bytes.Finish()) << before;
  }
}

static_assert(HashLimitName("plan/free/pace") != HashLimitName("plan/free/hourly"));

TEST(KeyOf, TellsPartsLimitsAndSeedsApart) {
  const LimitId a = HashLimitName("a"), b = HashLimitName("b");
  const HashKey seed{1, 2}, other{1, 3};
  const std::vector<Key> keys = {
      KeyOf(a, SubjectBuilder(seed).Finish()),
      KeyOf(a, SubjectBuilder(seed).Add("").Finish()),
      KeyOf(a, SubjectBuilder(seed).Add("").Add("").Finish()),
      KeyOf(a, SubjectBuilder(seed).Add("a").Add("bc").Finish()),
      KeyOf(a, SubjectBuilder(seed).Add("ab").Add("c").Finish()),
      KeyOf(a, SubjectBuilder(seed).Add("abc").Finish()),
      KeyOf(b, SubjectBuilder(seed).Add("abc").Finish()),
      KeyOf(a, SubjectBuilder(other).Add("abc").Finish()),
  };
  std::set<std::pair<uint64_t, uint64_t>> distinct;
  for (const Key& key : keys) distinct.insert({key.lo, key.hi});
  EXPECT_EQ(distinct.size(), keys.size());
  EXPECT_EQ(KeyOf(a, SubjectBuilder(seed).Add("abc").Finish()), keys[5]);
}

}  // namespace
}  // namespace sluice::ratelimit
