#include "policy/server_error.h"

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

constexpr std::string_view kNames[] = {"connect", "timeout", "tls",      "auth",     "readonly", "out_of_memory",
                                       "loading", "cluster", "sentinel", "protocol", "key",      "other"};
static_assert(std::size(kNames) == kServerErrors);

struct Row {
  std::string_view word;
  ServerError error;
};

constexpr Row kWords[] = {
    {"connect", ServerError::kConnect},
    {"resolve", ServerError::kConnect},
    {"refused_address", ServerError::kConnect},
    {"timeout", ServerError::kTimeout},
    {"tls", ServerError::kTls},
    {"auth", ServerError::kAuth},
    {"greeting", ServerError::kAuth},
    {"NOAUTH", ServerError::kAuth},
    {"WRONGPASS", ServerError::kAuth},
    {"NOPERM", ServerError::kAuth},
    {"READONLY", ServerError::kReadonly},
    {"OOM", ServerError::kMemory},
    {"LOADING", ServerError::kLoading},
    {"BUSY", ServerError::kLoading},
    {"MASTERDOWN", ServerError::kLoading},
    {"MISCONF", ServerError::kLoading},
    {"NOREPLICAS", ServerError::kLoading},
    {"CLUSTERDOWN", ServerError::kCluster},
    {"TRYAGAIN", ServerError::kCluster},
    {"MOVED", ServerError::kCluster},
    {"ASK", ServerError::kCluster},
    {"CROSSSLOT", ServerError::kCluster},
    {"sentinel", ServerError::kSentinel},
    {"role", ServerError::kSentinel},
    {"protocol", ServerError::kProtocol},
    {"too_large", ServerError::kProtocol},
    {"WRONGTYPE", ServerError::kKey},
    {"FOREIGN", ServerError::kKey},
};

}  // namespace

std::string_view NameOf(ServerError error) { return kNames[static_cast<size_t>(error)]; }

ServerError ServerErrorOf(std::string_view error) {
  if (!error.empty() && error.front() == '-') error.remove_prefix(1);  // as on the wire
  const std::string_view word = error.substr(0, error.find(' '));
  const Row* row = std::find_if(std::begin(kWords), std::end(kWords), [&](const Row& r) { return r.word == word; });
  return row == std::end(kWords) ? ServerError::kOther : row->error;
}

}  // namespace sluice
