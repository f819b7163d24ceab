// Dates and times for people.
#ifndef SLUICE_CLI_DATES_H_
#define SLUICE_CLI_DATES_H_

#include <cstdint>
#include <string>

namespace sluice::cli {

// "2026-11-24 09:30:00 UTC", of seconds since the epoch.
std::string Utc(int64_t seconds);

// "90 s", "5 min", "47 h", "3 days".
std::string Duration(uint64_t seconds);

// "in 5 min", "3 days ago".
std::string Relative(int64_t seconds);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_DATES_H_
