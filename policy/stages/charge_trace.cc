#include "policy/stages/charge_trace.h"

#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "policy/shared_servers.h"
#include "policy/stages/charge_shared.h"
#include "policy/stages/limit_words.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

using ratelimit::LimitKind;
using ratelimit::Refusal;
using State = SharedPart::State;

// Puts phrases behind each other; those that are empty are left out.
void Append(std::string& sentence, std::string_view phrase) {
  if (!phrase.empty()) absl::StrAppend(&sentence, sentence.empty() ? "" : "; ", phrase);
}

// ---- What the limit said of this request ----

std::string When(const Bill::Line& line) {
  const ratelimit::Verdict& v = line.verdict;
  if (v.retry_after_ns == ratelimit::kNever) return "and always will be: more than the limit ever has";
  if (line.limit->limit.kind() == LimitKind::kConcurrency)
    return absl::StrCat("again when one ends, in ", SpanOf(v.retry_after_ns), " at the latest");
  return absl::StrCat("again in ", SpanOf(v.retry_after_ns));
}

uint64_t Asked(const Bill::Line& line) {
  return line.limit->limit.kind() == LimitKind::kConcurrency ? 1 : line.charge.cost;
}

std::string Said(const Bill& bill, const Bill::Line& line) {
  const ratelimit::Verdict& v = line.verdict;
  const std::string asked = absl::StrCat(Asked(line), " asked");
  if (v.allowed && bill.charged) return absl::StrCat(asked, ", taken");
  if (v.allowed) return absl::StrCat(asked, ", not taken: another limit refuses");
  return absl::StrCat(asked, ", ", v.remaining,
                      " left: ", line.limit->shadow ? "would be refused (shadow), " : "refused, ", When(line));
}

bool Penalized(const Bill::Line& line) {
  return line.charge.penalize && line.verdict.refusal == Refusal::kLimit && line.part == Bill::kLocal &&
         line.limit->limit.kind() != LimitKind::kConcurrency;
}

// Of a refusal that has nothing to do with how much is used.
std::string_view WithoutFigures(Refusal refusal) {
  switch (refusal) {
    case Refusal::kFull: return "no room to count another caller: all entries are live, the region is too small";
    case Refusal::kTooMany: return "more limits than one request may have";
    case Refusal::kNone:
    case Refusal::kLimit: break;
  }
  return "";
}

// ---- Limits that all nodes share ----

// Why the server had nothing to say of this request.
std::string WhyMissing(const Txn& t, const SharedServer& server, const ratelimit::LeaseState& lease) {
  const std::string last = server.LastError();
  if (lease.down)
    return absl::StrCat("down (", last, "), tried again ",
                        lease.down_ns > 0 ? absl::StrCat("in ", SpanOf(lease.down_ns)) : "now");
  if (lease.broken_ns > 0)
    return absl::StrCat("cannot use this caller's key (", last, "), asked again in ", SpanOf(lease.broken_ns));
  if (!t.options.can_wait) return "not waited for, this host cannot";
  return lease.known ? "no answer in time" : "no room to remember another caller";
}

constexpr std::string_view kOnError[] = {"on_error: local, so this node's own count decides",
                                         "on_error: open, so the request passes uncounted",
                                         "on_error: closed, so nobody passes"};
static_assert(std::size(kOnError) == static_cast<size_t>(policy::Sharing::OnError::kClosed) + 1);

std::string Missing(const Txn& t, const SharedPart& part, const ratelimit::LeaseState& lease) {
  std::string text = absl::StrCat(WhyMissing(t, ServerOf(t, part), lease), "; ",
                                  kOnError[static_cast<size_t>(part.sharing->on_error)]);
  if (lease.debt > 0) absl::StrAppend(&text, "; ", lease.debt, " to be told the server");
  return text;
}

std::string Lease(const ratelimit::LeaseState& lease) {
  std::string text = absl::StrCat("lease of this node: ", lease.in_hand, " in hand");
  if (lease.in_hand > 0) absl::StrAppend(&text, " for ", SpanOf(lease.ends_ns));
  if (lease.asked_ago_ns >= 0) absl::StrAppend(&text, ", asked ", SpanOf(lease.asked_ago_ns), " ago");
  if (lease.refused_ns > 0)
    absl::StrAppend(&text, "; the server refuses ", lease.refused_cost, " or more, asked again in ",
                    SpanOf(lease.refused_ns));
  return text;
}

std::string Shared(const Txn& t, const SharedPart& part) {
  const SharedServer& server = ServerOf(t, part);
  const ratelimit::LeaseState lease = server.leases.Describe(part.key, t.now);
  const std::string from = absl::StrCat("shared in ", server.url(), ": ");
  if (part.state == State::kMissing) return from + Missing(t, part, lease);
  if (part.sharing->set->strict())
    return from + (part.state == State::kOpen ? "not asked, another limit refuses" : "asked for each request (strict)");
  return from + Lease(lease);
}

// ---- The whole ----

ratelimit::Breakdown BreakdownOf(const Txn& t, const Bill& bill, const Bill::Line& line) {
  if (bill.PartOf(line) != nullptr) return {};
  return ratelimit::BreakDown(*t.gateway.store, line.charge, line.verdict.receipt, t.now);
}

// How it stands: for limits whose count decides.
std::string Standing(const Txn& t, const Bill& bill, const Bill::Line& line) {
  const ratelimit::Breakdown breakdown = BreakdownOf(t, bill, line);
  std::string text = UseOf(line.limit->limit, line.verdict, breakdown);
  Append(text, RefillOf(line.limit->limit, line.verdict, breakdown, t.now));
  Append(text, Said(bill, line));
  if (Penalized(line)) absl::StrAppend(&text, ", and counted all the same");
  if (line.verdict.receipt.overflow) Append(text, "counted in the entry that callers without room share");
  return text;
}

bool Uncounted(const Bill& bill, const Bill::Line& line) {
  const SharedPart* part = bill.PartOf(line);
  return part != nullptr && part->state == State::kMissing;
}

std::string Sentence(const Txn& t, const Bill& bill, const Bill::Line& line) {
  std::string text(WithoutFigures(line.verdict.refusal));
  if (text.empty() && !Uncounted(bill, line)) text = Standing(t, bill, line);
  if (line.part != Bill::kLocal) Append(text, Shared(t, bill.parts[line.part]));
  return absl::StrCat(line.limit->name, " (", RuleOf(line.limit->limit), "): ", text);
}

std::string_view VerdictOf(const Bill::Line& line) {
  return line.verdict.allowed ? "pass" : Bill::Refused(line) ? "refuse" : "shadow";
}

}  // namespace

void TraceLimits(Txn& t, const Bill& bill) {
  if (!t.options.trace) return;
  for (size_t i = 0; i < bill.count; ++i) {
    const Bill::Line& line = bill.lines[i];
    Trace(t, "limit", VerdictOf(line), line.limit->spot, {Sentence(t, bill, line)});
  }
}

void TraceClosed(Txn& t, const Bill& bill) {
  if (!t.options.trace) return;
  for (size_t i = 0; i < bill.count; ++i) {
    const Bill::Line& line = bill.lines[i];
    if (line.part == Bill::kLocal) continue;
    const SharedPart& part = bill.parts[line.part];
    if (part.state != State::kMissing || part.sharing->on_error != policy::Sharing::OnError::kClosed) continue;
    Trace(t, "limit", "refuse", line.limit->spot,
          {line.limit->name, " (", RuleOf(line.limit->limit), "): ", Shared(t, part)});
  }
}

}  // namespace sluice
