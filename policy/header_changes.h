// The header changes of a decision, and what a header would be after them. Lives in a transaction's arena.
//
// Of each name there is at most one kind of change left: removed, or set and perhaps added to, or only added to. So
// their order does not matter, and a host may apply all removals, then all that is set, then all that is added.
#ifndef SLUICE_POLICY_HEADER_CHANGES_H_
#define SLUICE_POLICY_HEADER_CHANGES_H_

#include <span>
#include <string_view>

#include "base/arena.h"
#include "policy/decision.h"

namespace sluice {

// Names compare without case.
const Header* FindHeader(std::span<const Header> headers, std::string_view name);

class HeaderChanges {
 public:
  explicit HeaderChanges(Arena& arena) : arena_(arena) {}

  // Names and values must live as long as the transaction.
  void Set(std::string_view name, std::string_view value) { Replace({HeaderOp::kSet, name, value}); }
  void Add(std::string_view name, std::string_view value);
  void Remove(std::string_view name) { Replace({HeaderOp::kRemove, name, {}}); }

  // What an upstream would get: the last change of that name, else what `original` has. Null: it would get none.
  // `value` views the first value.
  bool Get(std::span<const Header> original, std::string_view name, std::string_view* value) const;

  std::span<const HeaderChange> view() const { return {changes_, size_}; }
  void Clear() {
    changes_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  void Replace(const HeaderChange& change);  // what was to happen to that name before is void
  void Push(const HeaderChange& change);

  Arena& arena_;
  HeaderChange* changes_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_HEADER_CHANGES_H_
