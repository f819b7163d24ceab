#include "base/diagnostic.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

std::string PlaceText(const Place& place) {
  std::string text = place.file.empty() ? "document" : place.file;
  if (place.line != 0) absl::StrAppend(&text, ":", place.line, ":", place.column);
  return text;
}

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string ToText(const Witness& witness) {
  const bool is_stream = witness.method.empty();
  std::string text = is_stream ? absl::StrCat("a connection by ", witness.scheme)
                               : absl::StrCat(witness.method, " ", witness.scheme, "://", witness.host);
  if (witness.port != 0) absl::StrAppend(&text, ":", witness.port);
  text += witness.path == "*" ? " (of no path: `*`)" : witness.path;
  for (const auto& [name, value] : witness.headers) absl::StrAppend(&text, ", ", name, ": ", value);
  if (!witness.sni.empty()) absl::StrAppend(&text, ", server name ", witness.sni);
  if (!witness.peer.empty()) absl::StrAppend(&text, ", from ", witness.peer);
  if (!witness.server.empty()) absl::StrAppend(&text, ", to ", witness.server);
  return text;
}

std::string_view ToText(Severity severity) {
  switch (severity) {
    case Severity::kNote: return "note";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "";
}

std::string ToText(const Diagnostic& d) {
  std::string text = absl::StrCat(PlaceText(d.where), ": ", ToText(d.severity), ": ", d.message);
  if (!d.hint.empty()) absl::StrAppend(&text, " (", d.hint, ")");
  absl::StrAppend(&text, " [", d.code, "]");
  if (d.witness) absl::StrAppend(&text, "\n", PlaceText(d.where), ": note: for example ", ToText(*d.witness));
  if (d.contrast) absl::StrAppend(&text, "\n", PlaceText(d.where), ": note: unlike ", ToText(*d.contrast));
  for (const Place& place : d.related) absl::StrAppend(&text, "\n", PlaceText(place), ": note: the other place");
  return text;
}

std::string NearestName(const std::string& name, const std::vector<std::string>& known) {
  constexpr size_t kLongestName = 64;  // names are short; a hostile one must not cost quadratic time
  if (name.size() > kLongestName) return "";
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace sluice
