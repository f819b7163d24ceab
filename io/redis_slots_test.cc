#include "io/redis_slots.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::io {
namespace {

// The specification's check value, and what redis-server's CLUSTER KEYSLOT says.
TEST(SlotOf, IsWhatTheClusterReckons) {
  const struct {
    const char* key;
    uint16_t slot;
  } kKeys[] = {{"123456789", 0x31c3}, {"foo", 12182},          {"{foo}.bar", 12182}, {"a{foo}b{c}", 12182},
               {"foo{}{bar}", 8363},  {"foo{{bar}}zap", 4015}, {"foo{bar", 15278},   {"", 0}};
  for (const auto& [key, slot] : kKeys) EXPECT_EQ(SlotOf(key), slot) << key;
}

TEST(ParseRedirection, ReadsWhatServersSay) {
  const RedisNode from{"10.0.0.1", 7000, {}};
  const auto moved = ParseRedirection("MOVED 3999 127.0.0.1:6381", from);
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->node, (RedisNode{"127.0.0.1", 6381, {}}));
  const auto ask = ParseRedirection("ASK 16383 2001:db8::1:6379", from);
  ASSERT_TRUE(ask);
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(ask->node, (RedisNode{"2001:db8::1", 6379, {}}));
  EXPECT_EQ(ParseRedirection("MOVED 1 :6379", from)->node, (RedisNode{"10.0.0.1", 6379, {}}));
}

TEST(ParseRedirection, RefusesWhatIsNone) {
  for (const char* text : {"", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 host", "MOVED 16384 h:1", "MOVED -1 h:1",
                           "MOVED x h:1", "MOVED 1 h:", "MOVED 1 h:70000", "MOVED 1 h:1x", "ASKING", "ERR 1 h:1"})
    EXPECT_FALSE(ParseRedirection(text, {})) << text;
}

TEST(RedisSlots, RemembersWhoHasWhatAndAsksTheNextSeedOtherwise) {
  const RedisNode a{"a", 1, {}}, b{"b", 1, {}}, c{"c", 1, {}};
  RedisSlots slots({a, b});
  EXPECT_EQ(slots.Find(5), a);
  slots.Forget(a);
  EXPECT_EQ(slots.Find(5), b);
  ASSERT_TRUE(slots.Set(5, c));
  ASSERT_TRUE(slots.Set(6, a));
  EXPECT_EQ(slots.Find(5), c);
  EXPECT_EQ(slots.Find(7), b);
  slots.Forget(c);
  EXPECT_EQ(slots.Find(5), b);
  EXPECT_EQ(slots.Find(6), a);
  slots.Forget(b);
  EXPECT_EQ(slots.Find(5), c);  // perhaps it is back
  slots.Forget(RedisNode{"unknown", 1, {}});
  EXPECT_EQ(slots.Find(5), c);
}

TEST(RedisSlots, KeepsNoMoreNodesThanItsBound) {
  RedisSlots slots({RedisNode{"a", 1, {}}});
  size_t kept = 1;
  for (uint32_t port = 2; port < 2 * RedisSlots::kMostNodes; ++port)
    kept += slots.Set(static_cast<uint16_t>(port), RedisNode{"a", port, {}});
  EXPECT_EQ(kept, RedisSlots::kMostNodes);
  slots.Forget(RedisNode{"a", 7, {}});
  EXPECT_TRUE(slots.Set(7, RedisNode{"b", 7, {}}));  // in place of the one that has nothing any more
  EXPECT_EQ(slots.Find(7), (RedisNode{"b", 7, {}}));
  EXPECT_EQ(slots.Find(8), (RedisNode{"a", 8, {}}));
  EXPECT_FALSE(slots.Set(7'000, RedisNode{"c", 7, {}}));
}

TEST(RedisSlots, FollowsAClusterWhoseAddressesChangeForEver) {
  RedisSlots slots({RedisNode{"seed", 1, {}}});
  for (uint32_t port = 1; port < 5 * RedisSlots::kMostNodes; ++port) {
    ASSERT_TRUE(slots.Set(5, RedisNode{"a", port, {}}));
    ASSERT_EQ(slots.Find(5), (RedisNode{"a", port, {}}));
  }
  EXPECT_EQ(slots.Find(6), (RedisNode{"seed", 1, {}}));
}

}  // namespace
}  // namespace sluice::io
