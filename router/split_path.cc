#include "router/split_path.h"

#include <cstring>

namespace sluice::router {

bool SplitPath::RestIsAscii() const {
  Bytes16::Set beyond_ascii;
  for (size_t at = kChunk; at + kBlock <= path_.size(); at += kBlock)
    beyond_ascii = beyond_ascii | Bytes16(path_.data() + at).BeyondAscii();
  return beyond_ascii.bits() == 0;
}

uint32_t SplitPath::SizeByBytes(uint32_t at) const {
  const std::string_view rest = path_.substr(at);
  const void* slash = std::memchr(rest.data(), '/', rest.size());
  return static_cast<uint32_t>(slash == nullptr ? rest.size() : static_cast<const char*>(slash) - rest.data());
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
