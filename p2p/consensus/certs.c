#include "p2p/consensus/certs.h"

#include "core/mutant.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"

static uint8_t *
place(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view)
{
    if (kind == FWL_VOTE_FINALIZE) {
        return c->final_bytes;
    }
    return c->cert_bytes + (2 * (size_t)view + (kind == FWL_VOTE_NULLIFY ? 1 : 0)) * c->cert_room;
}

void
fwl_certs_clear(struct fwl_consensus *c)
{
    memset(c->certs, 0, c->cfg.views_max * sizeof(*c->certs));
    c->top = 0;
    c->notar_top = 0;
    c->final_held = false;
}

bool
fwl_certs_held(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view)
{
    switch (kind) {
    case FWL_VOTE_PROPOSE: return false;
    case FWL_VOTE_NOTARIZE: return view < c->cfg.views_max && c->certs[view].notar;
    case FWL_VOTE_NULLIFY: return view < c->cfg.views_max && c->certs[view].null;
    case FWL_VOTE_FINALIZE: return c->final_held && c->final_view == view;
    }
    return false;
}

struct fwl_span
fwl_certs_bytes(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view)
{
    FWL_ASSERT(fwl_certs_held(c, kind, view));
    return fwl_span(place(c, kind, view), fwl_cert_size(c->n));
}

static void
keep(struct fwl_consensus *c, const struct fwl_cert *cert)
{
    struct fwl_cert_view *cv = &c->certs[cert->view];
    struct fwl_writer w;

    fwl_writer_init(&w, place(c, cert->kind, cert->view), c->cert_room);
    fwl_cert_put(&w, cert);
    FWL_ASSERT(w.err == FWL_OK);
    if (cert->kind == FWL_VOTE_FINALIZE) {
        c->final_held = true;
        c->final_view = cert->view;
        c->final_hash = cert->block_hash;
        c->at.final = FWL_MIN(c->at.final, c->mono);
        return;
    }
    if (cert->kind == FWL_VOTE_NOTARIZE) {
        cv->notar = true;
        cv->notar_hash = cert->block_hash;
        c->at.notar = FWL_MIN(c->at.notar, c->mono);
        c->notar_top = FWL_MAX(c->notar_top, cert->view + 1);
    } else {
        cv->null = true;
    }
    c->top = FWL_MAX(c->top, cert->view + 1);
}

static bool
known(const struct fwl_consensus *c, const struct fwl_cert *cert)
{
    return cert->kind == FWL_VOTE_FINALIZE ? c->final_held : fwl_certs_held(c, cert->kind, cert->view);
}

void
fwl_certs_load(struct fwl_consensus *c, const struct fwl_cert *cert)
{
    if (!known(c, cert)) {
        keep(c, cert);
    }
}

/* Every signer's vote is known to hold: conflicts with pooled votes are evidence, and our own must be in our records.
 */
static void
inspect(struct fwl_consensus *c, const struct fwl_cert *cert)
{
    for (uint32_t i = 0; i < c->q; i++) {
        struct fwl_vote vote;

        fwl_cert_vote(&vote, cert, i);
        if (fwl_pool_foreign(c, &vote)) {
            fwl_outbox_halt(c, FWL_HALT_SECOND_INSTANCE);
        }
        fwl_pool_absorb(c, &vote);
    }
}

void
fwl_certs_hold(struct fwl_consensus *c, const struct fwl_cert *cert)
{
    inspect(c, cert);
    if (cert->kind == FWL_VOTE_FINALIZE && c->final_held && !fwl_hash32_equal(&c->final_hash, &cert->block_hash)) {
        fwl_outbox_halt(c, FWL_HALT_FORK);
    }
    if (!known(c, cert)) {
        keep(c, cert);
        fwl_outbox_cert(c, cert->kind, cert->view, fwl_certs_bytes(c, cert->kind, cert->view));
    }
}

/* Nothing new: the same kind of the same view with the same hash is held. Another hash is looked into. */
static bool
same_held(const struct fwl_consensus *c, const struct fwl_cert *cert)
{
    switch (cert->kind) {
    case FWL_VOTE_PROPOSE: return true;
    case FWL_VOTE_NOTARIZE:
        return c->certs[cert->view].notar && fwl_hash32_equal(&c->certs[cert->view].notar_hash, &cert->block_hash);
    case FWL_VOTE_NULLIFY: return c->certs[cert->view].null;
    case FWL_VOTE_FINALIZE: return c->final_held && fwl_hash32_equal(&c->final_hash, &cert->block_hash);
    }
    return true;
}

bool
fwl_certs_offer(struct fwl_consensus *c, const struct fwl_cert *cert)
{
    if (cert->view >= c->cfg.views_max || same_held(c, cert)) {
        return true;
    }
    if (fwl_cert_verify_with(cert, &c->tip.next, &c->cfg.chain_id, c->cfg.verify, c->cfg.cookie) != FWL_OK) {
        return false;
    }
    fwl_certs_hold(c, cert);
    return true;
}

bool
fwl_certs_just(const struct fwl_consensus *c, uint32_t *hole, uint32_t view, const struct fwl_hash32 *hash,
               uint32_t header_view)
{
    *hole = UINT32_MAX;
    for (uint32_t w = view; w-- > 0;) {
        if (c->certs[w].notar && fwl_hash32_equal(&c->certs[w].notar_hash, hash)) {
            return true;
        }
        if (!c->certs[w].null && !FWL_MUTANT(6, 0)) {
            *hole = w;
            return false;
        }
    }
    return header_view == view;
}
