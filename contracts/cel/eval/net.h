/* net - IP addresses and networks as text and bytes. Zone F; internal. */
#ifndef FWL_CONTRACTS_CEL_EVAL_NET_H
#define FWL_CONTRACTS_CEL_EVAL_NET_H

#include "core/span.h"

struct fwl_cel_address {
    uint8_t b[16];
    uint8_t family; /* 4 or 6 */
    uint8_t prefix; /* of a network, bits */
};

/** fwl_cel_net_parse - an address; no zone, no IPv4 in dotted form inside IPv6. ::ffff:x:y in hex becomes IPv4. */
bool fwl_cel_net_parse(struct fwl_cel_address *out, struct fwl_span text);

/** fwl_cel_net_parse_cidr - address/prefix. */
bool fwl_cel_net_parse_cidr(struct fwl_cel_address *out, struct fwl_span text);

#endif
