#include "contracts/cel/eval/vm.h"

uint32_t
fwl_cel_size_points(struct fwl_span text)
{
    uint32_t points = 0;

    for (size_t i = 0; i < text.size; i++) {
        points += (text.p[i] & 0xc0) != 0x80;
    }
    return points;
}

uint32_t
fwl_cel_size_of(const struct fwl_cel_cell *c)
{
    struct fwl_cel_iter it;

    switch ((enum fwl_cel_kind)c->kind) {
    case FWL_CEL_STRING: return fwl_cel_size_points(fwl_cel_cell_span(c));
    case FWL_CEL_BYTES: return c->size;
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
        if (c->detail == FWL_CEL_CELLS) {
            return c->size;
        }
        return fwl_cel_iter_begin(&it, c) ? it.left : 0;
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_NULL:
    case FWL_CEL_BOOL:
    case FWL_CEL_INT:
    case FWL_CEL_UINT:
    case FWL_CEL_TIMESTAMP:
    case FWL_CEL_DURATION:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_VERSION:
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
    case FWL_CEL_KINDS: break;
    }
    return 1;
}
