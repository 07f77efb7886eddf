/* format - the texts that string() gives. Zone F; internal. */
#ifndef FWL_CONTRACTS_CEL_EVAL_FORMAT_H
#define FWL_CONTRACTS_CEL_EVAL_FORMAT_H

#include "contracts/cel/eval/cell.h"

enum {
    FWL_CEL_FORMAT_BYTES = 48, /* the longest: an IPv6 network, 43 */
};

/** fwl_cel_format - bool, int, uint, timestamp, duration, ip, cidr as text; its size, 0 for another kind. */
size_t fwl_cel_format(char out[FWL_CEL_FORMAT_BYTES], const struct fwl_cel_cell *c);

#endif
