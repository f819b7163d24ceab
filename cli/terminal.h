// Text for people: 80 columns, colour only on a terminal, nothing that a request could smuggle in.
#ifndef SLUICE_CLI_TERMINAL_H_
#define SLUICE_CLI_TERMINAL_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::cli {

inline constexpr size_t kColumns = 80;

enum class Style { kPlain, kGood, kBad, kWarn, kDim, kBold };

// Whether standard output is a terminal that wants colour (no NO_COLOR, see no-color.org; not TERM=dumb).
bool WantsColour();

std::string Paint(std::string_view text, Style style, bool colour);

// Control characters and bytes that are not UTF-8 as \xNN: a hostile header must not steer the terminal.
std::string Printable(std::string_view text);

// Columns that `text` takes, a code point each.
size_t Width(std::string_view text);

// Breaks at spaces so that lines end before `columns`; all but the first are indented. What has no space is broken
// where it must be.
std::string Wrap(std::string_view text, size_t columns, size_t indent);

// A line of a verdict on standard output: a name of at most nine columns, and what is to be said of it, wrapped.
void PrintLine(std::string_view name, std::string_view text);

// "1 route", "2 routes"; `one` is the singular of a regular noun.
std::string Counted(size_t count, std::string_view one);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_TERMINAL_H_
