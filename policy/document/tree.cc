#include "policy/document/tree.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "policy/document/tree_builder.h"

namespace sluice::policy {
namespace {

// The length of the UTF-8 sequence that `text` begins with, 0 if it is none (RFC 3629, section 4).
size_t SequenceLength(std::string_view text) {
  unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  unsigned char second = text[1];
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return length;
}

bool IsAllowedControl(char c) { return c == '\n' || c == '\r' || c == '\t'; }

// Reports the first byte that no document may contain.
bool CheckBytes(std::string_view text, TreeBuilder* builder) {
  Spot spot{1, 1};
  while (!text.empty()) {
    size_t length = SequenceLength(text);
    if (length == 0) return builder->Fail(spot, "not_utf8", "the document is not UTF-8 here", "save it as UTF-8");
    if (absl::ascii_iscntrl(text[0]) && !IsAllowedControl(text[0]))
      return builder->Fail(spot, "bad_text", absl::StrCat("control character ", static_cast<int>(text[0])),
                           "remove it");
    spot = text[0] == '\n' ? Spot{spot.line + 1, 1} : Spot{spot.line, spot.column + static_cast<uint32_t>(length)};
    text.remove_prefix(length);
  }
  return true;
}

bool IsJson(std::string_view text, ParseOptions::Format format) {
  if (format != ParseOptions::Format::kSniff) return format == ParseOptions::Format::kJson;
  text = absl::StripLeadingAsciiWhitespace(text);
  return !text.empty() && text[0] == '{';
}

}  // namespace

const Node* Node::Find(std::string_view name) const {
  if (kind != NodeKind::kMap) return nullptr;
  for (size_t i = 0; i < size(); ++i)
    if (key(i).text == name) return &value(i);
  return nullptr;
}

std::optional<Tree> ParseTree(std::string_view text, const ParseOptions& options, Problems* problems) {
  TreeBuilder builder(options, problems);
  if (text.size() > limits::kDocumentBytes) {
    builder.Fail(
        {}, "too_large",
        absl::StrCat("a document of ", text.size(), " bytes is larger than ", limits::kDocumentBytes >> 20, " MiB"),
        "split it");
    return std::nullopt;
  }
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");  // a byte order mark
  if (!CheckBytes(text, &builder)) return std::nullopt;
  bool read = IsJson(text, options.format) ? ReadJson(text, &builder) : ReadYaml(text, &builder);
  if (!read) return std::nullopt;
  std::optional<Tree> tree = builder.Finish();
  if (!tree) builder.Fail({1, 1}, "empty", "the document is empty", "begin with `_format_version: \"3.0\"`");
  return tree;
}

}  // namespace sluice::policy
