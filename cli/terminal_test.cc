#include "cli/terminal.h"

#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

TEST(Terminal, NothingSteersTheTerminal) {
  EXPECT_EQ(Printable("plain \xC3\xBC"), "plain \xC3\xBC");
  EXPECT_EQ(Printable("\x1b[31m\n\x7f"), "\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m");  // the one-character form of ESC [
  EXPECT_EQ(Printable("\xFF\xC3"), "\\xff\\xc3");
}

TEST(Terminal, CountsOneAndSeveral) {
  EXPECT_EQ(Counted(0, "route"), "0 routes");
  EXPECT_EQ(Counted(1, "route"), "1 route");
  EXPECT_EQ(Counted(2, "route"), "2 routes");
}

TEST(Terminal, WrapsAtSpacesAndWhereItMust) {
  EXPECT_EQ(Wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(Wrap("abcdefghij", 6, 2), "abcd\n  efgh\n  ij");
  EXPECT_EQ(Wrap("fits", 6, 2), "fits");
  EXPECT_EQ(Wrap("\xC3\xBC\xC3\xBC\xC3\xBC", 4, 2), "\xC3\xBC\xC3\xBC\n  \xC3\xBC");
  EXPECT_EQ(Wrap(" abcdef", 5, 1), " abc\n def");
}

TEST(Terminal, LinesNeverExceedTheColumns) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::string(static_cast<size_t>(i % 23), 'x') + (i % 3 == 0 ? "  " : " ");
  std::string wrapped = Wrap(text, 40, 7);
  size_t start = 0;
  bool first = true;
  for (size_t end; start <= wrapped.size(); start = end + 1, first = false) {
    end = std::min(wrapped.find('\n', start), wrapped.size());
    EXPECT_LE(end - start, first ? 33u : 40u);
  }
}

TEST(Terminal, PaintsOnlyWhenAsked) {
  EXPECT_EQ(Paint("x", Style::kBad, false), "x");
  EXPECT_EQ(Paint("x", Style::kBad, true), "\033[31mx\033[0m");
  EXPECT_EQ(Paint("x", Style::kPlain, true), "x");
}

}  // namespace
}  // namespace sluice::cli
