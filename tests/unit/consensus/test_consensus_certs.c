/*
 * Counting and certificates: JUST, q votes and not one less, conflicts as evidence, answers, and floods.
 */
#include "p2p/consensus/certs.h"
#include "p2p/consensus/inbox.h"
#include "p2p/consensus/pool.h"
#include "rig.h"

/* ---- JUST ---- */
static bool
just(const struct rig *r, uint32_t view, const struct fwl_hash32 *hash, uint32_t header_view, uint32_t want_hole)
{
    uint32_t hole = 0;
    bool answer = fwl_certs_just(r->c, &hole, view, hash, header_view);

    assert_int_equal(hole, want_hole);
    return answer;
}

static void
test_consensus_certs__just(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_hash32 b = {{2}};

    (void)state;
    assert_true(just(r, 0, &a, 0, UINT32_MAX)); /* nothing below: a fresh block */
    assert_false(just(r, 0, &a, 1, UINT32_MAX));
    assert_false(just(r, 1, &a, 1, 0)); /* the missing certificate stops it */
    rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
    assert_true(just(r, 1, &a, 1, UINT32_MAX));
    assert_false(just(r, 1, &a, 0, UINT32_MAX));
    assert_false(just(r, 2, &a, 2, 1));
    rig_cert(r, FWL_VOTE_NOTARIZE, 1, &a);
    assert_true(just(r, 2, &a, 0, UINT32_MAX)); /* NOTAR(p, b) */
    assert_false(just(r, 2, &b, 2, 1));         /* of another block: as if it were not there */
    rig_cert(r, FWL_VOTE_NULLIFY, 2, NULL);
    rig_cert(r, FWL_VOTE_NULLIFY, 3, NULL);
    assert_true(just(r, 4, &a, 0, UINT32_MAX)); /* through a chain of NULL */
    assert_false(just(r, 4, &b, 4, 1));
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL); /* both kinds in one view */
    assert_true(just(r, 4, &a, 0, UINT32_MAX));
    assert_true(just(r, 4, &b, 4, UINT32_MAX));
    assert_false(just(r, 6, &a, 0, 5));
    rig_free(r);
}

/* ---- q ---- */
static bool
held(const struct rig *r, enum fwl_vote_kind kind, uint32_t view)
{
    return fwl_certs_held(r->c, kind, view);
}

static void
test_consensus_certs__quorum(void **state)
{
    static const enum fwl_vote_kind kinds[] = {FWL_VOTE_NOTARIZE, FWL_VOTE_NULLIFY, FWL_VOTE_FINALIZE};

    (void)state;
    for (uint32_t n = 1; n <= RIG_N; n++) {
        for (size_t k = 0; k < FWL_COUNT(kinds); k++) {
            struct rig *r = rig_open(n, RIG_N); /* a follower, so no vote but these */
            struct fwl_hash32 hash = {{7}};
            uint32_t q = 2 * n / 3 + 1;
            struct fwl_cert cert;

            for (uint32_t i = n; i-- > 0;) {
                rig_vote(r, kinds[k], 0, kinds[k] == FWL_VOTE_NULLIFY ? NULL : &hash, i);
                rig_vote(r, kinds[k], 0, kinds[k] == FWL_VOTE_NULLIFY ? NULL : &hash, i); /* twice is once */
                assert_int_equal(held(r, kinds[k], 0), n - i >= q);
            }
            assert_int_equal(fwl_cert_decode(&cert, fwl_certs_bytes(r->c, kinds[k], 0), (uint16_t)n), FWL_OK);
            assert_int_equal(fwl_cert_verify_with(&cert, &r->tip.next, &r->cfg.chain_id, r->cfg.verify, r), FWL_OK);
            rig_free(r);
        }
    }
}

static void
test_consensus_certs__other_votes_do_not_count(void **state)
{
    struct rig *r = rig_open(4, RIG_N);
    struct fwl_hash32 a = {{1}};
    struct fwl_hash32 b = {{2}};
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

    (void)state;
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &a, 0);
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &a, 1);
    rig_vote(r, FWL_VOTE_FINALIZE, 0, &a, 2); /* another kind */
    rig_vote(r, FWL_VOTE_NOTARIZE, 1, &a, 2); /* another view */
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b, 3); /* another hash */
    assert_false(held(r, FWL_VOTE_NOTARIZE, 0) || held(r, FWL_VOTE_FINALIZE, 0));
    rig_vote(r, FWL_VOTE_FINALIZE, 0, &a, 0);
    assert_false(held(r, FWL_VOTE_FINALIZE, 0)); /* 0 and 2 finalized; 1 only notarized */
    m.vote = rig_signed(r, FWL_VOTE_FINALIZE, RIG_HEIGHT, 0, &a, 2);
    m.vote.kind = FWL_VOTE_NOTARIZE; /* a signature for another kind */
    rig_message(r, 0, &m);
    assert_true(r->out.bad_peer);
    m.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 0, &a, 2);
    m.vote.idx = 4; /* nobody */
    rig_message(r, 0, &m);
    assert_true(r->out.bad_peer);
    m.vote.idx = 3; /* somebody else */
    m.vote.view = 2;
    rig_message(r, 0, &m);
    assert_true(r->out.bad_peer);
    m.vote = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 0, &a, 2);
    rig_message(r, 0, &m);
    assert_true(r->out.bad_peer);
    assert_false(held(r, FWL_VOTE_NOTARIZE, 0));
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &a, 2);
    assert_true(held(r, FWL_VOTE_NOTARIZE, 0));
    rig_free(r);
}

static void
test_consensus_certs__bad_certificates(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_consensus_msg m = {.type = FWL_MSG_CERT, .height = RIG_HEIGHT};
    uint8_t bytes[RIG_ROOM];
    size_t size = rig_cert_bytes(r, bytes, FWL_VOTE_NOTARIZE, 0, &a, 3);

    (void)state;
    for (size_t cut = 0; cut <= size + 1; cut++) {
        m.certs = fwl_span(bytes, cut);
        if (cut != size) {
            rig_message(r, 0, &m);
            assert_true(r->out.bad_peer);
        }
    }
    m.certs = fwl_span(bytes, size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rig_message(r, 0, &m);
        /* a view beyond views_max is not looked at */
        assert_true(r->out.bad_peer || fwl_load_be32(bytes + 9) >= RIG_VIEWS);
        assert_int_equal(r->out.nwrites, 0);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(rig_info(r).view, 0);
    rig_message(r, 0, &m);
    assert_int_equal(rig_info(r).view, 1);
    rig_free(r);
}

/* ---- evidence ---- */
static void
conflict(enum fwl_vote_kind k1, enum fwl_vote_kind k2, enum fwl_evidence_type type)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_hash32 b = {{2}};
    struct fwl_pubkey32 key = {{2}};

    rig_vote(r, k1, 0, k1 == FWL_VOTE_NULLIFY ? NULL : &a, 1);
    assert_int_equal(r->out.nevidence, 0);
    rig_vote(r, k2, 0, k2 == FWL_VOTE_NULLIFY ? NULL : &b, 1);
    assert_int_equal(r->out.nevidence, 1);
    assert_int_equal(r->out.evidence[0].type, type);
    assert_int_equal(r->out.evidence[0].first.idx, 1);
    for (uint32_t i = 0; i < 2; i++) {
        const struct fwl_vote *v = i == 0 ? &r->out.evidence[0].first : &r->out.evidence[0].second;
        struct fwl_hash32 digest;

        fwl_vote_digest(&digest, &r->cfg.chain_id, v->kind, v->height, v->view, &v->block_hash);
        assert_int_equal(r->cfg.verify(r, &v->sig, &digest, &key), FWL_OK);
    }
    rig_vote(r, k2, 0, k2 == FWL_VOTE_NULLIFY ? NULL : &b, 1);
    assert_int_equal(r->out.nevidence, 0); /* one pair per signer and type */
    rig_free(r);
}

static void
test_consensus_certs__evidence(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block a = rig_block(r, 2, 2, r->now, 1);
    struct rig_block b = rig_block(r, 2, 2, r->now, 2);
    struct rig_block c = rig_block(r, 2, 2, r->now, 3);

    (void)state;
    conflict(FWL_VOTE_NOTARIZE, FWL_VOTE_NOTARIZE, FWL_EVIDENCE_NOTARIZE);
    conflict(FWL_VOTE_FINALIZE, FWL_VOTE_FINALIZE, FWL_EVIDENCE_FINALIZE);
    conflict(FWL_VOTE_FINALIZE, FWL_VOTE_NULLIFY, FWL_EVIDENCE_FINALIZE_NULLIFY);
    conflict(FWL_VOTE_NULLIFY, FWL_VOTE_FINALIZE, FWL_EVIDENCE_FINALIZE_NULLIFY);
    rig_propose(r, 2, &a);
    rig_propose(r, 2, &a);
    assert_int_equal(r->out.nevidence, 0);
    rig_propose(r, 2, &b);
    assert_int_equal(r->out.nevidence, 1);
    assert_int_equal(r->out.evidence[0].type, FWL_EVIDENCE_PROPOSE);
    assert_int_equal(r->out.evidence[0].first.idx, 2);
    rig_propose(r, 2, &c);
    assert_int_equal(r->out.nevidence, 0);
    rig_free(r);
}

static void
test_consensus_certs__no_evidence(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_hash32 b = {{2}};
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};
    uint32_t count = 0;

    (void)state;
    rig_vote(r, FWL_VOTE_NULLIFY, 0, NULL, 1);
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &a, 1); /* legal */
    count += r->out.nevidence;
    rig_vote(r, FWL_VOTE_NOTARIZE, 1, &b, 1); /* another view */
    count += r->out.nevidence;
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b, 2); /* another signer */
    count += r->out.nevidence;
    m.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 0, &b, 1);
    m.vote.sig.b[0] ^= 1; /* forged */
    rig_message(r, 0, &m);
    count += r->out.nevidence;
    assert_true(r->out.bad_peer);
    assert_int_equal(count, 0);
    rig_free(r);
}

/* A vote inside a certificate against the pooled one: evidence, and the pooled one stays. */
static void
test_consensus_certs__evidence_in_a_certificate(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_hash32 b = {{2}};

    (void)state;
    rig_vote(r, FWL_VOTE_NOTARIZE, 0, &b, 1);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &a);
    assert_int_equal(r->out.nevidence, 1);
    assert_int_equal(r->out.evidence[0].type, FWL_EVIDENCE_NOTARIZE);
    assert_memory_equal(&fwl_pool_vote(r->c, FWL_VOTE_NOTARIZE, 0, 1)->hash, &b, 32);
    rig_free(r);
}

/* ---- answers ---- */
static void
test_consensus_certs__getcerts(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_hash32 a = {{1}};
    struct fwl_consensus_msg m = {.type = FWL_MSG_GETCERTS, .height = RIG_HEIGHT, .nviews = 4, .views = {0, 1, 2, 99}};
    uint32_t seen = 0;

    (void)state;
    rig_cert(r, FWL_VOTE_NULLIFY, 1, NULL);
    rig_cert(r, FWL_VOTE_NOTARIZE, 1, &a);
    rig_cert(r, FWL_VOTE_NULLIFY, 2, NULL);
    rig_cert(r, FWL_VOTE_NULLIFY, 3, NULL); /* not asked for */
    rig_cert(r, FWL_VOTE_FINALIZE, 1, &a);  /* always of use */
    rig_message(r, 2, &m);
    for (uint32_t i = 0; i < r->out.nsends; i++) {
        struct fwl_cert cert;

        if (r->out.sends[i].msg.type == FWL_MSG_CERT) {
            assert_int_equal(fwl_cert_decode(&cert, r->out.sends[i].msg.certs, 4), FWL_OK);
            assert_int_equal(r->out.sends[i].to.word[0], 4);
            seen |= 1u << (4 * cert.view + (uint32_t)cert.kind);
        }
    }
    assert_int_equal(seen, 1u << 5 | 1u << 6 | 1u << 10 | 1u << 7);
    assert_int_equal(rig_sends(r, FWL_MSG_CERT), 4);
    m.nviews = FWL_CONSENSUS_PULL_VIEWS_MAX; /* the same view 64 times is bounded too */
    for (uint32_t i = 0; i < m.nviews; i++) {
        m.views[i] = 1;
    }
    rig_message(r, 2, &m);
    assert_true(rig_sends(r, FWL_MSG_CERT) <= 129);
    assert_false(r->out.bad_peer);
    m.nviews = FWL_CONSENSUS_PULL_VIEWS_MAX + 1;
    rig_message(r, 2, &m);
    assert_true(r->out.bad_peer);
    rig_free(r);
}

static void
test_consensus_certs__status(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_consensus_msg m = {.type = FWL_MSG_STATUS, .height = 9, .view = 3};
    struct fwl_event down = {.type = FWL_EVENT_PEER_DOWN, .peer = 1};
    struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = 1};
    struct fwl_hash32 a = {{1}};

    (void)state;
    rig_message(r, 1, &m);
    assert_false(r->out.bad_peer);
    m.view = 1; /* a view may fall: that is a restart */
    rig_message(r, 1, &m);
    assert_false(r->out.bad_peer);
    m.height = 8;
    rig_message(r, 1, &m);
    assert_true(r->out.bad_peer);
    rig_step(r, &down);
    rig_step(r, &up);
    assert_int_equal(rig_sends(r, FWL_MSG_STATUS), 1);
    assert_int_equal(rig_send(r, FWL_MSG_STATUS)->msg.height, RIG_HEIGHT);
    rig_message(r, 1, &m); /* another connection */
    assert_false(r->out.bad_peer);
    {
        struct fwl_consensus_msg v = {.type = FWL_MSG_VOTE};

        v.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT - 1, 0, &a, 0);
        rig_message(r, 1, &v); /* of a lower height: it is told where we are */
        assert_int_equal(rig_send(r, FWL_MSG_STATUS)->to.word[0], 2);
        v.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT + 2, 0, &a, 0);
        rig_message(r, 1, &v); /* of a higher one: asked for blocks after Tr */
        assert_int_equal(rig_sends(r, FWL_MSG_GETBLOCKS), 0);
        rig_tick(r, 200);
        assert_int_equal(rig_send(r, FWL_MSG_GETBLOCKS)->msg.height, RIG_HEIGHT);
    }
    rig_free(r);
}

/* ---- what comes early ---- */
static void
test_consensus_certs__next_height(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};
    struct rig_block b;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        m.vote = rig_signed(r, FWL_VOTE_NULLIFY, RIG_HEIGHT + 1, 0, NULL, i);
        rig_message(r, i, &m);
    }
    assert_int_equal(rig_info(r).view, 0);
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(rig_info(r).view, 1);
    r->tip.height++;
    b = rig_block(r, 0, 0, r->now, 1);
    rig_propose(r, 0, &b); /* of the next height again */
    assert_false(r->out.has_check);
    r->tip.height--;
    rig_commit(r, RIG_HEIGHT + 1, 0);
    assert_true(r->out.has_check);
    rig_check(r, &b, FWL_CHECK_VALID);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
    rig_free(r);
}

/* What came early and does not hold once it can be checked costs its sender the connection, as at its own height. */
static void
test_consensus_certs__forged_for_the_next_height(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) { /* a vote; a proposal; a vote of who has gone since */
        struct rig *r = rig_open(4, 3);
        struct fwl_consensus_msg m = {.type = i == 1 ? FWL_MSG_PROPOSE : FWL_MSG_VOTE, .height = RIG_HEIGHT + 1};
        struct fwl_consensus_msg good = {.type = FWL_MSG_VOTE};
        struct fwl_event down = {.type = FWL_EVENT_PEER_DOWN, .peer = 1};
        struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = 1};

        good.vote = rig_signed(r, FWL_VOTE_NULLIFY, RIG_HEIGHT + 1, 0, NULL, 0);
        rig_message(r, 0, &good);
        m.vote = rig_signed(r, FWL_VOTE_NULLIFY, RIG_HEIGHT + 1, 0, NULL, 2);
        m.vote.sig.b[0] ^= 1;
        rig_message(r, 1, &m);
        assert_false(r->out.bad_peer); /* nobody knows yet */
        if (i == 2) {
            rig_step(r, &down);
            rig_step(r, &up); /* another one, with the same number */
        }
        rig_commit(r, RIG_HEIGHT, 0);
        for (uint32_t peer = 0; peer < FWL_CONSENSUS_PEERS_MAX; peer++) {
            assert_int_equal(fwl_peer_set_has(&r->out.bad_late, peer), peer == 1 && i < 2);
        }
        rig_tick(r, 10);
        assert_false(fwl_peer_set_has(&r->out.bad_late, 1));
        rig_free(r);
    }
}

/* ---- floods ---- */

/* What changes nothing is not checked, however often it comes: nobody gets a signature checked for nothing twice. */
static void
test_consensus_certs__flood_of_good_signatures(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block old = rig_block(r, 0, 0, r->now, 1);
    struct rig_block blocks[4];
    struct fwl_hash32 hash = {{7}};
    struct fwl_consensus_msg vote = {.type = FWL_MSG_VOTE};
    uint64_t before = 0;

    (void)state;
    for (uint32_t view = 0; view < 16; view++) {
        rig_cert(r, FWL_VOTE_NULLIFY, view, NULL);
    }
    assert_int_equal(rig_info(r).view, 16);
    for (uint32_t i = 0; i < FWL_COUNT(blocks); i++) { /* of the leader of view 16: two are looked at */
        blocks[i] = rig_block(r, 16, 0, r->now, (uint8_t)(10 + i));
        before = r->verified;
        rig_propose(r, 16, &blocks[i]);
        assert_int_equal(r->verified - before, i < 2 ? 1 : 0);
    }
    vote.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 16, &hash, 1);
    rig_message(r, 1, &vote);
    before = r->verified;
    for (uint32_t i = 0; i < 100; i++) {
        rig_propose(r, 0, &old); /* long over */
        rig_propose(r, 16, &blocks[i % 4]);
        rig_cert(r, FWL_VOTE_NULLIFY, i % 16, NULL);
        rig_message(r, 1, &vote);
    }
    assert_int_equal(r->verified, before);
    assert_false(r->out.bad_peer);
    rig_free(r);
}

static void
test_consensus_certs__flood_of_votes(void **state)
{
    static const uint64_t heights[] = {
        0, 1, RIG_HEIGHT - 1, RIG_HEIGHT, RIG_HEIGHT + 1, RIG_HEIGHT + 2, 1000000000, UINT64_MAX};
    static const uint32_t views[] = {0, 1, 2, 3, RIG_VIEWS - 1, RIG_VIEWS, 1000000, UINT32_MAX};
    struct rig *r = rig_open(4, 3);
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

    (void)state;
    for (uint32_t round = 0; round < 100; round++) {
        for (size_t i = 0; i < FWL_COUNT(heights) * FWL_COUNT(views) * 3; i++) {
            enum fwl_vote_kind kind = (enum fwl_vote_kind)(1 + i % 3);
            struct fwl_hash32 hash = {{(uint8_t)round, 1}};

            m.vote = rig_signed(r, kind, heights[i / 3 % 8], views[i / 24], kind == FWL_VOTE_NULLIFY ? NULL : &hash, 1);
            rig_message(r, (uint32_t)(i + round) % 3, &m);
            assert_true(r->out.nsends <= 4 && r->out.nwrites == 0 && r->out.nevidence <= 1);
        }
    }
    assert_true(r->c->next_count <= r->c->next_room);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(r->c->next_count, 0);
    rig_free(r);
}

static void
test_consensus_certs__flood_of_proposals(void **state)
{
    struct rig *r = rig_open(4, 3);
    uint32_t checks = 0;
    uint32_t evidence = 0;

    (void)state;
    for (uint32_t i = 0; i < 600; i++) {
        uint32_t view = i % 6;
        struct rig_block b = rig_block(r, view, view % 4, r->now, (uint8_t)(i / 6));
        struct fwl_consensus_msg body = {.type = FWL_MSG_BODY, .height = RIG_HEIGHT};

        if (view % 4 == 3) {
            continue;
        }
        rig_propose(r, view, &b);
        checks += r->out.has_check;
        evidence += r->out.nevidence;
        body.body = fwl_span(b.bytes, b.size);
        rig_message(r, 2, &body); /* asked for or not */
        assert_true(r->out.nsends <= 8 && r->out.nwrites <= 2);
    }
    assert_int_equal(checks, 1);   /* one at a time */
    assert_int_equal(evidence, 3); /* one a signer */
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_free(r);
}

static void
test_consensus_certs__flood_of_peers(void **state)
{
    struct rig *r = rig_open(7, 3);
    struct fwl_hash32 hash = {{1}};

    (void)state;
    r->have_txs = true;
    for (uint32_t peer = 0; peer < FWL_CONSENSUS_PEERS_MAX; peer++) {
        struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = peer};

        rig_step(r, &up);
        assert_true(r->out.nsends <= 2);
        for (uint32_t i = 0; i < 200; i++) { /* each its share of the next height */
            struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

            m.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT + 1, peer * 200 + i, &hash, 0);
            rig_message(r, peer, &m);
        }
        assert_true(r->c->peers[peer].buffered <= 2 * RIG_N);
        assert_true(r->c->next_count <= r->c->next_room);
    }
    rig_tick(r, 300); /* one message goes to all of them: sends do not grow with peers */
    assert_true(r->out.nsends <= 8);
    rig_commit(r, RIG_HEIGHT, 0);
    assert_true(r->out.nsends <= 8);
    for (uint32_t peer = 0; peer < FWL_CONSENSUS_PEERS_MAX; peer++) {
        struct fwl_event down = {.type = FWL_EVENT_PEER_DOWN, .peer = peer};

        rig_step(r, &down);
    }
    rig_tick(r, 1000);
    assert_int_equal(r->out.nsends, 0);
    rig_free(r);
}

/* A justification of many certificates: 64 are used, and the effects of the step stay bounded. */
static void
test_consensus_certs__flood_of_certificates(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct fwl_consensus_msg m = {.type = FWL_MSG_PROPOSE, .height = RIG_HEIGHT, .view = 30, .hash = {{1}}};
    size_t size = fwl_cert_size(4);
    uint8_t *bytes = malloc(120 * size);

    (void)state;
    for (uint32_t i = 0; i < 120; i++) {
        uint8_t cert[RIG_ROOM];

        (void)rig_cert_bytes(r, cert, i % 2 ? FWL_VOTE_NULLIFY : FWL_VOTE_NOTARIZE, i / 2 % 30, i % 2 ? NULL : &m.hash,
                             3);
        memcpy(bytes + i * size, cert, size);
    }
    m.njust = 120;
    m.certs = fwl_span(bytes, 120 * size);
    m.sig = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 30, &m.hash, 2).sig;
    rig_message(r, 2, &m);
    assert_false(r->out.bad_peer);
    assert_int_equal(rig_info(r).view, 30);
    assert_true(r->out.nwrites <= 64 && r->out.nsends <= 8);
    m.njust = 121; /* more than there are */
    rig_message(r, 2, &m);
    assert_true(r->out.bad_peer);
    free(bytes);
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_certs__just),
        cmocka_unit_test(test_consensus_certs__quorum),
        cmocka_unit_test(test_consensus_certs__other_votes_do_not_count),
        cmocka_unit_test(test_consensus_certs__bad_certificates),
        cmocka_unit_test(test_consensus_certs__evidence),
        cmocka_unit_test(test_consensus_certs__no_evidence),
        cmocka_unit_test(test_consensus_certs__evidence_in_a_certificate),
        cmocka_unit_test(test_consensus_certs__getcerts),
        cmocka_unit_test(test_consensus_certs__status),
        cmocka_unit_test(test_consensus_certs__next_height),
        cmocka_unit_test(test_consensus_certs__forged_for_the_next_height),
        cmocka_unit_test(test_consensus_certs__flood_of_good_signatures),
        cmocka_unit_test(test_consensus_certs__flood_of_votes),
        cmocka_unit_test(test_consensus_certs__flood_of_proposals),
        cmocka_unit_test(test_consensus_certs__flood_of_peers),
        cmocka_unit_test(test_consensus_certs__flood_of_certificates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
