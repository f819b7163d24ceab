// One decision as a page of text for a person, 80 columns wide.
#ifndef SLUICE_CLI_EXPLAIN_TEXT_H_
#define SLUICE_CLI_EXPLAIN_TEXT_H_

#include <span>
#include <string>

#include "base/request.h"
#include "policy/decision.h"
#include "router/route_spec.h"
#include "router/why.h"

namespace sluice::cli {

struct Explained {
  const Request& request;
  const Decision& decision;
  std::span<const TraceStep> trace;
  std::span<const router::RouteSpec> routes;
  std::span<const router::Candidate> candidates;  // among `routes`
};

// Values of headers and query parameters that carry credentials are shown by their size alone (cli/hidden.h).
std::string ExplainText(const Explained& explained, bool colour);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_EXPLAIN_TEXT_H_
