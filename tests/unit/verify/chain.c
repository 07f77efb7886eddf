#include "chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/merkle/proof.h"
#include "ledger/model/statement.h"

static int
compare_validators(const void *a, const void *b)
{
    struct fwl_pubkey32 x;
    struct fwl_pubkey32 y;

    fwl_secret_xonly(&x, a);
    fwl_secret_xonly(&y, b);
    return memcmp(x.b, y.b, sizeof(x.b));
}

static int
compare_governors(const void *a, const void *b)
{
    struct fwl_pubkey33 x;
    struct fwl_pubkey33 y;
    int64_t alg = 0;

    fwl_secret_point(&alg, &x, a);
    fwl_secret_point(&alg, &y, b);
    return memcmp(x.b, y.b, sizeof(x.b));
}

static struct fwl_secret
secret(enum fwl_key_kind kind, unsigned set, unsigned i)
{
    return (struct fwl_secret){.kind = kind,
                               .b = {[0] = 1, [1] = (uint8_t)kind, [2] = (uint8_t)set, [31] = (uint8_t)(i + 1)}};
}

static void
make_sets(struct chain *c)
{
    for (unsigned set = 0; set < CHAIN_SETS; set++) {
        for (unsigned i = 0; i < CHAIN_N; i++) {
            c->validators[set][i] = secret(FWL_KEY_VALIDATOR, set, i);
        }
        for (unsigned i = 0; i < CHAIN_GOVERNORS; i++) {
            c->governors[set][i] = secret(FWL_KEY_PARTICIPANT, set, i);
        }
        qsort(c->validators[set], CHAIN_N, sizeof(struct fwl_secret), compare_validators);
        qsort(c->governors[set], CHAIN_GOVERNORS, sizeof(struct fwl_secret), compare_governors);
        for (size_t i = 0; i < CHAIN_N; i++) {
            struct fwl_pubkey32 key;

            fwl_secret_xonly(&key, &c->validators[set][i]);
            memcpy(c->keys[set] + 32 * i, key.b, 32);
        }
        for (size_t i = 0; i < CHAIN_GOVERNORS; i++) {
            struct fwl_pubkey33 point;
            int64_t alg = 0;

            fwl_secret_point(&alg, &point, &c->governors[set][i]);
            memcpy(c->points[set] + 33 * i, point.b, 33);
        }
        c->validator_sets[set] =
            (struct fwl_validators){.n = CHAIN_N, .keys = fwl_span(c->keys[set], sizeof(c->keys[set]))};
        c->governor_sets[set] = (struct fwl_governors){.threshold = CHAIN_THRESHOLD,
                                                       .count = CHAIN_GOVERNORS,
                                                       .keys = fwl_span(c->points[set], sizeof(c->points[set]))};
    }
}

/* Release 2.0.0 with an author signature over the record. */
static void
add_signed_release(struct chain *c)
{
    struct fwl_release release = world_release("2.0.0");
    struct fwl_writer w;
    struct fwl_kid kid;
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;

    c->author = secret(FWL_KEY_AUTHOR, 0, 0);
    fwl_secret_point(&c->author_key.alg, &c->author_key.point, &c->author);
    fwl_key_kid(&kid, &c->author_key);
    fwl_release_author_digest(&digest, &release, c->author_key.alg, &kid);
    fwl_ecdsa_sign(&sig, &c->author, &digest);
    w = world_begin(c->w);
    fwl_release_author_put(&w, c->author_key.alg, &kid, &sig);
    release.has |= FWL_HAS(FWL_RELEASE_AUTHOR);
    release.author = (struct fwl_author){.kind = FWL_AUTHOR_RECORD, .sig = world_end(c->w, &w)};
    (void)world_add(c->w, &release);
}

struct chain *
chain_new(void)
{
    struct chain *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    c->w = world_new();
    make_sets(c);
    add_signed_release(c);
    c->anchor = (struct fwl_anchor){.chain_id = {{7}},
                                    .epoch = 5,
                                    .height = 100,
                                    .time_ms = CHAIN_TIME,
                                    .block_hash = {{9}},
                                    .validators = c->validator_sets[0],
                                    .governors = c->governor_sets[0]};
    c->tip = (struct fwl_header){.version = FWL_HEADER_VERSION,
                                 .chain_id = c->anchor.chain_id,
                                 .height = 120,
                                 .time_ms = CHAIN_TIME + 60000,
                                 .body_size = 348,
                                 .epoch = 5,
                                 .epoch_start = 80};
    fwl_validators_hash(&c->tip.validators_hash, &c->validator_sets[0]);
    c->tip.next_validators_hash = c->tip.validators_hash;
    chain_seal(c);
    return c;
}

void
chain_free(struct chain *c)
{
    world_free(c->w);
    free(c);
}

/* ---- the state tree, from its definition ---- */

static unsigned
bit(const struct fwl_hash32 *key, unsigned i)
{
    return key->b[i / 8] >> (7 - i % 8) & 1U;
}

/* The leaves whose keys begin like @key for @depth bits. */
static size_t
below(const struct chain *c, const struct fwl_hash32 *key, unsigned depth, const struct chain_leaf **only)
{
    size_t count = 0;

    for (size_t i = 0; i < c->leaf_count; i++) {
        unsigned same = 0;

        while (same < depth && bit(key, same) == bit(&c->leaves[i].key, same)) {
            same++;
        }
        if (same == depth) {
            *only = &c->leaves[i];
            count++;
        }
    }
    return count;
}

static struct fwl_hash32
subtree(const struct chain *c, struct fwl_hash32 key, unsigned depth)
{
    const struct chain_leaf *only = NULL;
    struct fwl_hash32 out = {{0}};
    struct fwl_hash32 left;
    struct fwl_hash32 right;
    size_t count = below(c, &key, depth, &only);

    if (count == 1) {
        fwl_hash2(&out, FWL_HASH_STATE_LEAF, fwl_hash32_span(&only->key), fwl_hash32_span(&only->value));
    } else if (count > 1) {
        uint8_t mask = (uint8_t)(0x80U >> (depth % 8));

        key.b[depth / 8] = (uint8_t)(key.b[depth / 8] & ~mask);
        left = subtree(c, key, depth + 1);
        key.b[depth / 8] |= mask;
        right = subtree(c, key, depth + 1);
        fwl_hash2(&out, FWL_HASH_STATE_NODE, fwl_hash32_span(&left), fwl_hash32_span(&right));
    }
    return out;
}

static void
hash_key(struct fwl_hash32 *out, enum fwl_table table, struct fwl_span key)
{
    uint8_t number = (uint8_t)table;

    fwl_hash2(out, FWL_HASH_STATE_KEY, fwl_span(&number, 1), key);
}

struct fwl_span
chain_proof(struct chain *c, enum fwl_table table, struct fwl_span key)
{
    const struct chain_leaf *only = NULL;
    struct fwl_hash32 siblings[256];
    struct fwl_hash32 hash;
    uint8_t bitmap[32] = {0};
    unsigned depth = 0;
    struct fwl_writer w = world_begin(c->w);
    size_t count = 0;

    hash_key(&hash, table, key);
    for (; below(c, &hash, depth, &only) > 1; depth++) {
        struct fwl_hash32 other = hash;

        other.b[depth / 8] ^= (uint8_t)(0x80U >> (depth % 8));
        siblings[depth] = subtree(c, other, depth + 1);
        if (!fwl_hash32_is_zero(&siblings[depth])) {
            bitmap[depth / 8] |= (uint8_t)(0x80U >> (depth % 8));
        }
    }
    count = below(c, &hash, depth, &only);
    if (count == 1 && fwl_hash32_equal(&only->key, &hash)) {
        fwl_writer_u8(&w, FWL_PROOF_PRESENT);
    } else {
        fwl_writer_u8(&w, count == 0 ? FWL_PROOF_ABSENT_EMPTY : FWL_PROOF_ABSENT_OTHER);
    }
    fwl_writer_u8(&w, (uint8_t)depth);
    if (count == 1 && !fwl_hash32_equal(&only->key, &hash)) {
        fwl_writer_span(&w, fwl_hash32_span(&only->key));
    }
    if (count == 1) {
        fwl_writer_span(&w, fwl_hash32_span(&only->value));
    }
    fwl_writer_bytes(&w, bitmap, (depth + 7) / 8);
    for (unsigned i = depth; i > 0; i--) {
        if (!fwl_hash32_is_zero(&siblings[i - 1])) {
            fwl_writer_span(&w, fwl_hash32_span(&siblings[i - 1]));
        }
    }
    return world_end(c->w, &w);
}

static void
add_leaf(struct chain *c, enum fwl_table table, struct fwl_span key, const struct fwl_hash32 *value)
{
    struct chain_leaf *leaf = &c->leaves[c->leaf_count++];

    assert_true(c->leaf_count <= CHAIN_LEAVES);
    hash_key(&leaf->key, table, key);
    leaf->value = *value;
}

static struct fwl_span
encode(struct world *w, void (*put)(struct fwl_writer *writer, const void *entry), const void *entry)
{
    struct fwl_writer writer = world_begin(w);

    put(&writer, entry);
    return world_end(w, &writer);
}

static void
put_vendor(struct fwl_writer *w, const void *entry)
{
    fwl_entry_put_vendor(w, entry);
}

static void
put_class(struct fwl_writer *w, const void *entry)
{
    fwl_entry_put_class(w, entry);
}

static void
put_fleet(struct fwl_writer *w, const void *entry)
{
    fwl_entry_put_fleet(w, entry);
}

static void
put_policy(struct fwl_writer *w, const void *entry)
{
    fwl_policy_entry_put(w, entry);
}

static struct fwl_hash32
add_value(struct chain *c, struct fwl_span value)
{
    struct fwl_hash32 hash;

    c->values[c->value_count++] = value;
    fwl_entry_value_hash(&hash, value);
    return hash;
}

void
chain_seal(struct chain *c)
{
    struct world *w = c->w;
    struct fwl_span policy = encode(w, put_policy, &w->policy);
    struct fwl_hash32 hash;

    c->leaf_count = 0;
    c->value_count = 0;
    world_seal(w);
    for (uint8_t i = 0; i < 20; i++) { /* other people's keys */
        hash = (struct fwl_hash32){{i, 1}};
        add_leaf(c, FWL_TABLE_RELEASE, fwl_hash32_span(&hash), &hash);
    }
    if (!w->no_vendor) {
        hash = add_value(c, encode(w, put_vendor, &w->vendor));
        add_leaf(c, FWL_TABLE_VENDOR, fwl_span_text("acme"), &hash);
    }
    if (!w->no_class) {
        hash = add_value(c, encode(w, put_class, &w->entry));
        add_leaf(c, FWL_TABLE_CLASS, w->facts.class_name, &hash);
    }
    if (!w->no_fleet) {
        w->fleet.policy.some = !w->no_policy;
        fwl_entry_value_hash(&w->fleet.policy.hash, policy);
        hash = add_value(c, encode(w, put_fleet, &w->fleet));
        add_leaf(c, FWL_TABLE_FLEET, w->facts.fleet, &hash);
        if (!w->no_policy) {
            (void)add_value(c, policy);
        }
    }
    for (size_t i = 0; !w->no_class && i < w->count; i++) {
        (void)add_value(c, w->entries[i]);
    }
    c->tip.state_root = subtree(c, (struct fwl_hash32){{0}}, 0);
}

/* ---- signatures ---- */

struct fwl_span
chain_cert(struct chain *c, const struct fwl_header *header, unsigned set)
{
    struct fwl_vote votes[CHAIN_N - 1];
    const struct fwl_vote *pointers[CHAIN_N - 1];
    struct fwl_cert cert;
    uint8_t buffer[1 + 64 * CHAIN_N];
    struct fwl_writer w = world_begin(c->w);

    for (unsigned i = 0; i < CHAIN_N - 1; i++) {
        struct fwl_hash32 digest;

        votes[i] =
            (struct fwl_vote){.kind = FWL_VOTE_FINALIZE, .height = header->height, .view = 2, .idx = (uint16_t)i};
        fwl_header_hash(&votes[i].block_hash, header);
        fwl_vote_digest(&digest, &header->chain_id, votes[i].kind, votes[i].height, votes[i].view,
                        &votes[i].block_hash);
        fwl_schnorr_sign(&votes[i].sig, &c->validators[set][i], &digest);
        pointers[i] = &votes[i];
    }
    assert_int_equal(fwl_cert_make(&cert, buffer, sizeof(buffer), CHAIN_N, pointers, CHAIN_N - 1), FWL_OK);
    fwl_cert_put_short(&w, &cert);
    return world_end(c->w, &w);
}

struct fwl_span
chain_sigs(struct chain *c, unsigned set, const struct fwl_hash32 *digest)
{
    struct fwl_writer w = world_begin(c->w);

    fwl_writer_u8(&w, 0x1c); /* the last three of five */
    for (size_t i = CHAIN_GOVERNORS - CHAIN_THRESHOLD; i < CHAIN_GOVERNORS; i++) {
        struct fwl_sig64 sig;

        fwl_ecdsa_sign(&sig, &c->governors[set][i], digest);
        fwl_writer_bytes(&w, sig.b, sizeof(sig.b));
    }
    return world_end(c->w, &w);
}

void
chain_step(struct chain *c, unsigned from, unsigned to, unsigned governors_from, unsigned governors_to,
           struct chain_flaw flaw)
{
    struct fwl_epoch_step step = {.validators = c->validator_sets[flaw.same_set ? from : to],
                                  .governors = c->governor_sets[governors_to]};
    struct fwl_hash32 governors;
    struct fwl_hash32 digest;
    struct fwl_span bytes;
    struct fwl_writer w;

    step.header = c->tip;
    step.header.height = flaw.lower != 0 ? c->anchor.height - flaw.lower : UINT64_C(101) + c->step_count;
    step.header.time_ms = CHAIN_TIME + c->step_count;
    if (flaw.at != 0) {
        step.header.height = flaw.at;
        step.header.time_ms = c->tip.time_ms;
    }
    step.header.epoch = c->tip.epoch + flaw.epoch_more;
    fwl_validators_hash(&step.header.validators_hash, &c->validator_sets[from]);
    fwl_validators_hash(&step.header.next_validators_hash, &step.validators);
    bytes = chain_cert(c, &step.header, flaw.bad_quorum ? to : from);
    fwl_header_hash(&digest, &step.header);
    assert_int_equal(fwl_cert_decode_short(&step.cert, bytes, CHAIN_N, step.header.height, &digest), FWL_OK);
    fwl_governors_hash(&governors, &step.governors);
    fwl_statement_epoch(&digest, &c->anchor.chain_id, step.header.epoch + 1, &step.header.next_validators_hash,
                        &governors);
    step.sigs = chain_sigs(c, flaw.bad_governors ? (governors_to + 1) % CHAIN_SETS : governors_to, &digest);
    if (governors_from != governors_to && !flaw.no_old) {
        step.old_sigs = chain_sigs(c, governors_from, &digest);
    }
    w = world_begin(c->w);
    fwl_epoch_put(&w, &step);
    bytes = world_end(c->w, &w);
    w = world_begin(c->w);
    fwl_writer_span(&w, c->steps);
    fwl_answer_step_put(&w, bytes);
    c->steps = world_end(c->w, &w);
    c->step_count++;
    c->tip.epoch = step.header.epoch + 1;
    c->tip.validators_hash = step.header.next_validators_hash;
    c->tip.next_validators_hash = step.header.next_validators_hash;
    c->signers = to;
}

struct fwl_span
chain_answer(struct chain *c)
{
    struct fwl_answer answer = {.more = c->more, .step_count = c->step_count, .steps = c->steps};
    uint8_t header[FWL_HEADER_SIZE];
    struct fwl_writer w;

    fwl_header_encode(header, &c->tip);
    answer.header = fwl_span(header, sizeof(header));
    answer.cert = chain_cert(c, &c->tip, c->signers);
    answer.proofs[FWL_ANSWER_VENDOR] = chain_proof(c, FWL_TABLE_VENDOR, fwl_span_text("acme"));
    answer.proofs[FWL_ANSWER_CLASS] = chain_proof(c, FWL_TABLE_CLASS, c->w->facts.class_name);
    answer.proofs[FWL_ANSWER_FLEET] = chain_proof(c, FWL_TABLE_FLEET, c->w->facts.fleet);
    w = world_begin(c->w);
    fwl_answer_put(&w, &answer);
    return world_end(c->w, &w);
}

struct fwl_span
chain_bundle(struct chain *c)
{
    struct fwl_span answer = chain_answer(c);
    struct fwl_writer w = world_begin(c->w);

    fwl_bundle_put_begin(&w, answer, c->value_count);
    for (size_t i = 0; i < c->value_count; i++) {
        fwl_bundle_put_value(&w, c->values[i]);
    }
    return world_end(c->w, &w);
}
