// Reading files and standard input, bounded.
#ifndef SLUICE_CLI_INPUT_H_
#define SLUICE_CLI_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

// The whole of a file; `-` is standard input. Nothing: `*error` says why (also when it has more than `most` bytes).
std::optional<std::string> ReadFile(std::string_view path, size_t most, std::string* error);

// Lines of a file as they come, so that a program on the other end of a pipe gets its answers at once.
class LineReader {
 public:
  explicit LineReader(int descriptor, size_t longest) : descriptor_(descriptor), longest_(longest) {}

  enum class Result { kLine, kTooLong, kEnd, kFailed };
  // `*line` lives until the next call, without its newline.
  Result Next(std::string_view* line);
  bool would_read() const;  // the next Next has to ask the system for more

 private:
  bool Fill();

  int descriptor_;
  size_t longest_;
  std::string buffer_;
  size_t start_ = 0;  // of what was not handed out yet
  bool end_ = false;
  bool failed_ = false;
};

// "1760000000.5" as nanoseconds.
bool ParseSeconds(std::string_view text, int64_t* ns);

int64_t WallClockNs();

}  // namespace sluice::cli

#endif  // SLUICE_CLI_INPUT_H_
