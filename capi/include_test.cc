// sluice.h, seen by a C++ compiler of any age; C++98 has no nullptr. NOLINTBEGIN(modernize-use-nullptr)
#include "capi/sluice.h"

int main() {
  sluice_request request = sluice_request();
  request.struct_size = sizeof request;
  sluice_status (*free_of_throws)(const sluice_txn*, sluice_decision*) = 0;
  return request.struct_size != 0 && free_of_throws == 0 && SLUICE_OK == 0 ? 0 : 1;
}
// NOLINTEND(modernize-use-nullptr)
