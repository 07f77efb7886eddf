#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/merkle/build/smt.h"
#include "tests/unit/merkle/vectors.h"

enum {
    ARENA_BYTES = 8 << 20,
    KEYS_MAX = 512,
    TABLE = 9,
};

/* ---- fixture: a tree in an overlay, and its naive counterpart ---- */

struct tree {
    struct fwl_overlay o;
    struct fwl_kv kv;
    uint8_t *arena;
};

static void
tree_init(struct tree *t)
{
    t->arena = malloc(ARENA_BYTES);
    assert_non_null(t->arena);
    fwl_overlay_init(&t->o, NULL, t->arena, ARENA_BYTES);
    t->kv = fwl_overlay_kv(&t->o);
}

static void
tree_deinit(struct tree *t)
{
    free(t->arena);
}

static uint64_t seed;

static uint32_t
rnd(uint32_t below)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % below;
}

/* Sorted leaves; the rule of the root taken literally. */
static struct fwl_hash32
naive_root(const struct fwl_smt_change *leaves, size_t count, unsigned depth)
{
    struct fwl_hash32 out = {.b = {0}};
    struct fwl_hash32 left;
    struct fwl_hash32 right;
    size_t split = 0;

    if (count == 1) {
        fwl_tree_leaf(&out, &leaves[0].key_hash, &leaves[0].value_hash);
    }
    if (count <= 1) {
        return out;
    }
    while (split < count && fwl_tree_bit(&leaves[split].key_hash, depth) == 0) {
        split++;
    }
    left = naive_root(leaves, split, depth + 1);
    right = naive_root(leaves + split, count - split, depth + 1);
    fwl_tree_inner(&out, &left, &right);
    return out;
}

struct flat {
    struct fwl_smt_change leaf[KEYS_MAX];
    size_t count;
};

static void
flat_apply(struct flat *f, const struct fwl_smt_change *c)
{
    size_t i = 0;

    while (i < f->count && memcmp(f->leaf[i].key_hash.b, c->key_hash.b, 32) < 0) {
        i++;
    }
    if (i < f->count && fwl_hash32_equal(&f->leaf[i].key_hash, &c->key_hash)) {
        memmove(&f->leaf[i], &f->leaf[i + 1], (f->count - i - 1) * sizeof(f->leaf[0]));
        f->count--;
    }
    if (!c->removed) {
        assert_true(f->count < KEYS_MAX);
        memmove(&f->leaf[i + 1], &f->leaf[i], (f->count - i) * sizeof(f->leaf[0]));
        f->leaf[i] = *c;
        f->count++;
    }
}

/* Few distinct keys, some sharing long beginnings, so that records appear and vanish at depth. */
static struct fwl_smt_change
random_change(void)
{
    struct fwl_smt_change c = {.removed = rnd(3) == 0};
    uint32_t id = rnd(200);
    uint8_t name[4];

    fwl_store_be32(name, id / 4);
    fwl_tree_key_hash(&c.key_hash, TABLE, fwl_span(name, 4));
    if (id % 4 != 0) { /* three relatives, equal in all bits but a late one */
        unsigned bit = id % 4 == 1 ? 255 : id % 4 == 2 ? 129 : 30;

        c.key_hash.b[bit / 8] ^= (uint8_t)(0x80U >> bit % 8);
    }
    fwl_store_be32(name, rnd(1000));
    fwl_tree_value_hash(&c.value_hash, fwl_span(name, 4));
    return c;
}

static void
assert_same_records(const struct fwl_kv *a, const struct fwl_kv *b)
{
    struct fwl_kv_entry x;
    struct fwl_kv_entry y;
    enum fwl_err ex = fwl_kv_seek(a, &x, FWL_SPACE_SMT, fwl_span(NULL, 0));
    enum fwl_err ey = fwl_kv_seek(b, &y, FWL_SPACE_SMT, fwl_span(NULL, 0));

    while (ex == FWL_OK && ey == FWL_OK) {
        assert_true(fwl_span_equal(x.key, y.key) && fwl_span_equal(x.value, y.value));
        ex = fwl_kv_next(a, &x, FWL_SPACE_SMT, x.key);
        ey = fwl_kv_next(b, &y, FWL_SPACE_SMT, y.key);
    }
    assert_int_equal(ex, FWL_ERR_ABSENT);
    assert_int_equal(ey, FWL_ERR_ABSENT);
}

static struct fwl_hash32
update(struct tree *t, struct fwl_smt_change *changes, size_t count)
{
    struct fwl_hash32 root;
    struct fwl_hash32 stored;

    assert_int_equal(fwl_smt_update(&t->o, &root, changes, count), FWL_OK);
    assert_int_equal(fwl_smt_root(&t->kv, &stored), FWL_OK);
    assert_true(fwl_hash32_equal(&root, &stored));
    return root;
}

static void
assert_proof(struct tree *t, const struct fwl_hash32 *root, const struct fwl_hash32 *key,
             const struct fwl_hash32 *value)
{
    static uint8_t proof[FWL_PROOF_MAX];
    struct fwl_hash32 shown;
    struct fwl_proven out;
    size_t size;

    assert_int_equal(fwl_smt_prove(&t->kv, proof, &size, &shown, key), FWL_OK);
    assert_true(fwl_hash32_equal(&shown, root));
    assert_int_equal(fwl_proof_verify_hash(&out, root, key, fwl_span(proof, size)), FWL_OK);
    assert_int_equal(out.present, value != NULL);
    if (value != NULL) {
        assert_true(fwl_hash32_equal(&out.value_hash, value));
    }
}

/* ---- cases ---- */

/* Batches, the same one by one, and a fresh tree of the survivors: equal roots and records; proofs of all kinds. */
static void
test_smt_update__history_does_not_matter(void **state)
{
    static struct flat flat;
    static struct flat fresh_leaves;

    (void)state;
    for (uint64_t run = 1; run <= 12; run++) {
        struct tree batch;
        struct tree single;
        struct tree fresh;
        struct fwl_hash32 root;
        struct fwl_hash32 want;

        seed = run;
        flat.count = 0;
        tree_init(&batch);
        tree_init(&single);
        tree_init(&fresh);
        for (size_t round = 0; round < 12; round++) {
            struct fwl_smt_change changes[60];
            size_t count = 0;
            size_t tries = rnd(60);

            for (size_t i = 0; i < tries; i++) {
                struct fwl_smt_change c = random_change();
                size_t j = 0;

                while (j < count && !fwl_hash32_equal(&changes[j].key_hash, &c.key_hash)) {
                    j++;
                }
                if (fwl_hash32_equal(&c.key_hash, &(struct fwl_hash32){.b = {0}})) {
                    continue;
                }
                if (j == count) {
                    changes[count++] = c;
                    flat_apply(&flat, &c);
                }
            }
            want = naive_root(flat.leaf, flat.count, 0);
            for (size_t i = 0; i < count; i++) {
                (void)update(&single, &changes[i], 1);
            }
            root = update(&batch, changes, count);
            assert_true(fwl_hash32_equal(&root, &want));
            assert_same_records(&batch.kv, &single.kv);
        }
        fresh_leaves = flat;
        for (size_t i = flat.count; i-- > 1;) { /* in another order */
            size_t j = rnd((uint32_t)(i + 1));
            struct fwl_smt_change c = fresh_leaves.leaf[i];

            fresh_leaves.leaf[i] = fresh_leaves.leaf[j];
            fresh_leaves.leaf[j] = c;
        }
        root = update(&fresh, fresh_leaves.leaf, fresh_leaves.count);
        assert_true(fwl_hash32_equal(&root, &want));
        assert_same_records(&batch.kv, &fresh.kv);
        for (size_t i = 0; i < flat.count; i++) {
            const struct fwl_smt_change *c = &flat.leaf[i];
            bool twin = (i > 0 && memcmp(c->key_hash.b, flat.leaf[i - 1].key_hash.b, 31) == 0) ||
                        (i + 1 < flat.count && memcmp(c->key_hash.b, flat.leaf[i + 1].key_hash.b, 31) == 0);

            if (!twin) { /* keys equal in 255 bits have no proof */
                assert_proof(&batch, &root, &c->key_hash, &c->value_hash);
            }
        }
        for (size_t i = 0; i < 100; i++) {
            struct fwl_hash32 key;
            uint8_t name[5] = {1};

            fwl_store_be32(name + 1, (uint32_t)i);
            fwl_tree_key_hash(&key, TABLE, fwl_span(name, 5));
            assert_proof(&batch, &root, &key, NULL);
        }
        tree_deinit(&batch);
        tree_deinit(&single);
        tree_deinit(&fresh);
    }
}

/* Leaves come out of iteration in order, all of them; from every place in between too. */
static void
test_smt_next__all_leaves_in_order(void **state)
{
    static struct flat flat;
    struct tree t;
    struct fwl_hash32 from = {.b = {0}};
    struct fwl_smt_change leaf;
    size_t i = 0;

    (void)state;
    seed = 7;
    flat.count = 0;
    tree_init(&t);
    assert_int_equal(fwl_smt_next(&t.kv, &leaf, &from), FWL_ERR_ABSENT);
    for (size_t n = 0; n < 300; n++) {
        struct fwl_smt_change c = random_change();

        flat_apply(&flat, &c);
        (void)update(&t, &c, 1);
    }
    while (fwl_smt_next(&t.kv, &leaf, &from) == FWL_OK) {
        size_t byte = 32;

        assert_true(i < flat.count);
        assert_true(fwl_hash32_equal(&leaf.key_hash, &flat.leaf[i].key_hash));
        assert_true(fwl_hash32_equal(&leaf.value_hash, &flat.leaf[i].value_hash));
        i++;
        from = leaf.key_hash;
        while (byte-- > 0 && ++from.b[byte] == 0) {
        }
    }
    assert_int_equal(i, flat.count);
    for (size_t n = 0; n < 500; n++) {
        struct fwl_smt_change c = random_change();
        size_t j = 0;

        while (j < flat.count && memcmp(flat.leaf[j].key_hash.b, c.key_hash.b, 32) < 0) {
            j++;
        }
        assert_int_equal(fwl_smt_next(&t.kv, &leaf, &c.key_hash), j < flat.count ? FWL_OK : FWL_ERR_ABSENT);
        assert_true(j == flat.count || fwl_hash32_equal(&leaf.key_hash, &flat.leaf[j].key_hash));
    }
    tree_deinit(&t);
}

static struct fwl_hash32
insert_names(struct tree *t, size_t count)
{
    struct fwl_smt_change changes[KEYS_MAX];
    char text[32];

    for (size_t i = 0; i < count; i++) {
        changes[i].removed = false;
        (void)snprintf(text, sizeof(text), "key-%zu", i);
        fwl_tree_key_hash(&changes[i].key_hash, TABLE, fwl_span_text(text));
        (void)snprintf(text, sizeof(text), "value-%zu", i);
        fwl_tree_value_hash(&changes[i].value_hash, fwl_span_text(text));
    }
    return update(t, changes, count);
}

/* The trees of the vectors are built once each: lines of one tree stand together. */
struct vectors {
    struct tree t;
    uint64_t keys; /* UINT64_MAX: none */
    struct fwl_hash32 root;
    size_t proofs;
    size_t records;
};

static void
want_tree(struct vectors *v, uint64_t keys)
{
    if (v->keys != keys) {
        fwl_overlay_reset(&v->t.o);
        v->root = insert_names(&v->t, keys);
        v->keys = keys;
    }
}

static void
parts_line(struct vectors *v, const json_t *line)
{
    static struct fwl_tree_part parts[256];
    struct fwl_tree_part whole;
    struct fwl_hash32 root = vectors_hash(line, "root");
    const json_t *chunk;
    size_t i;

    want_tree(v, vectors_int(line, "parts"));
    for (unsigned c = 0; c < 256; c++) {
        struct fwl_hash32 prefix = {.b = {(uint8_t)c}};

        assert_int_equal(fwl_smt_part(&v->t.kv, &parts[c], &prefix, 2), FWL_OK);
    }
    json_array_foreach(json_object_get(line, "chunks"), i, chunk)
    {
        json_t *hash = json_pack("{sO}", "h", json_array_get(chunk, 2));
        struct fwl_hash32 want = vectors_hash(hash, "h");
        size_t at = (size_t)json_integer_value(json_array_get(chunk, 0));

        json_decref(hash);
        assert_int_equal(parts[at].count, json_integer_value(json_array_get(chunk, 1)));
        assert_true(fwl_hash32_equal(&parts[at].hash, &want));
    }
    assert_int_equal(fwl_tree_fold(&whole, parts, 256), FWL_OK);
    assert_true(fwl_hash32_equal(&whole.hash, &root));
}

static void
each_line(const json_t *line, void *cookie)
{
    static uint8_t want[FWL_PROOF_MAX];
    static uint8_t proof[FWL_PROOF_MAX];
    struct vectors *v = cookie;
    uint8_t key_bytes[64];
    struct fwl_hash32 key;
    struct fwl_hash32 root;
    struct fwl_span value;
    size_t size;

    if (json_object_get(line, "parts") != NULL) {
        parts_line(v, line);
    } else if (json_object_get(line, "records") != NULL) {
        want_tree(v, vectors_int(line, "records"));
        assert_int_equal(fwl_kv_get(&v->t.kv, &value, FWL_SPACE_SMT, vectors_hex(line, "record", key_bytes, 64)),
                         FWL_OK);
        assert_true(fwl_span_equal(value, vectors_hex(line, "value", want, sizeof(want))));
        v->records++;
    } else if (json_object_get(line, "root") != NULL) {
        want_tree(v, vectors_int(line, "tree"));
        root = vectors_hash(line, "root");
        assert_true(fwl_hash32_equal(&v->root, &root));
    } else if (json_object_get(line, "kind") != NULL) {
        want_tree(v, vectors_int(line, "tree"));
        fwl_tree_key_hash(&key, TABLE, vectors_hex(line, "key", key_bytes, 64));
        assert_int_equal(fwl_smt_prove(&v->t.kv, proof, &size, &root, &key), FWL_OK);
        assert_true(fwl_span_equal(fwl_span(proof, size), vectors_hex(line, "proof", want, sizeof(want))));
        v->proofs++;
    }
}

static void
test_smt__vectors(void **state)
{
    struct vectors v = {.keys = UINT64_MAX};

    (void)state;
    tree_init(&v.t);
    assert_true(vectors_each("state-tree/state-tree.jsonl", each_line, &v) > 1000);
    assert_true(v.proofs > 400);
    assert_true(v.records > 20);
    tree_deinit(&v.t);
}

static void
test_smt_update__refuses_duplicates(void **state)
{
    struct tree t;
    struct fwl_smt_change changes[3];
    struct fwl_hash32 root;

    (void)state;
    tree_init(&t);
    seed = 3;
    changes[0] = random_change();
    changes[1] = changes[0];
    changes[1].key_hash.b[0] ^= 1;
    changes[2] = changes[0];
    assert_int_equal(fwl_smt_update(&t.o, &root, changes, 3), FWL_ERR_DUPLICATE);
    assert_int_equal(t.o.count, 0);
    tree_deinit(&t);
}

/* Two keys that differ in the last bit only have no proof, but one and a tree with one of them do. */
static void
test_smt_prove__255_equal_bits(void **state)
{
    static uint8_t proof[FWL_PROOF_MAX];
    struct tree t;
    struct fwl_smt_change changes[2] = {{.removed = false}, {.removed = false}};
    struct fwl_hash32 root;
    struct fwl_hash32 want;
    size_t size;

    (void)state;
    tree_init(&t);
    changes[1].key_hash.b[31] = 1;
    root = update(&t, changes, 2);
    want = naive_root(changes, 2, 0);
    assert_true(fwl_hash32_equal(&root, &want));
    assert_int_equal(fwl_smt_prove(&t.kv, proof, &size, &root, &changes[0].key_hash), FWL_ERR_LIMIT);
    assert_int_equal(size, 0);
    changes[1].key_hash.b[31] = 2;
    fwl_overlay_reset(&t.o);
    root = update(&t, changes, 2); /* bit 254 differs: the longest proof there is */
    assert_proof(&t, &root, &changes[0].key_hash, &changes[0].value_hash);
    assert_proof(&t, &root, &changes[1].key_hash, &changes[1].value_hash);
    tree_deinit(&t);
}

/* Every bit of every record flipped: proofs and updates say so or stay right; nothing crashes. */
static void
test_smt__damaged_records(void **state)
{
    static uint8_t proof[FWL_PROOF_MAX];
    static uint8_t arena[1 << 20];
    struct tree t;
    struct fwl_kv_entry e;
    struct fwl_hash32 good;
    struct fwl_hash32 root;
    size_t wrong = 0;
    enum fwl_err err;

    (void)state;
    tree_init(&t);
    good = insert_names(&t, 20);
    err = fwl_kv_seek(&t.kv, &e, FWL_SPACE_SMT, fwl_span(NULL, 0));
    for (; err == FWL_OK; err = fwl_kv_next(&t.kv, &e, FWL_SPACE_SMT, e.key)) {
        for (size_t bit = 0; bit < 8 * e.value.size; bit++) {
            struct fwl_overlay o;
            struct fwl_kv kv;
            uint8_t *value;
            struct fwl_hash32 key = {.b = {0}};
            struct fwl_proven out;
            size_t size;

            fwl_overlay_init(&o, &t.kv, arena, sizeof(arena));
            kv = fwl_overlay_kv(&o);
            assert_int_equal(fwl_overlay_reserve(&o, &value, FWL_SPACE_SMT, e.key, e.value.size), FWL_OK);
            memcpy(value, e.value.p, e.value.size);
            value[bit / 8] ^= (uint8_t)(1U << bit % 8);
            memcpy(key.b, e.key.p + 1, e.key.size - 1); /* a key that leads through the damaged record */
            err = fwl_smt_prove(&kv, proof, &size, &root, &key);
            if (err == FWL_OK) { /* only the root record can be wrong without notice: then the root is another */
                assert_int_equal(e.key.p[0], 0);
                assert_false(fwl_hash32_equal(&root, &good));
                assert_int_not_equal(fwl_proof_verify_hash(&out, &good, &key, fwl_span(proof, size)), FWL_OK);
                wrong++;
            } else {
                assert_int_equal(err, FWL_ERR_CORRUPT);
            }
        }
        err = FWL_OK;
    }
    assert_int_equal(err, FWL_ERR_ABSENT);
    assert_true(wrong > 0);
    tree_deinit(&t);
}

/* Every arena from nothing on: SPACE or the right root. */
static void
test_smt_update__space(void **state)
{
    size_t bytes = 0;
    struct fwl_smt_change c[2] = {{.removed = false}, {.removed = false}};
    struct fwl_hash32 want;
    enum fwl_err err = FWL_ERR_SPACE;

    (void)state;
    c[1].key_hash.b[2] = 1;
    want = naive_root(c, 2, 0);
    for (; err == FWL_ERR_SPACE; bytes += 8) {
        uint8_t *arena = malloc(bytes + 1);
        struct fwl_overlay o;
        struct fwl_hash32 root;

        assert_non_null(arena);
        assert_true(bytes < 100000);
        fwl_overlay_init(&o, NULL, arena, bytes);
        err = fwl_smt_update(&o, &root, c, 2);
        assert_true(err == FWL_OK ? fwl_hash32_equal(&root, &want) : fwl_hash32_is_zero(&root));
        free(arena);
    }
    assert_int_equal(err, FWL_OK);
    assert_true(bytes > 500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smt__vectors),
        cmocka_unit_test(test_smt_update__history_does_not_matter),
        cmocka_unit_test(test_smt_next__all_leaves_in_order),
        cmocka_unit_test(test_smt_update__refuses_duplicates),
        cmocka_unit_test(test_smt_prove__255_equal_bits),
        cmocka_unit_test(test_smt__damaged_records),
        cmocka_unit_test(test_smt_update__space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
