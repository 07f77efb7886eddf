/*
 * A newcomer catches up by a snapshot: from several peers, from liars, through crashes, when its source goes on or
 * away; it falls back to blocks; and old blocks are forgotten. The nodes are those of the simulator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/replica/internal.h"
#include "tests/unit/replica/net.h"
#include "tests/unit/store/same.h"

enum {
    NEW = 5,
    BLOCKS = 60,
    CHANGE = 30
}; /* nodes 0..3 are validators, 4 a follower with all blocks, 5 the newcomer */

static struct sim s;
static bool changed; /* the set, once */

/* Runs @body in a net of its own. */
static void
in_net(uint64_t seed, void (*body)(uint64_t arg), uint64_t arg)
{
    net_open(&s, seed, 4, 2);
    changed = false;
    body(arg);
    sim_close(&s);
}

static struct fwl_replica_status
status(uint32_t node)
{
    struct fwl_replica_status st;

    fwl_replica_status(s.node[node].replica, &st);
    return st;
}

/* Blocks until there are @count. */
static void
grow_to(uint64_t count)
{
    while (s.best < count) {
        uint64_t before = s.best;

        if (!changed && s.best >= CHANGE) { /* the snapshot needs an epoch step then */
            static const uint8_t next[] = {0, 1, 2, 3, 6};
            uint8_t bytes[WORLD_TX_ROOM];

            changed = true;
            (void)sim_client(&s, 0,
                             world_change(&s.world, bytes, next, 5, 1, 6, s.best - 5, &s.decided_hash[s.best - 5],
                                          (WORLD_START_MS + s.now) / 1000 + 86400),
                             true);
        } else {
            sim_load(&s, 3, 0);
        }
        for (int i = 0; i < 100 && s.best == before; i++) {
            sim_run(&s, s.now + 200);
        }
        assert_true(s.best > before);
    }
    sim_run(&s, s.now + 2000);
}

/* A net with @blocks, whose newcomer is down and knows nothing. */
static void
start(uint64_t blocks)
{
    s.node[NEW].catch_up = FWL_SYNC_SNAPSHOT;
    s.node[NEW].gone = true;
    sim_start(&s);
    s.node[NEW].gone = false;
    grow_to(blocks);
}

static bool
behind(struct sim *sim)
{
    return !sim->node[NEW].alive || sim->node[NEW].height < sim->best;
}

static void
catches_up(uint64_t within_ms)
{
    if (!sim_run_while(&s, s.now + within_ms, behind) && behind(&s)) {
        fail_msg("the newcomer is at %llu of %llu", (unsigned long long)s.node[NEW].height, (unsigned long long)s.best);
    }
}

/* The same state, trees and headers as node 0, and it goes on like it. */
static void
assert_whole(void)
{
    static const enum fwl_space same[] = {FWL_SPACE_KV,  FWL_SPACE_SMT,  FWL_SPACE_EXP,
                                          FWL_SPACE_HDR, FWL_SPACE_HASH, FWL_SPACE_HIST};

    grow_to(s.best + 3);
    catches_up(10000);
    for (size_t i = 0; i < FWL_COUNT(same); i++) {
        help_same_space(s.node[0].chain.mem, s.node[NEW].chain.mem, same[i]);
    }
    sim_check_end(&s);
}

/* ---- by a snapshot ---- */

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

/* ---- liars ---- */

/* First only the liar is there: it costs itself its connection, and nothing of it is believed. */
static void
liar(uint64_t lie)
{
    uint64_t cuts = 0;

    start(BLOCKS);
    sim_snapshot(&s, 0);
    sim_snapshot(&s, 4);
    s.byzantine = s.node[4].twin = true;
    s.node[4].lie = (unsigned)lie;
    s.node[4].blocks = SIM_BLOCKS_CERT;
    for (uint32_t i = 0; i < 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = true;
    }
    cuts = sim_met[SIM_MET_CUTS];
    sim_boot(&s, NEW);
    sim_run(&s, s.now + 60000);
    if (sim_met[SIM_MET_CUTS] == cuts) {
        fail_msg("lie %u costs nothing", (unsigned)lie);
    }
    assert_int_equal(s.node[NEW].restored, 0);
    assert_int_equal(s.node[NEW].height, 0);
    for (uint32_t i = 0; i < 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = false;
        sim_connect(&s, i, NEW);
    }
    catches_up(120000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__liars(void **unused)
{
    (void)unused;
    for (uint64_t lie = SIM_SNAP_INFO_ROOT; lie < SIM_SNAP_COUNT; lie++) {
        in_net(8, liar, lie);
    }
}

/* ---- crashes and sources that go ---- */

static bool
receiving(struct sim *sim)
{
    return sim->sent[FWL_FRAME_CHUNK] < sim->snap_split;
}

/* Runs until @count chunks were sent in all. */
static void
until_chunks(uint32_t count)
{
    uint32_t split = s.snap_split;

    s.snap_split = count;
    (void)sim_run_while(&s, s.now + 60000, receiving);
    s.snap_split = split;
    assert_true(s.sent[FWL_FRAME_CHUNK] >= count && s.node[NEW].restored == 0);
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

/* The source begins the same chunk again and again, always in time: another is asked. */
static void
drips(uint64_t arg)
{
    static const uint8_t piece[] = {0, 0, 0, 0, 0, 0, 1, 0, 1}; /* one byte of 256 */
    struct fwl_replica *r = NULL;
    uint64_t peer = 0;
    uint32_t source = 0;

    (void)arg;
    start(BLOCKS);
    sim_snapshot(&s, 0);
    sim_snapshot(&s, 4);
    sim_boot(&s, NEW);
    until_chunks(20);
    r = s.node[NEW].replica;
    peer = r->sync.peer;
    while (sim_peer(&s, NEW, source) != peer) {
        source++;
        assert_true(source < NEW);
    }
    s.node[source].lie = SIM_SNAP_MUTE;
    for (int i = 0; i < 20; i++) {
        fwl_replica_frame(r, sim_time(&s.node[NEW]), peer, FWL_FRAME_CHUNK, fwl_span(piece, sizeof(piece)));
        sim_run(&s, s.now + 4000);
    }
    assert_int_equal(s.node[NEW].restored, 1);
    s.node[source].lie = SIM_SNAP_GOOD;
    assert_whole();
}

static void
test_sync__drips(void **unused)
{
    (void)unused;
    in_net(18, drips, 0);
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

/* Loss, delays, cuts, and a newcomer that dies now and then. */
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
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__bad_network(void **unused)
{
    (void)unused;
    for (uint64_t seed = 100; seed < 112; seed++) {
        in_net(seed, bad_network, 0);
    }
}

/* ---- pruning ---- */

static uint64_t
base_of(uint32_t node)
{
    return status(node).base;
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

/* Blocks are forgotten everywhere, and the first that is asked has a snapshot that nobody else has and gives nothing of
 * it: another one is taken. */
static void
pinned(uint64_t same_block)
{
    uint32_t split = s.snap_split;

    for (uint32_t i = 0; i <= 4; i++) {
        s.node[i].retain = 20;
    }
    start(BLOCKS + 20);
    s.snap_split = same_block ? 200 : split; /* other chunks */
    sim_snapshot(&s, 0);
    s.snap_split = split;
    if (!same_block) {
        grow_to(s.best + 2);
    }
    for (uint32_t i = 0; i <= 4; i++) {
        if (i != 0) {
            sim_snapshot(&s, i);
        }
    }
    grow_to(s.best + 100);
    for (uint32_t i = 0; i <= 4; i++) {
        assert_true(base_of(i) > 1);
    }
    s.node[0].lie = SIM_SNAP_MUTE;
    sim_boot(&s, NEW);
    catches_up(60000);
    assert_int_equal(s.node[NEW].restored, 1);
    assert_whole();
}

static void
test_sync__pinned(void **unused)
{
    (void)unused;
    in_net(20, pinned, 0);
    in_net(21, pinned, 1);
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

/*
 * Somebody says again and again that it is far ahead and has only the newest blocks, and gives nothing: the newcomer
 * catches up from the others, by a snapshot or by blocks, and is not taken for one that lags.
 */
static void
shouts(uint64_t by_blocks)
{
    const struct fwl_message_status far = {.height = UINT64_MAX, .base = UINT64_MAX - 10};
    const struct fwl_pubkey32 key = {{7}};
    const uint64_t peer = 0xffff05; /* a connection that the net does not have */
    struct fwl_replica *r = NULL;
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span payload = net_status(bytes, &far);

    start(BLOCKS);
    s.node[NEW].catch_up = by_blocks ? FWL_SYNC_BLOCKS : FWL_SYNC_SNAPSHOT;
    sim_snapshot(&s, 4);
    sim_boot(&s, NEW);
    r = s.node[NEW].replica;
    for (int i = 0; i < 3000; i++) {
        if (i % 300 == 0) {
            fwl_replica_peer_down(r, sim_time(&s.node[NEW]), peer);
            fwl_replica_peer_up(r, sim_time(&s.node[NEW]), peer, &key);
        }
        fwl_replica_frame(r, sim_time(&s.node[NEW]), peer, FWL_FRAME_STATUS, payload);
        sim_run(&s, s.now + 10);
    }
    assert_int_equal(s.node[NEW].height, s.best);
    assert_int_equal(s.node[NEW].restored, by_blocks ? 0 : 1);
    assert_false(status(NEW).syncing || status(NEW).pruned_away);
    fwl_replica_peer_down(r, sim_time(&s.node[NEW]), peer);
    assert_whole();
}

static void
test_sync__shouts(void **unused)
{
    (void)unused;
    in_net(16, shouts, 0);
    in_net(17, shouts, 1);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync__by_a_snapshot),  cmocka_unit_test(test_sync__in_many_chunks),
        cmocka_unit_test(test_sync__by_blocks),      cmocka_unit_test(test_sync__liars),
        cmocka_unit_test(test_sync__source_goes_on), cmocka_unit_test(test_sync__a_newer_one_beside),
        cmocka_unit_test(test_sync__another_source), cmocka_unit_test(test_sync__crash_at_every_commit),
        cmocka_unit_test(test_sync__bad_network),    cmocka_unit_test(test_sync__pruned),
        cmocka_unit_test(test_sync__away_for_long),  cmocka_unit_test(test_sync__older_headers),
        cmocka_unit_test(test_sync__shouts),         cmocka_unit_test(test_sync__drips),
        cmocka_unit_test(test_sync__overtaken),      cmocka_unit_test(test_sync__pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
