#include "tests/sim/device.h"

#include "ledger/query/query.h"

/* Memory of one question; there is one device at a time. */
static struct {
    struct fwl_verify v;
    struct fwl_decide_work work;
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_query_work query;
    uint8_t answer[DEVICE_BUNDLE_ROOM];
} work;

void
device_start(struct sim *s, struct device *d)
{
    struct fwl_storage storage = fwl_memstore_storage(s->node[0].chain.mem);
    struct fwl_anchor anchor = {
        .chain_id = s->world.chain_id, .time_ms = s->decided[0].time_ms, .block_hash = s->decided_hash[0]};
    uint8_t points[33 * FWL_KEYS_MAX];
    struct fwl_query_set set;
    struct fwl_secret secret;
    struct fwl_read read;

    *d = (struct device){.settings.max_age_ms = 2 * s->world.params.heartbeat_ms + 60000};
    catalog_author(&secret, &d->author, false);
    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    FWL_ASSERT(fwl_query_set(&read.kv, &set, 1) == FWL_OK);
    FWL_ASSERT(fwl_query_governors(&read.kv, &anchor.governors, points, 0) == FWL_OK);
    anchor.validators = set.validators;
    FWL_ASSERT(fwl_device_start(&d->state, &anchor) == FWL_OK);
    fwl_read_end(&read);
}

/* What it trusts, as the bytes of a slot. */
static struct fwl_span
bytes_of(const struct fwl_device *state, uint8_t buffer[FWL_SLOT_SIZE_MAX])
{
    struct fwl_span out;

    FWL_ASSERT(fwl_slot_encode(&out, buffer, FWL_SLOT_SIZE_MAX, state) == FWL_OK);
    return out;
}

static void
save(struct device *d)
{
    unsigned slot = fwl_slot_next(&d->state);

    d->size[slot] = bytes_of(&d->state, d->flash[slot]).size;
    fwl_device_saved(&d->state);
    d->written = true;
}

enum fwl_err
device_boot(struct device *d)
{
    d->written = false;
    return fwl_slots_decode(&d->state, fwl_span(d->flash[0], d->size[0]), fwl_span(d->flash[1], d->size[1]));
}

static void
check(struct sim *s, const struct fwl_device *before, const struct fwl_device *after, bool fresh)
{
    uint8_t a[FWL_SLOT_SIZE_MAX];
    uint8_t b[FWL_SLOT_SIZE_MAX];

    if (after->trust.epoch < before->trust.epoch || after->trust.height < before->trust.height ||
        after->trust.time_ms < before->trust.time_ms) {
        sim_fail(s, SIM_DEVICE, "a device goes from epoch %llu height %llu back to epoch %llu height %llu",
                 (unsigned long long)before->trust.epoch, (unsigned long long)before->trust.height,
                 (unsigned long long)after->trust.epoch, (unsigned long long)after->trust.height);
    }
    if (!fresh && !fwl_span_equal(bytes_of(before, a), bytes_of(after, b))) {
        sim_fail(s, SIM_DEVICE, "a device keeps something of an answer that has not passed the clock rule");
    }
}

/* "1.<minor>.0" */
static unsigned
minor_of(struct fwl_span version)
{
    unsigned minor = 0;

    for (size_t i = 2; i < version.size && version.p[i] != '.'; i++) {
        minor = 10 * minor + (unsigned)(version.p[i] - '0');
    }
    return minor;
}

static uint64_t questions; /* of all devices */

/* A question begins; @now_ms: 0 without a clock. */
static void
begin(struct device *d, uint64_t now_ms)
{
    const struct fwl_facts facts = {.id = fwl_span_text("dev-1"),
                                    .fleet = fwl_span_text(CATALOG_FLEET),
                                    .class_name = fwl_span_text(CATALOG_CLASS),
                                    .maker = fwl_span_text(CATALOG_VENDOR),
                                    .model = fwl_span_text("gw100"),
                                    .version = fwl_span_text("1.0.0")};

    d->settings.authors = (struct fwl_authors){.keys = &d->author, .count = 1};
    work.work.cells = work.cells;
    work.work.cell_count = FWL_COUNT(work.cells);
    FWL_ASSERT(fwl_verify_init(&work.v, &d->state, &d->settings, &facts, now_ms) == FWL_OK);
}

/* @err of the bundle: nothing went back, and what must be kept is. */
static void
conclude(struct sim *s, struct device *d, const struct fwl_device *before, enum fwl_err err, unsigned *installs)
{
    bool installing = err == FWL_OK && work.v.decision.kind == FWL_DECISION_INSTALL;

    check(s, before, &d->state, work.v.fresh);
    if (installs != NULL) {
        *installs = installing ? minor_of(work.v.chosen.record.version) : 0;
    }
    if (fwl_device_must_save(&d->state, installing) && work.v.fresh) {
        save(d);
    }
}

enum fwl_err
device_ask(struct sim *s, struct device *d, struct fwl_span bundle, uint64_t now_ms, unsigned *installs)
{
    struct fwl_device before = d->state;
    enum fwl_err err = FWL_OK;

    begin(d, now_ms);
    err = fwl_verify_bundle(&work.v, work.candidates, &work.work, bundle);
    conclude(s, d, &before, err, installs);
    sim_met[err == FWL_OK ? SIM_MET_ACCEPTED : SIM_MET_DEVICE_REFUSED]++;
    return err;
}

enum fwl_err
device_question(struct sim *s, struct device *d, struct question *q, uint32_t node, struct fwl_span bundle)
{
    enum fwl_err err = FWL_OK;

    *q = (struct question){.node = node, .client = ++questions, .sent_ms = s->now};
    begin(d, 0);
    err = fwl_verify_tip(&work.v, &q->request, bundle);
    for (size_t i = 0; i < sizeof(q->request.nonce); i++) {
        q->request.nonce[i] = (uint8_t)sim_random(s, 256);
    }
    return err == FWL_OK ? sim_attest(s, node, q->client, &q->request) : err;
}

bool
device_waits(const struct sim *s, const struct question *q)
{
    const struct sim_node *n = &s->node[q->node];

    return n->alive && n->attests.client != q->client && s->now - q->sent_ms < QUESTION_MS;
}

static const struct question *awaited;

static bool
is_awaited(struct sim *s)
{
    return device_waits(s, awaited);
}

void
device_await(struct sim *s, const struct question *q)
{
    awaited = q;
    (void)sim_run_while(s, s->now + QUESTION_MS, is_awaited);
}

struct fwl_span
device_words(const struct sim *s, const struct question *q, uint8_t out[FWL_ATTESTS_SIZE_MAX])
{
    const struct sim_attests *a = &s->node[q->node].attests;

    return a->client == q->client && a->quorum ? words_store(out, &q->request, a->words, a->count)
                                               : (struct fwl_span){0};
}

size_t
words_load(struct fwl_attest words[SIM_NODES + 1], struct fwl_span file)
{
    struct fwl_attests attests;
    struct fwl_reader it;
    size_t count = 0;

    FWL_ASSERT(fwl_attest_decode(&attests, NULL, file) == FWL_OK && attests.count <= SIM_NODES);
    for (fwl_attest_begin(&it, &attests); fwl_attest_next(&it, &words[count]); count++) {
    }
    return count;
}

struct fwl_span
words_store(uint8_t out[FWL_ATTESTS_SIZE_MAX], const struct fwl_attest_request *request, const struct fwl_attest *words,
            size_t count)
{
    struct fwl_span file;
    struct fwl_writer w;

    fwl_writer_init(&w, out, FWL_ATTESTS_SIZE_MAX);
    fwl_attest_put(&w, request, words, count);
    FWL_ASSERT(fwl_writer_finish(&w, &file) == FWL_OK);
    return file;
}

enum fwl_err
device_ask_timed(struct sim *s, struct device *d, struct fwl_span bundle, const struct question *q,
                 struct fwl_span words, uint64_t elapsed_ms, uint64_t *now_ms, unsigned *installs)
{
    struct fwl_device before = d->state;
    struct fwl_attest_request tip;
    enum fwl_err err = FWL_OK;

    begin(d, 0);
    err = fwl_verify_tip(&work.v, &tip, bundle);
    if (err == FWL_OK) {
        err = fwl_verify_clock(&work.v, q->request.nonce, words, elapsed_ms);
    }
    if (err == FWL_OK) {
        err = fwl_verify_bundle(&work.v, work.candidates, &work.work, bundle);
    }
    conclude(s, d, &before, err, installs);
    if (now_ms != NULL) {
        *now_ms = err == FWL_OK ? work.v.now_ms : 0;
    }
    sim_met[err == FWL_OK ? SIM_MET_TIMED : SIM_MET_TIME_REFUSED]++;
    return err;
}

enum fwl_err
device_bundle(struct sim *s, uint32_t node, uint64_t since, struct fwl_span class_name, uint8_t out[DEVICE_BUNDLE_ROOM],
              struct fwl_span *bundle)
{
    const struct fwl_query_ask ask = {
        .fleet = fwl_span_text(CATALOG_FLEET), .class_name = class_name, .has_since = true, .since = since};
    struct fwl_storage storage = fwl_memstore_storage(s->node[node].chain.mem);
    struct fwl_span answer = {0};
    struct fwl_read read;
    struct fwl_writer w;
    enum fwl_err err = fwl_read_begin(&storage, &read);

    if (err != FWL_OK) {
        return err;
    }
    fwl_writer_init(&w, work.answer, sizeof(work.answer));
    err = fwl_query_answer(&read.kv, &work.query, &w, &ask);
    if (err == FWL_OK) {
        err = fwl_writer_finish(&w, &answer);
    }
    if (err == FWL_OK) {
        fwl_writer_init(&w, out, DEVICE_BUNDLE_ROOM);
        err = fwl_query_bundle(&read.kv, &w, answer, &ask);
    }
    fwl_read_end(&read);
    return err == FWL_OK ? fwl_writer_finish(&w, bundle) : err;
}

/* ---- forgeries ---- */

void
forgery_open(struct forgery *f, struct fwl_span bundle)
{
    struct fwl_bundle parts;
    struct fwl_reader it;

    *f = (struct forgery){.step_count = 0};
    FWL_ASSERT(fwl_bundle_decode(&parts, NULL, bundle) == FWL_OK);
    FWL_ASSERT(fwl_answer_decode(&f->answer, NULL, parts.answer) == FWL_OK);
    FWL_ASSERT(fwl_header_decode(&f->header, f->answer.header) == FWL_OK);
    for (fwl_answer_steps_begin(&it, &f->answer);
         f->step_count < DEVICE_STEPS && fwl_answer_step_next(&it, &f->steps[f->step_count]);) {
        f->step_count++;
    }
    for (fwl_bundle_values_begin(&it, &parts);
         f->value_count < DEVICE_VALUES && fwl_bundle_value_next(&it, &f->values[f->value_count]);) {
        f->value_count++;
    }
}

struct fwl_span
forgery_close(struct forgery *f, uint8_t out[DEVICE_BUNDLE_ROOM])
{
    struct fwl_writer w;
    struct fwl_span bytes;

    fwl_writer_init(&w, f->step_bytes, sizeof(f->step_bytes));
    for (size_t i = 0; i < f->step_count; i++) {
        fwl_answer_step_put(&w, f->steps[i]);
    }
    f->answer.step_count = f->step_count;
    FWL_ASSERT(fwl_writer_finish(&w, &f->answer.steps) == FWL_OK);
    fwl_writer_init(&w, work.answer, sizeof(work.answer));
    fwl_answer_put(&w, &f->answer);
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    fwl_writer_init(&w, out, DEVICE_BUNDLE_ROOM);
    fwl_bundle_put_begin(&w, bytes, f->value_count);
    for (size_t i = 0; i < f->value_count; i++) {
        fwl_bundle_put_value(&w, f->values[i]);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    return bytes;
}

void
forgery_cert(const struct sim *s, struct forgery *f, const struct fwl_validators *set,
             const struct fwl_hash32 *signed_for)
{
    struct fwl_hash32 hash;
    struct fwl_hash32 digest;
    struct fwl_writer w;
    uint32_t q = fwl_validators_quorum(set->n);

    fwl_header_encode(f->header_bytes, &f->header);
    fwl_header_hash(&hash, &f->header);
    fwl_vote_digest(&digest, signed_for, FWL_VOTE_FINALIZE, f->header.height, 0, &hash);
    fwl_writer_init(&w, f->cert, sizeof(f->cert));
    fwl_writer_u32(&w, 0);
    for (uint32_t byte = 0; byte < (set->n + 7U) / 8; byte++) {
        uint32_t left = q > 8 * byte ? q - 8 * byte : 0;

        fwl_writer_u8(&w, (uint8_t)(left >= 8 ? 0xff : (1U << left) - 1));
    }
    for (uint32_t i = 0; i < q; i++) {
        struct fwl_pubkey32 key;
        struct fwl_sig64 sig;

        fwl_validators_key(&key, set, i);
        world_sign(&s->world, &sig, world_number(&s->world, &key), &digest);
        fwl_writer_bytes(&w, sig.b, sizeof(sig.b));
    }
    FWL_ASSERT(fwl_writer_finish(&w, &f->answer.cert) == FWL_OK);
    f->answer.header = fwl_span(f->header_bytes, sizeof(f->header_bytes));
}
