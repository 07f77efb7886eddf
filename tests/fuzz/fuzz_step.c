/*
 * Structured events from bytes into one engine of a net of four: no assertion is reachable, effects stay within their
 * bounds, and the engine never signs a conflicting pair. Signatures are fakes that bind key and digest: the input says
 * who signs what, or that a signature is bad, and cannot forge one.
 */
#include <stdlib.h>

#include "ledger/model/body.h"
#include "p2p/consensus/consensus.h"
#include "p2p/consensus/turns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N = 4, ME = 2, SIGNED_MAX = 4096, VIEWS = 16, ROOM = 1024 };

static struct fwl_effects out;
static uint8_t keys[32 * N];
static struct fwl_vote mine[SIGNED_MAX];
static uint32_t nmine;
static struct fwl_consensus_tip tip;

static void
fake(struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const uint8_t *key)
{
    for (uint32_t i = 0; i < 32; i++) {
        sig->b[i] = (uint8_t)(digest->b[i] ^ key[0]);
        sig->b[32 + i] = (uint8_t)(digest->b[i] + key[0]);
    }
}

static enum fwl_err
sign(void *cookie, struct fwl_sig64 *sig, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    (void)cookie;
    (void)vote;
    fake(sig, digest, keys + 32 * ME);
    return FWL_OK;
}

static enum fwl_err
verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_sig64 want;

    (void)cookie;
    fake(&want, digest, key->b);
    return memcmp(&want, sig, sizeof(want)) == 0 ? FWL_OK : FWL_ERR_SIGNATURE;
}

/* The signature of validator @idx under a vote, or one that does not hold. */
static void
sign_as(struct fwl_sig64 *sig, uint32_t idx, enum fwl_vote_kind kind, uint64_t height, uint32_t view,
        const struct fwl_hash32 *hash, bool bad)
{
    static const struct fwl_hash32 chain;
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &chain, kind, height, view, hash);
    fake(sig, &digest, keys + 32 * (size_t)(idx % N));
    sig->b[0] ^= bad;
}

static size_t
body(uint8_t to[ROOM], uint8_t what)
{
    struct fwl_header h = {.version = 1, .height = tip.height + 1, .view = what % 4, .proposer = what % N};
    struct fwl_writer w;

    h.time_ms = tip.time_ms + 1 + what / 8;
    h.prev_hash = tip.hash;
    h.body_size = FWL_BODY_SIZE_START;
    fwl_writer_init(&w, to, ROOM);
    fwl_body_put_start(&w, &h);
    return w.size;
}

static void
hash_of(struct fwl_hash32 *hash, uint8_t what)
{
    uint8_t bytes[ROOM];

    (void)body(bytes, what);
    fwl_header_hash_bytes(hash, fwl_span(bytes, FWL_HEADER_SIZE));
}

/* A pair E1 to E4 out of this engine is a bug, whatever came in. */
static void
judge(const struct fwl_vote *v)
{
    static const struct fwl_hash32 chain;
    struct fwl_pubkey32 key = {{ME + 1}};
    struct fwl_hash32 digest;
    struct fwl_evidence ev;

    fwl_vote_digest(&digest, &chain, v->kind, v->height, v->view, &v->block_hash);
    FWL_ASSERT(v->idx == ME && verify(NULL, &v->sig, &digest, &key) == FWL_OK);
    for (uint32_t i = 0; i < nmine; i++) {
        FWL_ASSERT(fwl_evidence_make(&ev, &mine[i], v) != FWL_OK);
    }
    if (nmine < SIGNED_MAX) {
        mine[nmine++] = *v;
    }
}

static void
step(struct fwl_consensus *c, struct fwl_event *ev)
{
    struct fwl_consensus_info info;

    fwl_consensus_step(c, ev, &out);
    fwl_consensus_info(&info, c);
    FWL_ASSERT(out.nwrites <= FWL_CONSENSUS_WRITES_MAX && out.nsends <= FWL_CONSENSUS_SENDS_MAX);
    FWL_ASSERT(info.view < VIEWS || out.halt != FWL_HALT_NONE);
    FWL_ASSERT(out.halt == FWL_HALT_NONE || (out.nsends == 0 && out.nwrites == 0));
    for (uint32_t i = 0; i < out.nsends; i++) {
        const struct fwl_consensus_msg *m = &out.sends[i].msg;

        if (m->type == FWL_MSG_VOTE) {
            judge(&m->vote);
        } else if (m->type == FWL_MSG_PROPOSE) {
            struct fwl_vote v = {
                .kind = FWL_VOTE_PROPOSE, .height = m->height, .view = m->view, .block_hash = m->hash, .idx = ME};

            v.sig = m->sig;
            judge(&v);
        }
    }
}

/* A certificate of this height; bad bitmaps and signatures come by themselves. */
static size_t
cert(uint8_t *to, enum fwl_vote_kind kind, uint32_t view, uint8_t what, uint8_t bits)
{
    struct fwl_hash32 hash = {{0}};
    struct fwl_writer w;

    if (kind != FWL_VOTE_NULLIFY) {
        hash_of(&hash, what);
    }
    fwl_writer_init(&w, to, ROOM);
    fwl_writer_u8(&w, (uint8_t)kind);
    fwl_writer_u64(&w, tip.height + 1);
    fwl_writer_u32(&w, view);
    fwl_writer_bytes(&w, hash.b, 32);
    fwl_writer_u8(&w, bits & 0x7f);
    for (uint32_t i = 0, count = 0; i < N && count < 3; i++) {
        struct fwl_sig64 sig;

        if (bits >> i & 1) {
            sign_as(&sig, i, kind, tip.height + 1, view, &hash, bits & 0x80);
            fwl_writer_bytes(&w, sig.b, 64);
            count++;
        }
    }
    return w.size;
}

static void
message(struct fwl_consensus *c, struct fwl_event *ev, struct fwl_reader *r)
{
    static const uint16_t others[] = {0, 1, 3, N}; /* N is nobody */
    uint8_t bytes[ROOM];
    uint8_t other[ROOM];
    uint8_t type = fwl_reader_u8(r);
    uint8_t view = fwl_reader_u8(r);
    uint8_t what = fwl_reader_u8(r);
    uint8_t bits = fwl_reader_u8(r);
    struct fwl_consensus_msg m = {.height = tip.height + 1 + (bits & 0x40 ? bits % 4 : 0), .view = view % 20};

    hash_of(&m.hash, what);
    ev->type = FWL_EVENT_MESSAGE;
    ev->peer = 1 + what % 3;
    ev->msg = &m;
    switch (type % 6) {
    case 0:
        m.type = FWL_MSG_VOTE;
        m.vote = (struct fwl_vote){.kind = (enum fwl_vote_kind)(bits % 4), .height = m.height, .view = m.view};
        m.vote.idx = others[view / 20 % 4];
        m.vote.block_hash = m.vote.kind == FWL_VOTE_NULLIFY ? (struct fwl_hash32){{0}} : m.hash;
        sign_as(&m.vote.sig, m.vote.idx, m.vote.kind, m.height, m.view, &m.vote.block_hash, bits & 0x80);
        break;
    case 1:
        m.type = FWL_MSG_PROPOSE;
        m.view += fwl_turns_leader(&tip, m.view) == ME && !(bits & 0x10); /* our own halts us: not too often */
        m.njust = bits & 1;
        m.certs = fwl_span(bytes, m.njust ? cert(bytes, FWL_VOTE_NULLIFY, m.view - 1, what, 0x0b) : 0);
        m.body = fwl_span(other, body(other, what));
        sign_as(&m.sig, fwl_turns_leader(&tip, m.view), FWL_VOTE_PROPOSE, m.height, m.view, &m.hash, bits & 0x80);
        break;
    case 2:
        m.type = FWL_MSG_CERT;
        m.certs = fwl_span(bytes, cert(bytes, (enum fwl_vote_kind)(1 + what % 3), m.view, what, bits & 0x8f));
        break;
    case 3:
        m.type = FWL_MSG_GETCERTS;
        m.nviews = what;
        break;
    case 4:
        m.type = FWL_MSG_BODY;
        m.body = fwl_span(bytes, body(bytes, what));
        break;
    default:
        m.type = FWL_MSG_STATUS;
        m.height = tip.height + what % 8;
        break;
    }
    step(c, ev);
}

static void
one(struct fwl_consensus *c, struct fwl_event *ev, struct fwl_reader *r)
{
    uint8_t bytes[ROOM];
    uint8_t what = fwl_reader_u8(r);

    *ev = (struct fwl_event){.now_ms = ev->now_ms + what, .mono_ms = ev->mono_ms + what * 4u, .have_txs = what & 1};
    switch (what % 8) {
    case 0: ev->type = FWL_EVENT_TICK; break;
    case 1:
        ev->type = FWL_EVENT_BUILT;
        ev->body = fwl_span(bytes, what & 8 ? 0 : body(bytes, fwl_reader_u8(r)));
        break;
    case 2:
        ev->type = FWL_EVENT_CHECKED;
        ev->verdict = (enum fwl_check_verdict)(fwl_reader_u8(r) % 3);
        hash_of(&ev->hash, fwl_reader_u8(r));
        break;
    case 3:
        ev->type = what & 8 ? FWL_EVENT_PEER_UP : FWL_EVENT_PEER_DOWN;
        ev->peer = 1 + what / 16 % 3;
        break;
    case 4:
        ev->type = FWL_EVENT_COMMITTED;
        tip.height += what / 64;
        tip.hash.b[0]++;
        ev->tip = &tip;
        break;
    default: message(c, ev, r); return;
    }
    step(c, ev);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_consensus_config cfg = {.validators_max = N,
                                       .views_max = VIEWS,
                                       .body_max = ROOM,
                                       .timing = FWL_CONSENSUS_TIMING_LOCAL,
                                       .sign = sign,
                                       .verify = verify};
    struct fwl_event ev = {.type = FWL_EVENT_BOOT, .now_ms = 1000, .tip = &tip};
    struct fwl_reader r;
    size_t need = 0;
    static void *memory;
    struct fwl_consensus *c = NULL;

    for (uint32_t i = 0; i < N; i++) {
        keys[32 * i] = (uint8_t)(i + 1);
    }
    tip = (struct fwl_consensus_tip){.height = 5, .time_ms = 900, .next = {.n = N, .keys = fwl_span(keys, 32 * N)}};
    tip.params = (struct fwl_params){
        .heartbeat_ms = 1000, .leader_term = 3, .precision_ms = 500, .msgdelay_ms = 4000, .max_block = ROOM};
    cfg.key.b[0] = ME + 1;
    tip.proposer_key = cfg.key;
    nmine = 0;
    need = fwl_consensus_footprint(&cfg);
    memory = memory != NULL ? memory : malloc(need);
    c = fwl_consensus_init(memory, need, &cfg);
    step(c, &ev);
    for (uint32_t i = 1; i < N; i++) {
        ev = (struct fwl_event){.type = FWL_EVENT_PEER_UP, .now_ms = 1000, .peer = i};
        step(c, &ev);
    }
    fwl_reader_init(&r, fwl_span(data, FWL_MIN(size, 4096u)));
    while (r.left > 0) {
        one(c, &ev, &r);
    }
    return 0;
}
