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

std::string Relative(int64_t seconds) {
  int64_t size = seconds < 0 ? -seconds : seconds;
  std::string amount = size < 120       ? absl::StrCat(size, " s")
                       : size < 7200    ? absl::StrCat(size / 60, " min")
                       : size < 172'800 ? absl::StrCat(size / 3600, " h")
                                        : absl::StrCat(size / 86'400, " days");
  return seconds < 0 ? amount + " ago" : "in " + amount;
}

}  // namespace sluice::cli
