#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "ledger/merkle/rfc6962.h"
#include "tests/unit/merkle/vectors.h"

enum {
    LEAVES = 64,
    PATH_MAX_HASHES = 64,
};

/* Bytes of a base64 text; -1 when it is no base64. */
static int
base64(uint8_t *out, const char *text)
{
    size_t size = strlen(text);
    int n;

    assert_true(size % 4 == 0 && size <= 4096);
    n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)size);
    while (n > 0 && size > 0 && text[size - 1] == '=') {
        n--;
        size--;
    }
    return n;
}

/* A hash of a probe, short ones filled with zeros (a good probe has roots of 12 bytes); false when it is empty or too
 * long. */
static bool
probe_hash(struct fwl_hash32 *out, const json_t *text)
{
    uint8_t bytes[4096] = {0};
    int n = json_is_string(text) ? base64(bytes, json_string_value(text)) : 0;

    memcpy(out->b, bytes, sizeof(out->b));
    return n > 0 && n <= (int)sizeof(out->b);
}

static bool
probe_path(struct fwl_hash32 path[PATH_MAX_HASHES], size_t *count, const json_t *line)
{
    const json_t *proof = json_object_get(line, "proof");
    bool sizes = true;

    *count = json_array_size(proof);
    assert_true(*count <= PATH_MAX_HASHES);
    for (size_t i = 0; i < *count; i++) {
        sizes = probe_hash(&path[i], json_array_get(proof, i)) && sizes;
    }
    return sizes;
}

static void
assert_probe(const json_t *line, bool accepted, size_t *good)
{
    if (accepted == json_is_true(json_object_get(line, "wantErr"))) {
        fail_msg("%s", json_string_value(json_object_get(line, "file")));
    }
    *good += accepted;
}

static void
inclusion_probe(const json_t *line, void *good)
{
    struct fwl_hash32 path[PATH_MAX_HASHES];
    struct fwl_hash32 root;
    struct fwl_hash32 leaf;
    size_t count;
    bool sizes = probe_path(path, &count, line);

    sizes = probe_hash(&root, json_object_get(line, "root")) && sizes;
    sizes = probe_hash(&leaf, json_object_get(line, "leafHash")) && sizes;
    assert_probe(line,
                 sizes && fwl_rfc6962_inclusion(&root, vectors_int(line, "treeSize"), vectors_int(line, "leafIdx"),
                                                &leaf, path, count) == FWL_OK,
                 good);
}

static void
consistency_probe(const json_t *line, void *good)
{
    struct fwl_hash32 path[PATH_MAX_HASHES];
    struct fwl_hash32 old_root;
    struct fwl_hash32 new_root;
    size_t count;
    bool sizes = probe_path(path, &count, line);

    sizes = probe_hash(&old_root, json_object_get(line, "root1")) && sizes;
    sizes = probe_hash(&new_root, json_object_get(line, "root2")) && sizes;
    assert_probe(line,
                 sizes && fwl_rfc6962_consistency(vectors_int(line, "size1"), &old_root, vectors_int(line, "size2"),
                                                  &new_root, path, count) == FWL_OK,
                 good);
}

static void
test_rfc6962__foreign_probes(void **state)
{
    size_t good = 0;

    (void)state;
    assert_int_equal(vectors_each("rfc6962-merkle/inclusion.jsonl", inclusion_probe, &good), 98);
    assert_int_equal(good, 6);
    assert_int_equal(vectors_each("rfc6962-merkle/consistency.jsonl", consistency_probe, &good), 98);
    assert_int_equal(good, 12);
}

static struct fwl_hash32
hex_hash(const json_t *text)
{
    json_t *object = json_pack("{sO}", "h", text);
    struct fwl_hash32 hash = vectors_hash(object, "h");

    json_decref(object);
    return hash;
}

static size_t
hex_path(struct fwl_hash32 path[PATH_MAX_HASHES], const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        path[i] = hex_hash(json_array_get(array, i));
    }
    return json_array_size(array);
}

static void
test_rfc6962__known_answers(void **state)
{
    json_t *kat = json_load_file(FWL_TEST_DATA "/vectors/rfc6962-merkle/kat-8-leaves.json", 0, NULL);
    const json_t *inputs = json_object_get(kat, "leaf_inputs_hex");
    const json_t *roots = json_object_get(kat, "root_by_size_hex");
    struct fwl_hash32 leaf[8];
    struct fwl_hash32 root[9];
    struct fwl_hash32 path[PATH_MAX_HASHES];
    struct fwl_frontier f = {.size = 0};
    const json_t *item;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(roots), 9);
    for (i = 0; i <= 8; i++) {
        struct fwl_hash32 want = hex_hash(json_array_get(roots, i));

        fwl_frontier_root(&f, &root[i]);
        assert_true(fwl_hash32_equal(&root[i], &want));
        if (i < 8) {
            uint8_t data[32];
            json_t *object = json_pack("{sO}", "d", json_array_get(inputs, i));

            fwl_rfc6962_leaf(&leaf[i], vectors_hex(object, "d", data, sizeof(data)));
            json_decref(object);
            assert_int_equal(fwl_frontier_append(&f, &leaf[i]), FWL_OK);
        }
    }
    json_array_foreach(json_object_get(kat, "inclusion_paths"), i, item)
    {
        if (json_is_integer(json_object_get(item, "leaf_index"))) {
            uint64_t size = vectors_int(item, "tree_size");
            uint64_t index = vectors_int(item, "leaf_index");
            size_t count = hex_path(path, json_object_get(item, "path"));

            assert_int_equal(fwl_rfc6962_inclusion(&root[size], size, index, &leaf[index], path, count), FWL_OK);
        }
    }
    json_array_foreach(json_object_get(kat, "consistency_proofs"), i, item)
    {
        uint64_t a = vectors_int(item, "size1");
        uint64_t b = vectors_int(item, "size2");
        size_t count = hex_path(path, json_object_get(item, "proof"));

        assert_int_equal(fwl_rfc6962_consistency(a, &root[a], b, &root[b], path, count), FWL_OK);
    }
    json_decref(kat);
}

/* ---- all trees up to 64 leaves, against the recursive definition of RFC 6962 2.1 ---- */

static struct fwl_hash32 leaves[LEAVES];

static struct fwl_hash32
mth(size_t from, size_t to)
{
    struct fwl_hash32 out;
    struct fwl_hash32 left;
    struct fwl_hash32 right;
    size_t k = 1;

    if (to == from) {
        fwl_rfc6962_empty(&out);
        return out;
    }
    if (to - from == 1) {
        return leaves[from];
    }
    while (2 * k < to - from) {
        k *= 2;
    }
    left = mth(from, from + k);
    right = mth(from + k, to);
    fwl_rfc6962_node(&out, &left, &right);
    return out;
}

static size_t
path_of(struct fwl_hash32 *path, size_t m, size_t from, size_t to)
{
    size_t k = 1;
    size_t n;

    if (to - from <= 1) {
        return 0;
    }
    while (2 * k < to - from) {
        k *= 2;
    }
    if (m < k) {
        n = path_of(path, m, from, from + k);
        path[n] = mth(from + k, to);
    } else {
        n = path_of(path, m - k, from + k, to);
        path[n] = mth(from, from + k);
    }
    return n + 1;
}

static size_t
subproof(struct fwl_hash32 *path, size_t m, size_t from, size_t to, bool known)
{
    size_t k = 1;
    size_t n;

    if (m == to - from) {
        if (!known) {
            path[0] = mth(from, to);
        }
        return known ? 0 : 1;
    }
    while (2 * k < to - from) {
        k *= 2;
    }
    if (m <= k) {
        n = subproof(path, m, from, from + k, known);
        path[n] = mth(from + k, to);
    } else {
        n = subproof(path, m - k, from + k, to, false);
        path[n] = mth(from, from + k);
    }
    return n + 1;
}

static void
make_leaves(void)
{
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t data = (uint8_t)i;

        fwl_rfc6962_leaf(&leaves[i], fwl_span(&data, 1));
    }
}

static void
test_rfc6962__all_proofs_of_small_trees(void **state)
{
    struct fwl_frontier f = {.size = 0};

    (void)state;
    make_leaves();
    for (size_t size = 1; size <= LEAVES; size++) {
        struct fwl_hash32 want = mth(0, size);
        struct fwl_hash32 root;
        struct fwl_hash32 path[PATH_MAX_HASHES];
        size_t n;

        assert_int_equal(fwl_frontier_append(&f, &leaves[size - 1]), FWL_OK);
        fwl_frontier_root(&f, &root);
        assert_true(fwl_hash32_equal(&root, &want));
        for (size_t i = 0; i < size; i++) {
            n = path_of(path, i, 0, size);
            assert_int_equal(fwl_rfc6962_inclusion(&root, size, i, &leaves[i], path, n), FWL_OK);
            for (size_t j = 0; j < size; j++) { /* no other position */
                if (j != i) {
                    assert_int_equal(fwl_rfc6962_inclusion(&root, size, j, &leaves[i], path, n), FWL_ERR_PROOF);
                }
            }
            assert_int_equal(fwl_rfc6962_inclusion(&root, size, i, &leaves[i], path, n + 1), FWL_ERR_PROOF);
            if (n > 0) {
                assert_int_equal(fwl_rfc6962_inclusion(&root, size, i, &leaves[i], path, n - 1), FWL_ERR_PROOF);
            }
        }
        for (size_t old = 1; old <= size; old++) {
            struct fwl_hash32 old_root = mth(0, old);

            n = subproof(path, old, 0, size, true);
            assert_int_equal(fwl_rfc6962_consistency(old, &old_root, size, &root, path, n), FWL_OK);
            assert_int_equal(fwl_rfc6962_consistency(old, &old_root, size, &root, path, n + 1), FWL_ERR_PROOF);
            assert_int_equal(fwl_rfc6962_consistency(old - 1, &old_root, size, &root, path, n), FWL_ERR_PROOF);
            for (size_t bit = 0; bit < n * 256; bit += 37) {
                path[bit / 256].b[bit % 256 / 8] ^= (uint8_t)(1U << bit % 8);
                assert_int_equal(fwl_rfc6962_consistency(old, &old_root, size, &root, path, n), FWL_ERR_PROOF);
                path[bit / 256].b[bit % 256 / 8] ^= (uint8_t)(1U << bit % 8);
            }
        }
    }
}

static void
test_frontier_from__round_trip_and_limits(void **state)
{
    struct fwl_frontier f = {.size = 0};
    struct fwl_frontier back;
    struct fwl_hash32 nodes[FWL_FRONTIER_LEVELS];

    (void)state;
    make_leaves();
    for (size_t size = 0; size < LEAVES; size++) {
        struct fwl_hash32 a;
        struct fwl_hash32 b;
        size_t count = fwl_frontier_list(&f, nodes);

        assert_int_equal(fwl_frontier_from(&back, size, nodes, count), FWL_OK);
        fwl_frontier_root(&f, &a);
        fwl_frontier_root(&back, &b);
        assert_true(fwl_hash32_equal(&a, &b));
        assert_int_equal(fwl_frontier_from(&back, size, nodes, count + 1), FWL_ERR_VALUE);
        assert_int_equal(back.size, 0);
        assert_int_equal(fwl_frontier_append(&f, &leaves[size]), FWL_OK);
    }
    memset(nodes, 1, sizeof(nodes));
    assert_int_equal(fwl_frontier_from(&f, ((uint64_t)1 << FWL_FRONTIER_LEVELS) - 1, nodes, FWL_FRONTIER_LEVELS),
                     FWL_OK);
    assert_int_equal(fwl_frontier_append(&f, &leaves[0]), FWL_ERR_LIMIT);
    assert_int_equal(fwl_frontier_from(&f, (uint64_t)1 << FWL_FRONTIER_LEVELS, nodes, 1), FWL_ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc6962__foreign_probes),
        cmocka_unit_test(test_rfc6962__known_answers),
        cmocka_unit_test(test_rfc6962__all_proofs_of_small_trees),
        cmocka_unit_test(test_frontier_from__round_trip_and_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
