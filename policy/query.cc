#include "policy/query.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/ascii.h"

namespace sluice {
namespace {

bool IsUnreserved(unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

}  // namespace

bool NextParameter(std::string_view* rest, Arena& arena, QueryParameter* parameter) {
  while (!rest->empty() && rest->front() == '&') rest->remove_prefix(1);
  if (rest->empty()) return false;
  size_t end = std::min(rest->find('&'), rest->size());
  parameter->raw = rest->substr(0, end);
  rest->remove_prefix(end);
  size_t equals = parameter->raw.find('=');
  parameter->has_value = equals != std::string_view::npos;
  parameter->name = DecodeQuery(parameter->raw.substr(0, equals), arena);
  parameter->value = parameter->has_value ? parameter->raw.substr(equals + 1) : std::string_view();
  return true;
}

std::string_view DecodeQuery(std::string_view text, Arena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  char* out = arena.Array<char>(text.size());
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i] == '+' ? ' ' : text[i];
    if (c == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      c = static_cast<char>(HexDigit(text[i + 1]) << 4 | HexDigit(text[i + 2]));
      i += 2;
    }
    out[n++] = c;
  }
  return {out, n};
}

std::string_view EncodeQuery(std::string_view text, Arena& arena) {
  if (std::all_of(text.begin(), text.end(), IsUnreserved)) return text;
  constexpr char kHex[] = "0123456789ABCDEF";
  char* out = arena.Array<char>(text.size() * 3);
  size_t n = 0;
  for (unsigned char c : text) {
    if (IsUnreserved(c)) {
      out[n++] = static_cast<char>(c);
    } else {
      for (char e : {'%', kHex[c >> 4], kHex[c & 15]}) out[n++] = e;
    }
  }
  return {out, n};
}

}  // namespace sluice
