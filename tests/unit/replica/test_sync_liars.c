/*
 * A newcomer catches up among peers that lie about snapshots and heights, or give nothing of what they offered: they
 * cost it some time and, where it is certain, themselves the connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/replica/internal.h"
#include "tests/unit/replica/newcomer.h"

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
test_sync_liars__liars(void **unused)
{
    (void)unused;
    for (uint64_t lie = SIM_SNAP_INFO_ROOT; lie < SIM_SNAP_COUNT; lie++) {
        in_net(8, liar, lie);
    }
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
test_sync_liars__drips(void **unused)
{
    (void)unused;
    in_net(18, drips, 0);
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
    for (uint32_t i = 1; i <= 4; i++) {
        sim_snapshot(&s, i);
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
test_sync_liars__pinned(void **unused)
{
    (void)unused;
    in_net(20, pinned, 0);
    in_net(21, pinned, 1);
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
test_sync_liars__shouts(void **unused)
{
    (void)unused;
    in_net(16, shouts, 0);
    in_net(17, shouts, 1);
}

/* ---- peers that the net does not have ---- */

enum { STRANGERS = 3 };

static const uint64_t stranger[STRANGERS] = {0xffff05, 0xfffe05, 0xfffd05};

static void
stranger_up(int i)
{
    const struct fwl_pubkey32 key = {{(uint8_t)(7 + i)}};

    fwl_replica_peer_up(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[i], &key);
}

static void
stranger_says(int i, enum fwl_frame_type type, struct fwl_span payload)
{
    fwl_replica_frame(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[i], type, payload);
}

/* It is far ahead, and has only the newest blocks. */
static void
stranger_is_far(int i)
{
    const struct fwl_message_status far = {.height = 1ULL << 63, .base = (1ULL << 63) - 10};
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];

    stranger_says(i, FWL_FRAME_STATUS, net_status(bytes, &far));
}

static void
link_newcomer(bool on)
{
    for (uint32_t i = 0; i <= 4; i++) {
        s.never[i][NEW] = s.never[NEW][i] = !on;
        if (on) {
            sim_connect(&s, i, NEW);
        } else {
            sim_cut(&s, i, NEW);
        }
    }
}

/* The SNAPINFO of node 4, which forgets its snapshot. @rise: of another epoch and, in the same form, a great height. */
static struct fwl_span
take_offer(uint8_t buffer[FWL_SNAPINFO_MAX], uint64_t rise)
{
    struct fwl_header header;
    struct fwl_span info;

    sim_snapshot(&s, 4);
    info = sim_snap_info(&s.node[4], buffer);
    assert_int_equal(fwl_header_decode(&header, fwl_span(buffer, FWL_HEADER_SIZE)), FWL_OK);
    header.epoch += rise;
    header.height <<= rise > 0 ? 40 : 0;
    fwl_header_encode(buffer, &header);
    sim_snap_free(&s.node[4]);
    return info;
}

enum { MUTE, REDIALS, FORGES, GIVES_INFO, MUTE_WAYS };

/* What those who keep the newcomer busy do in a moment. */
static void
keep_busy(uint64_t how, struct fwl_span offer)
{
    const struct fwl_replica *r = s.node[NEW].replica;

    for (int i = 0; i < STRANGERS; i++) {
        if (how == REDIALS && r->sync.peer == stranger[i] &&
            sim_time(&s.node[NEW]).mono_ms >= r->sync.asked_ms + 4000) {
            fwl_replica_peer_down(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[i]);
            stranger_up(i);
        }
        stranger_is_far(i);
        if (offer.size > 0 && r->sync.peer == stranger[i] && r->sync.wait == FWL_SYNC_INFO) {
            stranger_says(i, FWL_FRAME_SNAPINFO, offer);
        }
    }
}

/* Peers that are asked for a snapshot one after the other and give nothing of it do not keep a node from blocks. */
static void
mute(uint64_t how)
{
    static uint8_t buffer[FWL_SNAPINFO_MAX];
    struct fwl_span offer = {0};

    changed = how == GIVES_INFO; /* no epoch step is needed */
    start(10);
    s.node[NEW].catch_up = FWL_SYNC_SNAPSHOT;
    sim_boot(&s, NEW);
    catches_up(60000);
    link_newcomer(false);
    grow_to(BLOCKS);
    offer = how >= FORGES ? take_offer(buffer, how == FORGES ? 3 : 0) : offer;
    for (int i = 0; i < STRANGERS; i++) {
        stranger_up(i);
    }
    for (int i = 0; i < 800; i++) {
        if (i == 200) {
            assert_int_not_equal(s.node[NEW].replica->sync.wait, FWL_SYNC_NOTHING);
            link_newcomer(true);
        }
        keep_busy(how, offer);
        sim_run(&s, s.now + 100);
    }
    if (behind(&s)) {
        fail_msg("way %u: the newcomer is at %llu", (unsigned)how, (unsigned long long)s.node[NEW].height);
    }
    assert_int_equal(s.node[NEW].restored, 0);
    for (int i = 0; i < STRANGERS; i++) {
        fwl_replica_peer_down(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[i]);
    }
    assert_whole();
}

static void
test_sync_liars__mute(void **unused)
{
    (void)unused;
    for (uint64_t how = 0; how < MUTE_WAYS; how++) {
        in_net(22, mute, how);
    }
}

/* The step out of @epoch, as node 0 has it. */
static void
stranger_gives_step(int i, uint64_t epoch)
{
    struct fwl_storage storage = fwl_memstore_storage(s.node[0].chain.mem);
    struct fwl_read read;
    struct fwl_span line;
    uint8_t key[8];
    size_t set = 0;

    fwl_store_be64(key, epoch);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_kv_get(&read.kv, &line, FWL_SPACE_SET, fwl_span(key, sizeof(key))), FWL_OK);
    set = 10 + (size_t)fwl_load_be16(line.p + 8);
    assert_true(line.size > set);
    stranger_says(i, FWL_FRAME_EPOCH, fwl_span(line.p + set, line.size - set));
    fwl_read_end(&read);
}

/* Blocks are forgotten everywhere, and snapshots are of epoch 0. Somebody offers one of a later epoch, gives the true
 * step out of epoch 0 and nothing more: what the others have is taken all the same, also after a restart. */
static void
later_epoch(uint64_t restart)
{
    static uint8_t buffer[FWL_SNAPINFO_MAX];
    struct fwl_span offer;

    for (uint32_t i = 0; i <= 4; i++) {
        s.node[i].retain = 20;
    }
    changed = true; /* not yet */
    start(BLOCKS + 20);
    offer = take_offer(buffer, 3);
    for (uint32_t i = 0; i <= 4; i++) {
        sim_snapshot(&s, i);
    }
    changed = false;
    grow_to(s.best + 100);
    assert_true(base_of(0) > 1);
    link_newcomer(false);
    sim_boot(&s, NEW);
    stranger_up(0);
    for (int i = 0; i < 50 && s.node[NEW].replica->sync.wait != FWL_SYNC_INFO; i++) {
        stranger_is_far(0);
        sim_run(&s, s.now + 100);
    }
    assert_int_equal(s.node[NEW].replica->sync.wait, FWL_SYNC_INFO);
    stranger_says(0, FWL_FRAME_SNAPINFO, offer);
    stranger_gives_step(0, 0);
    assert_int_equal(s.node[NEW].replica->sync.restore.trail.at.epoch, 1);
    if (restart) {
        sim_crash(&s, NEW, 100);
    }
    link_newcomer(true);
    catches_up(30000);
    assert_int_equal(s.node[NEW].restored, 1);
    if (!restart) {
        fwl_replica_peer_down(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[0]);
    }
    assert_whole();
}

static void
test_sync_liars__later_epoch(void **unused)
{
    (void)unused;
    in_net(23, later_epoch, 0);
    in_net(23, later_epoch, 1);
}

/* A chunk with several leaves beside an empty one, and others beside both, is told as one with a single leaf, of the
 * hash that both fold to. */
static void
bend(struct fwl_span offer)
{
    const struct fwl_hash32 none = {{0}};
    struct fwl_snapinfo info;
    struct fwl_tree_part part;
    uint8_t *parts = NULL;
    uint32_t i = 0;

    assert_int_equal(fwl_snapinfo_decode(&info, offer), FWL_OK);
    parts = (uint8_t *)(uintptr_t)info.parts.p;
    while (parts[33 * i] != 2 || parts[33 * (i ^ 1)] != 0 || parts[33 * (i ^ 2)] + parts[33 * (i ^ 3)] == 0) {
        i++;
        assert_true(i < info.chunks);
    }
    fwl_snapinfo_part(&part, &info, i);
    fwl_tree_inner(&part.hash, i % 2 == 0 ? &part.hash : &none, i % 2 == 0 ? &none : &part.hash);
    parts[33 * i] = 1;
    memcpy(parts + 33 * i + 1, part.hash.b, 32);
    assert_int_equal(fwl_snapinfo_decode(&info, offer), FWL_OK);
    assert_int_equal(fwl_snapinfo_roots(&info), FWL_OK);
}

/* Somebody's offer is of the true block and folds to its state, and one of its chunks is nobody's: who has the true one
 * is not to blame. */
static void
bent(uint64_t arg)
{
    static uint8_t buffer[FWL_SNAPINFO_MAX];
    struct fwl_span offer;

    (void)arg;
    for (uint32_t i = 0; i <= 4; i++) {
        s.node[i].retain = 20;
    }
    changed = true; /* no epoch step is needed */
    start(BLOCKS + 20);
    offer = take_offer(buffer, 0);
    bend(offer);
    for (uint32_t i = 0; i <= 4; i++) {
        sim_snapshot(&s, i);
    }
    grow_to(s.best + 100);
    assert_true(base_of(0) > 1);
    link_newcomer(false);
    sim_boot(&s, NEW);
    stranger_up(0);
    for (int i = 0; i < 50 && s.node[NEW].replica->sync.wait != FWL_SYNC_INFO; i++) {
        stranger_is_far(0);
        sim_run(&s, s.now + 100);
    }
    stranger_says(0, FWL_FRAME_SNAPINFO, offer);
    assert_true(s.node[NEW].replica->sync.restore.has_info);
    link_newcomer(true);
    catches_up(180000);
    assert_int_equal(s.node[NEW].restored, 1);
    fwl_replica_peer_down(s.node[NEW].replica, sim_time(&s.node[NEW]), stranger[0]);
    assert_whole();
}

static void
test_sync_liars__bent(void **unused)
{
    (void)unused;
    in_net(24, bent, 0);
}

/* The only peer gives no block for a while, and has forgotten the next one when it gives again: its snapshot is taken,
 * though it owes blocks. */
static void
forgets_what_it_owes(uint64_t arg)
{
    (void)arg;
    s.node[4].retain = 20;
    changed = true; /* no epoch step is needed */
    start(10);
    link_newcomer(false);
    s.node[NEW].catch_up = FWL_SYNC_AUTO;
    s.never[4][NEW] = s.never[NEW][4] = false;
    s.byzantine = s.node[4].twin = true;
    s.node[4].blocks = SIM_BLOCKS_NONE;
    sim_boot(&s, NEW);
    sim_connect(&s, 4, NEW);
    sim_run(&s, s.now + 5000);
    assert_int_equal(s.node[NEW].height, 0);
    grow_to(BLOCKS + 20);
    sim_snapshot(&s, 4);
    grow_to(s.best + 100);
    assert_true(base_of(4) > 1);
    s.node[4].blocks = SIM_BLOCKS_GOOD;
    catches_up(120000);
    assert_int_equal(s.node[NEW].restored, 1);
    link_newcomer(true);
    assert_whole();
}

static void
test_sync_liars__forgets_what_it_owes(void **unused)
{
    (void)unused;
    in_net(25, forgets_what_it_owes, 0);
}

/* A line breaks while blocks come: who comes back owes one, and that is no reason to take its snapshot for blocks that
 * it has. */
static void
owes_and_has_them(uint64_t arg)
{
    struct fwl_replica *r = NULL;

    (void)arg;
    changed = true; /* no epoch step is needed */
    start(BLOCKS);
    sim_snapshot(&s, 4);
    link_newcomer(false);
    s.node[NEW].catch_up = FWL_SYNC_AUTO;
    s.never[4][NEW] = s.never[NEW][4] = false;
    sim_boot(&s, NEW);
    r = s.node[NEW].replica;
    sim_connect(&s, 4, NEW);
    for (int i = 0; i < 100 && r->fetch.peer == 0; i++) {
        sim_run(&s, s.now + 10);
    }
    assert_true(r->fetch.peer != 0);
    sim_cut(&s, 4, NEW);
    sim_connect(&s, 4, NEW);
    catches_up(30000);
    assert_int_equal(s.node[NEW].restored, 0);
    link_newcomer(true);
    assert_whole();
}

static void
test_sync_liars__owes_and_has_them(void **unused)
{
    (void)unused;
    in_net(28, owes_and_has_them, 0);
}

/* Blocks wait for a snapshot while it comes, not while a peer that offers another one keeps this node waiting. */
static void
other_offer(uint64_t arg)
{
    static uint8_t buffer[2][FWL_SNAPINFO_MAX];
    struct fwl_replica *r = NULL;
    struct fwl_span offers[2];

    (void)arg;
    changed = true; /* no epoch step is needed */
    start(BLOCKS);
    offers[0] = take_offer(buffer[0], 0);
    memcpy(buffer[1], buffer[0], sizeof(buffer[1]));
    offers[1] = fwl_span(buffer[1], offers[0].size);
    bend(offers[1]);
    link_newcomer(false);
    sim_boot(&s, NEW);
    r = s.node[NEW].replica;
    for (int i = 0; i < 2; i++) {
        stranger_up(i);
        for (int k = 0; k < 100 && r->sync.peer != stranger[i]; k++) {
            stranger_is_far(i);
            sim_run(&s, s.now + 100);
        }
        assert_int_equal(r->sync.wait, FWL_SYNC_INFO);
        stranger_says(i, FWL_FRAME_SNAPINFO, offers[i]);
        assert_true(r->sync.wait > FWL_SYNC_INFO && r->sync.peer == stranger[i]);
        sim_run(&s, s.now + 1000);
        r->sync.hold_ms = 0;
        assert_int_equal(fwl_sync_goes_first(r), i == 0);
    }
    for (int i = 0; i < 2; i++) {
        fwl_replica_peer_down(r, sim_time(&s.node[NEW]), stranger[i]);
    }
    link_newcomer(true);
    catches_up(60000);
    assert_whole();
}

static void
test_sync_liars__other_offer(void **unused)
{
    (void)unused;
    in_net(26, other_offer, 0);
}

/* Who is asked for blocks and goes instead of giving them owes them when it comes back, whoever came meanwhile. */
static void
goes_when_asked(uint64_t arg)
{
    const struct fwl_message_status ahead = {.height = 9, .base = 1};
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_replica *r = NULL;

    (void)arg;
    start(10);
    link_newcomer(false);
    s.node[NEW].catch_up = FWL_SYNC_BLOCKS;
    sim_boot(&s, NEW);
    r = s.node[NEW].replica;
    stranger_up(0);
    stranger_says(0, FWL_FRAME_STATUS, net_status(bytes, &ahead));
    for (int i = 0; i < 30 && r->fetch.peer == 0; i++) {
        sim_run(&s, s.now + 100);
    }
    assert_true(r->fetch.peer == stranger[0]);
    assert_int_equal(fwl_replica_find(r, stranger[0])->owes, 0);
    fwl_replica_peer_down(r, sim_time(&s.node[NEW]), stranger[0]);
    stranger_up(1);
    stranger_up(0);
    assert_int_equal(fwl_replica_find(r, stranger[0])->owes, 1);
    assert_int_equal(fwl_replica_find(r, stranger[1])->owes, 0);
    for (int i = 0; i < 2; i++) {
        fwl_replica_peer_down(r, sim_time(&s.node[NEW]), stranger[i]);
    }
    link_newcomer(true);
    catches_up(60000);
    assert_whole();
}

static void
test_sync_liars__goes_when_asked(void **unused)
{
    (void)unused;
    in_net(27, goes_when_asked, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync_liars__liars),
        cmocka_unit_test(test_sync_liars__drips),
        cmocka_unit_test(test_sync_liars__pinned),
        cmocka_unit_test(test_sync_liars__shouts),
        cmocka_unit_test(test_sync_liars__mute),
        cmocka_unit_test(test_sync_liars__later_epoch),
        cmocka_unit_test(test_sync_liars__bent),
        cmocka_unit_test(test_sync_liars__forgets_what_it_owes),
        cmocka_unit_test(test_sync_liars__owes_and_has_them),
        cmocka_unit_test(test_sync_liars__other_offer),
        cmocka_unit_test(test_sync_liars__goes_when_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
