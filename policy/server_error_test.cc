#include "policy/server_error.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(ServerError, IsNamedByTheFirstWord) {
  const struct {
    std::string_view error;
    std::string_view name;
  } cases[] = {
      {"connect", "connect"},
      {"resolve", "connect"},
      {"timeout", "timeout"},
      {"tls", "tls"},
      {"greeting", "auth"},
      {"WRONGPASS invalid username-password pair or user is disabled.", "auth"},
      {"-NOAUTH Authentication required.", "auth"},
      {"READONLY You can't write against a read only replica.", "readonly"},
      {"OOM command not allowed when used memory > 'maxmemory'.", "out_of_memory"},
      {"LOADING", "loading"},
      {"MASTERDOWN", "loading"},
      {"TRYAGAIN", "cluster"},
      {"CLUSTERDOWN Hash slot not served", "cluster"},
      {"sentinel", "sentinel"},
      {"role", "sentinel"},
      {"too_large", "protocol"},
      {"WRONGTYPE", "key"},
      {"", "other"},
      {"-", "other"},
      {"READONLYX", "other"},
      {"readonly", "other"},
      {"a secret\n", "other"},
  };
  for (const auto& c : cases) EXPECT_EQ(NameOf(ServerErrorOf(c.error)), c.name) << c.error;
}

TEST(ServerError, HasAsManyNamesAsKinds) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kServerErrors; ++i) names.insert(NameOf(static_cast<ServerError>(i)));
  EXPECT_EQ(names.size(), kServerErrors);
}

}  // namespace
}  // namespace sluice
