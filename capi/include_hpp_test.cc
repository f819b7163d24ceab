// sluice.hpp compiles in each language mode, and its classes move as their comments say.
#include <type_traits>

#include "capi/sluice.hpp"

namespace host = sluice::host;

static_assert(std::is_nothrow_move_constructible<host::Gateway>::value, "a gateway moves");
static_assert(std::is_move_constructible<host::Transaction>::value, "a transaction moves");
static_assert(!std::is_copy_constructible<host::Transaction>::value, "a transaction is one request");

int main() {
  host::Request request("GET", "/");
  request.AddHeader("Host", "a");
  request->port = 80;
  sluice_request given = request.get();
  return given.header_count == 1 && given.port == 80 && host::View(given.method) == "GET" ? 0 : 1;
}
