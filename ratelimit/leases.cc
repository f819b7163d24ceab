#include "ratelimit/leases.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ratelimit/lease_account.h"

namespace sluice::ratelimit {
namespace {

constexpr size_t kWays = 16;                     // slots in which a caller may be
constexpr int64_t kLongestPause = 30 * kSecond;  // without asking about a caller who was refused
constexpr int64_t kBrokenPause = 5 * kSecond;    // … whose key the server cannot use
constexpr uint64_t kFirstGrant = 8;              // asked for on behalf of somebody new; less of small limits
constexpr int64_t kSurveysPerLease = 16;
constexpr int64_t kLongestSilence = 250 * kMillisecond;  // somebody may want something without waiting for it
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

size_t PowerOfTwo(size_t least) {
  size_t power = kWays;
  while (power < least) power *= 2;
  return power;
}

}  // namespace

Leases::Leases(const Options& options)
    : options_(options),
      mask_(PowerOfTwo(options.callers) - 1),
      slots_(new LeaseSlot[mask_ + 1]()),
      accounts_(mask_ + 1),
      random_(options.seed | 1) {}

Leases::~Leases() = default;

// ---- On the way of a request ----

LeaseSlot* Leases::Find(const Key& key) const {
  const size_t first = key.lo & mask_ & ~(kWays - 1);
  for (size_t i = first; i < first + kWays; ++i)
    if (slots_[i].Is(key)) return &slots_[i];
  return nullptr;
}

Leases::Outcome Leases::Take(const LeaseSet& set, const Key& key, uint64_t cost, const Now& now, Verdict* verdicts,
                             Ticket* ticket) {
  *ticket = Ticket();
  cost = std::max<uint64_t>(cost, 1);
  if (cost > set.smallest()) {
    ReportNever(set, cost, verdicts);
    return Outcome::kRefused;
  }
  const int64_t mono = static_cast<int64_t>(Mono(now));
  LeaseSlot* const slot = Find(key);
  if (slot != nullptr && !set.strict()) {
    if (slot->Spend(key, cost, Mono(now), &ticket->which, &ticket->lease)) {
      ticket->slot = static_cast<uint32_t>(slot - slots_.get());
      ticket->cost = cost;
      ReportLease(set, *slot, cost, true, mono, verdicts);
      return Outcome::kAllowed;
    }
    if (mono < slot->refused_until.load(std::memory_order_acquire) &&
        cost >= slot->refused_cost.load(std::memory_order_relaxed)) {
      ReportLease(set, *slot, cost, false, mono, verdicts);
      if (slot->Is(key)) return Outcome::kRefused;
    }
  }
  if (slot != nullptr && mono < slot->broken_until.load(std::memory_order_relaxed)) return Outcome::kDown;
  return mono < down_until_.load(std::memory_order_relaxed) ? Outcome::kDown : Outcome::kAsk;
}

Leases::Outcome Leases::Outrun(const LeaseSet& set, const Key& key, uint64_t cost, const Now& now,
                               Verdict* verdicts) const {
  const LeaseSlot* const slot = Find(key);
  if (slot == nullptr || !slot->Lasts(Mono(now))) return Outcome::kDown;
  ReportLease(set, *slot, cost, false, static_cast<int64_t>(Mono(now)), verdicts);
  return Outcome::kRefused;
}

void Leases::PutBack(const Ticket& ticket) {
  if (ticket.cost > 0) slots_[ticket.slot].Unspend(ticket.which, ticket.lease, ticket.cost);
}

// ---- For who has nothing to spend ----

uint64_t Leases::Want(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket,
                      uint64_t cost, const Now& now) {
  std::lock_guard lock(mutex_);
  if (stats_.down) return 0;  // asks in the background find out when it is back
  Account* const account = AccountFor(set, key, bucket, now);
  if (account == nullptr) {
    ++stats_.full;
    return 0;
  }
  if (set->strict()) {
    const uint64_t id = NewFlight(*account, cost);
    strict_.emplace(id, StrictAnswer());
    return id;
  }
  account->need = std::max(account->need, cost);
  account->wanted += cost;
  return Queue(*account);
}

Leases::Outcome Leases::Collect(const LeaseSet& set, uint64_t ask, uint64_t cost, Verdict* verdicts) {
  std::lock_guard lock(mutex_);
  const auto found = strict_.find(ask);
  if (found == strict_.end()) return Outcome::kDown;
  const StrictAnswer answer = found->second;
  strict_.erase(found);
  if (!answer.there) return Outcome::kDown;
  ReportAnswer(set, answer.answer, cost, verdicts);
  return answer.answer.granted >= cost ? Outcome::kAllowed : Outcome::kRefused;
}

void Leases::Forget(uint64_t ask) {
  std::lock_guard lock(mutex_);
  strict_.erase(ask);
}

void Leases::Owe(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket, uint64_t units,
                 const Now& now) {
  std::lock_guard lock(mutex_);
  Account* const account = AccountFor(set, key, bucket, now);
  if (account == nullptr) return;
  account->slot->debt.fetch_add(units, std::memory_order_relaxed);
  Watch(*account, now);
}

// ---- Accounts ----

Leases::Account* Leases::AccountFor(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket,
                                    const Now& now) {
  LeaseSlot* slot = Find(key);
  if (slot == nullptr) {
    slot = Vacate(key, now);
    if (slot == nullptr) return nullptr;
    auto account = std::make_unique<Account>();
    account->set = set;
    account->bucket = bucket;
    account->slot = slot;
    accounts_[static_cast<size_t>(slot - slots_.get())] = std::move(account);
    slot->key_hi.store(key.hi, std::memory_order_relaxed);
    slot->key_lo.store(key.lo, std::memory_order_release);
  }
  return accounts_[static_cast<size_t>(slot - slots_.get())].get();
}

// A slot that is nobody's any more: a free one, or that of the caller who has been idle for longest.
LeaseSlot* Leases::Vacate(const Key& key, const Now& now) {
  const size_t first = key.lo & mask_ & ~(kWays - 1);
  LeaseSlot* chosen = nullptr;
  int64_t oldest = kForever;
  for (size_t i = first; i < first + kWays; ++i) {
    if (slots_[i].Free()) return &slots_[i];
    if (!Idle(slots_[i], now) || accounts_[i]->asked_at >= oldest) continue;
    oldest = accounts_[i]->asked_at;
    chosen = &slots_[i];
  }
  if (chosen == nullptr) return nullptr;
  chosen->key_lo.store(0, std::memory_order_release);
  chosen->key_hi.store(0, std::memory_order_release);
  for (uint32_t which = 0; which < LeaseSlot::kLeases; ++which) chosen->Replace(which, 0, 0);
  chosen->Clear();
  return chosen;
}

bool Leases::Idle(const LeaseSlot& slot, const Now& now) const {
  const Account& account = *accounts_[static_cast<size_t>(&slot - slots_.get())];
  return account.flight == 0 && account.airborne == 0 && !account.watched &&
         static_cast<int64_t>(Mono(now)) >= slot.refused_until.load(std::memory_order_relaxed);
}

void Leases::Watch(Account& account, const Now& now) {
  if (account.watched) return;
  account.watched = true;
  watched_.push_back(static_cast<uint32_t>(account.slot - slots_.get()));
  if (!account.set->strict()) survey_ns_ = std::min(survey_ns_, account.set->lease_ns() / kSurveysPerLease);
  survey_at_ = std::min(survey_at_, static_cast<int64_t>(Mono(now)) + survey_ns_);
}

void Leases::GiveBack(Account& account, int64_t of_us, uint64_t units) {
  if (units == 0 || !account.set->takes_back()) return;
  account.returned_of_us = account.returned == 0 ? of_us : std::min(account.returned_of_us, of_us);
  account.returned += units;
}

void Leases::CollectExpired(Account& account, const Now& now) {
  for (uint32_t which = 0; which < LeaseSlot::kLeases; ++which) {
    const Word lease = account.slot->leases[which].Load();
    if (kLeaseUnits.Get64(lease) == 0 || UsableUnits(lease, Mono(now)) > 0) continue;
    GiveBack(account, account.lease_of_us[which], account.slot->Replace(which, 0, 0));
  }
}

// ---- In the background ----

// What the caller will spend within a lease's time, going by what he has spent since the last ask.
uint64_t Leases::Expected(const Account& account, const Now& now) const {
  const int64_t lease = account.set->lease_ns();
  const int64_t elapsed = std::max(static_cast<int64_t>(Mono(now)) - account.asked_at, lease / 8);
  const int64_t spent = account.slot->spent.load(std::memory_order_relaxed);
  if (spent <= 0) return 0;
  const double expected = static_cast<double>(spent) * static_cast<double>(lease) / static_cast<double>(elapsed);
  return static_cast<uint64_t>(std::min(expected, static_cast<double>(kMaxLeaseUnits)));
}

void Leases::Survey(const Now& now) {
  survey_at_ = static_cast<int64_t>(Mono(now)) + survey_ns_;
  for (size_t i = 0; i < watched_.size();) {
    Account& account = *accounts_[watched_[i]];
    if (Look(account, now)) {
      ++i;
    } else {
      account.watched = false;
      watched_[i] = watched_.back();
      watched_.pop_back();
    }
    if (stats_.down && !flights_.empty()) return;  // one is enough to find out whether the server is back
  }
}

// False: there is nothing to look after any more.
bool Leases::Look(Account& account, const Now& now) {
  CollectExpired(account, now);
  if (account.flight != 0) return true;
  const LeaseSlot& slot = *account.slot;
  const int64_t mono = static_cast<int64_t>(Mono(now));
  if (mono < slot.broken_until.load(std::memory_order_relaxed)) return true;
  const uint64_t usable = slot.Usable(Mono(now));
  if (slot.debt.load(std::memory_order_relaxed) > 0 || (usable == 0 && account.returned > 0)) {
    Queue(account);
  } else if (usable == 0 && slot.spent.load(std::memory_order_relaxed) <= 0) {
    return false;
  } else if (mono >= slot.refused_until.load(std::memory_order_relaxed)) {
    const int64_t ahead = account.set->lease_ns() / 4;
    const uint64_t expected = Expected(account, now);
    account.renew = expected > 0 && slot.Usable(Mono(now) + static_cast<uint64_t>(ahead)) < expected / 4 + 1;
    if (account.renew) Queue(account);
  }
  return true;
}

uint64_t Leases::NewFlight(Account& account, uint64_t strict_cost) {
  const uint64_t id = next_ask_++;
  Flight flight;
  flight.account = &account;
  flight.strict_cost = strict_cost;
  flights_.emplace(id, flight);
  ready_.push_back(id);
  if (strict_cost > 0) ++account.airborne;
  return id;
}

// The ask about an account that is under way or to begin; a new one if there is none.
uint64_t Leases::Queue(Account& account) {
  if (account.flight == 0) account.flight = NewFlight(account, 0);
  return account.flight;
}

std::optional<Ask> Leases::NextAsk(const Now& now, int64_t* ask_again_mono_ns) {
  std::lock_guard lock(mutex_);
  const int64_t mono = static_cast<int64_t>(Mono(now));
  const int64_t down_until = down_until_.load(std::memory_order_relaxed);
  if (mono >= survey_at_ && mono >= down_until) Survey(now);
  // One ask, about whomever, shows whether the server is back.
  if (stats_.down && mono >= down_until && flights_.empty()) Queue(*accounts_[failed_slot_]);
  *ask_again_mono_ns = mono < down_until  ? down_until
                       : watched_.empty() ? mono + kLongestSilence
                                          : std::min(survey_at_, mono + kLongestSilence);
  while (!ready_.empty()) {
    const uint64_t id = ready_.front();
    ready_.pop_front();
    const auto found = flights_.find(id);
    Flight& flight = found->second;
    if (flight.strict_cost == 0 || strict_.count(id) > 0) {
      ++stats_.asks;
      return Begin(flight, id, now);
    }
    flight.account->End(flight);  // nobody waits for it any more: it would be charged for nothing
    flights_.erase(found);
  }
  return std::nullopt;
}

Ask Leases::Begin(Flight& flight, uint64_t id, const Now& now) {
  Account& account = *flight.account;
  CollectExpired(account, now);
  flight.asked_at = static_cast<int64_t>(Mono(now));
  flight.debt = account.slot->debt.exchange(0, std::memory_order_relaxed);
  Ask ask;
  if (flight.strict_cost > 0) {
    flight.need = flight.want = flight.strict_cost;
  } else if (account.need > 0 || account.renew) {
    const uint64_t first = std::clamp<uint64_t>(account.set->smallest() / 64, 1, kFirstGrant);
    const uint64_t most = 4 * std::max(account.granted, first);
    const uint64_t usable = account.slot->Usable(Mono(now));
    const uint64_t expected = Expected(account, now);
    flight.need = std::max<uint64_t>(account.need, 1);
    flight.want = std::max({flight.need, account.wanted, first, std::min(expected - std::min(expected, usable), most)});
    flight.want = std::min({flight.want, account.set->smallest(), kMaxLeaseUnits});
  }
  account.asked_at = flight.asked_at;
  if (flight.strict_cost == 0) {
    account.need = account.wanted = 0;
    account.renew = false;
    account.slot->spent.store(0, std::memory_order_relaxed);
  }
  ask.id = id;
  ask.set = account.set;
  ask.bucket = account.bucket;
  ask.need = flight.need;
  ask.want = flight.want;
  ask.debt = flight.debt;
  ask.returned = std::exchange(account.returned, 0);  // said once: were it said twice, it would be given back twice
  ask.returned_of_us = account.returned_of_us;
  stats_.returned += ask.returned;
  if (flight.asked_at < account.seen_until) {
    ask.seen_generation = account.seen_generation;
    ask.seen_version = account.seen_version;
  }
  return ask;
}

AskResult Leases::Answered(uint64_t ask, std::string_view text, const Now& now) {
  Answer answer;
  {
    std::lock_guard lock(mutex_);
    const auto found = flights_.find(ask);
    if (found == flights_.end()) return {.usable = true};  // answered before
    Account& account = *found->second.account;
    const bool of_key = text.substr(0, 2) == "E ";
    if (of_key || ParseAnswer(text, account.set->limits().size(), &answer)) {
      const Flight flight = found->second;
      flights_.erase(found);
      account.End(flight);
      down_until_.store(0, std::memory_order_relaxed);
      stats_.down = false;
      retry_ns_ = 0;
      if (!of_key) return Settle(flight, ask, answer, now);
      ++stats_.failures;
      account.slot->debt.fetch_add(flight.debt, std::memory_order_relaxed);
      account.slot->broken_until.store(flight.asked_at + kBrokenPause, std::memory_order_relaxed);
      return {};
    }
  }
  Failed(ask, now);
  return {};
}

void Leases::Failed(uint64_t ask, const Now& now) {
  std::lock_guard lock(mutex_);
  const auto found = flights_.find(ask);
  if (found == flights_.end()) return;
  const Flight flight = found->second;
  flights_.erase(found);
  flight.account->End(flight);
  // Perhaps the server has counted it; twice is better than never.
  flight.account->slot->debt.fetch_add(flight.debt, std::memory_order_relaxed);
  if (flight.debt > 0) Watch(*flight.account, now);
  ++stats_.failures;
  failed_slot_ = static_cast<size_t>(flight.account->slot - slots_.get());
  Down(now);
}

void Leases::Down(const Now& now) {
  const int64_t mono = static_cast<int64_t>(Mono(now));
  stats_.down = true;
  if (mono < down_until_.load(std::memory_order_relaxed)) return;  // one of many that failed together
  retry_ns_ = retry_ns_ == 0 ? options_.first_retry_ns : std::min(2 * retry_ns_, options_.last_retry_ns);
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
  const double share = static_cast<double>(random_ >> 32) / 4294967296.0;
  const auto spread = static_cast<int64_t>(share * static_cast<double>(retry_ns_) / 2);
  down_until_.store(mono + retry_ns_ * 3 / 4 + spread, std::memory_order_relaxed);
}

AskResult Leases::Settle(const Flight& flight, uint64_t id, const Answer& answer, const Now& now) {
  Account& account = *flight.account;
  account.Learn(answer, static_cast<int64_t>(Mono(now)));
  const AskResult result = {true, answer.granted, flight.need > 0 && answer.granted == 0};
  stats_.granted += result.granted;
  if (result.refused) ++stats_.refusals;
  if (flight.strict_cost == 0) {
    Install(account, flight, answer, now);
  } else if (const auto waits = strict_.find(id); waits != strict_.end()) {
    waits->second = {true, answer};
  }
  return result;
}

void Leases::Install(Account& account, const Flight& flight, const Answer& answer, const Now& now) {
  LeaseSlot& slot = *account.slot;
  const int64_t mono = static_cast<int64_t>(Mono(now));
  // Clocks may run apart by a thousandth.
  const int64_t expires = flight.asked_at + answer.usable_ns - answer.usable_ns / 1'000;
  account.need = account.wanted = 0;  // whoever waited comes again
  if (answer.granted > 0) {
    account.granted = answer.granted;
    if (expires <= mono) {
      GiveBack(account, answer.granted_at_us, answer.granted);
    } else {
      const uint32_t which = slot.Poorer(Mono(now));
      GiveBack(account, account.lease_of_us[which], slot.Replace(which, answer.granted, expires));
      account.lease_of_us[which] = answer.granted_at_us;
    }
    Watch(account, now);
  }
  if (flight.need == 0) return;
  const int64_t least = answer.granted > 0 ? 0 : account.set->lease_ns() / 2;
  const int64_t pause = std::clamp(answer.retry_ns, least, kLongestPause);
  slot.refused_cost.store(answer.granted > 0 ? 1 : flight.need, std::memory_order_relaxed);
  slot.retry_at.store(answer.retry_ns < 0 ? kNever : mono + std::max(answer.retry_ns, pause),
                      std::memory_order_relaxed);
  slot.refused_until.store(mono + pause, std::memory_order_release);
}

namespace {

int64_t Left(const std::atomic<int64_t>& until, int64_t mono) {
  return std::max<int64_t>(until.load(std::memory_order_acquire) - mono, 0);
}

}  // namespace

LeaseState Leases::Describe(const Key& key, const Now& now) const {
  std::lock_guard lock(mutex_);
  const int64_t mono = static_cast<int64_t>(Mono(now));
  LeaseState state;
  state.down = stats_.down;
  state.down_ns = Left(down_until_, mono);
  const LeaseSlot* const slot = Find(key);
  if (slot == nullptr) return state;
  state.known = true;
  state.in_hand = slot->Usable(Mono(now));
  for (const AtomicWord& place : slot->leases)
    if (const Word lease = place.Load(); UsableUnits(lease, Mono(now)) > 0)
      state.ends_ns = std::max(state.ends_ns, static_cast<int64_t>(kLeaseExpires.Get64(lease)) - mono);
  const Account& account = *accounts_[static_cast<size_t>(slot - slots_.get())];
  if (account.asked_at != 0) state.asked_ago_ns = std::max<int64_t>(mono - account.asked_at, 0);
  state.refused_ns = Left(slot->refused_until, mono);
  state.refused_cost = slot->refused_cost.load(std::memory_order_relaxed);
  state.debt = slot->debt.load(std::memory_order_relaxed);
  state.broken_ns = Left(slot->broken_until, mono);
  return state;
}

LeaseStats Leases::Stats(const Now& now) const {
  std::lock_guard lock(mutex_);
  const int64_t mono = static_cast<int64_t>(Mono(now));
  LeaseStats stats = stats_;
  stats.down_ns = Left(down_until_, mono);
  for (const auto& account : accounts_) {
    if (account == nullptr) continue;
    ++stats.callers;
    for (const AtomicWord& lease : account->slot->leases) {
      const uint64_t units = UsableUnits(lease.Load(), Mono(now));
      stats.leases += units > 0;
      stats.in_hand += units;
    }
    stats.held_refusals += Left(account->slot->refused_until, mono) > 0;
  }
  return stats;
}

}  // namespace sluice::ratelimit
