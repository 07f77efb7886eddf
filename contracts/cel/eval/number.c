/* Numbers as sign and magnitude: one arithmetic for int, uint and duration, without the compiler's 64-bit routines. */
#include "contracts/cel/eval/vm.h"

bool
fwl_cel_number_scale(uint64_t *n, uint64_t factor, uint64_t more)
{
    return fwl_mul_u64(n, *n, factor) && fwl_add_u64(n, *n, more);
}

bool
fwl_cel_number_digit(uint64_t *n, uint8_t digit)
{
    unsigned value = digit - (unsigned)'0';

    if (value > 9 || *n > UINT64_MAX / 10) {
        return false;
    }
    *n *= 10;
    return fwl_add_u64(n, *n, value);
}

enum fwl_cel_err
fwl_cel_number_set(struct fwl_cel_cell *at, enum fwl_cel_kind kind, uint64_t magnitude, bool negative)
{
    uint64_t most = kind != FWL_CEL_UINT ? (uint64_t)INT64_MAX + negative : negative ? 0 : UINT64_MAX;

    if (magnitude > most) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    fwl_cel_set(at, kind, (int64_t)(negative ? 0 - magnitude : magnitude));
    return FWL_CEL_OK;
}

uint64_t
fwl_cel_number_magnitude(int64_t i)
{
    return i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

static bool
add(uint64_t *a, bool *negative_a, uint64_t b, bool negative_b)
{
    if (*negative_a == negative_b) {
        return fwl_cel_number_scale(a, 1, b);
    }
    if (*a < b) {
        *negative_a = negative_b;
        *a = b - *a;
    } else {
        *a -= b;
    }
    return true;
}

enum fwl_cel_err
fwl_cel_number_arithmetic(struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    enum fwl_cel_kind kind = (enum fwl_cel_kind)at->kind;
    bool with_sign = kind != FWL_CEL_UINT;
    bool negative = with_sign && at[0].v.i < 0;
    bool negative_b = with_sign && at[1].v.i < 0;
    uint64_t a = negative ? 0 - at[0].v.u : at[0].v.u;
    uint64_t b = negative_b ? 0 - at[1].v.u : at[1].v.u;
    uint64_t rest = 0;
    bool fits = true;

    if (op == FWL_CEL_OP_ADD || op == FWL_CEL_OP_SUB) {
        fits = add(&a, &negative, b, negative_b != (op == FWL_CEL_OP_SUB));
    } else if (op == FWL_CEL_OP_MUL) {
        negative = negative != negative_b;
        fits = fwl_cel_number_scale(&a, b, 0);
    } else {
        if (b == 0) {
            return FWL_CEL_ERR_ZERO;
        }
        rest = fwl_divide(&a, b);
        if (op == FWL_CEL_OP_MOD) {
            fits = !with_sign || a <= (uint64_t)INT64_MAX + (negative != negative_b); /* as the quotient does */
            a = rest;
        } else {
            negative = negative != negative_b;
        }
    }
    return fits ? fwl_cel_number_set(at, kind, a, negative) : FWL_CEL_ERR_OVERFLOW;
}
