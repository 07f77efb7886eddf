/* int() uint() string() bytes() bool() type() dyn() */
#include "contracts/cel/eval/format.h"
#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

/* Decimal digits with an optional sign; false when it is none or does not fit 64 bits. */
static bool
parse_number(uint64_t *magnitude, bool *negative, struct fwl_span text)
{
    size_t i = 0;

    *magnitude = 0;
    *negative = text.size > 0 && text.p[0] == '-';
    if (text.size > 0 && (text.p[0] == '-' || text.p[0] == '+')) {
        i = 1;
    }
    if (i == text.size) {
        return false;
    }
    for (; i < text.size; i++) {
        if (!fwl_cel_add_digit(magnitude, text.p[i])) {
            return false;
        }
    }
    return true;
}

static enum fwl_cel_err
to_int(struct fwl_cel_cell *at)
{
    uint64_t magnitude = 0;
    bool negative = false;

    if (at->kind == FWL_CEL_UINT) {
        if (at->v.u > INT64_MAX) {
            return FWL_CEL_ERR_OVERFLOW;
        }
        *at = fwl_cel_cell_int(at->v.i);
    } else if (at->kind == FWL_CEL_TIMESTAMP) {
        *at = fwl_cel_cell_int(at->v.i);
    } else if (at->kind == FWL_CEL_STRING) {
        if (!parse_number(&magnitude, &negative, fwl_cel_cell_span(at)) || magnitude > (uint64_t)INT64_MAX + negative) {
            return FWL_CEL_ERR_TEXT;
        }
        *at = fwl_cel_cell_int((int64_t)(negative ? 0 - magnitude : magnitude));
    } else if (at->kind != FWL_CEL_INT) {
        return FWL_CEL_ERR_TYPE;
    }
    return FWL_CEL_OK;
}

static enum fwl_cel_err
to_uint(struct fwl_cel_cell *at)
{
    uint64_t magnitude = 0;
    bool negative = false;

    if (at->kind == FWL_CEL_INT) {
        if (at->v.i < 0) {
            return FWL_CEL_ERR_OVERFLOW;
        }
        *at = fwl_cel_cell_uint(at->v.u);
    } else if (at->kind == FWL_CEL_STRING) {
        if (at->size == 0 || at->v.p[0] == '-' || at->v.p[0] == '+' ||
            !parse_number(&magnitude, &negative, fwl_cel_cell_span(at))) {
            return FWL_CEL_ERR_TEXT;
        }
        *at = fwl_cel_cell_uint(magnitude);
    } else if (at->kind != FWL_CEL_UINT) {
        return FWL_CEL_ERR_TYPE;
    }
    return FWL_CEL_OK;
}

static enum fwl_cel_err
to_bool(struct fwl_cel_cell *at)
{
    static const char words[2][5][6] = {{"0", "f", "false", "FALSE", "False"}, {"1", "t", "true", "TRUE", "True"}};

    if (at->kind == FWL_CEL_BOOL) {
        return FWL_CEL_OK;
    }
    if (at->kind != FWL_CEL_STRING) {
        return FWL_CEL_ERR_TYPE;
    }
    for (size_t value = 0; value < 2; value++) {
        for (size_t i = 0; i < 5; i++) {
            if (fwl_span_is(fwl_cel_cell_span(at), words[value][i])) {
                *at = fwl_cel_cell_bool(value == 1);
                return FWL_CEL_OK;
            }
        }
    }
    return FWL_CEL_ERR_TEXT;
}

static void
to_string(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    char text[FWL_CEL_FORMAT_BYTES];
    size_t size = 0;

    if (at->kind == FWL_CEL_BYTES) {
        fwl_cel_vm_spend_text(vm, at->size);
        at->kind = FWL_CEL_STRING;
        if (!fwl_utf8_check(fwl_cel_cell_span(at))) {
            fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_TEXT);
        }
        return;
    }
    vm->cost++;
    if (at->kind == FWL_CEL_STRING) {
        return;
    }
    if (at->kind == FWL_CEL_VERSION) {
        *at = fwl_cel_cell_string(fwl_cel_cell_span(at));
        return;
    }
    size = fwl_cel_format(text, at);
    if (size == 0) {
        fwl_cel_vm_mismatch(vm, at, 1);
    } else {
        fwl_cel_vm_copy(vm, at, FWL_CEL_STRING, fwl_span(text, size));
    }
}

static void
to_bytes(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    if (at->kind == FWL_CEL_STRING) {
        fwl_cel_vm_spend_text(vm, fwl_cel_size_of(at));
        at->kind = FWL_CEL_BYTES;
        return;
    }
    vm->cost++;
    if (at->kind != FWL_CEL_BYTES) {
        fwl_cel_vm_mismatch(vm, at, 1);
    }
}

void
fwl_cel_convert_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    enum fwl_cel_err err = FWL_CEL_OK;

    if (fn == FWL_CEL_FN_STRING) {
        to_string(vm, at);
        return;
    }
    if (fn == FWL_CEL_FN_BYTES) {
        to_bytes(vm, at);
        return;
    }
    vm->cost++;
    if (fn == FWL_CEL_FN_TYPE) {
        *at = (struct fwl_cel_cell){.kind = FWL_CEL_TYPE, .v.u = at->kind};
        return;
    }
    if (fn == FWL_CEL_FN_INT) {
        err = to_int(at);
    } else if (fn == FWL_CEL_FN_UINT) {
        err = to_uint(at);
    } else if (fn == FWL_CEL_FN_BOOL) {
        err = to_bool(at);
    }
    if (err != FWL_CEL_OK) {
        fwl_cel_vm_fail(vm, at, err);
    }
}
