#include "policy/server_meters.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using ratelimit::Ruling;
using ratelimit::Store;

// A meter has three counters, whatever they are called.
constexpr Ruling kGranted = Ruling::kAllowed, kRefused = Ruling::kRefused, kTold = Ruling::kShadowRefused;

uint64_t At(const ratelimit::Tally& tally, size_t place) {
  return place == 0 ? tally.allowed : place == 1 ? tally.refused : tally.shadow_refused;
}

}  // namespace

ServerMeters::ServerMeters(std::string_view server)
    : answers_(ratelimit::HashLimitName(absl::StrCat("meter/server/", server, "/answers"))),
      units_(ratelimit::HashLimitName(absl::StrCat("meter/server/", server, "/units"))) {
  for (size_t i = 0; i < kErrorMeters; ++i)
    errors_[i] = ratelimit::HashLimitName(absl::StrCat("meter/server/", server, "/errors/", i));
}

void ServerMeters::Count(Store& store, const ratelimit::AskResult& answer) const {
  const uint32_t stripe = Store::StripeOfThisProcessor();
  store.Count(answers_, answer.granted > 0 ? kGranted : answer.refused ? kRefused : kTold, stripe);
  if (answer.granted > 0) store.Count(units_, kGranted, stripe, answer.granted);
}

void ServerMeters::Count(Store& store, ServerError error) const {
  const auto place = static_cast<size_t>(error);
  store.Count(errors_[place / kPerMeter], static_cast<Ruling>(place % kPerMeter), Store::StripeOfThisProcessor());
}

void ServerMeters::Read(const Store& store, ServerMetrics* out) const {
  const ratelimit::Tally answers = store.Read(answers_);
  out->granted = answers.allowed;
  out->refused = answers.refused;
  out->told = answers.shadow_refused;
  out->granted_units = store.Read(units_).allowed;
  for (size_t place = 0; place < kServerErrors; ++place) {
    const uint64_t count = At(store.Read(errors_[place / kPerMeter]), place % kPerMeter);
    out->errors.push_back({std::string(NameOf(static_cast<ServerError>(place))), count});
  }
}

}  // namespace sluice
