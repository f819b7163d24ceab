#include "router/split_path.h"

namespace sluice::router {

// Kept, for a search may come to a segment again, and a request makes it as long as it likes.
SegmentWords SplitPath::FoldOf(size_t i, const SegmentHash& hash) {
  if ((folded_ >> i & 1) == 0) {
    folded_ |= uint64_t{1} << i;
    folds_[i] = hash.Fold(Segment(i));
  }
  return folds_[i];
}

}  // namespace sluice::router
