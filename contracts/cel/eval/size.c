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

    if (c->kind == FWL_CEL_STRING) {
        return fwl_cel_size_points(fwl_cel_cell_text(c));
    }
    if (c->kind < FWL_CEL_BYTES || c->kind > FWL_CEL_MAP) {
        return 1;
    }
    if (c->kind == FWL_CEL_BYTES || c->detail == FWL_CEL_CELLS) {
        return c->size;
    }
    return fwl_cel_iter_begin(&it, c) == FWL_CEL_OK ? it.left : 0;
}
