#include "contracts/cel/eval/vm.h"

/* The cost of comparing two values: a tenth of the shorter one. Short texts of equal cost need no counting. */
static uint32_t
compare_cost(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    if (a->kind == FWL_CEL_STRING && b->kind == FWL_CEL_STRING && FWL_MIN(a->size, b->size) <= 10) {
        return FWL_MIN(a->size, b->size) != 0;
    }
    return fwl_cel_tenths(FWL_MIN(fwl_cel_size_of(a), fwl_cel_size_of(b)));
}

void
fwl_cel_operators_equal(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool wanted)
{
    int equal = 0;

    if (!fwl_cel_vm_strict(at, 2)) {
        vm->cost++;
        return;
    }
    fwl_cel_vm_spend(vm, compare_cost(&at[0], &at[1]));
    equal = fwl_cel_equal_cells(&at[0], &at[1]);
    if (equal < 0) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_DEPTH);
    } else {
        *at = fwl_cel_cell_bool((equal == 1) == wanted);
    }
}

static int
order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* -1, 0, 1; or 2 when the two have no order. */
static int
order(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    int seconds = 0;

    if (a->kind != b->kind) {
        if (a->kind == FWL_CEL_INT && b->kind == FWL_CEL_UINT) {
            return a->v.i < 0 ? -1 : (a->v.u > b->v.u) - (a->v.u < b->v.u);
        }
        if (a->kind == FWL_CEL_UINT && b->kind == FWL_CEL_INT) {
            return b->v.i < 0 ? 1 : (a->v.u > b->v.u) - (a->v.u < b->v.u);
        }
        return 2;
    }
    switch ((enum fwl_cel_kind)a->kind) {
    case FWL_CEL_BOOL:
    case FWL_CEL_INT:
    case FWL_CEL_DURATION: return order_of(a->v.i, b->v.i);
    case FWL_CEL_UINT: return (a->v.u > b->v.u) - (a->v.u < b->v.u);
    case FWL_CEL_STRING:
    case FWL_CEL_BYTES: return order_of(fwl_span_compare(fwl_cel_cell_span(a), fwl_cel_cell_span(b)), 0);
    case FWL_CEL_TIMESTAMP:
        seconds = order_of(a->v.i, b->v.i);
        return seconds != 0 ? seconds : order_of(a->size, b->size);
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_NULL:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_VERSION:
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
    case FWL_CEL_KINDS: break;
    }
    return 2;
}

void
fwl_cel_operators_order(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    int o = order(&at[0], &at[1]);

    if (o == 2) {
        vm->cost++;
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    fwl_cel_vm_spend(vm, compare_cost(&at[0], &at[1]));
    *at = fwl_cel_cell_bool(op == FWL_CEL_OP_LT   ? o < 0
                            : op == FWL_CEL_OP_LE ? o <= 0
                            : op == FWL_CEL_OP_GT ? o > 0
                                                  : o >= 0);
}

static enum fwl_cel_err
int_arithmetic(struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    int64_t a = at[0].v.i;
    int64_t b = at[1].v.i;
    bool over = false;

    if (op == FWL_CEL_OP_DIV || op == FWL_CEL_OP_MOD) {
        if (b == 0) {
            return FWL_CEL_ERR_ZERO;
        }
        if (a == INT64_MIN && b == -1) {
            return FWL_CEL_ERR_OVERFLOW;
        }
        at->v.i = op == FWL_CEL_OP_DIV ? a / b : a % b;
        return FWL_CEL_OK;
    }
    over = op == FWL_CEL_OP_ADD   ? __builtin_add_overflow(a, b, &at->v.i)
           : op == FWL_CEL_OP_SUB ? __builtin_sub_overflow(a, b, &at->v.i)
                                  : __builtin_mul_overflow(a, b, &at->v.i);
    return over ? FWL_CEL_ERR_OVERFLOW : FWL_CEL_OK;
}

static enum fwl_cel_err
uint_arithmetic(struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    uint64_t a = at[0].v.u;
    uint64_t b = at[1].v.u;
    bool over = false;

    if (op == FWL_CEL_OP_DIV || op == FWL_CEL_OP_MOD) {
        if (b == 0) {
            return FWL_CEL_ERR_ZERO;
        }
        at->v.u = op == FWL_CEL_OP_DIV ? a / b : a % b;
        return FWL_CEL_OK;
    }
    over = op == FWL_CEL_OP_ADD   ? __builtin_add_overflow(a, b, &at->v.u)
           : op == FWL_CEL_OP_SUB ? __builtin_sub_overflow(a, b, &at->v.u)
                                  : __builtin_mul_overflow(a, b, &at->v.u);
    return over ? FWL_CEL_ERR_OVERFLOW : FWL_CEL_OK;
}

/* timestamp + or - duration, within the years 1..9999 */
static enum fwl_cel_err
shift_time(struct fwl_cel_cell *at, const struct fwl_cel_cell *time, int64_t nanoseconds, bool back)
{
    int64_t seconds = nanoseconds / FWL_CEL_NANOS;
    int64_t nanos = nanoseconds % FWL_CEL_NANOS;
    int64_t s = back ? time->v.i - seconds : time->v.i + seconds;
    int64_t n = back ? (int64_t)time->size - nanos : (int64_t)time->size + nanos;

    s += n < 0 ? -1 : n >= FWL_CEL_NANOS;
    n += n < 0 ? FWL_CEL_NANOS : n >= FWL_CEL_NANOS ? -FWL_CEL_NANOS : 0;
    if (s < FWL_CEL_TIME_FIRST || s > FWL_CEL_TIME_LAST) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    *at = fwl_cel_cell_timestamp(s, (uint32_t)n);
    return FWL_CEL_OK;
}

static enum fwl_cel_err
time_difference(struct fwl_cel_cell *at)
{
    int64_t nanoseconds = 0;
    int64_t seconds = at[0].v.i - at[1].v.i;
    int64_t nanos = (int64_t)at[0].size - (int64_t)at[1].size;

    if (seconds < 0 && nanos > 0) { /* of one sign, so that no step is longer than the result */
        seconds++;
        nanos -= FWL_CEL_NANOS;
    } else if (seconds > 0 && nanos < 0) {
        seconds--;
        nanos += FWL_CEL_NANOS;
    }
    if (__builtin_mul_overflow(seconds, (int64_t)FWL_CEL_NANOS, &nanoseconds) ||
        __builtin_add_overflow(nanoseconds, nanos, &nanoseconds)) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    *at = fwl_cel_cell_duration(nanoseconds);
    return FWL_CEL_OK;
}

/* true when the operands are of the kinds of time; @err is then the outcome */
static bool
time_arithmetic(enum fwl_cel_err *err, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    bool add = op == FWL_CEL_OP_ADD;

    if (!add && op != FWL_CEL_OP_SUB) {
        return false;
    }
    if (fwl_cel_both(at, FWL_CEL_DURATION)) {
        *err = int_arithmetic(at, op);
    } else if (at[0].kind == FWL_CEL_TIMESTAMP && at[1].kind == FWL_CEL_DURATION) {
        *err = shift_time(at, &at[0], at[1].v.i, !add);
    } else if (at[0].kind == FWL_CEL_DURATION && at[1].kind == FWL_CEL_TIMESTAMP && add) {
        *err = shift_time(at, &at[1], at[0].v.i, false);
    } else if (fwl_cel_both(at, FWL_CEL_TIMESTAMP) && !add) {
        *err = time_difference(at);
    } else {
        return false;
    }
    return true;
}

static void
concat_text(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_cell a = at[0];
    struct fwl_cel_cell b = at[1];
    uint64_t size = (uint64_t)a.size + b.size;
    uint8_t *text = NULL;

    fwl_cel_vm_spend_text(vm, fwl_cel_size_of(&a) + fwl_cel_size_of(&b));
    if (size > vm->limits->string_bytes) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_SIZE);
        return;
    }
    text = fwl_cel_vm_text(vm, at, (size_t)size);
    if (text == NULL) {
        return;
    }
    if (a.size != 0) {
        memcpy(text, a.v.p, a.size);
    }
    if (b.size != 0) {
        memcpy(text + a.size, b.v.p, b.size);
    }
    at->size = (uint32_t)size;
    at->v.p = text;
}

static enum fwl_cel_err
append_all(struct fwl_cel_cell *to, struct fwl_cel_iter *it)
{
    enum fwl_cel_err err = FWL_CEL_OK;
    struct fwl_cel_cell unused;

    while ((err = fwl_cel_iter_next(it, &unused, to)) == FWL_CEL_OK) {
        to++;
    }
    return err == FWL_CEL_ERR_KEY ? FWL_CEL_OK : err;
}

static void
concat_lists(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_iter a;
    struct fwl_cel_iter b;
    struct fwl_cel_cell *cells = NULL;
    uint32_t left = 0;
    uint64_t count = 0;
    enum fwl_cel_err err = FWL_CEL_OK;

    vm->cost++;
    if (!fwl_cel_iter_begin(&a, &at[0]) || !fwl_cel_iter_begin(&b, &at[1])) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_INPUT);
        return;
    }
    left = a.left;
    count = (uint64_t)a.left + b.left;
    if (count > vm->limits->entries) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_SIZE);
        return;
    }
    cells = fwl_cel_vm_cells(vm, at, (size_t)count);
    if (cells == NULL) {
        return;
    }
    err = append_all(cells, &a);
    err = err == FWL_CEL_OK ? append_all(cells + left, &b) : err;
    if (err != FWL_CEL_OK) {
        fwl_cel_vm_fail(vm, at, err);
        return;
    }
    *at = fwl_cel_cell_list(cells, (size_t)count);
}

void
fwl_cel_operators_arithmetic(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    enum fwl_cel_err err = FWL_CEL_OK;

    if (op == FWL_CEL_OP_ADD) {
        if (fwl_cel_both(at, FWL_CEL_STRING) || fwl_cel_both(at, FWL_CEL_BYTES)) {
            concat_text(vm, at);
            return;
        }
        if (fwl_cel_both(at, FWL_CEL_LIST)) {
            concat_lists(vm, at);
            return;
        }
    }
    vm->cost++;
    if (fwl_cel_both(at, FWL_CEL_INT)) {
        err = int_arithmetic(at, op);
    } else if (fwl_cel_both(at, FWL_CEL_UINT)) {
        err = uint_arithmetic(at, op);
    } else if (!time_arithmetic(&err, at, op)) {
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    if (err != FWL_CEL_OK) {
        fwl_cel_vm_fail(vm, at, err);
    }
}

void
fwl_cel_operators_negate(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    vm->cost++;
    if (at->kind != FWL_CEL_INT) {
        fwl_cel_vm_mismatch(vm, at, 1);
    } else if (at->v.i == INT64_MIN) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_OVERFLOW);
    } else {
        at->v.i = -at->v.i;
    }
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

static void
in_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_iter it;
    struct fwl_cel_cell element;
    struct fwl_cel_cell unused;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (at[0].kind == FWL_CEL_STRING && at[0].size != 0 && at[1].detail == FWL_CEL_CELLS) {
        int among = text_among(&at[0], &at[1]);

        if (among >= 0) {
            fwl_cel_vm_spend(vm, at[1].size);
            *at = fwl_cel_cell_bool(among == 1);
            return;
        }
    }
    if (!fwl_cel_iter_begin(&it, &at[1])) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_INPUT);
        return;
    }
    fwl_cel_vm_spend(vm, it.left);
    while ((err = fwl_cel_iter_next(&it, &unused, &element)) == FWL_CEL_OK) {
        int equal = fwl_cel_equal_cells(&at[0], &element);

        if (equal != 0) {
            *at = fwl_cel_cell_bool(true);
            if (equal < 0) {
                fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_DEPTH);
            }
            return;
        }
    }
    *at = fwl_cel_cell_bool(false);
    if (err != FWL_CEL_ERR_KEY) {
        fwl_cel_vm_fail(vm, at, err);
    }
}

void
fwl_cel_operators_in(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (at[0].kind != FWL_CEL_ERROR && at[1].kind == FWL_CEL_LIST) {
        in_list(vm, at);
        return;
    }
    vm->cost++;
    if (at[0].kind == FWL_CEL_ERROR || at[1].kind != FWL_CEL_MAP) {
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    err = fwl_cel_equal_find(&value, &at[1], &at[0]);
    if (err == FWL_CEL_OK || err == FWL_CEL_ERR_KEY) {
        *at = fwl_cel_cell_bool(err == FWL_CEL_OK);
    } else {
        fwl_cel_vm_fail(vm, at, err);
    }
}
