// sluice explain: one decision, for a person.
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/answers.h"
#include "cli/explain_text.h"
#include "cli/input.h"
#include "cli/policy_file.h"
#include "cli/request_line.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "policy/gateway.h"

namespace sluice::cli {
namespace {

constexpr Flag kFlags[] = {
    {"-H", "'Name: value'", "a header of the request; may be repeated"},
    {"--peer", "IP:PORT", "where the connection comes from; default 127.0.0.1:50000"},
    {"--server", "IP:PORT", "the address that accepted it"},
    {"--sni", "NAME", "the TLS server name; default: the URL's host when it is https"},
    {"--now", "SECONDS", "the time, since the epoch; default: this machine's"},
    {"--answers", "FILE", "canned HTTP answers, as for sluice decide"},
};

// The host without its port, for https only.
std::string_view DefaultSni(const Request& request) {
  if (request.scheme != "https" || request.host.empty() || request.host[0] == '[') return {};
  return request.host.substr(0, request.host.find(':'));
}

int Run(const Args& args) {
  std::string error;
  TypedRequest typed;
  Answers answers;
  int64_t wall_ns = WallClockNs();
  if (args.Has("--now") && !ParseSeconds(args.Get("--now"), &wall_ns))
    return Fail("explain", absl::StrCat("expected --now as seconds since the epoch, found `", args.Get("--now"), "`"));
  if (!ParseTypedRequest(args.operands()[1], args.All("-H"), &typed, &error)) return Fail("explain", error);
  bool canned = args.Has("--answers");
  if (canned && !answers.Read(args.Get("--answers"), &error)) return Fail("explain", error);
  std::shared_ptr<const Snapshot> snapshot = LoadPolicyOrComplain(args.operands()[0]);
  if (snapshot == nullptr) return kBadPolicy;

  typed.request.peer = args.Get("--peer", "127.0.0.1:50000");
  typed.request.server = args.Get("--server");
  typed.request.tls.sni = args.Get("--sni", DefaultSni(typed.request));
  Now now = {wall_ns, wall_ns};
  Gateway gateway;
  gateway.Publish(std::move(snapshot));
  if (canned) answers.RunJobs(&gateway, now);
  Transaction txn(gateway);
  txn.Begin(typed.request, now, {.trace = true});
  if (canned) answers.Settle(&gateway, &txn, &now);
  std::string text = ExplainText(typed.request, txn.decision(), txn.trace(), WantsColour());
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

const Verb kExplain = {
    .name = "explain",
    .summary = "show how one request is decided, and why",
    .operands = "POLICY 'METHOD URL'",
    .about =
        "Decides one request and shows what matched, who called, which limits were charged, "
        "which headers change, and every step with its place in the policy. Counters "
        "start full. Credentials are never shown.\n\n"
        "Exit status: 0 it was decided (whatever the decision), 2 the policy does not load "
        "or the request cannot be read.",
    .example =
        "  sluice explain policy.yaml 'GET https://api.example.com/orders/7' \\\n"
        "    -H \"Authorization: Bearer $TOKEN\"",
    .flags = kFlags,
    .min_operands = 2,
    .max_operands = 2,
    .run = Run,
};

}  // namespace sluice::cli
