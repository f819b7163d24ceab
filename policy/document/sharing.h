// `policy` and `redis`, as plans and rate-limiting plugins write them.
#ifndef SLUICE_POLICY_DOCUMENT_SHARING_H_
#define SLUICE_POLICY_DOCUMENT_SHARING_H_

#include <optional>
#include <string_view>

#include "policy/document/reader.h"

namespace sluice::policy {

void ReadSharingPolicy(Reader& reader, const Cursor& at, bool* redis);
void ReadRedis(Reader& reader, const Cursor& at, Sharing* out);
// Kong's interval between two synchronizations, in seconds: -1 (none), or from 0 on.
std::optional<double> ReadSyncRate(Reader& reader, const Cursor& at);
// Takes one above 0 for the longest lease, whatever `redis` says, with a warning.
void LeaseFor(Reader& reader, const Cursor& sync_rate, double seconds, Sharing* out);
// What `redis` must have for `policy: redis`, or as the plugin calls it.
void CheckSharing(Reader& reader, const Cursor& at, std::string_view policy, bool redis, const Sharing& sharing);
// The error for what a node cannot know of what the others count.
void RefuseShared(Reader& reader, const Place& where, std::string_view what, std::string_view policy);

// Rows of the tables of those that have `redis` and `sharing`.
template <typename T>
void ReadPolicyOf(Reader& reader, const Cursor& at, T* out) {
  ReadSharingPolicy(reader, at, &out->redis);
}
template <typename T>
void ReadRedisOf(Reader& reader, const Cursor& at, T* out) {
  ReadRedis(reader, at, &out->sharing);
}

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_SHARING_H_
