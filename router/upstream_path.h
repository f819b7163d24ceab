// The path to ask the upstream for: the service's path and what the route left of the request's, with one `/` at the
// join (Kong's path_handling v0).
//
//   std::string_view path = sluice::router::UpstreamPath("/api", query.path, match, &arena);
//   request_line_path = sluice::router::EscapePath(path, &arena);  // normalize.h
//
//   service path | request      | route `/a`, strip_path | without strip_path
//   -------------|--------------|------------------------|-------------------
//   /            | /a/x         | /x                     | /a/x
//   /api         | /a/x         | /api/x                 | /api/a/x
//   /api         | /ax          | /api/x                 | /api/ax
//   /api         | /a           | /api                   | /api/a
//   /api         | /a/          | /api/                  | /api/a/
//   /api/        | /a           | /api                   | /api/a
#ifndef SLUICE_ROUTER_UPSTREAM_PATH_H_
#define SLUICE_ROUTER_UPSTREAM_PATH_H_

#include <string_view>

#include "base/arena.h"
#include "router/route_table.h"

namespace sluice::router {

// `service_path` begins with `/`, or is empty, which is as `/`. `path` is the one that was matched. The result is
// normal, not escaped; it is a view of `path` or `service_path` when nothing had to be joined, else in the arena.
std::string_view UpstreamPath(std::string_view service_path, std::string_view path, const RouteMatch& match,
                              Arena* arena);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_UPSTREAM_PATH_H_
