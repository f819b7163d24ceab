// Writes JSON into a string: commas, quotes and escapes in one place.
//
//   std::string out;
//   sluice::JsonWriter json(&out);
//   json.BeginObject();
//   json.Key("route"); json.String("orders");
//   json.Key("ports"); json.BeginArray(); json.Number(80); json.EndArray();
//   json.EndObject();                                  // {"route":"orders","ports":[80]}
//
// The result is valid whatever the strings hold: bytes that are not UTF-8 (a request may bring any) become U+FFFD, one
// for each byte that fits nowhere, so that no byte is mistaken for a Latin-1 letter. Allocates only what the string
// needs to grow.
#ifndef SLUICE_POLICY_JSON_JSON_WRITER_H_
#define SLUICE_POLICY_JSON_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

class JsonWriter {
 public:
  // Appends to `*out`. `indent`: spaces a level; 0 writes everything on one line.
  explicit JsonWriter(std::string* out, int indent = 0) : out_(out), indent_(indent) {}

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }
  void Key(std::string_view name);
  void String(std::string_view text);
  void StringOrNull(std::string_view text) { text.empty() ? Null() : String(text); }
  void Number(int64_t number);
  void Unsigned(uint64_t number);
  void Bool(bool value) { Raw(value ? "true" : "false"); }
  void Null() { Raw("null"); }
  void Raw(std::string_view json);  // a value that is JSON already

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();
  void NewLine();

  std::string* out_;
  int indent_;
  int depth_ = 0;
  bool first_ = true;  // nothing stands at this level yet
  bool after_key_ = false;
};

// Bytes of the well-formed UTF-8 sequence that `text` begins with (Unicode 15, table 3-7), or 0.
size_t Utf8SequenceBytes(std::string_view text);

}  // namespace sluice

#endif  // SLUICE_POLICY_JSON_JSON_WRITER_H_
