#include "policy/stages/charge_shared.h"

#include <array>
#include <string>
#include <utility>

#include "auth/digest.h"
#include "policy/shared_servers.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

using State = SharedPart::State;
using Outcome = ratelimit::Leases::Outcome;
using OnError = policy::Sharing::OnError;

// Who finds that others were faster each time is refused in the end.
constexpr int kMostWaits = 4;  // for one lease
constexpr int64_t kNsPerMs = 1'000'000;

// Names the caller in the server: a digest, since it may be a credential, and callers must not be able to make two
// alike.
std::string BucketOf(const SharedPart& part) {
  std::string parts;
  for (size_t i = 0; i < part.counted.count; ++i)
    for (const std::string_view text : {part.counted.parts[i].by, part.counted.parts[i].name})
      parts.append(std::to_string(text.size())).append(":").append(text);
  constexpr size_t kBytes = 20;
  constexpr char kHex[] = "0123456789abcdef";
  const std::array<uint8_t, 32> digest = auth::Sha256(parts);
  std::string name;
  for (size_t i = 0; i < kBytes; ++i) name.append({kHex[digest[i] >> 4], kHex[digest[i] & 15]});
  return name;
}

uint64_t Want(const Txn& t, const SharedPart& part) {
  return ServerOf(t, part).leases.Want(part.sharing->set, part.key, BucketOf(part), part.cost, t.now);
}

void SetState(SharedPart& part, Outcome outcome) {
  part.state = outcome == Outcome::kAllowed   ? State::kTaken
               : outcome == Outcome::kRefused ? State::kRefused
                                              : State::kMissing;
}

// All waits together are as long as one may be.
bool MayWait(const Txn& t, const Bill& bill, const SharedPart& part) {
  if (!t.options.can_wait) return false;
  return !bill.waited || t.now.mono_ns - bill.waits_since < ServerOf(t, part).redis().timeout_ms * kNsPerMs;
}

SharedStep WaitFor(Txn& t, Bill& bill, SharedPart& part, uint64_t ask) {
  PutBackShared(t, bill);
  if (!std::exchange(bill.waited, true)) bill.waits_since = t.now.mono_ns;
  ++part.waits;
  const SharedServer& server = ServerOf(t, part);
  t.effect = Effect();
  t.effect.kind = EffectKind::kJob;
  t.effect.id = server.JobOf(ask);
  t.effect.timeout_ms = server.redis().timeout_ms - (t.now.mono_ns - bill.waits_since) / kNsPerMs;
  Trace(t, "limit", "wait", {}, {"for units of `", part.sharing->set->name(), "` from ", server.url()});
  return SharedStep::kWait;
}

// The ask to wait for; 0: none.
uint64_t TakeLease(Txn& t, const Bill& bill, SharedPart& part) {
  ratelimit::Leases& leases = ServerOf(t, part).leases;
  const ratelimit::LeaseSet& set = *part.sharing->set;
  Outcome outcome = leases.Take(set, part.key, part.cost, t.now, part.verdicts, &part.ticket);
  if (outcome == Outcome::kAsk && part.waits == kMostWaits)
    outcome = leases.Outrun(set, part.key, part.cost, t.now, part.verdicts);
  if (outcome != Outcome::kAsk) {
    SetState(part, outcome);
    return 0;
  }
  // Asked for also by who cannot wait: the next request shall find something.
  const uint64_t ask = Want(t, part);
  part.state = ask != 0 && MayWait(t, bill, part) ? State::kOpen : State::kMissing;
  return part.state == State::kOpen ? ask : 0;
}

uint64_t AskStrictly(Txn& t, const Bill& bill, SharedPart& part) {
  ratelimit::Leases& leases = ServerOf(t, part).leases;
  if (part.ask != 0) {
    SetState(part, leases.Collect(*part.sharing->set, part.ask, part.cost, part.verdicts));
    part.ask = 0;
    return 0;
  }
  const Outcome outcome = leases.Take(*part.sharing->set, part.key, part.cost, t.now, part.verdicts, &part.ticket);
  if (outcome == Outcome::kAsk && MayWait(t, bill, part)) part.ask = Want(t, part);
  if (part.ask == 0) SetState(part, outcome);
  return part.ask;
}

SharedStep Conclude(Txn& t, Bill& bill) {
  SharedStep step = SharedStep::kGo;
  for (size_t i = 0; i < bill.part_count; ++i) {
    const SharedPart& part = bill.parts[i];
    if (part.state == State::kMissing && part.sharing->on_error == OnError::kClosed) step = SharedStep::kClosed;
    if (part.state == State::kRefused) {
      step = SharedStep::kRefused;
      break;
    }
  }
  if (step != SharedStep::kGo) PutBackShared(t, bill);
  return step;
}

// Whether the node's own limits would let the request pass: nobody is asked in vain.
bool OwnLimitsAllow(const Txn& t, const Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    const Bill::Line& line = bill.lines[i];
    if (line.part != Bill::kLocal || line.limit->shadow) continue;
    if (!ratelimit::Peek(*t.gateway.store, line.charge, t.now).allowed) return false;
  }
  return true;
}

}  // namespace

SharedServer& ServerOf(const Txn& t, const SharedPart& part) { return *t.world->servers[part.sharing->server]; }

SharedStep TakeShared(Txn& t, Bill& bill) {
  SharedPart* waits = nullptr;
  uint64_t ask = 0;
  for (size_t i = 0; i < bill.part_count; ++i) {
    SharedPart& part = bill.parts[i];
    if (part.sharing->set->strict()) continue;
    const uint64_t missing = TakeLease(t, bill, part);
    if (missing != 0) {
      waits = &part;
      ask = missing;
    }
  }
  const SharedStep so_far = Conclude(t, bill);
  if (so_far != SharedStep::kGo) return so_far;
  if (waits != nullptr) return WaitFor(t, bill, *waits, ask);
  // Strict parts last: what they grant is spent, and cannot be put back.
  for (size_t i = 0; i < bill.part_count; ++i) {
    SharedPart& part = bill.parts[i];
    if (!part.sharing->set->strict() || part.state != State::kOpen) continue;
    if (part.ask == 0 && !OwnLimitsAllow(t, bill)) {
      PutBackShared(t, bill);
      return SharedStep::kRefused;
    }
    ask = AskStrictly(t, bill, part);
    if (ask != 0) return WaitFor(t, bill, part, ask);
  }
  return Conclude(t, bill);
}

void PutBackShared(Txn& t, Bill& bill) {
  for (size_t i = 0; i < bill.part_count; ++i) {
    SharedPart& part = bill.parts[i];
    if (part.ticket.cost == 0) continue;
    ServerOf(t, part).leases.PutBack(part.ticket);
    part.ticket = {};
    part.state = State::kOpen;
  }
}

void OweShared(Txn& t, Bill& bill) {
  for (size_t i = 0; i < bill.part_count; ++i) {
    const SharedPart& part = bill.parts[i];
    if (part.state == State::kMissing)
      ServerOf(t, part).leases.Owe(part.sharing->set, part.key, BucketOf(part), part.cost, t.now);
  }
}

void SettleShared(Txn& t, Bill& bill, uint64_t cost, Now now) {
  for (size_t i = 0; i < bill.part_count; ++i) {
    SharedPart& part = bill.parts[i];
    ratelimit::Leases& leases = ServerOf(t, part).leases;
    if (cost > part.cost) leases.Owe(part.sharing->set, part.key, BucketOf(part), cost - part.cost, now);
    if (cost >= part.cost || part.ticket.cost == 0) continue;
    part.ticket.cost = part.cost - cost;
    leases.PutBack(part.ticket);
  }
}

void ForgetShared(Txn& t, Bill& bill) {
  for (size_t i = 0; i < bill.part_count; ++i)
    if (bill.parts[i].ask != 0) ServerOf(t, bill.parts[i]).leases.Forget(bill.parts[i].ask);
}

}  // namespace sluice
