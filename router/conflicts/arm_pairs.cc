#include "router/conflicts/arm_pairs.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::router {
namespace {

constexpr std::string_view kPlain = "=";
constexpr std::string_view kHead = "*";  // `*.example.com`
constexpr std::string_view kTail = "~";  // `example.*`

}  // namespace

std::string ArmPairs::KeyOf(const HostPattern& host) {
  switch (host.kind) {
    case HostPattern::Kind::kPlain: return absl::StrCat(kPlain, host.text);
    case HostPattern::Kind::kAnySubdomain: return absl::StrCat(kHead, host.text);
    case HostPattern::Kind::kAnyTail: return absl::StrCat(kTail, host.text);
  }
  return "";
}

void ArmPairs::Add(uint32_t arm, const std::vector<HostPattern>& hosts, std::string_view way) {
  const Member member = {way, arm};
  if (hosts.empty()) hostless_.push_back(member);
  for (const HostPattern& host : hosts) {
    Bucket& bucket = buckets_[KeyOf(host)];
    if (!bucket.members.empty() && bucket.members.back().arm == arm) continue;  // by another port
    bucket.Add(member);
    if (host.kind == HostPattern::Kind::kAnyTail) tails_.Add(member);
    hosted_.emplace_back(member, host);
  }
}

std::vector<ArmPairs::Job> ArmPairs::Jobs(Bucket* any) {
  for (const Member& member : hostless_) any->Add(member);
  std::stable_sort(any->members.begin(), any->members.end());
  std::stable_sort(tails_.members.begin(), tails_.members.end());
  for (auto& [key, bucket] : buckets_) std::stable_sort(bucket.members.begin(), bucket.members.end());
  const auto below = [](const Member& member, const Bucket& bucket) {
    const auto first = std::lower_bound(bucket.members.begin(), bucket.members.end(), member);
    const auto is_below = [&member](const Member& other) { return absl::StartsWith(other.way, member.way); };
    return static_cast<size_t>(std::partition_point(first, bucket.members.end(), is_below) - first);
  };
  std::vector<Job> jobs;
  for (const Member& member : hostless_) jobs.push_back({member, nullptr, below(member, *any)});
  for (const auto& [member, host] : hosted_) jobs.push_back({member, &host, below(member, buckets_[KeyOf(host)])});
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.below < b.below; });
  return jobs;
}

std::vector<const ArmPairs::Bucket*> ArmPairs::Meets(const HostPattern& host) const {
  std::vector<const Bucket*> met;
  const std::string& text = host.text;
  const auto add = [&](const std::string& key) {
    if (const auto found = buckets_.find(key); found != buckets_.end()) met.push_back(&found->second);
  };
  // The wildcards below which the name lies; a name's own dots end them, a pattern's outer one is itself.
  for (size_t dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1)) {
    if (host.kind != HostPattern::Kind::kAnyTail && dot > 0) add(absl::StrCat(kHead, text.substr(dot)));
    if (host.kind != HostPattern::Kind::kAnySubdomain && dot + 1 < text.size())
      add(absl::StrCat(kTail, text.substr(0, dot + 1)));
  }
  if (host.kind == HostPattern::Kind::kAnySubdomain) met.push_back(&tails_);
  return met;
}

}  // namespace sluice::router
