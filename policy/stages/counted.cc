#include "policy/stages/counted.h"

#include <algorithm>

#include "base/ip.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Who a consumer is, for counters that survive reloads and changes of credential.
std::string_view StableName(const CompiledConsumer& consumer) {
  return consumer.id.empty() ? consumer.name : consumer.id;
}

// Whoever has one IPv6 address has the whole network behind it (RFC 6177), and could take another for every request.
Counted::Part Address(Txn& t, uint32_t ipv6_prefix) {
  const Ip& ip = t.peer.ip;
  if (ipv6_prefix >= 128 || !t.has_peer || ip.is_v4()) return {"ip", t.decision.client.ip};
  char* network = t.arena.Array<char>(ip.bytes.size());
  for (uint32_t i = 0; i < ip.bytes.size(); ++i) {
    const uint32_t bits = ipv6_prefix <= 8 * i ? 0 : std::min<uint32_t>(8, ipv6_prefix - 8 * i);
    network[i] = static_cast<char>(ip.bytes[i] & (0xff00 >> bits));
  }
  return {"network", {network, ip.bytes.size()}};
}

class Counter {
 public:
  Counter(Txn& t, const policy::CountBy& count_by, std::string_view group)
      : t_(t), count_by_(count_by), group_(group) {}

  Counted Count() {
    for (policy::CountBy::Part part : count_by_.parts) Add(part);
    ratelimit::SubjectBuilder subject(t_.gateway.store->hash_key());
    for (size_t i = 0; i < counted_.count; ++i) subject.Add(counted_.parts[i].by).Add(counted_.parts[i].name);
    counted_.subject = subject.Finish();
    return counted_;
  }

 private:
  void Put(Counted::Part part) { counted_.parts[counted_.count++] = part; }

  void PutAddress() {
    Put(Address(t_, count_by_.ipv6_prefix));
    counted_.bounded = false;
  }

  void Add(policy::CountBy::Part part) {
    using Part = policy::CountBy::Part;
    switch (part) {
      case Part::kConsumer: return AddConsumer();
      case Part::kConsumerGroup: return Put({"consumer-group", group_});
      case Part::kCredential: return AddCredential();
      case Part::kIp: return PutAddress();
      case Part::kService: return t_.service == nullptr ? PutAddress() : Put({"service", t_.service->name});
      case Part::kRoute: return Put({"route", t_.route->name});
      case Part::kHeader: return AddHeader();
      case Part::kPath: return AddPath();
    }
  }

  void AddConsumer() {
    if (t_.identity.consumer != nullptr) return Put({"consumer", StableName(*t_.identity.consumer)});
    AddCredential();
  }

  void AddCredential() {
    if (t_.identity.credential.empty()) return PutAddress();
    Put({"credential", t_.identity.credential});
    counted_.bounded = counted_.bounded && t_.identity.consumer != nullptr;
  }

  void AddHeader() {
    const Header* header = FindHeader(RequestHeaders(t_), count_by_.header_name);
    if (header == nullptr) return PutAddress();
    Put({"header", header->value});
    counted_.bounded = false;
  }

  void AddPath() {
    if (!count_by_.path.empty() && t_.target.path != count_by_.path) return PutAddress();
    Put({"path", t_.target.path});
    counted_.bounded = counted_.bounded && !count_by_.path.empty();
  }

  Txn& t_;
  const policy::CountBy& count_by_;
  std::string_view group_;
  Counted counted_;
};

}  // namespace

Counted CountedBy(Txn& t, const policy::CountBy& count_by, std::string_view group) {
  return Counter(t, count_by, group).Count();
}

}  // namespace sluice
