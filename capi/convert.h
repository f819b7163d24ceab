// Requests into the C++ form, decisions and effects into the C form.
#ifndef SLUICE_CAPI_CONVERT_H_
#define SLUICE_CAPI_CONVERT_H_

#include <vector>

#include "base/arena.h"
#include "base/request.h"
#include "capi/sluice.h"
#include "policy/decision.h"
#include "policy/effect.h"

namespace sluice::capi {

// False: a string is NULL but not empty, a flag is unknown, a reserved member is not 0. Headers are kept in `arena`;
// of a number beyond all limits only as many as let the gateway see that.
bool ToRequest(const sluice_request& in, Arena* arena, Request* out);

// Arrays are kept in `arena`, texts stay the transaction's.
sluice_decision ToDecision(const Decision& in, Arena* arena);

// Without headers: their owner differs from job to transaction.
sluice_effect ToEffect(const Effect& in);

// The views are kept in `keys`, `arguments` and `nodes`.
sluice_redis_call ToRedisCall(const RedisCall& in, std::vector<sluice_str>* keys, std::vector<sluice_str>* arguments,
                              std::vector<sluice_redis_node>* nodes);

void ToPairs(std::span<const Header> in, sluice_pair* out);

// False as for ToRequest. Headers are kept in `headers`.
bool ToResult(const sluice_http_result& in, std::vector<Header>* headers, HttpResult* out);

}  // namespace sluice::capi

#endif  // SLUICE_CAPI_CONVERT_H_
