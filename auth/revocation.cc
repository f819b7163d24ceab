#include "auth/revocation.h"

#include <algorithm>

namespace sluice::auth {
namespace {

// What a mark is of: half of the hash's context. The other half of that of a pair's first name is 0, and the hash of
// the first name is the context of the second.
enum Kind : uint64_t { kJti = 1, kIssuerOfJti = 2, kIssuerOfSubject = 3 };

// Of an entry for one token, or for a moment beyond what nanoseconds can say: an `iat` that far ahead has the same
// figure, and is no escape.
constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();

size_t SlotsFor(size_t entries) {
  size_t slots = 2;
  while (slots < 2 * entries) slots *= 2;
  return slots;
}

}  // namespace

uint64_t TokenMarker::Mark(const std::array<uint64_t, 2>& context, std::string_view name) const {
  const uint64_t mark = hash_.Hash(context, name)[0];
  return mark == 0 ? 1 : mark;
}

uint64_t TokenMarker::JtiMark(std::string_view jti) const { return Mark({kJti, 0}, jti); }

uint64_t TokenMarker::JtiMark(std::string_view issuer, std::string_view jti) const {
  return Mark(hash_.Hash({kIssuerOfJti, 0}, issuer), jti);
}

uint64_t TokenMarker::SubjectMark(std::string_view issuer, std::string_view subject) const {
  return Mark(hash_.Hash({kIssuerOfSubject, 0}, issuer), subject);
}

TokenMarks TokenMarker::MarksOf(const Token& token) const {
  TokenMarks marks;
  const JsonValue jti = token.Claim("jti"), issuer = token.Claim("iss"), subject = token.Claim("sub");
  if (jti.IsString()) marks.jti = JtiMark(jti.AsString());
  if (jti.IsString() && issuer.IsString()) marks.issuer_jti = JtiMark(issuer.AsString(), jti.AsString());
  if (subject.IsString() && issuer.IsString())
    marks.issuer_subject = SubjectMark(issuer.AsString(), subject.AsString());
  marks.iat_ns = IssuedAt(token);
  return marks;
}

RevokedTokens::RevokedTokens(const TokenMarker& marker, const std::vector<Revocation>& entries)
    : slots_(SlotsFor(entries.size())) {
  for (const Revocation& entry : entries) {
    if (entry.jti.empty())
      Insert({marker.SubjectMark(entry.issuer, entry.subject), entry.before_ns, entry.until_ns});
    else
      Insert({entry.issuer.empty() ? marker.JtiMark(entry.jti) : marker.JtiMark(entry.issuer, entry.jti), kAlways,
              entry.until_ns});
  }
}

void RevokedTokens::Insert(const Slot& slot) {
  size_t at = slot.mark & (slots_.size() - 1);
  while (slots_[at].mark != 0 && slots_[at].mark != slot.mark) at = (at + 1) & (slots_.size() - 1);
  Slot& kept = slots_[at];
  kept = {slot.mark, std::max(kept.before_ns, slot.before_ns), std::max(kept.until_ns, slot.until_ns)};
}

bool RevokedTokens::Has(uint64_t mark, int64_t iat_ns, int64_t now_wall_ns) const {
  if (mark == 0) return false;
  for (size_t at = mark & (slots_.size() - 1); slots_[at].mark != 0; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].mark == mark)
      return (slots_[at].before_ns == kAlways || iat_ns < slots_[at].before_ns) && now_wall_ns < slots_[at].until_ns;
  return false;
}

RevokedTokens::Match RevokedTokens::Find(const TokenMarks& marks, int64_t now_wall_ns) const {
  if (Has(marks.jti, marks.iat_ns, now_wall_ns) || Has(marks.issuer_jti, marks.iat_ns, now_wall_ns))
    return Match::kToken;
  return Has(marks.issuer_subject, marks.iat_ns, now_wall_ns) ? Match::kSubject : Match::kNone;
}

}  // namespace sluice::auth
