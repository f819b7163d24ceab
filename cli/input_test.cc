#include "cli/input.h"

#include <unistd.h>

#include <fstream>
#include <thread>

#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

// What a reader makes of `text` that comes through a pipe; "!" marks a line that was too long.
std::vector<std::string> LinesOf(const std::string& text, size_t longest) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  std::thread writer([&] {
    for (size_t done = 0; done < text.size();) {
      ssize_t wrote = write(ends[1], text.data() + done, std::min<size_t>(text.size() - done, 7000));
      if (wrote <= 0) break;
      done += static_cast<size_t>(wrote);
    }
    close(ends[1]);
  });
  LineReader reader(ends[0], longest);
  std::vector<std::string> lines;
  std::string_view line;
  for (;;) {
    LineReader::Result result = reader.Next(&line);
    if (result == LineReader::Result::kEnd) break;
    lines.push_back(result == LineReader::Result::kLine ? std::string(line) : "!");
  }
  writer.join();
  close(ends[0]);
  return lines;
}

TEST(LineReader, SplitsLines) {
  EXPECT_EQ(LinesOf("", 10), (std::vector<std::string>{}));
  EXPECT_EQ(LinesOf("a\n\nb\n", 10), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(LinesOf("a\nb", 10), (std::vector<std::string>{"a", "b"}));
}

TEST(LineReader, SkipsWhatIsTooLongAndGoesOn) {
  EXPECT_EQ(LinesOf("abc\nabcd\nx", 3), (std::vector<std::string>{"abc", "!", "x"}));
  EXPECT_EQ(LinesOf(std::string(1 << 20, 'a') + "\nnext\n", 1000), (std::vector<std::string>{"!", "next"}));
  EXPECT_EQ(LinesOf(std::string(1 << 20, 'a'), 1000), (std::vector<std::string>{"!"}));
}

TEST(LineReader, LongLinesWithinTheBoundAreWhole) {
  std::string longest(300'000, 'b');
  EXPECT_EQ(LinesOf(longest + "\n" + longest, 300'000), (std::vector<std::string>{longest, longest}));
}

TEST(ReadFile, HoldsItsBoundAndNamesTheFile) {
  std::string path = testing::TempDir() + "/input_test";
  std::ofstream(path) << "12345";
  std::string error;
  EXPECT_EQ(ReadFile(path, 5, &error), "12345");
  EXPECT_EQ(ReadFile(path, 4, &error), std::nullopt);
  EXPECT_EQ(error, "`" + path + "` is too large: expected at most 4 bytes");
  EXPECT_EQ(ReadFile("/no/such/file", 4, &error), std::nullopt);
  EXPECT_EQ(error, "cannot read `/no/such/file`: No such file or directory");
  EXPECT_EQ(ReadFile(testing::TempDir(), 4, &error), std::nullopt);
  EXPECT_NE(error.find("Is a directory"), std::string::npos);
}

TEST(ParseSeconds, ReadsDates) {
  int64_t ns = 0;
  EXPECT_TRUE(ParseSeconds("1760000000.25", &ns));
  EXPECT_EQ(ns, 1'760'000'000'250'000'000);
  for (std::string_view bad : {"", "x", "-1", "nan", "1e30"}) EXPECT_FALSE(ParseSeconds(bad, &ns)) << bad;
}

}  // namespace
}  // namespace sluice::cli
