#include "router/normalize.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/ascii.h"
#include "base/limits.h"
#include "router/bytes.h"

namespace sluice::router {
namespace {

// What a byte of a request-target means to the rules of this file.
enum ByteClass : uint8_t {
  kReserved = 1,  // RFC 3986, 2.2, and `%`: an escape of it is kept
  kSafe = 2,      // may be sent as it is
};

constexpr std::array<uint8_t, 256> MakeByteClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = '0'; c <= '9'; ++c) classes[c] = kSafe;
  for (int c = 'A'; c <= 'Z'; ++c) classes[c] = classes[c + 32] = kSafe;
  for (char c : std::string_view("-._~")) classes[static_cast<uint8_t>(c)] = kSafe;
  for (char c : std::string_view("!*'();:@&=+$,/?%#[]")) classes[static_cast<uint8_t>(c)] = kReserved | kSafe;
  return classes;
}

constexpr std::array<uint8_t, 256> kByteClasses = MakeByteClasses();

bool Is(ByteClass wanted, char c) { return (kByteClasses[static_cast<uint8_t>(c)] & wanted) != 0; }

constexpr char kUpperHex[] = "0123456789ABCDEF";

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHttpScheme(std::string_view scheme) {
  constexpr std::string_view kHttps = "https";
  if (scheme.size() != 4 && scheme.size() != 5) return false;
  for (size_t i = 0; i < scheme.size(); ++i)
    if ((scheme[i] | 0x20) != kHttps[i]) return false;
  return true;
}

bool IsPort(std::string_view text) {
  if (text.size() > 5) return false;
  for (char c : text)
    if (!IsDigit(c)) return false;
  return true;
}

// host [ ":" port ] of RFC 3986, 3.2, without user information (RFC 9110, 4.2.4) and without escapes, which no host
// name has.
bool IsAuthority(std::string_view text) {
  size_t host_bytes = text.find(':');
  if (!text.empty() && text[0] == '[') {
    host_bytes = text.find(']');
    if (host_bytes == std::string_view::npos || host_bytes < 2) return false;
    ++host_bytes;
  }
  const std::string_view host = text.substr(0, host_bytes);
  const std::string_view tail = text.substr(host.size());
  if (host.empty() || host.size() > limits::kHostBytes) return false;
  if (!tail.empty() && (tail[0] != ':' || !IsPort(tail.substr(1)))) return false;
  const bool bracketed = host[0] == '[';
  for (char c : bracketed ? host.substr(1, host.size() - 2) : host) {
    const bool in_name = IsAlpha(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (!in_name && !(bracketed && c == ':')) return false;
  }
  return true;
}

// Cuts scheme and authority off an absolute-form target (RFC 9112, 3.2.2); `rest` begins at the path.
TargetError SplitAbsolute(std::string_view target, NormalTarget* out, std::string_view* rest) {
  const size_t scheme_bytes = target.find("://");
  if (scheme_bytes == std::string_view::npos) return TargetError::kAuthorityForm;
  out->form = TargetForm::kAbsolute;
  out->scheme = target.substr(0, scheme_bytes);
  if (!IsHttpScheme(out->scheme)) return TargetError::kUnknownScheme;
  target.remove_prefix(scheme_bytes + 3);
  out->authority = target.substr(0, target.find_first_of("/?"));
  if (!IsAuthority(out->authority)) return TargetError::kBadAuthority;
  *rest = target.substr(out->authority.size());
  return TargetError::kNone;
}

// A percent-escape at the start of `text`, which begins with `%`: the byte, or the error.
TargetError ReadEscape(std::string_view text, char* byte) {
  const int high = text.size() > 2 ? HexDigit(text[1]) : -1;
  const int low = text.size() > 2 ? HexDigit(text[2]) : -1;
  if (high < 0 || low < 0) return TargetError::kBadPercentEscape;
  *byte = static_cast<char>(high * 16 + low);
  return *byte == 0 ? TargetError::kNulByte : TargetError::kNone;
}

// What one pass over a path with its query tells.
struct TargetFacts {
  bool has_forbidden = false;
  bool path_is_normal = true;  // false also for a segment that begins with a dot, which needs a closer look
  size_t path_bytes = 0;
};

// Of the sixteen bytes after the first one: those that make a target need a closer look.
Bytes16::Set OddAfter(const char* first) {
  const Bytes16 bytes(first + 1);
  const Bytes16::Set after_slash = Bytes16(first).Equal('/');
  return bytes.AtMost(' ') | bytes.Equal(0x7f) | bytes.Equal('#') | bytes.Equal('%') | bytes.Equal('?') |
         (after_slash & (bytes.Equal('/') | bytes.Equal('.')));
}

// Whether a target is a normal path without a query, as most are. False if this, which is quick, cannot tell.
bool IsPlain(std::string_view target) {
  constexpr size_t kBytes = 17;
  if (target.size() < kBytes || target[0] != '/') return false;
  const char* last = target.data() + target.size() - kBytes;
  Bytes16::Set odd = OddAfter(last);
  for (const char* at = target.data(); at < last; at += 16) odd = odd | OddAfter(at);
  return odd.bits() == 0;
}

TargetFacts Inspect(std::string_view target) {
  TargetFacts facts;
  facts.path_bytes = target.size();
  Bytes16::Set forbidden;
  uint32_t abnormal = 0;
  uint32_t after_slash = 0;  // the lowest bit, if a slash comes before the first byte
  bool in_path = true;
  for (size_t at = 0; at < target.size(); at += 16) {
    const auto [bytes, skip] = WindowAt(target, at);
    forbidden = forbidden | bytes.AtMost(' ') | bytes.Equal(0x7f) | bytes.Equal('#');
    if (!in_path) continue;
    const Bytes16::Set slashes = bytes.Equal('/');
    const uint32_t slash = slashes.bits() >> skip;
    const uint32_t slash_or_dot = (slashes | bytes.Equal('.')).bits() >> skip;
    uint32_t found = bytes.Equal('%').bits() >> skip | ((slash << 1 | after_slash) & slash_or_dot);
    after_slash = slash >> 15;
    if (const uint32_t question = bytes.Equal('?').bits() >> skip; question != 0) {
      facts.path_bytes = at + static_cast<size_t>(std::countr_zero(question));
      found &= (question & -question) - 1;
      in_path = false;
    }
    abnormal |= found;
  }
  facts.has_forbidden = forbidden.bits() != 0;
  facts.path_is_normal = abnormal == 0;
  return facts;
}

// Step 2: decodes what is not reserved. `out` has room for path.size() bytes.
TargetError DecodeUnreserved(std::string_view path, char* out, size_t* size) {
  char* end = out;
  for (size_t i = 0; i < path.size();) {
    if (path[i] != '%') {
      *end++ = path[i++];
      continue;
    }
    char byte = 0;
    if (TargetError error = ReadEscape(path.substr(i), &byte); error != TargetError::kNone) return error;
    if (Is(kReserved, byte)) {
      *end++ = '%';
      *end++ = kUpperHex[static_cast<uint8_t>(byte) >> 4];
      *end++ = kUpperHex[static_cast<uint8_t>(byte) & 15];
    } else {
      *end++ = byte;
    }
    i += 3;
  }
  *size = static_cast<size_t>(end - out);
  return TargetError::kNone;
}

// Steps 3 and 4 in place, segment by segment; returns the new size. path[0] is `/`.
size_t RemoveDotSegmentsAndSlashes(char* path, size_t size) {
  size_t kept = 0;
  for (size_t slash = 0; slash < size;) {
    const void* next = std::memchr(path + slash + 1, '/', size - slash - 1);
    const size_t end = next == nullptr ? size : static_cast<size_t>(static_cast<const char*>(next) - path);
    const std::string_view segment(path + slash + 1, end - slash - 1);
    if (segment.empty() || segment == "." || segment == "..") {
      if (segment == "..") kept = kept == 0 ? 0 : std::string_view(path, kept).rfind('/');
      if (end == size) path[kept++] = '/';
    } else {
      std::memmove(path + kept, path + slash, segment.size() + 1);
      kept += segment.size() + 1;
    }
    slash = end;
  }
  return kept;
}

TargetError NormalizePath(std::string_view path, Arena* arena, std::string_view* out) {
  char* copy = static_cast<char*>(arena->Allocate(path.size(), 1));
  size_t size = 0;
  if (TargetError error = DecodeUnreserved(path, copy, &size); error != TargetError::kNone) return error;
  size = RemoveDotSegmentsAndSlashes(copy, size);
  *out = std::string_view(copy, size) == path ? path : std::string_view(copy, size);
  return TargetError::kNone;
}

// `target`: in origin form. Fills path and query unless it returns an error.
TargetError ReadPathAndQuery(std::string_view target, Arena* arena, NormalTarget* out) {
  const TargetFacts facts = Inspect(target);
  if (facts.has_forbidden) return TargetError::kForbiddenByte;
  std::string_view path = target.substr(0, facts.path_bytes);
  // An absolute form without a path asks for the root (RFC 9112, 3.2.1).
  if (path.empty()) path = "/";
  if (!facts.path_is_normal) {
    if (TargetError error = NormalizePath(path, arena, &path); error != TargetError::kNone) return error;
  }
  out->path = path;
  out->has_query = facts.path_bytes < target.size();
  out->query = out->has_query ? target.substr(facts.path_bytes + 1) : std::string_view();
  return TargetError::kNone;
}

TargetError ReadAbsolute(std::string_view target, Arena* arena, NormalTarget* out) {
  if (Inspect(target).has_forbidden) return TargetError::kForbiddenByte;
  NormalTarget result;
  std::string_view rest;
  if (TargetError error = SplitAbsolute(target, &result, &rest); error != TargetError::kNone) return error;
  if (TargetError error = ReadPathAndQuery(rest, arena, &result); error != TargetError::kNone) return error;
  *out = result;
  return TargetError::kNone;
}

}  // namespace

std::string_view TargetErrorCode(TargetError error) {
  switch (error) {
    case TargetError::kNone: return "";
    case TargetError::kEmpty: return "empty_target";
    case TargetError::kTooLong: return "target_too_long";
    case TargetError::kAuthorityForm: return "authority_form_target";
    case TargetError::kUnknownScheme: return "unknown_target_scheme";
    case TargetError::kBadAuthority: return "bad_target_authority";
    case TargetError::kForbiddenByte: return "forbidden_byte_in_target";
    case TargetError::kBadPercentEscape: return "bad_percent_escape";
    case TargetError::kNulByte: return "nul_byte_in_target";
  }
  return "";
}

TargetError NormalizeTarget(std::string_view target, Arena* arena, NormalTarget* out) {
  if (target.empty()) return TargetError::kEmpty;
  if (target.size() > limits::kTargetBytes) return TargetError::kTooLong;
  if (IsPlain(target)) {
    *out = NormalTarget();
    out->path = target;
    return TargetError::kNone;
  }
  if (target == "*") {
    *out = NormalTarget();
    out->form = TargetForm::kAsterisk;
    out->path = target;
    return TargetError::kNone;
  }
  if (target[0] != '/') return ReadAbsolute(target, arena, out);
  if (TargetError error = ReadPathAndQuery(target, arena, out); error != TargetError::kNone) return error;
  out->form = TargetForm::kOrigin;
  out->scheme = {};
  out->authority = {};
  return TargetError::kNone;
}

std::string_view EscapePath(std::string_view path, Arena* arena) {
  size_t unsafe = 0;
  for (char c : path) unsafe += !Is(kSafe, c);
  if (unsafe == 0) return path;
  const size_t size = path.size() + 2 * unsafe;
  char* escaped = static_cast<char*>(arena->Allocate(size, 1));
  char* end = escaped;
  for (char c : path) {
    if (Is(kSafe, c)) {
      *end++ = c;
    } else {
      *end++ = '%';
      *end++ = kUpperHex[static_cast<uint8_t>(c) >> 4];
      *end++ = kUpperHex[static_cast<uint8_t>(c) & 15];
    }
  }
  return {escaped, size};
}

}  // namespace sluice::router
