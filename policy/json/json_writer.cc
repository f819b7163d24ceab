#include "policy/json/json_writer.h"

#include <charconv>
#include <cstddef>

namespace sluice {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool InRange(char c, unsigned low, unsigned high) {
  auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

template <typename Integer>
void AppendInteger(Integer number, std::string* out) {
  char digits[24];
  out->append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void AppendEscapedAscii(char c, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out->append("\\\""); return;
    case '\\': out->append("\\\\"); return;
    case '\n': out->append("\\n"); return;
    case '\r': out->append("\\r"); return;
    case '\t': out->append("\\t"); return;
    default: break;
  }
  auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7f) {
    out->push_back(c);
    return;
  }
  out->append("\\u00");
  out->push_back(kHex[byte >> 4]);
  out->push_back(kHex[byte & 15]);
}

}  // namespace

size_t Utf8SequenceBytes(std::string_view text) {
  if (text.empty()) return 0;
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  size_t bytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes) return 0;
  // The second byte's range shuts out overlong forms, surrogates and what lies beyond U+10FFFF.
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!InRange(text[1], low, high)) return 0;
  for (size_t i = 2; i < bytes; ++i)
    if (!InRange(text[i], 0x80, 0xBF)) return 0;
  return bytes;
}

void JsonWriter::Key(std::string_view name) {
  String(name);
  out_->append(indent_ == 0 ? ":" : ": ");
  after_key_ = true;
}

void JsonWriter::String(std::string_view text) {
  Separate();
  out_->push_back('"');
  while (!text.empty()) {
    size_t bytes = Utf8SequenceBytes(text);
    if (bytes == 1)
      AppendEscapedAscii(text[0], out_);
    else
      out_->append(bytes == 0 ? kReplacement : text.substr(0, bytes));
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  out_->push_back('"');
}

void JsonWriter::Number(int64_t number) {
  Separate();
  AppendInteger(number, out_);
}

void JsonWriter::Unsigned(uint64_t number) {
  Separate();
  AppendInteger(number, out_);
}

void JsonWriter::Raw(std::string_view json) {
  Separate();
  out_->append(json);
}

void JsonWriter::Open(char bracket) {
  Separate();
  out_->push_back(bracket);
  ++depth_;
  first_ = true;
}

void JsonWriter::Close(char bracket) {
  --depth_;
  if (!first_) NewLine();
  out_->push_back(bracket);
  first_ = false;
}

void JsonWriter::Separate() {
  if (!after_key_ && depth_ > 0) {
    if (!first_) out_->push_back(',');
    NewLine();
  }
  after_key_ = false;
  first_ = false;
}

void JsonWriter::NewLine() {
  if (indent_ == 0) return;
  out_->push_back('\n');
  out_->append(static_cast<size_t>(indent_) * static_cast<size_t>(depth_), ' ');
}

}  // namespace sluice
