// A text that every match of a regular expression contains, read from its source.
#ifndef SLUICE_ROUTER_REQUIRED_LITERAL_H_
#define SLUICE_ROUTER_REQUIRED_LITERAL_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::router {

// The longest run of literals outside of groups and brackets, but for the one that `pattern` begins with, which tells a
// route from its neighbours no better than the tree of prefixes does. Empty if there is none, or where the source is
// hard to tell: flags, escapes by number, alternatives at the top. RE2 takes `pattern`.
std::string RequiredLiteral(std::string_view pattern);

// The end of the bracket expression that begins at `open`, or of the text.
size_t SkipBrackets(std::string_view pattern, size_t open);

// The end of the escape that begins at `backslash`; `\Q` quotes until `\E`.
size_t SkipEscape(std::string_view pattern, size_t backslash);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_REQUIRED_LITERAL_H_
