// What a host tells about one request. Everything is borrowed: the views must outlive the transaction that uses them.
//
//   sluice::Request r;
//   r.method = "GET";
//   r.target = "/orders/7?x=1";
//   r.scheme = "https";
//   sluice::Header headers[] = {{"Host", "api.example.com"}, {"Authorization", "Bearer …"}};
//   r.headers = headers;
//   r.header_count = 2;
//   r.peer = "203.0.113.9:51234";
//
// Only `method` and `target` are needed. Plain data, no invariants of its own: every room treats each byte as hostile.
#ifndef SLUICE_BASE_REQUEST_H_
#define SLUICE_BASE_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

struct Header {
  std::string_view name;
  std::string_view value;
};

// A moment, on both clocks. The core reads no clock: a host passes this to every call that needs one.
// Paces and leases use `mono_ns` (never jumps); calendar windows and token dates use `wall_ns`.
struct Now {
  int64_t wall_ns = 0;  // since the Unix epoch
  int64_t mono_ns =
      0;  // since any fixed point (CLOCK_MONOTONIC); must be the same for all processes that share a region
};

// What the host's TLS layer saw; all empty on a plain connection.
struct Tls {
  std::string_view sni;
  std::string_view client_cert;   // PEM, as the host verified or only received it
  std::string_view client_chain;  // PEM, further certificates
};

// Whether `scheme`, in lower case, is one of a connection that carries no HTTP.
inline bool IsStreamScheme(std::string_view scheme) {
  return scheme.size() == 3 && (scheme == "tcp" || scheme == "tls" || scheme == "udp");
}

// Whether `scheme`, in lower case, is one that Request::scheme may be; empty is http.
inline bool IsRequestScheme(std::string_view scheme) {
  return scheme.empty() || scheme == "http" || scheme == "https" || scheme == "grpc" || scheme == "grpcs" ||
         IsStreamScheme(scheme);
}

struct Request {
  std::string_view method;
  std::string_view target;  // request-target as received: "/path?query", "*", or absolute form
  // "http" (default when empty), "https", "grpc", "grpcs"; or "tcp", "tls", "udp": a connection that carries no HTTP,
  // of which only peer, server, port, tls and cost count.
  std::string_view scheme;
  std::string_view host;          // authority; empty: taken from the Host header
  std::string_view http_version;  // "1.0", "1.1" (default when empty), "2", "3"
  std::string_view peer;          // "ip:port" or "[ip]:port" of the connection, empty if unknown
  std::string_view server;        // "ip:port" that accepted the connection, empty if unknown
  const Header* headers = nullptr;
  size_t header_count = 0;
  Tls tls;
  int64_t content_length = -1;  // -1: unknown (chunked)
  uint32_t port = 0;            // 0: from `host`, `server` or the scheme's default
  uint32_t cost = 1;            // weight that limits charge
};

// What the host saw after it followed a decision; see Gateway::Report.
struct Outcome {
  uint32_t status = 0;          // what the client got; 0: the client went away first
  int64_t latency_ns = 0;       // from request to last byte
  std::string_view error = {};  // "", "timeout", "connect", "reset", "tls": why the upstream gave no answer
  uint32_t cost = 0;            // what it cost after all, in units of Request::cost; 0: what it was charged
};

}  // namespace sluice

#endif  // SLUICE_BASE_REQUEST_H_
