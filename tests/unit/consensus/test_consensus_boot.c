/*
 * R0, the lost store and the halts: what a node does with what it finds when it starts.
 */
#include "p2p/consensus/rec.h"
#include "rig.h"

enum { FLAG_PROPOSED = 1, FLAG_NOTARIZE = 2, FLAG_NULLIFY = 4, FLAG_FINALIZE = 8, FLAG_NOTAR = 16, FLAG_NULL = 32 };

static void
put_rec(struct rig *r, uint32_t view, const struct fwl_rec *rec)
{
    uint8_t key[40];
    uint8_t value[FWL_REC_SIZE_MAX];
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, RIG_HEIGHT, view));

    rig_put(r, FWL_SPACE_REC, k, fwl_span(value, fwl_rec_encode(value, k, rec)));
}

static void
put_cert(struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash)
{
    uint8_t key[40];
    uint8_t value[RIG_ROOM];
    struct fwl_span k = fwl_span(key, fwl_rec_cert_key(key, RIG_HEIGHT, view, kind));

    rig_put(r, FWL_SPACE_CERT, k, fwl_span(value, rig_cert_bytes(r, value, kind, view, hash, r->me)));
}

static struct fwl_rec
make_rec(const struct rig *r, unsigned flags, const struct fwl_hash32 *hash)
{
    struct fwl_rec rec;

    memset(&rec, 0, sizeof(rec));
    if (flags & FLAG_PROPOSED) {
        rec.proposed = true;
        rec.proposed_hash = *hash;
        rec.proposed_sig = rig_signed(r, FWL_VOTE_PROPOSE, RIG_HEIGHT, 0, hash, r->me).sig;
    }
    if (flags & FLAG_NOTARIZE) {
        rec.notarize = true;
        rec.notarize_hash = *hash;
        rec.notarize_sig = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 0, hash, r->me).sig;
    }
    if (flags & FLAG_NULLIFY) {
        rec.nullify = true;
        rec.nullify_sig = rig_signed(r, FWL_VOTE_NULLIFY, RIG_HEIGHT, 0, NULL, r->me).sig;
    }
    if (flags & FLAG_FINALIZE) {
        rec.finalize = true;
        rec.finalize_hash = *hash;
        rec.finalize_sig = rig_signed(r, FWL_VOTE_FINALIZE, RIG_HEIGHT, 0, hash, r->me).sig;
    }
    return rec;
}

/* The node votes, the leader tempts it with another block, everything it can be made to sign is asked for. */
static void
tempt(struct rig *r)
{
    struct rig_block other = rig_block(r, 0, 0, r->now, 9);
    uint8_t key[40];

    r->have_txs = true;
    if (r->me != 0) {
        rig_propose(r, 0, &other);
        rig_check(r, &other, FWL_CHECK_VALID);
    } else {
        rig_tick(r, 0);
        rig_built(r, &other);
    }
    rig_tick(r, 5000);
    rig_tick(r, 5000);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &other.hash);
    rig_put(r, FWL_SPACE_BODY, fwl_span(key, fwl_rec_body_key(key, RIG_HEIGHT, &other.hash)),
            fwl_span(other.bytes, other.size));
    rig_boot(r);
    if (r->out.has_check) {
        rig_check(r, &other, FWL_CHECK_VALID);
    }
    rig_tick(r, 5000);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
}

/* Every combination of records and certificates of view 0: the view, own votes again and the same, nothing that
 * convicts. The rig compares all that was ever let out, and what lies in the store counts as let out. */
static void
test_consensus_boot__every_state(void **state)
{
    (void)state;
    for (uint32_t me = 0; me < 4; me += 3) {
        for (unsigned flags = 0; flags < 64; flags++) {
            struct rig *r = rig_new(4, me);
            struct rig_block b = rig_block(r, 0, 0, r->now, 1);
            struct fwl_rec rec = make_rec(r, flags, &b.hash);

            if ((flags & 12) == 12 || ((flags & FLAG_PROPOSED) && me != 0)) {
                rig_free(r);
                continue;
            }
            for (unsigned kind = 0; kind < 4; kind++) { /* what it let out before */
                if (flags >> kind & 1) {
                    r->sent[r->nsent++] = rig_signed(r, (enum fwl_vote_kind)kind, RIG_HEIGHT, 0,
                                                     kind == FWL_VOTE_NULLIFY ? NULL : &b.hash, me);
                }
            }
            put_rec(r, 0, &rec);
            if (flags & FLAG_NOTAR) {
                put_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
            }
            if (flags & FLAG_NULL) {
                put_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
            }
            rig_boot(r);
            assert_int_equal(r->out.halt, FWL_HALT_NONE);
            assert_int_equal(rig_info(r).view, flags & (FLAG_NOTAR | FLAG_NULL) ? 1 : 0);
            assert_int_equal(r->nsent, __builtin_popcount(flags & 15)); /* nothing new by booting */
            if (!(flags & (FLAG_NOTAR | FLAG_NULL))) {
                rig_tick(r, 200); /* RESEND: the same bytes, as the rig sees */
            }
            tempt(r);
            rig_free(r);
        }
    }
}

/* Its own vote is the q-th: without it in the count no certificate would ever come to be. */
static void
test_consensus_boot__own_votes_count(void **state)
{
    static const enum fwl_vote_kind kinds[] = {FWL_VOTE_NOTARIZE, FWL_VOTE_NULLIFY, FWL_VOTE_FINALIZE};

    (void)state;
    for (size_t k = 0; k < FWL_COUNT(kinds); k++) {
        struct rig *r = rig_new(4, 3);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);
        struct fwl_rec rec = make_rec(r, 1u << kinds[k], &b.hash);
        const struct fwl_hash32 *hash = kinds[k] == FWL_VOTE_NULLIFY ? NULL : &b.hash;
        uint8_t key[40];

        put_rec(r, 0, &rec);
        rig_boot(r);
        rig_vote(r, kinds[k], 0, hash, 0);
        assert_null(rig_find(r, FWL_SPACE_CERT, fwl_span(key, fwl_rec_cert_key(key, RIG_HEIGHT, 0, kinds[k]))));
        rig_vote(r, kinds[k], 0, hash, 1);
        assert_non_null(rig_find(r, FWL_SPACE_CERT, fwl_span(key, fwl_rec_cert_key(key, RIG_HEIGHT, 0, kinds[k]))));
        rig_free(r);
    }
}

/* After a restart at any point the node says what it said, and nothing against it. */
static void
test_consensus_boot__restart_after_each_vote(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    rig_offer(r, 0, &b);
    rig_boot(r);
    assert_int_equal(r->nsent, 1);
    rig_check(r, &b, FWL_CHECK_VALID); /* the body was durable */
    tempt(r);
    rig_free(r);

    r = rig_open(4, 3); /* NULLIFY, then the NOTAR comes: never FINALIZE */
    r->have_txs = true;
    rig_offer(r, 0, &b);
    rig_tick(r, 300);
    assert_true(rig_voted(r, FWL_VOTE_NULLIFY, 0, NULL));
    rig_boot(r);
    rig_check(r, &b, FWL_CHECK_VALID);
    rig_cert(r, FWL_VOTE_NOTARIZE, 0, &b.hash);
    rig_tick(r, 1000);
    assert_false(rig_voted(r, FWL_VOTE_FINALIZE, 0, NULL));
    rig_free(r);

    r = rig_open(4, 0); /* PROPOSE: the same block again, and no second one */
    r->have_txs = true;
    rig_tick(r, 0);
    rig_built(r, &b);
    rig_boot(r);
    rig_tick(r, 300);
    assert_false(r->out.has_build);
    assert_int_equal(rig_sends(r, FWL_MSG_PROPOSE), 1);
    tempt(r);
    rig_free(r);
}

static void
test_consensus_boot__view(void **state)
{
    struct rig *r = rig_new(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);

    (void)state;
    put_cert(r, FWL_VOTE_NOTARIZE, 1, &b.hash);
    put_cert(r, FWL_VOTE_NULLIFY, 6, NULL);
    rig_boot(r);
    assert_int_equal(rig_info(r).view, 7); /* over both kinds */
    rig_free(r);

    r = rig_open(4, 3);
    rig_cert(r, FWL_VOTE_NULLIFY, 4, NULL);
    rig_boot(r);
    assert_int_equal(rig_info(r).view, 5);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    r->have_txs = true;
    rig_tick(r, 200);
    assert_int_equal(rig_sends(r, FWL_MSG_CERT), 1); /* what led into the view, again */
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(rig_info(r).view, 0); /* the view of the old height means nothing */
    rig_free(r);
}

static void
test_consensus_boot__corrupt(void **state)
{
    uint8_t key[40];
    struct fwl_span rec_key = fwl_span(key, fwl_rec_key(key, RIG_HEIGHT, 0));
    uint8_t name[40];
    uint32_t spoiled = 0;

    (void)state;
    for (uint32_t which = 0; which < 64; which++) {
        struct rig *r = rig_open(4, 3);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);

        rig_offer(r, 0, &b);
        rig_cert(r, FWL_VOTE_NULLIFY, 0, NULL);
        if (which < r->nitems && r->items[which].space != FWL_SPACE_BODY) {
            r->items[which].value[r->items[which].size / 2] ^= 1;
            rig_boot(r);
            assert_int_equal(r->out.halt, FWL_HALT_CORRUPT);
            spoiled++;
        }
        rig_free(r);
    }
    assert_int_equal(spoiled, 3); /* record, certificate, view */
    {
        struct rig *r = rig_open(4, 3);

        rig_put(r, FWL_SPACE_REC, fwl_span(key, rec_key.size + 1), fwl_span("", 0));
        rig_boot(r);
        assert_int_equal(r->out.halt, FWL_HALT_CORRUPT);
        rig_free(r);
        r = rig_new(4, 3);
        rig_put(r, FWL_SPACE_VMETA, fwl_span(name, fwl_rec_name_key(name, "voting")), fwl_span("", 0));
        rig_boot(r);
        assert_int_equal(r->out.halt, FWL_HALT_CORRUPT);
        rig_free(r);
    }
}

/* The chain store is fetched anew, so heights come again whose records are gone: no vote there, and none is missed. */
static void
test_consensus_boot__below_the_records(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block a = rig_block(r, 0, 0, r->now, 1);
    struct rig_block b = rig_block(r, 0, 0, r->now, 2);
    struct fwl_consensus_tip tip = r->tip;
    struct fwl_vote old = {0};
    uint32_t sent = 0;
    uint8_t name[40];

    (void)state;
    rig_offer(r, 0, &a);
    assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &a.hash));
    old = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 0, &a.hash, 3);
    rig_commit(r, FWL_CONSENSUS_RETAIN + 10, 0);
    assert_true(rig_info(r).voting);
    sent = r->nsent;
    for (uint32_t boots = 0; boots < 2; boots++) {
        r->tip = tip;
        rig_boot(r);
        assert_false(rig_info(r).voting);
        r->have_txs = true;
        rig_offer(r, 0, &b);
        rig_tick(r, 100000);
        rig_message(r, 1, &(struct fwl_consensus_msg){.type = FWL_MSG_VOTE, .vote = old}); /* no second instance */
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
        rig_commit(r, 9, 0);
        assert_false(rig_info(r).voting);
        assert_int_equal(r->nsent, sent);
    }
    rig_commit(r, 10, 0);
    assert_true(rig_info(r).voting);
    rig_put(r, FWL_SPACE_VMETA, fwl_span(name, fwl_rec_name_key(name, "floor")), fwl_span("", 0));
    rig_boot(r);
    assert_int_equal(r->out.halt, FWL_HALT_CORRUPT);
    rig_free(r);
}

/* Versions before `floor` deleted records, too: below the lowest that is left nothing is known. */
static void
test_consensus_boot__below_the_lowest_record(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block b = rig_block(r, 0, 0, r->now, 1);
    struct fwl_consensus_tip tip = r->tip;
    struct rig_item *floor = NULL;
    uint32_t sent = 0;
    uint8_t name[40];

    (void)state;
    rig_offer(r, 0, &b);
    r->have_txs = true;
    rig_commit(r, FWL_CONSENSUS_RETAIN + 10, 0);
    rig_tick(r, 100000); /* NULLIFY */
    floor = rig_find(r, FWL_SPACE_VMETA, fwl_span(name, fwl_rec_name_key(name, "floor")));
    free(floor->value);
    *floor = r->items[--r->nitems];
    sent = r->nsent;
    assert_int_equal(sent, 2);
    r->tip = tip;
    rig_boot(r);
    assert_false(rig_info(r).voting);
    rig_tick(r, 100000);
    rig_commit(r, FWL_CONSENSUS_RETAIN + 9, 0);
    rig_tick(r, 100000);
    assert_false(rig_info(r).voting);
    assert_int_equal(r->nsent, sent);
    rig_commit(r, FWL_CONSENSUS_RETAIN + 10, 0);
    assert_true(rig_info(r).voting);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_free(r);
}

/* The store of another validator: its votes are not this one's, count for nothing and are not sent. */
static void
test_consensus_boot__records_of_another(void **state)
{
    (void)state;
    for (enum fwl_vote_kind kind = FWL_VOTE_PROPOSE; kind <= FWL_VOTE_FINALIZE; kind++) {
        struct rig *r = rig_new(4, 2);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);
        struct fwl_rec rec = make_rec(r, 1u << kind, &b.hash);
        const struct fwl_hash32 *hash = kind == FWL_VOTE_NULLIFY ? NULL : &b.hash;
        uint8_t key[40];

        r->me = 3;
        memcpy(r->cfg.key.b, r->keys + 32 * 3, 32);
        put_rec(r, 0, &rec);
        rig_boot(r);
        rig_tick(r, 200); /* RESEND */
        assert_int_equal(r->nsent, 0);
        rig_offer(r, 0, &b); /* and it is free to vote */
        assert_true(rig_voted(r, FWL_VOTE_NOTARIZE, 0, &b.hash));
        if (kind == FWL_VOTE_NULLIFY || kind == FWL_VOTE_FINALIZE) {
            rig_vote(r, kind, 0, hash, 0);
            rig_vote(r, kind, 0, hash, 1);
            assert_int_equal(rig_find(r, FWL_SPACE_CERT, fwl_span(key, fwl_rec_cert_key(key, RIG_HEIGHT, 0, kind))) !=
                                 NULL,
                             rig_voted(r, kind, 0, hash)); /* with two of others and one that it gave */
        }
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
        rig_free(r);
    }
}

static void
test_consensus_boot__limits(void **state)
{
    struct rig *r = rig_new(4, 3);
    struct fwl_rec rec = make_rec(r, FLAG_NULLIFY, NULL);
    uint8_t *keys = malloc(32 * 8);

    (void)state;
    put_rec(r, RIG_VIEWS, &rec);
    rig_boot(r);
    assert_int_equal(r->out.halt, FWL_HALT_LIMIT);
    rig_free(r);

    r = rig_new(4, 3);
    put_cert(r, FWL_VOTE_NULLIFY, RIG_VIEWS - 1, NULL);
    rig_boot(r);
    assert_int_equal(r->out.halt, FWL_HALT_LIMIT);
    rig_free(r);

    r = rig_new(4, 3);
    r->tip.params.max_block = RIG_ROOM + 1;
    rig_boot(r);
    assert_int_equal(r->out.halt, FWL_HALT_LIMIT);
    rig_free(r);

    r = rig_open(4, 3); /* a set that outgrows the memory; the tip dies with the step */
    for (uint32_t i = 0; i < 8; i++) {
        memset(keys + 32 * i, (int)i + 1, 32);
    }
    r->tip.next = (struct fwl_validators){.n = 8, .keys = fwl_span(keys, 32 * 8)};
    rig_commit(r, RIG_HEIGHT, 0);
    assert_int_equal(r->out.halt, FWL_HALT_LIMIT);
    free(keys);
    assert_true(rig_info(r).leader < 4);
    rig_free(r);
}

/* ---- the lost store ---- */
static void
status(struct rig *r, uint32_t peer, uint64_t height)
{
    rig_message(r, peer, &(struct fwl_consensus_msg){.type = FWL_MSG_STATUS, .height = height});
}

static void
test_consensus_boot__lost(void **state)
{
    struct rig *r = rig_new(4, 3);
    struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = 9};

    (void)state;
    r->lost = true;
    r->have_txs = true;
    rig_boot(r);
    assert_false(rig_info(r).voting);
    memcpy(up.validator_key.b, r->keys + 32 * 0, 32);
    rig_step(r, &up); /* a second connection of validator 0 */
    up.peer = 10;
    memcpy(up.validator_key.b, r->keys + 32 * 3, 32);
    rig_step(r, &up); /* one that says it is this node's own validator */
    up.peer = 11;
    memset(&up.validator_key, 0, 32);
    rig_step(r, &up); /* a follower */
    status(r, 0, 6);
    status(r, 9, 6);
    status(r, 10, 90);
    status(r, 11, 90);
    status(r, 1, 7);
    rig_tick(r, 10000);
    assert_true(rig_info(r).voting_from == UINT64_MAX);
    assert_int_equal(r->nsent, 0);
    rig_boot(r); /* being lost is durable, reports are not */
    r->lost = false;
    rig_boot(r);
    assert_true(rig_info(r).voting_from == UINT64_MAX);
    status(r, 0, 6);
    status(r, 1, 7);
    assert_true(rig_info(r).voting_from == UINT64_MAX);
    status(r, 2, 5);
    assert_true(rig_info(r).voting_from == UINT64_MAX); /* not caught up: its set may be an old one */
    rig_commit(r, 5, 0);
    assert_true(rig_info(r).voting_from == UINT64_MAX);
    rig_commit(r, 6, 0);
    assert_int_equal(rig_info(r).voting_from, 10); /* X + 3, X = 7 = its own height */
    status(r, 2, 50);
    assert_int_equal(rig_info(r).voting_from, 10);
    rig_boot(r);
    assert_int_equal(rig_info(r).voting_from, 10);
    rig_tick(r, 10000);
    rig_commit(r, 7, 0);
    rig_commit(r, 8, 0);
    rig_tick(r, 10000);
    assert_int_equal(rig_info(r).height, 9);
    assert_int_equal(r->nsent, 0);
    rig_commit(r, 9, 0);
    assert_true(rig_info(r).voting);
    rig_tick(r, 10000);
    assert_int_equal(r->nsent, 1);
    rig_boot(r); /* it has begun to vote: what is decided there may be its own */
    assert_true(rig_info(r).voting);
    rig_commit(r, 10, 3);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_free(r);
}

static void
test_consensus_boot__lost_alone(void **state)
{
    struct rig *r = rig_new(3, 2); /* f = 0: only the operator can say so */
    struct fwl_event up = {.type = FWL_EVENT_PEER_UP};

    (void)state;
    memcpy(up.validator_key.b, r->keys, 32);
    r->lost = true;
    rig_boot(r);
    status(r, 0, 5);
    status(r, 1, 5);
    assert_true(rig_info(r).voting_from == UINT64_MAX);
    r->forced = true;
    rig_boot(r);
    assert_true(rig_info(r).voting);
    r->lost = r->forced = false;
    rig_boot(r);
    assert_true(rig_info(r).voting);
    r->tip.height--; /* the chain store is fetched anew: the operator spoke of the height that it had then */
    rig_boot(r);
    assert_false(rig_info(r).voting);
    rig_commit(r, RIG_HEIGHT - 1, 0);
    assert_true(rig_info(r).voting);
    rig_free(r);

    r = rig_new(4, 3); /* a liar's height */
    r->lost = true;
    rig_boot(r);
    status(r, 0, UINT64_MAX);
    status(r, 1, 5);
    status(r, 2, 5);
    assert_false(rig_info(r).voting);
    rig_step(r, &(struct fwl_event){.type = FWL_EVENT_PEER_DOWN}); /* once it is gone its word is, too */
    rig_step(r, &up);
    status(r, 0, 5);
    assert_int_equal(rig_info(r).voting_from, 8);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_free(r);
}

/* Long after a loss the chain store is fetched anew, and passes the height at which voting began within the time of the
 * watch: that its records are gone does not mean that it did not vote there. */
static void
test_consensus_boot__lost_and_fetched_anew(void **state)
{
    struct rig *r = rig_new(4, 3);
    struct fwl_consensus_tip tip;

    (void)state;
    r->lost = true;
    rig_boot(r);
    r->lost = false;
    tip = r->tip;
    for (uint32_t peer = 0; peer < 3; peer++) {
        status(r, peer, 4);
    }
    assert_int_equal(rig_info(r).voting_from, 7);
    rig_tick(r, 10000);
    r->have_txs = true;
    rig_commit(r, 6, 0);
    rig_tick(r, 10000);
    assert_int_equal(r->nsent, 1);
    rig_commit(r, 2 * FWL_CONSENSUS_RETAIN, 0);
    r->tip = tip;
    rig_boot(r);
    for (uint64_t height = tip.height + 1; height < 20; height++) {
        rig_commit(r, height, height < 7 ? 0 : 3);
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
    }
    rig_boot(r);
    rig_commit(r, 20, 3);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_free(r);
}

/* A member has several nodes, and one of them lags: what counts is the greatest height that any of them tells. This
 * node may have voted where the member itself is. */
static void
test_consensus_boot__lost_and_a_laggard(void **state)
{
    static const uint32_t peers[2][2] = {{0, 9}, {9, 0}}; /* of validator 0: the one that lags, the other */

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig *r = rig_new(4, 3);
        struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = 9};

        r->lost = true;
        rig_boot(r);
        memcpy(up.validator_key.b, r->keys, 32);
        rig_step(r, &up);
        status(r, peers[i][0], 5);
        status(r, peers[i][1], 6);
        status(r, 1, 5);
        status(r, 2, 5);
        assert_true(rig_info(r).voting_from == UINT64_MAX); /* not caught up with the greatest */
        rig_commit(r, 5, 0);
        assert_int_equal(rig_info(r).voting_from, 9);
        rig_free(r);
    }
}

/* What a liar can say of this node and of itself. A height below its own changes nothing, since the others tell theirs;
 * old votes of this node that it kept are no second instance while voting is off, and there are none from where it is
 * on. */
static void
test_consensus_boot__lost_and_a_liar(void **state)
{
    (void)state;
    for (uint32_t liar = 0; liar < 3; liar++) {
        struct rig *r = rig_new(4, 3);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);
        struct fwl_consensus_msg old = {.type = FWL_MSG_VOTE};

        r->lost = true;
        rig_boot(r);
        old.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT, 0, &b.hash, 3);
        rig_message(r, liar, &old);
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
        for (uint32_t peer = 0; peer < 3; peer++) {
            status(r, peer, peer == liar ? 1 : 6);
        }
        assert_true(rig_info(r).voting_from == UINT64_MAX);
        rig_commit(r, 5, 0);
        assert_int_equal(rig_info(r).voting_from, 9);
        old.vote = rig_signed(r, FWL_VOTE_NOTARIZE, RIG_HEIGHT + 1, 0, &b.hash, 3); /* the last it can have given */
        rig_message(r, liar, &old);
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
        rig_commit(r, 6, 0);
        rig_commit(r, 7, 0);
        rig_tick(r, 5000);
        rig_commit(r, 8, 0);
        assert_true(rig_info(r).voting);
        rig_message(r, liar, &old);
        assert_int_equal(r->out.halt, FWL_HALT_NONE);
        rig_free(r);
    }
}

/* Signs of life of this key, each from where the store that was lost cannot have given it: another node signs with it.
 * This one ends before it has signed anything. At the height before the same may be what this node gave itself. */
static void
test_consensus_boot__lost_and_alive_elsewhere(void **state)
{
    enum { VOTE, PROPOSAL, CERTIFICATE, BLOCK, LATE_VOTE, WAYS };

    (void)state;
    for (int way = 0; way < WAYS; way++) {
        for (uint32_t early = 0; early < 2; early++) {
            struct rig *r = rig_new(4, way == PROPOSAL ? 0 : 3);
            struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};
            uint8_t bytes[RIG_ROOM];
            struct rig_block b;

            r->lost = true;
            r->have_txs = true;
            rig_boot(r);
            for (uint32_t peer = 0; peer < 4; peer++) {
                if (peer != r->me) {
                    status(r, peer, 5);
                }
            }
            assert_int_equal(rig_info(r).voting_from, 8); /* X + 3, X = 5 */
            rig_commit(r, 5, 0);
            if (early == 0) {
                rig_commit(r, 6, 0);
            }
            /* at height X + 2, or X + 1 */
            b = rig_block(r, 0, 0, r->now, 1);
            if (way == LATE_VOTE) {
                m.vote = rig_signed(r, FWL_VOTE_NULLIFY, r->tip.height + 1, 0, NULL, 3);
                rig_commit(r, r->tip.height + 1, 0); /* it is decided without it */
                rig_message(r, 1, &m);
            } else if (way == BLOCK) {
                rig_commit(r, r->tip.height + 1, 3); /* others have decided it */
            } else if (way == PROPOSAL) {
                rig_propose(r, 0, &b);
            } else if (way == VOTE) {
                m.vote = rig_signed(r, FWL_VOTE_NULLIFY, r->tip.height + 1, 0, NULL, 3);
                rig_message(r, 1, &m);
            } else {
                m = (struct fwl_consensus_msg){.type = FWL_MSG_CERT, .height = r->tip.height + 1};
                m.certs = fwl_span(bytes, rig_cert_bytes(r, bytes, FWL_VOTE_NULLIFY, 1, NULL, 1));
                rig_message(r, 1, &m);
            }
            assert_int_equal(r->out.halt, early == 0 ? FWL_HALT_SECOND_INSTANCE : FWL_HALT_NONE);
            assert_int_equal(r->nsent, 0);
            rig_free(r);
        }
    }
}

/* Blocks may come fast, and what the key signs elsewhere slowly: it is watched for 5 s too, and again after a restart.
 */
static void
test_consensus_boot__lost_and_watched(void **state)
{
    struct rig *r = rig_new(4, 3);
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};
    uint64_t height = 5;

    (void)state;
    r->lost = true;
    rig_boot(r);
    for (uint32_t peer = 0; peer < 3; peer++) {
        status(r, peer, 5);
    }
    r->lost = false;
    for (; height < 40; height++) {
        rig_tick(r, 100);
        rig_commit(r, height, 0);
        assert_false(rig_info(r).voting);
        if (height == 20) {
            rig_boot(r);
        }
    }
    rig_boot(r);
    rig_tick(r, 4998);
    rig_commit(r, height++, 0);
    assert_false(rig_info(r).voting);
    rig_tick(r, 2);
    rig_commit(r, height++, 0);
    assert_true(rig_info(r).voting);
    m.vote = rig_signed(r, FWL_VOTE_NULLIFY, height - 20, 0, NULL, 3); /* too late to be looked at */
    rig_message(r, 1, &m);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    m.vote = rig_signed(r, FWL_VOTE_NULLIFY, height - 2, 0, NULL, 3);
    m.vote.sig.b[0] ^= 1; /* not its own */
    rig_message(r, 1, &m);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    m.vote.sig.b[0] ^= 1;
    rig_message(r, 1, &m);
    assert_int_equal(r->out.halt, FWL_HALT_SECOND_INSTANCE);
    rig_free(r);
}

/* ---- halts ---- */
static void
test_consensus_boot__second_instance(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct rig *r = rig_open(4, 0);
        struct rig_block b = rig_block(r, 0, 0, r->now, 1);
        struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

        m.vote = rig_signed(r, (enum fwl_vote_kind)kind, RIG_HEIGHT, 0, kind == FWL_VOTE_NULLIFY ? NULL : &b.hash, 0);
        if (kind == FWL_VOTE_PROPOSE) {
            rig_propose(r, 0, &b);
        } else {
            m.vote.sig.b[5] ^= 1;
            rig_message(r, 1, &m);
            assert_int_equal(r->out.halt, FWL_HALT_NONE);
            assert_true(r->out.bad_peer);
            m.vote.sig.b[5] ^= 1;
            rig_message(r, 1, &m);
        }
        assert_int_equal(r->out.halt, FWL_HALT_SECOND_INSTANCE);
        rig_free(r);
    }
}

static void
test_consensus_boot__second_instance_in_a_certificate(void **state)
{
    struct rig *r = rig_open(4, 0);
    struct fwl_consensus_msg m = {.type = FWL_MSG_CERT, .height = RIG_HEIGHT};
    uint8_t bytes[RIG_ROOM];

    (void)state;
    m.certs = fwl_span(bytes, rig_cert_bytes(r, bytes, FWL_VOTE_NULLIFY, 20, NULL, 3));
    rig_message(r, 1, &m);
    assert_int_equal(r->out.halt, FWL_HALT_SECOND_INSTANCE);
    rig_free(r);

    r = rig_new(4, 0); /* while voting is off its own old votes come back to it and count */
    r->lost = true;
    rig_boot(r);
    rig_message(r, 1, &m);
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    assert_int_equal(rig_info(r).view, 21);
    rig_free(r);
}

static void
test_consensus_boot__fork(void **state)
{
    struct rig *r = rig_open(4, 3);
    struct rig_block a = rig_block(r, 0, 0, r->now, 1);
    struct rig_block b = rig_block(r, 0, 0, r->now, 2);

    (void)state;
    rig_cert(r, FWL_VOTE_FINALIZE, 0, &a.hash);
    rig_cert(r, FWL_VOTE_FINALIZE, 1, &a.hash); /* another view, the same block */
    assert_int_equal(r->out.halt, FWL_HALT_NONE);
    rig_cert(r, FWL_VOTE_FINALIZE, 1, &b.hash);
    assert_int_equal(r->out.halt, FWL_HALT_FORK);
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_boot__every_state),
        cmocka_unit_test(test_consensus_boot__own_votes_count),
        cmocka_unit_test(test_consensus_boot__restart_after_each_vote),
        cmocka_unit_test(test_consensus_boot__view),
        cmocka_unit_test(test_consensus_boot__corrupt),
        cmocka_unit_test(test_consensus_boot__below_the_records),
        cmocka_unit_test(test_consensus_boot__below_the_lowest_record),
        cmocka_unit_test(test_consensus_boot__records_of_another),
        cmocka_unit_test(test_consensus_boot__limits),
        cmocka_unit_test(test_consensus_boot__lost),
        cmocka_unit_test(test_consensus_boot__lost_and_fetched_anew),
        cmocka_unit_test(test_consensus_boot__lost_alone),
        cmocka_unit_test(test_consensus_boot__lost_and_a_laggard),
        cmocka_unit_test(test_consensus_boot__lost_and_a_liar),
        cmocka_unit_test(test_consensus_boot__lost_and_alive_elsewhere),
        cmocka_unit_test(test_consensus_boot__lost_and_watched),
        cmocka_unit_test(test_consensus_boot__second_instance),
        cmocka_unit_test(test_consensus_boot__second_instance_in_a_certificate),
        cmocka_unit_test(test_consensus_boot__fork),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
