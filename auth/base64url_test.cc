#include "auth/base64url.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::auth {
namespace {

TEST(Base64Url, DecodesTheVectorsOfRfc4648WithoutPadding) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
      {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_8", "\xfb\xff"}};
  for (auto [text, bytes] : cases) {
    EXPECT_EQ(DecodeBase64Url(text), bytes) << text;
    EXPECT_EQ(EncodeBase64Url(bytes), text);
  }
}

TEST(Base64Url, RefusesEverySecondSpelling) {
  for (const char* text :
       {"Zg==", "Zm8=", "Zm9v=", "Z", "Zm9vY", "+_8", "-/8", "Zm 9v", "Zm9v\n", "Zm.v", "Zm9\x80", "\xff\xff\xff\xff"})
    EXPECT_FALSE(DecodeBase64Url(text).has_value()) << text;
}

// Of all two- and three-character texts, only those with zero trailing bits decode, and they encode back to themselves.
TEST(Base64Url, RefusesTrailingBits) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t i = 0; i < 64; ++i) {
    std::string two{'A', alphabet[i]}, three{'A', 'A', alphabet[i]};
    EXPECT_EQ(DecodeBase64Url(two).has_value(), i % 16 == 0) << two;
    EXPECT_EQ(DecodeBase64Url(three).has_value(), i % 4 == 0) << three;
  }
}

TEST(Base64Url, EachByteIsInTheAlphabetOrRefusedInEveryPosition) {
  for (int byte = 0; byte < 256; ++byte) {
    bool fits = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                byte == '-' || byte == '_';
    for (size_t at = 0; at < 4; ++at) {
      std::string text = "AAAA";
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(DecodeBase64Url(text).has_value(), fits) << byte << " at " << at;
    }
  }
}

TEST(Base64Url, RoundTripsRandomBytes) {
  uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string text = EncodeBase64Url(bytes);
    EXPECT_EQ(DecodedSize(text.size()), size);
    EXPECT_EQ(DecodeBase64Url(text), bytes);
  }
}

TEST(Base64, DecodesTheVectorsOfRfc4648) {
  for (auto [text, bytes] : {std::pair("", ""),
                             {"Zg==", "f"},
                             {"Zm8=", "fo"},
                             {"Zm9v", "foo"},
                             {"Zm9vYg==", "foob"},
                             {"Zm9vYmE=", "fooba"},
                             {"Zm9vYmE", "fooba"},
                             {"+/8=", "\xfb\xff"}}) {
    std::string out(DecodedSize(std::string_view(text).size()), '\0');
    std::optional<size_t> size = DecodeBase64(text, out.data());
    ASSERT_TRUE(size.has_value()) << text;
    EXPECT_EQ(out.substr(0, *size), bytes) << text;
  }
}

TEST(Base64, RefusesHalfPaddingTrailingBitsAndTheOtherAlphabet) {
  char out[16];
  for (const char* text : {"Zg=", "Zg===", "=", "==", "====", "Zm9v=", "Z", "Zh==", "Zm9=", "-_8=", "Zm 9", "Zm9v\n"})
    EXPECT_FALSE(DecodeBase64(text, out).has_value()) << text;
}

TEST(Base64Url, ReadsWhatPeopleWriteIntoDocuments) {
  for (const char* text : {"+/8=", "-_8", "+_8=", "-/8"}) EXPECT_EQ(DecodeAnyBase64(text), "\xfb\xff") << text;
  for (const char* text : {"===", "Zg===", "Z", "Z g="}) EXPECT_FALSE(DecodeAnyBase64(text).has_value()) << text;
}

}  // namespace
}  // namespace sluice::auth
