// sluice token inspect: what a token says, without believing it.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/dates.h"
#include "cli/input.h"
#include "cli/terminal.h"
#include "cli/token_text.h"
#include "cli/verbs.h"
#include "policy/json/json_reader.h"

namespace sluice::cli {
namespace {

constexpr size_t kMargin = 2;
constexpr size_t kName = 16;

bool IsDate(std::string_view name) {
  for (std::string_view known : {"exp", "nbf", "iat", "auth_time", "updated_at"})
    if (name == known) return true;
  return false;
}

// A number that can be a date is shown as one beside it.
std::string DateText(const JsonNode& node, int64_t now_s) {
  constexpr double kLatest = 253'402'300'799;  // the end of the year 9999
  double seconds = 0;
  if (node.kind != JsonKind::kNumber || !absl::SimpleAtod(node.text, &seconds))
    return " (not a date: expected a number)";
  if (!(seconds >= 0 && seconds <= kLatest)) return " (not a date: out of range)";
  auto whole = static_cast<int64_t>(seconds);
  return absl::StrCat(" = ", Utc(whole), ", ", Relative(whole - now_s));
}

void PrintMembers(std::string_view title, const JsonNode& object, int64_t now_s) {
  std::printf("\n%s\n", std::string(title).c_str());
  for (const JsonNode& member : object) {
    std::string name = Printable(member.name);
    size_t columns = std::max(kName, Width(name) + 1);
    std::string value = member.kind == JsonKind::kString ? std::string(member.text) : ToJson(member);
    if (IsDate(member.name)) value += DateText(member, now_s);
    std::printf("  %s%s%s\n", name.c_str(), std::string(columns - Width(name), ' ').c_str(),
                Wrap(Printable(value), kColumns, kMargin + columns).c_str());
  }
}

// Prints one of the first two parts; false: `*error`.
bool PrintPart(std::string_view title, std::string_view encoded, int64_t now_s, std::string* error) {
  std::string json;
  if (!absl::WebSafeBase64Unescape(encoded, &json)) {
    *error = absl::StrCat("the ", title, " is not base64url");
    return false;
  }
  JsonReader reader;
  const JsonNode* root = reader.Read(json, {.bytes = encoded.size()}, error);
  if (root == nullptr || root->kind != JsonKind::kObject) {
    *error = absl::StrCat("the ", title, " is no JSON object", root == nullptr ? ": " + *error : "");
    return false;
  }
  PrintMembers(title, *root, now_s);
  return true;
}

int Inspect(std::string_view token, int64_t now_s) {
  std::vector<std::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() == 5)
    return Fail("token inspect", "this is an encrypted token (JWE, five parts): only its key opens it");
  if (parts.size() != 3)
    return Fail("token inspect",
                absl::StrCat("expected three parts with dots between (header.claims.signature), found ", parts.size()));
  std::printf("NOT VERIFIED: this is what the token says, not what is true.\n");
  std::string error;
  if (!PrintPart("header", parts[0], now_s, &error)) return Fail("token inspect", error);
  if (!PrintPart("claims", parts[1], now_s, &error)) return Fail("token inspect", error);
  std::string signature;
  bool decoded = absl::WebSafeBase64Unescape(parts[2], &signature);
  std::printf("\nsignature\n  %s\n", decoded ? absl::StrCat(signature.size(), " bytes").c_str() : "not base64url");
  return 0;
}

constexpr Flag kFlags[] = {
    {"--now", "SECONDS", "the time that dates are compared with, since the epoch; default: this machine's"},
};

int Run(const Args& args) {
  int64_t now_ns = WallClockNs();
  if (args.Has("--now") && !ParseSeconds(args.Get("--now"), &now_ns))
    return Fail("token inspect", "expected --now as seconds since the epoch");
  std::string error;
  std::optional<std::string> token = ReadToken(args, &error);
  if (!token) return Fail("token inspect", error);
  return Inspect(*token, now_ns / 1'000'000'000);
}

}  // namespace

const Verb kTokenInspect = {
    .name = "token inspect",
    .summary = "decode a token (JWT) without verifying it",
    .operands = "[TOKEN]",
    .about =
        "Shows the header and the claims of a token, dates in words beside their numbers. "
        "It verifies nothing, and says so. Reads standard input when no token is given, "
        "which keeps it out of the list of processes.\n\n"
        "Exit status: 0 it could be decoded, 2 it could not.",
    .example =
        "  pbpaste | sluice token inspect\n"
        "  sluice token inspect eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
    .flags = kFlags,
    .min_operands = 0,
    .max_operands = 1,
    .run = Run,
};

}  // namespace sluice::cli
