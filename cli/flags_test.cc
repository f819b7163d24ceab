#include "cli/flags.h"

#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

constexpr Flag kFlags[] = {{"--format", "FORMAT", "the format"}, {"--strict", "", "a switch"}, {"-H", "HEADER", "h"}};

std::string ParseInto(Args* args, std::vector<std::string> words) {
  std::vector<char*> pointers;
  static std::vector<std::vector<std::string>> kept;  // views of the arguments outlive this call
  kept.push_back(std::move(words));
  for (std::string& word : kept.back()) pointers.push_back(word.data());
  std::string error;
  return args->Parse(kFlags, pointers, &error) ? "" : error;
}

TEST(Flags, ReadsFlagsAndOperandsInAnyOrder) {
  Args args;
  ASSERT_EQ(ParseInto(&args, {"a", "--format=json", "-", "-H", "A: 1", "--strict", "-H", "-x", "--", "--format"}), "");
  EXPECT_EQ(args.Get("--format"), "json");
  EXPECT_TRUE(args.Has("--strict"));
  EXPECT_EQ(args.All("-H"), (std::vector<std::string_view>{"A: 1", "-x"}));
  EXPECT_EQ(args.operands(), (std::vector<std::string_view>{"a", "-", "--format"}));
  EXPECT_EQ(args.Get("--none", "otherwise"), "otherwise");
}

TEST(Flags, TheLastOfAFlagCounts) {
  Args args;
  ASSERT_EQ(ParseInto(&args, {"--format", "a", "--format", "b"}), "");
  EXPECT_EQ(args.Get("--format"), "b");
}

TEST(Flags, SaysWhatIsWrong) {
  struct {
    std::vector<std::string> words;
    std::string_view error;
  } cases[] = {
      {{"--fromat", "x"}, "unknown flag `--fromat` (did you mean `--format`?)"},
      {{"-q"}, "unknown flag `-q`"},
      {{"--format"}, "flag `--format` needs a value: --format FORMAT"},
      {{"--strict=1"}, "flag `--strict` takes no value"},
  };
  for (const auto& c : cases) {
    Args args;
    std::string error = ParseInto(&args, c.words);
    EXPECT_EQ(error.substr(0, c.error.size()), c.error);
  }
}

TEST(Flags, HelpHasEveryFlagAndTheExample) {
  Verb verb = {.name = "try", .operands = "FILE", .about = "Tries.", .example = "  sluice try x", .flags = kFlags};
  EXPECT_EQ(HelpText(verb),
            "sluice try FILE [flags]\n\nTries.\n\nFlags\n"
            "  --format FORMAT       the format\n"
            "  --strict              a switch\n"
            "  -H HEADER             h\n"
            "\nExample\n  sluice try x\n");
}

}  // namespace
}  // namespace sluice::cli
