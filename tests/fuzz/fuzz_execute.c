/*
 * Random sequences of actions, executed three ways: all in one block, one a block, and by a fresh replay of the first.
 * The same are accepted, the states are equal, a refused one changes nothing, and the tree is that of the entries.
 */
#include <stdio.h>

#include "../unit/state/ledger_help.h"
#include "ledger/merkle/build/smt.h"

enum { STEPS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fwl_err
step(struct help_ledger *l, const uint8_t in[4])
{
    static const char *const id[] = {"acme", "beta", "ops", "governors"};
    static const char *const vendor[] = {"acme", "ACME", "beta", "x"};
    static const char *const class_name[] = {"acme/gw/fw", "beta/gw/fw", "acme/a/b", "x/y/z"};
    const char *who = id[in[1] % 4];
    struct fwl_quotas quotas = {in[3] % 4, in[3] % 3, in[3] % 8, 60};
    struct fwl_action a = {.code = FWL_ACTION_RELEASE_WITHDRAW};
    uint8_t record[1024];
    struct fwl_hash32 old;

    switch (in[0] % 9) {
    case 0: return help_put(l, who, (uint8_t)(in[2] % 3 + 1), quotas);
    case 1: return help_vendor(l, FWL_ACTION_VENDOR_GRANT, vendor[in[2] % 4], who, 0);
    case 2: return help_vendor(l, FWL_ACTION_VENDOR_SUSPEND, vendor[in[2] % 4], who, 0);
    case 3: return help_vendor(l, FWL_ACTION_VENDOR_FLOOR, vendor[in[2] % 4], who, in[3]);
    case 4: return help_vendor(l, FWL_ACTION_VENDOR_TRANSFER, vendor[in[2] % 4], who, 0);
    case 5: return help_class(l, who, class_name[in[2] % 4]);
    case 6:
        fwl_release_id(&old, help_record(record, sizeof(record), who, class_name[in[2] % 4], in[3] / 16));
        return help_publish(l, who, class_name[in[2] % 4], in[3] % 16, NULL, in[3] >= 128 ? &old : NULL);
    case 7:
        fwl_release_id(&a.u.withdraw.id, help_record(record, sizeof(record), who, class_name[in[2] % 4], in[3] % 16));
        a.u.withdraw.reason = fwl_span_text("fuzz");
        return help_do(l, who, a);
    default:
        a.code = FWL_ACTION_FLEET_CREATE;
        a.u.fleet.name = fwl_span_text(in[2] % 2 == 0 ? "ops/a" : "acme/b");
        return help_do(l, who, a);
    }
}

/* The root of all entries, from nothing. */
static void
flat_root(struct help_ledger *l, struct fwl_hash32 *root)
{
    static struct fwl_smt_change changes[1024];
    struct fwl_kv kv = fwl_overlay_kv(&l->base);
    struct fwl_kv_entry e = {.key = {.size = 0}};
    size_t count = 0;

    for (enum fwl_err err = fwl_kv_seek(&kv, &e, FWL_SPACE_KV, fwl_span(NULL, 0)); err == FWL_OK;
         err = fwl_kv_next(&kv, &e, FWL_SPACE_KV, e.key)) {
        struct fwl_smt_change *c = &changes[count++];

        FWL_ASSERT(count < FWL_COUNT(changes));
        *c = (struct fwl_smt_change){.removed = false};
        fwl_tree_key_hash(&c->key_hash, e.key.p[0], fwl_span(e.key.p + 1, e.key.size - 1));
        fwl_tree_value_hash(&c->value_hash, e.value);
    }
    fwl_overlay_init(&l->block, NULL, l->memory[2], 64U << 20);
    FWL_ASSERT(fwl_smt_update(&l->block, root, changes, count) == FWL_OK);
}

static void
run(struct fwl_hash32 *root, enum fwl_err *codes, const uint8_t *data, size_t steps, bool cut)
{
    struct help_ledger l;
    struct fwl_hash32 flat;

    help_salt = 0;
    help_open(&l);
    help_begin(&l);
    for (size_t i = 0; i < steps; i++) {
        size_t before = l.block.count;

        codes[i] = step(&l, data + 4 * i);
        FWL_ASSERT(codes[i] == FWL_OK || l.block.count == before);
        if (cut) {
            help_end(&l);
            l.at.time_ms -= 1000; /* the same time, so that entries are the same */
            help_begin(&l);
        }
    }
    help_end(&l);
    *root = l.root;
    flat_root(&l, &flat);
    FWL_ASSERT(fwl_hash32_equal(root, &flat));
    help_close(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum fwl_err codes[3][STEPS_MAX];
    struct fwl_hash32 root[3];
    size_t steps = FWL_MIN(size / 4, STEPS_MAX);

    run(&root[0], codes[0], data, steps, false);
    run(&root[1], codes[1], data, steps, true);
    run(&root[2], codes[2], data, steps, false);
    for (unsigned i = 1; i < 3; i++) {
        FWL_ASSERT(memcmp(codes[0], codes[i], steps * sizeof(codes[0][0])) == 0);
        FWL_ASSERT(fwl_hash32_equal(&root[0], &root[i]));
    }
    return 0;
}
