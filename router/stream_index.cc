#include "router/stream_index.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "router/precedence.h"

namespace sluice::router {
namespace {

constexpr uint8_t kTcp = 1;
constexpr uint8_t kUdp = 2;
constexpr uint8_t kTls = 4;  // to be ended here, or passed through
constexpr uint32_t kNone = UINT32_MAX;

uint8_t ProtocolOf(std::string_view text) { return text == "tcp" ? kTcp : text == "udp" ? kUdp : kTls; }

uint8_t ProtocolsOf(const RouteSpec& route) {
  uint8_t protocols = 0;
  for (const std::string& protocol : route.protocols) protocols |= ProtocolOf(protocol);
  return protocols;
}

bool AllHavePorts(const std::vector<NetFilter>& nets) {
  return !nets.empty() && std::all_of(nets.begin(), nets.end(), [](const NetFilter& net) { return net.port != 0; });
}

}  // namespace

size_t StreamIndex::KeysOf(const RouteSpec& route) {
  return (1 + route.snis.size()) * std::max<size_t>(1, route.destinations.size());
}

void StreamIndex::AddTo(uint32_t group, uint32_t rank) {
  const std::vector<NetFilter>& destinations = entries_[rank].filters->destinations;
  const auto add = [rank](Ranks& ranks) {
    if (ranks.empty() || ranks.back() != rank) ranks.push_back(rank);
  };
  if (!AllHavePorts(destinations)) return add(groups_[group].any_port);
  for (const NetFilter& net : destinations) add(groups_[group].by_port[net.port]);
}

uint32_t StreamIndex::GroupOf(const HostPattern& sni) {
  const std::string name = absl::StrCat(static_cast<int>(sni.kind), sni.text);
  const auto [found, fresh] = groups_by_pattern_.emplace(name, groups_.size());
  if (fresh) {
    groups_.emplace_back();
    names_.Add(sni, found->second);
  }
  return found->second;
}

void StreamIndex::Build(const std::vector<RouteSpec>& routes,
                        const std::vector<std::unique_ptr<const RouteFilters>>& filters, uint64_t seed) {
  groups_.resize(2);
  for (const Precedence& precedence : RankStreams(routes)) {
    const RouteSpec& route = routes[precedence.route];
    const auto rank = static_cast<uint32_t>(entries_.size());
    entries_.push_back({ProtocolsOf(route), route.protocols[0] == "tls_passthrough",
                        static_cast<uint32_t>(precedence.route), filters[precedence.route].get()});
    if ((entries_[rank].protocols & (kTcp | kUdp)) != 0) AddTo(kPlain, rank);
    if ((entries_[rank].protocols & kTls) == 0) continue;
    if (route.snis.empty()) AddTo(kAnyName, rank);
    for (const HostPattern& sni : entries_[rank].filters->snis) AddTo(GroupOf(sni), rank);
  }
  groups_by_pattern_ = {};
  names_.Finish(seed);
}

uint32_t StreamIndex::FirstOf(const Ranks& ranks, uint8_t protocol, const RouteQuery& query, uint32_t best) const {
  for (uint32_t rank : ranks) {
    if (rank >= best) break;
    const Entry& entry = entries_[rank];
    if ((entry.protocols & protocol) != 0 && HasEndpoint(entry.filters->sources, query.source) &&
        HasEndpoint(entry.filters->destinations, query.destination)) {
      return rank;
    }
  }
  return best;
}

uint32_t StreamIndex::BestOf(const Group& group, uint8_t protocol, const RouteQuery& query, uint32_t best) const {
  best = FirstOf(group.any_port, protocol, query, best);
  if (query.destination == nullptr) return best;
  const auto found = group.by_port.find(query.destination->port);
  return found == group.by_port.end() ? best : FirstOf(found->second, protocol, query, best);
}

bool StreamIndex::Find(const RouteQuery& query, RouteMatch* match) const {
  const uint8_t protocol = ProtocolOf(query.scheme);
  uint32_t best = kNone;
  if (!groups_.empty()) best = BestOf(groups_[protocol == kTls ? kAnyName : kPlain], protocol, query, best);
  if (protocol == kTls) {
    HostIndex::Trees groups;
    names_.Find(WithoutRootDot(query.sni), 0, &groups);
    for (uint32_t group : groups) best = BestOf(groups_[group], protocol, query, best);
  }
  match->route = best == kNone ? kNoRoute : entries_[best].route;
  match->verdict = best == kNone ? RouteVerdict::kNone : RouteVerdict::kForward;
  match->allowed = {};
  if (best == kNone) return false;
  match->path = 0;
  match->https_redirect_status_code = 0;
  match->strip_path = false;
  match->tls_passthrough = entries_[best].tls_passthrough;
  match->matched = {};
  match->rest = {};
  match->capture_count = 0;
  return true;
}

size_t StreamIndex::memory_bytes() const {
  size_t bytes = names_.memory_bytes() + entries_.capacity() * sizeof(Entry) + groups_.capacity() * sizeof(Group);
  for (const Group& group : groups_) {
    bytes += group.any_port.capacity() * sizeof(uint32_t);
    for (const auto& [port, ranks] : group.by_port) bytes += sizeof(port) + ranks.capacity() * sizeof(uint32_t);
  }
  return bytes;
}

}  // namespace sluice::router
