#include "p2p/consensus/outbox.h"

#include "core/mutant.h"
#include "p2p/consensus/rec.h"

enum {
    RESERVE_WRITES = 16, /* what one rule, and the end of the step, may add */
    RESERVE_SENDS = 24,
};

void
fwl_outbox_begin(struct fwl_consensus *c, struct fwl_effects *out)
{
    out->nwrites = 0;
    out->nsends = 0;
    out->nevidence = 0;
    out->has_check = false;
    out->has_build = false;
    out->has_commit = false;
    out->bad_peer = false;
    memset(&out->bad_late, 0, sizeof(out->bad_late));
    out->halt = FWL_HALT_NONE;
    out->timer_at = UINT64_MAX;
    memset(&out->check, 0, sizeof(out->check));
    memset(&out->build, 0, sizeof(out->build));
    memset(&out->commit, 0, sizeof(out->commit));
    c->out = out;
    c->ndirty = 0;
    c->nbodies = 0;
}

bool
fwl_outbox_room(const struct fwl_consensus *c)
{
    return c->out->nwrites + c->ndirty + RESERVE_WRITES <= FWL_CONSENSUS_WRITES_MAX &&
           c->out->nsends + RESERVE_SENDS <= FWL_CONSENSUS_SENDS_MAX && c->ndirty + 2 <= FWL_ENGINE_DIRTY &&
           c->nbodies < FWL_CONSENSUS_BODIES_MAX; /* a rule writes at most one */
}

static struct fwl_consensus_write *
put(struct fwl_consensus *c, enum fwl_space space, struct fwl_span value)
{
    FWL_ASSERT(c->out->nwrites < FWL_CONSENSUS_WRITES_MAX);
    struct fwl_consensus_write *w = &c->out->writes[c->out->nwrites++];

    *w = (struct fwl_consensus_write){.op = FWL_WRITE_PUT, .space = space, .value = value};
    return w;
}

void
fwl_outbox_cert(struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, struct fwl_span bytes)
{
    struct fwl_consensus_write *w = NULL;

    if (FWL_MUTANT(4, 0)) { /* certificates are not written */
        return;
    }
    w = put(c, FWL_SPACE_CERT, bytes);
    w->key_size = fwl_rec_cert_key(w->key, c->h, view, kind);
}

void
fwl_outbox_body(struct fwl_consensus *c, struct fwl_body_slot *slot)
{
    if (!slot->durable && !FWL_MUTANT(2, 0)) { /* a body is not written before its NOTARIZE */
        struct fwl_consensus_write *w = put(c, FWL_SPACE_BODY, fwl_span(slot->bytes, slot->size));

        w->key_size = fwl_rec_body_key(w->key, c->h, &slot->hash);
        slot->durable = true;
        c->nbodies++;
    }
}

void
fwl_outbox_rec(struct fwl_consensus *c, uint32_t view)
{
    for (uint32_t i = 0; i < c->ndirty; i++) {
        if (c->dirty[i] == view) {
            return;
        }
    }
    FWL_ASSERT(c->ndirty < FWL_ENGINE_DIRTY);
    c->dirty[c->ndirty++] = view;
}

/* The record as it is written: whole. */
static struct fwl_rec
durable(const struct fwl_rec *rec)
{
    struct fwl_rec out = *rec;

    out.notarize = out.notarize && !FWL_MUTANT(1, 0); /* these leave and are not written */
    out.nullify = out.nullify && !FWL_MUTANT(3, 0);
    out.proposed = out.proposed && !FWL_MUTANT(8, 0);
    return out;
}

static void
finish_recs(struct fwl_consensus *c)
{
    for (uint32_t i = 0; i < c->ndirty; i++) {
        struct fwl_consensus_write *w = put(c, FWL_SPACE_REC, (struct fwl_span){0});
        struct fwl_rec rec = durable(&c->recs[c->dirty[i]]);
        size_t size = 0;

        w->key_size = fwl_rec_key(w->key, c->h, c->dirty[i]);
        size = fwl_rec_encode(c->rec_bytes[i], fwl_span(w->key, w->key_size), &rec);
        w->value = fwl_span(c->rec_bytes[i], size);
    }
    c->ndirty = 0;
}

static void
delete_below(struct fwl_consensus *c, enum fwl_space space, uint64_t height)
{
    struct fwl_consensus_write *w = put(c, space, (struct fwl_span){0});

    w->op = FWL_WRITE_DELETE_BELOW;
    w->below = height;
}

/* The first @size of @bytes, which has room for the seal and stays until the step is over, under a name. */
static void
put_named(struct fwl_consensus *c, const char *name, uint8_t *bytes, size_t size)
{
    struct fwl_consensus_write *w = put(c, FWL_SPACE_VMETA, (struct fwl_span){0});

    w->key_size = fwl_rec_name_key(w->key, name);
    w->value = fwl_span(bytes, fwl_rec_seal(bytes, size, fwl_span(w->key, w->key_size)));
}

/* What is not needed any more goes; with the records, in one commit, the right to vote at their heights: a chain store
 * that is fetched anew passes them again. */
static void
clean_up(struct fwl_consensus *c)
{
    uint64_t keep = c->h > FWL_CONSENSUS_RETAIN ? c->h - FWL_CONSENSUS_RETAIN : 0;

    delete_below(c, FWL_SPACE_BODY, c->h);
    delete_below(c, FWL_SPACE_REC, keep);
    delete_below(c, FWL_SPACE_CERT, keep);
    if (keep > c->floor) {
        c->floor = keep;
        c->floor_dirty = true;
    }
}

void
fwl_outbox_finish(struct fwl_consensus *c)
{
    finish_recs(c);
    if (c->view_dirty) {
        fwl_store_be64(c->view_bytes, c->h);
        fwl_store_be32(c->view_bytes + 8, c->v);
        put_named(c, "view", c->view_bytes, 12);
        c->view_dirty = false;
    }
    if (c->voting_dirty) {
        fwl_store_be64(c->voting_bytes, c->voting_from);
        put_named(c, "voting", c->voting_bytes, 8);
        c->voting_dirty = false;
    }
    if (c->cleanup) {
        clean_up(c);
        c->cleanup = false;
    }
    if (c->floor_dirty) {
        fwl_store_be64(c->floor_bytes, c->floor);
        put_named(c, "floor", c->floor_bytes, 8);
        c->floor_dirty = false;
    }
}

struct fwl_peer_set
fwl_outbox_all(const struct fwl_consensus *c)
{
    struct fwl_peer_set set = {{0}};

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (c->peers[i].up) {
            set.word[i / 64] |= (uint64_t)1 << (i % 64);
        }
    }
    return set;
}

struct fwl_peer_set
fwl_outbox_one(uint32_t peer)
{
    struct fwl_peer_set set = {{0}};

    set.word[peer / 64] = (uint64_t)1 << (peer % 64);
    return set;
}

struct fwl_peer_set
fwl_outbox_not_past(const struct fwl_consensus *c, uint32_t view)
{
    struct fwl_peer_set set = fwl_outbox_all(c);

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_peer *p = &c->peers[i];

        if (p->status && (p->height > c->h || (p->height == c->h && p->view > view))) {
            set.word[i / 64] &= ~((uint64_t)1 << (i % 64));
        }
    }
    return set;
}

struct fwl_consensus_msg *
fwl_outbox_send(struct fwl_consensus *c, struct fwl_peer_set to, enum fwl_consensus_msg_type type)
{
    static const struct fwl_peer_set nobody;

    if (memcmp(&to, &nobody, sizeof(to)) == 0) {
        return NULL;
    }
    FWL_ASSERT(c->out->nsends < FWL_CONSENSUS_SENDS_MAX);
    struct fwl_consensus_send *s = &c->out->sends[c->out->nsends++];

    s->to = to;
    s->msg = (struct fwl_consensus_msg){.type = type, .height = c->h};
    return &s->msg;
}

void
fwl_outbox_status(struct fwl_consensus *c, struct fwl_peer_set to)
{
    struct fwl_consensus_msg *m = fwl_outbox_send(c, to, FWL_MSG_STATUS);

    if (m != NULL) {
        m->view = c->v;
        m->hash = c->tip.hash;
    }
}

void
fwl_outbox_vote(struct fwl_consensus *c, struct fwl_peer_set to, const struct fwl_vote *vote)
{
    struct fwl_consensus_msg *m = fwl_outbox_send(c, to, FWL_MSG_VOTE);

    if (m != NULL) {
        m->vote = *vote;
    }
}

void
fwl_outbox_evidence(struct fwl_consensus *c, const struct fwl_vote *a, const struct fwl_vote *b)
{
    struct fwl_evidence ev;

    if (c->out->nevidence == FWL_CONSENSUS_EVIDENCE_MAX || fwl_evidence_make(&ev, a, b) != FWL_OK) {
        return;
    }
    if (!c->reported[a->idx][ev.type - 1]) {
        c->reported[a->idx][ev.type - 1] = true;
        c->out->evidence[c->out->nevidence++] = ev;
    }
}

void
fwl_outbox_halt(struct fwl_consensus *c, enum fwl_consensus_halt why)
{
    if (c->halt == FWL_HALT_NONE) {
        c->halt = why;
    }
}
