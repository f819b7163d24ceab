// request-transformer.
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

using Config = RequestTransformerConfig;
using Edits = Config::Edits;
using Pair = Config::Pair;

// What a name and a value must look like, for headers and for parameters of the query.
struct Part {
  Edits Config::*edits;
  Check name;
  Check value;
};

std::string_view CheckParameterName(std::string_view text) {
  return text.empty() ? "the name of a parameter" : CheckNoTemplate(text);
}
std::string_view CheckHeader(std::string_view text) {
  std::string_view expected = CheckHeaderValue(text);
  return expected.empty() ? CheckNoTemplate(text) : expected;
}

constexpr Part kHeaders{&Config::headers, CheckHeaderName, CheckHeader};
constexpr Part kQuery{&Config::querystring, CheckParameterName, CheckNoTemplate};

// "name:value", parted at the first colon; white space around the value does not count.
bool ReadPair(Reader& reader, const Cursor& at, Check check_name, Check check_value, Pair* out) {
  std::string text;
  if (!reader.String(at, nullptr, &text)) return false;
  size_t colon = text.find(':');
  if (colon == std::string::npos) return reader.Expected(at, "name:value");
  out->name = text.substr(0, colon);
  out->value = std::string(absl::StripAsciiWhitespace(std::string_view(text).substr(colon + 1)));
  std::string_view expected = check_name(out->name);
  if (!expected.empty()) return reader.Expected(at, absl::StrCat(expected, " before the colon"));
  expected = check_value(out->value);
  return expected.empty() || reader.Expected(at, absl::StrCat(expected, " behind the colon"));
}

template <std::vector<Pair> Edits::*kList, const Part& kPart, bool kRename>
void ReadPairs(Reader& reader, const Cursor& at, Config* out) {
  reader.List(at, [&](const Cursor& item) {
    Pair pair;
    if (ReadPair(reader, item, kPart.name, kRename ? kPart.name : kPart.value, &pair))
      (out->*kPart.edits.*kList).push_back(std::move(pair));
  });
}

template <const Part& kPart>
void ReadRemoved(Reader& reader, const Cursor& at, Config* out) {
  reader.Strings(at, kPart.name, &(out->*kPart.edits).remove);
}

void ReadUri(Reader& reader, const Cursor& at, Config* out) {
  auto check = [](std::string_view text) {
    std::string_view expected = CheckNoTemplate(text);
    return expected.empty() ? CheckServicePath(text) : expected;
  };
  reader.String(at, check, &out->replace_uri);
}

constexpr Field<Config> kRemoveFields[] = {
    {"headers", ReadRemoved<kHeaders>},
    {"querystring", ReadRemoved<kQuery>},
    {"body", NotYetList<Config>},
};

constexpr Field<Config> kReplaceFields[] = {
    {"headers", ReadPairs<&Edits::replace, kHeaders, false>},
    {"querystring", ReadPairs<&Edits::replace, kQuery, false>},
    {"body", NotYetList<Config>},
    {"uri", ReadUri},
};

template <std::vector<Pair> Edits::*kList, bool kRename>
constexpr Field<Config> kPairFields[] = {
    {"headers", ReadPairs<kList, kHeaders, kRename>},
    {"querystring", ReadPairs<kList, kQuery, kRename>},
    {"body", NotYetList<Config>},
};

template <const auto& kFields>
void ReadSection(Reader& reader, const Cursor& at, Config* out) {
  reader.Map(at, kFields, out);
}

constexpr Field<Config> kFields[] = {
    {"http_method", ReadString<&Config::http_method, CheckMethod>},
    {"remove", ReadSection<kRemoveFields>},
    {"rename", ReadSection<kPairFields<&Edits::rename, true>>},
    {"replace", ReadSection<kReplaceFields>},
    {"add", ReadSection<kPairFields<&Edits::add, false>>},
    {"append", ReadSection<kPairFields<&Edits::append, false>>},
};

}  // namespace

void ReadRequestTransformerConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  reader.Map(at, kFields, &out->emplace<Config>());
}

}  // namespace sluice::policy
