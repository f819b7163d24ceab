// Letters, blanks and digits of ASCII, for texts that are no language: names of headers, schemes, escapes. No locale.
#ifndef SLUICE_BASE_ASCII_H_
#define SLUICE_BASE_ASCII_H_

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice {

inline char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (AsciiLower(a[i]) != AsciiLower(b[i])) return false;
  return true;
}

// The same, and `_` for `-`: what servers behind CGI's rules take for the same header (RFC 3875, 4.1.18).
inline bool IsSpelling(std::string_view text, std::string_view of) {
  const auto fold = [](char c) { return AsciiLower(c == '_' ? '-' : c); };
  return std::equal(text.begin(), text.end(), of.begin(), of.end(),
                    [fold](char a, char b) { return fold(a) == fold(b); });
}

// Without spaces and tabs at both ends: OWS of RFC 9110, 5.6.3.
inline std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Of VCHAR alone (RFC 5234, B.1): no spaces, nothing beyond ASCII.
inline bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// What an error text may show of a stranger's: in backticks, so many bytes of printable ASCII.
inline std::string Shown(std::string_view text, size_t most = 64) {
  std::string out = "`";
  for (char c : text.substr(0, most)) out.push_back(c >= ' ' && c <= '~' && c != '`' ? c : '?');
  return out + (text.size() > most ? "…`" : "`");
}

// The value of a hexadecimal digit of either case; -1: it is none.
inline int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = AsciiLower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace sluice

#endif  // SLUICE_BASE_ASCII_H_
