#include "cli/explain_text.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/dates.h"
#include "cli/hidden.h"
#include "cli/terminal.h"

namespace sluice::cli {
namespace {

constexpr size_t kMargin = 2;
constexpr size_t kLabel = 12;   // "consumer    "
constexpr size_t kStep = 20;    // "request-transformer "
constexpr size_t kVerdict = 8;  // "refuse  "

std::string Padded(std::string_view text, size_t columns) {
  std::string padded = Printable(text);
  size_t width = Width(padded);
  return width < columns ? padded + std::string(columns - width, ' ') : padded + " ";
}

std::string DurationOfMs(uint64_t ms) { return ms < 1000 ? absl::StrCat(ms, " ms") : Duration((ms + 500) / 1000); }

class Page {
 public:
  explicit Page(bool colour) : colour_(colour) {}

  void Title(std::string_view text, Style style) {
    absl::StrAppend(&out_, Paint(Wrap(Printable(text), kColumns, kMargin), style, colour_), "\n");
  }
  void Space() { out_.push_back('\n'); }
  void Section(std::string_view name) { absl::StrAppend(&out_, "\n", Paint(name, Style::kBold, colour_), "\n"); }

  void Row(std::string_view label, std::string_view text) {
    Indented(Paint(Padded(label, kLabel), Style::kDim, colour_), std::max(kLabel, Width(label) + 1), text);
  }
  void RowUnlessEmpty(std::string_view label, std::string_view text) {
    if (!text.empty()) Row(label, text);
  }

  void Text(std::string_view text) { Indented("", 0, text); }

  void Step(const TraceStep& step) {
    Style style = step.verdict == "pass" ? Style::kGood : step.verdict == "refuse" ? Style::kBad : Style::kWarn;
    std::string head = absl::StrCat(Paint(Padded(step.step, kStep), Style::kPlain, colour_),
                                    Paint(Padded(step.verdict, kVerdict), style, colour_));
    size_t columns = std::max(kStep, Width(step.step) + 1) + std::max(kVerdict, Width(step.verdict) + 1);
    Indented(head, columns, step.cause);
    if (step.file.empty()) return;
    std::string place = absl::StrCat(step.file, ":", step.line, ":", step.column);
    std::string wrapped = Wrap(Printable(place), kColumns, kMargin + columns);
    absl::StrAppend(&out_, std::string(kMargin + columns, ' '), Paint(wrapped, Style::kDim, colour_), "\n");
  }

  std::string Take() { return std::move(out_); }

 private:
  // `head` takes `columns`; colours count nothing.
  void Indented(std::string_view head, size_t columns, std::string_view text) {
    std::string wrapped = Wrap(Printable(text), kColumns, kMargin + columns);
    std::string line = absl::StrCat(std::string(kMargin, ' '), head, wrapped);
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&out_, line, "\n");
  }

  std::string out_;
  bool colour_;
};

void Verdict(const Decision& d, Page* page) {
  switch (d.action) {
    case Action::kForward:
      page->Title(d.upstream.scheme.empty() ? "FORWARD  (the route has no service)" : "FORWARD", Style::kGood);
      return;
    case Action::kRespond: page->Title(absl::StrCat("RESPOND  ", d.status, "  ", d.reason), Style::kBad); return;
    case Action::kWait: page->Title(absl::StrCat("WAIT  ", d.reason), Style::kWarn); return;
  }
}

void Who(const Decision& d, Page* page) {
  page->RowUnlessEmpty("message", d.message);
  std::string origin = absl::StrCat(d.client.scheme, "://", d.client.host, ":", d.client.port);
  const std::string_view ip = d.client.ip.empty() ? "unknown" : d.client.ip;
  if (IsStreamScheme(d.client.scheme)) {
    page->Row("client", absl::StrCat(ip, ", ", d.client.scheme, " connection"));
  } else {
    page->Row("client", absl::StrCat(ip, ", asked for ", d.client.host.empty() ? "no host" : origin));
  }
  page->Row("route", d.route.empty() ? "none" : d.route);
  page->RowUnlessEmpty("service", d.service);
  page->Row("consumer", d.consumer.empty() ? "none" : d.consumer);
  page->RowUnlessEmpty("groups", absl::StrJoin(d.consumer_groups, ", "));
  page->RowUnlessEmpty("plan", d.plan);
  for (const Capture& capture : d.captures) page->Row("captured", absl::StrCat(capture.name, " = ", capture.value));
}

void Upstream(const UpstreamChoice& u, Page* page) {
  page->Section("Upstream");
  page->Row("address", absl::StrCat(u.scheme, "://", u.host, ":", u.port));
  page->RowUnlessEmpty("path", HideInQuery(u.path));
  page->RowUnlessEmpty("Host", u.host_header);
  page->Row("time-outs",
            absl::StrCat("connect ", DurationOfMs(u.connect_timeout_ms), ", send ", DurationOfMs(u.send_timeout_ms),
                         ", read ", DurationOfMs(u.read_timeout_ms), "; ", u.retries, " retries"));
}

void Limits(std::span<const LimitState> limits, Page* page) {
  if (limits.empty()) return;
  page->Section("Limits");
  for (const LimitState& limit : limits)
    page->Row(limit.name,
              absl::StrCat(limit.remaining, " of ", limit.limit, " left, resets in ", DurationOfMs(limit.reset_ms),
                           limit.refused          ? "; refused by this one"
                           : limit.shadow_refused ? "; would have refused, but is a shadow"
                                                  : ""));
}

void Headers(std::string_view title, std::span<const HeaderChange> changes, Page* page) {
  if (changes.empty()) return;
  page->Section(title);
  for (const HeaderChange& change : changes) {
    std::string value = IsCredential(change.name) ? Hidden(change.value) : HideInQuery(change.value);
    switch (change.op) {
      case HeaderOp::kSet: page->Row("set", absl::StrCat(change.name, ": ", value)); break;
      case HeaderOp::kAdd: page->Row("add", absl::StrCat(change.name, ": ", value)); break;
      case HeaderOp::kRemove: page->Row("remove", change.name); break;
    }
  }
}

std::string WayOf(const router::RouteSpec& route, const router::Candidate& candidate) {
  return route.paths.empty() ? "" : absl::StrCat(", by `", route.paths[candidate.path], "`");
}

std::string MissText(const router::Unmet& unmet) {
  constexpr std::string_view kHeader = "header ";
  std::string_view name = unmet.field;
  const bool hidden = absl::ConsumePrefix(&name, kHeader) && IsCredential(name) && unmet.found != "none";
  return absl::StrCat(unmet.field, ": asks for ", unmet.wanted, "; found ", hidden ? Hidden(unmet.found) : unmet.found);
}

void Candidates(const Explained& e, Page* page) {
  bool first = true;
  for (const router::Candidate& candidate : e.candidates) {
    if (!candidate.matches) continue;
    if (first) page->Section("Routes that match, in the order in which they win");
    const router::RouteSpec& route = e.routes[candidate.route];
    page->Row(route.name,
              absl::StrCat(first ? "wins" : "behind", WayOf(route, candidate), first ? "" : ": ", candidate.reason));
    first = false;
  }
  first = true;
  for (const router::Candidate& candidate : e.candidates) {
    if (candidate.matches) continue;
    if (first) page->Section("Nearest of those that do not match");
    first = false;
    std::string_view name = e.routes[candidate.route].name;
    for (const router::Unmet& unmet : candidate.unmet) {
      page->Row(name, MissText(unmet));
      name = "";
    }
  }
}

void Headline(const Request& request, Page* page) {
  std::string url = request.host.empty() ? "" : absl::StrCat(request.scheme, "://", request.host);
  const std::string_view path = !url.empty() && request.target == "*" ? "" : request.target;  // RFC 9112, 3.2.4
  page->Title(absl::StrCat(request.method, request.method.empty() ? "" : " ", url, HideInQuery(path)), Style::kBold);
}

}  // namespace

std::string ExplainText(const Explained& e, bool colour) {
  const Decision& d = e.decision;
  Page page(colour);
  Headline(e.request, &page);
  page.Space();
  Verdict(d, &page);
  Who(d, &page);
  if (d.action == Action::kForward && !d.upstream.scheme.empty()) Upstream(d.upstream, &page);
  Limits(d.limits, &page);
  if (d.action == Action::kForward) Headers("Headers for the upstream", d.request_headers, &page);
  Headers("Headers for the client", d.response_headers, &page);
  if (d.action == Action::kRespond && !d.body.empty()) {
    page.Section("Body");
    page.Text(d.body);
  }
  Candidates(e, &page);
  page.Section("Step by step");
  for (const TraceStep& step : e.trace) page.Step(step);
  return page.Take();
}

}  // namespace sluice::cli
