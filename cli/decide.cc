// sluice decide: requests in, decisions out, a line of JSON each.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "cli/answers.h"
#include "cli/input.h"
#include "cli/policy_file.h"
#include "cli/verbs.h"
#include "policy/gateway.h"
#include "policy/json/decision_json.h"
#include "policy/json/json_writer.h"
#include "policy/json/request_json.h"

namespace sluice::cli {
namespace {

// A request and its transaction, which may outlive the request's line: one without an outcome is still in flight.
struct Exchange {
  explicit Exchange(Gateway& gateway) : txn(gateway) {}
  RequestReader reader;
  Transaction txn;
};

// One gateway and the time line that the requests' `now` make.
class Session {
 public:
  Session(std::shared_ptr<const Snapshot> snapshot, Answers* answers, bool trace) : answers_(answers), trace_(trace) {
    gateway_.Publish(std::move(snapshot));
  }

  std::string PrometheusText() const { return sluice::PrometheusText(gateway_.Metrics(now_)); }

  // Appends the decision, or {"error":…,"line":…}; false for the latter.
  bool Line(std::string_view text, size_t number, std::string* out) {
    std::unique_ptr<Exchange> exchange = Free();
    std::string error;
    const RequestLine* line = exchange->reader.Read(text, &error);
    if (line == nullptr) return Malformed(error, number, out);
    bool in_flight = Decide(*line, &exchange->txn, out);
    if (in_flight) {
      in_flight_.push_back(std::move(exchange));
    } else {
      exchange->txn.Reset(now_);
      free_ = std::move(exchange);
    }
    return true;
  }

  static bool Malformed(std::string_view error, size_t number, std::string* out) {
    JsonWriter json(out);
    json.BeginObject();
    json.Key("error");
    json.String(error);
    json.Key("line");
    json.Unsigned(number);
    json.EndObject();
    out->push_back('\n');
    return false;
  }

 private:
  static constexpr size_t kMostInFlight = 1000;  // each takes some KiB; beyond it the oldest is given up

  std::unique_ptr<Exchange> Free() {
    if (free_ == nullptr && in_flight_.size() < kMostInFlight) return std::make_unique<Exchange>(gateway_);
    if (free_ != nullptr) return std::move(free_);
    std::unique_ptr<Exchange> oldest = std::move(in_flight_.front());
    in_flight_.pop_front();
    oldest->txn.Reset(now_);
    return oldest;
  }

  // Whether the request goes on: it was forwarded, and what came of it is not told.
  bool Decide(const RequestLine& line, Transaction* txn, std::string* out) {
    Advance(line.wall_ns.value_or(WallClockNs()));
    if (answers_ != nullptr) answers_->RunJobs(&gateway_, now_);
    txn->Begin(line.request, now_, {.trace = trace_});
    if (answers_ != nullptr) answers_->Settle(&gateway_, txn, &now_);
    DecisionLine decision = {.decision = txn->decision(), .id_json = line.id_json};
    if (trace_) decision.trace = txn->trace();
    bool waits = txn->decision().action == Action::kWait;
    if (line.outcome && !waits) decision.diagnosis = txn->Report(*line.outcome, After(line.outcome->latency_ns));
    AppendDecisionJson(decision, out);
    out->push_back('\n');
    return !line.outcome && txn->decision().action == Action::kForward;
  }

  // The monotonic clock follows the wall clock of the requests, but never back.
  void Advance(int64_t wall_ns) { now_ = {wall_ns, std::max(now_.mono_ns, wall_ns)}; }

  // How long an answer took does not move the time line: other requests come meanwhile.
  Now After(int64_t latency_ns) const { return {now_.wall_ns + latency_ns, now_.mono_ns + latency_ns}; }

  Gateway gateway_;
  std::unique_ptr<Exchange> free_;
  std::deque<std::unique_ptr<Exchange>> in_flight_;
  Answers* answers_;
  bool trace_;
  Now now_;
};

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file.good();
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// The exit status.
int DecideAll(LineReader* lines, Session* session) {
  bool all_well = true;
  std::string out;
  std::string_view line;
  for (size_t number = 1;; ++number) {
    if (lines->would_read()) std::fflush(stdout);  // whoever waits for these before sending more gets them
    LineReader::Result result = lines->Next(&line);
    if (result == LineReader::Result::kEnd) break;
    if (result == LineReader::Result::kFailed) {
      std::fprintf(stderr, "sluice decide: reading the requests failed\n");
      return 1;
    }
    out.clear();
    if (result == LineReader::Result::kTooLong)
      all_well = Session::Malformed(absl::StrCat("the line is longer than ", limits::kRequestJsonBytes, " bytes"),
                                    number, &out);
    else if (!IsBlank(line))
      all_well &= session->Line(line, number, &out);
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  return all_well ? 0 : 1;
}

constexpr Flag kFlags[] = {
    {"--trace", "", "add \"trace\": every step, its verdict, its cause, its place in the document"},
    {"--answers", "FILE",
     "canned HTTP answers, so that a key set behind a URL can be tried without a network: a JSON object of URL to "
     "{\"status\", \"headers\", \"body\"}, or to a list of such for successive fetches"},
    {"--metrics", "FILE", "write what each limit let pass and refused, as text for Prometheus, after the last line"},
};

int Run(const Args& args) {
  std::string error;
  Answers answers;
  bool canned = args.Has("--answers");
  std::shared_ptr<const Snapshot> snapshot = LoadPolicyOrComplain(args.operands()[0]);
  if (snapshot == nullptr) return kBadPolicy;
  if (canned && !answers.Read(args.Get("--answers"), &error)) return Fail("decide", error);
  std::string path(args.operands().size() > 1 ? args.operands()[1] : "-");
  int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Fail("decide", absl::StrCat("cannot read `", path, "`"));
  LineReader lines(descriptor, limits::kRequestJsonBytes);
  Session session(std::move(snapshot), canned ? &answers : nullptr, args.Has("--trace"));
  int status = DecideAll(&lines, &session);
  if (descriptor != STDIN_FILENO) close(descriptor);
  if (args.Has("--metrics") && !WriteFile(std::string(args.Get("--metrics")), session.PrometheusText()))
    return Fail("decide", absl::StrCat("cannot write `", args.Get("--metrics"), "`"));
  return status;
}

}  // namespace

const Verb kDecide = {
    .name = "decide",
    .summary = "decide requests (JSON Lines) by a policy",
    .operands = "POLICY [REQUESTS]",
    .about =
        "Reads requests as JSON Lines from a file or standard input and prints one decision "
        "a line, in order. Only `method` and `path` are needed. More members: `id`, `host`, "
        "`headers` (a map of texts or lists), `scheme` (http; of connections without HTTP "
        "tcp, tls, udp), `http_version`, `peer` and `server` (ip:port), `port`, `tls` (`sni`, "
        "`client_cert`, `client_chain`), `content_length`, `cost`, `now`, and `outcome` (`status`, "
        "`latency_ms`, `error`, `cost`).\n\n"
        "Counters carry over from "
        "line to line, and time is what the requests' `now` says. A request without an "
        "`outcome` stays in flight (the last 1,000 that were forwarded). An empty line is "
        "skipped. There is no network: a decision that needs one is printed as `wait`, "
        "unless --answers has what it waits for.\n\n"
        "Exit status: 0 all lines were decided, 1 some were malformed (each gives a line "
        "with its error), 2 the policy does not load.",
    .example =
        "  echo '{\"method\":\"GET\",\"path\":\"/orders/7\",\"host\":\"api.example.com\"}' |\n"
        "    sluice decide policy.yaml",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 2,
    .run = Run,
};

}  // namespace sluice::cli
