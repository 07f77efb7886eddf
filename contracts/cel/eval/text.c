#include "contracts/cel/eval/vm.h"

static bool
find(struct fwl_span text, struct fwl_span part)
{
    if (part.size == 0) {
        return true;
    }
    for (size_t i = 0; i + part.size <= text.size; i++) {
        if (text.p[i] == part.p[0] && memcmp(text.p + i, part.p, part.size) == 0) {
            return true;
        }
    }
    return false;
}

enum fwl_cel_err
fwl_cel_text_call(struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_span text = fwl_cel_cell_text(&at[0]);
    struct fwl_span part = {0};
    bool yes = false;

    if (fn == FWL_CEL_FN_SIZE) {
        if (at->kind < FWL_CEL_STRING || at->kind > FWL_CEL_MAP) {
            return FWL_CEL_ERR_TYPE;
        }
        fwl_cel_set(at, FWL_CEL_INT, fwl_cel_size_of(at));
        return FWL_CEL_OK;
    }
    if (!fwl_cel_both(at, FWL_CEL_STRING)) {
        return FWL_CEL_ERR_TYPE;
    }
    part = fwl_cel_cell_text(&at[1]);
    if (fn == FWL_CEL_FN_CONTAINS) {
        yes = find(text, part);
    } else if (text.size >= part.size) {
        size_t from = fn == FWL_CEL_FN_STARTS_WITH ? 0 : text.size - part.size;

        yes = part.size == 0 || memcmp(text.p + from, part.p, part.size) == 0;
    }
    fwl_cel_set_bool(at, yes);
    return FWL_CEL_OK;
}
