#include "signer/host/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "p2p/consensus/rec.h"
#include "signer/host/tie.h"

enum {
    ARENA_BYTES = 32768,
    DELETES_MAX = 64, /* old records a commit */
    LIMITS_SIZE = 16, /* floor u64, top u64 */
};

/* Names in the space vmeta; each value is sealed like a record. */
static const char limits_name[] = "guard"; /* floor || top */
static const char owner_name[] = "owner";  /* chain_id || key */
static const char node_name[] = "node";    /* id of the store that the node votes with */

static const char *
kind_name(enum fwl_vote_kind kind)
{
    switch (kind) {
    case FWL_VOTE_PROPOSE: return "PROPOSE";
    case FWL_VOTE_NOTARIZE: return "NOTARIZE";
    case FWL_VOTE_NULLIFY: return "NULLIFY";
    case FWL_VOTE_FINALIZE: return "FINALIZE";
    }
    return "?";
}

static void FWL_PRINTF(3, 4) say(struct fwl_signing_answer *answer, enum fwl_signing_code code, const char *format, ...)
{
    va_list args;

    answer->code = code;
    va_start(args, format);
    (void)vsnprintf(answer->text, sizeof(answer->text), format, args);
    va_end(args);
}

/* ---- the store ---- */

/* A sealed value of exactly @size bytes. FWL_ERR_ABSENT, FWL_ERR_CORRUPT. */
static enum fwl_err
get_named(const struct fwl_kv *kv, const char *name, uint8_t *out, size_t size)
{
    uint8_t key[40];
    struct fwl_span k = fwl_span(key, fwl_rec_name_key(key, name));
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_VMETA, k);

    if (err == FWL_OK) {
        err = fwl_rec_open(&value, k, value);
    }
    if (err == FWL_OK && value.size != size) {
        err = FWL_ERR_CORRUPT;
    }
    if (err == FWL_OK) {
        memcpy(out, value.p, size);
    }
    return err;
}

static enum fwl_err
put_named(struct fwl_overlay *o, const char *name, const uint8_t *value, size_t size)
{
    uint8_t key[40];
    uint8_t sealed[64 + 32];
    struct fwl_span k = fwl_span(key, fwl_rec_name_key(key, name));

    FWL_ASSERT(size <= 64);
    memcpy(sealed, value, size);
    return fwl_overlay_put(o, FWL_SPACE_VMETA, k, fwl_span(sealed, fwl_rec_seal(sealed, size, k)));
}

static enum fwl_err
get_rec(const struct fwl_storage *votes, struct fwl_rec *out, uint64_t height, uint32_t view)
{
    uint8_t key[40];
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, height, view));
    struct fwl_span value;
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(votes, &read);

    *out = (struct fwl_rec){0};
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(&read.kv, &value, FWL_SPACE_REC, k);
    if (err == FWL_OK) {
        err = fwl_rec_decode(out, k, value);
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
put_rec(struct fwl_overlay *o, const struct fwl_rec *rec, uint64_t height, uint32_t view)
{
    uint8_t key[40];
    uint8_t value[FWL_REC_SIZE_MAX];
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, height, view));

    return fwl_overlay_put(o, FWL_SPACE_REC, k, fwl_span(value, fwl_rec_encode(value, k, rec)));
}

static enum fwl_err
put_limits(struct fwl_overlay *o, uint64_t floor, uint64_t top)
{
    uint8_t value[LIMITS_SIZE];

    fwl_store_be64(value, floor);
    fwl_store_be64(value + 8, top);
    return put_named(o, limits_name, value, sizeof(value));
}

/* Records below @floor, some of them. */
static enum fwl_err
forget(struct fwl_overlay *o, const struct fwl_storage *votes, uint64_t floor)
{
    struct fwl_read read;
    struct fwl_kv_entry entry;
    enum fwl_err err = fwl_read_begin(votes, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_seek(&read.kv, &entry, FWL_SPACE_REC, (struct fwl_span){0});
    for (int i = 0; err == FWL_OK && i < DELETES_MAX && entry.key.size >= 8 && fwl_load_be64(entry.key.p) < floor;
         i++) {
        err = fwl_overlay_delete(o, FWL_SPACE_REC, entry.key);
        err = err == FWL_OK ? fwl_kv_next(&read.kv, &entry, FWL_SPACE_REC, entry.key) : err;
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* ---- opening ---- */

/* The chain and the key that the memory is of; a new one takes them. */
static enum fwl_err
check_owner(struct fwl_guard *g)
{
    uint8_t owner[64];
    uint8_t stored[64];
    uint8_t arena[1024];
    struct fwl_overlay o;
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&g->votes, &read);

    if (err != FWL_OK) {
        return err;
    }
    memcpy(owner, g->chain_id.b, 32);
    memcpy(owner + 32, g->key.b, 32);
    err = get_named(&read.kv, owner_name, stored, sizeof(stored));
    fwl_read_end(&read);
    if (err == FWL_ERR_ABSENT) {
        fwl_overlay_init(&o, NULL, arena, sizeof(arena));
        err = put_named(&o, owner_name, owner, sizeof(owner));
        return err == FWL_OK ? fwl_storage_commit(&g->votes, &o) : err;
    }
    return err == FWL_OK && memcmp(owner, stored, sizeof(owner)) != 0 ? FWL_ERR_CHAIN : err;
}

static enum fwl_err
load_limits(struct fwl_guard *g)
{
    uint8_t limits[LIMITS_SIZE];
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&g->votes, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = get_named(&read.kv, limits_name, limits, sizeof(limits));
    fwl_read_end(&read);
    if (err == FWL_OK) {
        g->floor = fwl_load_be64(limits);
        g->top = fwl_load_be64(limits + 8);
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* The memory is not the key's: nothing below @resume_at, and no node that it knows. */
static enum fwl_err
resume(struct fwl_guard *g, uint64_t resume_at)
{
    uint8_t arena[1024];
    uint8_t key[40];
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    g->floor = FWL_MAX(g->floor, resume_at);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    err = put_limits(&o, g->floor, g->top);
    err =
        err == FWL_OK ? fwl_overlay_delete(&o, FWL_SPACE_VMETA, fwl_span(key, fwl_rec_name_key(key, node_name))) : err;
    return err == FWL_OK ? fwl_storage_commit(&g->votes, &o) : err;
}

enum fwl_err
fwl_guard_open(struct fwl_guard *out, const struct fwl_storage *votes, const char *key_path,
               const struct fwl_hash32 *chain_id, uint64_t resume_at)
{
    struct fwl_tie tie = fwl_tie_file(key_path);
    bool lost = false;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_guard){.votes = *votes, .chain_id = *chain_id, .key_fd = -1};
    err = fwl_secret_load(&out->secret, key_path);
    if (err == FWL_OK && out->secret.kind != FWL_KEY_VALIDATOR) {
        err = FWL_ERR_TYPE;
    }
    err = err == FWL_OK ? fwl_secret_hold(&out->key_fd, key_path) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_secret_xonly(&out->key, &out->secret);
    err = check_owner(out);
    err = err == FWL_OK ? load_limits(out) : err;
    err = err == FWL_OK ? fwl_tie_check(&lost, votes, &tie) : err;
    if (err != FWL_OK || !lost) {
        return err;
    }
    if (resume_at == 0) {
        return FWL_ERR_CONFLICT;
    }
    err = resume(out, resume_at);
    return err == FWL_OK ? fwl_tie_renew(votes, &tie) : err;
}

void
fwl_guard_close(struct fwl_guard *guard)
{
    fwl_secret_clear(&guard->secret);
    if (guard->key_fd >= 0) {
        (void)close(guard->key_fd);
        guard->key_fd = -1;
    }
}

/* ---- signing ---- */

/* Where a vote of @kind stands in its record. */
struct place {
    bool *present;
    struct fwl_hash32 *hash; /* NULL: NULLIFY */
    struct fwl_sig64 *sig;
};

static struct place
place_of(struct fwl_rec *rec, enum fwl_vote_kind kind)
{
    switch (kind) {
    case FWL_VOTE_PROPOSE: return (struct place){&rec->proposed, &rec->proposed_hash, &rec->proposed_sig};
    case FWL_VOTE_NOTARIZE: return (struct place){&rec->notarize, &rec->notarize_hash, &rec->notarize_sig};
    case FWL_VOTE_NULLIFY: return (struct place){&rec->nullify, NULL, &rec->nullify_sig};
    case FWL_VOTE_FINALIZE: break;
    }
    return (struct place){&rec->finalize, &rec->finalize_hash, &rec->finalize_sig};
}

/* Must this vote not be signed beside what was? Says so. */
static bool
conflicts(struct fwl_signing_answer *answer, const struct fwl_rec *rec, const struct place *place,
          const struct fwl_signing_request *q)
{
    unsigned long long height = (unsigned long long)q->height;

    if (*place->present && place->hash != NULL && !fwl_hash32_equal(place->hash, &q->hash)) {
        say(answer, FWL_SIGNING_REFUSED, "%s of view %u at height %llu was signed for another block",
            kind_name(q->kind), q->view, height);
        return true;
    }
    if ((q->kind == FWL_VOTE_NULLIFY && rec->finalize) || (q->kind == FWL_VOTE_FINALIZE && rec->nullify)) {
        say(answer, FWL_SIGNING_REFUSED, "%s was signed in view %u at height %llu, so %s never is",
            q->kind == FWL_VOTE_NULLIFY ? "FINALIZE" : "NULLIFY", q->view, height, kind_name(q->kind));
        return true;
    }
    return false;
}

/* The record as it is now, durable; and what is too old goes. */
static enum fwl_err
remember(struct fwl_guard *g, const struct fwl_rec *rec, const struct fwl_signing_request *q)
{
    uint8_t arena[ARENA_BYTES];
    struct fwl_overlay o;
    uint64_t top = FWL_MAX(g->top, q->height);
    uint64_t floor = FWL_MAX(g->floor, top > FWL_GUARD_RETAIN ? top - FWL_GUARD_RETAIN : 0);
    enum fwl_err err = FWL_OK;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    err = put_rec(&o, rec, q->height, q->view);
    if (err == FWL_OK && top != g->top) {
        err = put_limits(&o, floor, top);
        err = err == FWL_OK ? forget(&o, &g->votes, floor) : err;
    }
    err = err == FWL_OK ? fwl_storage_commit(&g->votes, &o) : err;
    if (err == FWL_OK) {
        g->top = top;
        g->floor = floor;
    }
    return err;
}

static enum fwl_err
answer_vote(struct fwl_guard *g, struct fwl_signing_answer *answer, const struct fwl_signing_request *q)
{
    struct fwl_rec rec;
    struct fwl_hash32 digest;
    struct place place = place_of(&rec, q->kind);
    enum fwl_err err = FWL_OK;

    if (q->height < g->floor) {
        say(answer, FWL_SIGNING_REFUSED, "height %llu is below %llu, from which on this signer remembers its votes",
            (unsigned long long)q->height, (unsigned long long)g->floor);
        return FWL_OK;
    }
    if (q->view >= FWL_GUARD_VIEWS) {
        say(answer, FWL_SIGNING_REFUSED, "view %u is not below %u", q->view, (unsigned)FWL_GUARD_VIEWS);
        return FWL_OK;
    }
    err = get_rec(&g->votes, &rec, q->height, q->view);
    if (err != FWL_OK || conflicts(answer, &rec, &place, q)) {
        return err;
    }
    if (*place.present) {
        answer->sig = *place.sig;
        return FWL_OK;
    }
    fwl_signing_digest(&digest, &g->chain_id, q);
    fwl_schnorr_sign(place.sig, &g->secret, &digest);
    *place.present = true;
    if (place.hash != NULL) {
        *place.hash = q->hash;
    }
    err = remember(g, &rec, q);
    if (err == FWL_ERR_FULL || err == FWL_ERR_MEMORY) {
        say(answer, FWL_SIGNING_LATER, "there is no space to remember the vote: %s", fwl_err_text(err));
        return FWL_OK;
    }
    if (err == FWL_OK) {
        answer->sig = *place.sig;
    }
    return err;
}

static void
answer_attest(struct fwl_guard *g, struct fwl_signing_answer *answer, const struct fwl_signing_request *q,
              uint64_t unix_ms)
{
    uint64_t off_ms = q->time_ms > unix_ms ? q->time_ms - unix_ms : unix_ms - q->time_ms;
    struct fwl_hash32 digest;

    if (off_ms > FWL_GUARD_CLOCK_S * 1000) {
        say(answer, FWL_SIGNING_LATER, "the time differs from the signer's clock by %llu s",
            (unsigned long long)(off_ms / 1000));
        return;
    }
    fwl_signing_digest(&digest, &g->chain_id, q);
    fwl_schnorr_sign(&answer->sig, &g->secret, &digest);
}

static void
answer_hello(const struct fwl_guard *g, struct fwl_signing_answer *answer, const struct fwl_signing_request *q)
{
    if (q->protocol != FWL_SIGNING_PROTOCOL) {
        say(answer, FWL_SIGNING_REFUSED, "protocol %u is not known, only %u", (unsigned)q->protocol,
            (unsigned)FWL_SIGNING_PROTOCOL);
    } else if (!fwl_hash32_equal(&q->chain_id, &g->chain_id)) {
        say(answer, FWL_SIGNING_REFUSED, "this signer is for another chain");
    } else {
        answer->key = g->key;
    }
}

/* The store of votes that its node uses. */
static enum fwl_err
known_store(const struct fwl_guard *g, enum fwl_signing_known *known, uint8_t instance[FWL_SIGNING_INSTANCE_SIZE])
{
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&g->votes, &read);

    memset(instance, 0, FWL_SIGNING_INSTANCE_SIZE);
    *known = FWL_SIGNING_NOBODY;
    if (err != FWL_OK) {
        return err;
    }
    err = get_named(&read.kv, node_name, instance, FWL_SIGNING_INSTANCE_SIZE);
    fwl_read_end(&read);
    if (err == FWL_OK) {
        *known = FWL_SIGNING_STORE;
    } else if (err == FWL_ERR_ABSENT && g->floor == 0 && g->top == 0) {
        *known = FWL_SIGNING_FRESH;
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
answer_claim(struct fwl_guard *g, const struct fwl_guard_caller *caller, struct fwl_signing_answer *answer,
             const struct fwl_signing_request *q)
{
    uint8_t instance[FWL_SIGNING_INSTANCE_SIZE];
    enum fwl_signing_known known = FWL_SIGNING_NOBODY;
    enum fwl_err err = known_store(g, &known, instance);

    if (err != FWL_OK) {
        return err;
    }
    if (known != FWL_SIGNING_STORE || memcmp(instance, q->instance, sizeof(instance)) != 0) {
        say(answer, FWL_SIGNING_TAKEN, "the key votes with another store of votes");
    } else {
        g->voter = caller;
    }
    return FWL_OK;
}

static enum fwl_err
answer_renew(struct fwl_guard *g, const struct fwl_guard_caller *caller, struct fwl_signing_answer *answer,
             const struct fwl_signing_request *q)
{
    uint8_t arena[1024];
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    err = put_named(&o, node_name, q->instance, sizeof(q->instance));
    err = err == FWL_OK ? fwl_storage_commit(&g->votes, &o) : err;
    if (err == FWL_ERR_FULL || err == FWL_ERR_MEMORY) {
        say(answer, FWL_SIGNING_LATER, "there is no space: %s", fwl_err_text(err));
        return FWL_OK;
    }
    g->voter = err == FWL_OK ? caller : g->voter;
    return err;
}

/* May @caller ask this now? Says why not. */
static bool
may_ask(const struct fwl_guard *g, const struct fwl_guard_caller *caller, struct fwl_signing_answer *answer)
{
    bool claims = answer->type == FWL_SIGNING_CLAIM || answer->type == FWL_SIGNING_RENEW;
    bool votes = answer->type == FWL_SIGNING_VOTE || answer->type == FWL_SIGNING_ATTEST;

    if (!caller->greeted && answer->type != FWL_SIGNING_HELLO) {
        say(answer, FWL_SIGNING_REFUSED, "HELLO comes first");
        return false;
    }
    if ((claims || votes) && g->voter != NULL && g->voter != caller) {
        say(answer, FWL_SIGNING_TAKEN, "another node that is connected votes with this key");
        return false;
    }
    if (votes && g->voter == NULL) {
        say(answer, FWL_SIGNING_REFUSED, "CLAIM comes first");
        return false;
    }
    return true;
}

enum fwl_err
fwl_guard_answer(struct fwl_guard *guard, struct fwl_guard_caller *caller, struct fwl_signing_answer *answer,
                 const struct fwl_signing_request *request, uint64_t unix_ms)
{
    struct fwl_hash32 digest;

    *answer = (struct fwl_signing_answer){.type = request->type, .id = request->id};
    if (!may_ask(guard, caller, answer)) {
        return FWL_OK;
    }
    switch (request->type) {
    case FWL_SIGNING_HELLO:
        answer_hello(guard, answer, request);
        caller->greeted = answer->code == FWL_SIGNING_DONE;
        break;
    case FWL_SIGNING_VOTE: return answer_vote(guard, answer, request);
    case FWL_SIGNING_ATTEST: answer_attest(guard, answer, request, unix_ms); break;
    case FWL_SIGNING_POSSESSION:
        fwl_signing_digest(&digest, &guard->chain_id, request);
        fwl_schnorr_sign(&answer->sig, &guard->secret, &digest);
        break;
    case FWL_SIGNING_INSTANCE: return known_store(guard, &answer->known, answer->instance);
    case FWL_SIGNING_CLAIM: return answer_claim(guard, caller, answer, request);
    case FWL_SIGNING_RENEW: return answer_renew(guard, caller, answer, request);
    }
    return FWL_OK;
}

void
fwl_guard_leave(struct fwl_guard *guard, const struct fwl_guard_caller *caller)
{
    if (guard->voter == caller) {
        guard->voter = NULL;
    }
}
