#include "client/verify/verify.h"

#include "core/mutant.h"
#include "ledger/merkle/proof.h"

enum fwl_err
fwl_verify_init(struct fwl_verify *v, struct fwl_device *device, const struct fwl_verify_settings *settings,
                const struct fwl_facts *facts, uint64_t now_ms)
{
    struct fwl_class_name name;
    const char *field = NULL;
    enum fwl_err err = fwl_facts_check(&field, facts);

    memset(v, 0, sizeof(*v));
    if (err != FWL_OK) {
        v->fault = (struct fwl_fault){.err = err, .field = field};
        return err;
    }
    v->device = device;
    v->settings = settings;
    v->facts = *facts;
    v->now_ms = now_ms;
    v->trust = device->trust;
    err = fwl_name_class(&name, facts->class_name);
    if (err == FWL_OK && fwl_device_floor(&v->floor, device, name.component)) {
        v->facts.floors = &v->floor;
        v->facts.floor_count = 1;
    }
    return err;
}

static uint64_t
own_max_age(const struct fwl_verify *v)
{
    return v->settings->max_age_ms == 0 ? FWL_TRUST_MAX_AGE_MS : v->settings->max_age_ms;
}

static uint64_t
period(const struct fwl_verify *v)
{
    return v->settings->period_ms == 0 ? FWL_TRUST_PERIOD_MS : v->settings->period_ms;
}

/* Epoch steps, into the working copy only. */
static enum fwl_err
take_steps(struct fwl_verify *v, const struct fwl_answer *answer)
{
    struct fwl_reader it;
    struct fwl_span step;
    enum fwl_err err = FWL_OK;

    for (fwl_answer_steps_begin(&it, answer); err == FWL_OK && fwl_answer_step_next(&it, &step);) {
        bool taken = false;

        err = fwl_trust_step(&v->trust, &taken, &v->expired, step, v->now_ms, period(v));
    }
    return err;
}

/* Framing, epoch steps and tip, into the working copy only. */
static enum fwl_err
take_tip(struct fwl_verify *v, struct fwl_answer *answer, struct fwl_span bytes)
{
    enum fwl_err err = fwl_answer_decode(answer, &v->fault, bytes);

    v->checked = false;
    v->fresh = false;
    v->more = false;
    v->fork = false;
    v->expired = false;
    if (err == FWL_OK) {
        err = take_steps(v, answer);
    }
    if (err == FWL_OK && answer->more) {
        v->more = true;
        err = FWL_ERR_EPOCH;
    }
    if (err == FWL_OK) {
        err = fwl_trust_tip(&v->trust, &v->header, &v->fork, answer->header, answer->cert);
    }
    return err;
}

/* The device may have gone on meanwhile, by another question: as if this one was asked now. */
static enum fwl_err
judge_late(struct fwl_verify *v)
{
    const struct fwl_trust *known = &v->device->trust;

    if (fwl_trust_is_older(known, v->trust.epoch, v->trust.height, v->trust.time_ms) ||
        !fwl_hash32_equal(&v->trust.chain_id, &known->chain_id)) {
        return FWL_ERR_ROLLBACK;
    }
    v->fork = fwl_trust_is_fork(known, v->trust.height, &v->trust.block_hash);
    return v->fork ? FWL_ERR_CERTIFICATE : FWL_OK;
}

/* Only a fresh tip moves what the device trusts. */
static enum fwl_err
take_fresh(struct fwl_verify *v)
{
    enum fwl_err err = judge_late(v);

    err = err == FWL_OK ? fwl_trust_fresh(v->header.time_ms, v->now_ms, own_max_age(v)) : err;
    if (FWL_MUTANT(18, 13)) { /* kept before the clock rule */
        v->device->trust = v->trust;
    }
    if (err == FWL_OK) {
        v->device->trust = v->trust;
        v->fresh = true;
    }
    return err;
}

bool
fwl_verify_keep_steps(struct fwl_verify *v)
{
    if (!v->more || judge_late(v) != FWL_OK || v->trust.epoch == v->device->trust.epoch ||
        fwl_trust_fresh(v->trust.time_ms, v->now_ms, UINT64_MAX) != FWL_OK) {
        return false;
    }
    v->device->trust = v->trust;
    return true;
}

enum fwl_err
fwl_verify_tip(struct fwl_verify *v, struct fwl_attest_request *request, struct fwl_span bytes)
{
    struct fwl_answer answer;
    struct fwl_bundle bundle;
    enum fwl_err err = fwl_bundle_decode(&bundle, &v->fault, bytes);

    memset(request, 0, sizeof(*request));
    if (err == FWL_OK || err == FWL_ERR_UNKNOWN) { /* not "FWB1": then it is an answer, or nothing */
        err = take_tip(v, &answer, err == FWL_OK ? bundle.answer : bytes);
    }
    if (err == FWL_OK) {
        request->height = v->trust.height;
        request->block_hash = v->trust.block_hash;
    }
    return err;
}

enum fwl_err
fwl_verify_clock(struct fwl_verify *v, const uint8_t nonce[FWL_ATTEST_NONCE_SIZE], struct fwl_span attests,
                 uint64_t elapsed_ms)
{
    const struct fwl_trust *stored = &v->device->trust;
    uint64_t now_ms = 0;
    enum fwl_err err = fwl_trust_time(&now_ms, &v->trust, nonce, attests);

    v->expired = false;
    if (err != FWL_OK) {
        return err;
    }
    now_ms = fwl_add_u64(&now_ms, now_ms, FWL_MUTANT(18, 18) ? 0 : elapsed_ms) ? now_ms : UINT64_MAX;
    /* The steps were taken without a clock: did the first one come in time? */
    if (v->trust.epoch != stored->epoch && now_ms > stored->time_ms && now_ms - stored->time_ms > period(v) &&
        !FWL_MUTANT(18, 19)) {
        v->expired = true;
        return FWL_ERR_EPOCH;
    }
    v->now_ms = now_ms;
    return FWL_OK;
}

static enum fwl_err
check_proofs(struct fwl_verify *v, const struct fwl_answer *answer)
{
    struct fwl_class_name name;
    enum fwl_err err = fwl_name_class(&name, v->facts.class_name);
    const struct {
        enum fwl_table table;
        struct fwl_span key;
    } asked[FWL_ANSWER_PROOFS] = {[FWL_ANSWER_VENDOR] = {FWL_TABLE_VENDOR, name.vendor},
                                  [FWL_ANSWER_CLASS] = {FWL_TABLE_CLASS, v->facts.class_name},
                                  [FWL_ANSWER_FLEET] = {FWL_TABLE_FLEET, v->facts.fleet}};

    for (size_t i = 0; err == FWL_OK && i < FWL_ANSWER_PROOFS; i++) {
        struct fwl_proven proven;

        err =
            fwl_proof_verify(&proven, &v->header.state_root, (uint8_t)asked[i].table, asked[i].key, answer->proofs[i]);
        if (err == FWL_ERR_PROOF && FWL_MUTANT(18, 6 + (int)i)) { /* this entry is what its proof says */
            proven.present = answer->proofs[i].p[0] == FWL_PROOF_PRESENT;
            memcpy(proven.value_hash.b, answer->proofs[i].p + 2, sizeof(proven.value_hash.b));
            err = FWL_OK;
        }
        v->present[i] = proven.present;
        v->hashes[i] = proven.value_hash;
    }
    return err;
}

enum fwl_err
fwl_verify_answer(struct fwl_verify *v, struct fwl_span bytes)
{
    struct fwl_answer answer;
    enum fwl_err err = take_tip(v, &answer, bytes);

    if (err == FWL_OK) {
        err = take_fresh(v);
    }
    if (err == FWL_OK) {
        err = check_proofs(v, &answer);
    }
    v->checked = err == FWL_OK;
    return err;
}

/* Where the values of one answer come from. */
struct values {
    struct fwl_verify *v;
    fwl_verify_source source;
    void *cookie;
};

/* The bytes behind @hash, checked. */
static enum fwl_err
get_value(const struct values *values, struct fwl_span *value, const struct fwl_hash32 *hash, size_t size_max)
{
    enum fwl_err err = values->source(values->cookie, value, hash);

    if (err == FWL_OK && !FWL_MUTANT(18, 9)) {
        err = fwl_tree_value_check(hash, *value, size_max);
    }
    if (err == FWL_ERR_NO_VALUE) {
        values->v->missing = *hash;
    }
    return err;
}

/* The three entries, as far as they are present. */
static enum fwl_err
get_entries(const struct values *values)
{
    struct fwl_verify *v = values->v;
    struct fwl_span value;
    enum fwl_err err = FWL_OK;

    if (v->present[FWL_ANSWER_VENDOR]) {
        err = get_value(values, &value, &v->hashes[FWL_ANSWER_VENDOR], FWL_ENTRY_MAX);
        if (err == FWL_OK) {
            err = fwl_entry_vendor(&v->vendor, &v->fault, value);
        }
    }
    if (err == FWL_OK && v->present[FWL_ANSWER_CLASS]) {
        err = get_value(values, &value, &v->hashes[FWL_ANSWER_CLASS], FWL_CLASS_ENTRY_MAX);
        if (err == FWL_OK) {
            err = fwl_entry_class(&v->entry, &v->fault, value);
        }
    }
    if (err == FWL_OK && v->present[FWL_ANSWER_FLEET]) {
        err = get_value(values, &value, &v->hashes[FWL_ANSWER_FLEET], FWL_ENTRY_MAX);
        if (err == FWL_OK) {
            err = fwl_entry_fleet(&v->fleet, &v->fault, value);
        }
    }
    return err;
}

static enum fwl_err
get_policy(const struct values *values)
{
    struct fwl_verify *v = values->v;
    struct fwl_span value;
    enum fwl_err err = FWL_OK;

    v->has_policy = v->present[FWL_ANSWER_FLEET] && v->fleet.policy.some;
    if (!v->has_policy) {
        return FWL_OK;
    }
    err = get_value(values, &value, &v->fleet.policy.hash, FWL_POLICY_MAX);
    return err == FWL_OK ? fwl_policy_entry_decode(&v->policy, &v->fault, value) : err;
}

/* The entry of a listed release and the record in it. */
static enum fwl_err
decode_release(struct fwl_verify *v, struct fwl_listed *out, size_t i)
{
    enum fwl_err err = fwl_entry_release(&out->entry, &v->fault, v->releases[i]);

    return err == FWL_OK ? fwl_release_decode(&out->record, &v->fault, out->entry.record, v->entry.scheme) : err;
}

/* Every listed release; all of them are needed before anything is decided. */
static enum fwl_err
get_releases(const struct values *values, struct fwl_decide_work *work)
{
    struct fwl_verify *v = values->v;
    struct fwl_reader it;
    struct fwl_live live;
    enum fwl_err err = FWL_OK;

    v->release_count = 0;
    if (!v->present[FWL_ANSWER_CLASS]) {
        return FWL_OK;
    }
    for (fwl_list_begin(&it, v->entry.live); err == FWL_OK && fwl_entry_next_live(&it, &live);) {
        FWL_ASSERT(v->release_count < FWL_CLASS_RELEASES_MAX); /* limit of the entry's decoder */
        err = get_value(values, &v->releases[v->release_count], &live.value, FWL_ENTRY_MAX);
        if (err == FWL_OK && v->entry.scheme == FWL_SCHEME_OPAQUE) {
            err = decode_release(v, &v->chosen, v->release_count);
            work->versions[v->release_count] = v->chosen.record.version;
        }
        v->release_count += err == FWL_OK ? 1 : 0;
    }
    return err;
}

/* The clock rule again, with the fleet's max_age where it is the smaller one. */
static enum fwl_err
check_fleet_age(const struct fwl_verify *v)
{
    if (!v->has_policy || v->fleet.max_age_ms >= own_max_age(v)) {
        return FWL_OK;
    }
    return fwl_trust_fresh(v->header.time_ms, v->now_ms, v->fleet.max_age_ms);
}

static enum fwl_err
decide(struct fwl_verify *v, struct fwl_candidate *candidates, struct fwl_decide_work *work)
{
    const struct fwl_decide_input in = {.vendor = v->present[FWL_ANSWER_VENDOR] ? &v->vendor : NULL,
                                        .entry = v->present[FWL_ANSWER_CLASS] ? &v->entry : NULL,
                                        .fleet = v->present[FWL_ANSWER_FLEET] ? &v->fleet : NULL,
                                        .policy = v->has_policy ? &v->policy : NULL,
                                        .facts = &v->facts,
                                        .now_ms = v->header.time_ms};
    enum fwl_err err = fwl_decide_begin(work, &in);

    if (err == FWL_ERR_VERSION) { /* the facts' fault, not the answer's */
        v->fault = (struct fwl_fault){.err = err, .field = FWL_VERIFY_FACTS_VERSION};
    }
    for (size_t i = 0; err == FWL_OK && i < v->release_count; i++) {
        err = decode_release(v, &v->chosen, i);
        if (err == FWL_OK) {
            fwl_decide_release(work, &candidates[i], &v->chosen);
        }
    }
    if (err == FWL_OK) {
        fwl_decide_end(work, &v->decision);
    }
    work->in = NULL;
    return err;
}

/* The author's word on the chosen release; without it the quorum alone would install. */
static enum fwl_err
check_author(struct fwl_verify *v)
{
    const struct fwl_authors *authors = &v->settings->authors;
    const struct fwl_release *record = &v->chosen.record;
    enum fwl_err err = decode_release(v, &v->chosen, v->decision.chosen);

    if (err != FWL_OK || authors->none || FWL_MUTANT(18, 12)) {
        return err;
    }
    if ((record->has & FWL_HAS(FWL_RELEASE_AUTHOR)) == 0) {
        return FWL_ERR_AUTHOR;
    }
    if (record->author.kind == FWL_AUTHOR_IMAGE) {
        return authors->image ? FWL_OK : FWL_ERR_AUTHOR;
    }
    return fwl_release_author_verify(record, authors->keys, authors->count);
}

enum fwl_err
fwl_verify_values(struct fwl_verify *v, struct fwl_candidate *candidates, struct fwl_decide_work *work,
                  fwl_verify_source source, void *cookie)
{
    const struct values values = {.v = v, .source = source, .cookie = cookie};
    enum fwl_err err = FWL_OK;

    FWL_ASSERT(v->checked);
    v->decided = false;
    err = get_entries(&values);
    if (err == FWL_OK) {
        err = get_policy(&values);
    }
    if (err == FWL_OK) {
        err = get_releases(&values, work);
    }
    if (err == FWL_OK) {
        err = check_fleet_age(v);
    }
    if (err == FWL_OK) {
        err = decide(v, candidates, work);
    }
    if (err == FWL_OK && v->decision.kind == FWL_DECISION_INSTALL) {
        err = check_author(v);
    }
    v->decided = err == FWL_OK;
    return err;
}

static enum fwl_err
next_of_bundle(void *cookie, struct fwl_span *value, const struct fwl_hash32 *hash)
{
    (void)hash; /* the order says which it is, and its hash is checked */
    return fwl_bundle_value_next(cookie, value) ? FWL_OK : FWL_ERR_NO_VALUE;
}

enum fwl_err
fwl_verify_bundle(struct fwl_verify *v, struct fwl_candidate *candidates, struct fwl_decide_work *work,
                  struct fwl_span bytes)
{
    struct fwl_bundle bundle;
    struct fwl_reader it;
    enum fwl_err err = fwl_bundle_decode(&bundle, &v->fault, bytes);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_verify_answer(v, bundle.answer);
    if (err != FWL_OK) {
        return err;
    }
    fwl_bundle_values_begin(&it, &bundle);
    err = fwl_verify_values(v, candidates, work, next_of_bundle, &it);
    if (err == FWL_OK && it.left != 0) {
        v->decided = false;
        err = FWL_ERR_TRAILING;
    }
    return err;
}

int
fwl_verify_exit(enum fwl_err err)
{
    static const struct {
        enum fwl_err err;
        int code;
    } exits[] = {{FWL_OK, 0},         {FWL_ERR_CERTIFICATE, 10}, {FWL_ERR_CHAIN, 10},
                 {FWL_ERR_EPOCH, 10}, {FWL_ERR_KEYS, 10},        {FWL_ERR_SIGNATURE, 10},
                 {FWL_ERR_PROOF, 11}, {FWL_ERR_HASH, 11},        {FWL_ERR_NO_VALUE, 11},
                 {FWL_ERR_STALE, 12}, {FWL_ERR_ROLLBACK, 13},    {FWL_ERR_LIMIT, 14},
                 {FWL_ERR_AUTHOR, 15}};

    for (size_t i = 0; i < FWL_COUNT(exits); i++) {
        if (exits[i].err == err) {
            return exits[i].code;
        }
    }
    return err >= FWL_ERR_TRUNCATED && err <= FWL_ERR_VERSION ? 14 : 1;
}
