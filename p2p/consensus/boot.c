#include "p2p/consensus/boot.h"

#include "core/mutant.h"
#include "p2p/consensus/bodies.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/rec.h"
#include "p2p/consensus/rules.h"
#include "p2p/consensus/tally.h"

enum {
    ALIVE_HEIGHTS = 2, /* beyond the greatest that others tell: there this node cannot have voted before */
    WATCH_HEIGHTS = 1, /* and so many more, and so long, whether its key votes there all the same */
    WATCH_MS = 5000,
};

/* Does one entry of the height load? FWL_ERR_CORRUPT, FWL_ERR_LIMIT. */
typedef enum fwl_err (*loader)(struct fwl_consensus *c, const struct fwl_kv_entry *e);

static enum fwl_err
load_space(struct fwl_consensus *c, const struct fwl_kv *kv, enum fwl_space space, loader load)
{
    uint8_t key[40];
    struct fwl_kv_entry e;
    enum fwl_err err = fwl_kv_seek(kv, &e, space, fwl_span(key, fwl_rec_key(key, c->h, 0)));

    while (err == FWL_OK && e.key.size >= 8 && fwl_load_be64(e.key.p) == c->h) {
        err = load(c, &e);
        if (err == FWL_OK) {
            err = fwl_kv_next(kv, &e, space, e.key);
        }
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static struct fwl_vote
own_vote(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash,
         const struct fwl_sig64 *sig)
{
    struct fwl_vote vote = {.kind = kind, .height = c->h, .view = view, .idx = c->me, .sig = *sig};

    if (hash != NULL) {
        vote.block_hash = *hash;
    }
    return vote;
}

/* What a record holds, as votes of this node. Returns how many. */
static uint32_t
own_votes(struct fwl_vote out[4], const struct fwl_consensus *c, uint32_t view)
{
    const struct fwl_rec *rec = &c->recs[view];
    uint32_t count = 0;

    if (rec->notarize) {
        out[count++] = own_vote(c, FWL_VOTE_NOTARIZE, view, &rec->notarize_hash, &rec->notarize_sig);
    }
    if (rec->nullify) {
        out[count++] = own_vote(c, FWL_VOTE_NULLIFY, view, NULL, &rec->nullify_sig);
    }
    if (rec->finalize) {
        out[count++] = own_vote(c, FWL_VOTE_FINALIZE, view, &rec->finalize_hash, &rec->finalize_sig);
    }
    if (rec->proposed) {
        out[count++] = own_vote(c, FWL_VOTE_PROPOSE, view, &rec->proposed_hash, &rec->proposed_sig);
    }
    return count;
}

/* Of the store of another key the records are sound and say nothing of this one: it must not send or count them. */
static enum fwl_err
load_rec(struct fwl_consensus *c, const struct fwl_kv_entry *e)
{
    struct fwl_vote votes[4];
    uint32_t view = 0;
    enum fwl_err err = FWL_OK;

    if (e->key.size != 12) {
        return FWL_ERR_CORRUPT;
    }
    view = fwl_load_be32(e->key.p + 8);
    if (view >= c->cfg.views_max) {
        return FWL_ERR_LIMIT;
    }
    err = fwl_rec_decode(&c->recs[view], e->key, e->value);
    for (uint32_t i = err != FWL_OK || c->me == FWL_CONSENSUS_NOBODY ? 0 : own_votes(votes, c, view); i-- > 0;) {
        if (!fwl_pool_signed(c, &votes[i])) {
            c->recs[view] = (struct fwl_rec){0};
            break;
        }
    }
    return err;
}

static enum fwl_err
load_cert(struct fwl_consensus *c, const struct fwl_kv_entry *e)
{
    struct fwl_cert cert;
    uint8_t key[40];

    if (fwl_cert_decode(&cert, e->value, (uint16_t)c->n) != FWL_OK || cert.height != c->h) {
        return FWL_ERR_CORRUPT;
    }
    if (!fwl_span_equal(e->key, fwl_span(key, fwl_rec_cert_key(key, c->h, cert.view, cert.kind)))) {
        return FWL_ERR_CORRUPT;
    }
    if (cert.view >= c->cfg.views_max) {
        return FWL_ERR_LIMIT;
    }
    if (fwl_cert_verify_with(&cert, &c->tip.next, &c->cfg.chain_id, c->cfg.verify, c->cfg.cookie) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    fwl_certs_load(c, &cert);
    return FWL_OK;
}

/* A sealed value under a name; FWL_ERR_ABSENT; FWL_ERR_CORRUPT unless it has @size bytes. */
static enum fwl_err
load_named(struct fwl_span *out, const struct fwl_kv *kv, const char *name, size_t size)
{
    uint8_t key[40];
    struct fwl_span k = fwl_span(key, fwl_rec_name_key(key, name));
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_VMETA, k);

    if (err == FWL_OK) {
        err = fwl_rec_open(out, k, value);
    }
    return err == FWL_OK && out->size != size ? FWL_ERR_CORRUPT : err;
}

/* view := 1 + the greatest view of both kinds of certificates, or the one written down if that is later. */
static enum fwl_err
load_view(struct fwl_consensus *c, const struct fwl_kv *kv)
{
    struct fwl_span value = {0};
    enum fwl_err err = load_named(&value, kv, "view", 12);

    c->top = FWL_MUTANT(12, 0) ? c->notar_top : c->top; /* the view is that of NOTAR alone */
    c->v = c->top;
    if (err == FWL_OK && !FWL_MUTANT(12, 0) && fwl_load_be64(value.p) == c->h) {
        c->v = FWL_MAX(c->v, fwl_load_be32(value.p + 8));
    }
    if (c->v >= c->cfg.views_max) {
        return FWL_ERR_LIMIT;
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* R0: what this node signed counts again. */
static void
recount(struct fwl_consensus *c)
{
    uint32_t low = c->v > FWL_ENGINE_BACK ? c->v - FWL_ENGINE_BACK : 0;
    uint32_t high = FWL_MIN(c->v + FWL_ENGINE_AHEAD, c->cfg.views_max - 1);

    if (FWL_MUTANT(7, 0)) { /* own votes do not count again */
        return;
    }
    for (uint32_t w = low; c->me != FWL_CONSENSUS_NOBODY && w <= high; w++) {
        struct fwl_vote votes[4];
        uint32_t count = own_votes(votes, c, w);

        for (uint32_t i = 0; i < count; i++) {
            if (votes[i].kind == FWL_VOTE_PROPOSE) {
                fwl_pool_propose(c, w, &votes[i].block_hash, &votes[i].sig);
            } else {
                fwl_pool_count(c, &votes[i]);
            }
        }
    }
}

static void
load_body(struct fwl_consensus *c, const struct fwl_kv *kv, const struct fwl_hash32 *hash)
{
    uint8_t key[40];
    struct fwl_span body;

    if (fwl_kv_get(kv, &body, FWL_SPACE_BODY, fwl_span(key, fwl_rec_body_key(key, c->h, hash))) == FWL_OK &&
        fwl_bodies_put(c, body, hash, true) != FWL_OK) {
        return; /* damaged or not needed: it can be pulled from others */
    }
}

static void
load_bodies(struct fwl_consensus *c, const struct fwl_kv *kv)
{
    const struct fwl_rec *rec = &c->recs[c->v];

    if (c->final_held) {
        load_body(c, kv, &c->final_hash);
    }
    if (rec->proposed) {
        load_body(c, kv, &rec->proposed_hash);
    }
    if (rec->notarize) {
        load_body(c, kv, &rec->notarize_hash);
    }
    if (c->notar_top > 0) {
        load_body(c, kv, &c->certs[c->notar_top - 1].notar_hash);
    }
}

static void
reset(struct fwl_consensus *c)
{
    c->v = 0;
    c->view_dirty = false;
    c->committing = false;
    c->committed_mono = c->mono;
    memset(&c->at, 0xff, sizeof(c->at));
    c->behind = false;
    memset(c->pull_body, 0, sizeof(c->pull_body));
    memset(c->recs, 0, c->cfg.views_max * sizeof(*c->recs));
    memset(c->reported, 0, sizeof(c->reported));
    fwl_pool_clear(c);
    fwl_certs_clear(c);
    fwl_bodies_clear(c);
    fwl_rules_view_entered(c, false);
}

static bool
set_tip(struct fwl_consensus *c, const struct fwl_consensus_tip *tip)
{
    uint16_t n = tip->next.n;

    FWL_ASSERT(n > 0 && tip->next.keys.size == 32 * (size_t)n && tip->height < UINT64_MAX - 1);
    FWL_ASSERT(tip->params.leader_term > 0);
    if (n > c->cfg.validators_max || tip->params.max_block > c->cfg.body_max) {
        fwl_outbox_halt(c, FWL_HALT_LIMIT); /* and the old tip stays: the new one is the caller's memory */
        return false;
    }
    c->tip = *tip;
    c->h = tip->height + 1;
    memcpy(c->keys, tip->next.keys.p, 32 * (size_t)n);
    c->tip.next.keys = fwl_span(c->keys, 32 * (size_t)n);
    c->n = n;
    c->q = FWL_MUTANT(14, 0) ? fwl_validators_quorum(n) - 1u : fwl_validators_quorum(n);
    c->f = fwl_validators_faulty(n);
    if (!fwl_validators_find(&c->me, &c->tip.next, &c->cfg.key)) {
        c->me = FWL_CONSENSUS_NOBODY;
    }
    fwl_tally_members(c);
    return true;
}

static bool
has_voted(const struct fwl_consensus *c)
{
    bool any = false;

    for (uint32_t w = 0; w < c->cfg.views_max && !any; w++) {
        any = c->recs[w].proposed || c->recs[w].notarize || c->recs[w].nullify || c->recs[w].finalize;
    }
    return any;
}

/* Voting would begin with this height, and its key has not been watched for long enough. Where the records are gone it
 * may have begun long ago. */
static void
watch_on(struct fwl_consensus *c)
{
    if (c->voting_from > 0 && c->h == c->voting_from && c->h >= c->floor && c->mono < c->watch_until && !has_voted(c)) {
        c->voting_from++;
        c->voting_dirty = true;
    }
}

void
fwl_boot_height(struct fwl_consensus *c, const struct fwl_consensus_tip *tip, const struct fwl_kv *votes)
{
    enum fwl_err err = FWL_OK;

    if (!set_tip(c, tip)) {
        return;
    }
    reset(c);
    if (votes->ops == NULL) {
        watch_on(c);
        return;
    }
    err = load_space(c, votes, FWL_SPACE_REC, load_rec);
    err = err == FWL_OK ? load_space(c, votes, FWL_SPACE_CERT, load_cert) : err;
    err = err == FWL_OK ? load_view(c, votes) : err;
    if (err != FWL_OK) {
        fwl_outbox_halt(c, err == FWL_ERR_LIMIT ? FWL_HALT_LIMIT : FWL_HALT_CORRUPT);
        return;
    }
    watch_on(c);
    fwl_rules_view_entered(c, c->v > 0 && !c->certs[c->v - 1].null && c->certs[c->v - 1].notar);
    recount(c);
    load_bodies(c, votes);
}

/* A height under a name, 0 when there is none; false: it is damaged. */
static bool
load_height(uint64_t *out, const struct fwl_kv *kv, const char *name)
{
    struct fwl_span value = {0};
    enum fwl_err err = kv->ops == NULL ? FWL_ERR_ABSENT : load_named(&value, kv, name, 8);

    *out = err == FWL_OK ? fwl_load_be64(value.p) : 0;
    return err == FWL_OK || err == FWL_ERR_ABSENT;
}

/* Records go from below only: under the lowest that is left nothing is known, also when a version that did not write
 * "floor" deleted them. */
static uint64_t
lowest_record(const struct fwl_kv *kv)
{
    struct fwl_kv_entry e;

    if (kv->ops == NULL || fwl_kv_seek(kv, &e, FWL_SPACE_REC, (struct fwl_span){0}) != FWL_OK || e.key.size < 8) {
        return 0;
    }
    return fwl_load_be64(e.key.p);
}

void
fwl_boot_start(struct fwl_consensus *c, const struct fwl_event *in)
{
    bool sound = load_height(&c->voting_from, &in->votes, "voting");

    sound = load_height(&c->floor, &in->votes, "floor") && sound;
    if (!sound && !in->votes_lost && !in->votes_forced) {
        fwl_outbox_halt(c, FWL_HALT_CORRUPT);
        return;
    }
    c->floor = FWL_MAX(c->floor, lowest_record(&in->votes));
    c->alive_from = c->voting_from == UINT64_MAX ? UINT64_MAX : c->voting_from - FWL_MIN(c->voting_from, WATCH_HEIGHTS);
    if ((in->votes_lost && !FWL_MUTANT(11, 0)) || in->votes_forced) { /* votes at once after a loss */
        c->voting_from = c->alive_from = in->votes_forced ? 0 : UINT64_MAX;
        c->voting_dirty = true;
    }
    if (in->votes_forced) { /* the operator speaks of this height: what was signed at lower ones is not known */
        c->floor = FWL_MAX(c->floor, in->tip->height + 1);
        c->floor_dirty = true;
    }
    c->mono = in->mono_ms;
    c->watch_until = c->mono + WATCH_MS;
    c->status_at = c->mono;
    fwl_boot_height(c, in->tip, &in->votes);
    fwl_tally_gap(c);
    c->resend_at = c->mono; /* R0 ends with RESEND */
}

void
fwl_boot_reports(struct fwl_consensus *c)
{
    uint32_t reports = 0;
    uint64_t greatest = 0;

    if (c->voting_from != UINT64_MAX) {
        return;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        struct fwl_tally_peer p;

        fwl_tally_peer(&p, c, i); /* of several nodes of a member the foremost: the others may lag behind its votes */
        if (p.told && i != c->me) {
            reports++;
            greatest = FWL_MAX(greatest, p.height);
        }
    }
    /* Caught up with all of them: reports of a set that has long been replaced would say nothing. */
    if (reports >= c->n - c->f && c->h >= greatest) {
        c->alive_from = greatest > UINT64_MAX - 4 ? UINT64_MAX - 2 : greatest + ALIVE_HEIGHTS;
        c->voting_from = c->alive_from + WATCH_HEIGHTS;
        c->watch_until = c->mono + WATCH_MS;
        c->voting_dirty = true;
    }
}
