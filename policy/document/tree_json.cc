// JSON → TreeBuilder. The only file of this folder that knows RapidJSON.
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "policy/document/scalar.h"
#include "policy/document/tree_builder.h"
#include "rapidjson/error/en.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sluice::policy {
namespace {

// Finds where tokens begin. RapidJSON tells of a token once it has read it; only white space, ',' and ':' lie between
// the end of one token and the start of the next.
class TokenFinder {
 public:
  explicit TokenFinder(std::string_view text) : text_(text) {}

  // The start of the next token, which ends before `end`; 0: it is one character long.
  Spot Next(size_t end) {
    while (at_ < text_.size() && IsBetweenTokens(text_[at_])) Step();
    Spot start = spot_;
    if (end == 0) end = at_ + 1;
    while (at_ < end && at_ < text_.size()) Step();
    return start;
  }

  // `offset` must not lie before an earlier token.
  Spot At(size_t offset) {
    while (at_ < offset && at_ < text_.size()) Step();
    return spot_;
  }

 private:
  static bool IsBetweenTokens(char c) { return absl::ascii_isspace(c) || c == ',' || c == ':'; }
  void Step() {
    if (text_[at_++] == '\n') {
      ++spot_.line;
      spot_.column = 1;
    } else {
      ++spot_.column;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  Spot spot_{1, 1};
};

class Handler {
 public:
  using SizeType = rapidjson::SizeType;

  Handler(TokenFinder* tokens, const rapidjson::MemoryStream& stream, TreeBuilder* builder)
      : tokens_(tokens), stream_(stream), builder_(builder) {}

  bool Null() { return builder_->Scalar(NextScalar(), "null", TreeBuilder::Style::kPlain); }
  bool Bool(bool value) { return builder_->Scalar(NextScalar(), value ? "true" : "false", TreeBuilder::Style::kPlain); }
  bool RawNumber(const char* text, SizeType size, bool) {
    return builder_->Scalar(NextScalar(), {text, size}, TreeBuilder::Style::kPlain);
  }
  bool String(const char* text, SizeType size, bool) {
    return builder_->Scalar(NextScalar(), {text, size}, TreeBuilder::Style::kQuoted);
  }
  bool Key(const char* text, SizeType size, bool copy) { return String(text, size, copy); }
  bool StartObject() { return builder_->StartMap(tokens_->Next(0)); }
  bool StartArray() { return builder_->StartList(tokens_->Next(0)); }
  bool EndObject(SizeType) { return End(); }
  bool EndArray(SizeType) { return End(); }

  // Numbers arrive as RawNumber; the reader's interface asks for these all the same.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  Spot NextScalar() { return tokens_->Next(stream_.Tell()); }
  bool End() {
    tokens_->Next(0);
    return builder_->End();
  }

  TokenFinder* tokens_;
  const rapidjson::MemoryStream& stream_;
  TreeBuilder* builder_;
};

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteString(std::string_view text, Writer* writer) {
  writer->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

// A number that JSON knows (not "0x1F" or ".inf") is written as it stands.
void WriteNumber(std::string_view text, Writer* writer) {
  int64_t value = 0;
  double fraction = 0;
  if (ScalarKind(text) == NodeKind::kInteger && ScalarToInteger(text, &value)) {
    writer->Int64(value);
  } else if (absl::SimpleAtod(text, &fraction) && std::isfinite(fraction)) {
    writer->Double(fraction);
  } else {
    WriteString(text, writer);
  }
}

// The depth of a tree is bounded by limits::kDocumentDepth.
void WriteNode(const Node& node, Writer* writer) {
  bool value = false;
  switch (node.kind) {
    case NodeKind::kNull: writer->Null(); break;
    case NodeKind::kBool: writer->Bool(ScalarToBool(node.text, &value) && value); break;
    case NodeKind::kInteger:
    case NodeKind::kFloat: WriteNumber(node.text, writer); break;
    case NodeKind::kString: WriteString(node.text, writer); break;
    case NodeKind::kList:
      writer->StartArray();
      for (size_t i = 0; i < node.size(); ++i) WriteNode(node.item(i), writer);
      writer->EndArray();
      break;
    case NodeKind::kMap:
      writer->StartObject();
      for (size_t i = 0; i < node.size(); ++i) {
        writer->Key(node.key(i).text.data(), static_cast<rapidjson::SizeType>(node.key(i).text.size()));
        WriteNode(node.value(i), writer);
      }
      writer->EndObject();
      break;
  }
}

}  // namespace

bool ReadJson(std::string_view text, TreeBuilder* builder) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  TokenFinder tokens(text);
  rapidjson::MemoryStream stream(text.data(), text.size());
  Handler handler(&tokens, stream, builder);
  rapidjson::Reader reader;
  rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (!result.IsError()) return true;
  if (result.Code() == rapidjson::kParseErrorTermination) return false;
  std::string reason = rapidjson::GetParseError_En(result.Code());
  absl::AsciiStrToLower(&reason);
  if (!reason.empty() && reason.back() == '.') reason.pop_back();
  return builder->Fail(tokens.At(result.Offset()), "json_syntax", absl::StrCat("malformed JSON: ", reason), "");
}

std::string ToJson(const Node& node) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  WriteNode(node, &writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace sluice::policy
