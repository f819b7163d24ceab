#include "router/prover/libfa_prover.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "router/byte_automaton.h"
#include "router/prover/languages.h"
#include "router/prover/outline_pairs.h"
#include "router/prover/path_outline.h"
#include "router/prover/regex_cache.h"

namespace sluice::router {
namespace {

using Texts = RegexProver::Texts;

constexpr char kTooMuchWork[] = "expressions whose comparison takes too much work";

// The texts of one question as automata: those of each list of `all` as one, those of `none` each. What cannot be
// compared is left out: no answer without it is none with it, and another one RE2 may confirm.
class Question {
 public:
  explicit Question(Languages* languages) : languages_(*languages) {}

  // False if nothing of `all` can be compared, or if the automata take more than `most` work; `left_out` says why.
  bool Collect(const std::vector<Texts>& all, const Texts& none, size_t most) {
    for (const Texts& texts : all) {
      std::vector<const ByteAutomaton*> parts;
      if (!Collect(texts, &Language::lawful, most, &parts)) return false;
      if (parts.size() < texts.size()) continue;
      if (parts.size() > 1) parts = {&unions_.emplace_back(UnionOf(parts))};
      in_.insert(in_.end(), parts.begin(), parts.end());
    }
    return !in_.empty() && Collect(none, &Language::any, most, &out_);
  }

  // What stood in the way of an expression; empty: nothing was left out.
  const std::string& left_out() const { return left_out_; }

  // Of several answers one that a person can read, if there is one.
  TextAnswer Ask(std::string* text) {
    const TextAnswer answer = AskOnce(text);
    if (answer != TextAnswer::kFound) return answer;
    std::string readable;
    in_.push_back(&languages_.readable());
    if (AskOnce(&readable) == TextAnswer::kFound) *text = readable;
    return answer;
  }

  size_t work() const { return work_; }

 private:
  bool Collect(const Texts& texts, ByteAutomaton Language::*part, size_t most,
               std::vector<const ByteAutomaton*>* automata) {
    for (const std::string& text : texts) {
      const Language& language = languages_.Of(text, &work_);
      if (language.unknown.empty()) automata->push_back(&(language.*part));
      if (left_out_.empty()) left_out_ = language.unknown;
      if (work_ <= most) continue;
      left_out_ = kTooMuchWork;
      return false;
    }
    return true;
  }

  TextAnswer AskOnce(std::string* text) {
    size_t left = kProofWork;
    const TextAnswer answer = ShortestText(in_, out_, &left, text);
    work_ += kProofWork - left;
    return answer;
  }

  Languages& languages_;
  std::deque<ByteAutomaton> unions_;  // stay where they are while others are added
  std::vector<const ByteAutomaton*> in_;
  std::vector<const ByteAutomaton*> out_;
  std::string left_out_;
  size_t work_ = 0;
};

class LibfaProver : public RegexProver {
 public:
  Answer FindPath(const Texts& all, const Texts& none, std::string* example, std::string* reason) override {
    if (all.size() == 2 && AreApart(all[0], all[1])) return Answer::kNo;
    std::vector<Texts> lists;
    for (const std::string& path : all) lists.push_back({path});
    return Find(&paths_, &RegexCache::TakesPath, lists, none, example, reason);
  }

  Answer FindValue(const std::vector<Texts>& all, const Texts& none, std::string* example,
                   std::string* reason) override {
    return Find(&values_, &RegexCache::TakesValue, all, none, example, reason);
  }

  bool AreApart(const std::string& a, const std::string& b) override {
    if (outlines_.size() + 2 > kProverOutlines) outlines_.clear();
    const std::optional<PathOutline>& first = *OutlineOf(a);
    const std::optional<PathOutline>& second = *OutlineOf(b);
    return first && second && first->IsApartFrom(*second);
  }

  bool FindPairsNotApart(const Texts& paths, size_t* looks, Pairs* pairs) override {
    if (outlines_.size() + paths.size() > kProverOutlines) outlines_.clear();
    std::vector<const PathOutline*> outlines;
    for (const std::string& path : paths) {
      const bool has_room = outlines_.size() < kProverOutlines;
      const std::optional<PathOutline>* outline = has_room ? OutlineOf(path) : nullptr;
      outlines.push_back(outline != nullptr && *outline ? &**outline : nullptr);
    }
    return OutlinePairs(outlines).Find(looks, pairs);
  }

  size_t work() const override { return work_; }

 private:
  using Takes = bool (RegexCache::*)(const std::string&, std::string_view);

  Answer Find(Languages* languages, Takes takes, const std::vector<Texts>& all, const Texts& none, std::string* example,
              std::string* reason) {
    languages->Trim(kProverSteps);
    Question question(languages);
    const bool is_known = question.Collect(all, none, kQuestionWork);
    const TextAnswer answer = is_known ? question.Ask(example) : TextAnswer::kTooMuchWork;
    work_ += question.work();
    *reason = question.left_out();
    const bool holds = answer == TextAnswer::kFound && Holds(takes, all, none, *example);
    if (holds || answer == TextAnswer::kNone) {
      reason->clear();
      return holds ? Answer::kYes : Answer::kNo;
    }
    if (reason->empty())
      *reason = answer == TextAnswer::kFound ? "a construct that was read otherwise than RE2 does" : kTooMuchWork;
    return Answer::kUnknown;
  }

  // What the library says of the example that will match it.
  bool Holds(Takes takes, const std::vector<Texts>& all, const Texts& none, const std::string& example) {
    const auto is_taken = [&](const std::string& text) { return (regexes_.*takes)(text, example); };
    const auto has_taker = [&](const Texts& texts) { return std::any_of(texts.begin(), texts.end(), is_taken); };
    return std::all_of(all.begin(), all.end(), has_taker) && !has_taker(none);
  }

  // Nothing of a path whose language is unknown.
  std::optional<PathOutline>* OutlineOf(const std::string& path) {
    std::unique_ptr<std::optional<PathOutline>>& outline = outlines_[path];
    if (outline != nullptr) return outline.get();
    paths_.Trim(kProverSteps);
    const Language& language = paths_.Of(path, &work_);
    outline = std::make_unique<std::optional<PathOutline>>();
    if (language.unknown.empty()) outline->emplace(language.lawful);
    return outline.get();
  }

  Languages paths_ = Languages::OfPaths();
  Languages values_ = Languages::OfValues();
  RegexCache regexes_;
  absl::flat_hash_map<std::string, std::unique_ptr<std::optional<PathOutline>>> outlines_;
  size_t work_ = 0;
};

}  // namespace

std::unique_ptr<RegexProver> MakeLibfaProver() { return std::make_unique<LibfaProver>(); }

}  // namespace sluice::router
