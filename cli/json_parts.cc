#include "cli/json_parts.h"

namespace sluice::cli {

void WriteNamed(JsonWriter* json, std::string_view name, std::string_view text) {
  json->Key(name);
  json->String(text);
}

void WriteTexts(JsonWriter* json, std::string_view name, const std::vector<std::string>& texts) {
  json->Key(name);
  json->BeginArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WritePlace(JsonWriter* json, const Place& place) {
  json->BeginObject();
  WriteNamed(json, "file", place.file);
  json->Key("line");
  json->Unsigned(place.line);
  json->Key("column");
  json->Unsigned(place.column);
  WriteNamed(json, "pointer", place.pointer);
  json->EndObject();
}

}  // namespace sluice::cli
