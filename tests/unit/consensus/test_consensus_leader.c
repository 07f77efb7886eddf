/*
 * R6 propose, R7 arm, R8 nullify, WANT, the heartbeat and the signer. Local timing: T(v) = 300 + 100 v, Tf = 80.
 */
#include "rig.h"

/* ---- R6 ---- */
static void
test_consensus_leader__fresh(void **state)
{
    struct rig *r = rig_open(4, 0);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    const struct fwl_consensus_send *s = NULL;

    (void)state;
    rig_tick(r, 10);
    assert_false(r->out.has_build); /* idle */
    r->have_txs = true;
    rig_tick(r, 10);
    assert_true(r->out.has_build);
    assert_int_equal(r->out.build.height, RIG_HEIGHT);
    assert_int_equal(r->out.build.view, 0);
    assert_int_equal(r->out.build.proposer, 0);
    assert_int_equal(r->out.build.time_ms, r->now);
    assert_false(r->out.build.may_be_empty);
    rig_tick(r, 10);
    assert_false(r->out.has_build); /* asked once */
    rig_step(r, &(struct fwl_event){.type = FWL_EVENT_BUILT, .body = fwl_span(b.bytes, b.size)});
    assert_true(r->out.has_check); /* its own block is checked like any other */
    assert_int_equal(r->nsent, 0);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_PROPOSE, 0, &b.hash) && rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    s = rig_send(r, FWL_MSG_PROPOSE);
    assert_int_equal(s->msg.njust, 0);
    assert_memory_equal(s->msg.body.p, b.bytes, b.size);
    assert_int_equal(s->to.word[0], 14);
    assert_int_equal(r->out.nwrites, 2); /* body and one record */
    rig_tick(r, 200);
    assert_int_equal(rig_sends(r, FWL_MSG_PROPOSE), 1); /* RESEND */
    rig_free(r);
}

static void
test_consensus_leader__own_mistake(void **state)
{
    struct rig *r = rig_open(4, 0);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 0);
    rig_step(r, &(struct fwl_event){.type = FWL_EVENT_BUILT, .body = fwl_span(b.bytes, b.size)});
    rig_check(r, &b, FWL_CHECK_INVALID);
    rig_tick(r, 299);
    assert_int_equal(r->nsent, 0);
    assert_false(r->out.has_build);
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_free(r);
}

static void
test_consensus_leader__nothing_to_build(void **state)
{
    struct rig *r = rig_open(4, 0);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 0);
    rig_step(r, &(struct fwl_event){.type = FWL_EVENT_BUILT});
    rig_tick(r, 199);
    assert_false(r->out.has_build);
    rig_tick(r, 1); /* Tr */
    assert_true(r->out.has_build);
    rig_free(r);
}

static void
test_consensus_leader__min_interval(void **state)
{
    struct rig *r = rig_new(4, 0);

    (void)state;
    r->cfg.timing.min_interval = 100;
    r->have_txs = true;
    rig_boot(r);
    rig_commit(r, RIG_HEIGHT, 0);
    assert_false(r->out.has_build);
    assert_true(r->out.timer_at <= r->mono + 100);
    rig_tick(r, 99);
    assert_false(r->out.has_build);
    rig_tick(r, 1);
    assert_true(r->out.has_build);
    rig_free(r);
}

/* An undecided block is proposed again unchanged, with its NOTAR, after Tf. */
static void
test_consensus_leader__again(void **state)
{
    struct rig *r = rig_open(4, 1);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    const struct fwl_consensus_send *s = NULL;
    uint8_t want[RIG_ROOM];

    (void)state;
    rig_offer(r, 0, &b);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_int_equal(rig_info(r).view, 1);
    rig_tick(r, 79);
    assert_false(rig_voted(r, FWL_VOTE_PROPOSE, 1, NULL));
    assert_true(r->out.timer_at <= r->mono + 1);
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_PROPOSE, 1, &b.hash) && rig_voted(r, FWL_VOTE_NOTARIZE, 1, &b.hash));
    s = rig_send(r, FWL_MSG_PROPOSE);
    assert_int_equal(s->msg.njust, 1);
    assert_int_equal(s->msg.certs.size, rig_cert_bytes(r, want, FWL_VOTE_NOTARIZE, 0, &b.hash, 1));
    assert_memory_equal(s->msg.certs.p, want, s->msg.certs.size);
    assert_memory_equal(s->msg.body.p, b.bytes, b.size);
    rig_free(r);
}

static void
test_consensus_leader__again_over_nulls(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_offer(r, 0, &b);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    rig_cert(r, FWL_VOTE_NULLIFY, 2, NULL);
    assert_int_equal(rig_info(r).view, 3);
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->msg.nviews, 2); /* 0 is NOTAR, it may be NULL as well */
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->msg.views[1], 1);
    assert_false(rig_voted(r, FWL_VOTE_PROPOSE, 3, NULL));
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL);
    assert_true(rig_voted(r, FWL_VOTE_PROPOSE, 3, &b.hash)); /* at once: the view was entered by a NULL */
    assert_int_equal(rig_send(r, FWL_MSG_PROPOSE)->msg.njust, 3);
    rig_free(r);
}

static void
test_consensus_leader__fresh_over_nulls(void **state)
{
    struct rig *r = rig_open(4, 2);

    (void)state;
    r->have_txs = true;
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL);
    assert_false(r->out.has_build); /* view 0 is open: nothing may be built */
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 1);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(r->out.has_build);
    assert_int_equal(r->out.build.view, 2);
    {
        struct rig_block b = rig_block(r, 2, 2, r->now, 1);
        struct rig_block late = rig_block(r, 1, 2, r->now, 1);

        rig_step(r, &(struct fwl_event){.type = FWL_EVENT_BUILT, .body = fwl_span(late.bytes, late.size)});
        assert_false(r->out.has_check); /* the answer for another view */
        rig_built(r, &b);
        assert_true(rig_voted(r, FWL_VOTE_PROPOSE, 2, &b.hash));
        assert_int_equal(rig_send(r, FWL_MSG_PROPOSE)->msg.njust, 2);
    }
    rig_free(r);
}

static void
test_consensus_leader__not_its_turn(void **state)
{
    struct rig *r = rig_open(4, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 0);
    assert_false(r->out.has_build);
    rig_free(r);
}

static void
test_consensus_leader__heartbeat(void **state)
{
    struct rig *r = rig_open(4, 0);
    uint64_t due = r->tip.time_ms + 60000;

    (void)state;
    rig_tick(r, due - r->now - 1);
    assert_false(r->out.has_build || rig_info(r).want);
    assert_int_equal(r->out.timer_at, r->mono + 1);
    rig_tick(r, 1);
    assert_true(r->out.has_build && rig_info(r).want);
    assert_true(r->out.build.may_be_empty);
    assert_int_equal(r->out.build.time_ms, due);
    assert_int_equal(r->out.build.time_empty_ms, due);
    rig_free(r);

    r = rig_open(4, 0); /* a transaction early: an empty block would still have to wait for its time */
    r->have_txs = true;
    rig_tick(r, 0);
    assert_false(r->out.build.may_be_empty);
    assert_int_equal(r->out.build.time_empty_ms, due);
    rig_free(r);

    r = rig_open(4, 0); /* the clock is behind the parent: time goes on all the same */
    r->have_txs = true;
    r->now = r->tip.time_ms - 400;
    rig_tick(r, 0);
    assert_int_equal(r->out.build.time_ms, r->tip.time_ms + 1);
    rig_free(r);
}

/* ---- R7, R8 ---- */
static void
test_consensus_leader__timer(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 1, 1, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 5);
    rig_tick(r, 299);
    assert_int_equal(r->nsent, 0);
    assert_int_equal(r->out.timer_at, r->mono + 1);
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    assert_int_equal(r->nsent, 1);
    rig_tick(r, 1000);
    assert_int_equal(r->nsent, 1);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL); /* view 1 by NULL: 400 */
    rig_tick(r, 399);
    assert_false(rig_voted(r, FWL_VOTE_NULLIFY, 1, NULL));
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 1, NULL));
    rig_cert(r, FWL_VOTE_NOTARIZE, 1, &b.hash); /* view 2 by NOTAR: 500 + Tf */
    rig_tick(r, 579);
    assert_false(rig_voted(r, FWL_VOTE_NULLIFY, 2, NULL));
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 2, NULL));
    rig_free(r);
}

static void
test_consensus_leader__idle(void **state)
{
    struct rig *r = rig_open(4, 3);

    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        rig_tick(r, 1000);
        assert_int_equal(r->out.nsends, rig_sends(r, FWL_MSG_STATUS));
        assert_int_equal(r->out.nwrites, 0);
    }
    assert_false(rig_info(r).want);
    rig_free(r);
}

/* WANT is asked with every event: what is in the mempool when a height begins counts at once. */
static void
test_consensus_leader__want(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_commit(r, RIG_HEIGHT, 0);
    assert_true(rig_info(r).want);
    rig_tick(r, 300);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_free(r);

    r = rig_open(4, 3); /* f votes do not raise it, f + 1 do */
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 1);
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 1);
    assert_false(rig_info(r).want);
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 2);
    assert_true(rig_info(r).want);
    rig_free(r);

    r = rig_open(4, 3); /* votes of another view do not count, a NOTAR does */
    rig_vote(r, FWL_VOTE_NOTARIZE, 1, &b.hash, 0);
    rig_vote(r, FWL_VOTE_NOTARIZE, 1, &b.hash, 1);
    assert_false(rig_info(r).want);
    rig_cert(r, FWL_VOTE_NULLIFY, 2, NULL);
    assert_false(rig_info(r).want);
    rig_cert(r, FWL_VOTE_NOTARIZE, 1, &b.hash);
    assert_true(rig_info(r).want);
    rig_free(r);
}

static void
test_consensus_leader__gave_up(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct rig_block c = rig_block(r, 0, 0, r->now, 2);

    (void)state;
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 1);
    assert_int_equal(r->nsent, 0);
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 0); /* the leader's */
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_free(r);

    r = rig_open(4, 3);
    rig_propose(r, 0, &b);
    rig_check(r, &b, FWL_CHECK_INVALID);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_free(r);

    r = rig_open(4, 3);
    rig_offer(r, 0, &b);
    rig_propose(r, 0, &c);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    assert_int_equal(r->out.nevidence, 1);
    assert_int_equal(r->out.evidence[0].type, FWL_EVIDENCE_PROPOSE);
    rig_free(r);
}

/* ---- the signer ---- */
static void
test_consensus_leader__signer(void **state)
{
    static const enum fwl_err answers[] = {FWL_ERR_BUSY, FWL_ERR_STORAGE};
    (void)state;

    for (size_t i = 0; i < FWL_COUNT(answers); i++) {
        struct rig *r = rig_open(4, 3);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);

        r->have_txs = true;
        r->signer = answers[i];
        rig_offer(r, 0, &b);
        assert_int_equal(r->nsent + r->out.nwrites, 0); /* no trace of a vote that is not signed */
        rig_tick(r, 1);
        r->signer = FWL_OK;
        rig_tick(r, 1);
        assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
        r->signer = answers[i];
        rig_tick(r, 1000);
        rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL); /* too late for NULLIFY(0): it is never cast */
        r->signer = FWL_OK;
        rig_tick(r, 1);
        assert_false(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
        rig_free(r);
    }
}

static void
test_consensus_leader__signer_away(void **state)
{
    struct rig *r = rig_open(4, 0);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 0);
    r->signer = FWL_ERR_BUSY;
    rig_built(r, &b);
    assert_int_equal(r->nsent + rig_sends(r, FWL_MSG_PROPOSE), 0);
    r->signer = FWL_OK;
    rig_tick(r, 1);
    assert_true(rig_voted(r, FWL_VOTE_PROPOSE, 0, &b.hash) && rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    rig_free(r);
}

static void
test_consensus_leader__follower(void **state)
{
    struct rig *r = rig_open(4, RIG_N);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->signer = FWL_ERR_STORAGE;
    r->have_txs = true;
    assert_int_equal(rig_info(r).index, FWL_CONSENSUS_NOBODY);
    rig_offer(r, 0, &b);
    rig_tick(r, 5000);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_int_equal(rig_info(r).view, 1);
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &b.hash);
    assert_true(r->out.has_commit);
    assert_int_equal(r->nsent, 0);
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_leader__fresh),
        cmocka_unit_test(test_consensus_leader__own_mistake),
        cmocka_unit_test(test_consensus_leader__nothing_to_build),
        cmocka_unit_test(test_consensus_leader__min_interval),
        cmocka_unit_test(test_consensus_leader__again),
        cmocka_unit_test(test_consensus_leader__again_over_nulls),
        cmocka_unit_test(test_consensus_leader__fresh_over_nulls),
        cmocka_unit_test(test_consensus_leader__not_its_turn),
        cmocka_unit_test(test_consensus_leader__heartbeat),
        cmocka_unit_test(test_consensus_leader__timer),
        cmocka_unit_test(test_consensus_leader__idle),
        cmocka_unit_test(test_consensus_leader__want),
        cmocka_unit_test(test_consensus_leader__gave_up),
        cmocka_unit_test(test_consensus_leader__signer),
        cmocka_unit_test(test_consensus_leader__signer_away),
        cmocka_unit_test(test_consensus_leader__follower),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
