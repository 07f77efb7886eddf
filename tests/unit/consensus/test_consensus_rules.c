/*
 * R1 to R8 of docs/spec/agreement.md: each rule where it fires and where it must not. Height 5, leader of view v: v.
 */
#include "p2p/consensus/turns.h"
#include "rig.h"

static bool
wrote(const struct rig *r, enum fwl_space space)
{
    for (uint32_t i = 0; i < r->out.nwrites; i++) {
        if (r->out.writes[i].op == FWL_WRITE_PUT && r->out.writes[i].space == space) {
            return true;
        }
    }
    return false;
}

/* ---- R1 ---- */
static void
test_consensus_rules__commit(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &b.hash);
    assert_false(r->out.has_commit);
    assert_true(wrote(r, FWL_SPACE_CERT));
    assert_memory_equal(&rig_send(r, FWL_MSG_GETBODY)->msg.hash, &b.hash, 32);
    rig_message(
        r, 0,
        &(struct fwl_consensus_msg){.type = FWL_MSG_BODY, .height = RIG_HEIGHT, .body = fwl_span(b.bytes, b.size)});
    assert_true(r->out.has_check);
    assert_false(r->out.has_commit);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(r->out.has_commit);
    assert_int_equal(r->out.commit.height, RIG_HEIGHT);
    assert_memory_equal(&r->out.commit.hash, &b.hash, 32);
    assert_memory_equal(r->out.commit.body.p, b.bytes, b.size);
    assert_int_equal(r->out.commit.cert.size, fwl_cert_size(4));
    r->have_txs = true;
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash); /* no rule runs while the commit is under way */
    rig_tick(r, 10000);
    assert_false(r->out.has_commit);
    assert_int_equal(r->nsent, 0);
    assert_int_equal(rig_info(r).view, 0);
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(rig_info(r).height, RIG_HEIGHT + 1);
    assert_int_equal(rig_info(r).leader, 0);
    rig_free(r);
}

static void
test_consensus_rules__commit_refused(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_propose(r, 0, &b);
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &b.hash);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_check(r, &b, FWL_CHECK_INVALID);
    assert_int_equal(r->out.halt, FWL_HALT_LOCAL_FAULT);
    assert_false(r->out.has_commit);
    rig_tick(r, 1000);
    assert_int_equal(r->out.halt, FWL_HALT_LOCAL_FAULT);
    assert_int_equal(r->out.timer_at, UINT64_MAX);
    rig_free(r);
}

/* A FINAL certificate of a block that stands on another tip: not the own execution is wrong, the chain is another one.
 */
static void
test_consensus_rules__commit_of_another_chain(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 mine = r->tip.hash;
    struct rig_block b;

    (void)state;
    r->tip.hash.b[31] ^= 1;
    b = rig_block(r, 0, 0, r->now, 1);
    r->tip.hash = mine;
    rig_propose(r, 0, &b);
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &b.hash);
    rig_check(r, &b, FWL_CHECK_INVALID);
    assert_int_equal(r->out.halt, FWL_HALT_FORK);
    assert_false(r->out.has_commit);
    rig_free(r);
}

/* A justification that comes with a PROPOSE moves the view, but not while a commit is under way. */
static void
test_consensus_rules__commit_holds_the_view(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct rig_block other = rig_block(r, 1, 1, r->now, 2);
    struct fwl_consensus_msg m = {.type = FWL_MSG_PROPOSE, .height = RIG_HEIGHT, .view = 1, .njust = 1};
    uint8_t bytes[RIG_ROOM];

    (void)state;
    rig_offer(r, 0, &b);
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &b.hash);
    assert_true(r->out.has_commit);
    m.hash = other.hash;
    m.sig = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 1, &other.hash, 1).sig;
    m.certs = fwl_span(bytes, rig_cert_bytes(r, bytes, FWL_VOTE_NULLIFY, 0, NULL, 3));
    m.body = fwl_span(other.bytes, other.size);
    rig_message(r, 1, &m);
    assert_int_equal(rig_info(r).view, 0);
    rig_free(r);
}

/* ---- R3 ---- */
static void
test_consensus_rules__advance(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_consensus_msg status = {.type = FWL_MSG_STATUS, .height = RIG_HEIGHT, .view = 1};

    (void)state;
    rig_message(r, 2, &status);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_int_equal(rig_info(r).view, 1);
    assert_non_null(rig_send(r, FWL_MSG_CERT));
    assert_int_equal(rig_send(r, FWL_MSG_CERT)->to.word[0], 3); /* peer 2 is past view 0 */
    assert_int_equal(rig_sends(r, FWL_MSG_STATUS), 1);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_int_equal(r->out.nwrites, 0);
    rig_cert(r, FWL_VOTE_NULLIFY, 4, NULL); /* over a gap */
    assert_int_equal(rig_info(r).view, 5);
    rig_cert(r, FWL_VOTE_NULLIFY, 3, NULL); /* never back */
    assert_int_equal(rig_info(r).view, 5);
    rig_free(r);
}

static void
test_consensus_rules__advance_whatever_it_voted(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_offer(r, 0, &b);
    rig_tick(r, 300);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_int_equal(rig_info(r).view, 1);
    assert_false(rig_voted(r, FWL_VOTE_FINALIZE, 0, NULL));
    rig_free(r);
}

static void
test_consensus_rules__advance_to_the_limit(void **state)
{
    struct rig *r = rig_open(4, 3);

    (void)state;
    rig_cert(r, FWL_VOTE_NULLIFY, RIG_VIEWS - 2, NULL);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    assert_int_equal(rig_info(r).view, RIG_VIEWS - 1);
    r->have_txs = true;
    rig_tick(r, 0);
    rig_tick(r, 100000);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, RIG_VIEWS - 1, NULL));
    rig_cert(r, FWL_VOTE_NULLIFY, RIG_VIEWS - 1, NULL);
    assert_int_equal(r->out.halt, FWL_HALT_LIMIT);
    rig_free(r);
}

/* ---- R4 ---- */
static void
test_consensus_rules__finalize(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_false(rig_voted(r, FWL_VOTE_FINALIZE, 0, NULL));
    rig_message(
        r, 0,
        &(struct fwl_consensus_msg){.type = FWL_MSG_BODY, .height = RIG_HEIGHT, .body = fwl_span(b.bytes, b.size)});
    assert_false(rig_voted(r, FWL_VOTE_FINALIZE, 0, NULL));
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_FINALIZE, 0, &b.hash));
    assert_true(wrote(r, FWL_SPACE_REC) && wrote(r, FWL_SPACE_BODY));
    rig_tick(r, 1);
    assert_int_equal(rig_sends(r, FWL_MSG_VOTE), 0); /* once */
    rig_free(r);
}

static void
test_consensus_rules__finalize_refused(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    rig_message(
        r, 0,
        &(struct fwl_consensus_msg){.type = FWL_MSG_BODY, .height = RIG_HEIGHT, .body = fwl_span(b.bytes, b.size)});
    rig_check(r, &b, FWL_CHECK_INVALID);
    assert_int_equal(r->nsent, 0);
    rig_free(r);
}

/* ---- R5 ---- */
static void
test_consensus_rules__notarize(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_propose(r, 0, &b);
    assert_true(r->out.has_check);
    assert_memory_equal(&r->out.check.hash, &b.hash, 32);
    assert_int_equal(r->nsent, 0);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    assert_true(wrote(r, FWL_SPACE_REC) && wrote(r, FWL_SPACE_BODY));
    rig_tick(r, 0);
    assert_int_equal(rig_sends(r, FWL_MSG_VOTE), 0);
    rig_free(r);
}

static void
notarize_at(int64_t offset, uint32_t view, bool good)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, view, view, (uint64_t)((int64_t)r->now + offset), 1);

    if (view > 0) {
        rig_cert(r, FWL_VOTE_NULLIFY, view - 1, NULL);
    }
    for (uint32_t w = 0; w + 1 < view; w++) {
        rig_cert(r, FWL_VOTE_NULLIFY, w, NULL);
    }
    rig_offer(r, view, &b);
    assert_int_equal(rig_voted(r, FWL_VOTE_NOTARIZE, view, &b.hash), good);
    rig_free(r);
}

static void
test_consensus_rules__notarize_timely(void **state)
{
    (void)state;
    notarize_at(500, 0, true);
    notarize_at(501, 0, false);
    notarize_at(-4500, 0, true);
    notarize_at(-4501, 0, false);
    notarize_at(-5500, 1, true);
    notarize_at(-5501, 1, false);
    notarize_at(501, 1, false);
    notarize_at(-6750, 2, true);
    notarize_at(-6751, 2, false);
}

static void
test_consensus_rules__notarize_by_the_first_receipt(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now - 4500, 1);

    (void)state;
    rig_propose(r, 0, &b);
    r->now += 5000; /* r is when it came first */
    rig_offer(r, 0, &b);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    rig_free(r);
}

static void
test_consensus_rules__notarize_just(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now - 100000, 1);
    struct rig_block fresh = rig_block(r, 1, 1, r->now, 2);

    (void)state;
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    rig_offer(r, 1, &b); /* made in view 0, never notarized there */
    assert_int_equal(r->nsent, 0);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 1, &b.hash)); /* TIMELY is not asked again */
    rig_free(r);

    r = rig_open(4, 3);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    rig_offer(r, 1, &fresh); /* the NOTAR of view 0 forbids a fresh block */
    assert_false(rig_voted(r, FWL_VOTE_NOTARIZE, 1, NULL));
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 1, &fresh.hash));
    rig_free(r);
}

static void
test_consensus_rules__notarize_waits_for_certificates(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 2, 2, r->now, 1);

    (void)state;
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL);
    rig_offer(r, 2, &b);
    assert_int_equal(r->nsent, 0);
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->msg.nviews, 1);
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->msg.views[0], 0);
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->to.word[0], 4); /* the leader first */
    rig_tick(r, 1999);
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 0);
    rig_tick(r, 1);
    assert_int_equal(rig_send(r, FWL_MSG_GETCERTS)->to.word[0], 1); /* then the next one */
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 2, &b.hash));
    rig_free(r);
}

/* A leader with two blocks does not make a node ask twice: else every answer would be two more questions. */
static void
test_consensus_rules__asks_once_for_two_proposals(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block a = rig_block(r, 2, 2, r->now, 1);
    struct rig_block b = rig_block(r, 2, 2, r->now, 2);

    (void)state;
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL);
    rig_offer(r, 2, &a);
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 1);
    rig_offer(r, 2, &b);
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 0);
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL); /* an answer, and not what is missing */
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 0);
    rig_tick(r, 1999);
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 0);
    rig_tick(r, 1);
    assert_int_equal(rig_sends(r, FWL_MSG_GETCERTS), 1);
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 2, NULL));
    rig_free(r);
}

static void
test_consensus_rules__notarize_refused(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct rig_block c = rig_block(r, 1, 1, r->now, 2);
    struct fwl_consensus_msg m = {.type = FWL_MSG_PROPOSE, .height = RIG_HEIGHT, .hash = b.hash};

    (void)state;
    m.sig = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 0, &b.hash, 1).sig; /* not the leader's */
    m.body = fwl_span(b.bytes, b.size);
    rig_message(r, 1, &m);
    assert_true(r->out.bad_peer);
    assert_false(r->out.has_check);
    m.sig = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 0, &b.hash, 0).sig;
    m.body = fwl_span(c.bytes, c.size); /* another body */
    rig_message(r, 1, &m);
    assert_true(r->out.bad_peer);
    rig_offer(r, 1, &c); /* of a later view */
    assert_int_equal(r->nsent, 0);
    rig_propose(r, 0, &b);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    assert_false(rig_voted(r, FWL_VOTE_NOTARIZE, 1, NULL));
    rig_free(r);
}

static void
test_consensus_rules__notarize_after_nullify(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    r->have_txs = true;
    rig_tick(r, 0);
    rig_tick(r, 300);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_offer(r, 0, &b);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    rig_free(r);
}

/* Other transactions under a good header say nothing about the block; the peer that sent them is not asked for ever. */
static void
test_consensus_rules__mismatch(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct fwl_consensus_msg body = {.type = FWL_MSG_BODY, .height = RIG_HEIGHT, .body = fwl_span(b.bytes, b.size)};
    uint32_t asked = 0;
    uint32_t peers = 0;

    (void)state;
    rig_propose(r, 0, &b);
    rig_check(r, &b, FWL_CHECK_MISMATCH);
    assert_int_equal(rig_send(r, FWL_MSG_GETBODY)->to.word[0], 1); /* the leader's peer */
    for (uint32_t i = 0; i < 100; i++) {                           /* it answers at once, always with the wrong bytes */
        rig_message(r, 0, &body);
        assert_true(r->out.has_check);
        rig_check(r, &b, FWL_CHECK_MISMATCH);
        asked += rig_sends(r, FWL_MSG_GETBODY);
    }
    assert_int_equal(asked, 0); /* not before 2 s are over, then somebody else */
    assert_true(r->out.timer_at <= r->mono + FWL_ENGINE_PULL_MS);
    for (uint32_t i = 0; i < 2; i++) {
        rig_tick(r, FWL_ENGINE_PULL_MS);
        assert_int_equal(rig_sends(r, FWL_MSG_GETBODY), 1);
        peers |= (uint32_t)rig_send(r, FWL_MSG_GETBODY)->to.word[0];
    }
    assert_int_equal(peers, 6);
    assert_false(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_message(r, 1, &body);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    rig_free(r);
}

/* What a quorum has is asked for beside two blocks that the leader alone can know, each at most once in 2 s. */
static void
test_consensus_rules__bodies_side_by_side(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct rig_block p[] = {rig_block(r, 1, 1, r->now, 2), rig_block(r, 1, 1, r->now, 3)};
    const struct rig_block *all[] = {&b, &p[0], &p[1]};
    uint32_t asked = 0;

    (void)state;
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    assert_int_equal(rig_info(r).view, 1);
    assert_memory_equal(&rig_send(r, FWL_MSG_GETBODY)->msg.hash, &b.hash, 32);
    for (uint32_t i = 0; i < 2; i++) {
        rig_propose(r, 1, &p[i]); /* with transactions of another block */
        assert_int_equal(rig_sends(r, FWL_MSG_GETBODY), 0);
        rig_check(r, &p[i], FWL_CHECK_MISMATCH);
        assert_int_equal(rig_sends(r, FWL_MSG_GETBODY), 1);
        assert_memory_equal(&rig_send(r, FWL_MSG_GETBODY)->msg.hash, &p[i].hash, 32);
    }
    for (uint32_t i = 0; i < 100; i++) { /* it answers at once, now for one, now for the other */
        struct fwl_consensus_msg body = {
            .type = FWL_MSG_BODY, .height = RIG_HEIGHT, .body = fwl_span(p[i % 2].bytes, p[i % 2].size)};

        rig_message(r, 1, &body);
        asked += rig_sends(r, FWL_MSG_GETBODY);
        rig_check(r, &p[i % 2], FWL_CHECK_MISMATCH);
        asked += rig_sends(r, FWL_MSG_GETBODY);
    }
    assert_int_equal(asked, 0);
    assert_true(r->out.timer_at <= r->mono + FWL_ENGINE_PULL_MS);
    rig_tick(r, FWL_ENGINE_PULL_MS);
    assert_int_equal(rig_sends(r, FWL_MSG_GETBODY), 3);
    for (uint32_t i = 0; i < FWL_COUNT(all); i++) {
        uint32_t times = 0;

        for (uint32_t k = 0; k < r->out.nsends; k++) {
            times += r->out.sends[k].msg.type == FWL_MSG_GETBODY &&
                     fwl_hash32_equal(&r->out.sends[k].msg.hash, &all[i]->hash);
        }
        assert_int_equal(times, 1);
    }
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_rules__commit),
        cmocka_unit_test(test_consensus_rules__commit_refused),
        cmocka_unit_test(test_consensus_rules__commit_of_another_chain),
        cmocka_unit_test(test_consensus_rules__commit_holds_the_view),
        cmocka_unit_test(test_consensus_rules__advance),
        cmocka_unit_test(test_consensus_rules__advance_whatever_it_voted),
        cmocka_unit_test(test_consensus_rules__advance_to_the_limit),
        cmocka_unit_test(test_consensus_rules__finalize),
        cmocka_unit_test(test_consensus_rules__finalize_refused),
        cmocka_unit_test(test_consensus_rules__notarize),
        cmocka_unit_test(test_consensus_rules__notarize_timely),
        cmocka_unit_test(test_consensus_rules__notarize_by_the_first_receipt),
        cmocka_unit_test(test_consensus_rules__notarize_just),
        cmocka_unit_test(test_consensus_rules__notarize_waits_for_certificates),
        cmocka_unit_test(test_consensus_rules__asks_once_for_two_proposals),
        cmocka_unit_test(test_consensus_rules__notarize_refused),
        cmocka_unit_test(test_consensus_rules__notarize_after_nullify),
        cmocka_unit_test(test_consensus_rules__mismatch),
        cmocka_unit_test(test_consensus_rules__bodies_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
