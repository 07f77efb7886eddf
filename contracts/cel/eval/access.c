/* Fields, indexes, has(), list and map literals, optional values. */
#include "contracts/cel/eval/vm.h"

void
fwl_cel_access_some(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_cell value)
{
    struct fwl_cel_cell *cell = fwl_cel_vm_cells(vm, at, 1);

    if (cell != NULL) {
        *cell = value;
        *at = (struct fwl_cel_cell){.kind = FWL_CEL_OPTIONAL, .detail = 1, .v.cells = cell};
    }
}

static enum fwl_cel_err
list_at(struct fwl_cel_cell *value, const struct fwl_cel_cell *list, const struct fwl_cel_cell *index)
{
    struct fwl_cel_iter it;
    struct fwl_cel_cell unused;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (index->kind != FWL_CEL_INT && index->kind != FWL_CEL_UINT) {
        return FWL_CEL_ERR_TYPE;
    }
    if (!fwl_cel_iter_begin(&it, list)) {
        return FWL_CEL_ERR_INPUT;
    }
    if (index->v.u >= it.left) { /* a negative int is a large number here */
        return FWL_CEL_ERR_KEY;
    }
    if (!it.is_cbor) {
        *value = it.cells[index->v.u];
        return FWL_CEL_OK;
    }
    for (uint64_t i = 0; i <= index->v.u && err == FWL_CEL_OK; i++) {
        err = fwl_cel_iter_next(&it, &unused, value);
    }
    return err;
}

/* FWL_CEL_OK, FWL_CEL_ERR_KEY when it is not there, or what is wrong. */
static enum fwl_cel_err
element(struct fwl_cel_cell *value, const struct fwl_cel_cell *container, const struct fwl_cel_cell *key)
{
    if (container->kind == FWL_CEL_MAP) {
        return fwl_cel_equal_find(value, container, key);
    }
    return container->kind == FWL_CEL_LIST ? list_at(value, container, key) : FWL_CEL_ERR_TYPE;
}

void
fwl_cel_access_index(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key, bool optional)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = FWL_CEL_OK;
    const struct fwl_cel_cell *container = at;

    vm->cost++;
    if (at->kind == FWL_CEL_ERROR) {
        return;
    }
    if (key->kind == FWL_CEL_ERROR) {
        *at = *key;
        return;
    }
    if (at->kind == FWL_CEL_OPTIONAL) {
        if (!fwl_cel_has_value(at)) {
            return;
        }
        container = at->v.cells;
        optional = true;
    }
    err = element(&value, container, key);
    if (err == FWL_CEL_OK) {
        if (optional) {
            fwl_cel_access_some(vm, at, value);
        } else {
            *at = value;
        }
    } else if (err == FWL_CEL_ERR_KEY && optional) {
        *at = (struct fwl_cel_cell){.kind = FWL_CEL_OPTIONAL};
    } else {
        fwl_cel_vm_fail(vm, at, err);
    }
}

void
fwl_cel_access_has(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = FWL_CEL_ERR_TYPE;
    const struct fwl_cel_cell *container = at;

    vm->cost++;
    if (at->kind == FWL_CEL_ERROR) {
        return;
    }
    if (at->kind == FWL_CEL_OPTIONAL) {
        if (!fwl_cel_has_value(at)) {
            *at = fwl_cel_cell_bool(false);
            return;
        }
        container = at->v.cells;
    }
    if (container->kind == FWL_CEL_MAP) {
        err = fwl_cel_equal_find(&value, container, key);
    }
    if (err == FWL_CEL_OK || err == FWL_CEL_ERR_KEY) {
        *at = fwl_cel_cell_bool(err == FWL_CEL_OK);
    } else {
        fwl_cel_vm_fail(vm, at, err);
    }
}

/* An element marked by [?x] is an optional with bit 1 of detail set. */
void
fwl_cel_access_splice(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    if (at->kind == FWL_CEL_OPTIONAL) {
        at->detail |= 2;
    } else {
        fwl_cel_vm_mismatch(vm, at, 1);
    }
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

void
fwl_cel_access_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count)
{
    struct fwl_cel_cell *cells = NULL;
    size_t kept = 0;

    vm->cost += 10;
    if (count != 0 && !fwl_cel_vm_strict(at, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (spliced(&at[i])) {
            at[kept++] = at[i];
        }
    }
    if (kept > vm->limits->entries) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_SIZE);
        return;
    }
    cells = fwl_cel_vm_cells(vm, at, kept);
    if (cells != NULL) {
        memcpy(cells, at, kept * sizeof(*cells));
        *at = fwl_cel_cell_list(cells, kept);
    }
}

/* Canonical order of keys: that of their CBOR encodings. Equal numbers have one encoding, so 0 and 0u are one key. */
static int
key_order(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    static const uint8_t majors[FWL_CEL_KINDS] = {[FWL_CEL_BOOL] = 7, [FWL_CEL_STRING] = 3};
    int major_a = majors[a->kind];
    int major_b = majors[b->kind];
    uint64_t x = a->v.u;
    uint64_t y = b->v.u;

    if (a->kind == FWL_CEL_INT && a->v.i < 0) {
        major_a = 1;
        x = ~x;
    }
    if (b->kind == FWL_CEL_INT && b->v.i < 0) {
        major_b = 1;
        y = ~y;
    }
    if (major_a != major_b) {
        return major_a - major_b;
    }
    if (a->kind == FWL_CEL_STRING) {
        x = a->size;
        y = b->size;
        if (x == y) {
            return fwl_span_compare(fwl_cel_cell_span(a), fwl_cel_cell_span(b));
        }
    }
    return (x > y) - (x < y);
}

static bool
is_key(const struct fwl_cel_cell *c)
{
    return c->kind == FWL_CEL_BOOL || c->kind == FWL_CEL_INT || c->kind == FWL_CEL_UINT || c->kind == FWL_CEL_STRING;
}

/* Insert a pair into sorted pairs; false when the key is there already. */
static bool
insert_pair(struct fwl_cel_cell *pairs, size_t count, struct fwl_cel_cell key, struct fwl_cel_cell value)
{
    size_t i = count;
    int o = 1;

    while (i > 0 && (o = key_order(&pairs[2 * i - 2], &key)) > 0) {
        i--;
    }
    if (i > 0 && o == 0) {
        return false;
    }
    memmove(&pairs[2 * i + 2], &pairs[2 * i], (count - i) * 2 * sizeof(*pairs));
    pairs[2 * i] = key;
    pairs[2 * i + 1] = value;
    return true;
}

void
fwl_cel_access_map(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t pairs)
{
    struct fwl_cel_cell *cells = NULL;
    size_t kept = 0;

    vm->cost += 30;
    if (pairs != 0 && !fwl_cel_vm_strict(at, 2 * pairs)) {
        return;
    }
    for (size_t i = 0; i < pairs; i++) {
        struct fwl_cel_cell key = at[2 * i];
        struct fwl_cel_cell value = at[2 * i + 1];

        if (!is_key(&key)) {
            fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_REPEATED);
            return;
        }
        if (!spliced(&value)) {
            continue;
        }
        if (!insert_pair(at, kept, key, value)) {
            fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_REPEATED);
            return;
        }
        kept++;
    }
    if (kept > vm->limits->entries) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_SIZE);
        return;
    }
    cells = fwl_cel_vm_cells(vm, at, 2 * kept);
    if (cells != NULL) {
        memcpy(cells, at, 2 * kept * sizeof(*cells));
        *at = fwl_cel_cell_map(cells, kept);
    }
}

/* false, 0, "", an empty list or map, null, no value: what ofNonZeroValue leaves out */
static bool
is_zero(const struct fwl_cel_cell *c)
{
    switch ((enum fwl_cel_kind)c->kind) {
    case FWL_CEL_NULL: return true;
    case FWL_CEL_BOOL:
    case FWL_CEL_INT:
    case FWL_CEL_UINT:
    case FWL_CEL_DURATION: return c->v.u == 0;
    case FWL_CEL_STRING:
    case FWL_CEL_BYTES:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP: return fwl_cel_size_of(c) == 0;
    case FWL_CEL_OPTIONAL: return !fwl_cel_has_value(c);
    case FWL_CEL_TIMESTAMP: return c->v.i == FWL_CEL_TIME_FIRST && c->size == 0;
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_TYPE:
    case FWL_CEL_VERSION:
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
    case FWL_CEL_KINDS: break;
    }
    return false;
}

void
fwl_cel_access_optional(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    const struct fwl_cel_cell none = {.kind = FWL_CEL_OPTIONAL};

    vm->cost++;
    if (fn == FWL_CEL_FN_OPTIONAL_NONE || (fn == FWL_CEL_FN_OPTIONAL_OF_NON_ZERO && is_zero(at))) {
        *at = none;
    } else if (fn == FWL_CEL_FN_OPTIONAL_OF || fn == FWL_CEL_FN_OPTIONAL_OF_NON_ZERO) {
        fwl_cel_access_some(vm, at, *at);
    } else if (at->kind != FWL_CEL_OPTIONAL) {
        fwl_cel_vm_mismatch(vm, at, 1);
    } else if (fn == FWL_CEL_FN_HAS_VALUE) {
        *at = fwl_cel_cell_bool(fwl_cel_has_value(at));
    } else if (fn == FWL_CEL_FN_OPTIONAL_OR) {
        *at = fwl_cel_has_value(at) ? at[0] : at[1];
        if (at->kind != FWL_CEL_OPTIONAL) {
            fwl_cel_vm_mismatch(vm, at, 1);
        }
    } else if (fwl_cel_has_value(at)) {
        *at = *at->v.cells;
    } else if (fn == FWL_CEL_FN_OR_VALUE) {
        *at = at[1];
    } else {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_OPTIONAL);
    }
}
