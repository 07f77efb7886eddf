/*
 * What is counted of votes and their signers. This node is validator 3 of 4, quorum 3; the leader of view 0 is 0.
 */
#include "p2p/consensus/tally.h"
#include "rig.h"

static struct fwl_tally tally;

static struct rig *
open_rig(void)
{
    struct rig *r = rig_new(4, 3);

    memset(&tally, 0, sizeof(tally));
    r->cfg.tally = &tally;
    rig_boot(r);
    return r;
}

/* The height is decided in view 0 by the leader, this node and validator 1. */
static void
decide(struct rig *r)
{
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    uint64_t height = r->tip.height + 1;

    rig_offer(r, 0, &b);
    rig_tick(r, 1);
    for (uint32_t i = 0; i < 2; i++) {
        rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, i);
    }
    for (uint32_t i = 0; i < 2; i++) {
        rig_vote(r, FWL_VOTE_FINALIZE, 0, &b.hash, i);
    }
    assert_true(r->out.has_commit);
    rig_commit(r, height, 0);
}

/* A vote of a decided height, over the connection of validator @peer. */
static void
late(struct rig *r, uint64_t height, uint32_t peer, uint32_t idx)
{
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

    m.vote = rig_signed(r, FWL_VOTE_FINALIZE, height, 0, &r->tip.hash, idx);
    rig_message(r, peer, &m);
}

static void
test_consensus_tally__view(void **state)
{
    struct rig *r = open_rig();
    struct rig_block a = rig_block(r, 0, 0, r->now, 1);
    struct rig_block b = rig_block(r, 0, 0, r->now, 2);
    struct fwl_tally_view v;

    (void)state;
    assert_true(fwl_tally_view(&v, r->c, 0));
    assert_int_equal(v.proposals, 0);
    assert_false(fwl_tally_view(&v, r->c, 1)); /* nobody has said anything of it */
    assert_false(fwl_tally_view(&v, r->c, RIG_VIEWS));
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 0);
    rig_offer(r, 0, &a); /* we NOTARIZE a */
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &a.hash, 2);
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 2);
    assert_true(fwl_tally_view(&v, r->c, 0));
    assert_int_equal(v.proposals, 1);
    assert_memory_equal(&v.proposal, &a.hash, 32);
    assert_int_equal(v.kinds[0].count, 2); /* for a; the vote for b is another's */
    assert_memory_equal(&v.kinds[0].hash, &a.hash, 32);
    assert_int_equal(v.kinds[0].voters[0], 0xd);
    assert_true(fwl_tally_voted(&v.kinds[0], 0));
    assert_false(fwl_tally_voted(&v.kinds[0], 1));
    assert_int_equal(v.kinds[1].count, 1);
    assert_int_equal(v.kinds[1].voters[0], 0x4);
    assert_int_equal(v.kinds[2].count, 0);
    assert_false(v.notar || v.null || v.final);
    rig_propose(r, 0, &b);
    assert_true(fwl_tally_view(&v, r->c, 0));
    assert_int_equal(v.proposals, 2);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(fwl_tally_view(&v, r->c, 0));
    assert_true(v.null);
    rig_cert(r, FWL_VOTE_NULLIFY, 20, NULL); /* far ahead: the window has left view 0 */
    assert_true(fwl_tally_view(&v, r->c, 20));
    assert_true(fwl_tally_view(&v, r->c, 0)); /* the certificate is kept */
    assert_int_equal(v.kinds[0].count, 0);
    assert_false(fwl_tally_view(&v, r->c, 1));
    assert_true(fwl_tally_view(&v, r->c, 21)); /* the present one */
    rig_free(r);
}

static void
test_consensus_tally__peer(void **state)
{
    struct rig *r = open_rig();
    struct fwl_event down = {.type = FWL_EVENT_PEER_DOWN, .peer = 1};
    struct fwl_tally_peer p;

    (void)state;
    rig_message(r, 1, &(struct fwl_consensus_msg){.type = FWL_MSG_STATUS, .height = RIG_HEIGHT, .view = 7});
    fwl_tally_peer(&p, r->c, 1);
    assert_true(p.connected && p.told);
    assert_int_equal(p.height, RIG_HEIGHT);
    assert_int_equal(p.view, 7);
    fwl_tally_peer(&p, r->c, 2);
    assert_true(p.connected);
    assert_false(p.told);
    fwl_tally_peer(&p, r->c, 3); /* this node */
    assert_false(p.connected);
    rig_step(r, &down);
    fwl_tally_peer(&p, r->c, 1);
    assert_false(p.connected || p.told);
    rig_free(r);
}

static void
test_consensus_tally__late_and_duplicate(void **state)
{
    struct rig *r = open_rig();
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 1);
    assert_int_equal(tally.duplicate_votes, 0);
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 1);
    assert_int_equal(tally.duplicate_votes, 1);
    assert_int_equal(tally.members[1].last_signed, RIG_HEIGHT);
    decide(r);
    assert_int_equal(tally.late_votes, 0);
    late(r, RIG_HEIGHT, 1, 2); /* over the connection of another: it counts, but says nothing of validator 2 */
    assert_int_equal(tally.late_votes, 1);
    assert_int_equal(tally.members[2].last_signed, 0);
    late(r, RIG_HEIGHT, 2, 2);
    assert_int_equal(tally.late_votes, 2);
    assert_int_equal(tally.members[2].last_signed, RIG_HEIGHT);
    rig_free(r);
}

static void
test_consensus_tally__missing(void **state)
{
    struct rig *r = open_rig();

    (void)state;
    decide(r);
    assert_int_equal(tally.decided, 1);
    assert_int_equal(tally.rounds, 1);
    decide(r); /* this one began while we watched */
    assert_int_equal(tally.missing, 0);
    decide(r);
    assert_int_equal(tally.missing, 1);
    assert_int_equal(tally.members[2].missed, 1);
    assert_int_equal(tally.members[2].last_signed, 0);
    assert_int_equal(tally.members[3].last_signed, RIG_HEIGHT + 2); /* our own votes count */
    late(r, RIG_HEIGHT + 2, 2, 2);
    decide(r); /* slow, but not missing */
    assert_int_equal(tally.missing, 0);
    decide(r);
    assert_int_equal(tally.missing, 1);
    assert_int_equal(tally.members[2].missed, 2);
    assert_int_equal(tally.members[0].missed + tally.members[1].missed + tally.members[3].missed, 0);
    rig_free(r);
}

/* Heights that were caught up with, or began before the start, say nothing. */
static void
test_consensus_tally__gap(void **state)
{
    struct rig *r = open_rig();

    (void)state;
    decide(r);
    decide(r);
    decide(r);
    assert_int_equal(tally.members[2].missed, 1);
    rig_commit(r, RIG_HEIGHT + 20, 0);
    assert_int_equal(tally.decided, 3);
    decide(r);
    decide(r);
    assert_int_equal(tally.members[0].missed, 0); /* it has not voted in what we caught up with */
    assert_int_equal(tally.members[2].missed, 1);
    decide(r);
    assert_int_equal(tally.members[2].missed, 2);
    rig_boot(r); /* R0: the counters stay */
    assert_int_equal(tally.decided, 6);
    decide(r);
    decide(r);
    assert_int_equal(tally.members[2].missed, 2);
    decide(r);
    assert_int_equal(tally.members[2].missed, 3);
    rig_free(r);
}

static void
test_consensus_tally__other_members(void **state)
{
    struct rig *r = open_rig();

    (void)state;
    for (int i = 0; i < 3; i++) {
        decide(r);
    }
    assert_int_equal(tally.members[2].missed, 1);
    memmove(r->keys + 32, r->keys + 64, 64); /* validator 1 leaves: 2 and 3 are 1 and 2 now */
    memset(r->keys + 96, 9, 32);             /* and another one comes */
    r->me = 2;
    rig_commit(r, RIG_HEIGHT + 3, 0);
    assert_int_equal(tally.members[1].missed, 1);
    assert_int_equal(tally.members[2].last_signed, RIG_HEIGHT + 2);
    assert_int_equal(tally.members[3].since, RIG_HEIGHT + 4);
    assert_int_equal(tally.members[3].last_signed, 0);
    rig_free(r);
}

static void
test_consensus_tally__steps(void **state)
{
    struct rig *r = open_rig();
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 1); /* WANT */
    rig_tick(r, 20);
    rig_offer(r, 0, &b); /* its time is 21 ms ago */
    rig_tick(r, 3);
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 0);
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b.hash, 1);
    rig_tick(r, 7);
    rig_vote(r, FWL_VOTE_FINALIZE, 0, &b.hash, 0);
    rig_vote(r, FWL_VOTE_FINALIZE, 0, &b.hash, 1);
    assert_int_equal(tally.propose.count, 0); /* at the decision, all of them */
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(tally.propose.count, 1);
    assert_int_equal(tally.propose.sum, 20);
    assert_int_equal(tally.notarize.sum, 3);
    assert_int_equal(tally.finalize.sum, 7);
    assert_int_equal(tally.proposal_time.count, 1);
    assert_int_equal(tally.proposal_time.sum, 21);
    r->have_txs = false;
    decide(r); /* nothing was wanted here before the proposal came */
    assert_int_equal(tally.propose.count, 1);
    assert_int_equal(tally.notarize.count, 2);
    assert_int_equal(tally.proposal_time.count, 2);
    rig_free(r);
}

/* Without a tally nothing is counted, and what can be asked of the engine works. */
static void
test_consensus_tally__none(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_tally_view v;

    (void)state;
    decide(r);
    late(r, RIG_HEIGHT, 2, 2);
    assert_true(fwl_tally_view(&v, r->c, 0));
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_tally__view),
        cmocka_unit_test(test_consensus_tally__peer),
        cmocka_unit_test(test_consensus_tally__late_and_duplicate),
        cmocka_unit_test(test_consensus_tally__missing),
        cmocka_unit_test(test_consensus_tally__gap),
        cmocka_unit_test(test_consensus_tally__other_members),
        cmocka_unit_test(test_consensus_tally__steps),
        cmocka_unit_test(test_consensus_tally__none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
