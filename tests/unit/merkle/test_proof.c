#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limits.h"
#include "ledger/merkle/proof.h"
#include "tests/unit/merkle/vectors.h"

enum {
    TABLE = 9,
};

struct run {
    struct fwl_hash32 root[301]; /* by number of keys */
    size_t good;
    size_t bad;
    size_t flips;
};

/* Nothing but the honest bytes says anything: every bit flipped, every beginning, one byte more. */
static void
mutate(struct run *run, const struct fwl_hash32 *root, struct fwl_span key, struct fwl_span proof)
{
    static uint8_t copy[FWL_PROOF_MAX + 1];
    struct fwl_proven out;

    memcpy(copy, proof.p, proof.size);
    copy[proof.size] = 0;
    assert_int_equal(fwl_proof_verify(&out, root, TABLE, key, fwl_span(copy, proof.size + 1)), FWL_ERR_TRAILING);
    for (size_t size = 0; size < proof.size; size++) {
        assert_int_not_equal(fwl_proof_verify(&out, root, TABLE, key, fwl_span(copy, size)), FWL_OK);
        assert_false(out.present);
    }
    for (size_t bit = 0; bit < 8 * proof.size; bit++) {
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1U << bit % 8);
        assert_int_not_equal(fwl_proof_verify(&out, root, TABLE, key, fwl_span(copy, proof.size)), FWL_OK);
        assert_false(out.present);
        assert_true(fwl_hash32_is_zero(&out.value_hash));
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1U << bit % 8);
        run->flips++;
    }
}

static void
check_good(struct run *run, uint64_t n, const json_t *line, struct fwl_span key, struct fwl_span proof)
{
    struct fwl_hash32 other_root = run->root[n];
    struct fwl_proven out;
    size_t size = 0;

    assert_int_equal(fwl_proof_verify(&out, &run->root[n], TABLE, key, proof), FWL_OK);
    assert_int_equal(out.present, vectors_int(line, "kind") == FWL_PROOF_PRESENT);
    if (out.present) {
        uint8_t value[64] = "value-";
        struct fwl_span v;

        memcpy(value + 6, key.p + 4, key.size - 4);
        v = fwl_span(value, key.size + 2);
        assert_int_equal(fwl_tree_value_check(&out.value_hash, v, v.size), FWL_OK);
        assert_int_equal(fwl_tree_value_check(&out.value_hash, v, v.size - 1), FWL_ERR_LIMIT);
        value[0] ^= 1;
        assert_int_equal(fwl_tree_value_check(&out.value_hash, v, v.size), FWL_ERR_HASH);
    }
    assert_int_equal(fwl_proof_size(&size, proof), FWL_OK);
    assert_int_equal(size, proof.size);
    other_root.b[31] ^= 1;
    assert_int_equal(fwl_proof_verify(&out, &other_root, TABLE, key, proof), FWL_ERR_PROOF);
    if (proof.size > 2) { /* the empty tree proves every key absent */
        assert_true(fwl_proof_verify(&out, &run->root[n], TABLE + 1, key, proof) != FWL_OK || !out.present);
    }
    if (n <= 11) {
        mutate(run, &run->root[n], key, proof);
    }
    run->good++;
}

static void
each_line(const json_t *line, void *cookie)
{
    static uint8_t bytes[FWL_PROOF_MAX + 64];
    struct run *run = cookie;
    uint8_t key_bytes[64];
    struct fwl_proven out;
    struct fwl_span key;
    struct fwl_span proof;
    uint64_t n;

    if (json_object_get(line, "tree") == NULL) {
        return;
    }
    n = vectors_int(line, "tree");
    assert_true(n < FWL_COUNT(run->root));
    if (json_object_get(line, "root") != NULL) {
        run->root[n] = vectors_hash(line, "root");
        return;
    }
    key = vectors_hex(line, "key", key_bytes, sizeof(key_bytes));
    proof = vectors_hex(line, "proof", bytes, sizeof(bytes));
    if (json_object_get(line, "bad") == NULL) {
        check_good(run, n, line, key, proof);
        return;
    }
    assert_int_not_equal(fwl_proof_verify(&out, &run->root[n], TABLE, key, proof), FWL_OK);
    assert_false(out.present);
    run->bad++;
}

static void
test_proof_verify__vectors(void **state)
{
    static struct run run;

    (void)state;
    assert_true(vectors_each("state-tree/state-tree.jsonl", each_line, &run) > 1000);
    assert_true(run.good > 400 && run.bad > 1000 && run.flips > 100000);
}

/* The codes of malformed proofs; the key is absent from the empty tree. */
static void
test_proof_verify__codes(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[40];
        size_t size;
        enum fwl_err err;
    } cases[] = {
        {"empty tree", {2, 0}, 2, FWL_OK},
        {"no bytes", {0}, 0, FWL_ERR_TRUNCATED},
        {"no depth", {2}, 1, FWL_ERR_TRUNCATED},
        {"kind 0", {0, 0}, 2, FWL_ERR_UNKNOWN},
        {"kind 4", {4, 0}, 2, FWL_ERR_UNKNOWN},
        {"present without a value", {1, 0}, 2, FWL_ERR_TRUNCATED},
        {"no bitmap", {2, 1}, 2, FWL_ERR_TRUNCATED},
        {"deepest sibling empty", {2, 1, 0x00}, 3, FWL_ERR_FORM},
        {"padding", {2, 1, 0xc0}, 3, FWL_ERR_FORM},
        {"sibling missing", {2, 1, 0x80}, 3, FWL_ERR_TRUNCATED},
        {"zero sibling", {2, 1, 0x80}, 35, FWL_ERR_FORM},
        {"trailing", {2, 0, 0}, 3, FWL_ERR_TRAILING},
        {"another root", {2, 1, 0x80, 1}, 35, FWL_ERR_PROOF},
    };
    struct fwl_hash32 root = {.b = {0}};
    struct fwl_proven out;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        enum fwl_err err =
            fwl_proof_verify(&out, &root, TABLE, fwl_span_text("key"), fwl_span(cases[i].bytes, cases[i].size));

        if (err != cases[i].err) {
            fail_msg("%s: %s", cases[i].name, fwl_err_name(err));
        }
    }
}

/* A path of 255 siblings is the longest; its proof has FWL_PROOF_MAX bytes, is verified, and one flipped bit of each
 * sibling is refused. */
static void
test_proof_verify__longest(void **state)
{
    static uint8_t proof[FWL_PROOF_MAX];
    struct fwl_hash32 key = {.b = {0}};
    struct fwl_hash32 value = {.b = {7}};
    struct fwl_hash32 other = {.b = {0}};
    struct fwl_hash32 acc;
    struct fwl_proven out;
    struct fwl_span all = fwl_span(proof, sizeof(proof));
    size_t size;

    (void)state;
    other.b[31] = 1; /* bit 255 alone differs */
    proof[0] = FWL_PROOF_ABSENT_OTHER;
    proof[1] = 255;
    memcpy(proof + 2, other.b, 32);
    memcpy(proof + 34, value.b, 32);
    memset(proof + 66, 0xff, 31);
    proof[97] = 0xfe;
    fwl_tree_leaf(&acc, &other, &value);
    for (size_t i = 0; i < 255; i++) {
        struct fwl_hash32 sibling = {.b = {(uint8_t)(i + 1)}};

        memcpy(proof + 98 + 32 * i, sibling.b, 32);
        fwl_tree_inner(&acc, &acc, &sibling);
    }
    assert_int_equal(fwl_proof_verify_hash(&out, &acc, &key, all), FWL_OK);
    assert_false(out.present);
    assert_int_equal(fwl_proof_size(&size, all), FWL_OK);
    assert_int_equal(size, FWL_PROOF_MAX);
    for (size_t i = 0; i < 255; i++) {
        proof[98 + 32 * i + 5] ^= 1;
        assert_int_equal(fwl_proof_verify_hash(&out, &acc, &key, all), FWL_ERR_PROOF);
        proof[98 + 32 * i + 5] ^= 1;
    }
    assert_int_equal(fwl_proof_verify_hash(&out, &acc, &other, all), FWL_ERR_PROOF); /* it names the key itself */
}

static void
test_tree_fold__refuses_impossible_parts(void **state)
{
    struct fwl_tree_part out;
    struct fwl_tree_part parts[2] = {{.count = 0}, {.count = 0}};

    (void)state;
    assert_int_equal(fwl_tree_fold(&out, parts, 2), FWL_OK);
    assert_int_equal(out.count, 0);
    parts[1].count = 1; /* one leaf whose hash is zero */
    assert_int_equal(fwl_tree_fold(&out, parts, 2), FWL_ERR_VALUE);
    parts[1].hash.b[0] = 1;
    parts[1].count = 3;
    assert_int_equal(fwl_tree_fold(&out, parts, 2), FWL_ERR_VALUE);
    parts[1].count = 0; /* empty with a hash */
    assert_int_equal(fwl_tree_fold(&out, parts, 2), FWL_ERR_VALUE);
    parts[1].count = 1;
    assert_int_equal(fwl_tree_fold(&out, parts, 2), FWL_OK);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.hash.b[0], 1); /* the one leaf moves up without hashing */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_verify__vectors),
        cmocka_unit_test(test_proof_verify__codes),
        cmocka_unit_test(test_proof_verify__longest),
        cmocka_unit_test(test_tree_fold__refuses_impossible_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
