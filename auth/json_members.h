// The members of an object of JSON as they are written: for who passes them on, and must not change a digit of a number
// or an escape of a string.
//
//   JsonMembers members(text);               // of which Json::Parse said that it is an object
//   for (JsonMember m; members.Next(&m);) …  // in the order of JsonValue::First and Next
//
// Views `text`; allocates nothing. Of a text that is no JSON it gives out some pieces, never anything beyond its end.
#ifndef SLUICE_AUTH_JSON_MEMBERS_H_
#define SLUICE_AUTH_JSON_MEMBERS_H_

#include <cstddef>
#include <string_view>

namespace sluice::auth {

struct JsonMember {
  std::string_view text;   // "name": value
  std::string_view value;  // the part behind the colon
};

class JsonMembers {
 public:
  explicit JsonMembers(std::string_view object);

  // False: no more.
  bool Next(JsonMember* out);

 private:
  void SkipSpace();
  void SkipString();  // from its first quote to behind its last
  void SkipValue();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JSON_MEMBERS_H_
