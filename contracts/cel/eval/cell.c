#include "contracts/cel/eval/cell.h"

extern inline void fwl_cel_set(struct fwl_cel_cell *at, enum fwl_cel_kind kind, int64_t value);
extern inline void fwl_cel_set_bool(struct fwl_cel_cell *at, bool value);
extern inline void fwl_cel_set_view(struct fwl_cel_cell *at, enum fwl_cel_kind kind, struct fwl_span view);

void
fwl_cel_set_time(struct fwl_cel_cell *at, int64_t seconds, uint32_t nanos)
{
    fwl_cel_set(at, FWL_CEL_TIMESTAMP, seconds);
    at->size = nanos;
}

void
fwl_cel_set_version(struct fwl_cel_cell *at, uint64_t scheme, struct fwl_span text, uint32_t order)
{
    at->kind = FWL_CEL_VERSION;
    at->detail = (uint8_t)scheme;
    at->text = (uint16_t)text.size;
    at->size = order;
    at->v.p = text.p;
}
