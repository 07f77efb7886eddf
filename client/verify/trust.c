#include "client/verify/trust.h"

#include "core/mutant.h"
#include "ledger/model/statement.h"

static const uint8_t reanchor_magic[4] = {'F', 'W', 'R', '1'};

enum fwl_err
fwl_trust_start(struct fwl_trust *out, const struct fwl_anchor *anchor)
{
    struct fwl_writer w;
    struct fwl_validators validators;
    struct fwl_governors governors;

    memset(out, 0, sizeof(*out));
    fwl_writer_init(&w, out->validators, sizeof(out->validators));
    fwl_validators_put(&w, &anchor->validators);
    out->validators_size = (uint16_t)FWL_MIN(w.size, sizeof(out->validators));
    if (w.err == FWL_OK) {
        fwl_writer_init(&w, out->governors, sizeof(out->governors));
        fwl_governors_put(&w, &anchor->governors);
        out->governors_size = (uint16_t)FWL_MIN(w.size, sizeof(out->governors));
    }
    if (w.err != FWL_OK ||
        fwl_validators_decode(&validators, fwl_span(out->validators, out->validators_size)) != FWL_OK ||
        fwl_governors_decode(&governors, fwl_span(out->governors, out->governors_size)) != FWL_OK) {
        memset(out, 0, sizeof(*out));
        return FWL_ERR_ARG;
    }
    out->chain_id = anchor->chain_id;
    out->epoch = anchor->epoch;
    out->height = anchor->height;
    out->time_ms = anchor->time_ms;
    out->block_hash = anchor->block_hash;
    return FWL_OK;
}

void
fwl_trust_sets(struct fwl_validators *validators, struct fwl_governors *governors, const struct fwl_trust *trust)
{
    enum fwl_err err = fwl_validators_decode(validators, fwl_span(trust->validators, trust->validators_size));

    FWL_ASSERT(err == FWL_OK); /* checked when it was adopted */
    err = fwl_governors_decode(governors, fwl_span(trust->governors, trust->governors_size));
    FWL_ASSERT(err == FWL_OK);
}

static void
keep_sets(struct fwl_trust *trust, const struct fwl_validators *validators, const struct fwl_governors *governors)
{
    struct fwl_writer w;

    fwl_writer_init(&w, trust->validators, sizeof(trust->validators));
    fwl_validators_put(&w, validators);
    FWL_ASSERT(w.err == FWL_OK);
    trust->validators_size = (uint16_t)w.size;
    fwl_writer_init(&w, trust->governors, sizeof(trust->governors));
    fwl_governors_put(&w, governors);
    FWL_ASSERT(w.err == FWL_OK);
    trust->governors_size = (uint16_t)w.size;
}

static void
keep_header(struct fwl_trust *trust, const struct fwl_header *header)
{
    trust->height = header->height;
    trust->time_ms = header->time_ms;
    fwl_header_hash(&trust->block_hash, header);
}

/* A header of an epoch before the trusted one: what it says cannot be judged any more, and need not be. */
static bool
is_past(struct fwl_span step, uint64_t epoch)
{
    struct fwl_header header;
    struct fwl_reader r;

    fwl_reader_init(&r, step);
    fwl_header_read(&header, &r);
    return fwl_reader_ok(&r) && header.epoch < epoch;
}

enum fwl_err
fwl_trust_step(struct fwl_trust *trust, bool *taken, bool *expired, struct fwl_span step, uint64_t now_ms,
               uint64_t period_ms)
{
    struct fwl_epoch_trusted before = {
        .chain_id = trust->chain_id, .epoch = trust->epoch, .height = trust->height, .time_ms = trust->time_ms};
    struct fwl_epoch_step decoded;
    enum fwl_err err = FWL_OK;

    *taken = false;
    *expired = false;
    if (is_past(step, trust->epoch)) {
        return FWL_OK;
    }
    fwl_trust_sets(&before.validators, &before.governors, trust);
    err = fwl_epoch_decode(&decoded, step, before.validators.n);
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_epoch_verify(&decoded, &before);
    if (err == FWL_ERR_ROLLBACK && fwl_cert_verify(&decoded.cert, &before.validators, &before.chain_id) != FWL_OK) {
        err = FWL_ERR_CERTIFICATE; /* damage is not a rollback: only a certified header can be one */
    }
    if (err == FWL_OK && now_ms > trust->time_ms && now_ms - trust->time_ms > period_ms && !FWL_MUTANT(18, 14)) {
        *expired = true;
        err = FWL_ERR_EPOCH;
    }
    if (err == FWL_OK) {
        keep_sets(trust, &decoded.validators, &decoded.governors);
        keep_header(trust, &decoded.header);
        trust->epoch++;
        *taken = true;
    }
    return err;
}

/* Is @header certified by the trusted set? */
static enum fwl_err
check_certified(const struct fwl_trust *trust, const struct fwl_header *header, struct fwl_span cert)
{
    struct fwl_validators validators;
    struct fwl_governors governors;
    struct fwl_hash32 set_hash;
    struct fwl_hash32 block_hash;
    struct fwl_cert decoded;
    enum fwl_err err = FWL_OK;

    fwl_trust_sets(&validators, &governors, trust);
    fwl_validators_hash(&set_hash, &validators);
    if (!fwl_hash32_equal(&set_hash, &header->validators_hash)) {
        /* of another epoch, or damaged; an older one is told apart so that a cache can be recognised */
        return header->epoch < trust->epoch   ? FWL_ERR_ROLLBACK
               : header->epoch > trust->epoch ? FWL_ERR_EPOCH
                                              : FWL_ERR_CERTIFICATE;
    }
    fwl_header_hash(&block_hash, header);
    err = fwl_cert_decode_short(&decoded, cert, validators.n, header->height, &block_hash);
    return err == FWL_OK ? fwl_cert_verify(&decoded, &validators, &trust->chain_id) : err;
}

bool
fwl_trust_is_older(const struct fwl_trust *trust, uint64_t epoch, uint64_t height, uint64_t time_ms)
{
    return (epoch < trust->epoch && !FWL_MUTANT(18, 0)) || (height < trust->height && !FWL_MUTANT(18, 1)) ||
           (time_ms < trust->time_ms && !FWL_MUTANT(18, 2));
}

bool
fwl_trust_is_fork(const struct fwl_trust *trust, uint64_t height, const struct fwl_hash32 *block_hash)
{
    return height == trust->height && !fwl_hash32_equal(block_hash, &trust->block_hash) && !FWL_MUTANT(18, 4);
}

enum fwl_err
fwl_trust_tip(struct fwl_trust *trust, struct fwl_header *header, bool *fork, struct fwl_span header_bytes,
              struct fwl_span cert)
{
    struct fwl_hash32 block_hash;
    enum fwl_err err = fwl_header_decode(header, header_bytes);

    *fork = false;
    if (err == FWL_OK && !fwl_hash32_equal(&header->chain_id, &trust->chain_id) && !FWL_MUTANT(18, 5)) {
        err = FWL_ERR_CHAIN;
    }
    if (err == FWL_OK) {
        err = check_certified(trust, header, cert);
    }
    if (err == FWL_OK && header->epoch > trust->epoch && !FWL_MUTANT(18, 0)) {
        err = FWL_ERR_EPOCH;
    }
    if (err == FWL_OK && fwl_trust_is_older(trust, header->epoch, header->height, header->time_ms)) {
        err = FWL_ERR_ROLLBACK;
    }
    fwl_header_hash(&block_hash, header);
    if (err == FWL_OK && fwl_trust_is_fork(trust, header->height, &block_hash)) {
        *fork = true;
        err = FWL_ERR_CERTIFICATE;
    }
    if (err != FWL_OK) {
        memset(header, 0, sizeof(*header));
        return err;
    }
    keep_header(trust, header);
    return FWL_OK;
}

enum fwl_err
fwl_trust_fresh(uint64_t time_ms, uint64_t now_ms, uint64_t max_age_ms)
{
    if (time_ms > now_ms) {
        return time_ms - now_ms <= FWL_TRUST_FUTURE_MS ? FWL_OK : FWL_ERR_STALE;
    }
    return now_ms - time_ms <= max_age_ms || FWL_MUTANT(18, 3) ? FWL_OK : FWL_ERR_STALE;
}

/* Signatures of a re-anchor document, as in an epoch step: the new governors', then, if the sets differ, the trusted
 * ones'. */
static enum fwl_err
verify_reanchor(const struct fwl_trust *trust, const struct fwl_anchor *anchor, struct fwl_span sigs)
{
    struct fwl_anchor_statement statement = {.stored_chain_id = trust->chain_id,
                                             .new_chain_id = anchor->chain_id,
                                             .epoch = anchor->epoch,
                                             .height = anchor->height,
                                             .time_ms = anchor->time_ms,
                                             .block_hash = anchor->block_hash};
    struct fwl_validators validators;
    struct fwl_governors stored;
    struct fwl_hash32 digest;
    struct fwl_reader r;
    struct fwl_span new_sigs;
    struct fwl_span old_sigs;
    enum fwl_err err = FWL_OK;

    fwl_trust_sets(&validators, &stored, trust);
    fwl_validators_hash(&statement.validators_hash, &anchor->validators);
    fwl_governors_hash(&statement.governors_hash, &anchor->governors);
    fwl_statement_anchor(&digest, &statement);
    fwl_reader_init(&r, sigs);
    new_sigs = fwl_reader_bytes(&r, fwl_governors_sigs_size(&anchor->governors));
    old_sigs = fwl_reader_rest(&r);
    if (!fwl_reader_ok(&r) || (old_sigs.size == 0) != fwl_governors_equal(&stored, &anchor->governors)) {
        return FWL_ERR_KEYS;
    }
    err = fwl_governors_verify(&anchor->governors, new_sigs, &digest);
    return err == FWL_OK && old_sigs.size != 0 ? fwl_governors_verify(&stored, old_sigs, &digest) : err;
}

enum fwl_err
fwl_trust_reanchor(struct fwl_trust *trust, struct fwl_span document)
{
    struct fwl_anchor anchor;
    struct fwl_reader r;
    struct fwl_span magic;
    struct fwl_span sigs;
    enum fwl_err err = FWL_OK;

    memset(&anchor, 0, sizeof(anchor));
    fwl_reader_init(&r, document);
    magic = fwl_reader_bytes(&r, sizeof(reanchor_magic));
    if (fwl_reader_ok(&r) && memcmp(magic.p, reanchor_magic, sizeof(reanchor_magic)) != 0) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_copy(&r, anchor.chain_id.b, sizeof(anchor.chain_id.b));
    anchor.epoch = fwl_reader_u64(&r);
    anchor.height = fwl_reader_u64(&r);
    anchor.time_ms = fwl_reader_u64(&r);
    fwl_reader_copy(&r, anchor.block_hash.b, sizeof(anchor.block_hash.b));
    fwl_validators_read(&anchor.validators, &r);
    fwl_governors_read(&anchor.governors, &r);
    sigs = fwl_reader_rest(&r);
    err = fwl_reader_finish(&r);
    if (err == FWL_OK) {
        err = verify_reanchor(trust, &anchor, sigs);
    }
    if (err == FWL_OK && fwl_hash32_equal(&anchor.chain_id, &trust->chain_id) &&
        (anchor.epoch < trust->epoch || anchor.height < trust->height || anchor.time_ms < trust->time_ms)) {
        err = FWL_ERR_ROLLBACK;
    }
    if (err == FWL_OK) {
        keep_sets(trust, &anchor.validators, &anchor.governors);
        trust->chain_id = anchor.chain_id;
        trust->epoch = anchor.epoch;
        trust->height = anchor.height;
        trust->time_ms = anchor.time_ms;
        trust->block_hash = anchor.block_hash;
        trust->reanchored = true;
    }
    return err;
}

void
fwl_trust_reanchor_put(struct fwl_writer *w, const struct fwl_anchor *anchor, struct fwl_span sigs,
                       struct fwl_span old_sigs)
{
    fwl_writer_bytes(w, reanchor_magic, sizeof(reanchor_magic));
    fwl_writer_span(w, fwl_hash32_span(&anchor->chain_id));
    fwl_writer_u64(w, anchor->epoch);
    fwl_writer_u64(w, anchor->height);
    fwl_writer_u64(w, anchor->time_ms);
    fwl_writer_span(w, fwl_hash32_span(&anchor->block_hash));
    fwl_validators_put(w, &anchor->validators);
    fwl_governors_put(w, &anchor->governors);
    fwl_writer_span(w, sigs);
    fwl_writer_span(w, old_sigs);
}

/* Insert into the ascending @times. */
static void
insert_time(uint64_t *times, size_t count, uint64_t time_ms)
{
    size_t at = count;

    for (; at > 0 && times[at - 1] > time_ms; at--) {
        times[at] = times[at - 1];
    }
    times[at] = time_ms;
}

enum fwl_err
fwl_trust_time(uint64_t *time_ms, const struct fwl_trust *trust, const uint8_t nonce[FWL_ATTEST_NONCE_SIZE],
               struct fwl_span bytes)
{
    uint64_t times[FWL_VALIDATORS_MAX] = {0};
    struct fwl_attest_request asked = {.height = trust->height, .block_hash = trust->block_hash};
    struct fwl_validators validators;
    struct fwl_governors governors;
    struct fwl_attests attests;
    struct fwl_attest a;
    struct fwl_reader it;
    size_t good = 0;
    uint32_t q = 0;
    enum fwl_err err = fwl_attest_decode(&attests, NULL, bytes);

    *time_ms = 0;
    if (err != FWL_OK) {
        return err;
    }
    memcpy(asked.nonce, FWL_MUTANT(18, 15) ? attests.request.nonce : nonce, sizeof(asked.nonce));
    if (!fwl_attest_same(&attests.request, &asked)) {
        return FWL_ERR_STALE;
    }
    fwl_trust_sets(&validators, &governors, trust);
    q = fwl_validators_quorum(validators.n) - (FWL_MUTANT(18, 16) ? 1 : 0);
    for (fwl_attest_begin(&it, &attests); good < q && fwl_attest_next(&it, &a) && a.idx < validators.n;) {
        struct fwl_hash32 digest;
        struct fwl_pubkey32 key;

        fwl_validators_key(&key, &validators, a.idx);
        fwl_statement_attest(&digest, &trust->chain_id, asked.nonce, asked.height, &asked.block_hash, a.time_ms);
        if (fwl_schnorr_verify(&a.sig, &digest, &key) == FWL_OK) {
            insert_time(times, good++, a.time_ms);
        }
    }
    if (good < q) {
        return FWL_ERR_CERTIFICATE;
    }
    *time_ms = times[FWL_MUTANT(18, 17) ? q - 1 : (q - 1) / 2];
    return FWL_OK;
}
