// A host in C++ against the installed tree: a policy compiled, a request forwarded, a bad policy refused.
#include <iostream>
#include <sluice/sluice.hpp>
#include <string>

namespace host = sluice::host;

int main() {
  try {
    host::Gateway gateway;
    gateway.Publish(
        host::Policy("{\"_format_version\":\"3.0\",\"services\":[{\"name\":\"orders\",\"url\":\"http://orders."
                     "internal:8080\",\"routes\":[{\"name\":\"all\",\"paths\":[\"/orders\"]}]}]}",
                     "policy.json"));
    host::Request request("GET", "/orders/7");
    request.AddHeader("Host", "api.example.com");
    host::Transaction txn(gateway, request, host::Clock());
    if (host::View(txn.decision().upstream_host) != "orders.internal") return 1;
  } catch (const host::Error& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
  try {
    host::Policy("{\"no_such_field\": 1}", "bad.json");
  } catch (const host::Error& error) {
    std::cout << error.what() << "\n";
    return std::string(error.what()).find("no_such_field") == std::string::npos;
  }
  return 3;
}
