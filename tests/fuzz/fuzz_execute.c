/*
 * Random sequences of actions, executed three ways: in as few blocks as there are times, one a block, and by a fresh
 * replay of the first. The same are accepted, the states are equal, a refused one changes nothing, and the tree is that
 * of the entries.
 */
#include <stdio.h>

#include "../unit/state/ledger_help.h"
#include "ledger/merkle/build/smt.h"

enum {
    STEPS_MAX = 64,
    BASE_ROOM = 4 << 20,
    BLOCK_ROOM = 2 << 20,
    KINDS = 13, /* of steps; the last one: a second passes, and a block ends */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* With one tracker, two or none. Holds of 0: a stage lasts until the time is another. */
static enum fwl_err
policy(struct help_ledger *l, const char *who, const char *fleet, const uint8_t in[4])
{
    struct help_plan plan = {.stages = {{5, 0}, {50, 0}, {100, 0}},
                             .stage_count = in[3] % 3 + 1U,
                             .advance_when = "rollout.succeeded >= 3",
                             .halt_when = "rollout.attempted / rollout.failed < 2",
                             .auto_last = in[3] >= 128,
                             .k = in[3] / 4 % 2,
                             .trackers = {in[2] % 2 == 0 ? "beta" : "acme", in[2] % 2 == 0 ? NULL : "beta"},
                             .approvers = {"acme"}};

    if (plan.k == 0) {
        plan.trackers[0] = NULL;
    }
    return help_policy(l, who, fleet, in[3] / 16 % 4, &plan);
}

/* Any action on a rollout of a release that case 6 of step() may have published. */
static enum fwl_err
rollout(struct help_ledger *l, const char *who, const char *fleet, const uint8_t in[4])
{
    static const enum fwl_action_code code[] = {
        FWL_ACTION_ROLLOUT_START,  FWL_ACTION_ROLLOUT_PAUSE,   FWL_ACTION_ROLLOUT_RESUME,  FWL_ACTION_ROLLOUT_CANCEL,
        FWL_ACTION_ROLLOUT_FORGET, FWL_ACTION_ROLLOUT_APPROVE, FWL_ACTION_PROGRESS_REPORT, FWL_ACTION_ROLLOUT_ADVANCE};
    uint64_t stage = in[2] / 64;
    struct fwl_action a = {.code = code[in[2] % FWL_COUNT(code)]};
    uint8_t record[1024];

    a.u.rollout.fleet = fwl_span_text(fleet);
    a.u.rollout.template_name = fwl_span_text(in[3] == 255 ? "fast" : "slow");
    fwl_release_id(&a.u.rollout.release, help_record(record, sizeof(record), "acme", "acme/gw/fw", in[3] % 4));
    if (a.code == FWL_ACTION_PROGRESS_REPORT) {
        a.u.rollout.stage = stage;
        a.u.rollout.counters = (struct fwl_counters){in[3] / 16 + 1U, in[3] / 16, in[3] / 128};
    }
    return help_do(l, who, a);
}

static enum fwl_err
step(struct help_ledger *l, const uint8_t in[4])
{
    static const char *const id[] = {"acme", "beta", "ops", "governors"};
    static const char *const vendor[] = {"acme", "ACME", "beta", "x"};
    static const char *const class_name[] = {"acme/gw/fw", "beta/gw/fw", "acme/a/b", "x/y/z"};
    const char *who = id[in[1] % 4];
    const char *fleet = in[1] < 128 ? "ops/a" : "acme/b";
    struct fwl_quotas quotas = {in[3] % 4, in[3] % 3, in[3] % 8, 60};
    struct fwl_action a = {.code = FWL_ACTION_RELEASE_WITHDRAW};
    uint8_t record[1024];
    struct fwl_hash32 old;

    switch (in[0] % KINDS) {
    case 0: return help_put(l, who, (uint8_t)(in[2] % 4 + 1), quotas);
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
    case 8: return policy(l, who, fleet, in);
    case 9:
    case 10: return rollout(l, who, fleet, in);
    default:
        a.code = FWL_ACTION_FLEET_CREATE;
        a.u.fleet.name = fwl_span_text(fleet);
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
    fwl_overlay_init(&l->block, NULL, l->memory[2], BLOCK_ROOM);
    FWL_ASSERT(fwl_smt_update(&l->block, root, changes, count) == FWL_OK);
}

static void
run(struct fwl_hash32 *root, enum fwl_err *codes, const uint8_t *data, size_t steps, bool cut)
{
    static void *memory[3];
    const size_t sizes[] = {fwl_state_footprint(), BASE_ROOM, BLOCK_ROOM};
    struct help_ledger l;
    struct fwl_hash32 flat;

    for (size_t i = 0; i < FWL_COUNT(memory) && memory[i] == NULL;
         i++) { /* once: fresh pages cost more than the rest */
        memory[i] = malloc(sizes[i]);
    }
    help_salt = 0;
    help_open_in(&l, memory, BASE_ROOM, BLOCK_ROOM);
    help_begin(&l);
    for (size_t i = 0; i < steps; i++) {
        size_t before = l.block.count;

        if (data[4 * i] % KINDS == KINDS - 1) {
            codes[i] = FWL_OK;
            help_end(&l);
            help_begin(&l);
            continue;
        }
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
