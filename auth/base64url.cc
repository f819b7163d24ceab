#include "auth/base64url.h"

#include <cstdint>

#include "auth/base64_groups.h"

namespace sluice::auth {
namespace {

// The last two or three characters, whose unused bits must be zero.
bool DecodeTail(const Base64Alphabet& alphabet, const uint8_t* in, size_t size, uint8_t* out) {
  uint32_t bits = alphabet.first[in[0]] | alphabet.second[in[1]] | (size == 3 ? alphabet.third[in[2]] : 0);
  uint32_t unused = size == 3 ? 0xff : 0xffff;
  if ((bits & kNotBase64) || (bits & unused)) return false;
  out[0] = static_cast<uint8_t>(bits >> 16);
  if (size == 3) out[1] = static_cast<uint8_t>(bits >> 8);
  return true;
}

std::optional<size_t> Decode(const Base64Alphabet& alphabet, std::string_view text, char* out) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  auto* to = reinterpret_cast<uint8_t*>(out);
  const size_t groups = text.size() / 4, tail = text.size() % 4;
  if (tail == 1 || !DecodeGroups(alphabet, in, groups, to)) return std::nullopt;
  if (tail != 0 && !DecodeTail(alphabet, in + 4 * groups, tail, to + 3 * groups)) return std::nullopt;
  return DecodedSize(text.size());
}

}  // namespace

std::optional<size_t> DecodeBase64Url(std::string_view text, char* out) { return Decode(kUrlAlphabet, text, out); }

std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return Decode(kClassicAlphabet, text, out);
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string out(DecodedSize(text.size()), '\0');
  if (!DecodeBase64Url(text, out.data())) return std::nullopt;
  return out;
}

std::optional<std::string> DecodeAnyBase64(std::string_view text) {
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  std::string url(text);
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return DecodeBase64Url(url);
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int held = 0;
  for (char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (held += 8; held >= 6; held -= 6) out.push_back(kUrlCharacters[(bits >> (held - 6)) & 63]);
  }
  if (held > 0) out.push_back(kUrlCharacters[(bits << (6 - held)) & 63]);
  return out;
}

}  // namespace sluice::auth
