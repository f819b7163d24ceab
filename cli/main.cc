// The `sluice` command: finds the verb, reads its flags, runs it.
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/diagnostic.h"
#include "cli/verbs.h"

namespace sluice::cli {

int Fail(std::string_view verb, std::string_view error) {
  std::fprintf(stderr, "%s\n", absl::StrCat("sluice ", verb, ": ", error).c_str());
  return kUnusable;
}

namespace {

const Verb* const kVerbs[] = {&kCheck,        &kDecide,      &kExplain,   &kRoutes,     &kTokenMint,
                              &kTokenInspect, &kTokenVerify, &kTokenJwks, &kCertVerify, &kVersion};

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintVerbs() {
  std::string text =
      "Sluice makes the decisions of an API gateway; this command shows and checks\nthem.\n\n"
      "sluice VERB …\n\n";
  for (const Verb* verb : kVerbs) {
    std::string name(verb->name);
    name.resize(16, ' ');
    absl::StrAppend(&text, "  ", name, verb->summary, "\n");
  }
  absl::StrAppend(&text, "  help [VERB]     flags and an example of a verb; the same as sluice VERB --help\n");
  Print(text);
}

// A verb is one word or two. `*used`: how many.
const Verb* FindVerb(std::span<char* const> words, size_t* used) {
  for (const Verb* verb : kVerbs) {
    *used = verb->name.find(' ') == std::string_view::npos ? 1 : 2;
    if (words.size() < *used) continue;
    std::string given = *used == 1 ? words[0] : absl::StrCat(words[0], " ", words[1]);
    if (given == verb->name) return verb;
  }
  return nullptr;
}

// The verbs of two words that begin with `word`: "`token mint`, `token inspect`".
std::string VerbsOf(std::string_view word) {
  std::string verbs;
  for (const Verb* verb : kVerbs)
    if (absl::StartsWith(verb->name, absl::StrCat(word, " ")))
      absl::StrAppend(&verbs, verbs.empty() ? "" : ", ", "`", verb->name, "`");
  return verbs;
}

int UnknownVerb(std::span<char* const> words) {
  std::string given = words[0];
  const std::string of_two = VerbsOf(given);
  if (!of_two.empty() && words.size() > 1) absl::StrAppend(&given, " ", words[1]);
  std::vector<std::string> known = {"help"};
  for (const Verb* verb : kVerbs) known.emplace_back(verb->name);
  const std::string nearest = NearestName(given, known);
  std::string hint = of_two.empty() ? "sluice help lists them" : absl::StrCat("known: ", of_two);
  if (!nearest.empty()) hint = absl::StrCat("did you mean `", nearest, "`?");
  std::fprintf(stderr, "%s\n", absl::StrCat("sluice: unknown verb `", given, "` (", hint, ")").c_str());
  return kUnusable;
}

bool AsksForHelp(std::span<char* const> words) {
  for (std::string_view word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

int Help(std::span<char* const> words) {
  size_t used = 0;
  if (words.empty()) {
    PrintVerbs();
    return 0;
  }
  const Verb* verb = FindVerb(words, &used);
  if (verb == nullptr) return UnknownVerb(words);
  Print(HelpText(*verb));
  return 0;
}

int RunVerb(const Verb& verb, std::span<char* const> words) {
  if (AsksForHelp(words)) {
    Print(HelpText(verb));
    return 0;
  }
  Args args;
  std::string error;
  if (!args.Parse(verb.flags, words, &error)) return Fail(verb.name, absl::StrCat(error, ": see --help"));
  size_t operands = args.operands().size();
  if (operands < verb.min_operands || operands > verb.max_operands)
    return Fail(verb.name, absl::StrCat("expected ", verb.operands.empty() ? "no operand" : verb.operands, ", found ",
                                        operands, " operands: see --help"));
  return verb.run(args);
}

int Main(std::span<char* const> words) {
  if (words.empty()) {
    PrintVerbs();
    return kUnusable;
  }
  std::string_view first = words[0];
  if (first == "help") return Help(words.subspan(1));
  if (first == "--help" || first == "-h") return Help({});
  if (first == "--version") return RunVerb(kVersion, {});
  size_t used = 0;
  const Verb* verb = FindVerb(words, &used);
  return verb == nullptr ? UnknownVerb(words) : RunVerb(*verb, words.subspan(used));
}

}  // namespace
}  // namespace sluice::cli

int main(int argc, char** argv) {
  int status = sluice::cli::kUnusable;
  try {
    status = sluice::cli::Main({argv + 1, argv + argc});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "sluice: %s\n", failure.what());
  }
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "sluice: cannot write to standard output\n");
  return sluice::cli::kUnusable;
}
