// One decision as a page of text for a person, 80 columns wide.
#ifndef SLUICE_CLI_EXPLAIN_TEXT_H_
#define SLUICE_CLI_EXPLAIN_TEXT_H_

#include <span>
#include <string>

#include "base/request.h"
#include "policy/decision.h"

namespace sluice::cli {

// Values of headers that carry credentials are shown by their size alone.
std::string ExplainText(const Request& request, const Decision& decision, std::span<const TraceStep> trace,
                        bool colour);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_EXPLAIN_TEXT_H_
