/*
 * address - numeric socket addresses. Zone H.
 */
#ifndef FWL_P2P_TRANSPORT_ADDRESS_H
#define FWL_P2P_TRANSPORT_ADDRESS_H

#include <assert.h>
#include <sys/socket.h>

#include "core/base.h"

/** fwl_address_parse - read host:port, numeric, IPv6 in brackets, at most 63 bytes; port 0, for a listener, only where
 * @any_port says so. Fills @out and @size (bytes of the address in it); false when @text is no such thing. */
FWL_NODISCARD bool fwl_address_parse(struct sockaddr_storage *out, int *size, const char *text, bool any_port);

/** fwl_address_format - "192.0.2.1:7100", "[2001:db8::1]:7100"; cut off at @room, 64 is always enough. */
void fwl_address_format(char *out, size_t room, const struct sockaddr *address);

/** fwl_address_same_host - the same address of one family, whatever the port? */
FWL_NODISCARD bool fwl_address_same_host(const struct sockaddr *a, const struct sockaddr_storage *b);

/** fwl_address_network - the /24 (IPv4, also mapped) or /64 (IPv6) of an address. */
uint64_t fwl_address_network(const struct sockaddr *address);

/** fwl_address_port - in host order. */
uint16_t fwl_address_port(const struct sockaddr_storage *address);

#endif
