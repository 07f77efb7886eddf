/*
 * A newcomer catches up by a snapshot: from several peers, through crashes, when its source goes on or away; it falls
 * back to blocks; and old blocks are forgotten. The nodes are those of the simulator. Liars: test_sync_liars.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/replica/newcomer.h"

static void
by_a_snapshot(uint64_t arg)
{
    (void)arg;
    start(BLOCKS);
    sim_snapshot(&s, 0);
    sim_snapshot(&s, 4);
    grow_to(BLOCKS + 5);
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_true(s.sent[FWL_FRAME_CHUNK] > 50);
    assert_true(status(NEW).base > BLOCKS && status(NEW).base <= s.best);
    assert_whole();
}

static void
test_sync__by_a_snapshot(void **unused)
{
    (void)unused;
    in_net(5, by_a_snapshot, 0);
}

static void
in_many_chunks(uint64_t arg)
{
    (void)arg;
    s.snap_split = 200; /* of 256 chunks one would be longer: 4,096 */
    start(BLOCKS);
    sim_snapshot(&s, 4);
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_int_equal(s.node[4].snap[0]->snapshot.info.chunks, FWL_SNAPSHOT_CHUNKS_MAX);
    assert_whole();
}

static void
test_sync__in_many_chunks(void **unused)
{
    (void)unused;
    in_net(6, in_many_chunks, 0);
}

/* Nobody has one; or one that saves too little; or this node never takes one. */
static void
by_blocks(uint64_t why)
{
    start(BLOCKS / 4);
    if (why == 1) {
        sim_snapshot(&s, 0);
    }
    grow_to(BLOCKS);
    if (why == 2) {
        sim_snapshot(&s, 0);
        s.node[NEW].catch_up = FWL_SYNC_BLOCKS;
    }
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 0);
    assert_int_equal(s.sent[FWL_FRAME_CHUNK], 0);
    assert_int_equal(status(NEW).base, 1);
    assert_whole();
}

static void
test_sync__by_blocks(void **unused)
{
    (void)unused;
    for (uint64_t why = 0; why < 3; why++) {
        in_net(7, by_blocks, why);
    }
}

/* It dies at any commit of the store beside, durable or not; what it has it does not ask for again. */
static void
crash_at(uint64_t arg)
{
    uint32_t needed = 0;

    start(BLOCKS);
    sim_snapshot(&s, 4);
    needed = s.node[4].snap[0]->snapshot.info.chunks;
    s.node[NEW].restore = fwl_memstore_new();
    s.node[NEW].failing = true;
    fwl_memstore_fail(s.node[NEW].restore, arg / 2, arg % 2 == 1 ? FWL_MEMSTORE_UNANSWERED : FWL_MEMSTORE_LOST, false);
    sim_boot(&s, NEW);
    catches_up(90000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_int_equal(s.node[NEW].drops, 0);
    assert_true(s.sent[FWL_FRAME_CHUNK] <= needed + 4);
    assert_whole();
}

static void
test_sync__crash_at_every_commit(void **unused)
{
    (void)unused;
    for (uint64_t nth = 1; nth < 120; nth += nth < 12 ? 1 : 20) {
        in_net(9, crash_at, 2 * nth);
        in_net(9, crash_at, 2 * nth + 1);
    }
}

/* The snapshot that was begun is served by nobody any more: it is given up for a newer one. */
static void
source_goes_on(uint64_t arg)
{
    (void)arg;
    start(BLOCKS);
    sim_snapshot(&s, 4);
    sim_boot(&s, NEW);
    until_chunks(20);
    grow_to(s.best + 10);
    assert_int_equal(s.node[NEW].restored, 0);
    sim_snapshot(&s, 4);
    sim_snapshot(&s, 4);
    catches_up(200000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_true(s.node[NEW].drops >= 1);
    assert_whole();
}

static void
test_sync__source_goes_on(void **unused)
{
    (void)unused;
    in_net(10, source_goes_on, 0);
}

/* The newcomer is away while @blocks are made. */
static void
away(uint64_t blocks)
{
    for (uint32_t i = 0; i <= 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = true;
        sim_cut(&s, i, NEW);
    }
    grow_to(s.best + blocks);
    sim_snapshot(&s, 4);
    for (uint32_t i = 0; i <= 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = false;
        sim_connect(&s, i, NEW);
    }
}

/* While its source is silent the newcomer comes further by blocks; what was begun does not take it back. */
static void
overtaken(uint64_t arg)
{
    uint64_t height = 0;

    (void)arg;
    start(5);
    sim_boot(&s, NEW);
    grow_to(s.best + 10);
    catches_up(60000); /* what an earlier process may have begun is not needed, and gone */
    away(BLOCKS);
    until_chunks(20);
    s.node[4].lie = SIM_SNAP_MUTE;
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 0);
    grow_to(s.best + 10);
    catches_up(60000);
    height = s.node[NEW].height;
    away(BLOCKS);
    s.node[4].lie = SIM_SNAP_GOOD;
    for (int i = 0; i < 600 && behind(&s); i++) {
        sim_run(&s, s.now + 100);
        assert_true(s.node[NEW].height >= height);
        height = s.node[NEW].height;
    }
    assert_whole();
}

static void
test_sync__overtaken(void **unused)
{
    (void)unused;
    in_net(19, overtaken, 0);
}

/* One newer snapshot beside it does no harm: the one that was begun is still served. */
static void
a_newer_one_beside(uint64_t arg)
{
    uint64_t height = 0;

    (void)arg;
    start(BLOCKS);
    sim_snapshot(&s, 4);
    height = s.best;
    sim_boot(&s, NEW);
    until_chunks(20);
    sim_snapshot(&s, 4);
    sim_crash(&s, NEW, 300); /* and after a restart it is gone on with */
    catches_up(90000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_int_equal(s.node[NEW].drops, 0);
    assert_int_equal(status(NEW).base, height + 1);
    assert_whole();
}

static void
test_sync__a_newer_one_beside(void **unused)
{
    (void)unused;
    in_net(11, a_newer_one_beside, 0);
}

/* The source dies; another one has the rest. */
static void
another_source(uint64_t silent)
{
    uint32_t needed = 0;

    start(BLOCKS);
    sim_snapshot(&s, 3);
    sim_snapshot(&s, 4);
    needed = s.node[4].snap[0]->snapshot.info.chunks;
    for (uint32_t i = 0; i < 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = true;
    }
    sim_boot(&s, NEW);
    until_chunks(20);
    s.never[3][NEW] = s.never[NEW][3] = false;
    sim_connect(&s, 3, NEW);
    if (silent == 1) {
        s.blocked[4][NEW] = true;
    } else {
        sim_crash(&s, 4, 0);
        s.node[4].gone = true;
    }
    catches_up(90000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_int_equal(s.node[NEW].drops, 0);
    assert_true(s.sent[FWL_FRAME_CHUNK] <= needed + 4);
}

static void
test_sync__another_source(void **unused)
{
    (void)unused;
    in_net(12, another_source, 0);
    in_net(12, another_source, 1);
}

static uint32_t by_snapshot; /* newcomers of bad_network */

/* Loss, delays, cuts, and a newcomer that dies now and then. It does not wait long for an offer that is lost: blocks
 * can be faster then. */
static void
bad_network(uint64_t arg)
{
    (void)arg;
    start(BLOCKS);
    sim_snapshot(&s, 0);
    sim_snapshot(&s, 4);
    s.loss = 30;
    s.dup = 50;
    s.tail = 50;
    sim_boot(&s, NEW);
    for (int i = 0; i < 6; i++) {
        sim_run(&s, s.now + 1 + sim_random(&s, 6000));
        if (s.node[NEW].restored == 0) {
            sim_crash(&s, NEW, 1 + sim_random(&s, 2000));
        }
    }
    s.loss = s.dup = s.tail = 0;
    catches_up(240000);
    by_snapshot += s.node[NEW].restored;
    assert_whole();
}

static void
test_sync__bad_network(void **unused)
{
    (void)unused;
    for (uint64_t seed = 100; seed < 112; seed++) {
        in_net(seed, bad_network, 0);
    }
    assert_true(by_snapshot >= 9);
}

static bool
has_block(uint32_t node, uint64_t height)
{
    struct fwl_storage storage = fwl_memstore_storage(s.node[node].chain.mem);
    struct fwl_span value;
    struct fwl_read read;
    uint8_t key[8];
    bool has = false;

    fwl_store_be64(key, height);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    has = fwl_kv_get(&read.kv, &value, FWL_SPACE_BLK, fwl_span(key, sizeof(key))) == FWL_OK;
    fwl_read_end(&read);
    return has;
}

/* @node is asked for a window that begins with blocks that it has forgotten: it gives none of it. */
static void
asks_from_below(uint32_t node, uint64_t base)
{
    uint64_t sent = s.sent[FWL_FRAME_BLOCK];
    uint32_t asker = node == 0 ? 1 : 0;
    uint8_t bytes[16];
    struct fwl_span payload;
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_range_encode(&w, &(struct fwl_message_range){.from = base - 1, .to = base + 5}, FWL_FRAME_BLOCKS_MAX);
    assert_int_equal(fwl_writer_finish(&w, &payload), FWL_OK);
    fwl_replica_frame(s.node[node].replica, sim_time(&s.node[node]), sim_peer(&s, node, asker), FWL_FRAME_GETBLOCKS,
                      payload);
    assert_int_equal(s.sent[FWL_FRAME_BLOCK], sent);
}

static void
pruned(uint64_t arg)
{
    (void)arg;
    for (uint32_t i = 0; i < 5; i++) {
        s.node[i].retain = 30;
    }
    start(150);
    assert_int_equal(base_of(0), 1); /* without a snapshot nothing is forgotten */
    sim_snapshot(&s, 0);
    sim_snapshot(&s, 4);
    grow_to(250);
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t base = base_of(i);

        assert_true(i == 0 || i == 4 ? base > 1 && base <= 151 : base == 1); /* not above the snapshot */
        assert_false(base > 1 && has_block(i, base - 1));
        assert_true(has_block(i, base));
        if (base > 1) {
            asks_from_below(i, base);
        }
    }
    for (uint32_t i = 0; i < 5; i++) {
        sim_snapshot(&s, i);
    }
    grow_to(340);
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(base_of(i) > 180 && base_of(i) <= 250);
    }
    /* Whoever takes no snapshot gets nowhere and says so; then it does. */
    s.node[NEW].catch_up = FWL_SYNC_BLOCKS;
    sim_boot(&s, NEW);
    sim_run(&s, s.now + 20000);
    assert_int_equal(s.node[NEW].height, 0);
    assert_true(status(NEW).pruned_away && status(NEW).syncing);
    sim_crash(&s, NEW, 0);
    s.node[NEW].catch_up = FWL_SYNC_AUTO;
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__pruned(void **unused)
{
    (void)unused;
    in_net(13, pruned, 0);
}

/* A node that had blocks, and was away until its peers had forgotten the next one: old and new chain are one. */
static void
away_for_long(uint64_t arg)
{
    uint64_t had = 0;

    (void)arg;
    s.node[NEW].catch_up = FWL_SYNC_AUTO;
    sim_start(&s);
    grow_to(10);
    catches_up(10000);
    had = s.node[NEW].height;
    sim_crash(&s, NEW, 0);
    for (uint32_t i = 0; i < 5; i++) {
        s.node[i].retain = 20;
        sim_crash(&s, i, 0);
        sim_boot(&s, i);
    }
    grow_to(120);
    for (uint32_t i = 0; i < 5; i++) {
        sim_snapshot(&s, i);
    }
    grow_to(150);
    assert_true(base_of(0) > had + 1);
    sim_boot(&s, NEW);
    assert_int_equal(s.node[NEW].height, had);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__away_for_long(void **unused)
{
    (void)unused;
    in_net(14, away_for_long, 0);
}

/* More than 1,000 blocks: the older headers come afterwards, in the background. */
static void
older_headers(uint64_t arg)
{
    (void)arg;
    start(1300);
    sim_snapshot(&s, 4);
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    sim_crash(&s, NEW, 100);
    sim_run(&s, s.now + 30000);
    assert_whole();
}

static void
test_sync__older_headers(void **unused)
{
    (void)unused;
    in_net(15, older_headers, 0);
}

static bool
ends_no_epoch(struct sim *sim)
{
    const struct fwl_header *header = &sim->decided[sim->best];

    return fwl_hash32_equal(&header->next_validators_hash, &header->validators_hash) || sim->node[0].height < sim->best;
}

/* The only snapshot is of a block that ends its epoch: the step out of it comes after the offer is taken. */
static void
at_the_end_of_an_epoch(uint64_t arg)
{
    static const uint8_t next[] = {0, 1, 2, 3};
    uint8_t bytes[WORLD_TX_ROOM];

    (void)arg;
    start(BLOCKS);
    (void)sim_client(
        &s, 0, world_change(&s.world, bytes, next, 4, 2, -1, 0, NULL, (WORLD_START_MS + s.now) / 1000 + 86400), true);
    for (int i = 0; i < 20000 && ends_no_epoch(&s); i++) {
        sim_run(&s, s.now + 1);
    }
    assert_false(ends_no_epoch(&s));
    sim_snapshot(&s, 0);
    grow_to(s.best + 3);
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__at_the_end_of_an_epoch(void **unused)
{
    (void)unused;
    in_net(24, at_the_end_of_an_epoch, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync__by_a_snapshot),
        cmocka_unit_test(test_sync__in_many_chunks),
        cmocka_unit_test(test_sync__by_blocks),
        cmocka_unit_test(test_sync__crash_at_every_commit),
        cmocka_unit_test(test_sync__source_goes_on),
        cmocka_unit_test(test_sync__overtaken),
        cmocka_unit_test(test_sync__a_newer_one_beside),
        cmocka_unit_test(test_sync__another_source),
        cmocka_unit_test(test_sync__bad_network),
        cmocka_unit_test(test_sync__pruned),
        cmocka_unit_test(test_sync__away_for_long),
        cmocka_unit_test(test_sync__older_headers),
        cmocka_unit_test(test_sync__at_the_end_of_an_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
