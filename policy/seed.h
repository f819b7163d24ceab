// Random bytes from the system, for seeds.
#ifndef SLUICE_POLICY_SEED_H_
#define SLUICE_POLICY_SEED_H_

#include <array>
#include <cstdint>

namespace sluice {

using Seed = std::array<uint8_t, 32>;

Seed RandomSeed();  // throws std::runtime_error if the system has none to give

}  // namespace sluice

#endif  // SLUICE_POLICY_SEED_H_
