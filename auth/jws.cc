#include "auth/jws.h"

#include "auth/base64url.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr Verdict kGood{};

// Decodes a segment into a buffer that only ever grows, with room for one more byte behind it.
bool DecodeInto(std::string_view segment, std::vector<char>* buffer, size_t* size) {
  size_t decoded = DecodedSize(segment.size());
  if (buffer->size() < decoded + 1) buffer->resize(decoded + 1);
  *size = decoded;
  return DecodeBase64Url(segment, buffer->data()).has_value();
}

Verdict WithDetail(Reason reason) {
  switch (reason) {
    case Reason::kAlgNotAllowed: return {reason, "the key is not for this algorithm"};
    case Reason::kUnknownKid: return {reason, "no key has this id"};
    case Reason::kBadSignature: return {reason, "the signature is not by this key over this text"};
    default: return {reason, ""};
  }
}

}  // namespace

Verdict Jws::Parse(std::string_view compact) {
  algorithm_.reset();
  json_fault_ = "";
  kid_ = {};
  payload_size_ = signature_size_ = 0;
  if (compact.size() > limits::kTokenBytes) return {Reason::kTooLarge, "has more bytes than a token may have"};
  size_t first = compact.find('.');
  size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos)
    return {Reason::kMalformed, "is not three segments"};
  Verdict header = ParseHeader(compact.substr(0, first));
  if (!header.ok()) return header;
  if (!DecodeInto(compact.substr(first + 1, second - first - 1), &payload_, &payload_size_))
    return {Reason::kMalformed, "the payload is not strict base64url"};
  if (!DecodeInto(compact.substr(second + 1), &signature_, &signature_size_))
    return {Reason::kMalformed, "the signature is not strict base64url"};
  signing_input_ = compact.substr(0, second);
  return kGood;
}

Verdict Jws::ParseHeader(std::string_view segment) {
  size_t size = 0;
  if (!DecodeInto(segment, &header_text_, &size)) return {Reason::kMalformed, "the header is not strict base64url"};
  if (!header_.Parse(header_text_.data(), size, {limits::kTokenDepth, limits::kTokenNodes})) {
    json_fault_ = header_.error();
    return {Reason::kMalformed, "the header is not an object of strict JSON"};
  }
  return CheckHeader();
}

Verdict Jws::CheckHeader() {
  // RFC 7515 section 4.1.11: what is critical must be understood, and Sluice understands no extension. RFC 7797's `b64`
  // would change what is signed even where a careless maker left it out of `crit`.
  if (header().Member("crit").exists()) return {Reason::kCritical, "the header has `crit`"};
  if (header().Member("b64").exists()) return {Reason::kCritical, "the header has `b64`"};
  if (!header().Member("alg").IsString()) return {Reason::kMalformed, "the header has no string `alg`"};
  JsonValue kid = header().Member("kid");
  if (kid.exists() && !kid.IsString()) return {Reason::kMalformed, "the header's `kid` is not a string"};
  kid_ = kid.AsString();
  algorithm_ = FindAlgorithm(algorithm_name());
  return kGood;
}

Verdict Jws::Verify(const Key& key) const {
  if (!algorithm_) return {Reason::kAlgNotAllowed, "the algorithm is `none` or unknown"};
  return WithDetail(key.Verify(*algorithm_, signing_input_, {signature_.data(), signature_size_}));
}

Verdict Jws::Verify(const KeySet& keys, uint32_t* key_index) const {
  if (!algorithm_) return {Reason::kAlgNotAllowed, "the algorithm is `none` or unknown"};
  KeySet::Found found = keys.Verify(*algorithm_, kid_, signing_input_, {signature_.data(), signature_size_});
  if (key_index) *key_index = found.key;
  return WithDetail(found.reason);
}

}  // namespace sluice::auth
