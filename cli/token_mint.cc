// sluice token mint: a signed token, for trying a policy out.
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "auth/token_sign.h"
#include "base/limits.h"
#include "cli/input.h"
#include "cli/verbs.h"
#include "policy/json/json_reader.h"
#include "policy/json/json_writer.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kAlgorithms =
    "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA";

using Members = std::map<std::string, std::string, std::less<>>;  // name and JSON value

std::string Quoted(std::string_view text) {
  std::string json;
  JsonWriter(&json).String(text);
  return json;
}

std::string ObjectOf(const Members& members) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject();
  for (const auto& [name, value] : members) {
    writer.Key(name);
    writer.Raw(value);
  }
  writer.EndObject();
  return json;
}

// "90", "5m", "-1h": seconds, or with a unit.
bool ParseOffset(std::string_view text, int64_t* seconds) {
  int64_t unit = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 's': unit = 1; break;
      case 'm': unit = 60; break;
      case 'h': unit = 3600; break;
      case 'd': unit = 86'400; break;
      default: unit = 0; break;
    }
  }
  if (unit != 0) text.remove_suffix(1);
  constexpr int64_t kMost = int64_t{1} << 40;
  if (!absl::SimpleAtoi(text, seconds) || *seconds > kMost || *seconds < -kMost) return false;
  *seconds *= unit == 0 ? 1 : unit;
  return true;
}

bool AddTimes(const Args& args, int64_t now_s, Members* claims, std::string* error) {
  struct {
    std::string_view flag;
    std::string_view claim;
    std::string_view otherwise;
  } times[] = {{"--iat", "iat", "0s"}, {"--exp", "exp", "1h"}, {"--nbf", "nbf", "none"}};
  for (const auto& time : times) {
    std::string_view text = args.Get(time.flag, time.otherwise);
    if (text == "none") continue;
    int64_t offset_s = 0;
    if (!ParseOffset(text, &offset_s)) {
      *error =
          absl::StrCat("expected ", time.flag, " as a time from now (90s, 5m, -1h, 30d) or none, found `", text, "`");
      return false;
    }
    (*claims)[std::string(time.claim)] = absl::StrCat(now_s + offset_s);
  }
  return true;
}

void AddNames(const Args& args, Members* claims) {
  for (auto [flag, claim] : {std::pair("--iss", "iss"), std::pair("--sub", "sub")})
    if (args.Has(flag)) (*claims)[claim] = Quoted(args.Get(flag));
  std::vector<std::string_view> audiences = args.All("--aud");
  if (audiences.empty()) return;
  std::string json;
  JsonWriter writer(&json);
  if (audiences.size() > 1) writer.BeginArray();
  for (std::string_view audience : audiences) writer.String(audience);
  if (audiences.size() > 1) writer.EndArray();
  (*claims)["aud"] = json;
}

// The value in its one spelling.
bool IsJson(std::string_view flag, std::string_view name, std::string_view text, std::string* value,
            std::string* error) {
  JsonReader reader;
  std::string why;
  const JsonNode* node = reader.Read(text, {}, &why);
  if (node == nullptr)
    *error = absl::StrCat("expected ", flag, " `", name, "` as JSON, found ", why);
  else
    *value = ToJson(*node);
  return node != nullptr;
}

// NAME=VALUE of a repeated flag; the last of a name counts.
bool AddPairs(const Args& args, std::string_view flag, bool is_json, Members* out, std::string* error) {
  for (std::string_view pair : args.All(flag)) {
    size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      *error = absl::StrCat("expected ", flag, " as NAME=VALUE");
      return false;
    }
    std::string_view name = pair.substr(0, equals), text = pair.substr(equals + 1);
    std::string* value = &(*out)[std::string(name)];
    if (!is_json)
      *value = Quoted(text);
    else if (!IsJson(flag, name, text, value, error))
      return false;
  }
  return true;
}

std::optional<std::string> ReadKey(const Args& args, bool secret, std::string* error) {
  std::string_view flag = secret ? "--secret-file" : "--key";
  std::string_view other = secret ? "--key" : "--secret-file";
  if (args.Has(other) || !args.Has(flag)) {
    *error = secret ? "this algorithm wants a shared secret: give --secret-file FILE (or - for standard input)"
                    : "this algorithm wants a private key in PEM: give --key FILE (or - for standard input)";
    return std::nullopt;
  }
  std::optional<std::string> key = ReadFile(args.Get(flag), limits::kSigningKeyBytes, error);
  if (key && secret && !key->empty() && key->back() == '\n') key->pop_back();
  return key;
}

constexpr Flag kFlags[] = {
    {"--alg", "ALG", "HS256 (default), HS384, HS512, RS…, PS… and ES… of the same lengths, EdDSA"},
    {"--secret-file", "FILE", "for HS…: the shared secret, without the newline that may end it; - is standard input"},
    {"--key", "FILE", "for all others: the private key, PEM; - is standard input"},
    {"--kid", "ID", "the header's key id"},
    {"--iss", "TEXT", "the claim iss"},
    {"--sub", "TEXT", "the claim sub"},
    {"--aud", "TEXT", "the claim aud; a list when repeated"},
    {"--exp", "OFFSET", "expires so long from now (90s, 5m, -1h, 30d) or none; default 1h"},
    {"--nbf", "OFFSET", "not before; default none"},
    {"--iat", "OFFSET", "issued at; default 0s; or none"},
    {"--claim", "NAME=TEXT", "any other claim, as a string; may be repeated"},
    {"--claim-json", "NAME=JSON", "any other claim, as JSON: scopes=[\"a\",\"b\"]; may be repeated"},
    {"--header", "NAME=TEXT", "any other member of the header; may be repeated"},
    {"--now", "SECONDS", "the time, since the epoch; default: this machine's"},
};

// What the flags say, as JSON; false: `*error`.
bool ReadMembers(const Args& args, int64_t now_s, Members* header, Members* claims, std::string* error) {
  if (args.Has("--kid")) (*header)["kid"] = Quoted(args.Get("--kid"));
  AddNames(args, claims);
  return AddTimes(args, now_s, claims, error) && AddPairs(args, "--claim", false, claims, error) &&
         AddPairs(args, "--claim-json", true, claims, error) && AddPairs(args, "--header", false, header, error);
}

int Run(const Args& args) {
  constexpr std::string_view kVerb = "token mint";
  std::string error;
  std::string_view name = args.Get("--alg", "HS256");
  std::optional<auth::Algorithm> algorithm = auth::FindAlgorithm(name);
  if (!algorithm) return Fail(kVerb, absl::StrCat("expected --alg as one of ", kAlgorithms, ", found `", name, "`"));
  int64_t now_ns = WallClockNs();
  if (args.Has("--now") && !ParseSeconds(args.Get("--now"), &now_ns))
    return Fail(kVerb, "expected --now as seconds since the epoch");
  Members header, claims;
  if (!ReadMembers(args, now_ns / 1'000'000'000, &header, &claims, &error)) return Fail(kVerb, error);
  std::optional<std::string> key = ReadKey(args, auth::KeyTypeOf(*algorithm) == auth::KeyType::kSecret, &error);
  if (!key) return Fail(kVerb, error);
  auto signer = auth::TokenSigner::Create(*algorithm, *key, ObjectOf(header), &error);
  if (!signer) return Fail(kVerb, error);
  std::optional<std::string> token = signer->Sign(ObjectOf(claims), &error);
  if (!token) return Fail(kVerb, error);
  std::printf("%s\n", token->c_str());
  return 0;
}

}  // namespace

const Verb kTokenMint = {
    .name = "token mint",
    .summary = "sign a token (JWT), for trying a policy out",
    .operands = "",
    .about =
        "Signs a token and prints it. The key comes from a file or standard input, never "
        "from the command line, and is never shown.\n\n"
        "Exit status: 0 signed, 2 a flag or the key cannot be used.",
    .example =
        "  sluice token mint --alg ES256 --key key.pem --kid k1 \\\n"
        "    --iss https://idp.example.com --sub alice --aud orders --exp 5m",
    .flags = kFlags,
    .run = Run,
};

}  // namespace sluice::cli
