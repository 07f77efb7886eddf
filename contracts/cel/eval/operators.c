#include "contracts/cel/eval/bound.h"
#include "contracts/cel/eval/vm.h"

/* Comparing two values costs a tenth of the shorter one. Short texts of equal cost need no counting. */
static void
spend_compare(struct fwl_cel_vm *vm, const struct fwl_cel_cell *at)
{
    uint32_t size = FWL_MIN(at[0].size, at[1].size);

    if (!fwl_cel_both(at, FWL_CEL_STRING) || size > 10) {
        size = FWL_MIN(fwl_cel_size_of(&at[0]), fwl_cel_size_of(&at[1]));
    }
    fwl_cel_vm_spend(vm, fwl_cel_bound_tenths(size));
}

enum fwl_cel_err
fwl_cel_operators_equal(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool wanted)
{
    int equal = 0;

    if (fwl_cel_vm_has_error(at, 2)) {
        vm->cost++;
        return FWL_CEL_ERR_TYPE;
    }
    spend_compare(vm, at);
    equal = fwl_cel_equal_cells(&at[0], &at[1]);
    if (equal < 0) {
        return FWL_CEL_ERR_DEPTH;
    }
    fwl_cel_set_bool(at, (equal == 1) == wanted);
    return FWL_CEL_OK;
}

static int
order_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Two of one ordered kind, or int and uint, which stand on one line of numbers. */
static bool
has_order(const struct fwl_cel_cell *at)
{
    const unsigned numbers = 1U << FWL_CEL_INT | 1U << FWL_CEL_UINT;
    const unsigned ordered = numbers | 1U << FWL_CEL_BOOL | 1U << FWL_CEL_DURATION | 1U << FWL_CEL_TIMESTAMP |
                             1U << FWL_CEL_STRING | 1U << FWL_CEL_BYTES;
    unsigned kinds = 1U << at[0].kind | 1U << at[1].kind;

    return (kinds & ~numbers) == 0 || (at[0].kind == at[1].kind && (kinds & ~ordered) == 0);
}

/* Negative, 0, positive. The size of a scalar is 0, but for the nanoseconds of a timestamp. */
static int
order(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    bool negative_a = a->kind != FWL_CEL_UINT && a->v.i < 0;
    bool negative_b = b->kind != FWL_CEL_UINT && b->v.i < 0;

    if (a->kind == FWL_CEL_STRING || a->kind == FWL_CEL_BYTES) {
        return fwl_span_compare(fwl_cel_cell_text(a), fwl_cel_cell_text(b));
    }
    if (negative_a != negative_b) {
        return negative_a ? -1 : 1;
    }
    return a->v.u != b->v.u ? order_of(a->v.u, b->v.u) : order_of(a->size, b->size);
}

enum fwl_cel_err
fwl_cel_operators_order(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    int o = 0;

    if (!has_order(at)) {
        vm->cost++;
        return FWL_CEL_ERR_TYPE;
    }
    spend_compare(vm, at);
    o = order(&at[0], &at[1]);
    if (op == FWL_CEL_OP_GT || op == FWL_CEL_OP_GE) {
        o = -o;
    }
    fwl_cel_set_bool(at, o < ((op == FWL_CEL_OP_LE || op == FWL_CEL_OP_GE) ? 1 : 0));
    return FWL_CEL_OK;
}

/* timestamp + or - duration */
static enum fwl_cel_err
shift_time(struct fwl_cel_cell *at, const struct fwl_cel_cell *time, int64_t nanoseconds, bool back)
{
    uint64_t seconds = fwl_cel_number_magnitude(nanoseconds);
    int32_t nanos = (int32_t)fwl_divide(&seconds, FWL_CEL_NANOS);

    if ((nanoseconds < 0) != back) {
        seconds = 0 - seconds;
        nanos = -nanos;
    }
    nanos += (int32_t)time->size;
    if (nanos < 0) {
        seconds--;
        nanos += FWL_CEL_NANOS;
    } else if (nanos >= FWL_CEL_NANOS) {
        seconds++;
        nanos -= FWL_CEL_NANOS;
    }
    return fwl_cel_time_make(at, time->v.i + (int64_t)seconds, (uint32_t)nanos);
}

/* timestamp - timestamp */
static enum fwl_cel_err
time_difference(struct fwl_cel_cell *at)
{
    int64_t seconds = at[0].v.i - at[1].v.i;
    int32_t nanos = (int32_t)at[0].size - (int32_t)at[1].size;
    bool negative = seconds < 0 || (seconds == 0 && nanos < 0);
    uint64_t magnitude = fwl_cel_number_magnitude(seconds);

    nanos = negative ? -nanos : nanos;
    if (!fwl_cel_number_scale(&magnitude, FWL_CEL_NANOS, nanos > 0 ? (uint32_t)nanos : 0)) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    magnitude -= nanos < 0 ? (uint32_t)-nanos : 0; /* seconds are not 0 then */
    return fwl_cel_number_set(at, FWL_CEL_DURATION, magnitude, negative);
}

static enum fwl_cel_err
concat_lists(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_iter it[2];
    struct fwl_cel_cell *cells = NULL;
    enum fwl_cel_err err = fwl_cel_iter_begin(&it[0], &at[0]);
    size_t count = 0;

    if (err == FWL_CEL_OK) {
        err = fwl_cel_iter_begin(&it[1], &at[1]);
    }
    if (err != FWL_CEL_OK) {
        return err;
    }
    if ((uint64_t)it[0].left + it[1].left > vm->limits->entries) {
        return FWL_CEL_ERR_SIZE;
    }
    cells = fwl_cel_vm_cells(vm, it[0].left + it[1].left);
    if (cells == NULL) {
        return FWL_CEL_ERR_ARENA;
    }
    for (size_t i = 0; i < 2; i++) {
        while ((err = fwl_cel_iter_next(&it[i], NULL, &cells[count])) == FWL_CEL_OK) {
            count++;
        }
        if (err != FWL_CEL_ERR_KEY) {
            return err;
        }
    }
    fwl_cel_set_view(at, FWL_CEL_LIST, fwl_span(cells, count));
    return FWL_CEL_OK;
}

/* + of texts; costs by their sizes */
static enum fwl_cel_err
concat_texts(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    fwl_cel_vm_spend(vm, fwl_cel_bound_tenths(fwl_cel_size_of(&at[0]) + fwl_cel_size_of(&at[1])));
    return fwl_cel_vm_join(vm, at, (enum fwl_cel_kind)at->kind, fwl_cel_cell_text(&at[0]), fwl_cel_cell_text(&at[1]));
}

enum fwl_cel_err
fwl_cel_operators_arithmetic(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    bool add = op == FWL_CEL_OP_ADD;

    if (add && (fwl_cel_both(at, FWL_CEL_STRING) || fwl_cel_both(at, FWL_CEL_BYTES))) {
        return concat_texts(vm, at);
    }
    vm->cost += add;
    if (fwl_cel_both(at, FWL_CEL_INT) || fwl_cel_both(at, FWL_CEL_UINT)) {
        return fwl_cel_number_arithmetic(at, op);
    }
    if (add && fwl_cel_both(at, FWL_CEL_LIST)) {
        return concat_lists(vm, at);
    }
    if (!add && op != FWL_CEL_OP_SUB) {
        return FWL_CEL_ERR_TYPE;
    }
    if (fwl_cel_both(at, FWL_CEL_DURATION)) {
        return fwl_cel_number_arithmetic(at, op);
    }
    if (at[0].kind == FWL_CEL_TIMESTAMP && at[1].kind == FWL_CEL_DURATION) {
        return shift_time(at, &at[0], at[1].v.i, !add);
    }
    if (add && at[0].kind == FWL_CEL_DURATION && at[1].kind == FWL_CEL_TIMESTAMP) {
        return shift_time(at, &at[1], at[0].v.i, false);
    }
    return !add && fwl_cel_both(at, FWL_CEL_TIMESTAMP) ? time_difference(at) : FWL_CEL_ERR_TYPE;
}

/* Is the text among cells? -1 when a cell is no text, which the general way then compares. */
static int
text_among(const struct fwl_cel_cell *text, const struct fwl_cel_cell *list)
{
    for (uint32_t i = 0; i < list->size; i++) {
        const struct fwl_cel_cell *c = &list->v.cells[i];

        if (c->kind != FWL_CEL_STRING) {
            return -1;
        }
        if (c->size == text->size && memcmp(c->v.p, text->v.p, c->size) == 0) {
            return 1;
        }
    }
    return 0;
}

static enum fwl_cel_err
in_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_iter it;
    struct fwl_cel_cell element;
    int equal = 0;
    enum fwl_cel_err err = fwl_cel_iter_begin(&it, &at[1]);

    if (err != FWL_CEL_OK) {
        return err;
    }
    fwl_cel_vm_spend(vm, it.left);
    if (FWL_FOR_SPEED && at[0].kind == FWL_CEL_STRING && at[0].size != 0 && !it.is_cbor) {
        equal = text_among(&at[0], &at[1]);
        if (equal >= 0) {
            fwl_cel_set_bool(at, equal == 1);
            return FWL_CEL_OK;
        }
        equal = 0;
    }
    while (equal == 0 && (err = fwl_cel_iter_next(&it, NULL, &element)) == FWL_CEL_OK) {
        equal = fwl_cel_equal_cells(&at[0], &element);
    }
    if (equal < 0) {
        return FWL_CEL_ERR_DEPTH;
    }
    if (equal == 0 && err != FWL_CEL_ERR_KEY) {
        return err;
    }
    fwl_cel_set_bool(at, equal == 1);
    return FWL_CEL_OK;
}

enum fwl_cel_err
fwl_cel_operators_in(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    if (at[0].kind != FWL_CEL_ERROR && at[1].kind == FWL_CEL_LIST) {
        return in_list(vm, at);
    }
    vm->cost++;
    return at[0].kind != FWL_CEL_ERROR && at[1].kind == FWL_CEL_MAP ? fwl_cel_access_has_key(at, &at[1], &at[0])
                                                                    : FWL_CEL_ERR_TYPE;
}
