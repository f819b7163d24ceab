// A path cut at its slashes as a search goes on, and its segments as words.
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

// A search that has come to the segment `i`, which begins at `at`, asks for its size, and notes where the next one
// begins:
//
//   uint64_t slashes = split.SlashesFrom(at);  // once, for all segments that follow
//   const size_t size = split.TakeSize(at, &slashes);
//   split.SetBegin(i + 1, at + size + 1);
//   split.EndsBefore(at + size + 1);  // there is no next one
class SplitPath {
 public:
  static constexpr size_t kFirst = 1;  // where the first segment begins

  SplitPath() {}  // sets nothing, which Cut does

  // False if the path does not begin with a slash; then nothing else may be asked.
  bool Cut(std::string_view path);

  std::string_view path() const { return path_; }
  bool ascii() const { return ascii_; }  // no byte above 127

  // Bit i: there is a slash at byte `at + i`, or the path ends there. None beyond the first chunk.
  uint64_t SlashesFrom(size_t at) const { return at < kChunk ? slashes_ >> at : 0; }
  // The size of the segment that begins at `at`, which is in the path; leaves the slashes from the next segment on.
  size_t TakeSize(size_t at, uint64_t* slashes) const;
  // `slashes`: from `at` on.
  bool EndsBefore(size_t at, uint64_t slashes) const { return slashes == 0 && at > path_.size(); }

  // Of segments that a search has come to, the first of which is 0; at most kTrieDepth.
  void SetBegin(size_t i, size_t at) { begin_[i] = static_cast<uint32_t>(at); }
  size_t Begin(size_t i) const { return begin_[i]; }
  // From where the segment `first` begins to before the slash, or the end, before the segment `last`.
  std::string_view Between(size_t first, size_t last) const {
    return {path_.data() + begin_[first], begin_[last] - 1 - begin_[first]};
  }
  // Stands for what would come after the path's last segment.
  static constexpr size_t kPathEnd = kTrieDepth + 1;

  // Of a segment of at most SegmentWords::kBytes.
  SegmentWords WordsAt(size_t at, size_t size) const;
  // Of a longer one.
  SegmentWords FoldOf(size_t i, std::string_view segment, const SegmentHash& hash);

 private:
  static constexpr size_t kBlock = 16;  // bytes that are looked at together
  static constexpr size_t kChunk = 64;  // bytes whose slashes are bits of a word
  static_assert(kBlock == SegmentWords::kBytes);

  void CutShort();
  bool RestIsAscii() const;
  size_t SizeByBytes(size_t at) const;

  std::string_view path_;
  uint64_t slashes_;  // from byte 0 on
  bool ascii_;
  char end_[kBlock];                // the last block of the path; zeros before a shorter one
  uint64_t folded_;                 // bit i: folds_[i] is set
  SegmentWords folds_[kTrieDepth];  // of long segments
  uint32_t begin_[kTrieDepth + 2];
};

inline bool SplitPath::Cut(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  path_ = path;
  begin_[0] = kFirst;
  begin_[kPathEnd] = static_cast<uint32_t>(path.size()) + 1;
  folded_ = 0;
  const size_t size = path.size();
  if (size < kBlock) {
    CutShort();
  } else {
    const Bytes16 first(path.data()), last(path.data() + size - kBlock);
    last.CopyTo(end_);
    Bytes16::Set beyond_ascii = first.BeyondAscii() | last.BeyondAscii();
    slashes_ = first.Equal('/').bits();
    for (size_t at = kBlock; at < kChunk && at + kBlock <= size; at += kBlock) {
      const Bytes16 block(path.data() + at);
      beyond_ascii = beyond_ascii | block.BeyondAscii();
      slashes_ |= uint64_t{block.Equal('/').bits()} << at;
    }
    if (size < kChunk) slashes_ |= uint64_t{last.Equal('/').bits()} << (size - kBlock) | uint64_t{1} << size;
    ascii_ = beyond_ascii.bits() == 0 && (size <= kChunk || RestIsAscii());
  }
  return true;
}

inline size_t SplitPath::TakeSize(size_t at, uint64_t* slashes) const {
  if (*slashes == 0) [[unlikely]]
    return SizeByBytes(at);
  const size_t size = static_cast<size_t>(std::countr_zero(*slashes));
  *slashes = *slashes >> size >> 1;
  return size;
}

inline SegmentWords SplitPath::WordsAt(size_t at, size_t size) const {
  const size_t left = path_.size() - at;
  return MaskedWords(left >= kBlock ? LoadWords(path_.data() + at) : ShiftedOut(LoadWords(end_), kBlock - left), size);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SPLIT_PATH_H_
