/* The equivocating validator: it runs the real program, but half of its peers are told something else. */
#include "tests/sim/sim.h"

static struct fwl_span
finish(struct sim *s, struct fwl_writer *w)
{
    struct fwl_span out;

    if (fwl_writer_finish(w, &out) != FWL_OK) {
        sim_fail(s, "the liar has no room");
    }
    return out;
}

static void
sign(struct sim *s, const struct sim_node *n, struct fwl_sig64 *out, enum fwl_vote_kind kind, uint64_t height,
     uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &s->world.chain_id, kind, height, view, hash);
    world_sign(&s->world, out, (size_t)n->who, &digest);
}

/* Another block, or a wrong one, under the same certificates. */
static bool
lie_block(struct sim *s, const struct sim_node *n, struct fwl_span payload, struct fwl_writer *w)
{
    struct fwl_message_propose p;
    size_t certs = 0;
    struct fwl_header h;
    uint8_t header[FWL_HEADER_SIZE];

    if (fwl_message_propose_decode(&p, payload) != FWL_OK) {
        return false;
    }
    certs = p.njust * fwl_cert_size(fwl_replica_tip(n->replica)->validators.n);
    if (p.rest.size < certs + FWL_HEADER_SIZE ||
        fwl_header_decode(&h, fwl_span(p.rest.p + certs, FWL_HEADER_SIZE)) != FWL_OK) {
        return false;
    }
    if (sim_chance(s, 700)) {
        h.time_ms++;
    } else {
        h.state_root.b[0] ^= 1;
    }
    fwl_header_encode(header, &h);
    fwl_header_hash(&p.block_hash, &h);
    sign(s, n, &p.sig, FWL_VOTE_PROPOSE, p.height, p.view, &p.block_hash);
    fwl_message_propose_encode(w, &(struct fwl_message_propose){.height = p.height,
                                                                .view = p.view,
                                                                .block_hash = p.block_hash,
                                                                .sig = p.sig,
                                                                .njust = p.njust,
                                                                .rest = fwl_span(p.rest.p, certs)});
    fwl_writer_span(w, fwl_span(header, sizeof(header)));
    fwl_writer_span(w, fwl_span(p.rest.p + certs + FWL_HEADER_SIZE, p.rest.size - certs - FWL_HEADER_SIZE));
    return true;
}

static bool
lie_vote(struct sim *s, const struct sim_node *n, struct fwl_span payload, struct fwl_writer *w)
{
    struct fwl_vote v;

    if (fwl_vote_decode(&v, payload) != FWL_OK) {
        return false;
    }
    if (sim_chance(s, 300)) { /* FINALIZE and NULLIFY in one view */
        v.kind = v.kind == FWL_VOTE_NULLIFY ? FWL_VOTE_FINALIZE : FWL_VOTE_NULLIFY;
    } else if (v.kind == FWL_VOTE_NULLIFY) {
        v.kind = FWL_VOTE_NOTARIZE;
    }
    memset(v.block_hash.b, v.kind == FWL_VOTE_NULLIFY ? 0 : (int)sim_random(s, 256), 32);
    sign(s, n, &v.sig, v.kind, v.height, v.view, &v.block_hash);
    fwl_vote_put(w, &v);
    return true;
}

bool
sim_lie(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload,
        uint8_t *buffer, size_t room, struct fwl_span *out)
{
    struct fwl_writer w;
    bool lied = false;

    if (to % 2 == 0 || sim_chance(s, 200)) {
        return false;
    }
    fwl_writer_init(&w, buffer, room);
    if (type == FWL_FRAME_PROPOSE) {
        lied = lie_block(s, n, payload, &w);
    } else if (type == FWL_FRAME_VOTE) {
        lied = lie_vote(s, n, payload, &w);
    }
    if (lied) {
        *out = finish(s, &w);
    }
    return lied;
}
