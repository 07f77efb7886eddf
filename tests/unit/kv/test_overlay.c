#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/kv/overlay.h"

/* ---- the flat model: a sorted array ---- */

enum {
    KEYS_MAX = 4096,
    KEY_ROOM = 8,
    VALUE_ROOM = 64,
    ARENA_BYTES = 1 << 22,
};

struct pair {
    enum fwl_space space;
    uint8_t key[KEY_ROOM];
    size_t key_size;
    uint8_t value[VALUE_ROOM];
    size_t value_size;
};

struct model {
    struct pair pair[KEYS_MAX];
    size_t count;
};

static uint64_t seed;

static uint32_t
rnd(uint32_t below)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % below;
}

static int
pair_order(const struct pair *p, enum fwl_space space, struct fwl_span key)
{
    if (p->space != space) {
        return p->space < space ? -1 : 1;
    }
    return fwl_span_compare(fwl_span(p->key, p->key_size), key);
}

static size_t
model_from(const struct model *m, enum fwl_space space, struct fwl_span key)
{
    size_t i = 0;

    while (i < m->count && pair_order(&m->pair[i], space, key) < 0) {
        i++;
    }
    return i;
}

static void
model_delete(struct model *m, enum fwl_space space, struct fwl_span key)
{
    size_t i = model_from(m, space, key);

    if (i < m->count && pair_order(&m->pair[i], space, key) == 0) {
        memmove(&m->pair[i], &m->pair[i + 1], (m->count - i - 1) * sizeof(m->pair[0]));
        m->count--;
    }
}

static void
model_put(struct model *m, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    size_t i;

    model_delete(m, space, key);
    i = model_from(m, space, key);
    assert_true(m->count < KEYS_MAX);
    memmove(&m->pair[i + 1], &m->pair[i], (m->count - i) * sizeof(m->pair[0]));
    m->pair[i] = (struct pair){.space = space, .key_size = key.size, .value_size = value.size};
    memcpy(m->pair[i].key, key.p, key.size);
    if (value.size > 0) {
        memcpy(m->pair[i].value, value.p, value.size);
    }
    m->count++;
}

/* Every entry of the view, by seek and next and by get, is that of the model, and the other way round. */
static void
assert_same(const struct fwl_kv *kv, const struct model *m)
{
    size_t i = 0;

    for (unsigned s = FWL_SPACE_FIRST; s <= FWL_SPACE_LAST; s++) {
        enum fwl_space space = (enum fwl_space)s;
        struct fwl_kv_entry e;
        enum fwl_err err = fwl_kv_seek(kv, &e, space, fwl_span(NULL, 0));

        while (err == FWL_OK) {
            struct fwl_span value;

            assert_true(i < m->count);
            assert_int_equal(m->pair[i].space, space);
            assert_true(fwl_span_equal(e.key, fwl_span(m->pair[i].key, m->pair[i].key_size)));
            assert_true(fwl_span_equal(e.value, fwl_span(m->pair[i].value, m->pair[i].value_size)));
            assert_int_equal(fwl_kv_get(kv, &value, space, e.key), FWL_OK);
            assert_true(fwl_span_equal(value, e.value));
            i++;
            err = fwl_kv_next(kv, &e, space, e.key);
        }
        assert_int_equal(err, FWL_ERR_ABSENT);
        assert_int_equal(e.key.size, 0);
    }
    assert_int_equal(i, m->count);
}

static void
assert_same_seek(const struct fwl_kv *kv, const struct model *m, enum fwl_space space, struct fwl_span key)
{
    struct fwl_kv_entry e;
    size_t i = model_from(m, space, key);
    bool there = i < m->count && m->pair[i].space == space;

    assert_int_equal(fwl_kv_seek(kv, &e, space, key), there ? FWL_OK : FWL_ERR_ABSENT);
    if (there) {
        assert_true(fwl_span_equal(e.key, fwl_span(m->pair[i].key, m->pair[i].key_size)));
    }
}

static struct fwl_span
random_key(uint8_t key[KEY_ROOM])
{
    size_t size = 1 + rnd(3);

    for (size_t i = 0; i < size; i++) {
        key[i] = (uint8_t)rnd(5);
    }
    return fwl_span(key, size);
}

static enum fwl_space
random_space(void)
{
    static const enum fwl_space spaces[] = {FWL_SPACE_HDR, FWL_SPACE_KV, FWL_SPACE_EXP, FWL_SPACE_VMETA};

    return spaces[rnd(FWL_COUNT(spaces))];
}

static void
random_write(struct fwl_overlay *o, struct model *m)
{
    uint8_t key_bytes[KEY_ROOM];
    uint8_t value[VALUE_ROOM];
    struct fwl_span key = random_key(key_bytes);
    enum fwl_space space = random_space();

    if (rnd(3) == 0) {
        assert_int_equal(fwl_overlay_delete(o, space, key), FWL_OK);
        model_delete(m, space, key);
    } else {
        size_t size = rnd(VALUE_ROOM + 1);

        for (size_t i = 0; i < size; i++) {
            value[i] = (uint8_t)rnd(256);
        }
        assert_int_equal(fwl_overlay_put(o, space, key, fwl_span(value, size)), FWL_OK);
        model_put(m, space, key, fwl_span(value, size));
    }
}

/* ---- cases ---- */

/* Three overlays in a pile; writes at the top, merges down, against one flat map. */
static void
test_overlay__pile_equals_flat_map(void **state)
{
    static struct model flat;
    static struct model before;
    uint8_t *arena = malloc(3 * (size_t)ARENA_BYTES);

    (void)state;
    assert_non_null(arena);
    for (seed = 1; seed < 60; seed++) {
        struct fwl_overlay o[3];
        struct fwl_kv kv[3];
        uint64_t keep = seed;

        flat.count = 0;
        for (size_t i = 0; i < 3; i++) {
            fwl_overlay_init(&o[i], i == 0 ? NULL : &kv[i - 1], arena + i * ARENA_BYTES, ARENA_BYTES);
            kv[i] = fwl_overlay_kv(&o[i]);
        }
        for (size_t round = 0; round < 40; round++) {
            size_t writes = rnd(30);
            bool undo = rnd(4) == 0;
            uint8_t key[KEY_ROOM];

            before = flat;
            for (size_t i = 0; i < writes; i++) {
                random_write(&o[2], &flat);
            }
            assert_same(&kv[2], &flat);
            assert_same_seek(&kv[2], &flat, random_space(), random_key(key));
            if (undo) {
                flat = before;
            } else {
                assert_int_equal(fwl_overlay_merge(&o[1], &o[2]), FWL_OK);
            }
            fwl_overlay_reset(&o[2]);
            assert_same(&kv[2], &flat);
            if (rnd(5) == 0) {
                assert_int_equal(fwl_overlay_merge(&o[0], &o[1]), FWL_OK);
                fwl_overlay_reset(&o[1]);
                assert_same(&kv[1], &flat);
            }
        }
        seed = keep;
    }
    free(arena);
}

static void
test_overlay_next__all_writes_in_order(void **state)
{
    static uint8_t arena[1 << 20];
    struct fwl_overlay o;
    struct fwl_overlay_write w = {.space = (enum fwl_space)0};
    struct fwl_overlay_write last;
    static struct model m;
    size_t count = 0;
    size_t live = 0;

    (void)state;
    seed = 99;
    m.count = 0;
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_false(fwl_overlay_next(&o, &w));
    for (size_t i = 0; i < 500; i++) {
        random_write(&o, &m);
    }
    memset(&w, 0, sizeof(w));
    last = w;
    while (fwl_overlay_next(&o, &w)) {
        assert_true(w.space > last.space || fwl_span_compare(w.key, last.key) > 0);
        assert_true(!w.deleted || w.value.size == 0);
        live += !w.deleted;
        last = w;
        count++;
    }
    assert_int_equal(count, o.count);
    assert_int_equal(live, m.count);
}

/* Keys in order and backwards would degrade a tree without balance; 2^15 of each must stay fast and right. */
static void
test_overlay__balanced_for_ordered_keys(void **state)
{
    enum { COUNT = 1 << 15 };
    size_t bytes = (size_t)COUNT * 2 * (FWL_OVERLAY_NODE_BYTES + 16);
    uint8_t *arena = malloc(bytes);
    struct fwl_overlay o;
    struct fwl_kv kv;
    uint8_t key[4];

    (void)state;
    assert_non_null(arena);
    fwl_overlay_init(&o, NULL, arena, bytes);
    kv = fwl_overlay_kv(&o);
    for (uint32_t i = 0; i < COUNT; i++) {
        fwl_store_be32(key, COUNT + i);
        assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_EXP, fwl_span(key, 4), fwl_span(key, 4)), FWL_OK);
        fwl_store_be32(key, COUNT - 1 - i);
        assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_EXP, fwl_span(key, 4), fwl_span(key, 4)), FWL_OK);
    }
    assert_int_equal(o.count, 2 * COUNT);
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        struct fwl_span value;

        fwl_store_be32(key, i);
        assert_int_equal(fwl_kv_get(&kv, &value, FWL_SPACE_EXP, fwl_span(key, 4)), FWL_OK);
        assert_true(fwl_span_equal(value, fwl_span(key, 4)));
    }
    free(arena);
}

/* With every arena size from nothing on: the first failure is for ever, what was written before stays readable. */
static void
test_overlay__full_arena_is_final(void **state)
{
    static const uint8_t value[20] = {1};
    uint8_t arena[600];
    bool fitted = false;

    (void)state;
    for (size_t bytes = 0; bytes <= sizeof(arena); bytes++) {
        struct fwl_overlay o;
        struct fwl_kv kv;
        struct fwl_span got;
        enum fwl_err first;
        enum fwl_err second;

        fwl_overlay_init(&o, NULL, arena, bytes);
        kv = fwl_overlay_kv(&o);
        first = fwl_overlay_put(&o, FWL_SPACE_KV, fwl_span_text("a"), fwl_span(value, sizeof(value)));
        second = fwl_overlay_put(&o, FWL_SPACE_KV, fwl_span_text("b"), fwl_span(value, sizeof(value)));
        assert_int_equal(o.err, second);
        assert_true(first == FWL_OK || second == FWL_ERR_SPACE);
        assert_true(second == FWL_OK || second == FWL_ERR_SPACE);
        if (first == FWL_OK) {
            assert_int_equal(fwl_kv_get(&kv, &got, FWL_SPACE_KV, fwl_span_text("a")), FWL_OK);
            assert_int_equal(got.size, sizeof(value));
        }
        if (second != FWL_OK) {
            struct fwl_overlay into;
            uint8_t other[600];

            assert_int_equal(fwl_overlay_delete(&o, FWL_SPACE_KV, fwl_span_text("a")), FWL_ERR_SPACE);
            fwl_overlay_init(&into, NULL, other, sizeof(other));
            assert_int_equal(fwl_overlay_merge(&into, &o), FWL_ERR_SPACE);
            assert_int_equal(into.count, 0);
            fwl_overlay_reset(&o);
            assert_int_equal(o.err, FWL_OK);
        } else {
            fitted = true;
        }
    }
    assert_true(fitted);
}

/* A value may be put back from a view of itself, and a longer one written over it. */
static void
test_overlay__views_of_itself(void **state)
{
    static uint8_t arena[4096];
    struct fwl_overlay o;
    struct fwl_kv kv;
    struct fwl_span value;
    uint8_t *to;

    (void)state;
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    kv = fwl_overlay_kv(&o);
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_LOG, fwl_span_text("t"), fwl_span_text("0123456789")), FWL_OK);
    assert_int_equal(fwl_kv_get(&kv, &value, FWL_SPACE_LOG, fwl_span_text("t")), FWL_OK);
    value.p += 3;
    value.size -= 3;
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_LOG, fwl_span_text("t"), value), FWL_OK);
    assert_int_equal(fwl_kv_get(&kv, &value, FWL_SPACE_LOG, fwl_span_text("t")), FWL_OK);
    assert_true(fwl_span_is(value, "3456789"));
    assert_int_equal(fwl_overlay_reserve(&o, &to, FWL_SPACE_LOG, fwl_span_text("t"), 100), FWL_OK);
    assert_true(fwl_span_is(value, "3456789"));
    memset(to, 'x', 100);
    assert_int_equal(fwl_kv_get(&kv, &value, FWL_SPACE_LOG, fwl_span_text("t")), FWL_OK);
    assert_int_equal(value.size, 100);
}

static void
test_space_name__every_space(void **state)
{
    (void)state;
    for (unsigned s = FWL_SPACE_FIRST; s <= FWL_SPACE_LAST; s++) {
        assert_non_null(fwl_space_name((enum fwl_space)s));
    }
    assert_string_equal(fwl_space_name(FWL_SPACE_SMT), "smt");
    assert_null(fwl_space_name((enum fwl_space)0));
    assert_null(fwl_space_name((enum fwl_space)(FWL_SPACE_LAST + 1)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlay__pile_equals_flat_map),
        cmocka_unit_test(test_overlay_next__all_writes_in_order),
        cmocka_unit_test(test_overlay__balanced_for_ordered_keys),
        cmocka_unit_test(test_overlay__full_arena_is_final),

        cmocka_unit_test(test_overlay__views_of_itself),
        cmocka_unit_test(test_space_name__every_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
