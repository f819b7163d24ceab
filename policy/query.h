// The parameters of a query string, as forms encode them: name=value pairs between `&`, percent-encoded, `+` a space.
#ifndef SLUICE_POLICY_QUERY_H_
#define SLUICE_POLICY_QUERY_H_

#include <string_view>

#include "base/arena.h"

namespace sluice {

struct QueryParameter {
  std::string_view raw;    // "name=value" as written
  std::string_view name;   // decoded
  std::string_view value;  // still encoded
  bool has_value = false;  // tells "a=" from "a"
};

// Takes the first parameter off `rest`. False: there is none left. Empty parts ("&&") are passed over.
bool NextParameter(std::string_view* rest, Arena& arena, QueryParameter* parameter);

// Decodes %XX and `+`; a `%` that begins no escape stays as it is. A view of `text` when there is nothing to decode.
std::string_view DecodeQuery(std::string_view text, Arena& arena);

// Encodes everything but RFC 3986's unreserved bytes.
std::string_view EncodeQuery(std::string_view text, Arena& arena);

}  // namespace sluice

#endif  // SLUICE_POLICY_QUERY_H_
