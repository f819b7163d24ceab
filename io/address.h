// Which addresses are inside: what a policy's author outside must not reach through the gateway.
#ifndef SLUICE_IO_ADDRESS_H_
#define SLUICE_IO_ADDRESS_H_

#include <sys/socket.h>

namespace sluice::io {

// Anything but a global unicast address (RFC 6890 and its registries): loopback, private, shared, link-local, reserved,
// multicast; IPv4 inside IPv6 counts as the IPv4 it is. Other families than the two are private, too.
bool IsPrivate(const sockaddr& address);

}  // namespace sluice::io

#endif  // SLUICE_IO_ADDRESS_H_
