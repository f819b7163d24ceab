#include "router/split_path.h"

#include <cstring>

namespace sluice::router {

// A path that is shorter than a block.
void SplitPath::CutShort() {
  const SegmentWords words = LastWords(path_);
  const Bytes16 end(words.first, words.last);
  end.CopyTo(end_);
  // The zeros before the path are no slashes.
  slashes_ = end.Equal('/').bits() >> (kBlock - path_.size()) | uint64_t{1} << path_.size();
  ascii_ = end.BeyondAscii().bits() == 0;
}

bool SplitPath::RestIsAscii() const {
  Bytes16::Set beyond_ascii;
  for (size_t at = kChunk; at + kBlock <= path_.size(); at += kBlock)
    beyond_ascii = beyond_ascii | Bytes16(path_.data() + at).BeyondAscii();
  return beyond_ascii.bits() == 0;
}

size_t SplitPath::SizeByBytes(size_t at) const {
  const std::string_view rest = path_.substr(at);
  const void* slash = std::memchr(rest.data(), '/', rest.size());
  return slash == nullptr ? rest.size() : static_cast<size_t>(static_cast<const char*>(slash) - rest.data());
}

// Kept, for a search may come to a segment again, and a request makes it as long as it likes.
SegmentWords SplitPath::FoldOf(size_t i, std::string_view segment, const SegmentHash& hash) {
  if ((folded_ >> i & 1) == 0) {
    folded_ |= uint64_t{1} << i;
    folds_[i] = hash.Fold(segment);
  }
  return folds_[i];
}

}  // namespace sluice::router
