#include "auth/http_signature.h"

#include <algorithm>

#include "auth/base64url.h"
#include "auth/digest.h"
#include "auth/http_freshness.h"
#include "base/ascii.h"

namespace sluice::auth {
namespace {

constexpr std::string_view kHashNames[kSigningHashes] = {"hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"};

// ---- Parsing ----

void SkipBlanks(std::string_view* text) {
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
}

// name="value", without escapes. False: something else stands there.
bool TakeParameter(std::string_view* text, std::string_view* name, std::string_view* value) {
  size_t equals = text->find('=');
  if (equals == text->npos || text->substr(equals + 1, 1) != "\"") return false;
  size_t quote = text->find('"', equals + 2);
  if (quote == text->npos) return false;
  *name = text->substr(0, equals);
  *value = text->substr(equals + 2, quote - equals - 2);
  text->remove_prefix(quote + 1);
  SkipBlanks(text);
  return std::none_of(value->begin(), value->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; });
}

const char* TakeHeaders(std::string_view list, SignatureParameters* out) {
  while (true) {
    size_t end = std::min(list.find(' '), list.size());
    if (end == 0) return "`headers` has an empty name";
    if (out->Signs(list.substr(0, end))) return "`headers` has a name twice";
    if (out->header_count == out->headers.size()) return "`headers` has too many names";
    out->headers[out->header_count++] = list.substr(0, end);
    if (end == list.size()) return "";
    list.remove_prefix(end + 1);
  }
}

std::optional<SigningHash> HashNamed(std::string_view name) {
  for (size_t i = 0; i < kSigningHashes; ++i)
    if (kHashNames[i] == name) return static_cast<SigningHash>(i);
  return std::nullopt;
}

// ---- What is signed ----

// The header of that name; null if there is none, or if there are several, which is a fault.
const Header* OnlyHeader(const Request& request, std::string_view name, const char** fault) {
  const Header* found = nullptr;
  for (size_t i = 0; i < request.header_count; ++i) {
    if (!EqualsIgnoringCase(request.headers[i].name, name)) continue;
    if (found != nullptr) {
      *fault = "a signed header is there twice";
      return nullptr;
    }
    found = &request.headers[i];
  }
  return found;
}

// Without the scheme and authority of an absolute target (RFC 9112 section 3.2.2).
std::string_view PathAndQuery(std::string_view target) {
  size_t authority = target.find("://");
  if (target.empty() || target.front() == '/' || authority == target.npos) return target;
  size_t path = target.find('/', authority + 3);
  return path == target.npos ? "/" : target.substr(path);
}

std::string_view MinorVersion(std::string_view version) {
  if (version.empty()) return "1.1";
  if (version == "2") return "2.0";
  return version == "3" ? "3.0" : version;
}

std::string_view LowerCase(std::string_view text, Arena* arena) {
  char* out = arena->Array<char>(text.size());
  std::transform(text.begin(), text.end(), out, AsciiLower);
  return {out, text.size()};
}

std::string_view Line(std::string_view name, const Request& request, Arena* arena, const char** fault) {
  std::string_view target = PathAndQuery(request.target);
  if (name == "@request-target")
    return arena->Concat({"@request-target: ", LowerCase(request.method, arena), " ", target});
  if (name == "request-line")
    return arena->Concat({request.method, " ", target, " HTTP/", MinorVersion(request.http_version)});
  const Header* header = OnlyHeader(request, name, fault);
  if (header != nullptr) return arena->Concat({name, ": ", header->value});
  if (EqualsIgnoringCase(name, "host") && !request.host.empty()) return arena->Concat({name, ": ", request.host});
  return arena->Concat({name, ":"});
}

}  // namespace

bool SignatureParameters::Signs(std::string_view header) const {
  return std::any_of(headers.begin(), headers.begin() + static_cast<ptrdiff_t>(header_count),
                     [&](std::string_view name) { return EqualsIgnoringCase(name, header); });
}

const char* ParseSignature(std::string_view text, SignatureParameters* out) {
  *out = SignatureParameters();
  constexpr std::string_view kNames[] = {"username", "algorithm", "headers", "signature"};
  std::string_view values[std::size(kNames)];
  SkipBlanks(&text);
  for (bool more = true; more;) {
    std::string_view name, value;
    if (!TakeParameter(&text, &name, &value)) return "expected name=\"value\"";
    const auto* known = std::find(std::begin(kNames), std::end(kNames), name);
    if (known == std::end(kNames)) return "a parameter that is not known";
    std::string_view& slot = values[known - kNames];
    if (slot.data() != nullptr) return "a parameter is there twice";
    slot = value;
    more = !text.empty();
    if (more && text.front() != ',') return "expected a comma between parameters";
    text.remove_prefix(more ? 1 : 0);
    SkipBlanks(&text);
  }
  for (std::string_view value : values)
    if (value.empty()) return "username, algorithm, headers and signature are all needed";
  out->username = values[0];
  out->hash = HashNamed(values[1]);
  out->signature = values[3];
  return TakeHeaders(values[2], out);
}

std::string_view SignedText(const SignatureParameters& parameters, const Request& request, Arena* arena,
                            const char** fault) {
  *fault = "";
  std::array<std::string_view, limits::kSignedHeaders> lines;
  size_t size = 0;
  for (size_t i = 0; i < parameters.header_count; ++i) {
    lines[i] = Line(parameters.headers[i], request, arena, fault);
    size += lines[i].size() + 1;
  }
  char* out = arena->Array<char>(size);
  size_t at = 0;
  for (size_t i = 0; i < parameters.header_count; ++i) {
    if (i > 0) out[at++] = '\n';
    at += lines[i].copy(out + at, lines[i].size());
  }
  return {out, at};
}

bool IsFresh(const SignatureParameters& parameters, const Request& request, int64_t now_s, int64_t skew_s) {
  for (std::string_view name : {"x-date", "date"}) {
    const char* twice = "";
    const Header* header = parameters.Signs(name) ? OnlyHeader(request, name, &twice) : nullptr;
    std::optional<int64_t> date = header != nullptr ? ParseHttpDate(header->value) : std::nullopt;
    if (date && *date >= now_s - skew_s && *date <= now_s + skew_s) return true;
  }
  return false;
}

SigningSecret::SigningSecret(std::string_view secret)
    : keys_{HmacKey::CreateSha1(secret), HmacKey::Create(Algorithm::kHs256, secret),
            HmacKey::Create(Algorithm::kHs384, secret), HmacKey::Create(Algorithm::kHs512, secret)} {}

bool SigningSecret::Verify(SigningHash hash, std::string_view text, std::string_view signature) const {
  char mac[HmacKey::kMaxBytes + 4];
  if (DecodedSize(signature.size()) > sizeof(mac)) return false;
  std::optional<size_t> size = DecodeBase64(signature, mac);
  return size && keys_[static_cast<size_t>(hash)]->Verify(text, {mac, *size});
}

}  // namespace sluice::auth
