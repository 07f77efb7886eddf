/*
 * Any bytes against a fixed tree: whatever the verifier accepts is, byte for byte, the proof that the tree itself
 * makes. First byte: which key (0..31, of which 0..19 are in the tree); the rest: the proof.
 */
#include "ledger/merkle/build/smt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    KEYS = 32,
    PRESENT = 20,
};

static uint8_t arena[1 << 18];
static uint8_t honest[KEYS][FWL_PROOF_MAX];
static size_t honest_size[KEYS];
static struct fwl_hash32 key_hash[KEYS];
static struct fwl_hash32 root;

static void
build(void)
{
    struct fwl_smt_change changes[PRESENT];
    struct fwl_overlay o;
    struct fwl_kv kv;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    kv = fwl_overlay_kv(&o);
    for (unsigned i = 0; i < KEYS; i++) {
        const uint8_t byte = (uint8_t)i;

        fwl_tree_key_hash(&key_hash[i], 9, fwl_span(&byte, 1));
        if (i < PRESENT) {
            changes[i] = (struct fwl_smt_change){.key_hash = key_hash[i]};
            fwl_tree_value_hash(&changes[i].value_hash, fwl_span(&byte, 1));
        }
    }
    FWL_ASSERT(fwl_smt_update(&o, &root, changes, PRESENT) == FWL_OK);
    for (size_t i = 0; i < KEYS; i++) {
        struct fwl_hash32 shown;

        FWL_ASSERT(fwl_smt_prove(&kv, honest[i], &honest_size[i], &shown, &key_hash[i]) == FWL_OK);
        FWL_ASSERT(fwl_hash32_equal(&shown, &root));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_proven out;
    struct fwl_span proof;
    size_t proof_size;
    size_t key;

    if (size == 0) {
        return 0;
    }
    if (honest_size[0] == 0) {
        build();
    }
    key = data[0] % KEYS;
    proof = fwl_span(data + 1, size - 1);
    if (fwl_proof_verify_hash(&out, &root, &key_hash[key], proof) == FWL_OK) {
        FWL_ASSERT(fwl_span_equal(proof, fwl_span(honest[key], honest_size[key])));
        FWL_ASSERT(out.present == (key < PRESENT));
        FWL_ASSERT(fwl_proof_size(&proof_size, proof) == FWL_OK && proof_size == proof.size);
    } else {
        FWL_ASSERT(!out.present && fwl_hash32_is_zero(&out.value_hash));
    }
    if (fwl_proof_size(&proof_size, proof) == FWL_OK) {
        FWL_ASSERT(proof_size <= proof.size);
    }
    return 0;
}
