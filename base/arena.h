// Memory of one transaction: a bump allocator whose blocks are kept when it is reset.
//
//   Arena arena;
//   std::string_view key = arena.Concat({"a", "b"});
//   arena.Reset();  // everything handed out is gone; the blocks stay, so that a warm arena allocates nothing
//
// Not thread-safe. Runs no destructors: holds bytes and trivially destructible structs only. Throws std::bad_alloc
// only while growing; a warm arena does not grow.
#ifndef SLUICE_BASE_ARENA_H_
#define SLUICE_BASE_ARENA_H_

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

class Arena {
 public:
  explicit Arena(size_t block_bytes = 8192) : block_bytes_(block_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* Allocate(size_t bytes, size_t align = alignof(std::max_align_t)) {
    size_t start = (used_ + align - 1) & ~(align - 1);
    if (current_ < blocks_.size() && start + bytes <= blocks_[current_].size) {
      used_ = start + bytes;
      return blocks_[current_].data.get() + start;
    }
    return AllocateInNextBlock(bytes);
  }

  template <typename T>
  T* Array(size_t count) {
    static_assert(std::is_trivially_destructible<T>::value, "an arena runs no destructors");
    T* first = static_cast<T*>(Allocate(count * sizeof(T), alignof(T)));
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return first;
  }

  std::string_view Copy(std::string_view text) { return Concat({text}); }

  std::string_view Concat(std::initializer_list<std::string_view> parts) {
    size_t size = 0;
    for (std::string_view part : parts) size += part.size();
    char* start = static_cast<char*>(Allocate(size, 1));
    char* end = start;
    for (std::string_view part : parts) {
      if (!part.empty()) std::memcpy(end, part.data(), part.size());
      end += part.size();
    }
    return {start, size};
  }

  void Reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size;
  };

  void* AllocateInNextBlock(size_t bytes) {
    if (!blocks_.empty()) ++current_;
    while (current_ < blocks_.size() && blocks_[current_].size < bytes) ++current_;
    if (current_ >= blocks_.size()) {
      size_t size = bytes > block_bytes_ ? bytes : block_bytes_;
      blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
      current_ = blocks_.size() - 1;
    }
    used_ = bytes;
    return blocks_[current_].data.get();
  }

  std::vector<Block> blocks_;
  size_t block_bytes_;
  size_t current_ = 0;
  size_t used_ = 0;
};

}  // namespace sluice

#endif  // SLUICE_BASE_ARENA_H_
