#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "gtest/gtest.h"
#include "router/bytes.h"
#include "router/host_index.h"
#include "router/host_pattern.h"

namespace sluice::router {
namespace {

TEST(HostPattern, Parses) {
  using Kind = HostPattern::Kind;
  const struct {
    const char* text;
    Kind kind;
    const char* name;
    uint32_t port;
  } kCases[] = {
      {"example.com", Kind::kPlain, "example.com", 0},
      {"Example.COM:8443", Kind::kPlain, "example.com", 8443},
      {"*.example.com", Kind::kAnySubdomain, ".example.com", 0},
      {"*.example.com:80", Kind::kAnySubdomain, ".example.com", 80},
      {"example.*", Kind::kAnyTail, "example.", 0},
      {"example.*:65535", Kind::kAnyTail, "example.", 65535},
      {"localhost", Kind::kPlain, "localhost", 0},
      {"a_b-c.1", Kind::kPlain, "a_b-c.1", 0},
      {"10.0.0.1:80", Kind::kPlain, "10.0.0.1", 80},
      {"[2001:DB8::1]", Kind::kPlain, "[2001:db8::1]", 0},
      {"[::1]:80", Kind::kPlain, "[::1]", 80},
  };
  for (const auto& c : kCases) {
    HostPattern pattern;
    ASSERT_EQ(ParseHostPattern(c.text, &pattern), nullptr) << c.text;
    EXPECT_EQ(pattern.kind, c.kind) << c.text;
    EXPECT_EQ(pattern.text, c.name) << c.text;
    EXPECT_EQ(pattern.port, c.port) << c.text;
  }
}

TEST(HostPattern, Refuses) {
  for (const char* text : {"",        "*",     "*.",       ".*",          "*.*",    "*a.com",     "a*.com",
                           "a.*.com", "*.a.*", "a.com*",   "**.a",        ".a",     "a.",         "a..b",
                           "a b",     "a/b",   "http://a", "a:",          "a:0",    "a:65536",    "a:x",
                           "a:-1",    "a:+1",  "a: 1",     "a:1:2",       "*:80",   "[::1",       "[]",
                           "[::1]x",  "[::g]", "::1",      "\xc3\xa9.fr", "[...0]", "[10.0.0.1]", "[1:2]"}) {
    HostPattern pattern;
    EXPECT_NE(ParseHostPattern(text, &pattern), nullptr) << text;
  }
  HostPattern pattern;
  EXPECT_EQ(ParseHostPattern(std::string(limits::kHostBytes, 'a'), &pattern), nullptr);
  EXPECT_NE(ParseHostPattern(std::string(limits::kHostBytes + 1, 'a'), &pattern), nullptr);
}

// The index and the pattern alone must say the same of every host.
TEST(HostIndex, FindsThePatternsThatMatch) {
  const char* kPatterns[] = {"example.com",  "example.com:8443", "*.example.com",      "*.com",    "example.*",
                             "example.*:80", "www.example.*",    "*.example.com:8443", "[::1]:80", "localhost"};
  const char* kHosts[] = {"example.com",
                          "EXAMPLE.com",
                          "www.example.com",
                          "a.b.example.com",
                          "example.org",
                          "example.co.uk",
                          ".example.com",
                          "example.",
                          "example",
                          "com",
                          "notexample.com",
                          "localhost",
                          "[::1]",
                          "",
                          "example.com:8443",
                          "www.example.com.",
                          "..example.com",
                          ".",
                          "...."};
  std::vector<HostPattern> patterns;
  for (const char* text : kPatterns) ASSERT_EQ(ParseHostPattern(text, &patterns.emplace_back()), nullptr);
  HostIndex index;
  for (uint32_t i = 0; i < patterns.size(); ++i) index.Add(patterns[i], i);
  index.Finish(0);
  int matches = 0;
  for (const char* host : kHosts) {
    for (uint32_t port : {0u, 80u, 443u, 8443u, 65536u + 80u}) {
      HostIndex::Trees trees;
      index.Find(host, port, &trees);
      std::vector<uint32_t> found(trees.begin(), trees.end());
      std::sort(found.begin(), found.end());
      std::vector<uint32_t> expected;
      for (uint32_t i = 0; i < patterns.size(); ++i)
        if (HostMatches(patterns[i], host) && (patterns[i].port == 0 || patterns[i].port == port))
          expected.push_back(i);
      EXPECT_EQ(found, expected) << host << " " << port;
      matches += static_cast<int>(expected.size());
    }
  }
  EXPECT_GT(matches, 50);
}

TEST(HostIndex, AHostTooLongForAnyPatternFindsNothing) {
  HostPattern pattern;
  ASSERT_EQ(ParseHostPattern("*.a", &pattern), nullptr);
  HostIndex index;
  index.Add(pattern, 1);
  index.Finish(0);
  HostIndex::Trees longest;
  index.Find(std::string(limits::kHostBytes - 2, 'h') + ".a", 80, &longest);
  EXPECT_EQ(longest.end() - longest.begin(), 1);
  HostIndex::Trees too_long;
  index.Find(std::string(limits::kHostBytes - 1, 'h') + ".a", 80, &too_long);
  EXPECT_EQ(too_long.end(), too_long.begin());
  EXPECT_TRUE(HostMatches(pattern, std::string(limits::kHostBytes - 2, 'h') + ".a"));
  EXPECT_FALSE(HostMatches(pattern, std::string(limits::kHostBytes - 1, 'h') + ".a"));
}

// Labels of one byte, and patterns for each dot, with and without a port: as many trees as one host can have.
TEST(HostIndex, FindsAllThatAHostOfTheGreatestSizeSatisfies) {
  std::string host = "a";
  while (host.size() + 2 + std::string_view(":80").size() <= limits::kHostBytes) host += ".a";
  std::vector<std::string> texts = {host};
  for (size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.', dot + 1)) {
    texts.push_back("*" + host.substr(dot));
    texts.push_back(host.substr(0, dot + 1) + "*");
  }
  std::vector<HostPattern> patterns;
  for (const std::string& text : texts) {
    ASSERT_EQ(ParseHostPattern(text, &patterns.emplace_back()), nullptr) << text;
    ASSERT_EQ(ParseHostPattern(text + ":80", &patterns.emplace_back()), nullptr) << text;
  }
  HostIndex index;
  for (uint32_t i = 0; i < patterns.size(); ++i) index.Add(patterns[i], i);
  index.Finish(0);
  HostIndex::Trees found;
  index.Find(host, 80, &found);
  EXPECT_EQ(static_cast<size_t>(found.end() - found.begin()), patterns.size());
}

TEST(CopyLower, LowersTheLettersOfAsciiAndNothingElse) {
  for (int c = 0; c < 256; ++c) {
    const bool upper = c >= 'A' && c <= 'Z';
    for (size_t size = 0; size < 40; ++size) {
      const std::string text(size, static_cast<char>(c));
      char out[56];
      CopyLower(text, out);
      EXPECT_EQ(std::string(out, size), std::string(size, static_cast<char>(upper ? c + 32 : c))) << c;
    }
  }
}

}  // namespace
}  // namespace sluice::router
