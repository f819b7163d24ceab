#include "router/normalize.h"

#include <cctype>
#include <random>
#include <string>

#include "base/limits.h"
#include "gtest/gtest.h"

namespace sluice::router {
namespace {

std::string Normalized(std::string_view target) {
  Arena arena;
  NormalTarget out;
  const TargetError error = NormalizeTarget(target, &arena, &out);
  return error == TargetError::kNone ? std::string(out.path) : "error: " + std::string(TargetErrorCode(error));
}

constexpr std::string_view kReserved = "!*'();:@&=+$,/?%#[]";

std::string NaiveDecode(const std::string& path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    std::string hex = path.substr(i + 1, 2);
    if (hex.size() < 2 || !isxdigit(static_cast<unsigned char>(hex[0])) ||
        !isxdigit(static_cast<unsigned char>(hex[1]))) {
      return "error: bad_percent_escape";
    }
    const char byte = static_cast<char>(std::stoi(hex, nullptr, 16));
    if (byte == 0) return "error: nul_byte_in_target";
    for (char& c : hex) c = static_cast<char>(toupper(static_cast<unsigned char>(c)));
    out += kReserved.find(byte) == std::string_view::npos ? std::string(1, byte) : "%" + hex;
    i += 2;
  }
  return out;
}

// RFC 3986, 5.2.4, rule by rule, with one rule more for slashes.
std::string NaiveRemoveDotSegments(std::string in) {
  std::string out;
  const auto begins = [&in](const char* text) { return in.rfind(text, 0) == 0; };
  while (!in.empty()) {
    if (begins("//") || begins("/./")) {
      in = in.substr(begins("//") ? 1 : 2);
    } else if (in == "/.") {
      in = "/";
    } else if (begins("/../") || in == "/..") {
      in = in == "/.." ? "/" : in.substr(3);
      out = out.substr(0, out.empty() ? 0 : out.rfind('/'));
    } else {
      const size_t end = in.find('/', 1);
      out += in.substr(0, end);
      in = end == std::string::npos ? "" : in.substr(end);
    }
  }
  return out;
}

std::string Naive(const std::string& target) {
  const std::string decoded = NaiveDecode(target.substr(0, target.find('?')));
  return decoded[0] == 'e' ? decoded : NaiveRemoveDotSegments(decoded);
}

TEST(NormalizeTarget, PathTakesItsNormalForm) {
  const struct {
    const char* target;
    const char* path;
  } kCases[] = {
      {"/", "/"},
      {"/a/b/c", "/a/b/c"},
      {"/a/b/c/", "/a/b/c/"},
      {"/a?b=/../c", "/a"},
      {"/?", "/"},
      // Escapes: decoded unless the byte is reserved; then in upper case.
      {"/%41%2d%7e%5f", "/A-~_"},
      {"/a%20b", "/a b"},
      {"/caf%c3%a9", "/caf\xc3\xa9"},
      {"/caf\xc3\xa9", "/caf\xc3\xa9"},
      {"/a%2fb%2Fc", "/a%2Fb%2Fc"},
      {"/%21%23%24%25%26%27%28%29%2a%2b%2c%2f%3a%3b%3d%3f%40%5b%5d",
       "/%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D"},
      {"/%2541", "/%2541"},  // once, never twice
      {"/%0d%0a", "/\r\n"},
      {"/a%5c..%5cb", "/a\\..\\b"},              // a backslash separates nothing
      {"/%c0%ae%c0%ae/", "/\xc0\xae\xc0\xae/"},  // overlong dots are bytes, not dots
      {"/%ff", "/\xff"},
      // Dot segments, RFC 3986, 5.2.4 and 5.4.
      {"/.", "/"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/b/../c", "/a/c"},
      {"/a/b/c/./../../g", "/a/g"},
      {"/../g", "/g"},
      {"/g.", "/g."},
      {"/.g", "/.g"},
      {"/..g", "/..g"},
      {"/...", "/..."},
      {"/%2e%2e/a", "/a"},
      {"/a/%2E./b", "/b"},
      {"/public/..%2fadmin", "/public/..%2Fadmin"},  // one segment: the slash is not one
      {"/public/%2e%2e/admin", "/admin"},
      // Slashes.
      {"//", "/"},
      {"//a///b//", "/a/b/"},
      {"/a//../b", "/b"},
      {"/a/..//b", "/b"},
      // Absolute form (RFC 9112, 3.2.2).
      {"http://example.com", "/"},
      {"http://example.com?x", "/"},
      {"https://example.com:8443/a/../b?x", "/b"},
      {"HTTP://[::1]:80//a", "/a"},
      {"*", "*"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Normalized(c.target), c.path) << c.target;
}

TEST(NormalizeTarget, RefusesWhatNoPathMayHold) {
  const struct {
    std::string target;
    const char* code;
  } kCases[] = {
      {"", "empty_target"},
      {"/%00", "nul_byte_in_target"},
      {"/a/%00/../..", "nul_byte_in_target"},
      {"/%", "bad_percent_escape"},
      {"/%4", "bad_percent_escape"},
      {"/%zz", "bad_percent_escape"},
      {"/%4g", "bad_percent_escape"},
      {"/%%41", "bad_percent_escape"},
      {"/a b", "forbidden_byte_in_target"},
      {"/a\nb", "forbidden_byte_in_target"},
      {"/a?b\r\nc", "forbidden_byte_in_target"},
      {std::string("/a\0b", 4), "forbidden_byte_in_target"},
      {"/a\x7f", "forbidden_byte_in_target"},
      {"/a#b", "forbidden_byte_in_target"},
      {"example.com:443", "authority_form_target"},
      {"a/b", "authority_form_target"},
      {"**", "authority_form_target"},
      {"ftp://example.com/", "unknown_target_scheme"},
      {"httpx://example.com/", "unknown_target_scheme"},
      {"://example.com/", "unknown_target_scheme"},
      {"http:///a", "bad_target_authority"},
      {"http://user@example.com/", "bad_target_authority"},
      {"http://exa%6dple.com/", "bad_target_authority"},
      {"http://example.com:x/", "bad_target_authority"},
      {"http://example.com:123456/", "bad_target_authority"},
      {"http://a:1:2/", "bad_target_authority"},
      {"http://[::1/", "bad_target_authority"},
      {"http://[]/", "bad_target_authority"},
      {"http://[::1]x/", "bad_target_authority"},
      {"http://a\\b/", "bad_target_authority"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Normalized(c.target), std::string("error: ") + c.code) << c.target;
}

// Targets are read eight bytes at a time: each byte at each place of a word, and of a shorter end.
TEST(NormalizeTarget, KnowsEveryByteAtEveryPlace) {
  Arena arena;
  for (size_t size = 2; size <= 26; ++size) {
    for (size_t at = 1; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string target = "/" + std::string(size - 1, 'z');
        target[at] = static_cast<char>(byte);
        NormalTarget out;
        const TargetError error = NormalizeTarget(target, &arena, &out);
        if (byte <= ' ' || byte == 0x7f || byte == '#') {
          ASSERT_EQ(error, TargetError::kForbiddenByte) << byte << " at " << at << " of " << size;
        } else if (byte == '%') {
          ASSERT_EQ(error, TargetError::kBadPercentEscape) << at << " of " << size;
        } else {
          ASSERT_EQ(error, TargetError::kNone) << byte << " at " << at << " of " << size;
          ASSERT_EQ(out.has_query, byte == '?') << at << " of " << size;
          ASSERT_EQ(out.path, byte == '?' ? target.substr(0, at) : Naive(target)) << byte << " at " << at;
        }
      }
    }
  }
}

TEST(NormalizeTarget, TellsQueryFormAndAuthority) {
  Arena arena;
  NormalTarget out;
  ASSERT_EQ(NormalizeTarget("/a?", &arena, &out), TargetError::kNone);
  EXPECT_TRUE(out.has_query);
  EXPECT_EQ(out.query, "");
  EXPECT_EQ(out.form, TargetForm::kOrigin);

  ASSERT_EQ(NormalizeTarget("hTTps://Example.com:8443?x=%zz?y", &arena, &out), TargetError::kNone);
  EXPECT_EQ(out.form, TargetForm::kAbsolute);
  EXPECT_EQ(out.scheme, "hTTps");
  EXPECT_EQ(out.authority, "Example.com:8443");
  EXPECT_EQ(out.query, "x=%zz?y");

  ASSERT_EQ(NormalizeTarget("*", &arena, &out), TargetError::kNone);
  EXPECT_EQ(out.form, TargetForm::kAsterisk);
  EXPECT_FALSE(out.has_query);
  EXPECT_TRUE(out.authority.empty());
}

TEST(NormalizeTarget, AnErrorLeavesTheResultAlone) {
  Arena arena;
  NormalTarget out;
  out.path = "/before";
  EXPECT_EQ(NormalizeTarget("http://example.com/%zz", &arena, &out), TargetError::kBadPercentEscape);
  EXPECT_EQ(out.path, "/before");
  EXPECT_TRUE(out.authority.empty());
}

TEST(NormalizeTarget, WhatIsNormalIsNotCopied) {
  Arena arena;
  for (std::string_view target : {"/", "/a/b.c/d%2Fe", "/a/b?x=%20", "/.well-known/a"}) {
    NormalTarget out;
    ASSERT_EQ(NormalizeTarget(target, &arena, &out), TargetError::kNone);
    EXPECT_EQ(out.path.data(), target.data()) << target;
    EXPECT_EQ(EscapePath(out.path, &arena).data(), target.data()) << target;
  }
}

TEST(NormalizeTarget, Bounded) {
  Arena arena;
  NormalTarget out;
  const std::string longest = "/" + std::string(limits::kTargetBytes - 1, 'a');
  EXPECT_EQ(NormalizeTarget(longest, &arena, &out), TargetError::kNone);
  EXPECT_EQ(NormalizeTarget(longest + "a", &arena, &out), TargetError::kTooLong);
  const std::string host(limits::kHostBytes, 'h');
  EXPECT_EQ(NormalizeTarget("http://" + host, &arena, &out), TargetError::kNone);
  EXPECT_EQ(NormalizeTarget("http://" + host + "h", &arena, &out), TargetError::kBadAuthority);
}

TEST(EscapePath, EncodesAllThatIsNotSafe) {
  Arena arena;
  EXPECT_EQ(EscapePath("/a b\"<>\\^`{|}", &arena), "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D");
  EXPECT_EQ(EscapePath("/\xc3\xa9\r\n\x7f\x01", &arena), "/%C3%A9%0D%0A%7F%01");
  EXPECT_EQ(EscapePath("/!#$&'()*+,:;=?@[]-_.~%2F", &arena), "/!#$&'()*+,:;=?@[]-_.~%2F");
}

// --- The same rules, written as slowly and as close to their sources as they can be. ---

TEST(NormalizeTarget, AgreesWithTheNaiveFormAndIsStable) {
  const char* kPieces[] = {"/",   "/",   ".",   ".",    "..",  "a",   "bc",  "%2e", "%2E", "%2f", "%2F",
                           "%41", "%20", "%c3", "%25",  "%00", "%zz", "%",   "?",   "~",   "\\",  "\xc0",
                           "\"",  ";",   "//",  "/../", "/./", "%5c", "%0a", "%7f", "%3F", "%4",  "é"};
  const uint32_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Arena arena;
  for (int round = 0; round < 200'000; ++round) {
    arena.Reset();
    std::string target = "/";
    for (uint32_t pieces = random() % 12; pieces > 0; --pieces) target += kPieces[random() % std::size(kPieces)];
    const std::string expected = Naive(target);
    const std::string normal = Normalized(target);
    ASSERT_EQ(normal, expected) << target;
    if (normal[0] != '/') continue;
    const std::string sent(EscapePath(normal, &arena));
    ASSERT_EQ(Normalized(sent), normal) << target;
  }
}

}  // namespace
}  // namespace sluice::router
