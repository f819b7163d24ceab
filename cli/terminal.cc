#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "policy/json/json_writer.h"

namespace sluice::cli {
namespace {

std::string_view Code(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kGood: return "\033[32m";
    case Style::kBad: return "\033[31m";
    case Style::kWarn: return "\033[33m";
    case Style::kDim: return "\033[2m";
    case Style::kBold: return "\033[1m";
  }
  return "";
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

void AppendHex(unsigned char byte, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  absl::StrAppend(out, "\\x", std::string_view(&kHex[byte >> 4], 1), std::string_view(&kHex[byte & 15], 1));
}

// C0, DEL, and C1 (U+0080 to U+009F), which terminals obey as well.
bool IsControl(std::string_view sequence) {
  auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7f;
  return lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

// The longest beginning of `text` that takes at most `columns`.
size_t Fit(std::string_view text, size_t columns) {
  size_t bytes = 0;
  for (; bytes < text.size() && columns > 0; --columns)
    bytes += std::max<size_t>(1, Utf8SequenceBytes(text.substr(bytes)));
  return bytes;
}

}  // namespace

bool WantsColour() {
  const char* term = std::getenv("TERM");
  bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return !dumb && !IsSet("NO_COLOR") && isatty(STDOUT_FILENO) == 1;
}

std::string Paint(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::kPlain) return std::string(text);
  return absl::StrCat(Code(style), text, "\033[0m");
}

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t bytes = Utf8SequenceBytes(text);
    std::string_view sequence = text.substr(0, bytes == 0 ? 1 : bytes);
    if (bytes == 0 || IsControl(sequence))
      for (char c : sequence) AppendHex(static_cast<unsigned char>(c), &out);
    else
      out.append(sequence);
    text.remove_prefix(sequence.size());
  }
  return out;
}

size_t Width(std::string_view text) {
  size_t width = 0;
  for (; !text.empty(); ++width) text.remove_prefix(std::max<size_t>(1, Utf8SequenceBytes(text)));
  return width;
}

std::string Wrap(std::string_view text, size_t columns, size_t indent) {
  std::string out;
  size_t room = columns > indent ? columns - indent : 1;
  while (Width(text) > room) {
    size_t fit = Fit(text, room);
    size_t space = text.rfind(' ', fit);
    bool at_space = space != std::string_view::npos && space > 0;
    size_t end = at_space ? space : fit;
    absl::StrAppend(&out, text.substr(0, end), "\n", std::string(indent, ' '));
    text.remove_prefix(at_space ? end + 1 : end);
  }
  return absl::StrCat(out, text);
}

void PrintLine(std::string_view name, std::string_view text) {
  constexpr size_t kIndent = 12;
  std::string head = absl::StrCat("  ", name);
  head.resize(kIndent, ' ');
  std::printf("%s%s\n", head.c_str(), Wrap(Printable(text), kColumns, kIndent).c_str());
}

std::string Counted(size_t count, std::string_view one) { return absl::StrCat(count, " ", one, count == 1 ? "" : "s"); }

}  // namespace sluice::cli
