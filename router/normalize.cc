#include "router/normalize.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/limits.h"

namespace sluice::router {
namespace {

// What a byte of a request-target means to the rules of this file.
enum ByteClass : uint8_t {
  kForbidden = 1,  // in a target as received
  kReserved = 2,   // RFC 3986, 2.2, and `%`: an escape of it is kept
  kSafe = 4,       // may be sent as it is
};

constexpr std::array<uint8_t, 256> MakeByteClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c <= ' '; ++c) classes[c] = kForbidden;
  classes[0x7f] = kForbidden;
  for (int c = '0'; c <= '9'; ++c) classes[c] = kSafe;
  for (int c = 'A'; c <= 'Z'; ++c) classes[c] = classes[c + 32] = kSafe;
  for (char c : std::string_view("-._~")) classes[static_cast<uint8_t>(c)] = kSafe;
  for (char c : std::string_view("!*'();:@&=+$,/?%#[]")) classes[static_cast<uint8_t>(c)] = kReserved | kSafe;
  classes['#'] |= kForbidden;
  return classes;
}

constexpr std::array<uint8_t, 256> kByteClasses = MakeByteClasses();

bool Is(ByteClass wanted, char c) { return (kByteClasses[static_cast<uint8_t>(c)] & wanted) != 0; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr char kUpperHex[] = "0123456789ABCDEF";

bool AllAllowed(std::string_view text) {
  for (char c : text)
    if (Is(kForbidden, c)) return false;
  return true;
}

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
  const int high = text.size() > 2 ? HexValue(text[1]) : -1;
  const int low = text.size() > 2 ? HexValue(text[2]) : -1;
  if (high < 0 || low < 0) return TargetError::kBadPercentEscape;
  *byte = static_cast<char>(high * 16 + low);
  return *byte == 0 ? TargetError::kNulByte : TargetError::kNone;
}

struct PathFacts {
  bool has_escape = false;
  bool has_dot_or_double_slash = false;  // perhaps: a segment that begins with a dot counts
};

PathFacts Inspect(std::string_view path) {
  PathFacts facts;
  char previous = 0;
  for (char c : path) {
    facts.has_escape |= c == '%';
    facts.has_dot_or_double_slash |= previous == '/' && (c == '/' || c == '.');
    previous = c;
  }
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
  const PathFacts facts = Inspect(path);
  *out = path;
  if (!facts.has_escape && !facts.has_dot_or_double_slash) return TargetError::kNone;
  char* copy = static_cast<char*>(arena->Allocate(path.size(), 1));
  size_t size = 0;
  if (TargetError error = DecodeUnreserved(path, copy, &size); error != TargetError::kNone) return error;
  size = RemoveDotSegmentsAndSlashes(copy, size);
  if (std::string_view(copy, size) != path) *out = {copy, size};
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
  if (!AllAllowed(target)) return TargetError::kForbiddenByte;
  NormalTarget result;
  if (target == "*") {
    result.form = TargetForm::kAsterisk;
    result.path = target;
    *out = result;
    return TargetError::kNone;
  }
  std::string_view path_and_query = target;
  if (target[0] != '/') {
    if (TargetError error = SplitAbsolute(target, &result, &path_and_query); error != TargetError::kNone) return error;
  }
  const std::string_view path = path_and_query.substr(0, path_and_query.find('?'));
  result.has_query = path.size() < path_and_query.size();
  if (result.has_query) result.query = path_and_query.substr(path.size() + 1);
  // An absolute form without a path asks for the root (RFC 9112, 3.2.1).
  if (TargetError e = NormalizePath(path.empty() ? "/" : path, arena, &result.path); e != TargetError::kNone) return e;
  *out = result;
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
