// A JSON Web Signature in compact form (RFC 7515 section 7.1) whose payload is any bytes. For tokens see auth/jwt.h.
//
//   Jws jws;                                       // keep one per transaction: a warm one allocates nothing
//   Verdict v = jws.Parse(compact);                // borrowed: `compact` must outlive the Jws's use
//   if (v.ok()) v = jws.Verify(key);               // or jws.Verify(key_set, &key_index)
//   if (v.ok()) use(jws.payload());
//
// Parse checks form only. Everything it gives out is a stranger's claim until Verify says kOk: use it to choose a key
// and for nothing else. `jku`, `x5u`, `jwk` and `x5c` of a header are never looked at (RFC 8725 section 3.10); `crit`
// and `b64` are refused. Not thread-safe; hosts keep one per transaction.
#ifndef SLUICE_AUTH_JWS_H_
#define SLUICE_AUTH_JWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/algorithm.h"
#include "auth/json.h"
#include "auth/jwk_set.h"
#include "auth/key.h"
#include "auth/reason.h"

namespace sluice::auth {

class Jws {
 public:
  Verdict Parse(std::string_view compact);

  // Valid after a Parse that gave kOk, until the next.
  JsonValue header() const { return header_.root(); }
  std::string_view algorithm_name() const { return header().Member("alg").AsString(); }
  std::optional<Algorithm> algorithm() const { return algorithm_; }  // nothing: one that is never verified, as `none`
  std::string_view kid() const { return kid_; }                      // empty: none
  std::string_view payload() const { return {payload_.data(), payload_size_}; }

  // After kMalformed: what is wrong with the JSON, "a member appears twice"; empty if it is not the JSON. Static.
  const char* json_fault() const { return json_fault_; }

  Verdict Verify(const Key& key) const;
  Verdict Verify(const KeySet& keys, uint32_t* key_index = nullptr) const;

 private:
  friend class Token;
  Verdict ParseHeader(std::string_view segment);
  Verdict CheckHeader();

  Json header_;
  std::vector<char> header_text_;
  std::vector<char> payload_;  // one byte longer than payload_size_, for readers that want a NUL
  std::vector<char> signature_;
  size_t payload_size_ = 0;
  size_t signature_size_ = 0;
  std::string_view signing_input_;
  std::string_view kid_;
  std::optional<Algorithm> algorithm_;
  const char* json_fault_ = "";
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JWS_H_
