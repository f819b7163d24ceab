// Routes for people who embed the router in a C++ server: patterns in the syntax of Go's net/http (since 1.22).
//
//   [METHOD ][HOST]/[PATH]
//
//   "GET /orders/{id}"          GET and HEAD of /orders/7, not of /orders/ nor /orders/7/items; captures id = "7"
//   "/files/{path...}"          any method; /files/ and all below it; captures what follows /files/, which may be empty
//   "/static/"                  the same without a capture
//   "/static/{$}"               /static/ alone
//   "api.example.com/orders"    of this host only; also *.example.com, example.* and host:port as in route_spec.h
//
// A `{name}` stands for one whole segment that is not empty; its name is an identifier, used once. `{name...}` comes
// last. Literals are written in normal form (normalize.h): `/café`, not `/caf%C3%A9`. Paths are matched as they are: a
// request for /static is not redirected to /static/, which is the host's to do.
//
// Which of several matching patterns wins, in this order; a pattern that matches strictly less than another always
// does:
//   1. with a host before without; a name before `*.name` before `name.*`; the longer text of two of a kind; a port
//      before none;
//   2. at the first segment in which they differ: a literal (or `{$}`) before `{name}` before `{name...}`;
//   3. with a method before without; HEAD before GET.
// No two patterns that match the same request are equal in all three, other than duplicates, which are refused. So the
// order of the list never counts, and no pattern needs a priority. (Go refuses the pairs that its rule leaves open,
// such as /a/{x} beside /{x}/b; here the first wins for /a/b, by 2, and pattern_conflicts.h reports them.)
#ifndef SLUICE_ROUTER_PATTERN_H_
#define SLUICE_ROUTER_PATTERN_H_

#include <string>

#include "base/diagnostic.h"

namespace sluice::router {

struct PatternSpec {
  std::string name;  // for reports; need not be unique
  std::string pattern;
  Place where = {};  // in the source or the configuration, for reports
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PATTERN_H_
