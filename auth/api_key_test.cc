#include "auth/api_key.h"

#include <gtest/gtest.h>

#include <unordered_map>

#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr std::array<uint8_t, 32> kSeed = {5};

TEST(ApiKeyTable, FindsExactlyItsKeys) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back("key-" + std::to_string(i * 17));
  std::vector<ApiKey> keys;
  for (uint32_t i = 0; i < texts.size(); ++i) keys.push_back({texts[i], i / 2});
  std::string error;
  std::optional<ApiKeyTable> table = ApiKeyTable::Build(keys, kSeed, &error);
  ASSERT_TRUE(table) << error;
  EXPECT_EQ(table->size(), 1000u);
  std::unordered_map<std::string, uint32_t> oracle;
  for (uint32_t i = 0; i < texts.size(); ++i) oracle[texts[i]] = i / 2;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "key-" + std::to_string(i);
    auto it = oracle.find(text);
    EXPECT_EQ(table->Find(text), it == oracle.end() ? std::nullopt : std::optional<uint32_t>(it->second)) << text;
  }
  for (const char* text : {"", "key", "key-", "KEY-0", "key-0 ", " key-0"}) EXPECT_FALSE(table->Find(text)) << text;
  EXPECT_FALSE(table->Find(std::string_view("key-0\0", 6)));
}

TEST(ApiKeyTable, AnEmptyTableFindsNothing) {
  std::string error;
  std::optional<ApiKeyTable> table = ApiKeyTable::Build({}, kSeed, &error);
  ASSERT_TRUE(table);
  EXPECT_FALSE(table->Find("key"));
}

TEST(ApiKeyTable, RefusesEmptyOverlongAndEqualKeysWithoutShowingThem) {
  std::string longest(limits::kApiKeyBytes, 'k'), longer = longest + "k";
  const struct {
    std::vector<ApiKey> keys;
    const char* error;
  } cases[] = {
      {{{"a", 0}, {"", 1}}, "expected an api key of 1 to 512 bytes, found `0` (key 1)"},
      {{{longer, 0}}, "expected an api key of 1 to 512 bytes, found `513` (key 0)"},
      {{{"hunter2", 0}, {"b", 1}, {"hunter2", 2}}, "expected different api keys: keys 0 and 2 are equal"},
  };
  for (const auto& c : cases) {
    std::string error;
    EXPECT_FALSE(ApiKeyTable::Build(c.keys, kSeed, &error));
    EXPECT_EQ(error, c.error);
  }
  std::string error;
  std::optional<ApiKeyTable> table = ApiKeyTable::Build({{longest, 7}}, kSeed, &error);
  ASSERT_TRUE(table) << error;
  EXPECT_EQ(table->Find(longest), 7u);
  EXPECT_FALSE(table->Find(longer));
}

}  // namespace
}  // namespace sluice::auth
