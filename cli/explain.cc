// sluice explain: one decision, for a person.
#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ip.h"
#include "cli/answers.h"
#include "cli/candidates.h"
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
    {"--server", "IP:PORT", "the address that accepted it; default for tcp, tls and udp: the URL's"},
    {"--sni", "NAME", "the TLS server name; default: the URL's host when it is https or tls"},
    {"--now", "SECONDS", "the time, since the epoch; default: this machine's"},
    {"--answers", "FILE", "canned HTTP answers, as for sluice decide"},
};

// The host without its port, with TLS only.
std::string_view DefaultSni(const Request& request) {
  if ((request.scheme != "https" && request.scheme != "tls") || request.host.empty() || request.host[0] == '[')
    return {};
  return request.host.substr(0, request.host.find(':'));
}

// Of a connection: where the URL says it went, on this machine if that is a name.
std::string DefaultServer(const Request& request) {
  Endpoint endpoint;
  const size_t colon = request.host.rfind(':');
  if (!IsStreamScheme(request.scheme)) return {};
  if (ParseEndpoint(request.host, &endpoint)) return std::string(request.host);
  return colon == std::string_view::npos ? "127.0.0.1" : absl::StrCat("127.0.0.1", request.host.substr(colon));
}

bool CameToRoutes(std::span<const TraceStep> trace) {
  return std::any_of(trace.begin(), trace.end(), [](const TraceStep& step) { return step.step == "route"; });
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
  CompileOptions options;
  options.keep_routes = true;
  CompileResult policy = LoadPolicy(args.operands()[0], options);
  Complain(policy.diagnostics);
  if (policy.snapshot == nullptr) return kBadPolicy;

  typed.request.peer = args.Get("--peer", "127.0.0.1:50000");
  const std::string default_server = DefaultServer(typed.request);
  typed.request.server = args.Get("--server", default_server);
  typed.request.tls.sni = args.Get("--sni", DefaultSni(typed.request));
  Now now = {wall_ns, wall_ns};
  Gateway gateway;
  gateway.Publish(std::move(policy.snapshot));
  if (canned) answers.RunJobs(&gateway, now);
  Transaction txn(gateway);
  txn.Begin(typed.request, now, {.trace = true});
  if (canned) answers.Settle(&gateway, &txn, &now);
  std::vector<router::Candidate> candidates;
  if (CameToRoutes(txn.trace())) candidates = CandidatesOf(policy.routes, typed.request, txn.decision().client);
  const std::string text =
      ExplainText({typed.request, txn.decision(), txn.trace(), policy.routes, candidates}, WantsColour());
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
        "which headers change, which other routes match and which rule puts them behind the one that won, what the "
        "nearest of the rest ask for, and every step with its place in the policy. Counters start full. Of headers "
        "and query parameters whose names say that they carry credentials, and of long parameters, only the size is "
        "shown.\n\n"
        "A connection without HTTP is written tcp://HOST:PORT, tls://NAME:PORT or udp://HOST:PORT. OPTIONS of a URL "
        "without a path asks for `*`.\n\n"
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
