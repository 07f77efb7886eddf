#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/vectors.h"
#include "p2p/wire/message.h"

enum {
    ROOM = 20000,
};

/* One shape for all codecs: decode, and encode what was decoded. */
union any {
    struct fwl_message_auth auth;
    struct fwl_message_status status;
    struct fwl_message_propose propose;
    struct fwl_message_getcerts getcerts;
    struct fwl_message_getbody getbody;
    struct fwl_message_range range;
    uint64_t from;
    struct fwl_attest_request attestreq;
    struct fwl_message_attest attest;
    struct fwl_message_txids txids;
    struct fwl_message_getchunk getchunk;
};

typedef enum fwl_err (*decode_fn)(union any *out, struct fwl_span in);
typedef void (*encode_fn)(struct fwl_writer *w, const union any *m);

#define CODEC(name, field)                                                                                             \
    static enum fwl_err decode_##name(union any *out, struct fwl_span in)                                              \
    {                                                                                                                  \
        return fwl_message_##name##_decode(&out->field, in);                                                           \
    }                                                                                                                  \
    static void encode_##name(struct fwl_writer *w, const union any *m)                                                \
    {                                                                                                                  \
        fwl_message_##name##_encode(w, &m->field);                                                                     \
    }

CODEC(auth, auth)
CODEC(status, status)
CODEC(propose, propose)
CODEC(getcerts, getcerts)
CODEC(getbody, getbody)
CODEC(attestreq, attestreq)
CODEC(attest, attest)
CODEC(txids, txids)
CODEC(getchunk, getchunk)

static enum fwl_err
decode_blocks(union any *out, struct fwl_span in)
{
    return fwl_message_range_decode(&out->range, in, FWL_FRAME_BLOCKS_MAX);
}

static void
encode_blocks(struct fwl_writer *w, const union any *m)
{
    fwl_message_range_encode(w, &m->range, FWL_FRAME_BLOCKS_MAX);
}

static enum fwl_err
decode_epochs(union any *out, struct fwl_span in)
{
    return fwl_message_getepochs_decode(&out->from, in);
}

static void
encode_epochs(struct fwl_writer *w, const union any *m)
{
    fwl_message_getepochs_encode(w, m->from);
}

static uint8_t input[ROOM];

/* A valid payload of @size bytes: counting bytes with @head in front. */
static struct fwl_span
sample(size_t size, const uint8_t *head, size_t head_size, size_t head_at)
{
    for (size_t i = 0; i < size; i++) {
        input[i] = (uint8_t)(i + 1);
    }
    if (head_size > 0) {
        memcpy(input + head_at, head, head_size);
    }
    return fwl_span(input, size);
}

/* Failed decoders leave zeros: encodes like a zeroed one (padding may differ). */
static void
assert_zeroed(encode_fn encode, const union any *m)
{
    static uint8_t bytes[2][ROOM];
    union any zero;
    struct fwl_writer w[2];

    memset(&zero, 0, sizeof(zero));
    fwl_writer_init(&w[0], bytes[0], ROOM);
    fwl_writer_init(&w[1], bytes[1], ROOM);
    encode(&w[0], m);
    encode(&w[1], &zero);
    assert_int_equal(w[0].err, w[1].err);
    assert_int_equal(w[0].size, w[1].size);
    assert_memory_equal(bytes[0], bytes[1], w[0].size);
}

static void
check(decode_fn decode, encode_fn encode, struct fwl_span in, bool open_end)
{
    static uint8_t again[ROOM];
    struct fwl_span out;
    struct fwl_writer w;
    union any m;

    assert_int_equal(decode(&m, in), FWL_OK);
    fwl_writer_init(&w, again, sizeof(again));
    encode(&w, &m);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    assert_true(fwl_span_equal(in, out));
    fwl_writer_init(&w, again, in.size - 1);
    encode(&w, &m);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_ERR_SPACE);
    for (size_t size = 0; size < (open_end ? FWL_MESSAGE_PROPOSE_HEAD : in.size); size++) {
        memset(&m, 0xff, sizeof(m));
        assert_int_equal(decode(&m, fwl_span(in.p, size)), FWL_ERR_TRUNCATED);
        assert_zeroed(encode, &m);
    }
    if (!open_end) {
        input[in.size] = 0;
        assert_int_equal(decode(&m, fwl_span(in.p, in.size + 1)), FWL_ERR_TRAILING);
    }
}

static void
test_message__every_codec(void **state)
{
    static const uint8_t role[] = {2};
    static const uint8_t views[] = {0, 2, 0, 0, 0, 1, 0, 0, 0, 9};
    static const uint8_t range[] = {0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 36};
    static const uint8_t count[] = {0, 3};

    (void)state;
    check(decode_auth, encode_auth, sample(FWL_MESSAGE_AUTH_SIZE, role, 1, 34), false);
    check(decode_status, encode_status, sample(FWL_MESSAGE_STATUS_SIZE, NULL, 0, 0), false);
    check(decode_propose, encode_propose, sample(FWL_MESSAGE_PROPOSE_HEAD + 50, NULL, 0, 0), true);
    check(decode_propose, encode_propose, sample(FWL_MESSAGE_PROPOSE_HEAD, NULL, 0, 0), true);
    check(decode_getcerts, encode_getcerts, sample(18, views, sizeof(views), 8), false);
    check(decode_getbody, encode_getbody, sample(40, NULL, 0, 0), false);
    check(decode_blocks, encode_blocks, sample(16, range, sizeof(range), 0), false);
    check(decode_epochs, encode_epochs, sample(8, NULL, 0, 0), false);
    check(decode_attestreq, encode_attestreq, sample(FWL_MESSAGE_ATTESTREQ_SIZE, NULL, 0, 0), false);
    check(decode_attest, encode_attest, sample(FWL_MESSAGE_ATTEST_SIZE, NULL, 0, 0), false);
    check(decode_txids, encode_txids, sample(2 + 96, count, sizeof(count), 0), false);
    check(decode_getchunk, encode_getchunk, sample(14, NULL, 0, 0), false);
}

/* A payload that other code has made. */
static void
check_vector(decode_fn decode, encode_fn encode, union any *out, const char *name)
{
    struct fwl_span in = vector(name);

    memcpy(input, in.p, in.size);
    check(decode, encode, fwl_span(input, in.size), false);
    assert_int_equal(decode(out, in), FWL_OK);
}

static void
test_message__attest_vectors(void **state)
{
    union any m;

    assert_int_equal(vectors_load(state), 0);
    check_vector(decode_attestreq, encode_attestreq, &m, "attestreq");
    assert_true(m.attestreq.height == 42 && m.attestreq.nonce[15] == 15);
    check_vector(decode_attest, encode_attest, &m, "attest");
    assert_true(m.attest.request.height == 42 && m.attest.attest.idx == 1 && m.attest.attest.time_ms == 5);
    assert_int_equal(vectors_free(state), 0);
}

static void
test_message__auth_fields(void **state)
{
    struct fwl_message_auth m;
    struct fwl_span in;

    (void)state;
    for (int role = 0; role < 256; role++) {
        uint8_t b = (uint8_t)role;

        in = sample(FWL_MESSAGE_AUTH_SIZE, &b, 1, 34);
        assert_int_equal(fwl_message_auth_decode(&m, in), role == 1 || role == 2 ? FWL_OK : FWL_ERR_VALUE);
    }
    input[34] = 1;
    assert_int_equal(fwl_message_auth_decode(&m, in), FWL_OK);
    assert_int_equal(m.proto, 0x0102);
    assert_memory_equal(m.chain_id.b, input + 2, 32);
    assert_memory_equal(m.node_key.b, input + 35, 32);
    assert_int_equal(m.height, 0x4445464748494a4bULL);
    assert_int_equal(m.features, 0x4c4d4e4fULL);
    assert_memory_equal(m.sig.b, input + 79, 64);
}

/* The digest of the specification, put together here by hand. */
static void
test_message__auth_digest(void **state)
{
    struct fwl_hash32 chain = {{1}};
    struct fwl_hash32 exporter = {{2}};
    struct fwl_pubkey32 key = {{3}};
    uint8_t message[97] = {1};
    struct fwl_hash32 expected;
    struct fwl_hash32 digest;

    (void)state;
    message[32] = 2;
    message[64] = FWL_ROLE_ACCEPTOR;
    message[65] = 3;
    fwl_tagged_hash(&expected, "fwledger/p2p-auth/v1", fwl_span(message, sizeof(message)));
    fwl_message_auth_digest(&digest, &chain, &exporter, FWL_ROLE_ACCEPTOR, &key);
    assert_true(fwl_hash32_equal(&digest, &expected));
    fwl_message_auth_digest(&digest, &chain, &exporter, FWL_ROLE_DIALER, &key);
    assert_false(fwl_hash32_equal(&digest, &expected));
}

static void
test_message__getcerts_limits(void **state)
{
    static uint8_t out[ROOM];
    struct fwl_message_getcerts m = {.height = 7, .count = FWL_FRAME_VIEWS_MAX};
    struct fwl_message_getcerts back;
    struct fwl_span bytes;
    struct fwl_writer w;

    (void)state;
    for (uint32_t i = 0; i < FWL_FRAME_VIEWS_MAX; i++) {
        m.views[i] = i * i;
    }
    fwl_writer_init(&w, out, sizeof(out));
    fwl_message_getcerts_encode(&w, &m);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(bytes.size, fwl_frame_max(FWL_FRAME_GETCERTS, FWL_BLOCK_MAX_DEFAULT));
    assert_int_equal(fwl_message_getcerts_decode(&back, bytes), FWL_OK);
    assert_memory_equal(&back, &m, sizeof(m));
    out[9] = FWL_FRAME_VIEWS_MAX + 1;
    assert_int_equal(fwl_message_getcerts_decode(&back, fwl_span(out, bytes.size + 4)), FWL_ERR_LIMIT);
    out[9] = 0;
    assert_int_equal(fwl_message_getcerts_decode(&back, fwl_span(out, 10)), FWL_ERR_VALUE);
    out[9] = 2;
    fwl_store_be32(out + 10, 5);
    fwl_store_be32(out + 14, 5);
    assert_int_equal(fwl_message_getcerts_decode(&back, fwl_span(out, 18)), FWL_ERR_ORDER);
    m.count = FWL_FRAME_VIEWS_MAX + 1;
    fwl_writer_init(&w, out, sizeof(out));
    fwl_message_getcerts_encode(&w, &m);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_ERR_LIMIT);
}

static void
range_case(uint64_t from, uint64_t to, uint64_t max, enum fwl_err expected)
{
    struct fwl_message_range m = {.from = from, .to = to};
    struct fwl_message_range back;
    uint8_t bytes[16];
    struct fwl_span out;
    struct fwl_writer w;

    fwl_store_be64(bytes, from);
    fwl_store_be64(bytes + 8, to);
    assert_int_equal(fwl_message_range_decode(&back, fwl_span(bytes, sizeof(bytes)), max), expected);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_range_encode(&w, &m, max);
    assert_int_equal(fwl_writer_finish(&w, &out), expected == FWL_OK ? FWL_OK : FWL_ERR_LIMIT);
}

static void
test_message__ranges(void **state)
{
    (void)state;
    range_case(5, 5 + 31, FWL_FRAME_BLOCKS_MAX, FWL_OK);
    range_case(5, 5 + 32, FWL_FRAME_BLOCKS_MAX, FWL_ERR_LIMIT);
    range_case(5, 5 + 255, FWL_FRAME_HEADERS_MAX, FWL_OK);
    range_case(5, 5 + 256, FWL_FRAME_HEADERS_MAX, FWL_ERR_LIMIT);
    range_case(5, 5, FWL_FRAME_BLOCKS_MAX, FWL_OK);
    range_case(5, 4, FWL_FRAME_BLOCKS_MAX, FWL_ERR_RANGE);
    range_case(0, UINT64_MAX, FWL_FRAME_BLOCKS_MAX, FWL_ERR_LIMIT);
    range_case(UINT64_MAX, UINT64_MAX, FWL_FRAME_BLOCKS_MAX, FWL_OK);
}

static void
test_message__txids_limits(void **state)
{
    struct fwl_message_txids m;
    struct fwl_hash32 id;
    uint8_t count[2];
    struct fwl_span in;

    (void)state;
    fwl_store_be16(count, FWL_FRAME_TXIDS_MAX);
    in = sample(2 + 32 * FWL_FRAME_TXIDS_MAX, count, sizeof(count), 0);
    assert_int_equal(fwl_message_txids_decode(&m, in), FWL_OK);
    fwl_message_txid(&id, &m, FWL_FRAME_TXIDS_MAX - 1);
    assert_memory_equal(id.b, in.p + in.size - 32, 32);
    fwl_store_be16(count, FWL_FRAME_TXIDS_MAX + 1);
    in = sample(2 + 32 * (FWL_FRAME_TXIDS_MAX + 1), count, sizeof(count), 0);
    assert_int_equal(fwl_message_txids_decode(&m, in), FWL_ERR_LIMIT);
    fwl_store_be16(count, 0);
    assert_int_equal(fwl_message_txids_decode(&m, sample(2, count, sizeof(count), 0)), FWL_ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message__every_codec),     cmocka_unit_test(test_message__attest_vectors),
        cmocka_unit_test(test_message__auth_fields),     cmocka_unit_test(test_message__auth_digest),
        cmocka_unit_test(test_message__getcerts_limits), cmocka_unit_test(test_message__ranges),
        cmocka_unit_test(test_message__txids_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
