#include "router/upstream_path.h"

namespace sluice::router {
namespace {

bool EndsWithSlash(std::string_view text) { return !text.empty() && text.back() == '/'; }

std::string_view WithoutTrailingSlash(std::string_view text) {
  if (EndsWithSlash(text)) text.remove_suffix(1);
  return text;
}

// The request asked for nothing below the route: its own trailing slash, or the lack of one, decides.
std::string_view ServicePathAlone(std::string_view service_path, std::string_view path, Arena* arena) {
  const std::string_view bare = WithoutTrailingSlash(service_path);
  if (bare.empty()) return "/";
  if (path.size() <= 1 || !EndsWithSlash(path)) return path.size() <= 1 ? service_path : bare;
  return EndsWithSlash(service_path) ? service_path : arena->Concat({bare, "/"});
}

}  // namespace

std::string_view UpstreamPath(std::string_view service_path, std::string_view path, const RouteMatch& match,
                              Arena* arena) {
  std::string_view tail = match.strip_path ? match.rest : path;
  if (tail.empty()) return ServicePathAlone(service_path, path, arena);
  const std::string_view bare = WithoutTrailingSlash(service_path);
  if (path == "/" && tail == path)
    return service_path.empty() ? path : service_path;  // no path of the route was stripped
  if (tail[0] == '/') return bare.empty() ? tail : arena->Concat({bare, tail});
  return arena->Concat({bare, "/", tail});
}

}  // namespace sluice::router
