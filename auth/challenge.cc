#include "auth/challenge.h"

#include <cstring>

namespace sluice::auth {
namespace {

// Writes into a buffer that is known to be large enough.
class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}

  void Text(std::string_view text) {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  // RFC 7230 section 3.2.6, without what only obsolete rules allow.
  void Quoted(std::string_view text) {
    *at_++ = '"';
    for (char c : text) {
      if (c == '"' || c == '\\') *at_++ = '\\';
      *at_++ = c >= ' ' && c <= '~' ? c : ' ';
    }
    *at_++ = '"';
  }

  char* at() const { return at_; }

 private:
  char* at_;
};

}  // namespace

std::string_view Challenge(Arena& arena, const ChallengeParts& parts) {
  struct Field {
    std::string_view name, value;
  };
  const Field fields[] = {{"realm=", parts.realm},
                          {"error=", parts.error},
                          {"error_description=", parts.description},
                          {"scope=", parts.scope}};
  size_t size = parts.scheme.size();
  for (const Field& f : fields) size += f.name.size() + 2 * f.value.size() + 4;  // quotes, separator; all escaped
  char* start = static_cast<char*>(arena.Allocate(size, 1));
  Writer writer(start);
  writer.Text(parts.scheme);
  std::string_view separator = " ";
  for (const Field& f : fields) {
    if (f.value.empty()) continue;
    writer.Text(separator);
    writer.Text(f.name);
    writer.Quoted(f.value);
    separator = ", ";
  }
  return {start, static_cast<size_t>(writer.at() - start)};
}

}  // namespace sluice::auth
