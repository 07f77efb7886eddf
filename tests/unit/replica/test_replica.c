/* A replica on its own terms: frames and messages, the outbox rule, gossip, catching up from liars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "p2p/replica/codec.h"
#include "tests/unit/replica/net.h"

/* ---- codec ---- */

static void
round_trip(const struct fwl_consensus_msg *msg, enum fwl_frame_type type)
{
    uint8_t buffer[2][4096];
    struct fwl_span bytes[2];
    struct fwl_consensus_msg back;
    enum fwl_frame_type got;

    assert_int_equal(fwl_codec_encode(&got, &bytes[0], buffer[0], sizeof(buffer[0]), msg, 3, 99), FWL_OK);
    assert_int_equal(got, type);
    assert_true(fwl_codec_is_engine(type));
    assert_int_equal(fwl_codec_decode(&back, type, bytes[0]), FWL_OK);
    assert_int_equal(back.type, msg->type);
    assert_true(back.height == msg->height);
    assert_int_equal(fwl_codec_encode(&got, &bytes[1], buffer[1], sizeof(buffer[1]), &back, 3, 99), FWL_OK);
    assert_true(fwl_span_equal(bytes[0], bytes[1]));
    for (size_t cut = 0; cut < 9; cut++) {
        assert_int_not_equal(fwl_codec_decode(&back, type, fwl_span(bytes[0].p, cut)), FWL_OK);
    }
    assert_int_equal(fwl_codec_encode(&got, &bytes[1], buffer[1], bytes[0].size - 1, msg, 3, 99), FWL_ERR_SPACE);
}

static void
test_replica__codec(void **unused)
{
    static const uint8_t some[200] = {2, 0, 0, 0, 0, 0, 0, 0, 7};
    struct fwl_consensus_msg m = {.height = 7, .view = 3, .hash = {{1, 2, 3}}};

    (void)unused;
    m.type = FWL_MSG_STATUS;
    round_trip(&m, FWL_FRAME_STATUS);
    m.type = FWL_MSG_GETCERTS;
    m.nviews = 3;
    m.views[1] = 5;
    m.views[2] = 9;
    round_trip(&m, FWL_FRAME_GETCERTS);
    m.type = FWL_MSG_CERT;
    m.certs = fwl_span(some, sizeof(some));
    round_trip(&m, FWL_FRAME_CERT);
    m.type = FWL_MSG_PROPOSE;
    m.njust = 1;
    m.body = fwl_span(some, 50); /* comes back behind the certificates */
    round_trip(&m, FWL_FRAME_PROPOSE);
    m.type = FWL_MSG_VOTE;
    m.vote = (struct fwl_vote){.kind = FWL_VOTE_NOTARIZE, .height = 7, .view = 3, .idx = 2};
    round_trip(&m, FWL_FRAME_VOTE);
}

/* ---- with others ---- */

static struct sim s;

static void
open_net(uint32_t n, uint32_t extra)
{
    net_open(&s, 5, n, extra);
}

static uint64_t
said(void)
{
    return s.sent[FWL_FRAME_PROPOSE] + s.sent[FWL_FRAME_VOTE] + s.sent[FWL_FRAME_CERT];
}

static struct fwl_replica_status
status(uint32_t node)
{
    struct fwl_replica_status st;

    fwl_replica_status(s.node[node].replica, &st);
    return st;
}

static void
test_replica__outbox(void **unused)
{
    uint64_t before = 0;

    (void)unused;
    open_net(1, 1);
    sim_start(&s);
    sim_load(&s, 1, 0);
    sim_run(&s, 3000);
    assert_int_equal(s.best, 1);
    before = said();
    sim_store_fail(&s.node[0].votes, 1, FWL_MEMSTORE_FULL, true);
    sim_load(&s, 1, 0);
    sim_run(&s, 13000);
    assert_true(said() == before); /* nothing leaves */
    assert_true(status(0).stalled);
    assert_false(status(0).voting);
    assert_int_equal(s.best, 1);
    sim_store_fail(&s.node[0].votes, 0, FWL_MEMSTORE_NONE, false);
    sim_run(&s, 25000);
    assert_false(status(0).stalled);
    assert_int_equal(s.best, 2);
    before = said();
    sim_store_fail(&s.node[0].votes, 1, FWL_MEMSTORE_LOST, false);
    sim_load(&s, 1, 0);
    while (s.node[0].alive) {
        sim_run(&s, s.now + 10);
        assert_true(s.now < 60000);
    }
    assert_true(said() == before); /* it halted instead */
    sim_run(&s, s.now + 20000);
    assert_int_equal(s.best, 3);
    sim_close(&s);
}

/* Many transactions at one moment: their ids are told together, and asked for together. One by one they would use up
 * what a peer reads of requests in a second, and votes would wait behind them. */
static void
test_replica__gossip_of_many(void **unused)
{
    enum { MANY = 250 }; /* the pool holds 256 */

    (void)unused;
    open_net(4, 0);
    s.resubmit = false;
    sim_start(&s);
    sim_run(&s, 2000);
    memset(s.sent, 0, sizeof(s.sent));
    for (uint32_t i = 0; i < MANY; i++) {
        uint8_t bytes[WORLD_TX_ROOM];
        struct fwl_state_refusal why;
        struct fwl_hash32 txid;
        struct fwl_span tx = world_put(&s.world, bytes, i, 0, WORLD_START_MS / 1000 + 1000);

        assert_int_equal(fwl_replica_submit(s.node[0].replica, &why, &txid, sim_time(&s.node[0]), tx), FWL_OK);
    }
    sim_run(&s, s.now + 1000);
    assert_true(s.sent[FWL_FRAME_GETTX] >= 3 && s.sent[FWL_FRAME_GETTX] <= 30);
    assert_true(s.sent[FWL_FRAME_TXINV] <= 600);
    for (uint32_t i = 0; i < 30 && status(3).mempool_transactions > 0; i++) {
        sim_run(&s, s.now + 1000);
    }
    assert_int_equal(status(0).mempool_transactions, 0);
    assert_int_equal(status(3).mempool_transactions, 0);
    sim_close(&s);
}

/* A node whose votes store is not its own does not vote at once, also when the disk is full at its start. */
static void
test_replica__lost_votes_on_a_full_disk(void **unused)
{
    (void)unused;
    open_net(4, 0);
    sim_start(&s);
    sim_load(&s, 1, 0);
    sim_run(&s, 3000);
    assert_true(status(0).voting);
    sim_crash(&s, 0, 0);
    s.node[0].votes_lost = true;
    for (uint32_t i = 1; i < s.n; i++) { /* nobody tells it how far the others are */
        s.never[0][i] = s.never[i][0] = true;
    }
    sim_store_fail(&s.node[0].votes, 1, FWL_MEMSTORE_FULL, false);
    sim_boot(&s, 0);
    assert_true(status(0).stalled);
    sim_run(&s, s.now + 5000);
    assert_false(status(0).stalled);
    assert_false(status(0).voting);
    sim_close(&s);
}

/* Who becomes a member is known as one on the connections that are there, and who is none any more is not: a node that
 * lost its votes counts the words of members, and pulls ask the leader first. */
static void
test_replica__a_peer_becomes_a_member(void **unused)
{
    static struct fwl_replica_watch watch;
    uint8_t members[5] = {0, 1, 2, 3, 4};
    uint8_t bytes[WORLD_TX_ROOM];
    uint16_t index = 0;
    uint64_t conn = 0;

    (void)unused;
    open_net(4, 1);
    s.node[4].who = 4; /* its connections are of the node key of validator 4 */
    sim_start(&s);
    sim_load(&s, 1, 0);
    sim_run(&s, 3000);
    conn = s.conn[0][4];
    for (uint64_t epoch = 1; epoch <= 2; epoch++) {
        size_t count = epoch == 1 ? 5 : 4;

        (void)sim_client(&s, 0,
                         world_change(&s.world, bytes, members, count, epoch, epoch == 1 ? 4 : -1, s.best,
                                      &s.decided_hash[s.best], WORLD_START_MS / 1000 + 86400),
                         false);
        for (int i = 0; i < 100 && status(0).epoch < epoch; i++) {
            sim_run(&s, s.now + 100);
        }
        sim_run(&s, s.now + 1200); /* a STATUS of everybody */
        assert_int_equal(status(0).epoch, epoch);
        assert_true(s.conn[0][4] == conn);
        fwl_replica_watch(s.node[0].replica, &watch);
        assert_int_equal(watch.n, count);
        for (uint32_t k = 1; k < count; k++) {
            assert_true(fwl_validators_find(&index, &fwl_replica_tip(s.node[0].replica)->validators, &s.world.key[k]));
            assert_true(watch.peers[index].connected && watch.peers[index].told);
        }
    }
    sim_close(&s);
}

static void
test_replica__gossip(void **unused)
{
    (void)unused;
    open_net(1, 1);
    s.resubmit = false;
    s.node[0].silent = false;
    sim_start(&s);
    for (uint32_t i = 0; i < 5; i++) {
        uint8_t bytes[WORLD_TX_ROOM];
        struct fwl_state_refusal why;
        struct fwl_hash32 txid;
        struct fwl_span tx = world_put(&s.world, bytes, i, 0, WORLD_START_MS / 1000 + 1000);

        assert_int_equal(fwl_replica_submit(s.node[1].replica, &why, &txid, sim_time(&s.node[1]), tx), FWL_OK);
        sim_run(&s, s.now + 3000);
        assert_int_equal(s.best, i + 1); /* a follower has no other way */
    }
    assert_true(s.sent[FWL_FRAME_TXINV] >= 5 && s.sent[FWL_FRAME_GETTX] == 5 && s.sent[FWL_FRAME_TX] == 5);
    assert_int_equal(status(1).mempool_transactions, 0);
    sim_close(&s);
}

/* Whoever is first to say that it has a transaction, and does not give it, keeps nobody else from giving it. */
static void
test_replica__gossip_of_liars(void **unused)
{
    enum { LIARS = 2, MOST_MS = 20000 };
    const struct fwl_pubkey32 keys[LIARS] = {{{7}}, {{8}}};
    const uint64_t liar[LIARS] = {0xffff01, 0xfffe01};
    uint8_t bytes[WORLD_TX_ROOM];
    uint8_t ids[64];
    struct fwl_message_txids m = {.count = 1};
    struct fwl_state_refusal why;
    struct fwl_hash32 txid;
    struct fwl_span payload;
    struct fwl_writer w;

    (void)unused;
    open_net(1, 1);
    s.resubmit = false;
    sim_start(&s);
    sim_run(&s, 2000);
    for (int i = 0; i < LIARS; i++) {
        fwl_replica_peer_up(s.node[0].replica, sim_time(&s.node[0]), liar[i], &keys[i]);
    }
    assert_int_equal(fwl_replica_submit(s.node[1].replica, &why, &txid, sim_time(&s.node[1]),
                                        world_put(&s.world, bytes, 0, 0, WORLD_START_MS / 1000 + 1000)),
                     FWL_OK);
    m.txids = fwl_hash32_span(&txid);
    fwl_writer_init(&w, ids, sizeof(ids));
    fwl_message_txids_encode(&w, &m);
    assert_int_equal(fwl_writer_finish(&w, &payload), FWL_OK);
    for (uint64_t end = s.now + MOST_MS; s.best == 0 && s.now < end; sim_run(&s, s.now + 10)) {
        for (int i = 0; i < LIARS; i++) {
            fwl_replica_frame(s.node[0].replica, sim_time(&s.node[0]), liar[i], FWL_FRAME_TXINV, payload);
        }
    }
    assert_int_equal(s.best, 1);
    for (int i = 0; i < LIARS; i++) {
        fwl_replica_peer_down(s.node[0].replica, sim_time(&s.node[0]), liar[i]);
    }
    sim_close(&s);
}

/* @blocks of history, then a newcomer that first knows only the liar. */
static void
catch_up(int blocks, int lie)
{
    open_net(1, 2);
    sim_start(&s);
    sim_crash(&s, 2, 0);
    for (int i = 0; i < blocks; i++) {
        sim_load(&s, 1, 0);
        sim_run(&s, s.now + 1500);
    }
    sim_run(&s, s.now + 5000);
    assert_int_equal(s.best, blocks);
    if (lie >= 0) {
        s.byzantine = s.node[1].twin = true;
        s.node[1].blocks = lie == 0   ? SIM_BLOCKS_CERT
                           : lie == 1 ? SIM_BLOCKS_BODY
                           : lie == 2 ? SIM_BLOCKS_SHORT
                                      : SIM_BLOCKS_NONE;
        s.never[0][2] = s.never[2][0] = true;
    }
    sim_boot(&s, 2);
    if (lie >= 0) {
        sim_run(&s, s.now + 6000);
        assert_int_equal(s.node[2].height, 0);
        assert_true(s.sent[FWL_FRAME_BLOCK] > 0);
        s.never[0][2] = s.never[2][0] = false;
        sim_connect(&s, 0, 2);
    }
    sim_run(&s, s.now + 20000);
    assert_int_equal(s.node[2].height, blocks);
    sim_close(&s);
}

static void
test_replica__catch_up(void **unused)
{
    (void)unused;
    catch_up(100, -1);
}

static void
test_replica__liars(void **unused)
{
    (void)unused;
    for (int lie = 0; lie < 4; lie++) {
        catch_up(40, lie);
    }
}

/* A net of one validator and two followers, of which node 2 is down and 20 blocks late. */
static void
open_late(void)
{
    open_net(1, 2);
    sim_start(&s);
    sim_crash(&s, 2, 0);
    for (int i = 0; i < 20; i++) {
        sim_load(&s, 1, 0);
        sim_run(&s, s.now + 1500);
    }
}

/* Who leaves a block out is asked no more for a while, and keeps its connection: it may have forgotten that block. */
static void
test_replica__a_block_is_left_out(void **unused)
{
    (void)unused;
    for (uint64_t height = 1; height <= 20; height += 6) {
        open_late();
        s.node[1].no_block = height;
        s.never[0][2] = s.never[2][0] = true;
        sim_boot(&s, 2);
        sim_run(&s, s.now + 30000);
        assert_int_equal(s.node[2].height, height - 1);
        assert_int_not_equal(sim_peer(&s, 2, 1), 2); /* the connection is there */
        s.never[0][2] = s.never[2][0] = false;
        sim_connect(&s, 0, 2);
        sim_run(&s, s.now + 10000);
        assert_int_equal(s.node[2].height, 20);
        sim_close(&s);
    }
}

/* Everybody was out of reach for a while and owes blocks since then: who says most often that it is ahead, and gives
 * nothing, is asked no more often than the others. */
static void
test_replica__all_owe(void **unused)
{
    const struct fwl_message_status far = {.height = UINT64_MAX, .base = 1};
    const struct fwl_pubkey32 key = {{7}};
    const uint64_t peer = 0xffff02;
    struct fwl_replica *r = NULL;
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span payload = net_status(bytes, &far);

    (void)unused;
    open_late();
    s.node[0].blocks = s.node[1].blocks = SIM_BLOCKS_NONE;
    sim_boot(&s, 2);
    r = s.node[2].replica;
    fwl_replica_peer_up(r, sim_time(&s.node[2]), peer, &key);
    for (uint64_t i = 0; i < 6000; i++) {
        if (i == 3000) {
            assert_false(status(2).syncing); /* nobody is believed */
            s.node[0].blocks = s.node[1].blocks = SIM_BLOCKS_GOOD;
        }
        fwl_replica_frame(r, sim_time(&s.node[2]), peer, FWL_FRAME_STATUS, payload);
        sim_run(&s, s.now + 10);
        if (i > 3600) {
            assert_int_equal(s.node[2].height, 20);
        }
    }
    sim_close(&s);
}

/* A peer says a hundred times a second how far it is, and gives no block: it never keeps a newcomer from asking
 * another, and in the end nobody believes it, even when it comes back. */
static void
test_replica__shouts(void **unused)
{
    const struct fwl_message_status far = {.height = UINT64_MAX, .base = 1};
    const struct fwl_pubkey32 key = {{7}};
    const uint64_t peer = 0xffff02; /* node 1, by a connection that the net does not have */
    struct fwl_replica *r = NULL;
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span payload = net_status(bytes, &far);

    (void)unused;
    open_late();
    s.never[1][2] = s.never[2][1] = true;
    sim_boot(&s, 2);
    r = s.node[2].replica;
    for (uint64_t i = 0; i < 1000; i++) {
        if (i % 300 == 0) {
            fwl_replica_peer_down(r, sim_time(&s.node[2]), peer);
            fwl_replica_peer_up(r, sim_time(&s.node[2]), peer, &key);
        }
        fwl_replica_frame(r, sim_time(&s.node[2]), peer, FWL_FRAME_STATUS, payload);
        sim_run(&s, s.now + 10);
    }
    assert_int_equal(s.node[2].height, 20);
    assert_false(status(2).syncing);
    sim_close(&s);
}

/* A peer that begins a block again and again, always in time, is left for another like one that is silent. */
static void
test_replica__drips(void **unused)
{
    static const uint8_t piece[] = {0, 0, 0, 0, 0, 0, 4, 0, 1}; /* one byte of 1,024 */
    const struct fwl_message_status far = {.height = 1000000, .base = 1};
    const struct fwl_pubkey32 key = {{7}};
    const uint64_t peer = 0xffff02;
    struct fwl_replica *r = NULL;
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span payload = net_status(bytes, &far);

    (void)unused;
    open_late();
    sim_boot(&s, 2);
    r = s.node[2].replica;
    fwl_replica_peer_up(r, sim_time(&s.node[2]), peer, &key);
    fwl_replica_frame(r, sim_time(&s.node[2]), peer, FWL_FRAME_STATUS, payload);
    for (uint64_t i = 0; i < 30; i++) {
        fwl_replica_frame(r, sim_time(&s.node[2]), peer, FWL_FRAME_BLOCK, fwl_span(piece, sizeof(piece)));
        if (i == 3) {
            assert_int_equal(s.node[2].height, 0); /* it is the one that was asked */
        }
        sim_run(&s, s.now + 1900);
    }
    assert_int_equal(s.node[2].height, 20);
    sim_close(&s);
}

/* One word of a great height, and silence, while blocks come one after the other: it is asked, and not believed then.
 */
static void
test_replica__one_shout(void **unused)
{
    const struct fwl_message_status far = {.height = 1000000, .base = 1};
    const struct fwl_pubkey32 key = {{7}};
    const uint64_t peer = 0xffff02;
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span payload = net_status(bytes, &far);

    (void)unused;
    open_net(4, 0);
    sim_start(&s);
    for (uint32_t i = 0; i < 100; i++) {
        sim_load(&s, 1, 0);
        sim_run(&s, s.now + 100);
        if (i == 10) {
            fwl_replica_peer_up(s.node[2].replica, sim_time(&s.node[2]), peer, &key);
            fwl_replica_frame(s.node[2].replica, sim_time(&s.node[2]), peer, FWL_FRAME_STATUS, payload);
            assert_true(status(2).syncing);
        }
    }
    assert_true(s.node[2].height >= 80);
    assert_false(status(2).syncing);
    sim_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replica__codec),
        cmocka_unit_test(test_replica__outbox),
        cmocka_unit_test(test_replica__lost_votes_on_a_full_disk),
        cmocka_unit_test(test_replica__a_peer_becomes_a_member),
        cmocka_unit_test(test_replica__gossip),
        cmocka_unit_test(test_replica__gossip_of_many),
        cmocka_unit_test(test_replica__gossip_of_liars),
        cmocka_unit_test(test_replica__catch_up),
        cmocka_unit_test(test_replica__liars),
        cmocka_unit_test(test_replica__a_block_is_left_out),
        cmocka_unit_test(test_replica__all_owe),
        cmocka_unit_test(test_replica__shouts),
        cmocka_unit_test(test_replica__drips),
        cmocka_unit_test(test_replica__one_shout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
