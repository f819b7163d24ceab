#include "cli/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::cli {
namespace {

constexpr size_t kChunk = 64 << 10;

ssize_t ReadSome(int descriptor, char* buffer, size_t size) {
  ssize_t got;
  do got = read(descriptor, buffer, size);
  while (got < 0 && errno == EINTR);
  return got;
}

// Appends up to `most` + 1 bytes, so that the caller sees whether there were more than `most`.
bool ReadAll(int descriptor, size_t most, std::string* out) {
  while (out->size() <= most) {
    size_t old_size = out->size();
    out->resize(old_size + kChunk);
    ssize_t got = ReadSome(descriptor, out->data() + old_size, kChunk);
    out->resize(old_size + static_cast<size_t>(got > 0 ? got : 0));
    if (got <= 0) return got == 0;
  }
  return true;
}

}  // namespace

std::optional<std::string> ReadFile(std::string_view path, size_t most, std::string* error) {
  bool standard = path == "-";
  int descriptor = standard ? STDIN_FILENO : open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  bool read = descriptor >= 0 && ReadAll(descriptor, most, &text);
  int failure = errno;
  if (descriptor >= 0 && !standard) close(descriptor);
  if (!read) {
    *error = absl::StrCat("cannot read `", path, "`: ", std::strerror(failure));
    return std::nullopt;
  }
  if (text.size() > most) {
    *error = absl::StrCat("`", path, "` is too large: expected at most ", most, " bytes");
    return std::nullopt;
  }
  return text;
}

bool LineReader::would_read() const { return !end_ && buffer_.find('\n', start_) == std::string::npos; }

bool LineReader::Fill() {
  buffer_.erase(0, start_);
  start_ = 0;
  size_t old_size = buffer_.size();
  buffer_.resize(old_size + kChunk);
  ssize_t got = ReadSome(descriptor_, buffer_.data() + old_size, kChunk);
  buffer_.resize(old_size + static_cast<size_t>(got > 0 ? got : 0));
  failed_ = got < 0;
  end_ = got <= 0;
  return !end_;
}

LineReader::Result LineReader::Next(std::string_view* line) {
  bool too_long = false;
  size_t searched = start_;
  for (;;) {
    size_t newline = buffer_.find('\n', searched);
    bool whole = newline != std::string::npos;
    size_t size = (whole ? newline : buffer_.size()) - start_;
    too_long |= size > longest_;
    if (whole || (end_ && (size > 0 || too_long))) {
      *line = std::string_view(buffer_).substr(start_, size);
      start_ = whole ? newline + 1 : buffer_.size();
      return too_long ? Result::kTooLong : Result::kLine;
    }
    if (end_) return failed_ ? Result::kFailed : Result::kEnd;
    if (too_long) start_ = buffer_.size();  // only its end is still of interest
    searched = buffer_.size() - start_;
    Fill();
  }
}

bool ParseSeconds(std::string_view text, int64_t* ns) {
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || !(seconds >= 0) || seconds > 9e9) return false;
  *ns = std::llround(seconds * 1e6) * 1000;  // a double holds a date to the microsecond
  return true;
}

int64_t WallClockNs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace sluice::cli
