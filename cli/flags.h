// Command-line flags as data: a verb says what it takes, this reads it and prints the help.
#ifndef SLUICE_CLI_FLAGS_H_
#define SLUICE_CLI_FLAGS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

struct Flag {
  std::string_view name;   // "--format"
  std::string_view value;  // "FILE"; empty: a switch
  std::string_view help;   // what it does, its default
};

// What followed a verb on the command line.
class Args {
 public:
  // False: `*error` says what is wrong. `--` ends the flags; `-` alone is an operand.
  bool Parse(std::span<const Flag> flags, std::span<char* const> words, std::string* error);

  bool Has(std::string_view flag) const;
  std::string_view Get(std::string_view flag, std::string_view otherwise = {}) const;  // the last given
  std::vector<std::string_view> All(std::string_view flag) const;                      // in order
  const std::vector<std::string_view>& operands() const { return operands_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> given_;
  std::vector<std::string_view> operands_;
};

struct Verb {
  std::string_view name = {};      // "token mint"
  std::string_view summary = {};   // one line for the list of verbs
  std::string_view operands = {};  // "POLICY [REQUESTS]"
  std::string_view about = {};     // what it does, its exit status; paragraphs with empty lines between
  std::string_view example = {};   // lines to try
  std::span<const Flag> flags = {};
  size_t min_operands = 0;
  size_t max_operands = 0;
  int (*run)(const Args& args) = nullptr;  // returns the exit status
};

std::string HelpText(const Verb& verb);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_FLAGS_H_
