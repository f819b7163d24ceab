#include "cli/dates.h"

#include <ctime>

#include "absl/strings/str_cat.h"

namespace sluice::cli {

std::string Utc(int64_t seconds) {
  std::time_t time = seconds;
  std::tm parts;
  char text[64];
  if (gmtime_r(&time, &parts) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    return "no date";
  return text;
}

std::string Duration(uint64_t seconds) {
  if (seconds < 120) return absl::StrCat(seconds, " s");
  if (seconds < 7200) return absl::StrCat(seconds / 60, " min");
  if (seconds < 172'800) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86'400, " days");
}

std::string Relative(int64_t seconds) {
  const std::string amount =
      Duration(seconds < 0 ? 0 - static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds));
  return seconds < 0 ? amount + " ago" : "in " + amount;
}

}  // namespace sluice::cli
