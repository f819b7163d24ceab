#include "router/prover/regex_language.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "re2/regexp.h"
#include "router/prover/utf8_ranges.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

using re2::Regexp;

constexpr int kAscii = 0x80;
constexpr uint32_t kLastRune = 0x10ffff;
constexpr size_t kLongestRune = 4;      // bytes
constexpr size_t kBeyondPositions = 6;  // of kBeyondAscii

// What RE2 takes for a character beyond ASCII, overlong and too large ones too (Add_80_10ffff in its compile.cc).
constexpr char kBeyondAscii[] = "(([\xc2-\xdf]|([\xe0-\xef]|[\xf0-\xf4][\x80-\xbf])[\x80-\xbf])[\x80-\xbf])";

// A zero byte stands in no path: what needs one matches nothing.
constexpr std::string_view kNever("\0", 1);

bool IsSpecial(char c) { return absl::StrContains("\\.[]()|*+?{}^$", c); }

void AppendByte(char c, std::string* out) {
  if (IsSpecial(c)) out->push_back('\\');
  out->push_back(c);
}

std::string LiteralExpression(std::string_view text) {
  std::string out = "()";  // the text may be empty
  for (char c : text) AppendByte(c, &out);
  return out;
}

// A letter in either case.
std::string LetterExpression(char c) {
  return absl::StrCat("[", std::string(1, absl::ascii_tolower(c)), std::string(1, absl::ascii_toupper(c)), "]");
}

std::string CaselessExpression(std::string_view text) {
  std::string out = "()";
  for (char c : text) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c)))
      out += LetterExpression(c);
    else
      AppendByte(c, &out);
  }
  return out;
}

constexpr char kAnyText[] = "(.|\n)*";
constexpr char kSomeText[] = "(.|\n)+";

// libfa's class takes bytes as they are; `]`, `^` and `-` mean something by their place, so they stand outside.
std::string AsciiClass(re2::CharClass* runes) {
  std::string inside;
  std::string alternatives;
  for (int c = 0; c < kAscii; ++c) {
    if (!runes->Contains(c)) continue;
    if (c == '[' || c == ']' || c == '^' || c == '-' || c == '\\') {
      absl::StrAppend(&alternatives, "|\\", std::string(1, static_cast<char>(c)));
    } else {
      inside.push_back(static_cast<char>(c));
    }
  }
  if (!inside.empty()) return absl::StrCat("[", inside, "]", alternatives);
  return alternatives.empty() ? "" : alternatives.substr(1);
}

// What of the text a part of an expression finds taken by what stands before it. Only at its start `^` is satisfied.
enum class Before { kNothing, kPerhapsSome, kSome };

// Each function that writes a part gives exactly the texts that the part matches at its place, or names in `unknown_`
// what it cannot express; then what it writes is of no use. Ending writes what nothing follows, Inner all else.
class Translator {
 public:
  // What begins with a match.
  bool Prefix(Regexp* regexp, std::string* out, std::string* unknown) {
    if (Positions(regexp) > kRegexPositions) Give(kTooLarge);
    *out = Ending(regexp, Before::kNothing);
    return Conclude(*out, unknown);
  }

  // What has a match anywhere.
  bool Search(Regexp* regexp, std::string* out, std::string* unknown) {
    const size_t positions = Positions(regexp);
    if (positions > kRegexPositions) Give(kTooLarge);
    const std::string at_start = Ending(regexp, Before::kNothing);
    const std::string later = Ending(regexp, Before::kSome);
    const bool same = at_start == later;
    if (!same && 2 * positions > kRegexPositions) Give(kTooLarge);
    *out = same ? absl::StrCat(kAnyText, later) : absl::StrCat("(", at_start, "|", kSomeText, later, ")");
    return Conclude(*out, unknown);
  }

 private:
  static constexpr std::string_view kTooLarge = "an expression this large";

  bool Conclude(const std::string& expression, std::string* unknown) {
    if (expression.size() > kRegexLanguageBytes) Give(kTooLarge);
    *unknown = unknown_;
    return unknown_.empty();
  }

  void Give(std::string_view construct) {
    if (unknown_.empty()) unknown_ = construct;
  }

  // About how many states the automaton will have.
  static size_t Positions(Regexp* regexp) {
    switch (regexp->op()) {
      case re2::kRegexpLiteralString: return StringPositions(regexp);
      case re2::kRegexpAnyChar: return 1 + kBeyondPositions;
      case re2::kRegexpCharClass: return ClassPositions(regexp->cc());
      default: break;
    }
    size_t positions = regexp->nsub() == 0 ? 1 : 0;
    for (int i = 0; i < regexp->nsub(); ++i)
      positions = std::min(positions + Positions(regexp->sub()[i]), kRegexPositions + 1);
    if (regexp->op() != re2::kRegexpRepeat) return positions;
    return positions * static_cast<size_t>(std::max(regexp->min() + 1, regexp->max()));
  }

  static size_t StringPositions(Regexp* regexp) {
    size_t positions = 0;
    for (int i = 0; i < regexp->nrunes(); ++i) positions += regexp->runes()[i] < kAscii ? 1 : kLongestRune;
    return positions;
  }

  static size_t ClassPositions(re2::CharClass* runes) {
    size_t positions = 1;
    for (const re2::RuneRange& range : *runes) {
      if (range.hi < kAscii || positions > kRegexPositions) continue;
      const uint32_t least = FirstBeyond(range), most = static_cast<uint32_t>(range.hi);
      positions += IsAllBeyond(least, most) ? kBeyondPositions : kLongestRune * Utf8Ranges(least, most).size();
    }
    return positions;
  }

  // Whether every match of it takes a byte at least.
  static bool TakesSome(Regexp* regexp) {
    switch (regexp->op()) {
      case re2::kRegexpLiteral:
      case re2::kRegexpLiteralString:
      case re2::kRegexpAnyChar:
      case re2::kRegexpAnyByte:
      case re2::kRegexpCharClass:
      case re2::kRegexpNoMatch: return true;
      case re2::kRegexpPlus:
      case re2::kRegexpCapture: return TakesSome(regexp->sub()[0]);
      case re2::kRegexpRepeat: return regexp->min() > 0 && TakesSome(regexp->sub()[0]);
      case re2::kRegexpConcat: return AnyTakesSome(regexp, 0, regexp->nsub());
      case re2::kRegexpAlternate:
        for (int i = 0; i < regexp->nsub(); ++i)
          if (!TakesSome(regexp->sub()[i])) return false;
        return true;
      default: return false;
    }
  }

  static bool AnyTakesSome(Regexp* regexp, int begin, int end) {
    for (int i = begin; i < end; ++i)
      if (TakesSome(regexp->sub()[i])) return true;
    return false;
  }

  // Whether no match of it takes a byte.
  static bool TakesNone(Regexp* regexp) {
    switch (regexp->op()) {
      case re2::kRegexpEmptyMatch:
      case re2::kRegexpBeginText:
      case re2::kRegexpEndText:
      case re2::kRegexpWordBoundary:
      case re2::kRegexpNoWordBoundary: return true;
      case re2::kRegexpRepeat:
        if (regexp->max() == 0) return true;
        [[fallthrough]];
      case re2::kRegexpStar:
      case re2::kRegexpPlus:
      case re2::kRegexpQuest:
      case re2::kRegexpCapture:
      case re2::kRegexpConcat:
      case re2::kRegexpAlternate:
        for (int i = 0; i < regexp->nsub(); ++i)
          if (!TakesNone(regexp->sub()[i])) return false;
        return true;
      default: return false;
    }
  }

  // What stands before sub-expression `i` of a sequence that has `before` before it.
  static Before BeforePart(Regexp* sequence, int i, Before before) {
    if (AnyTakesSome(sequence, 0, i)) return Before::kSome;
    for (int k = 0; k < i && before == Before::kNothing; ++k)
      if (!TakesNone(sequence->sub()[k])) before = Before::kPerhapsSome;
    return before;
  }

  // `regexp` and then any text, unless it is anchored at the end.
  std::string Ending(Regexp* regexp, Before before) {
    switch (regexp->op()) {
      case re2::kRegexpEndText: return "";
      case re2::kRegexpCapture: return Ending(regexp->sub()[0], before);
      case re2::kRegexpConcat: {
        std::string out;
        const int last = regexp->nsub() - 1;
        for (int i = 0; i < last; ++i) out += Part(regexp, i, before);
        return out + Ending(regexp->sub()[last], BeforePart(regexp, last, before));
      }
      case re2::kRegexpAlternate: {
        std::string out;
        for (int i = 0; i < regexp->nsub(); ++i)
          absl::StrAppend(&out, i == 0 ? "(" : "|", Ending(regexp->sub()[i], before));
        return out + ")";
      }
      default: return Inner(regexp, before) + kAnyText;
    }
  }

  // One of a sequence that is not its last.
  std::string Part(Regexp* regexp, int i, Before before) {
    if (regexp->sub()[i]->op() == re2::kRegexpEndText) {
      if (!AnyTakesSome(regexp, i + 1, regexp->nsub())) Give("`$` before what may be empty");
      return std::string(kNever);
    }
    return Inner(regexp->sub()[i], BeforePart(regexp, i, before));
  }

  std::string Repeated(Regexp* regexp, std::string_view mark, Before before) {
    ++repetitions_;
    std::string out = absl::StrCat("(", Inner(regexp->sub()[0], before), ")", mark);
    --repetitions_;
    return out;
  }

  std::string Inner(Regexp* regexp, Before before) {
    if (!unknown_.empty()) return "";
    switch (regexp->op()) {
      case re2::kRegexpEmptyMatch: return "()";
      case re2::kRegexpNoMatch: return std::string(kNever);
      case re2::kRegexpLiteral: return Literal(regexp, regexp->rune());
      case re2::kRegexpLiteralString: {
        std::string out;
        for (int i = 0; i < regexp->nrunes(); ++i) out += Literal(regexp, regexp->runes()[i]);
        return out;
      }
      case re2::kRegexpCharClass: return Class(regexp->cc());
      case re2::kRegexpAnyChar: return absl::StrCat("([^\x80-\xff]|", kBeyondAscii, ")");
      case re2::kRegexpStar: return Repeated(regexp, "*", before);
      case re2::kRegexpPlus: return Repeated(regexp, "+", before);
      case re2::kRegexpQuest: return Repeated(regexp, "?", before);
      case re2::kRegexpRepeat: return Counted(regexp, before);
      case re2::kRegexpCapture: return absl::StrCat("(", Inner(regexp->sub()[0], before), ")");
      case re2::kRegexpConcat: {
        std::string out;
        for (int i = 0; i < regexp->nsub(); ++i) out += Inner(regexp->sub()[i], BeforePart(regexp, i, before));
        return absl::StrCat("(", out, ")");
      }
      case re2::kRegexpAlternate: {
        std::string out;
        for (int i = 0; i < regexp->nsub(); ++i)
          absl::StrAppend(&out, i == 0 ? "(" : "|", Inner(regexp->sub()[i], before));
        return out + ")";
      }
      case re2::kRegexpBeginText:
        if (before == Before::kSome) return std::string(kNever);
        if (before == Before::kPerhapsSome) Give("`^` after what may be empty");
        if (repetitions_ > 0) Give("`^` inside a repetition");
        return "()";
      case re2::kRegexpEndText: Give("`$` inside a group or a repetition"); return "";
      case re2::kRegexpWordBoundary:
      case re2::kRegexpNoWordBoundary: Give("a word boundary"); return "";
      default: Give("an anchor of lines, or `\\C`"); return "";
    }
  }

  static std::string Literal(Regexp* regexp, int rune) {
    if (rune >= kAscii) return Beyond(static_cast<uint32_t>(rune), static_cast<uint32_t>(rune));
    const char c = static_cast<char>(rune);
    std::string out;
    // Letters that fold beyond ASCII, too, come as classes.
    if ((regexp->parse_flags() & Regexp::FoldCase) != 0 && absl::ascii_isalpha(static_cast<unsigned char>(c)))
      return LetterExpression(c);
    AppendByte(c, &out);
    return out;
  }

  static std::string Class(re2::CharClass* runes) {
    std::string out = AsciiClass(runes);
    for (const re2::RuneRange& range : *runes) {
      if (range.hi < kAscii) continue;
      absl::StrAppend(&out, out.empty() ? "" : "|", Beyond(FirstBeyond(range), static_cast<uint32_t>(range.hi)));
    }
    return out.empty() ? std::string(kNever) : absl::StrCat("(", out, ")");
  }

  static uint32_t FirstBeyond(const re2::RuneRange& range) { return static_cast<uint32_t>(std::max(range.lo, kAscii)); }

  static bool IsAllBeyond(uint32_t least, uint32_t most) { return least == kAscii && most == kLastRune; }

  // Characters beyond ASCII, in a group.
  static std::string Beyond(uint32_t least, uint32_t most) {
    if (IsAllBeyond(least, most)) return kBeyondAscii;
    std::string out;
    for (const ByteRanges& ranges : Utf8Ranges(least, most)) {
      out += out.empty() ? "(" : "|";
      for (const ByteRange& range : ranges) {
        const char first = static_cast<char>(range.least);
        out += range.least == range.most
                   ? std::string(1, first)
                   : absl::StrCat("[", std::string(1, first), "-", std::string(1, static_cast<char>(range.most)), "]");
      }
    }
    return out + ")";
  }

  std::string Counted(Regexp* regexp, Before before) {
    const std::string max = regexp->max() < 0 ? "" : absl::StrCat(regexp->max());
    return Repeated(regexp, absl::StrCat("{", regexp->min(), ",", max, "}"), before);
  }

  std::string unknown_;
  int repetitions_ = 0;  // around the part at hand
};

bool Translate(std::string_view pattern, Regexp::ParseFlags flags,
               bool (Translator::*write)(Regexp*, std::string*, std::string*), std::string* expression,
               std::string* unknown) {
  const std::string spelled = SpellNamedGroups(pattern);
  re2::RegexpStatus status;
  Regexp* regexp = Regexp::Parse({spelled.data(), spelled.size()}, flags, &status);
  if (regexp == nullptr) {
    *unknown = status.Text();
    return false;
  }
  Translator translator;
  const bool known = (translator.*write)(regexp, expression, unknown);
  regexp->Decref();
  return known;
}

}  // namespace

bool PathExpression(std::string_view text, std::string* expression, std::string* unknown) {
  if (absl::ConsumePrefix(&text, "~"))
    return Translate(text, Regexp::LikePerl, &Translator::Prefix, expression, unknown);
  *expression = LiteralExpression(text) + kAnyText;
  return true;
}

bool ValueExpression(std::string_view text, std::string* expression, std::string* unknown) {
  if (absl::ConsumePrefix(&text, "~*")) {
    return Translate(text, Regexp::LikePerl | Regexp::FoldCase, &Translator::Search, expression, unknown);
  }
  *expression = CaselessExpression(text);
  return true;
}

}  // namespace sluice::router
