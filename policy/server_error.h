// Why a server of shared limits gave no usable answer, as traces and metrics name it: a fixed set, since what a host or
// a server says could be any text.
#ifndef SLUICE_POLICY_SERVER_ERROR_H_
#define SLUICE_POLICY_SERVER_ERROR_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class ServerError : uint8_t {
  kConnect,   // refused, cut, or a name that does not resolve
  kTimeout,   // no answer in time
  kTls,       // no TLS connection, or a certificate that is not trusted
  kAuth,      // AUTH or SELECT is not accepted: the name, the password, its rights, the database
  kReadonly,  // READONLY: a replica
  kMemory,    // OOM: its memory is full
  kLoading,   // LOADING, BUSY, MASTERDOWN, MISCONF …: not now
  kCluster,   // CLUSTERDOWN, TRYAGAIN, MOVED …: the cluster is being changed
  kSentinel,  // no sentinel names a master, or whom they name is none
  kProtocol,  // an answer that is none, or too large
  kKey,       // what stands at the caller's key is not Sluice's
  kOther,
};
inline constexpr size_t kServerErrors = static_cast<size_t>(ServerError::kOther) + 1;

// "timeout", "readonly": for labels and sentences. Static.
std::string_view NameOf(ServerError error);

// Of an HttpResult's `error`: a word of io/, or the server's own, of which the first word counts.
ServerError ServerErrorOf(std::string_view error);

}  // namespace sluice

#endif  // SLUICE_POLICY_SERVER_ERROR_H_
