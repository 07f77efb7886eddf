/* Fields, indexes, has(), list and map literals, optional values. */
#include "contracts/cel/eval/vm.h"

enum fwl_cel_err
fwl_cel_access_some(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *value)
{
    struct fwl_cel_cell *cell = fwl_cel_vm_cells(vm, 1);

    if (cell == NULL) {
        return FWL_CEL_ERR_ARENA;
    }
    *cell = *value;
    fwl_cel_set_view(at, FWL_CEL_OPTIONAL, fwl_span(cell, 0));
    at->detail = 1;
    return FWL_CEL_OK;
}

static FWL_NOINLINE enum fwl_cel_err
list_at(struct fwl_cel_cell *value, const struct fwl_cel_cell *list, const struct fwl_cel_cell *index)
{
    struct fwl_cel_iter it;
    enum fwl_cel_err err = fwl_cel_iter_begin(&it, list);

    if (index->kind != FWL_CEL_INT && index->kind != FWL_CEL_UINT) {
        return FWL_CEL_ERR_TYPE;
    }
    if (err == FWL_CEL_OK && index->v.u >= it.left) { /* a negative int is a large number here */
        return FWL_CEL_ERR_KEY;
    }
    if (err == FWL_CEL_OK && !it.is_cbor) {
        it.at.cells += (size_t)index->v.u;
        return fwl_cel_iter_next(&it, NULL, value);
    }
    for (uint64_t i = 0; i <= index->v.u && err == FWL_CEL_OK; i++) {
        err = fwl_cel_iter_next(&it, NULL, value);
    }
    return err;
}

/* The container that a step works on: what an optional holds instead of it; NULL: the optional has no value. */
static const struct fwl_cel_cell *
inside(const struct fwl_cel_cell *at)
{
    if (at->kind != FWL_CEL_OPTIONAL) {
        return at;
    }
    return fwl_cel_has_value(at) ? at->v.cells : NULL;
}

enum fwl_cel_err
fwl_cel_access_index(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key, bool optional)
{
    const struct fwl_cel_cell *container = inside(at);
    struct fwl_cel_cell value;
    enum fwl_cel_err err = FWL_CEL_ERR_TYPE;

    if (key->kind == FWL_CEL_ERROR) {
        return FWL_CEL_ERR_TYPE;
    }
    if (container == NULL) {
        return FWL_CEL_OK;
    }
    if (container->kind == FWL_CEL_MAP) {
        err = fwl_cel_equal_find(&value, container, key);
    } else if (container->kind == FWL_CEL_LIST) {
        err = list_at(&value, container, key);
    }
    optional = optional || container != at;
    if (err == FWL_CEL_ERR_KEY && optional) {
        fwl_cel_set(at, FWL_CEL_OPTIONAL, 0);
        return FWL_CEL_OK;
    }
    if (err == FWL_CEL_OK && optional) {
        return fwl_cel_access_some(vm, at, &value);
    }
    if (err == FWL_CEL_OK) {
        *at = value;
    }
    return err;
}

enum fwl_cel_err
fwl_cel_access_has_key(struct fwl_cel_cell *at, const struct fwl_cel_cell *map, const struct fwl_cel_cell *key)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = fwl_cel_equal_find(&value, map, key);

    if (err != FWL_CEL_OK && err != FWL_CEL_ERR_KEY) {
        return err;
    }
    fwl_cel_set_bool(at, err == FWL_CEL_OK);
    return FWL_CEL_OK;
}

enum fwl_cel_err
fwl_cel_access_has(struct fwl_cel_cell *at, const struct fwl_cel_cell *key)
{
    const struct fwl_cel_cell *container = inside(at);

    if (container == NULL) {
        fwl_cel_set_bool(at, false);
        return FWL_CEL_OK;
    }
    return container->kind == FWL_CEL_MAP ? fwl_cel_access_has_key(at, container, key) : FWL_CEL_ERR_TYPE;
}

/* An element marked by [?x] is an optional with bit 1 of detail set. */
enum fwl_cel_err
fwl_cel_access_splice(struct fwl_cel_cell *at)
{
    if (at->kind != FWL_CEL_OPTIONAL) {
        return FWL_CEL_ERR_TYPE;
    }
    at->detail |= 2;
    return FWL_CEL_OK;
}

/* Resolve a marked element: false when it is absent. */
static bool
spliced(struct fwl_cel_cell *c)
{
    if (c->kind != FWL_CEL_OPTIONAL || (c->detail & 2) == 0) {
        return true;
    }
    if (c->detail == 2) {
        return false;
    }
    *c = *c->v.cells;
    return true;
}

enum fwl_cel_err
fwl_cel_access_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count)
{
    size_t kept = 0;

    if (fwl_cel_vm_has_error(at, count)) {
        return FWL_CEL_ERR_TYPE;
    }
    for (size_t i = 0; i < count; i++) {
        if (spliced(&at[i])) {
            at[kept++] = at[i];
        }
    }
    return fwl_cel_vm_keep(vm, at, FWL_CEL_LIST, kept);
}

/* The head of a key's CBOR encoding: its major type, and the number in it. */
static FWL_NOINLINE uint64_t
head_of(const struct fwl_cel_cell *key, unsigned *major)
{
    bool negative = key->kind == FWL_CEL_INT && key->v.i < 0;

    *major = key->kind == FWL_CEL_BOOL ? 7 : key->kind == FWL_CEL_STRING ? 3 : negative;
    return key->kind == FWL_CEL_STRING ? key->size : negative ? ~key->v.u : key->v.u;
}

/* Canonical order of keys: that of their CBOR encodings. Equal numbers have one encoding, so 0 and 0u are one key. */
static int
key_order(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    unsigned major_a = 0;
    unsigned major_b = 0;
    uint64_t x = head_of(a, &major_a);
    uint64_t y = head_of(b, &major_b);

    if (major_a != major_b) {
        return major_a < major_b ? -1 : 1;
    }
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return a->kind == FWL_CEL_STRING ? fwl_span_compare(fwl_cel_cell_text(a), fwl_cel_cell_text(b)) : 0;
}

static bool
is_key(const struct fwl_cel_cell *c)
{
    return c->kind == FWL_CEL_BOOL || c->kind == FWL_CEL_INT || c->kind == FWL_CEL_UINT || c->kind == FWL_CEL_STRING;
}

/* Insert a pair into sorted pairs; false when the key is there already. */
static bool
insert_pair(struct fwl_cel_cell *pairs, size_t count, const struct fwl_cel_cell pair[2])
{
    size_t i = count;
    int o = 1;

    while (i > 0 && (o = key_order(&pairs[2 * i - 2], pair)) > 0) {
        i--;
    }
    if (i > 0 && o == 0) {
        return false;
    }
    memmove(&pairs[2 * i + 2], &pairs[2 * i], (count - i) * 2 * sizeof(*pairs));
    memcpy(&pairs[2 * i], pair, 2 * sizeof(*pair));
    return true;
}

enum fwl_cel_err
fwl_cel_access_map(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t pairs)
{
    size_t kept = 0;

    if (fwl_cel_vm_has_error(at, 2 * pairs)) {
        return FWL_CEL_ERR_TYPE;
    }
    for (size_t i = 0; i < pairs; i++) {
        struct fwl_cel_cell pair[2] = {at[2 * i], at[2 * i + 1]};

        if (!is_key(&pair[0])) {
            return FWL_CEL_ERR_REPEATED;
        }
        if (spliced(&pair[1])) {
            if (!insert_pair(at, kept, pair)) {
                return FWL_CEL_ERR_REPEATED;
            }
            kept++;
        }
    }
    return fwl_cel_vm_keep(vm, at, FWL_CEL_MAP, kept);
}

/* false, 0, "", an empty list or map, null, no value: what ofNonZeroValue leaves out */
static bool
is_zero(const struct fwl_cel_cell *c)
{
    if (c->kind >= FWL_CEL_STRING && c->kind <= FWL_CEL_MAP) {
        return fwl_cel_size_of(c) == 0;
    }
    if (c->kind == FWL_CEL_OPTIONAL) {
        return !fwl_cel_has_value(c);
    }
    if (c->kind == FWL_CEL_TIMESTAMP) {
        return c->v.i == FWL_CEL_TIME_FIRST && c->size == 0;
    }
    return c->kind <= FWL_CEL_DURATION && c->v.u == 0; /* of null the payload is 0 */
}

enum fwl_cel_err
fwl_cel_access_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    bool has_value = fwl_cel_has_value(at);

    if (fn == FWL_CEL_FN_OPTIONAL_NONE || (fn == FWL_CEL_FN_OPTIONAL_OF_NON_ZERO && is_zero(at))) {
        fwl_cel_set(at, FWL_CEL_OPTIONAL, 0);
    } else if (fn <= FWL_CEL_FN_OPTIONAL_OF_NON_ZERO) {
        return fwl_cel_access_some(vm, at, at);
    } else if (at->kind != FWL_CEL_OPTIONAL) {
        return FWL_CEL_ERR_TYPE;
    } else if (fn == FWL_CEL_FN_HAS_VALUE) {
        fwl_cel_set_bool(at, has_value);
    } else if (fn == FWL_CEL_FN_OPTIONAL_OR) {
        if (!has_value && at[1].kind != FWL_CEL_OPTIONAL) {
            return FWL_CEL_ERR_TYPE;
        }
        *at = has_value ? at[0] : at[1];
    } else if (has_value || fn == FWL_CEL_FN_OR_VALUE) {
        *at = has_value ? *at->v.cells : at[1];
    } else {
        return FWL_CEL_ERR_OPTIONAL;
    }
    return FWL_CEL_OK;
}
