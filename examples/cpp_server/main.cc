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
#include <memory>
#include <string>
#include <utility>

#include "capi/sluice.hpp"
#include "httplib.h"
#include "io/sluice_io.h"

namespace host = sluice::host;

namespace {

// What concerns one connection only.
constexpr const char* kHopByHop[] = {"Host", "Connection", "Content-Length",    "Keep-Alive",
                                     "TE",   "Trailer",    "Transfer-Encoding", "Upgrade"};

std::string ca_file;  // of upstreams and of who publishes keys; empty: the system's
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

std::unique_ptr<httplib::ClientImpl> Connect(const sluice_decision& d) {
  std::string name(host::View(d.upstream_host));
  int port = static_cast<int>(d.upstream_port);
  std::unique_ptr<httplib::ClientImpl> client;
  if (host::View(d.upstream_scheme) == "http") client = std::make_unique<httplib::ClientImpl>(name, port);
  if (host::View(d.upstream_scheme) == "https") client = std::make_unique<httplib::SSLClient>(name, port);
  if (client == nullptr) return nullptr;  // gRPC needs HTTP/2, which cpp-httplib does not speak
  if (!ca_file.empty()) client->set_ca_cert_path(ca_file);
  client->set_connection_timeout(std::chrono::milliseconds(d.connect_timeout_ms));
  client->set_read_timeout(std::chrono::milliseconds(d.read_timeout_ms));
  client->set_write_timeout(std::chrono::milliseconds(d.send_timeout_ms));
  client->set_url_encode(false);  // the path is what was decided on, to the byte
  return client;
}

// Sends the request on as decided; the outcome's error if the upstream gave no answer.
std::string Forward(const sluice_decision& d, const httplib::Request& in, httplib::Headers headers,
                    httplib::Response& out) {
  if (in.is_multipart_form_data()) return out.status = 415, "";  // cpp-httplib takes such a body apart
  std::unique_ptr<httplib::ClientImpl> client = Connect(d);
  httplib::Request request;
  request.method = in.method;
  request.path = std::string(host::View(d.upstream_path));
  request.body = in.body;
  request.headers = std::move(headers);
  for (const char* name : kHopByHop) request.headers.erase(name);
  Apply(d.request_headers, d.request_header_count, request.headers);
  request.set_header("Host", std::string(host::View(d.upstream_host_header)));
  httplib::Result answer = client ? client->send(request) : httplib::Result(nullptr, httplib::Error::Connection);
  if (!answer) {
    out.status = answer.error() == httplib::Error::Read ? 504 : 502;
    return out.status == 504 ? "timeout" : "connect";
  }
  out.status = answer->status;
  out.body = answer->body;
  for (const auto& [name, value] : answer->headers)  // cpp-httplib decodes %0d%0a in them, which would split ours
    if (value.find_first_of("\r\n") == std::string::npos) out.headers.emplace(name, value);
  for (const char* name : kHopByHop) out.headers.erase(name);
  return "";
}

void Handle(host::Gateway& gateway, sluice_io* io, const httplib::Request& in, httplib::Response& out) {
  std::string peer = in.remote_addr.find(':') == std::string::npos ? in.remote_addr : "[" + in.remote_addr + "]";
  peer += ":" + std::to_string(in.remote_port);
  host::Request request(in.method, in.target);
  httplib::Headers headers = in.headers;  // as the client sent them, without what cpp-httplib added
  for (const char* name : {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"}) headers.erase(name);
  for (const auto& [name, value] : headers) request.AddHeader(name, value);
  request->peer = host::Str(peer);
  request->content_length = static_cast<int64_t>(in.body.size());
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
    error = Forward(d, in, headers, out);
  } else {
    out.status = static_cast<int>(d.status);
    out.body = std::string(host::View(d.body));
  }
  Apply(d.response_headers, d.response_header_count, out.headers);
  txn.Report(static_cast<uint32_t>(out.status), std::chrono::steady_clock::now() - begun, host::Clock(), error);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3 && argc != 4) return std::cerr << "usage: cpp_server POLICY PORT [CA_FILE]\n", 2;
  host::Gateway gateway;
  gateway.Publish(Load(argv[1]));
  auto options = host::Sized<sluice_io_options>();
  if (argc == 4) ca_file = argv[3];
  options.ca_file = host::Str(ca_file);
  sluice_io* io = nullptr;
  const char* why = "";
  if (sluice_io_start(gateway.get(), &options, &io, &why) != SLUICE_OK) return std::cerr << why << "\n", 1;
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };  // a wait or an idle connection holds a thread
  auto handler = [&](const httplib::Request& in, httplib::Response& out) { Handle(gateway, io, in, out); };
  constexpr const char* kAny = "[^]*";  // of any path, even one with a line feed; Get is HEAD too
  server.Get(kAny, handler).Post(kAny, handler).Put(kAny, handler).Patch(kAny, handler).Delete(kAny, handler);
  server.Options(kAny, handler).set_payload_max_length(size_t{16} << 20);  // held in memory
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop(); });
  auto reuse = [](socket_t s) {
    const int yes = 1;
    ::setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  };
  server.set_socket_options(reuse);  // httplib's own let two servers share a port
  bool served = server.listen("127.0.0.1", std::atoi(argv[2]));
  sluice_io_stop(io);
  return served ? 0 : 1;
} catch (const std::exception& error) {
  return std::cerr << error.what() << "\n", 1;
}
