// A path cut at its slashes, and its segments as words.
#ifndef SLUICE_ROUTER_SPLIT_PATH_H_
#define SLUICE_ROUTER_SPLIT_PATH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "router/bytes.h"
#include "router/segment_hash.h"

namespace sluice::router {

inline constexpr size_t kTrieDepth = 64;  // segments of a key

// As far as a trie is deep.
class SplitPath {
 public:
  SplitPath() {}  // leaves the arrays alone, which are written before they are read

  // False if the path does not begin with a slash. `depth`: at most kTrieDepth.
  bool Cut(std::string_view path, size_t depth);

  std::string_view path() const { return path_; }
  uint32_t count() const { return count_; }    // of segments; all that the path has if complete()
  bool complete() const { return complete_; }  // else the path goes on after them
  bool ascii() const { return ascii_; }        // no byte above 127 in them

  // Where a segment begins, or, of `count()`, what comes after them; as if the path ended in one more slash.
  uint32_t Begin(size_t i) const { return begin_[i]; }
  uint32_t SizeOf(size_t i) const { return begin_[i + 1] - 1 - begin_[i]; }
  std::string_view Segment(size_t i) const { return {path_.data() + begin_[i], SizeOf(i)}; }

  // Of a segment of at most SegmentWords::kBytes.
  SegmentWords WordsOf(size_t i) const;
  // Of a longer one.
  SegmentWords FoldOf(size_t i, const SegmentHash& hash);

 private:
  static constexpr size_t kBlock = 16;

  uint32_t* AddSlashes(uint32_t slashes, size_t at, uint32_t* next);

  std::string_view path_;
  uint32_t count_ = 0;
  bool complete_ = false;
  bool ascii_ = true;
  size_t tail_at_ = 0;  // where in the path tail_ begins
  // The last bytes of the path and some more, so that a block can be read from any of them.
  char tail_[2 * kBlock] = {};
  uint64_t folded_ = 0;                          // bit i: folds_[i] is set
  SegmentWords folds_[kTrieDepth];               // of long segments
  uint32_t begin_[kTrieDepth + 1 + 2 * kBlock];  // has room for those of two blocks more than needed
};

inline uint32_t* SplitPath::AddSlashes(uint32_t slashes, size_t at, uint32_t* next) {
  for (; slashes != 0; slashes &= slashes - 1)
    *next++ = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(slashes)) + 1;
  return next;
}

inline bool SplitPath::Cut(std::string_view path, size_t depth) {
  if (path.empty() || path[0] != '/') return false;
  path_ = path;
  const Window last = WindowAt(path, path.size());
  last.bytes.CopyTo(tail_);
  tail_at_ = path.size() - last.skip;
  Bytes16::Set beyond_ascii = last.bytes.BeyondAscii();
  begin_[0] = 1;
  uint32_t* next = begin_ + 1;
  size_t at = 1;
  for (; path.size() - at >= kBlock && next <= begin_ + depth; at += kBlock) {
    const Bytes16 block(path.data() + at);
    beyond_ascii = beyond_ascii | block.BeyondAscii();
    next = AddSlashes(block.Equal('/').bits(), at, next);
  }
  if (path.size() - at < kBlock) next = AddSlashes(last.bytes.Equal('/').bits() >> (at - tail_at_), at, next);
  *next = static_cast<uint32_t>(path.size()) + 1;
  ascii_ = beyond_ascii.bits() == 0;
  complete_ = next <= begin_ + depth;
  count_ = static_cast<uint32_t>(complete_ ? static_cast<size_t>(next - begin_) : depth);
  return true;
}

inline SegmentWords SplitPath::WordsOf(size_t i) const {
  const size_t at = begin_[i];
  static_assert(kBlock == SegmentWords::kBytes);
  return MaskedWords(at + kBlock <= path_.size() ? path_.data() + at : tail_ + (at - tail_at_), SizeOf(i));
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SPLIT_PATH_H_
