#include "policy/json/request_json.h"

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/diagnostic.h"
#include "base/limits.h"
#include "policy/json/json_writer.h"

namespace sluice {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;

// What was found, without quoting a string: it may be a credential.
std::string Found(const JsonNode& node) {
  if (node.kind == JsonKind::kNumber) return absl::StrCat("`", node.text.substr(0, 32), "`");
  return std::string(JsonKindName(node.kind));
}

bool Expected(std::string_view what, std::string_view member, const JsonNode& node, std::string* error) {
  *error = absl::StrCat("member `", member, "`: expected ", what, ", found ", Found(node));
  return false;
}

bool UnknownMember(std::string_view within, const JsonNode& node, const std::vector<std::string>& known,
                   std::string* error) {
  std::string name(node.name.substr(0, 64));
  *error = absl::StrCat("unknown member `", within, name, "`");
  std::string nearest = NearestName(name, known);
  absl::StrAppend(error, nearest.empty() ? absl::StrCat(" (known: ", absl::StrJoin(known, ", "), ")")
                                         : absl::StrCat(" (did you mean `", within, nearest, "`?)"));
  return false;
}

bool ReadString(const JsonNode& node, std::string_view member, std::string_view* out, std::string* error) {
  if (node.kind != JsonKind::kString) return Expected("a string", member, node, error);
  *out = node.text;
  return true;
}

template <typename Integer>
bool ReadInteger(const JsonNode& node, std::string_view member, int64_t low, int64_t high, Integer* out,
                 std::string* error) {
  int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  bool whole = node.kind == JsonKind::kNumber;
  if (whole) {
    auto [stop, failure] = std::from_chars(node.text.data(), end, value);
    whole = failure == std::errc() && stop == end && value >= low && value <= high;
  }
  if (!whole) return Expected(absl::StrCat("an integer from ", low, " to ", high), member, node, error);
  *out = static_cast<Integer>(value);
  return true;
}

// Splits "123.456789" by hand: a double would round the last digits. An exponent goes the way of a double.
bool DecimalToScaled(std::string_view text, int64_t units_per_one, int64_t high, int64_t* out) {
  const char* end = text.data() + text.size();
  int64_t whole = 0;
  auto [stop, failure] = std::from_chars(text.data(), end, whole);
  if (failure != std::errc() || whole < 0 || text[0] == '-') return false;
  if (text.find_first_of("eE") != std::string_view::npos) {
    double value = 0;
    std::from_chars(text.data(), end, value);
    if (!(value >= 0 && value <= static_cast<double>(high))) return false;
    *out = static_cast<int64_t>(value * static_cast<double>(units_per_one));
    return true;
  }
  if (whole > high) return false;
  int64_t scaled = whole * units_per_one;
  int64_t unit = units_per_one / 10;
  for (const char* p = stop == end ? end : stop + 1; p < end && unit > 0; ++p, unit /= 10) scaled += (*p - '0') * unit;
  *out = scaled;
  return true;
}

bool ReadDecimal(const JsonNode& node, std::string_view member, std::string_view what, int64_t units_per_one,
                 int64_t high, int64_t* out, std::string* error) {
  if (node.kind == JsonKind::kNumber && DecimalToScaled(node.text, units_per_one, high, out)) return true;
  return Expected(what, member, node, error);
}

bool ReadNow(const JsonNode& node, std::optional<int64_t>* wall_ns, std::string* error) {
  constexpr int64_t kLatestSecond = INT64_MAX / kNsPerSecond - 1;
  int64_t value = 0;
  if (!ReadDecimal(node, "now", "seconds since the epoch", kNsPerSecond, kLatestSecond, &value, error)) return false;
  *wall_ns = value;
  return true;
}

bool ReadScheme(const JsonNode& node, std::string_view* out, std::string* error) {
  if (!ReadString(node, "scheme", out, error)) return false;
  if (IsRequestScheme(absl::AsciiStrToLower(*out))) return true;
  *error = absl::StrCat("member `scheme`: expected http, https, grpc, grpcs, tcp, tls or udp, found `",
                        out->substr(0, 32), "`");
  return false;
}

bool ReadId(const JsonNode& node, std::string* id_json, std::string* error) {
  if (node.kind == JsonKind::kNumber) {
    *id_json = node.text;
    return true;
  }
  if (node.kind != JsonKind::kString) return Expected("a string or a number", "id", node, error);
  id_json->clear();
  JsonWriter(id_json).String(node.text);
  return true;
}

}  // namespace

const RequestLine* RequestReader::Read(std::string_view json, std::string* error) {
  line_ = RequestLine();
  headers_.clear();
  const JsonNode* root = reader_.Read(json, {limits::kRequestJsonBytes, limits::kRequestJsonDepth}, error);
  if (root == nullptr) return nullptr;
  if (root->kind != JsonKind::kObject) {
    *error = absl::StrCat("expected a request as one JSON object a line, found ", JsonKindName(root->kind));
    return nullptr;
  }
  for (const JsonNode& member : *root)
    if (member.kind != JsonKind::kNull && !ReadMember(member, error)) return nullptr;
  // A connection that carries no HTTP has neither.
  const bool stream = IsStreamScheme(line_.request.scheme);
  for (std::string_view needed : {"method", "path"}) {
    if (stream) break;
    const JsonNode* member = root->Find(needed);
    if (member != nullptr && member->kind != JsonKind::kNull) continue;
    *error = absl::StrCat("member `", needed, "` is missing: a request needs at least `method` and `path`");
    return nullptr;
  }
  line_.request.headers = headers_.data();
  line_.request.header_count = headers_.size();
  return &line_;
}

bool RequestReader::ReadMember(const JsonNode& member, std::string* error) {
  Request& request = line_.request;
  std::string_view name = member.name;
  if (name == "method") return ReadString(member, name, &request.method, error);
  if (name == "path") return ReadString(member, name, &request.target, error);
  if (name == "scheme") return ReadScheme(member, &request.scheme, error);
  if (name == "host") return ReadString(member, name, &request.host, error);
  if (name == "http_version") return ReadString(member, name, &request.http_version, error);
  if (name == "peer") return ReadString(member, name, &request.peer, error);
  if (name == "server") return ReadString(member, name, &request.server, error);
  if (name == "port") return ReadInteger(member, name, 0, 65535, &request.port, error);
  if (name == "cost") return ReadInteger(member, name, 1, UINT32_MAX, &request.cost, error);
  if (name == "content_length") return ReadInteger(member, name, -1, INT64_MAX, &request.content_length, error);
  if (name == "headers") return ReadHeaders(member, error);
  if (name == "tls") return ReadTls(member, error);
  if (name == "outcome") return ReadOutcome(member, error);
  if (name == "id") return ReadId(member, &line_.id_json, error);
  if (name == "now") return ReadNow(member, &line_.wall_ns, error);
  return UnknownMember("", member,
                       {"id", "now", "method", "scheme", "host", "port", "path", "http_version", "headers", "peer",
                        "server", "tls", "content_length", "cost", "outcome"},
                       error);
}

bool RequestReader::ReadHeaders(const JsonNode& member, std::string* error) {
  if (member.kind == JsonKind::kObject) {
    for (const JsonNode& header : member) {
      if (header.kind != JsonKind::kString) return Expected("an object of strings", "headers", header, error);
      headers_.push_back({header.name, header.text});
    }
    return true;
  }
  constexpr std::string_view kPairs = "a list of [name, value] pairs of strings, or an object";
  if (member.kind != JsonKind::kArray) return Expected(kPairs, "headers", member, error);
  for (const JsonNode& pair : member) {
    if (pair.kind != JsonKind::kArray || pair.count != 2) return Expected(kPairs, "headers", pair, error);
    for (const JsonNode& half : pair)
      if (half.kind != JsonKind::kString) return Expected(kPairs, "headers", half, error);
    headers_.push_back({pair.first->text, pair.first->next->text});
  }
  return true;
}

bool RequestReader::ReadTls(const JsonNode& member, std::string* error) {
  if (member.kind != JsonKind::kObject) return Expected("an object", "tls", member, error);
  Tls& tls = line_.request.tls;
  for (const JsonNode& part : member) {
    if (part.kind == JsonKind::kNull) continue;
    std::string_view* out = part.name == "sni"            ? &tls.sni
                            : part.name == "client_cert"  ? &tls.client_cert
                            : part.name == "client_chain" ? &tls.client_chain
                                                          : nullptr;
    if (out == nullptr) return UnknownMember("tls.", part, {"sni", "client_cert", "client_chain"}, error);
    if (!ReadString(part, absl::StrCat("tls.", part.name), out, error)) return false;
  }
  return true;
}

bool RequestReader::ReadOutcome(const JsonNode& member, std::string* error) {
  if (member.kind != JsonKind::kObject) return Expected("an object", "outcome", member, error);
  Outcome outcome;
  for (const JsonNode& part : member) {
    if (part.kind == JsonKind::kNull) continue;
    bool read = false;
    if (part.name == "status")
      read = ReadInteger(part, "outcome.status", 0, 999, &outcome.status, error);
    else if (part.name == "latency_ms")
      read = ReadDecimal(part, "outcome.latency_ms", "milliseconds from 0 on", kNsPerMs, INT64_MAX / kNsPerMs - 1,
                         &outcome.latency_ns, error);
    else if (part.name == "error")
      read = ReadString(part, "outcome.error", &outcome.error, error);
    else if (part.name == "cost")
      read = ReadInteger(part, "outcome.cost", 1, UINT32_MAX, &outcome.cost, error);
    else
      read = UnknownMember("outcome.", part, {"status", "latency_ms", "error", "cost"}, error);
    if (!read) return false;
  }
  line_.outcome = outcome;
  return true;
}

}  // namespace sluice
