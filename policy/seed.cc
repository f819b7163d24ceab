#include "policy/seed.h"

#include <sys/random.h>

#include <stdexcept>

namespace sluice {

Seed RandomSeed() {
  Seed seed;
  if (getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size()))
    throw std::runtime_error("the system gave no random bytes");
  return seed;
}

}  // namespace sluice
