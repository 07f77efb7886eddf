/* Questions about the time: who answers, by which way, how many, and who lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/model/statement.h"
#include "p2p/replica/internal.h"
#include "tests/unit/replica/net.h"

static struct sim s;

static void
open_net(uint32_t n, uint32_t extra)
{
    net_open(&s, 5, n, extra);
}

static void
block(uint64_t height)
{
    sim_load(&s, 1, 0);
    for (int i = 0; i < 100 && s.best < height; i++) {
        sim_run(&s, s.now + 100);
    }
    sim_run(&s, s.now + 1500); /* everywhere */
    assert_int_equal(s.best, height);
}

static void
start(void)
{
    sim_start(&s);
    block(1);
}

/* Only these two of each pair are connected. */
static void
only(uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < s.count; i++) {
        if (i != a && i != b) {
            s.never[a][i] = s.never[i][a] = true;
        }
    }
}

static struct fwl_replica_status
status(uint32_t node)
{
    struct fwl_replica_status st;

    fwl_replica_status(s.node[node].replica, &st);
    return st;
}

/* About the tip of @node, with a nonce of @number. */
static struct fwl_attest_request
question(uint32_t node, uint32_t number)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(s.node[node].replica);
    struct fwl_attest_request q = {.height = tip->header.height, .block_hash = tip->hash};

    fwl_store_be32(q.nonce, number);
    return q;
}

static enum fwl_err
ask(uint32_t node, const struct fwl_attest_request *q, uint64_t client)
{
    return sim_attest(&s, node, client, q);
}

/* Every word is that of its validator, of the moment, and no validator speaks twice. */
static void
check_words(uint32_t node, const struct fwl_attest_request *q, uint64_t client, size_t count, bool quorum)
{
    const struct sim_attests *a = &s.node[node].attests;
    const struct fwl_chain_tip *tip = fwl_replica_tip(s.node[node].replica);

    assert_true(a->client == client);
    assert_int_equal(a->count, count);
    assert_int_equal(a->quorum, quorum);
    for (size_t i = 0; i < a->count; i++) {
        struct fwl_hash32 digest;
        struct fwl_pubkey32 key;

        assert_true(i == 0 || a->words[i].idx > a->words[i - 1].idx);
        fwl_validators_key(&key, &tip->validators, a->words[i].idx);
        fwl_statement_attest(&digest, &s.world.chain_id, q->nonce, q->height, &q->block_hash, a->words[i].time_ms);
        assert_int_equal(world_verify(&s.world, &a->words[i].sig, &digest, &key), FWL_OK);
        assert_true(a->words[i].time_ms >= WORLD_START_MS);
    }
}

static uint64_t
total_signed(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < s.count; i++) {
        sum += s.node[i].alive ? status(i).attests_signed : 0;
    }
    return sum;
}

static void
test_attestor__quorum(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(4, 1);
    start();
    q = question(4, 1);
    assert_int_equal(ask(4, &q, 7), FWL_OK);
    sim_run(&s, s.now + 500);
    check_words(4, &q, 7, 3, true);
    assert_int_equal(total_signed(), 4); /* the fourth came too late */
    assert_int_equal(status(4).attests_answered, 1);
    q = question(1, 2); /* of a validator: itself and two others */
    assert_int_equal(ask(1, &q, 8), FWL_OK);
    sim_run(&s, s.now + 500);
    check_words(1, &q, 8, 3, true);
    sim_run(&s, s.now + 10000);
    assert_int_equal(status(4).attests_failed + status(1).attests_failed, 0);
    sim_close(&s);
}

static void
test_attestor__one_validator(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(1, 0);
    start();
    q = question(0, 1);
    assert_int_equal(ask(0, &q, 7), FWL_OK); /* answered within the call */
    check_words(0, &q, 7, 1, true);
    sim_close(&s);
}

/* Over a follower, and over one validator alone: both pass it on; and each link carries it once. */
static void
test_attestor__passed_on(void **unused)
{
    for (uint32_t over = 0; over <= 4; over += 4) {
        struct fwl_attest_request q;

        (void)unused;
        open_net(4, 2);
        only(5, over);
        start();
        memset(s.sent, 0, sizeof(s.sent));
        q = question(5, 1);
        assert_int_equal(ask(5, &q, 7), FWL_OK);
        sim_run(&s, s.now + 1000);
        check_words(5, &q, 7, 3, true);
        assert_int_equal(total_signed(), 4);
        assert_true(s.sent[FWL_FRAME_ATTESTREQ] <= 2 * (4 * 3 / 2 + 4 + 1)); /* once a link and direction */
        sim_close(&s);
    }
}

static void
test_attestor__refuses(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(4, 1);
    start();
    q = question(4, 1);
    q.height++;
    assert_int_equal(ask(4, &q, 7), FWL_ERR_CONFLICT);
    q.height -= 2;
    assert_int_equal(ask(4, &q, 7), FWL_ERR_CONFLICT);
    q = question(4, 1);
    q.block_hash.b[31] ^= 1;
    assert_int_equal(ask(4, &q, 7), FWL_ERR_CONFLICT);
    for (uint32_t i = 0; i < 5; i++) { /* 5 a second, and at once */
        q = question(4, i);
        assert_int_equal(ask(4, &q, i + 1), FWL_OK);
        assert_int_equal(ask(4, &q, 99), FWL_ERR_EXISTS);
    }
    q = question(4, 5);
    assert_int_equal(ask(4, &q, 99), FWL_ERR_BUSY);
    sim_run(&s, s.now + 220);
    assert_int_equal(ask(4, &q, 6), FWL_OK);
    q = question(4, 6);
    assert_int_equal(ask(4, &q, 99), FWL_ERR_BUSY);
    sim_run(&s, s.now + 1000);
    assert_int_equal(status(4).attests_answered, 6);
    q = question(4, 0); /* its nonce is known for 5 s */
    assert_int_equal(ask(4, &q, 99), FWL_ERR_EXISTS);
    sim_run(&s, s.now + 5000);
    assert_int_equal(ask(4, &q, 8), FWL_OK);
    sim_close(&s);
}

static void
test_attestor__too_few(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(4, 1);
    start();
    sim_crash(&s, 1, 0);
    sim_crash(&s, 2, 0);
    q = question(4, 1);
    assert_int_equal(ask(4, &q, 7), FWL_OK);
    sim_run(&s, s.now + 4500);
    assert_true(s.node[4].attests.client == 0);
    sim_run(&s, s.now + 1000);
    check_words(4, &q, 7, 2, false);
    assert_int_equal(status(4).attests_failed, 1);
    sim_close(&s);
}

/* Who has another tip says nothing. Who gets to that tip while the question is open does. */
static void
test_attestor__only_of_the_own_tip(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(4, 1);
    start();
    s.blocked[0][3] = s.blocked[1][3] = s.blocked[2][3] = true; /* 3 hears only the follower */
    s.blocked[4][3] = true;
    sim_load(&s, 1, 0);
    sim_run(&s, s.now + 3000);
    assert_int_equal(s.node[4].height, 2);
    assert_int_equal(s.node[3].height, 1);
    s.blocked[4][3] = false;
    q = question(4, 1);
    assert_int_equal(ask(4, &q, 7), FWL_OK);
    sim_run(&s, s.now + 300);
    check_words(4, &q, 7, 3, true);
    assert_int_equal(status(3).attests_signed, 0);
    s.blocked[0][3] = s.blocked[1][3] = s.blocked[2][3] = false;
    sim_run(&s, s.now + 4000);
    assert_int_equal(s.node[3].height, 2);
    assert_int_equal(status(3).attests_signed, 1);
    sim_close(&s);
}

/* A clock that is a year off moves the lower median no further than to a correct clock. */
static void
test_attestor__lying_clock(void **unused)
{
    static const int64_t skews[] = {-31536000000, 31536000000};

    (void)unused;
    for (size_t i = 0; i < FWL_COUNT(skews); i++) {
        struct fwl_attest_request q;
        uint64_t sorted[3];
        uint64_t before = 0;
        bool lied = false;

        open_net(4, 1);
        start();
        sim_crash(&s, 3, 0); /* so that the liar is one of the three */
        s.node[0].skew_ms = skews[i];
        before = sim_time(&s.node[4]).wall_ms;
        q = question(4, 1);
        assert_int_equal(ask(4, &q, 7), FWL_OK);
        sim_run(&s, s.now + 500);
        assert_int_equal(s.node[4].attests.count, 3);
        for (size_t k = 0; k < 3; k++) {
            size_t at = k;
            uint64_t t = s.node[4].attests.words[k].time_ms;

            lied = lied || t < before - 1000000 || t > before + 1000000;
            for (; at > 0 && sorted[at - 1] > t; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = t;
        }
        assert_true(lied);
        assert_true(sorted[1] >= before && sorted[1] <= sim_time(&s.node[4]).wall_ms);
        sim_close(&s);
    }
}

/* A signer in another process answers later. */
static void
test_attestor__signer_is_busy(void **unused)
{
    struct fwl_attest_request q;

    (void)unused;
    open_net(4, 1);
    start();
    sim_crash(&s, 3, 0);
    s.node[0].attest_busy = 3;
    q = question(4, 1);
    assert_int_equal(ask(4, &q, 7), FWL_OK);
    sim_run(&s, s.now + 200);
    assert_true(s.node[4].attests.client == 0);
    for (int i = 0; i < 3; i++) {
        fwl_replica_tick(s.node[0].replica, sim_time(&s.node[0])); /* as the driver does when the signer has answered */
    }
    sim_run(&s, s.now + 200);
    check_words(4, &q, 7, 3, true);
    sim_close(&s);
}

/* ---- peers that lie ---- */

static struct fwl_span
encode(uint8_t bytes[FWL_MESSAGE_ATTEST_SIZE], const struct fwl_message_attest *m, bool word)
{
    struct fwl_span out;
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, FWL_MESSAGE_ATTEST_SIZE);
    if (word) {
        fwl_message_attest_encode(&w, m);
    } else {
        fwl_message_attestreq_encode(&w, &m->request);
    }
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    return out;
}

/* Node @to hears it from node @from. */
static void
hear(uint32_t to, uint32_t from, enum fwl_frame_type type, struct fwl_span payload)
{
    fwl_replica_frame(s.node[to].replica, sim_time(&s.node[to]), sim_peer(&s, to, from), type, payload);
}

static void
test_attestor__forged_words(void **unused)
{
    uint8_t bytes[FWL_MESSAGE_ATTEST_SIZE];
    struct fwl_message_attest m = {.attest = {.idx = 2, .time_ms = 5}};
    uint64_t conn = 0;

    (void)unused;
    open_net(4, 1);
    start();
    s.byzantine = s.node[1].twin = true;
    m.request = question(4, 1);
    hear(4, 1, FWL_FRAME_ATTEST, encode(bytes, &m, true)); /* nobody asked: not looked at */
    sim_run(&s, s.now + 100);
    conn = s.conn[4][1];
    assert_true(conn != 0);
    assert_int_equal(ask(4, &m.request, 7), FWL_OK);
    m.attest.idx = 100;
    hear(4, 1, FWL_FRAME_ATTEST, encode(bytes, &m, true)); /* there is no such validator */
    m.attest.idx = 4;
    hear(4, 1, FWL_FRAME_ATTEST, encode(bytes, &m, true));
    sim_run(&s, s.now + 1);
    assert_true(s.conn[4][1] == conn);
    m.attest.idx = 2;
    hear(4, 1, FWL_FRAME_ATTEST, encode(bytes, &m, true)); /* signed by nobody */
    sim_run(&s, s.now + 1);
    assert_true(s.conn[4][1] != conn);
    sim_run(&s, s.now + 1000);
    check_words(4, &m.request, 7, 3, true); /* of the others */
    sim_close(&s);
}

static void
test_attestor__malformed(void **unused)
{
    static const uint8_t some[FWL_MESSAGE_ATTEST_SIZE + 1] = {0};

    (void)unused;
    open_net(4, 1);
    start();
    s.byzantine = s.node[1].twin = true;
    for (int word = 0; word < 2; word++) {
        size_t size = word == 0 ? FWL_MESSAGE_ATTESTREQ_SIZE : FWL_MESSAGE_ATTEST_SIZE;

        for (int more = -1; more <= 1; more += 2) {
            uint64_t conn = s.conn[4][1];

            assert_true(conn != 0);
            hear(4, 1, word == 0 ? FWL_FRAME_ATTESTREQ : FWL_FRAME_ATTEST, fwl_span(some, size + (size_t)more));
            sim_run(&s, s.now + 1);
            assert_true(s.conn[4][1] != conn);
            sim_run(&s, s.now + 3000);
        }
    }
    sim_close(&s);
}

/* A follower asks without end: a validator signs what one peer may have open, passes on less, and the others are served
 * all the same. */
static void
test_attestor__flood(void **unused)
{
    uint8_t bytes[FWL_MESSAGE_ATTEST_SIZE];
    struct fwl_message_attest m = {.attest = {.idx = 0}};

    (void)unused;
    open_net(4, 2);
    start();
    memset(s.sent, 0, sizeof(s.sent));
    for (uint32_t i = 0; i < 200; i++) {
        m.request = question(0, i);
        hear(0, 4, FWL_FRAME_ATTESTREQ, encode(bytes, &m, false));
        hear(0, 4, FWL_FRAME_ATTESTREQ, encode(bytes, &m, false)); /* twice: known */
    }
    assert_int_equal(status(0).attests_signed, 50);
    assert_int_equal(s.sent[FWL_FRAME_ATTEST], 50);
    assert_int_equal(s.sent[FWL_FRAME_ATTESTREQ], 4 * 4); /* four a second, to four others */
    m.request = question(0, 1000);
    hear(0, 5, FWL_FRAME_ATTESTREQ, encode(bytes, &m, false));
    assert_int_equal(status(0).attests_signed, 51);
    sim_run(&s, s.now + 5100); /* forgotten */
    m.request = question(0, 1001);
    hear(0, 4, FWL_FRAME_ATTESTREQ, encode(bytes, &m, false));
    assert_int_equal(status(0).attests_signed, 52);
    sim_close(&s);
}

/* The table as a whole: peers in turn fill it, and no more is signed. */
static void
test_attestor__table_is_full(void **unused)
{
    enum { OTHERS = FWL_REPLICA_QUESTIONS - FWL_REPLICA_QUESTIONS_OWN };
    uint8_t bytes[FWL_MESSAGE_ATTEST_SIZE];
    struct fwl_message_attest m = {.attest = {.idx = 0}};
    const struct fwl_pubkey32 key = {{7}};
    uint32_t number = 0;

    (void)unused;
    open_net(1, 0);
    start();
    for (uint64_t peer = 1; peer <= 6; peer++) {
        fwl_replica_peer_up(s.node[0].replica, sim_time(&s.node[0]), 0xffff00 + peer, &key);
        for (uint32_t i = 0; i < 50; i++) {
            m.request = question(0, number++);
            fwl_replica_frame(s.node[0].replica, sim_time(&s.node[0]), 0xffff00 + peer, FWL_FRAME_ATTESTREQ,
                              encode(bytes, &m, false));
        }
    }
    assert_int_equal(status(0).attests_signed, OTHERS);
    m.request = question(0, number++);
    assert_int_equal(ask(0, &m.request, 7), FWL_OK); /* own clients have places of their own */
    check_words(0, &m.request, 7, 1, true);
    sim_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attestor__quorum),       cmocka_unit_test(test_attestor__one_validator),
        cmocka_unit_test(test_attestor__passed_on),    cmocka_unit_test(test_attestor__refuses),
        cmocka_unit_test(test_attestor__too_few),      cmocka_unit_test(test_attestor__only_of_the_own_tip),
        cmocka_unit_test(test_attestor__lying_clock),  cmocka_unit_test(test_attestor__signer_is_busy),
        cmocka_unit_test(test_attestor__forged_words), cmocka_unit_test(test_attestor__malformed),
        cmocka_unit_test(test_attestor__flood),        cmocka_unit_test(test_attestor__table_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
