/*
 * S21 and S22: everything that a liar between a device and the ledger can do to an answer, one attack a case. A net
 * with two changes of its set publishes; answers are kept from several moments. Then, with all keys of the net in the
 * liar's hands where an attack needs them, each forgery is given to a device that trusts the genesis block, or that has
 * seen an older or the newest answer. It refuses, and nothing it trusts has moved.
 *
 * After the attacks: every second encoding of a proof, a power cut at every byte of a slot, every truncation and every
 * flipped bit of a whole answer.
 */
#include "ledger/merkle/proof.h"
#include "ledger/merkle/tree.h"
#include "ledger/model/statement.h"
#include "tests/sim/device.h"
#include "tests/sim/directed.h"

enum moment {
    FIRST,    /* epoch 0, release 1.1.0 */
    BEFORE,   /* epoch 2, release 1.1.0 */
    NEWEST,   /* epoch 2, release 1.2.0, another floor epoch and policy than BEFORE */
    OTHER,    /* the same moment, but the answer for another class */
    UNSIGNED, /* with release 1.3.0 by a foreign author */
    MOMENTS
};

enum {
    PART = 64, /* bytes that one case alters */
};

/* What a net of one size has said; kept from case to case. */
static struct {
    uint32_t n;
    uint8_t room[MOMENTS][DEVICE_BUNDLE_ROOM];
    struct fwl_span bundle[MOMENTS];
    uint64_t tip_ms[MOMENTS];
    struct device genesis, before, newest; /* devices that have taken that */
    uint8_t set_room[FWL_VALIDATORS_SIZE_MAX];
    struct fwl_validators set; /* of epoch 2 */
} lab;

/* One attack under way. */
struct attack {
    struct sim *s;
    struct forgery f;    /* of NEWEST */
    struct forgery from; /* of what else it takes parts */
    struct fwl_epoch_step step;
    uint64_t now_ms;
    uint8_t parts[4][4096];
};

/* ---- the net ---- */

static bool
is_behind(struct sim *s)
{
    return s->node[0].height < s->best;
}

static void
keep(struct sim *s, enum moment m, uint64_t since, const char *class_name)
{
    static struct forgery f;

    (void)sim_run_while(s, s->now + 10000, is_behind);
    if (device_bundle(s, 0, since, fwl_span_text(class_name), lab.room[m], &lab.bundle[m]) != FWL_OK) {
        sim_fail(s, SIM_DEVICE, "node 0 has no answer");
    }
    forgery_open(&f, lab.bundle[m]);
    lab.tip_ms[m] = f.header.time_ms;
}

static bool
is_epoch_before(const struct sim *s, uint64_t epoch)
{
    const struct fwl_header *h = &s->decided[s->best];

    return h->epoch + (fwl_hash32_equal(&h->validators_hash, &h->next_validators_hash) ? 0 : 1) < epoch;
}

/* Again and again: nodes that have not seen the named block yet refuse it. */
static void
change_set(struct sim *s, const uint8_t *members, size_t count, uint64_t epoch, int added)
{
    uint8_t bytes[WORLD_TX_ROOM];

    while (is_epoch_before(s, epoch)) {
        if (s->now > 120000) {
            sim_fail(s, SIM_PROGRESS, "epoch %llu does not come", (unsigned long long)epoch);
        }
        (void)sim_client(s, 0,
                         world_change(&s->world, bytes, members, count, epoch, added, s->best,
                                      &s->decided_hash[s->best], (WORLD_START_MS + s->now) / 1000 + 86400),
                         false);
        sim_run(s, s->now + 400);
    }
}

static void
make_net(struct sim *s)
{
    uint8_t members[SIM_NODES];

    for (uint32_t i = 0; i < s->n + 1; i++) {
        members[i] = (uint8_t)i;
        s->node[i].who = (int)i;
    }
    sim_start(s);
    catalog_open(s);
    catalog_release(s, 1, false);
    keep(s, FIRST, 0, CATALOG_CLASS);
    device_start(s, &lab.genesis);
    change_set(s, members, s->n + 1, 1, (int)s->n); /* one more */
    change_set(s, members + 1, s->n, 2, SIM_OFF);   /* and one less */
    keep(s, BEFORE, 0, CATALOG_CLASS);
    catalog_floor(s, 1);
    catalog_policy(s, 1);
    catalog_release(s, 2, false);
    keep(s, NEWEST, 0, CATALOG_CLASS);
    keep(s, OTHER, 0, "acme/gw100/modem");
    catalog_release(s, 3, true);
    keep(s, UNSIGNED, 0, CATALOG_CLASS);
}

static void
take(struct sim *s, struct device *d, enum moment m, unsigned minor)
{
    unsigned installs = 0;
    enum fwl_err err = device_ask(s, d, lab.bundle[m], lab.tip_ms[m] + 1000, &installs);

    if (err != FWL_OK || installs != minor) {
        sim_fail(s, SIM_DEVICE, "an honest answer: %s, and it would install 1.%u.0", fwl_err_name(err), installs);
    }
}

static void
set_up(struct sim *s)
{
    struct fwl_governors governors;
    struct fwl_writer w;
    struct fwl_span bytes;

    if (lab.n == s->n) {
        return;
    }
    lab.n = 0;
    make_net(s);
    lab.before = lab.newest = lab.genesis;
    take(s, &lab.before, BEFORE, 1);
    take(s, &lab.newest, NEWEST, 2);
    fwl_trust_sets(&lab.set, &governors, &lab.newest.state.trust);
    fwl_writer_init(&w, lab.set_room, sizeof(lab.set_room));
    fwl_validators_put(&w, &lab.set);
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK && fwl_validators_decode(&lab.set, bytes) == FWL_OK);
    lab.n = s->n;
}

/* ---- attacks on the tip ---- */

static void
seal(struct attack *a)
{
    forgery_cert(a->s, &a->f, &lab.set, &a->s->world.chain_id);
    a->now_ms = a->f.header.time_ms + 1000;
}

static void
old_tip(struct attack *a)
{
    forgery_open(&a->f, lab.bundle[BEFORE]);
    a->now_ms = lab.tip_ms[BEFORE] + 1000;
}

static void
other_epoch(struct attack *a)
{
    a->f.header.height++;
    a->f.header.time_ms++;
    a->f.header.epoch++;
    seal(a);
}

static void
lower_height(struct attack *a)
{
    a->f.header.height--;
    a->f.header.time_ms++;
    seal(a);
}

static void
earlier(struct attack *a)
{
    a->f.header.height++;
    a->f.header.time_ms--;
    seal(a);
}

static void
stale(struct attack *a)
{
    a->now_ms = lab.tip_ms[NEWEST] + lab.newest.settings.max_age_ms + 1;
}

static void
too_new(struct attack *a)
{
    a->now_ms = lab.tip_ms[NEWEST] - FWL_TRUST_FUTURE_MS - 1;
}

static void
forked(struct attack *a)
{
    a->f.header.time_ms++;
    seal(a);
}

/* Signed for the device's chain, but a header of another one. */
static void
other_chain(struct attack *a)
{
    a->f.header.height++;
    a->f.header.time_ms++;
    a->f.header.chain_id.b[0] ^= 1;
    seal(a);
}

static void
other_chain_wholly(struct attack *a)
{
    other_chain(a);
    forgery_cert(a->s, &a->f, &lab.set, &a->f.header.chain_id);
}

/* The validators of the genesis block, who were members once. */
static void
former_set(struct attack *a)
{
    struct fwl_validators set;
    struct fwl_governors governors;

    fwl_trust_sets(&set, &governors, &lab.genesis.state.trust);
    a->f.header.height++;
    a->f.header.time_ms++;
    fwl_validators_hash(&a->f.header.validators_hash, &set);
    forgery_cert(a->s, &a->f, &set, &a->s->world.chain_id);
}

static void
certificate_of_before(struct attack *a)
{
    forgery_open(&a->from, lab.bundle[BEFORE]);
    a->f.answer.cert = a->from.answer.cert;
}

/* ---- attacks on epoch steps ---- */

static void
skipped_epoch(struct attack *a)
{
    a->f.steps[0] = a->f.steps[1];
    a->f.step_count = 1;
}

static void
no_steps(struct attack *a)
{
    a->f.step_count = 0;
}

static void
swapped_steps(struct attack *a)
{
    struct fwl_span first = a->f.steps[0];

    a->f.steps[0] = a->f.steps[1];
    a->f.steps[1] = first;
}

static void
open_step(struct attack *a)
{
    FWL_ASSERT(fwl_epoch_decode(&a->step, a->f.steps[0], (uint16_t)a->s->n) == FWL_OK);
}

static void
close_step(struct attack *a)
{
    struct fwl_writer w;

    fwl_writer_init(&w, a->parts[3], sizeof(a->parts[3]));
    fwl_epoch_put(&w, &a->step);
    FWL_ASSERT(fwl_writer_finish(&w, &a->f.steps[0]) == FWL_OK);
}

/* Bitmap and signature of a key that is no governor's. */
static struct fwl_span
stranger(struct attack *a, struct fwl_pubkey33 *point)
{
    struct fwl_secret secret = {.kind = FWL_KEY_PARTICIPANT, .b = {[0] = 3, [31] = 9}};
    struct fwl_hash32 hash;
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;
    int64_t alg = 0;

    fwl_secret_point(&alg, point, &secret);
    fwl_governors_hash(&hash, &a->step.governors);
    fwl_statement_epoch(&digest, &a->s->world.chain_id, a->step.header.epoch + 1, &a->step.header.next_validators_hash,
                        &hash);
    fwl_ecdsa_sign(&sig, &secret, &digest);
    a->parts[0][0] = 1;
    memcpy(a->parts[0] + 1, sig.b, sizeof(sig.b));
    return fwl_span(a->parts[0], 1 + sizeof(sig.b));
}

static void
step_without_governors(struct attack *a)
{
    struct fwl_pubkey33 point;

    open_step(a);
    a->step.sigs = stranger(a, &point);
    close_step(a);
}

/* Governors of the liar's, who sign; those that the device knows have not. */
static void
step_by_new_governors(struct attack *a)
{
    struct fwl_pubkey33 point;

    open_step(a);
    (void)stranger(a, &point);
    memcpy(a->parts[1], point.b, sizeof(point.b));
    a->step.governors =
        (struct fwl_governors){.threshold = 1, .count = 1, .keys = fwl_span(a->parts[1], sizeof(point.b))};
    a->step.sigs = a->step.old_sigs = stranger(a, &point);
    close_step(a);
}

static void
step_to_another_set(struct attack *a)
{
    open_step(a);
    memcpy(a->parts[1], a->step.validators.keys.p, a->step.validators.keys.size);
    a->parts[1][a->step.validators.keys.size - 1] ^= 1;
    a->step.validators.keys.p = a->parts[1];
    close_step(a);
}

static void
two_years_later(struct attack *a)
{
    a->f.header.height++;
    a->f.header.time_ms = WORLD_START_MS + FWL_TRUST_PERIOD_MS;
    seal(a);
    a->now_ms = a->f.header.time_ms + 1;
}

/* ---- attacks on what is proven ---- */

static void
entry_of_before(struct attack *a, enum fwl_answer_entry which)
{
    forgery_open(&a->from, lab.bundle[BEFORE]);
    a->f.answer.proofs[which] = a->from.answer.proofs[which];
    a->f.values[which] = a->from.values[which];
}

static void
old_vendor(struct attack *a)
{
    entry_of_before(a, FWL_ANSWER_VENDOR);
}

static void
old_releases(struct attack *a)
{
    a->f.values[FWL_ANSWER_CLASS] = a->from.values[FWL_ANSWER_CLASS];
    for (uint16_t i = FWL_ANSWER_PROOFS + 1; i < a->from.value_count; i++) {
        a->f.values[i] = a->from.values[i];
    }
    a->f.value_count = a->from.value_count;
}

static void
old_class(struct attack *a)
{
    entry_of_before(a, FWL_ANSWER_CLASS);
    old_releases(a);
}

static void
old_fleet(struct attack *a)
{
    entry_of_before(a, FWL_ANSWER_FLEET);
    a->f.values[FWL_ANSWER_PROOFS] = a->from.values[FWL_ANSWER_PROOFS];
}

static void
old_value(struct attack *a)
{
    forgery_open(&a->from, lab.bundle[BEFORE]);
    old_releases(a);
}

static void
old_policy(struct attack *a)
{
    forgery_open(&a->from, lab.bundle[BEFORE]);
    a->f.values[FWL_ANSWER_PROOFS] = a->from.values[FWL_ANSWER_PROOFS];
}

static void
omitted_release(struct attack *a)
{
    a->f.value_count--;
}

static void
omitted_policy(struct attack *a)
{
    for (uint16_t i = FWL_ANSWER_PROOFS; i + 1 < a->f.value_count; i++) {
        a->f.values[i] = a->f.values[i + 1];
    }
    a->f.value_count--;
}

static void
one_value_more(struct attack *a)
{
    a->f.values[a->f.value_count] = a->f.values[0];
    a->f.value_count++;
}

static void
other_scope(struct attack *a)
{
    forgery_open(&a->f, lab.bundle[OTHER]);
}

static void
class_of_other_scope(struct attack *a)
{
    forgery_open(&a->from, lab.bundle[OTHER]);
    a->f.answer.proofs[FWL_ANSWER_CLASS] = a->from.answer.proofs[FWL_ANSWER_CLASS];
}

static void
more_without_end(struct attack *a)
{
    a->f.answer.more = true;
}

static void
foreign_author(struct attack *a)
{
    forgery_open(&a->f, lab.bundle[UNSIGNED]);
    a->now_ms = lab.tip_ms[UNSIGNED] + 1000;
}

static const struct {
    const char *name;
    const struct device *device;
    void (*make)(struct attack *a);
} attacks[] = {
    {"an older tip", &lab.newest, old_tip},
    {"another epoch than that of the set", &lab.newest, other_epoch},
    {"a lower height of a later time", &lab.newest, lower_height},
    {"an earlier time of a greater height", &lab.newest, earlier},
    {"older than the greatest age", &lab.before, stale},
    {"too far ahead", &lab.before, too_new},
    {"another block of a known height", &lab.newest, forked},
    {"another chain, signed for this one", &lab.newest, other_chain},
    {"another chain", &lab.newest, other_chain_wholly},
    {"a set of former members", &lab.newest, former_set},
    {"the certificate of another block", &lab.before, certificate_of_before},
    {"one epoch left out", &lab.genesis, skipped_epoch},
    {"no epoch steps", &lab.genesis, no_steps},
    {"epoch steps the wrong way round", &lab.genesis, swapped_steps},
    {"an epoch step that no governor signed", &lab.genesis, step_without_governors},
    {"an epoch step by governors whom no governor signed", &lab.genesis, step_by_new_governors},
    {"an epoch step to a set that the block does not name", &lab.genesis, step_to_another_set},
    {"beyond the trusting period", &lab.genesis, two_years_later},
    {"an older vendor entry", &lab.genesis, old_vendor},
    {"an older class entry", &lab.genesis, old_class},
    {"an older fleet entry", &lab.genesis, old_fleet},
    {"an older value under a new hash", &lab.genesis, old_value},
    {"an older policy under a new hash", &lab.genesis, old_policy},
    {"a release left out", &lab.genesis, omitted_release},
    {"the policy left out", &lab.genesis, omitted_policy},
    {"one value more", &lab.genesis, one_value_more},
    {"the answer to another question", &lab.genesis, other_scope},
    {"the proof of another class", &lab.genesis, class_of_other_scope},
    {"more, and never the tip", &lab.genesis, more_without_end},
    {"a release by a foreign author", &lab.genesis, foreign_author},
};

static void
attack(struct sim *s, size_t which)
{
    static struct attack a;
    static uint8_t out[DEVICE_BUNDLE_ROOM];
    struct device d = *attacks[which].device;
    struct fwl_span bundle;
    unsigned installs = 0;

    a.s = s;
    a.now_ms = lab.tip_ms[NEWEST] + 1000;
    forgery_open(&a.f, lab.bundle[NEWEST]);
    attacks[which].make(&a);
    bundle = forgery_close(&a.f, out);
    if (device_ask(s, &d, bundle, a.now_ms, &installs) == FWL_OK) {
        sim_fail(s, SIM_DEVICE, "a device takes %s, and would install 1.%u.0", attacks[which].name, installs);
    }
}

/* ---- proofs ---- */

struct proof {
    const struct fwl_hash32 *root;
    struct fwl_hash32 key;
    struct fwl_span bytes;
};

static void
must_refuse(struct sim *s, const struct proof *p, const struct fwl_writer *w, const char *what)
{
    struct fwl_proven proven;

    FWL_ASSERT(w->err == FWL_OK);
    if (fwl_proof_verify_hash(&proven, p->root, &p->key, fwl_span(w->to, w->size)) == FWL_OK) {
        sim_fail(s, SIM_DEVICE, "a proof is taken %s", what);
    }
}

static size_t
fixed_size(const struct proof *p)
{
    return 2U + (p->bytes.p[0] == FWL_PROOF_PRESENT ? 32U : p->bytes.p[0] == FWL_PROOF_ABSENT_OTHER ? 64U : 0U);
}

/* An empty place under a kind that there is not, with a leaf that nobody looks at. */
static void
unknown_kind(struct sim *s, const struct proof *p)
{
    static const uint8_t junk[32] = {1};
    uint8_t out[FWL_PROOF_MAX + 64];
    struct fwl_writer w;

    for (uint8_t kind = 0; p->bytes.p[0] == FWL_PROOF_ABSENT_EMPTY && kind < 8; kind++) {
        if (kind >= FWL_PROOF_PRESENT && kind <= FWL_PROOF_ABSENT_OTHER) {
            continue;
        }
        fwl_writer_init(&w, out, sizeof(out));
        fwl_writer_u8(&w, kind);
        fwl_writer_u8(&w, p->bytes.p[1]);
        fwl_writer_bytes(&w, junk, sizeof(junk));
        fwl_writer_bytes(&w, p->bytes.p + 2, p->bytes.size - 2);
        must_refuse(s, p, &w, "with a kind that there is not");
    }
}

static void
padded(struct sim *s, const struct proof *p)
{
    uint8_t out[FWL_PROOF_MAX + 64];
    unsigned depth = p->bytes.p[1];
    struct fwl_writer w;

    if (depth % 8 != 0) {
        fwl_writer_init(&w, out, sizeof(out));
        fwl_writer_bytes(&w, p->bytes.p, p->bytes.size);
        out[fixed_size(p) + (depth + 7) / 8 - 1] |= 1;
        must_refuse(s, p, &w, "with a bit behind its bitmap");
    }
    fwl_writer_init(&w, out, sizeof(out));
    fwl_writer_bytes(&w, p->bytes.p, p->bytes.size);
    fwl_writer_u8(&w, 0);
    must_refuse(s, p, &w, "with a byte behind it");
}

/* Every empty sibling written out. */
static void
listed_zeros(struct sim *s, const struct proof *p)
{
    static const uint8_t zeros[32];
    size_t fixed = fixed_size(p);
    unsigned depth = p->bytes.p[1];
    size_t siblings = fixed + (depth + 7) / 8;

    for (unsigned level = 0; level < depth; level++) {
        uint8_t out[FWL_PROOF_MAX + 64];
        uint8_t mask = (uint8_t)(0x80 >> level % 8);
        struct fwl_writer w;
        size_t below = 0;

        if ((p->bytes.p[fixed + level / 8] & mask) != 0) {
            continue;
        }
        for (unsigned i = level + 1; i < depth; i++) { /* deepest first */
            below += p->bytes.p[fixed + i / 8] >> (7 - i % 8) & 1;
        }
        fwl_writer_init(&w, out, sizeof(out));
        fwl_writer_bytes(&w, p->bytes.p, siblings + 32 * below);
        fwl_writer_bytes(&w, zeros, sizeof(zeros));
        fwl_writer_bytes(&w, p->bytes.p + siblings + 32 * below, p->bytes.size - siblings - 32 * below);
        out[fixed + level / 8] |= mask;
        must_refuse(s, p, &w, "with an empty sibling written out");
    }
}

/* The key's own leaf as the other one that stands in its place. */
static void
absent_by_itself(struct sim *s, const struct proof *p)
{
    uint8_t out[FWL_PROOF_MAX + 64];
    struct fwl_writer w;

    if (p->bytes.p[0] == FWL_PROOF_PRESENT) {
        fwl_writer_init(&w, out, sizeof(out));
        fwl_writer_u8(&w, FWL_PROOF_ABSENT_OTHER);
        fwl_writer_u8(&w, p->bytes.p[1]);
        fwl_writer_bytes(&w, p->key.b, 32);
        fwl_writer_bytes(&w, p->bytes.p + 2, p->bytes.size - 2);
        must_refuse(s, p, &w, "that a key which is there is absent");
    }
}

/* No tree has such a root; the rules of the verifier do not rely on that. */
static void
impossible_roots(struct sim *s, const struct proof *of)
{
    const struct fwl_hash32 value = {{5}};
    const struct fwl_hash32 none = {{0}};
    struct fwl_hash32 other = of->key;
    bool right = (of->key.b[0] & 0x80) != 0;
    struct fwl_hash32 leaf;
    struct fwl_hash32 root;
    const struct proof p = {.root = &root, .key = of->key};
    uint8_t out[256];
    struct fwl_writer w;

    fwl_tree_leaf(&leaf, &of->key, &value);
    fwl_tree_inner(&root, right ? &none : &leaf, right ? &leaf : &none);
    fwl_writer_init(&w, out, sizeof(out));
    fwl_writer_u8(&w, FWL_PROOF_PRESENT);
    fwl_writer_u8(&w, 1);
    fwl_writer_bytes(&w, value.b, 32);
    fwl_writer_u8(&w, 0);
    must_refuse(s, &p, &w, "whose deepest sibling is empty");

    other.b[0] ^= 0x80; /* it belongs to the other half */
    fwl_tree_leaf(&leaf, &other, &value);
    fwl_tree_inner(&root, right ? &value : &leaf, right ? &leaf : &value);
    fwl_writer_init(&w, out, sizeof(out));
    fwl_writer_u8(&w, FWL_PROOF_ABSENT_OTHER);
    fwl_writer_u8(&w, 1);
    fwl_writer_bytes(&w, other.b, 32);
    fwl_writer_bytes(&w, value.b, 32);
    fwl_writer_u8(&w, 0x80);
    fwl_writer_bytes(&w, value.b, 32); /* any sibling */
    must_refuse(s, &p, &w, "by a leaf that is not in the key's place");
}

static void
every_encoding(struct sim *s, const struct proof *p)
{
    unknown_kind(s, p);
    padded(s, p);
    listed_zeros(s, p);
    absent_by_itself(s, p);
    impossible_roots(s, p);
}

/* A proof of a key that may be anything, in the tree of the newest answer: its own leaves are all that it knows, so the
 * tree of these three is made here. */
static void
proofs(struct sim *s)
{
    static const enum fwl_table tables[FWL_ANSWER_PROOFS] = {FWL_TABLE_VENDOR, FWL_TABLE_CLASS, FWL_TABLE_FLEET};
    static struct forgery f;
    uint8_t bytes[2 + 32 + 1 + 32];
    struct fwl_hash32 leaf;
    struct fwl_hash32 root;
    struct fwl_writer w;
    struct proof p;

    for (int m = BEFORE; m < MOMENTS; m++) {
        const struct fwl_span keys[FWL_ANSWER_PROOFS] = {fwl_span_text(CATALOG_VENDOR),
                                                         fwl_span_text(m == OTHER ? "acme/gw100/modem" : CATALOG_CLASS),
                                                         fwl_span_text(CATALOG_FLEET)};

        forgery_open(&f, lab.bundle[m]);
        for (size_t i = 0; i < FWL_ANSWER_PROOFS; i++) {
            struct fwl_proven proven;

            p = (struct proof){.root = &f.header.state_root, .bytes = f.answer.proofs[i]};
            fwl_tree_key_hash(&p.key, (uint8_t)tables[i], keys[i]);
            if (fwl_proof_verify_hash(&proven, p.root, &p.key, p.bytes) != FWL_OK) {
                sim_fail(s, SIM_DEVICE, "an honest proof is refused");
            }
            every_encoding(s, &p);
        }
    }
    /* two levels, the upper one with an empty sibling: a tree of two leaves that share their first bit */
    p = (struct proof){.root = &root, .key = {{0x00}}};
    fwl_tree_leaf(&leaf, &(struct fwl_hash32){{0x40}}, &root);
    fwl_tree_inner(&root, &(struct fwl_hash32){{0}}, &leaf);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_writer_u8(&w, FWL_PROOF_ABSENT_EMPTY);
    fwl_writer_u8(&w, 1);
    fwl_writer_u8(&w, 0x80);
    fwl_writer_bytes(&w, leaf.b, 32);
    FWL_ASSERT(fwl_writer_finish(&w, &p.bytes) == FWL_OK);
    fwl_tree_inner(&root, &(struct fwl_hash32){{0}}, &leaf);
    every_encoding(s, &p);
}

/* ---- flash ---- */

/* The power fails after @k bytes of the newer slot; what was there before is @rest. */
static void
cut(struct sim *s, const struct device *done, unsigned slot, size_t k, int rest)
{
    struct device d = *done;

    for (size_t i = k; i < d.size[slot]; i++) {
        d.flash[slot][i] = (uint8_t)(rest < 0 ? d.flash[1 - slot][i] : rest);
    }
    if (device_boot(&d) != FWL_OK || (d.state.trust.height != lab.before.state.trust.height &&
                                      d.state.trust.height != lab.newest.state.trust.height)) {
        sim_fail(s, SIM_DEVICE, "a power cut after %zu bytes of a slot leaves a device without trust", k);
    }
    if (k == d.size[slot] && d.state.trust.height != lab.newest.state.trust.height) {
        sim_fail(s, SIM_DEVICE, "a slot that was written is not read back");
    }
}

static void
power_cuts(struct sim *s)
{
    struct device d = lab.before;
    unsigned slot = 0;

    take(s, &d, NEWEST, 2);
    slot = d.state.slot;
    if (d.size[0] == 0 || d.size[1] == 0) {
        sim_fail(s, SIM_DEVICE, "a device has not saved what it goes by when it installs");
    }
    for (size_t k = 0; k <= d.size[slot]; k++) {
        cut(s, &d, slot, k, -1);
        cut(s, &d, slot, k, 0);
        cut(s, &d, slot, k, 0xff);
    }
    for (size_t bit = 0; bit < 8 * d.size[slot]; bit++) {
        struct device flipped = d;

        flipped.flash[slot][bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (device_boot(&flipped) != FWL_OK || flipped.state.trust.height != lab.before.state.trust.height) {
            sim_fail(s, SIM_DEVICE, "bit %zu of a slot may be wrong", bit);
        }
    }
}

/* ---- every truncation, every bit ---- */

static void
altered(struct sim *s, struct fwl_span bundle, const char *how, size_t at)
{
    struct device d = lab.genesis;

    if (device_ask(s, &d, bundle, lab.tip_ms[NEWEST] + 1000, NULL) == FWL_OK) {
        sim_fail(s, SIM_DEVICE, "an answer that is %s at %zu is taken", how, at);
    }
}

/* Bytes @first and what follows: cut off before each, one bit in each flipped. */
static void
alter(struct sim *s, size_t first)
{
    static uint8_t bytes[DEVICE_BUNDLE_ROOM];
    struct fwl_span bundle = lab.bundle[NEWEST];

    memcpy(bytes, bundle.p, bundle.size);
    for (size_t i = first; i < FWL_MIN(first + PART, bundle.size); i++) {
        altered(s, fwl_span(bytes, i), "cut off", i);
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1U << bit);
            altered(s, fwl_span(bytes, bundle.size), "wrong in a bit", i);
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
}

/* Cases: 0 the honest ones, then attacks, encodings of proofs, power cuts, parts of the answer. */
void
d21_device(struct sim *s, uint64_t i)
{
    uint64_t last = 3 + FWL_COUNT(attacks);

    set_up(s);
    if (i == 0) {
        struct device d = lab.genesis;

        take(s, &d, FIRST, 1);
        take(s, &d, BEFORE, 1);
        take(s, &d, NEWEST, 2);
    } else if (i <= FWL_COUNT(attacks)) {
        attack(s, i - 1);
    } else if (i == 1 + FWL_COUNT(attacks)) {
        proofs(s);
    } else if (i == 2 + FWL_COUNT(attacks)) {
        power_cuts(s);
    } else if ((i - last) * PART >= lab.bundle[NEWEST].size) {
        s->skip = UINT64_MAX;
    } else {
        alter(s, (i - last) * PART);
    }
}
