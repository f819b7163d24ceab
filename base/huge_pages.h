// Memory for large tables that are read at random: in huge pages where the system has them, so that a look at an entry
// does not also wait for the entry's place in the page table.
//
//   std::vector<Slot, HugePages<Slot>> slots(100'000);
//
// From kHugePageBytes on, memory is aligned to huge pages and the kernel is asked for as many as it fills (Linux:
// madvise(2), MADV_HUGEPAGE, which /sys/kernel/mm/transparent_hugepage/enabled grants under `madvise` and `always`).
// Where it has none these are ordinary pages. Smaller memory is aligned to a cache line. Throws std::bad_alloc.
#ifndef SLUICE_BASE_HUGE_PAGES_H_
#define SLUICE_BASE_HUGE_PAGES_H_

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>

namespace sluice {

inline constexpr size_t kHugePageBytes = size_t{2} << 20;  // of x86-64, and of AArch64 with pages of 4 KiB
inline constexpr size_t kCacheLineBytes = 64;

constexpr std::align_val_t HugePageAlignment(size_t bytes) {
  return std::align_val_t(bytes >= kHugePageBytes ? kHugePageBytes : kCacheLineBytes);
}

inline void* AllocateInHugePages(size_t bytes) {
  void* memory = ::operator new(bytes, HugePageAlignment(bytes));
#ifdef MADV_HUGEPAGE
  const size_t whole = bytes / kHugePageBytes * kHugePageBytes;
  if (whole > 0) madvise(memory, whole, MADV_HUGEPAGE);  // a refusal costs speed only
#endif
  return memory;
}

inline void FreeInHugePages(void* memory, size_t bytes) { ::operator delete(memory, HugePageAlignment(bytes)); }

// As std::allocator.
template <typename T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <typename Other>
  HugePages(const HugePages<Other>&) {}  // NOLINT(google-explicit-constructor): what containers ask of an allocator

  T* allocate(size_t count) {
    if (count > static_cast<size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(AllocateInHugePages(count * sizeof(T)));
  }
  void deallocate(T* memory, size_t count) { FreeInHugePages(memory, count * sizeof(T)); }
  friend bool operator==(const HugePages&, const HugePages&) { return true; }
  friend bool operator!=(const HugePages&, const HugePages&) { return false; }
};

}  // namespace sluice

#endif  // SLUICE_BASE_HUGE_PAGES_H_
