/* int() uint() string() bytes() bool() type() dyn() */
#include "contracts/cel/eval/format.h"
#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

/* Decimal digits, for an int with an optional sign. */
static enum fwl_cel_err
parse_number(struct fwl_cel_cell *at, enum fwl_cel_kind kind)
{
    const uint8_t *p = at->v.p;
    const uint8_t *end = NULL;
    bool negative = false;
    uint64_t magnitude = 0;

    if (at->size == 0) {
        return FWL_CEL_ERR_TEXT;
    }
    end = p + at->size;
    if (kind == FWL_CEL_INT && (*p == '-' || *p == '+')) {
        negative = *p++ == '-';
        if (p == end) {
            return FWL_CEL_ERR_TEXT;
        }
    }
    for (; p < end; p++) {
        if (!fwl_cel_number_digit(&magnitude, *p)) {
            return FWL_CEL_ERR_TEXT;
        }
    }
    return fwl_cel_number_set(at, kind, magnitude, negative) == FWL_CEL_OK ? FWL_CEL_OK : FWL_CEL_ERR_TEXT;
}

/* int or uint */
static enum fwl_cel_err
to_number(struct fwl_cel_cell *at, enum fwl_cel_kind kind)
{
    bool negative = at->kind != FWL_CEL_UINT && at->v.i < 0;

    if (at->kind == FWL_CEL_STRING) {
        return parse_number(at, kind);
    }
    if (at->kind == FWL_CEL_INT || at->kind == FWL_CEL_UINT || (at->kind == FWL_CEL_TIMESTAMP && kind == FWL_CEL_INT)) {
        return fwl_cel_number_set(at, kind, negative ? 0 - at->v.u : at->v.u, negative);
    }
    return FWL_CEL_ERR_TYPE;
}

static enum fwl_cel_err
to_bool(struct fwl_cel_cell *at)
{
    static const char words[10][6] = {"0", "1", "f", "t", "false", "true", "FALSE", "TRUE", "False", "True"};

    if (at->kind == FWL_CEL_BOOL) {
        return FWL_CEL_OK;
    }
    if (at->kind != FWL_CEL_STRING) {
        return FWL_CEL_ERR_TYPE;
    }
    for (size_t i = 0; i < FWL_COUNT(words); i++) {
        if (fwl_span_is(fwl_cel_cell_text(at), words[i])) {
            fwl_cel_set_bool(at, i % 2 == 1);
            return FWL_CEL_OK;
        }
    }
    return FWL_CEL_ERR_TEXT;
}

static enum fwl_cel_err
to_string(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    char text[FWL_CEL_FORMAT_BYTES];
    size_t size = 0;

    if (at->kind == FWL_CEL_BYTES || at->kind == FWL_CEL_STRING || at->kind == FWL_CEL_VERSION) {
        fwl_cel_set_view(at, FWL_CEL_STRING, fwl_cel_cell_span(at));
        return fwl_utf8_check(fwl_cel_cell_text(at)) ? FWL_CEL_OK : FWL_CEL_ERR_TEXT;
    }
    size = fwl_cel_format(text, at);
    return size == 0 ? FWL_CEL_ERR_TYPE
                     : fwl_cel_vm_join(vm, at, FWL_CEL_STRING, fwl_span(text, size), (struct fwl_span){0});
}

enum fwl_cel_err
fwl_cel_convert_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    if (fn == FWL_CEL_FN_INT || fn == FWL_CEL_FN_UINT) {
        return to_number(at, fn == FWL_CEL_FN_INT ? FWL_CEL_INT : FWL_CEL_UINT);
    }
    if (fn == FWL_CEL_FN_STRING) {
        return to_string(vm, at);
    }
    if (fn == FWL_CEL_FN_BOOL) {
        return to_bool(at);
    }
    if (fn == FWL_CEL_FN_TYPE) {
        fwl_cel_set(at, FWL_CEL_TYPE, at->kind);
    } else if (fn == FWL_CEL_FN_BYTES) {
        if (at->kind != FWL_CEL_STRING && at->kind != FWL_CEL_BYTES) {
            return FWL_CEL_ERR_TYPE;
        }
        at->kind = FWL_CEL_BYTES;
    }
    return FWL_CEL_OK;
}
