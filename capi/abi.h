// How values cross the C ABI: sized structs, strings, and no exception.
#ifndef SLUICE_CAPI_ABI_H_
#define SLUICE_CAPI_ABI_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>

#include "base/request.h"
#include "capi/sluice.h"

namespace sluice::capi {

// The size each struct had in the first release: a caller with less never had a header of ours. As numbers, because
// sizeof moves when a struct grows and these must not.
template <typename T>
inline constexpr size_t kFirstSize = 0;
template <>
inline constexpr size_t kFirstSize<sluice_policy_options> = 48;
template <>
inline constexpr size_t kFirstSize<sluice_gateway_options> = 32;
template <>
inline constexpr size_t kFirstSize<sluice_metrics_values> = 88;
template <>
inline constexpr size_t kFirstSize<sluice_effect> = 88;
template <>
inline constexpr size_t kFirstSize<sluice_http_result> = 64;
template <>
inline constexpr size_t kFirstSize<sluice_request> = 208;
template <>
inline constexpr size_t kFirstSize<sluice_decision> = 360;
template <>
inline constexpr size_t kFirstSize<sluice_outcome> = 40;
template <>
inline constexpr size_t kFirstSize<sluice_diagnosis> = 40;

template <typename T>
bool IsSized(const T* value) {
  static_assert(kFirstSize<T> != 0 && kFirstSize<T> <= sizeof(T));
  return value != nullptr && value->struct_size >= kFirstSize<T>;
}

// Takes what an older or newer host gave: members it does not have are 0, members we do not have are left out.
template <typename T>
bool CopyIn(const T* in, T* out) {
  if (!IsSized(in)) return false;
  *out = T();
  std::memcpy(out, in, std::min(in->struct_size, sizeof(T)));
  return true;
}

// Gives an older or newer host what it has room for; what we do not have is 0. `out` was checked with IsSized.
template <typename T>
void CopyOut(const T& value, T* out) {
  size_t room = out->struct_size;
  size_t filled = std::min(room, sizeof(T));
  std::memcpy(out, &value, filled);
  std::memset(reinterpret_cast<char*>(out) + filled, 0, room - filled);
  out->struct_size = room;
}

inline bool IsString(sluice_str text) { return text.data != nullptr || text.size == 0; }
inline std::string_view View(sluice_str text) { return {text.data, text.size}; }
inline sluice_str Str(std::string_view text) { return {text.data(), text.size()}; }
inline Now ToNow(const sluice_now& now) { return {now.wall_ns, now.mono_ns}; }

// Into the caller's buffer.
inline sluice_status CopyText(std::string_view text, char* buffer, size_t capacity, size_t* size) {
  *size = text.size();
  if (text.size() > capacity) return SLUICE_E_BUFFER;
  std::copy_n(text.data(), text.size(), buffer);  // as memcpy, but for no bytes the buffer may be null
  return SLUICE_OK;
}

// Runs the body of an entry. Nothing leaves the library by way of an exception.
template <typename Body>
sluice_status Guard(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return SLUICE_E_MEMORY;
  } catch (...) {
    return SLUICE_E_STATE;
  }
}

// Debug builds catch a handle of another kind or one that was freed; release builds only NULL.
template <typename Handle>
bool IsHandle(const Handle* handle) {
#ifdef NDEBUG
  return handle != nullptr;
#else
  return handle != nullptr && handle->magic == Handle::kMagic;
#endif
}

}  // namespace sluice::capi

#endif  // SLUICE_CAPI_ABI_H_
