/*
 * What validators say about the time, for devices without a clock (consensus.md 3.2).
 *
 * A question names the tip that its device holds. A validator whose own tip this is signs its own clock; the word goes
 * back the way that the question came. Followers pass questions on to everybody, a validator only those that come from
 * a node which is none of a validator's: so a question finds every validator, and crosses a link at most once in each
 * direction. Words are checked at each node on the way, so a bad one is the fault of who sent it.
 *
 * All of it is best effort and bounded: a table, 5 s for a question, a pace for what is passed on that stays below what
 * a peer reads of a node in a second (transport.md 5). Nothing here touches consensus or the disk.
 */
#include "ledger/model/statement.h"
#include "ledger/query/query.h"
#include "p2p/replica/internal.h"

enum {
    OPEN_MS = 5000,   /* then a question is forgotten */
    OWN_S = 5,        /* questions of own clients a second, and at once */
    OTHERS_S = 4,     /* the same of others, passed on; with the own ones below the 10/s that a peer reads */
    SIGNING_MAX = 16, /* that wait for a signer: it has votes to sign */
    PEER_MAX = 10 * OPEN_MS / 1000, /* open questions of one peer: its pace */
};

/* A pace of @rate a second, at most @rate at once; false: too fast. */
static bool
take(uint64_t *at_ms, uint64_t now_ms, uint32_t rate)
{
    uint64_t at = FWL_MAX(*at_ms, now_ms);

    if (at > now_ms + 1000 - 1000 / rate) {
        return false;
    }
    *at_ms = at + 1000 / rate;
    return true;
}

static struct fwl_replica_question *
find(struct fwl_replica *r, const struct fwl_attest_request *request)
{
    for (size_t i = 0; i < FWL_REPLICA_QUESTIONS; i++) {
        struct fwl_replica_question *q = &r->attestor.questions[i];

        if (q->until_ms != 0 && fwl_attest_same(&q->request, request)) {
            return q;
        }
    }
    return NULL;
}

/* A free place; NULL when there is none, or @peer has its share. Own ones have peer 0 and places of their own. */
static struct fwl_replica_question *
place(struct fwl_replica *r, uint64_t peer)
{
    size_t from = peer == 0 ? 0 : FWL_REPLICA_QUESTIONS_OWN;
    size_t to = peer == 0 ? FWL_REPLICA_QUESTIONS_OWN : FWL_REPLICA_QUESTIONS;
    struct fwl_replica_question *found = NULL;
    uint32_t same = 0;

    for (size_t i = from; i < to; i++) {
        struct fwl_replica_question *q = &r->attestor.questions[i];

        found = found == NULL && q->until_ms == 0 ? q : found;
        same += q->until_ms != 0 && q->peer == peer;
    }
    return peer != 0 && same >= PEER_MAX ? NULL : found;
}

static void
forget(struct fwl_replica *r, struct fwl_replica_question *q)
{
    *q = (struct fwl_replica_question){0};
    r->attestor.open--;
}

/* An own question ends; it stays in the table, so that its nonce is known for a while. */
static void
finish(struct fwl_replica *r, struct fwl_replica_question *q, bool quorum)
{
    if (q->client != 0) {
        uint64_t client = q->client;

        q->client = 0;
        r->attestor.answered += quorum;
        r->attestor.failed += !quorum;
        r->config.io.attested(r->config.io.ctx, client, &q->request, r->attestor.words[q - r->attestor.questions],
                              q->count, quorum);
    }
}

/* The set in force at the tip of @q, which lasts as long as @read; false: there is none, and nothing to end. */
static bool
begin_set(struct fwl_query_set *out, struct fwl_read *read, struct fwl_replica *r, const struct fwl_replica_question *q)
{
    if (fwl_read_begin(&r->config.io.chain, read) != FWL_OK) {
        return false;
    }
    if (fwl_query_set(&read->kv, out, q->request.height) != FWL_OK) {
        fwl_read_end(read);
        return false;
    }
    return true;
}

/* Index, or key, of a validator in that set, and its size. */
static bool
own_index(struct fwl_replica *r, const struct fwl_replica_question *q, uint16_t *idx, uint16_t *n)
{
    struct fwl_query_set set;
    struct fwl_read read;
    bool found = false;

    if (!begin_set(&set, &read, r, q)) {
        return false;
    }
    *n = set.validators.n;
    found = fwl_validators_find(idx, &set.validators, &r->config.validator);
    fwl_read_end(&read);
    return found;
}

static bool
key_of(struct fwl_replica *r, const struct fwl_replica_question *q, uint16_t idx, struct fwl_pubkey32 *key, uint16_t *n)
{
    struct fwl_query_set set;
    struct fwl_read read;
    bool found = false;

    if (!begin_set(&set, &read, r, q)) {
        return false;
    }
    *n = set.validators.n;
    found = idx < set.validators.n;
    if (found) {
        fwl_validators_key(key, &set.validators, idx);
    }
    fwl_read_end(&read);
    return found;
}

/* A word that is good: kept for an own question until there are enough, else sent on to who asked. */
static void
deliver(struct fwl_replica *r, struct fwl_replica_question *q, const struct fwl_attest *a, uint16_t n)
{
    const struct fwl_message_attest m = {.request = q->request, .attest = *a};
    uint8_t bytes[FWL_MESSAGE_ATTEST_SIZE];
    struct fwl_span payload;
    struct fwl_writer w;

    q->seen[a->idx / 8] |= (uint8_t)(1U << (a->idx % 8));
    if (q->peer != 0) {
        fwl_writer_init(&w, bytes, sizeof(bytes));
        fwl_message_attest_encode(&w, &m);
        if (fwl_writer_finish(&w, &payload) == FWL_OK) {
            r->config.io.send(r->config.io.ctx, q->peer, FWL_FRAME_ATTEST, payload);
        }
    } else if (q->client != 0) {
        struct fwl_attest *words = r->attestor.words[q - r->attestor.questions];
        size_t at = q->count++; /* at most a quorum: then it is finished */

        for (; at > 0 && words[at - 1].idx > a->idx; at--) {
            words[at] = words[at - 1];
        }
        words[at] = *a;
        if (q->count >= fwl_validators_quorum(n)) {
            finish(r, q, true);
        }
    }
}

/* The own word, if this node is a validator and its signer is at hand; else again with a later tick. */
static void
sign(struct fwl_replica *r, struct fwl_replica_question *q)
{
    struct fwl_attest a = {.time_ms = q->time_ms};
    struct fwl_hash32 digest;
    uint16_t n = 0;
    enum fwl_err err = FWL_OK;

    if (!own_index(r, q, &a.idx, &n)) {
        q->signing = false;
        return;
    }
    fwl_statement_attest(&digest, fwl_chain_id(r->chain), q->request.nonce, q->request.height, &q->request.block_hash,
                         q->time_ms);
    err = r->config.io.attest(r->config.io.ctx, &a.sig, &q->request, q->time_ms, &digest);
    q->signing = err == FWL_ERR_BUSY;
    if (err == FWL_OK) {
        r->attestor.signed_count++;
        deliver(r, q, &a, n);
    }
}

static size_t
count_signing(const struct fwl_replica *r)
{
    size_t count = 0;

    for (size_t i = 0; i < FWL_REPLICA_QUESTIONS; i++) {
        count += r->attestor.questions[i].signing;
    }
    return count;
}

/* The tip that @q asks about is our own, now: only then does a validator say its time. */
static bool
is_tip(const struct fwl_replica *r, const struct fwl_attest_request *request)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(r);

    return request->height == tip->header.height && fwl_hash32_equal(&request->block_hash, &tip->hash);
}

static void
open_question(struct fwl_replica *r, struct fwl_replica_question *q)
{
    const struct fwl_pubkey32 nobody = {{0}};

    q->open = true;
    if (memcmp(&r->config.validator, &nobody, sizeof(nobody)) != 0 && count_signing(r) < SIGNING_MAX) {
        q->time_ms = r->now.wall_ms;
        q->signing = true;
        sign(r, q);
    }
}

/* To everybody but who asked. */
static void
pass_on(struct fwl_replica *r, const struct fwl_replica_question *q)
{
    uint8_t bytes[FWL_MESSAGE_ATTESTREQ_SIZE];
    struct fwl_span payload;
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_attestreq_encode(&w, &q->request);
    if (fwl_writer_finish(&w, &payload) == FWL_OK) {
        fwl_replica_tell(r, q->peer, FWL_FRAME_ATTESTREQ, payload);
    }
}

static struct fwl_replica_question *
enter(struct fwl_replica *r, const struct fwl_attest_request *request, uint64_t peer)
{
    struct fwl_replica_question *q = place(r, peer);

    if (q != NULL) {
        *q = (struct fwl_replica_question){.until_ms = r->now.mono_ms + OPEN_MS, .peer = peer, .request = *request};
        r->attestor.open++;
    }
    return q;
}

/* A validator asks others only on behalf of who is none: validators are asked by all of those already. */
static bool
passes_on(const struct fwl_replica *r, const struct fwl_replica_peer *from)
{
    uint16_t own = 0;

    return !fwl_validators_find(&own, &fwl_replica_tip(r)->validators, &r->config.validator) ||
           !fwl_replica_is_validator_node(r, &from->node_key);
}

static void
on_question(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_attest_request request;
    struct fwl_replica_question *q = NULL;
    uint64_t height = fwl_replica_tip(r)->header.height;
    bool tip = false;

    if (fwl_message_attestreq_decode(&request, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    tip = is_tip(r, &request);
    if ((!tip && request.height != height + 1) || find(r, &request) != NULL ||
        (q = enter(r, &request, from->id)) == NULL) {
        return; /* the next block may come any moment: that question waits for it */
    }
    if (passes_on(r, from) && take(&r->attestor.others_ms, r->now.mono_ms, OTHERS_S)) {
        pass_on(r, q);
    }
    if (tip) {
        open_question(r, q);
    }
}

static void
on_word(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_message_attest m;
    struct fwl_replica_question *q = NULL;
    struct fwl_pubkey32 key;
    struct fwl_hash32 digest;
    uint16_t idx = 0;
    uint16_t n = 0;

    if (fwl_message_attest_decode(&m, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    q = find(r, &m.request);
    idx = m.attest.idx;
    if (q == NULL || !q->open || idx >= FWL_VALIDATORS_MAX || (q->seen[idx / 8] >> (idx % 8) & 1) != 0 ||
        !key_of(r, q, idx, &key, &n)) {
        return;
    }
    fwl_statement_attest(&digest, fwl_chain_id(r->chain), m.request.nonce, m.request.height, &m.request.block_hash,
                         m.attest.time_ms);
    if (r->config.io.verify(r->config.io.ctx, &m.attest.sig, &digest, &key) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_FORGED);
        return;
    }
    deliver(r, q, &m.attest, n);
}

void
fwl_attestor_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type,
                   struct fwl_span payload)
{
    if (type == FWL_FRAME_ATTESTREQ) {
        on_question(r, from, payload);
    } else {
        on_word(r, from, payload);
    }
}

enum fwl_err
fwl_attestor_ask(struct fwl_replica *r, uint64_t client, const struct fwl_attest_request *request)
{
    struct fwl_replica_question *q = NULL;

    if (!is_tip(r, request)) {
        return FWL_ERR_CONFLICT;
    }
    if (find(r, request) != NULL) {
        return FWL_ERR_EXISTS;
    }
    if (!take(&r->attestor.own_ms, r->now.mono_ms, OWN_S) || (q = enter(r, request, 0)) == NULL) {
        return FWL_ERR_BUSY;
    }
    q->client = client;
    pass_on(r, q);
    open_question(r, q);
    return FWL_OK;
}

void
fwl_attestor_moved(struct fwl_replica *r)
{
    if (r->attestor.height != fwl_replica_tip(r)->header.height) {
        fwl_attestor_tick(r);
    }
}

void
fwl_attestor_tick(struct fwl_replica *r)
{
    r->attestor.height = fwl_replica_tip(r)->header.height;
    for (size_t i = 0; i < FWL_REPLICA_QUESTIONS && r->attestor.open > 0; i++) {
        struct fwl_replica_question *q = &r->attestor.questions[i];

        if (q->until_ms == 0) {
            continue;
        }
        if (r->now.mono_ms >= q->until_ms) {
            finish(r, q, false);
            forget(r, q);
        } else if (!q->open && is_tip(r, &q->request)) {
            open_question(r, q);
        } else if (q->signing) {
            sign(r, q);
        }
    }
}

uint64_t
fwl_attestor_at(const struct fwl_replica *r)
{
    uint64_t at = UINT64_MAX;

    for (size_t i = 0; i < FWL_REPLICA_QUESTIONS && r->attestor.open > 0; i++) {
        const struct fwl_replica_question *q = &r->attestor.questions[i];

        at = q->until_ms != 0 ? FWL_MIN(at, q->until_ms) : at;
    }
    return at;
}
