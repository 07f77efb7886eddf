/*
 * The faulty validator: it runs the real program, which gives it blocks, views and certificates, but what it sends is
 * not what the program says, and it has answers of its own to what it hears. Which lies it tells is drawn by the
 * scenario (enum sim_lie).
 */
#include "ledger/model/body.h"
#include "tests/sim/sim.h"

enum { ROOM = SIM_BODY_MAX + FWL_FRAME_JUST_MAX + 4096 };

/* A PROPOSE taken apart. */
struct draft {
    struct fwl_message_propose p;
    struct fwl_span certs;
    struct fwl_header header;
    struct fwl_span txs; /* count and transactions */
};

static void
transmit(struct sim *s, const struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_writer *w,
         uint64_t delay_ms)
{
    struct fwl_span out;

    FWL_ASSERT(fwl_writer_finish(w, &out) == FWL_OK);
    sim_transmit(s, n->id, to, type, out, delay_ms);
}

static void
sign(struct sim *s, const struct sim_node *n, struct fwl_sig64 *out, enum fwl_vote_kind kind, uint64_t height,
     uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &s->world.chain_id, kind, height, view, hash);
    world_sign(&s->world, out, (size_t)n->who, &digest);
}

/* One vote of its own. A set of another height is not known: then it gives the index of the present one. */
static void
send_vote(struct sim *s, const struct sim_node *n, uint32_t to, enum fwl_vote_kind kind, uint64_t height, uint32_t view,
          const struct fwl_hash32 *hash)
{
    struct fwl_vote v = {.kind = kind, .height = height, .view = view};
    uint8_t buffer[FWL_VOTE_SIZE];
    struct fwl_writer w;

    if (!fwl_validators_find(&v.idx, &fwl_replica_tip(n->replica)->validators, &s->world.key[n->who])) {
        return;
    }
    if (kind != FWL_VOTE_NULLIFY) {
        v.block_hash = *hash;
    }
    sign(s, n, &v.sig, kind, height, view, &v.block_hash);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_vote_put(&w, &v);
    transmit(s, n, to, FWL_FRAME_VOTE, &w, 0);
}

static void
some_hash(struct sim *s, struct fwl_hash32 *out)
{
    memset(out->b, (int)(1 + sim_random(s, 255)), 32);
}

/* ---- the leader's lies ---- */

static bool
take_apart(struct draft *d, const struct sim_node *n, struct fwl_span payload)
{
    size_t certs = 0;

    if (fwl_message_propose_decode(&d->p, payload) != FWL_OK) {
        return false;
    }
    certs = d->p.njust * fwl_cert_size(fwl_replica_tip(n->replica)->validators.n);
    if (d->p.rest.size < certs + FWL_HEADER_SIZE ||
        fwl_header_decode(&d->header, fwl_span(d->p.rest.p + certs, FWL_HEADER_SIZE)) != FWL_OK) {
        return false;
    }
    d->certs = fwl_span(d->p.rest.p, certs);
    d->txs = fwl_span(d->p.rest.p + certs + FWL_HEADER_SIZE, d->p.rest.size - certs - FWL_HEADER_SIZE);
    return true;
}

/* The draft, signed anew when its header is another one; @body_size bytes of the body go out. */
static void
put_together(struct sim *s, const struct sim_node *n, struct fwl_writer *w, struct draft *d, size_t body_size)
{
    static const uint8_t zeros[SIM_BODY_MAX + 4096];
    uint8_t header[FWL_HEADER_SIZE];
    struct fwl_span parts[3] = {fwl_span(header, sizeof(header)), d->txs, fwl_span(zeros, sizeof(zeros))};

    fwl_header_encode(header, &d->header);
    fwl_header_hash(&d->p.block_hash, &d->header);
    sign(s, n, &d->p.sig, FWL_VOTE_PROPOSE, d->p.height, d->p.view, &d->p.block_hash);
    d->p.rest = d->certs;
    fwl_message_propose_encode(w, &d->p);
    for (size_t i = 0; i < FWL_COUNT(parts) && body_size > 0; i++) {
        size_t size = FWL_MIN(parts[i].size, body_size);

        fwl_writer_span(w, fwl_span(parts[i].p, size));
        body_size -= size;
    }
}

/* A block without transactions that comes before it is due, everything else being right. */
static void
empty_too_early(struct draft *d, const struct fwl_header *parent)
{
    static const uint8_t none[4] = {0};
    struct fwl_header *h = &d->header;

    d->txs = fwl_span(none, sizeof(none));
    fwl_sha256(&h->txs_root, (struct fwl_span){0});
    h->txs_count = 0;
    h->body_size = FWL_BODY_SIZE_START;
    h->state_root = parent->state_root;
    h->next_validators_hash = h->validators_hash;
    h->log_size = parent->log_size;
    h->log_root = parent->log_root;
}

/* One field wrong: what VALID must look at, each on its own. */
static void
wrong_field(struct draft *d, const struct fwl_header *parent, uint32_t field)
{
    struct fwl_header *h = &d->header;

    switch (field % SIM_FIELDS) {
    case 0: h->chain_id.b[3] ^= 1; break;
    case 1: h->prev_hash.b[3] ^= 1; break;
    case 2: h->state_root.b[3] ^= 1; break;
    case 3: h->validators_hash.b[3] ^= 1; break;
    case 4: h->next_validators_hash.b[3] ^= 1; break;
    case 5: h->history_root.b[3] ^= 1; break;
    case 6: h->log_root.b[3] ^= 1; break;
    case 7: h->log_size++; break;
    case 8: h->epoch++; break;
    case 9: h->epoch_start++; break;
    case 10: h->params_hash.b[3] ^= 1; break;
    case 11: h->proposer = (uint16_t)(h->proposer == 0 ? 1 : h->proposer - 1); break;
    case 12: h->time_ms = parent->time_ms; break; /* timely, when it comes soon after */
    case 13: h->txs_root.b[3] ^= 1; break;
    case 14: h->body_size++; break;
    case 15: h->txs_count++; break;
    case 16: empty_too_early(d, parent); break;
    default: h->height++; break;
    }
}

/* What becomes of the certificates. */
static void
lie_just(struct sim *s, struct draft *d, uint32_t lie, uint8_t *copy, size_t room, size_t one)
{
    if (lie == SIM_LIE_NO_JUST) {
        d->p.njust = 0;
        d->certs = (struct fwl_span){0};
    } else if (lie == SIM_LIE_OLD_JUST && d->p.njust > 0) {
        d->p.njust--;
        d->certs = fwl_span(d->certs.p + one, d->certs.size - one);
    } else if (lie == SIM_LIE_BAD_JUST && d->certs.size > 0 && d->certs.size <= room) {
        memcpy(copy, d->certs.p, d->certs.size);
        copy[sim_random(s, (uint32_t)d->certs.size)] ^= (uint8_t)(1U << sim_random(s, 8));
        d->certs = fwl_span(copy, d->certs.size);
    }
}

static void
lie_block(struct sim *s, const struct sim_node *n, struct draft *d, uint32_t lie, uint32_t to, uint32_t field)
{
    if (lie == SIM_LIE_BLOCKS) {
        d->header.time_ms += to % 3; /* nothing but the header depends on it */
    } else if (lie == SIM_LIE_FIELD) {
        wrong_field(d, &fwl_replica_tip(n->replica)->header, field);
    } else if (lie == SIM_LIE_FRESH && d->header.view < d->p.view) {
        d->header.view = d->p.view;
        d->header.time_ms = sim_time(n).wall_ms;
        (void)fwl_validators_find(&d->header.proposer, &fwl_replica_tip(n->replica)->validators, &s->world.key[n->who]);
    } else if (lie == SIM_LIE_OVERSIZE) {
        d->header.body_size = SIM_BODY_MAX + 1;
    }
}

static bool
lie_propose(struct sim *s, const struct sim_node *n, uint32_t to, uint32_t lie, struct fwl_span payload)
{
    static uint8_t buffer[ROOM];
    static uint8_t certs[FWL_FRAME_JUST_MAX];
    struct draft d;
    struct fwl_writer w;
    size_t size = 0;
    bool few = false;

    if (!take_apart(&d, n, payload)) {
        return false;
    }
    few = (to + d.p.height) % s->count > sim_faulty(s);
    lie_just(s, &d, lie, certs, sizeof(certs), fwl_cert_size(fwl_replica_tip(n->replica)->validators.n));
    lie_block(s, n, &d, lie, to, n->lie_field);
    size = lie == SIM_LIE_NO_BODY || (lie == SIM_LIE_WITHHOLD && few) ? 0
           : lie == SIM_LIE_OVERSIZE                                  ? SIM_BODY_MAX + 1
                                                                      : FWL_HEADER_SIZE + d.txs.size;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    put_together(s, n, &w, &d, size);
    transmit(s, n, to, FWL_FRAME_PROPOSE, &w,
             lie == SIM_LIE_LATE ? s->timing.t0 + d.p.view * (uint64_t)s->timing.td - sim_random(s, 60) : 0);
    return true;
}

/* ---- votes and certificates ---- */

static bool
lie_vote(struct sim *s, const struct sim_node *n, uint32_t to, uint32_t lie, const struct fwl_vote *v)
{
    struct fwl_hash32 hash;

    some_hash(s, &hash);
    switch (lie) {
    case SIM_LIE_VOTES: {
        enum fwl_vote_kind kind = v->kind;

        if (sim_chance(s, 300)) { /* FINALIZE and NULLIFY in one view */
            kind = kind == FWL_VOTE_NULLIFY ? FWL_VOTE_FINALIZE : FWL_VOTE_NULLIFY;
        } else if (kind == FWL_VOTE_NULLIFY) {
            kind = FWL_VOTE_NOTARIZE;
        }
        send_vote(s, n, to, kind, v->height, v->view, &hash);
        return true;
    }
    case SIM_LIE_SUBSET: return to % 2 == 0;
    case SIM_LIE_BOTH:
        send_vote(s, n, to, FWL_VOTE_NULLIFY, v->height, v->view, NULL);
        send_vote(s, n, to, FWL_VOTE_FINALIZE, v->height, v->view,
                  v->kind == FWL_VOTE_NULLIFY ? &hash : &v->block_hash);
        return false;
    case SIM_LIE_UNKNOWN: send_vote(s, n, to, FWL_VOTE_NOTARIZE, v->height, v->view, &hash); return false;
    case SIM_LIE_FAR:
        send_vote(s, n, to, FWL_VOTE_NULLIFY, v->height, v->view + 1000000, NULL);
        send_vote(s, n, to, FWL_VOTE_NOTARIZE, v->height + 1, sim_random(s, 100), &hash);
        send_vote(s, n, to, FWL_VOTE_FINALIZE, v->height + 2 + sim_random(s, 1000000000), 0, &hash);
        return false;
    default: return false;
    }
}

static bool
lie_cert(struct sim *s, const struct sim_node *n, uint32_t to, uint32_t lie, struct fwl_span payload)
{
    if (lie == SIM_LIE_CERT_ONE) {
        return to != (n->id + 1 + fwl_replica_tip(n->replica)->header.height % (s->count - 1)) % s->count;
    }
    sim_transmit(s, n->id, to, FWL_FRAME_CERT, payload, 300 + sim_random(s, 3000));
    return true;
}

static bool
lie_height(struct sim *s, const struct sim_node *n, uint32_t to, struct fwl_span payload)
{
    uint8_t buffer[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_message_status m;
    struct fwl_writer w;

    FWL_ASSERT(fwl_message_status_decode(&m, payload) == FWL_OK);
    m.height += sim_chance(s, 500) ? 1 + sim_random(s, 40) : 0;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_status_encode(&w, &m);
    transmit(s, n, to, FWL_FRAME_STATUS, &w, 0);
    return true;
}

/* ---- garbage ---- */

/* A certificate with one signature less or more, one member twice, padding bits, or of another kind. */
static size_t
bend_cert(struct sim *s, uint8_t *bytes, size_t size)
{
    if (size < 46 + 2 * 64) {
        return size;
    }
    switch (sim_random(s, 5)) {
    case 0: return size - 64;
    case 1: memcpy(bytes + size, bytes + size - 64, 64); return size + 64;
    case 2: memcpy(bytes + 46, bytes + 46 + 64, 64); return size;
    case 3: bytes[45] |= 0x80; return size;
    default: bytes[0] = (uint8_t)(bytes[0] % 3 + 1); return size;
    }
}

static void
garble(struct sim *s, const struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    static uint8_t bytes[ROOM];
    size_t size = FWL_MIN(payload.size, sizeof(bytes) - 64);
    uint32_t how = sim_random(s, 5);

    if (size > 0) {
        memcpy(bytes, payload.p, size);
    }
    if (how == 0) {
        size = sim_random(s, (uint32_t)size + 1);
    } else if (how == 1 && size > 0) {
        bytes[sim_random(s, (uint32_t)size)] ^= (uint8_t)(1U << sim_random(s, 8));
    } else if (how == 2) {
        size = bend_cert(s, bytes, size);
    } else if (how == 3) {
        type = (enum fwl_frame_type)(FWL_FRAME_STATUS + sim_random(s, SIM_FRAMES - FWL_FRAME_STATUS));
    } else {
        size = sim_random(s, 300);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)sim_random(s, 256);
        }
    }
    sim_transmit(s, n->id, to, type, fwl_span(bytes, size), 0);
}

/* One of the lies of @mask that this node tells; 0: none. */
static uint32_t
draw(struct sim *s, const struct sim_node *n, uint32_t mask)
{
    uint32_t at = sim_random(s, SIM_LIE_COUNT);

    for (uint32_t i = 0; i < SIM_LIE_COUNT; i++) {
        uint32_t lie = 1U << (at + i) % SIM_LIE_COUNT;

        if ((n->lies & mask & lie) != 0) {
            return lie;
        }
    }
    return 0;
}

bool
sim_lie(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    const uint32_t leader = SIM_LIE_BLOCKS | SIM_LIE_FIELD | SIM_LIE_FRESH | SIM_LIE_NO_JUST | SIM_LIE_BAD_JUST |
                            SIM_LIE_OLD_JUST | SIM_LIE_OVERSIZE | SIM_LIE_WITHHOLD | SIM_LIE_NO_BODY | SIM_LIE_LATE;
    const uint32_t votes = SIM_LIE_VOTES | SIM_LIE_SUBSET | SIM_LIE_BOTH | SIM_LIE_UNKNOWN | SIM_LIE_FAR;
    const uint32_t certs = SIM_LIE_CERT_ONE | SIM_LIE_CERT_LATE;
    struct fwl_vote vote;
    uint32_t lie = 0;

    if (sim_chance(s, 150)) {
        return false;
    }
    if ((n->lies & SIM_LIE_GARBAGE) != 0 && sim_chance(s, 200)) {
        garble(s, n, to, type, payload);
        return true;
    }
    if (type == FWL_FRAME_PROPOSE && (lie = draw(s, n, leader)) != 0) {
        return lie_propose(s, n, to, lie, payload);
    }
    if (type == FWL_FRAME_VOTE && (lie = draw(s, n, votes)) != 0 && fwl_vote_decode(&vote, payload) == FWL_OK) {
        return lie_vote(s, n, to, lie, &vote);
    }
    if (type == FWL_FRAME_STATUS && (n->lies & SIM_LIE_HEIGHT) != 0) {
        return lie_height(s, n, to, payload);
    }
    return type == FWL_FRAME_CERT && (lie = draw(s, n, certs)) != 0 && lie_cert(s, n, to, lie, payload);
}

/* ---- the yes-man ---- */

void
sim_hear(struct sim *s, struct sim_node *n, uint32_t from, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;
    struct fwl_vote v = {.kind = FWL_VOTE_PROPOSE};
    uint32_t to = from;

    if ((n->lies & SIM_LIE_YES) == 0 || n->who < 0 || !sim_chance(s, 700)) {
        return;
    }
    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK) {
        v = (struct fwl_vote){.height = p.height, .view = p.view, .block_hash = p.block_hash};
    } else if (type != FWL_FRAME_VOTE || fwl_vote_decode(&v, payload) != FWL_OK) {
        return;
    }
    if (v.height != fwl_replica_tip(n->replica)->header.height + 1) {
        return;
    }
    if (sim_chance(s, 300)) {
        to = sim_random(s, s->count);
    }
    if (to == n->id || s->conn[n->id][to] == 0) {
        return;
    }
    sim_met[SIM_MET_LIES]++;
    if (v.kind != FWL_VOTE_NULLIFY) {
        send_vote(s, n, to, FWL_VOTE_NOTARIZE, v.height, v.view, &v.block_hash);
        send_vote(s, n, to, FWL_VOTE_FINALIZE, v.height, v.view, &v.block_hash);
    }
    if (v.kind == FWL_VOTE_NULLIFY || sim_chance(s, 300)) {
        send_vote(s, n, to, FWL_VOTE_NULLIFY, v.height, v.view, NULL);
    }
}
