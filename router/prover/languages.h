// The texts that routes' paths or headers' values take, as automata.
#ifndef SLUICE_ROUTER_PROVER_LANGUAGES_H_
#define SLUICE_ROUTER_PROVER_LANGUAGES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "router/byte_automaton.h"

namespace sluice::router {

struct Language {
  ByteAutomaton any;     // of all its texts; without states: `unknown` says why
  ByteAutomaton lawful;  // of those that reach a route
  std::string unknown;
};

// Of one kind of text. Keeps the automata of those that it has seen, until Trim finds too many.
class Languages {
 public:
  static Languages OfPaths();
  static Languages OfValues();

  // Until Trim. Adds to `work` what it took.
  const Language& Of(const std::string& text, size_t* work);

  // Drops all automata once they have more than `most` steps.
  void Trim(size_t most);

  // Lawful texts that a person can read.
  const ByteAutomaton& readable() const { return readable_; }

 private:
  using Translate = bool (*)(std::string_view text, std::string* expression, std::string* unknown);

  // The expressions are of libfa's dialect.
  Languages(Translate translate, std::string_view lawful, std::string_view readable);

  void Fill(ByteAutomaton automaton, Language* language, size_t* work);

  Translate translate_;
  ByteAutomaton lawful_;
  ByteAutomaton readable_;
  absl::flat_hash_map<std::string, std::unique_ptr<Language>> languages_;
  size_t steps_ = 0;  // of languages_
};

// What one of them accepts.
ByteAutomaton UnionOf(const std::vector<const ByteAutomaton*>& automata);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_LANGUAGES_H_
