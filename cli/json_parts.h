// What several verbs write as JSON.
#ifndef SLUICE_CLI_JSON_PARTS_H_
#define SLUICE_CLI_JSON_PARTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/json/json_writer.h"

namespace sluice::cli {

void WriteNamed(JsonWriter* json, std::string_view name, std::string_view text);

void WriteTexts(JsonWriter* json, std::string_view name, const std::vector<std::string>& texts);

// {"file", "line", "column", "pointer"}
void WritePlace(JsonWriter* json, const Place& place);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_JSON_PARTS_H_
