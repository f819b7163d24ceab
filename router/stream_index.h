// Routes for connections that carry no HTTP, found by what is known of one before its first byte: the TLS server name,
// addresses and ports. Grouped by server name, then by the port of the destination, so that Find tries the routes of
// one name and one port, not all.
#ifndef SLUICE_ROUTER_STREAM_INDEX_H_
#define SLUICE_ROUTER_STREAM_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "router/filters.h"
#include "router/host_index.h"
#include "router/route_spec.h"
#include "router/route_table.h"

namespace sluice::router {

class StreamIndex {
 public:
  // How many places of the index a route takes.
  static size_t KeysOf(const RouteSpec& route);

  // Takes the stream routes among `routes`; `filters` are theirs, by index, and outlive this.
  void Build(const std::vector<RouteSpec>& routes, const std::vector<std::unique_ptr<const RouteFilters>>& filters,
             uint64_t seed);

  // As RouteTable::Find, for a query whose scheme is a stream's.
  bool Find(const RouteQuery& query, RouteMatch* match) const;

  size_t memory_bytes() const;

 private:
  using Ranks = std::vector<uint32_t>;  // ascending: the best first
  struct Entry {
    uint8_t protocols = 0;  // set of Protocol
    bool tls_passthrough = false;
    uint32_t route = 0;
    const RouteFilters* filters = nullptr;
  };
  struct Group {
    Ranks any_port;
    absl::flat_hash_map<uint16_t, Ranks> by_port;  // of the destination, where every destination of the route has one
  };
  static constexpr uint32_t kPlain = 0;    // group of connections without TLS
  static constexpr uint32_t kAnyName = 1;  // group of connections with TLS, for routes that ask for no name

  void AddTo(uint32_t group, uint32_t rank);
  uint32_t GroupOf(const HostPattern& sni);
  uint32_t FirstOf(const Ranks& ranks, uint8_t protocol, const RouteQuery& query, uint32_t best) const;
  uint32_t BestOf(const Group& group, uint8_t protocol, const RouteQuery& query, uint32_t best) const;

  std::vector<Entry> entries_;  // by rank
  std::vector<Group> groups_;
  HostIndex names_;                                               // to groups
  absl::flat_hash_map<std::string, uint32_t> groups_by_pattern_;  // the same, while building
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_STREAM_INDEX_H_
