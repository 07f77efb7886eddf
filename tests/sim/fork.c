/*
 * Forks: with f+1 to 2f faulty validators a net can decide two blocks at one height. Then ledger/forensics, given the
 * two certificates and what the correct nodes have stored, convicts at least f+1 of them and no correct one. When the
 * two sides hear each other again, a correct node that is behind the other side halts.
 */
#include "ledger/forensics/forensics.h"
#include "ledger/query/query.h"
#include "tests/sim/faults.h"

enum { VOTES = 8192, CERT_ROOM = 1024 };

static enum fwl_err
verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    return world_verify(&((struct sim *)cookie)->world, sig, digest, key);
}

/* The FINAL certificate of the block that this node has at the height; its hash. False: it has none. */
static bool
take_final(struct fwl_forensics *f, struct fwl_hash32 *hash, const struct fwl_kv *chain)
{
    uint8_t buffer[CERT_ROOM];
    struct fwl_query_block block;
    struct fwl_cert cert;
    struct fwl_writer w;
    struct fwl_span bytes;

    if (fwl_query_block(chain, &block, f->height) != FWL_OK || fwl_query_certificate(chain, &cert, &block) != FWL_OK) {
        return false;
    }
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_cert_put(&w, &cert);
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK && fwl_forensics_cert(f, NULL, bytes) == FWL_OK);
    *hash = block.hash;
    return true;
}

static void
take_stored(struct fwl_forensics *f, const struct fwl_kv *votes)
{
    struct fwl_kv_entry e;
    uint8_t from[8];
    enum fwl_err err = FWL_OK;

    fwl_store_be64(from, f->height);
    err = fwl_kv_seek(votes, &e, FWL_SPACE_CERT, fwl_span(from, sizeof(from)));
    while (err == FWL_OK && fwl_load_be64(e.key.p) == f->height) {
        FWL_ASSERT(fwl_forensics_cert(f, NULL, e.value) == FWL_OK);
        err = fwl_kv_next(votes, &e, FWL_SPACE_CERT, e.key);
    }
}

/* V(height) is the same on both sides: the fork is the first block in which they differ. */
static void
take_set(struct fwl_validators *set, uint8_t keys[32 * WORLD_KEYS], struct fwl_forensics *f, const struct fwl_kv *chain)
{
    struct fwl_query_set found;

    if (fwl_query_set(chain, &found, f->height) == FWL_OK) {
        FWL_ASSERT(f->set == NULL || fwl_span_equal(found.validators.keys, set->keys));
        memcpy(keys, found.validators.keys.p, found.validators.keys.size);
        *set = (struct fwl_validators){.n = found.validators.n, .keys = fwl_span(keys, found.validators.keys.size)};
        f->set = set;
    }
}

/* Everything that the correct nodes have stored about the height. True when they have two blocks there. */
static bool
gather(struct sim *s, struct fwl_forensics *f, struct fwl_validators *set, uint8_t keys[32 * WORLD_KEYS])
{
    struct fwl_hash32 first = {{0}};
    struct fwl_hash32 hash;
    bool two = false;
    bool any = false;

    for (uint32_t i = 0; i < 2 * s->count; i++) {
        const struct sim_node *n = &s->node[i % s->count];
        struct fwl_storage storage = fwl_memstore_storage(i < s->count ? n->chain.mem : n->votes.mem);
        struct fwl_read read;

        if (!sim_correct(n)) {
            continue;
        }
        FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
        if (i < s->count) {
            take_set(set, keys, f, &read.kv);
            if (f->set != NULL && take_final(f, &hash, &read.kv)) {
                two = two || (any && !fwl_hash32_equal(&first, &hash));
                first = hash;
                any = true;
            }
        } else {
            take_stored(f, &read.kv);
        }
        fwl_read_end(&read);
    }
    return two;
}

static const struct sim_node *
owner_of(const struct sim *s, const struct fwl_validators *set, uint16_t idx)
{
    struct fwl_pubkey32 key;

    fwl_validators_key(&key, set, idx);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->node[i].who >= 0 && memcmp(&s->world.key[s->node[i].who], &key, sizeof(key)) == 0) {
            return &s->node[i];
        }
    }
    return NULL;
}

void
judge(struct sim *s)
{
    static struct fwl_vote votes[VOTES];
    uint8_t keys[32 * WORLD_KEYS];
    struct fwl_validators set;
    struct fwl_forensics f = {.chain_id = s->world.chain_id,
                              .height = s->fork_height,
                              .verify = verify,
                              .cookie = s,
                              .votes = votes,
                              .room = VOTES};
    struct fwl_forensics_walk walk = {0};
    struct fwl_evidence ev;
    bool guilty[SIM_NODES] = {false};
    uint32_t count = 0;

    if (!gather(s, &f, &set, keys)) {
        sim_fail(s, SIM_CULPRITS, "there are no two blocks at height %llu", (unsigned long long)f.height);
    }
    while (fwl_forensics_next(&f, &walk, &ev)) {
        const struct sim_node *n = owner_of(s, &set, ev.first.idx);

        if (n == NULL || sim_correct(n)) {
            sim_fail(s, SIM_CULPRITS, "forensics convicts node %u, which is correct", n == NULL ? 0 : n->id);
        }
        sim_met[SIM_MET_CONVICTED_E1 + (ev.type - FWL_EVIDENCE_NOTARIZE)]++;
        count += guilty[n->who] ? 0 : 1;
        guilty[n->who] = true;
    }
    if (count <= sim_faulty(s)) {
        sim_fail(s, SIM_CULPRITS, "forensics convicts %u of the fork at height %llu, f is %u", count,
                 (unsigned long long)f.height, sim_faulty(s));
    }
    sim_met[SIM_MET_FORKS]++;
    sim_met[SIM_MET_CONVICTED] += count;
}

/* ---- how a net is made to fork ---- */

static bool
is_whole(struct sim *s)
{
    return !s->forked;
}

/* Two sides that do not hear each other; faulty validators hear both. @side: bit of a node. */
static void
part(struct sim *s, uint32_t side, uint32_t both)
{
    for (uint32_t a = 0; a < s->count; a++) {
        for (uint32_t b = 0; b < s->count; b++) {
            bool apart = (side >> a & 1) != (side >> b & 1);

            s->blocked[a][b] = a != b && apart && (both >> a & 1) == 0 && (both >> b & 1) == 0;
        }
    }
}

/* Half of the correct validators, at random: bits. */
static uint32_t
half_of(struct sim *s, const bool faulty[SIM_NODES], uint32_t count)
{
    uint32_t side = 0;

    for (uint32_t left = count / 2; left > 0;) {
        uint32_t i = sim_random(s, s->n);

        if (!faulty[i] && (side >> i & 1) == 0) {
            side |= 1U << i;
            left--;
        }
    }
    return side;
}

/* The faulty ones run twice, with copies of their stores: one of each on either side. */
static void
with_twins(struct sim *s, const bool faulty[SIM_NODES], uint32_t side)
{
    uint32_t twin = s->n;

    for (uint32_t i = 0; i < s->n; i++) {
        if (!faulty[i]) {
            continue;
        }
        s->node[twin].who = (int)i;
        s->node[twin].twin = s->node[i].twin = true;
        s->node[twin].gone = false;
        FWL_ASSERT(fwl_memstore_copy(s->node[twin].chain.mem, s->node[i].chain.mem) == FWL_OK);
        FWL_ASSERT(fwl_memstore_copy(s->node[twin].votes.mem, s->node[i].votes.mem) == FWL_OK);
        side |= 1U << twin;
        twin++;
    }
    part(s, side, 0);
    for (uint32_t i = s->n; i < twin; i++) {
        sim_boot(s, i);
    }
}

static void
with_liars(struct sim *s, const bool faulty[SIM_NODES], uint32_t side)
{
    uint32_t both = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        if (faulty[i]) {
            s->node[i].lies = SIM_LIE_YES | (sim_chance(s, 500) ? SIM_LIE_BLOCKS : 0);
            both |= 1U << i;
        }
    }
    part(s, side, both);
}

/* ---- what the sides learn once they hear each other ---- */

static bool
header_at(const struct sim_node *n, uint64_t height, struct fwl_hash32 *hash)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    struct fwl_read read;
    struct fwl_span header;
    bool found = false;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    found = fwl_query_header(&read.kv, &header, height) == FWL_OK;
    if (found) {
        fwl_header_hash_bytes(hash, header);
    }
    fwl_read_end(&read);
    return found;
}

static bool
runs(const struct sim_node *n)
{
    return sim_correct(n) && n->alive && !n->halted && n->height != UINT64_MAX;
}

/* Is @a behind @b, which is on the other side, and does not know that it is not behind but on a fork? */
static bool
blind(const struct sim_node *a, const struct sim_node *b)
{
    struct fwl_hash32 mine;
    struct fwl_hash32 its;

    return runs(a) && runs(b) && b->height > a->height + 1 && header_at(a, a->height, &mine) &&
           header_at(b, a->height, &its) && !fwl_hash32_equal(&mine, &its);
}

static bool
is_blind(struct sim *s)
{
    for (uint32_t a = 0; a < s->count; a++) {
        for (uint32_t b = 0; b < s->count; b++) {
            if (blind(&s->node[a], &s->node[b])) {
                return true;
            }
        }
    }
    return false;
}

/* Once both sides hear each other, who is behind finds out that it is not behind: it halts, and serves no device any
 * more. */
static void
learn(struct sim *s)
{
    heal_links(s);
    sim_run(s, s->now + 5000);
    if (!sim_run_while(s, s->now + 60000, is_blind)) {
        sim_fail(s, SIM_PROGRESS, "a node does not find out that it is on a fork");
    }
}

static void
fork_once(struct sim *s)
{
    uint32_t f = sim_faulty(s);
    uint32_t count = f + 1 + sim_random(s, f);
    bool faulty[SIM_NODES];
    uint32_t side = 0;

    s->byzantine = s->may_fork = true;
    for (uint32_t i = s->n; i < s->count; i++) {
        s->node[i].gone = true;
    }
    s->loss = sim_random(s, 50);
    choose(s, count, faulty);
    sim_start(s);
    sim_load(s, 20, 8000);
    sim_run(s, s->now + 500 + sim_random(s, 3000));
    side = half_of(s, faulty, s->n - count);
    if (sim_chance(s, 600)) {
        with_twins(s, faulty, side);
    } else {
        with_liars(s, faulty, side);
    }
    for (int i = 0; i < 20 && !s->forked; i++) {
        if (sim_chance(s, 300)) {
            crash_one(s);
        }
        (void)sim_run_while(s, s->now + 1000, is_whole);
    }
    if (s->forked) {
        judge(s);
        learn(s);
    }
}

void
forks(struct sim *s)
{
    for (int round = 0; round < 7; round++) {
        if (round > 0) {
            sim_wipe(s);
        }
        fork_once(s);
    }
}
