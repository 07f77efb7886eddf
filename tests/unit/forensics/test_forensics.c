#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/forensics/forensics.h"

enum { N = 7, Q = 5, HEIGHT = 9, ROOM = 256, CERT_BYTES = 1024 };

/* Signatures that bind key and digest: half of each. */
static void
sign(struct fwl_sig64 *out, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    memcpy(out->b, digest->b, 32);
    memcpy(out->b + 32, key->b, 32);
}

static enum fwl_err
verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_sig64 want;

    (void)cookie;
    sign(&want, digest, key);
    return memcmp(sig->b, want.b, sizeof(want.b)) == 0 ? FWL_OK : FWL_ERR_SIGNATURE;
}

struct bench {
    struct fwl_validators set;
    uint8_t keys[32 * N];
    struct fwl_vote votes[ROOM];
    struct fwl_forensics f;
};

static void
open_bench(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    for (uint32_t i = 0; i < N; i++) {
        memset(b->keys + 32 * (size_t)i, (int)(i + 1), 32);
    }
    b->set = (struct fwl_validators){.n = N, .keys = fwl_span(b->keys, sizeof(b->keys))};
    b->f = (struct fwl_forensics){.height = HEIGHT, .set = &b->set, .verify = verify, .votes = b->votes, .room = ROOM};
    memset(b->f.chain_id.b, 0x77, 32);
}

static struct fwl_hash32
hash_of(uint8_t block)
{
    struct fwl_hash32 hash = {0};

    memset(hash.b, block, sizeof(hash.b)); /* 0: none, for NULLIFY */
    return hash;
}

static struct fwl_vote
vote_at(const struct bench *b, uint64_t height, enum fwl_vote_kind kind, uint32_t view, uint8_t block, uint16_t idx)
{
    struct fwl_vote vote = {.kind = kind, .height = height, .view = view, .block_hash = hash_of(block), .idx = idx};
    struct fwl_hash32 digest;
    struct fwl_pubkey32 key;

    memcpy(key.b, b->keys + 32 * (size_t)idx, 32);
    fwl_vote_digest(&digest, &b->f.chain_id, kind, height, view, &vote.block_hash);
    sign(&vote.sig, &digest, &key);
    return vote;
}

static struct fwl_vote
vote_of(const struct bench *b, enum fwl_vote_kind kind, uint32_t view, uint8_t block, uint16_t idx)
{
    return vote_at(b, HEIGHT, kind, view, block, idx);
}

static size_t
cert_bytes(const struct bench *b, uint8_t out[CERT_BYTES], uint64_t height, enum fwl_vote_kind kind, uint32_t view,
           uint8_t block, unsigned signers)
{
    struct fwl_vote votes[N];
    const struct fwl_vote *list[N];
    size_t count = 0;
    uint8_t buffer[1 + 64 * Q];
    struct fwl_cert cert;
    struct fwl_writer w;
    struct fwl_span bytes;

    for (uint32_t i = 0; i < N; i++) {
        if ((signers >> i & 1) != 0) {
            votes[count] = vote_at(b, height, kind, view, block, (uint16_t)i);
            list[count] = &votes[count];
            count++;
        }
    }
    assert_int_equal(fwl_cert_make(&cert, buffer, sizeof(buffer), N, list, count), FWL_OK);
    fwl_writer_init(&w, out, CERT_BYTES);
    fwl_cert_put(&w, &cert);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    return bytes.size;
}

static void
take_cert(struct bench *b, enum fwl_vote_kind kind, uint32_t view, uint8_t block, unsigned signers)
{
    uint8_t bytes[CERT_BYTES];
    struct fwl_cert cert;
    size_t size = cert_bytes(b, bytes, HEIGHT, kind, view, block, signers);

    assert_int_equal(fwl_forensics_cert(&b->f, &cert, fwl_span(bytes, size)), FWL_OK);
    assert_int_equal(cert.kind, kind);
    assert_int_equal(cert.view, view);
}

/* Members convicted, as bits, and by which types (bits as well). Each pair must really hold. */
static unsigned
convicted(const struct bench *b, unsigned *types)
{
    struct fwl_forensics_walk walk = {0};
    struct fwl_evidence ev;
    unsigned who = 0;

    *types = 0;
    while (fwl_forensics_next(&b->f, &walk, &ev)) {
        uint8_t record[FWL_EVIDENCE_SIZE];
        struct fwl_evidence again;

        fwl_evidence_encode(record, &ev);
        assert_int_equal(fwl_evidence_decode(&again, fwl_span(record, sizeof(record))), FWL_OK);
        assert_int_equal(ev.first.idx, ev.second.idx);
        who |= 1U << ev.first.idx;
        *types |= 1U << ev.type;
    }
    return who;
}

/* FINAL(0, a) and FINAL(0, b): the intersection finalized twice (E2). */
static void
test_forensics__same_view(void **state)
{
    struct bench b;
    unsigned types = 0;

    (void)state;
    open_bench(&b);
    take_cert(&b, FWL_VOTE_FINALIZE, 0, 1, 0x1f);
    assert_int_equal(convicted(&b, &types), 0);
    take_cert(&b, FWL_VOTE_FINALIZE, 0, 2, 0x7c);
    assert_int_equal(convicted(&b, &types), 0x1c);
    assert_int_equal(types, 1U << FWL_EVIDENCE_FINALIZE);
}

/* FINAL(0, a), and NULL(0) led to FINAL(1, b): the intersection finalized and nullified view 0 (E3). */
static void
test_forensics__nullified(void **state)
{
    struct bench b;
    unsigned types = 0;

    (void)state;
    open_bench(&b);
    take_cert(&b, FWL_VOTE_FINALIZE, 0, 1, 0x1f);
    take_cert(&b, FWL_VOTE_FINALIZE, 1, 2, 0x7c);
    assert_int_equal(convicted(&b, &types), 0); /* different views: legal so far */
    take_cert(&b, FWL_VOTE_NULLIFY, 0, 0, 0x7c);
    assert_int_equal(convicted(&b, &types), 0x1c);
    assert_int_equal(types, 1U << FWL_EVIDENCE_FINALIZE_NULLIFY);
}

/* NOTAR(0, a) and NOTAR(0, b) (E1); NULLIFY beside NOTARIZE is legal. */
static void
test_forensics__notarized(void **state)
{
    struct bench b;
    unsigned types = 0;

    (void)state;
    open_bench(&b);
    take_cert(&b, FWL_VOTE_NOTARIZE, 0, 1, 0x1f);
    take_cert(&b, FWL_VOTE_NULLIFY, 0, 0, 0x1f);
    assert_int_equal(convicted(&b, &types), 0);
    take_cert(&b, FWL_VOTE_NOTARIZE, 0, 2, 0x7c);
    assert_int_equal(convicted(&b, &types), 0x1c);
    assert_int_equal(types, 1U << FWL_EVIDENCE_NOTARIZE);
}

static void
test_forensics__votes(void **state)
{
    struct bench b;
    struct fwl_forensics_walk walk = {0};
    struct fwl_evidence ev;
    struct fwl_vote vote;

    (void)state;
    open_bench(&b);
    for (uint8_t block = 1; block <= 3; block++) { /* three proposals: one finding */
        vote = vote_of(&b, FWL_VOTE_PROPOSE, 2, block, 3);
        assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_OK);
        assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_OK); /* known already */
    }
    for (uint8_t block = 1; block <= 2; block++) { /* the same in another view: still one */
        vote = vote_of(&b, FWL_VOTE_PROPOSE, 4, block, 3);
        assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_OK);
    }
    assert_int_equal(b.f.count, 5);
    assert_true(fwl_forensics_next(&b.f, &walk, &ev));
    assert_int_equal(ev.type, FWL_EVIDENCE_PROPOSE);
    assert_int_equal(ev.first.view, 2);
    assert_false(fwl_forensics_next(&b.f, &walk, &ev));
    assert_false(fwl_forensics_next(&b.f, &walk, &ev));
}

static void
test_forensics__refusals(void **state)
{
    struct bench b;
    struct fwl_cert cert;
    uint8_t bytes[CERT_BYTES];
    size_t size = 0;
    struct fwl_vote vote;
    unsigned types = 0;

    (void)state;
    open_bench(&b);
    vote = vote_at(&b, HEIGHT + 1, FWL_VOTE_NOTARIZE, 0, 1, 0);
    assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_ERR_RANGE);
    vote = vote_of(&b, FWL_VOTE_NOTARIZE, 0, 1, 0);
    vote.idx = N;
    assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_ERR_RANGE);
    vote.idx = 1; /* signed by another member */
    assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_ERR_SIGNATURE);

    size = cert_bytes(&b, bytes, HEIGHT + 1, FWL_VOTE_NOTARIZE, 0, 1, 0x1f);
    assert_int_equal(fwl_forensics_cert(&b.f, &cert, fwl_span(bytes, size)), FWL_ERR_RANGE);
    size = cert_bytes(&b, bytes, HEIGHT, FWL_VOTE_NOTARIZE, 0, 1, 0x1f);
    assert_int_equal(fwl_forensics_cert(&b.f, &cert, fwl_span(bytes, size - 1)), FWL_ERR_TRUNCATED);
    assert_int_equal(fwl_forensics_cert(&b.f, &cert, fwl_span(bytes, size + 1)), FWL_ERR_TRAILING);
    for (size_t i = 0; i < 8 * size; i++) { /* every bit counts, and nothing is taken of a refused one */
        bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ 1U << (i % 8));
        assert_int_not_equal(fwl_forensics_cert(&b.f, &cert, fwl_span(bytes, size)), FWL_OK);
        bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ 1U << (i % 8));
    }
    assert_int_equal(b.f.count, 0);
    b.f.room = Q - 1;
    assert_int_equal(fwl_forensics_cert(&b.f, NULL, fwl_span(bytes, size)), FWL_ERR_SPACE);
    assert_int_equal(b.f.count, 0);
    b.f.room = Q;
    assert_int_equal(fwl_forensics_cert(&b.f, NULL, fwl_span(bytes, size)), FWL_OK);
    vote = vote_of(&b, FWL_VOTE_NOTARIZE, 1, 1, 0);
    assert_int_equal(fwl_forensics_vote(&b.f, &vote), FWL_ERR_SPACE);
    assert_int_equal(convicted(&b, &types), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forensics__same_view), cmocka_unit_test(test_forensics__nullified),
        cmocka_unit_test(test_forensics__notarized), cmocka_unit_test(test_forensics__votes),
        cmocka_unit_test(test_forensics__refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
