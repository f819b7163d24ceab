#include "auth/certificate_header.h"

#include <algorithm>
#include <optional>

#include "auth/base64url.h"
#include "base/ascii.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr size_t kMostBytes = 3 * limits::kCertificateChainBytes;  // percent-encoding at its worst
constexpr const char* kTooLarge = "the header is longer than 192 KiB";

std::string_view Fail(const char* text, const char** fault) {
  *fault = text;
  return {};
}

std::string_view PercentDecoded(std::string_view text, Arena& arena, const char** fault) {
  char* out = arena.Array<char>(text.size());
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out[size++] = text[i];
      continue;
    }
    int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low < 0) return Fail("a `%` is not followed by two hexadecimal digits", fault);
    out[size++] = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return {out, size};
}

// ---- X-Forwarded-Client-Cert ----

// One `key=value` of an element.
struct Pair {
  std::string_view key;
  std::string_view value;  // inside of its quotes
  char end = '\0';         // what stands behind it: ';', ',' or nothing
};

// Strict: behind a quoted value nothing but a separator may stand. So a client whose text a proxy puts before its own
// cannot leave a quote open and have the proxy's text read as a part of his.
bool NextPair(std::string_view* rest, Pair* pair) {
  size_t equals = rest->find('=');
  if (equals == rest->npos || rest->substr(0, equals).find_first_of("\",;") != rest->npos) return false;
  pair->key = Trimmed(rest->substr(0, equals));
  rest->remove_prefix(equals + 1);
  size_t end;
  if (!rest->empty() && rest->front() == '"') {
    size_t close = 1;
    while (close < rest->size() && (*rest)[close] != '"') close += (*rest)[close] == '\\' ? 2 : 1;
    if (close >= rest->size()) return false;
    pair->value = rest->substr(1, close - 1);
    end = close + 1;
  } else {
    end = std::min(rest->find_first_of("\",;"), rest->size());
    pair->value = rest->substr(0, end);
  }
  pair->end = end < rest->size() ? (*rest)[end] : '\0';
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return !pair->key.empty() && (pair->end == '\0' || pair->end == ',' || pair->end == ';');
}

struct Element {
  std::string_view cert;
  std::string_view chain;
  bool twice = false;
};

void Take(std::string_view value, std::string_view* out, bool* twice) {
  *twice |= !out->empty();
  *out = value;
}

std::optional<Element> LastElement(std::string_view rest) {
  Element element;
  Pair pair;
  while (!rest.empty()) {
    if (!NextPair(&rest, &pair)) return std::nullopt;
    if (EqualsIgnoringCase(pair.key, "cert")) Take(pair.value, &element.cert, &element.twice);
    if (EqualsIgnoringCase(pair.key, "chain")) Take(pair.value, &element.chain, &element.twice);
    if (pair.end == ',') element = Element();
  }
  if (pair.end == ',' || pair.end == ';') return std::nullopt;  // something must follow
  return element;
}

// ---- RFC 9440 ----

// A byte sequence of RFC 8941 section 3.3.5: `:base64:`.
bool AppendByteSequence(std::string_view item, char* out, size_t* size) {
  if (item.size() < 3 || item.front() != ':' || item.back() != ':') return false;
  std::optional<size_t> bytes = DecodeBase64(item.substr(1, item.size() - 2), out + *size);
  if (!bytes) return false;
  *size += *bytes;
  return true;
}

}  // namespace

std::string_view ReadUrlEncoded(std::string_view value, Arena& arena, const char** fault) {
  *fault = "";
  if (value.size() > kMostBytes) return Fail(kTooLarge, fault);
  return PercentDecoded(value, arena, fault);
}

std::string_view ReadBase64Encoded(std::string_view value, Arena& arena, const char** fault) {
  *fault = "";
  value = Trimmed(value);
  if (value.size() > kMostBytes) return Fail(kTooLarge, fault);
  if (value.substr(0, 5) == "-----") return value;
  char* out = arena.Array<char>(DecodedSize(value.size()));
  std::optional<size_t> size = DecodeBase64(value, out);
  if (!size) return Fail("the header is no base64", fault);
  return {out, *size};
}

std::string_view ReadForwardedClientCert(std::string_view value, Arena& arena, const char** fault) {
  *fault = "";
  if (value.size() > kMostBytes) return Fail(kTooLarge, fault);
  std::optional<Element> element = LastElement(Trimmed(value));
  if (!element) return Fail("the header is no list of `key=value;key=\"value\"` between commas", fault);
  if (element->twice) return Fail("the header's last element has Cert or Chain twice", fault);
  std::string_view encoded = element->chain.empty() ? element->cert : element->chain;
  if (encoded.empty())
    return Fail("the header's last element has neither Cert nor Chain: the proxy must be told to send them", fault);
  return PercentDecoded(encoded, arena, fault);
}

std::string_view ReadClientCert(std::string_view client_cert, std::string_view client_cert_chain, Arena& arena,
                                const char** fault) {
  *fault = "";
  if (client_cert.size() + client_cert_chain.size() > kMostBytes) return Fail(kTooLarge, fault);
  char* out = arena.Array<char>(client_cert.size() + client_cert_chain.size());
  size_t size = 0;
  if (!AppendByteSequence(Trimmed(client_cert), out, &size))
    return Fail("Client-Cert is no byte sequence `:base64:`", fault);
  std::string_view rest = Trimmed(client_cert_chain);
  while (!rest.empty()) {
    size_t comma = std::min(rest.find(','), rest.size());
    if (!AppendByteSequence(Trimmed(rest.substr(0, comma)), out, &size) || comma + 1 == rest.size())
      return Fail("Client-Cert-Chain is no list of byte sequences `:base64:`", fault);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return {out, size};
}

}  // namespace sluice::auth
