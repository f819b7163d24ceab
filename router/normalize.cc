#include "router/normalize.h"

#include <array>
#include <bit>
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

// Eight bytes of a target as a word, the first one lowest. Its masks have the high bit of each byte that is meant:
// bit 8 * i + 7 stands for byte i (H. Warren, Hacker's Delight, 6-1; this form is exact for every byte).
constexpr size_t kWordBytes = 8;
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x80 * kOnes;
static_assert(std::endian::native == std::endian::little, "a target's first byte is the lowest of its word");

uint64_t EqualTo(char c, uint64_t word) {
  const uint64_t x = word ^ kOnes * static_cast<uint8_t>(c);
  return ~(((x & ~kHighBits) + ~kHighBits) | x) & kHighBits;
}

uint64_t AtMostSpace(uint64_t word) { return ~(((word | kHighBits) - kOnes * (0x20 + 1)) | word) & kHighBits; }

template <typename Word>
uint64_t Load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// At most eight bytes, followed by `a`: no call of a length that varies, and nothing read beyond them.
uint64_t LoadWord(const char* bytes, size_t n) {
  if (n >= kWordBytes) return Load<uint64_t>(bytes);
  uint64_t word = kOnes * 'a' << (8 * n);
  if (n >= 4) return word | Load<uint32_t>(bytes) | Load<uint32_t>(bytes + n - 4) << (8 * (n - 4));
  for (size_t i = 0; i < n; ++i) word |= Load<uint8_t>(bytes + i) << (8 * i);
  return word;
}

// What one pass over a path with its query tells.
struct TargetFacts {
  bool has_forbidden = false;
  bool path_is_normal = true;  // false also for a segment that begins with a dot, which needs a closer look
  size_t path_bytes = 0;
};

TargetFacts Inspect(std::string_view target) {
  TargetFacts facts;
  facts.path_bytes = target.size();
  uint64_t forbidden = 0;
  uint64_t abnormal = 0;
  uint64_t in_path = kHighBits;
  uint64_t after_slash = 0;  // the high bit of the first byte, if a slash comes before it
  for (size_t i = 0; i < target.size(); i += kWordBytes) {
    const uint64_t word = LoadWord(target.data() + i, target.size() - i);
    forbidden |= AtMostSpace(word) | EqualTo(0x7f, word) | EqualTo('#', word);
    if (in_path == 0) continue;
    const uint64_t question = EqualTo('?', word);
    if (question != 0) {
      facts.path_bytes = i + static_cast<size_t>(std::countr_zero(question)) / 8;
      in_path = (question & -question) - 1;
    }
    const uint64_t slash = EqualTo('/', word);
    abnormal |= (EqualTo('%', word) | ((slash << 8 | after_slash) & (slash | EqualTo('.', word)))) & in_path;
    after_slash = slash >> 56;
    if (question != 0) in_path = 0;
  }
  facts.has_forbidden = forbidden != 0;
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

// The path and the query of `target` in origin form.
TargetError ReadPathAndQuery(std::string_view target, Arena* arena, NormalTarget* out) {
  const TargetFacts facts = Inspect(target);
  if (facts.has_forbidden) return TargetError::kForbiddenByte;
  out->path = target.substr(0, facts.path_bytes);
  out->has_query = facts.path_bytes < target.size();
  if (out->has_query) out->query = target.substr(facts.path_bytes + 1);
  // An absolute form without a path asks for the root (RFC 9112, 3.2.1).
  if (out->path.empty()) out->path = "/";
  return facts.path_is_normal ? TargetError::kNone : NormalizePath(out->path, arena, &out->path);
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
  NormalTarget result;
  std::string_view path_and_query = target;
  if (target == "*") {
    result.form = TargetForm::kAsterisk;
    result.path = target;
    *out = result;
    return TargetError::kNone;
  }
  if (target[0] != '/') {
    if (Inspect(target).has_forbidden) return TargetError::kForbiddenByte;
    if (TargetError error = SplitAbsolute(target, &result, &path_and_query); error != TargetError::kNone) return error;
  }
  if (TargetError error = ReadPathAndQuery(path_and_query, arena, &result); error != TargetError::kNone) return error;
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
