/*
 * Equality without recursion: containers that are still being compared stand on a small stack of pairs of walks.
 * A list is walked beside the other; a map is walked, and each key is looked up in the other map, first at the place
 * where the other walk stands, since maps of equal keys are mostly in the same order.
 */
#include "contracts/cel/eval/vm.h"

enum {
    DEPTH_MAX = 8, /* containers inside each other that equality follows */
};

/* Kinds whose value is all in the payload, and in the size, which is 0 but for the nanoseconds of a timestamp. */
static const uint32_t plain = 1U << FWL_CEL_NULL | 1U << FWL_CEL_BOOL | 1U << FWL_CEL_INT | 1U << FWL_CEL_UINT |
                              1U << FWL_CEL_DURATION | 1U << FWL_CEL_TYPE | 1U << FWL_CEL_TIMESTAMP;

static bool
same_bytes(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b, size_t size)
{
    return size == 0 || a->v.p == b->v.p || memcmp(a->v.p, b->v.p, size) == 0;
}

static bool
version_equal(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    struct fwl_span x = fwl_cel_cell_span(a);
    struct fwl_span y = fwl_cel_cell_span(b);

    if (a->detail != b->detail || a->detail == FWL_SCHEME_OPAQUE) {
        return a->detail == b->detail && fwl_span_equal(x, y);
    }
    return fwl_version_compare((enum fwl_scheme)a->detail, x, y) == 0;
}

/* 1 or 0, or -1 when both are lists or both maps, which the caller walks. Optionals are peeled first. */
static int
shallow_equal(const struct fwl_cel_cell **pa, const struct fwl_cel_cell **pb)
{
    const struct fwl_cel_cell *a = *pa;
    const struct fwl_cel_cell *b = *pb;

    while (a->kind == FWL_CEL_OPTIONAL && b->kind == FWL_CEL_OPTIONAL) {
        if (!fwl_cel_has_value(a) || !fwl_cel_has_value(b)) {
            return fwl_cel_has_value(a) == fwl_cel_has_value(b);
        }
        a = *pa = a->v.cells;
        b = *pb = b->v.cells;
    }
    if (a->kind != b->kind) {
        return (a->kind == FWL_CEL_INT || a->kind == FWL_CEL_UINT) &&
               (b->kind == FWL_CEL_INT || b->kind == FWL_CEL_UINT) && a->v.u == b->v.u && a->v.i >= 0;
    }
    if (a->kind == FWL_CEL_STRING || a->kind == FWL_CEL_BYTES) {
        return a->size == b->size && same_bytes(a, b, a->size);
    }
    if ((plain >> a->kind & 1) != 0) {
        return a->v.u == b->v.u && a->size == b->size;
    }
    if (a->kind == FWL_CEL_LIST || a->kind == FWL_CEL_MAP) {
        return -1;
    }
    if (a->kind == FWL_CEL_VERSION) {
        return version_equal(a, b);
    }
    return (a->kind == FWL_CEL_IP || a->kind == FWL_CEL_CIDR) && a->detail == b->detail && a->size == b->size &&
           same_bytes(a, b, a->detail == 4 ? 4 : 16);
}

/* The pair of a map of cells with this text as key, or NULL. Lengths first: most differ. */
static const struct fwl_cel_cell *
find_text(const struct fwl_cel_cell *map, const struct fwl_cel_cell *key)
{
    const struct fwl_cel_cell *end = map->v.cells + 2 * (size_t)map->size;

    for (const struct fwl_cel_cell *k = map->v.cells; k < end; k += 2) {
        if (k->size == key->size && k->kind == FWL_CEL_STRING && same_bytes(k, key, k->size)) {
            return k;
        }
    }
    return NULL;
}

enum fwl_cel_err
fwl_cel_equal_find(struct fwl_cel_cell *value, const struct fwl_cel_cell *map, const struct fwl_cel_cell *key)
{
    struct fwl_cel_iter it;
    struct fwl_cel_cell k;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (FWL_FOR_SPEED && map->detail == FWL_CEL_CELLS && map->size != 0 && key->kind == FWL_CEL_STRING) {
        const struct fwl_cel_cell *pair = find_text(map, key);

        *value = pair == NULL ? fwl_cel_cell_absent() : pair[1];
        return pair == NULL ? FWL_CEL_ERR_KEY : FWL_CEL_OK;
    }
    err = fwl_cel_iter_begin(&it, map);
    while (err == FWL_CEL_OK && (err = fwl_cel_iter_next(&it, &k, value)) == FWL_CEL_OK) {
        const struct fwl_cel_cell *a = &k;
        const struct fwl_cel_cell *b = key;

        if (shallow_equal(&a, &b) == 1) {
            return FWL_CEL_OK;
        }
    }
    return err;
}

struct frame {
    struct fwl_cel_iter a;
    struct fwl_cel_iter b;
    const struct fwl_cel_cell *map; /* the other map, NULL for lists */
    struct fwl_cel_cell x;          /* elements under comparison: containers on the stack point to them */
    struct fwl_cel_cell y;
};

/* 1: f->x and f->y are to be compared; 0: a key is missing; -1: damaged; 2: nothing is left. */
static int
frame_next(struct frame *f)
{
    struct fwl_cel_cell key;
    struct fwl_cel_cell other;
    const struct fwl_cel_cell *k = &key;
    const struct fwl_cel_cell *o = &other;
    enum fwl_cel_err err = fwl_cel_iter_next(&f->a, &key, &f->x);

    if (err == FWL_CEL_ERR_KEY) {
        return 2;
    }
    if (err != FWL_CEL_OK || fwl_cel_iter_next(&f->b, &other, &f->y) != FWL_CEL_OK) {
        return -1;
    }
    if (f->map == NULL || shallow_equal(&k, &o) == 1) {
        return 1;
    }
    err = fwl_cel_equal_find(&f->y, f->map, &key);
    return err == FWL_CEL_OK ? 1 : err == FWL_CEL_ERR_KEY ? 0 : -1;
}

/* Two lists or two maps. */
static int
deep_equal(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    struct frame frames[DEPTH_MAX];
    size_t depth = 0;

    for (;;) {
        int equal = shallow_equal(&a, &b);

        if (equal == 0) {
            return 0;
        }
        if (equal < 0) {
            struct frame *f = &frames[depth];

            if (depth == DEPTH_MAX || fwl_cel_iter_begin(&f->a, a) != FWL_CEL_OK ||
                fwl_cel_iter_begin(&f->b, b) != FWL_CEL_OK) {
                return -1;
            }
            if (f->a.left != f->b.left) {
                return 0;
            }
            f->map = a->kind == FWL_CEL_MAP ? b : NULL;
            depth++;
        }
        for (equal = 2; equal == 2 && depth > 0;) {
            equal = frame_next(&frames[depth - 1]);
            depth -= equal == 2;
        }
        if (equal != 1) {
            return equal == 2 ? 1 : equal;
        }
        a = &frames[depth - 1].x;
        b = &frames[depth - 1].y;
    }
}

int
fwl_cel_equal_cells(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    int equal = shallow_equal(&a, &b);

    return equal < 0 ? deep_equal(a, b) : equal;
}

bool
fwl_cel_equal(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    return fwl_cel_equal_cells(a, b) == 1;
}
