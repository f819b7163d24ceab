// A C++ server on cpp-httplib with Sluice inside: a small reverse proxy that enforces a policy.
//
//   cpp_server POLICY PORT [CA_FILE]
//
// Requests are decided on cpp-httplib's own threads; a decision that needs a key set waits there (sluice_io_wait) while
// the thread of io/ fetches it.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "capi/sluice.hpp"
#include "httplib.h"
#include "io/sluice_io.h"

namespace host = sluice::host;

namespace {

httplib::Server* running = nullptr;

int EnvironmentVariable(void*, sluice_str name, sluice_str* value) {
  const char* found = std::getenv(std::string(host::View(name)).c_str());
  if (found == nullptr) return 0;
  *value = host::Str(found);
  return 1;
}

host::Policy Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto options = host::Sized<sluice_policy_options>();
  options.file_name = host::Str(path);
  options.env = EnvironmentVariable;
  return host::Policy(text, options);
}

void Apply(const sluice_header_change* changes, size_t count, httplib::Headers& headers) {
  for (size_t i = 0; i < count; ++i) {
    std::string name(host::View(changes[i].name));
    if (changes[i].op != SLUICE_HEADER_ADD) headers.erase(name);
    if (changes[i].op != SLUICE_HEADER_REMOVE) headers.emplace(name, host::View(changes[i].value));
  }
}

// Sends the request on as decided; the outcome's error if the upstream gave no answer.
std::string Forward(const sluice_decision& d, const httplib::Request& in, httplib::Response& out) {
  httplib::Client client(std::string(host::View(d.upstream_host)), static_cast<int>(d.upstream_port));
  client.set_connection_timeout(std::chrono::milliseconds(d.connect_timeout_ms));
  client.set_read_timeout(std::chrono::milliseconds(d.read_timeout_ms));
  client.set_write_timeout(std::chrono::milliseconds(d.send_timeout_ms));
  httplib::Request request;
  request.method = in.method;
  request.path = std::string(host::View(d.upstream_path));
  request.body = in.body;
  request.headers = in.headers;
  for (const char* hop : {"Host", "Connection", "Content-Length", "Transfer-Encoding", "REMOTE_ADDR", "REMOTE_PORT",
                          "LOCAL_ADDR", "LOCAL_PORT"})
    request.headers.erase(hop);
  Apply(d.request_headers, d.request_header_count, request.headers);
  request.set_header("Host", std::string(host::View(d.upstream_host_header)));
  httplib::Result answer = client.send(request);
  if (!answer) {
    out.status = 502;
    return answer.error() == httplib::Error::Read ? "timeout" : "connect";
  }
  out.status = answer->status;
  out.body = answer->body;
  out.headers = answer->headers;
  for (const char* hop : {"Connection", "Keep-Alive", "Content-Length", "Transfer-Encoding"}) out.headers.erase(hop);
  return "";
}

void Handle(host::Gateway& gateway, sluice_io* io, const httplib::Request& in, httplib::Response& out) {
  std::string peer = in.remote_addr.find(':') == std::string::npos ? in.remote_addr : "[" + in.remote_addr + "]";
  peer += ":" + std::to_string(in.remote_port);
  host::Request request(in.method, in.target);
  for (const auto& [name, value] : in.headers)
    if (name != "REMOTE_ADDR" && name != "REMOTE_PORT" && name != "LOCAL_ADDR" && name != "LOCAL_PORT")
      request.AddHeader(name, value);
  request->peer = host::Str(peer);

  auto begun = std::chrono::steady_clock::now();
  host::Transaction txn(gateway, request, host::Clock());
  while (txn.waits()) {
    sluice_effect effect = txn.effect();
    sluice_io_wait(io, effect.id, effect.timeout_ms);
    txn.Resume(host::Clock());
  }
  sluice_decision d = txn.decision();
  std::string error;
  if (d.action == SLUICE_ACTION_FORWARD) {
    error = Forward(d, in, out);
  } else {
    out.status = static_cast<int>(d.status);
    out.body = std::string(host::View(d.body));
  }
  Apply(d.response_headers, d.response_header_count, out.headers);
  auto took = std::chrono::steady_clock::now() - begun;
  txn.Report(static_cast<uint32_t>(out.status), std::chrono::duration_cast<std::chrono::nanoseconds>(took),
             host::Clock(), error);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3 && argc != 4) return std::cerr << "usage: cpp_server POLICY PORT [CA_FILE]\n", 2;
  host::Gateway gateway;
  gateway.Publish(Load(argv[1]));

  auto options = host::Sized<sluice_io_options>();
  if (argc == 4) options.ca_file = host::Str(argv[3]);
  sluice_io* io = nullptr;
  const char* why = "";
  if (sluice_io_start(gateway.get(), &options, &io, &why) != SLUICE_OK) return std::cerr << why << "\n", 1;

  httplib::Server server;
  auto handler = [&](const httplib::Request& in, httplib::Response& out) { Handle(gateway, io, in, out); };
  server.Get(".*", handler).Post(".*", handler).Put(".*", handler).Patch(".*", handler).Delete(".*", handler);
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop(); });
  bool served = server.listen("127.0.0.1", std::atoi(argv[2]));
  sluice_io_stop(io);
  return served ? 0 : 1;
} catch (const std::exception& error) {
  return std::cerr << error.what() << "\n", 1;
}
