/*
 * What a device trusts, by the first byte.
 *
 * 'b': a good bundle with damage. The rest is a list of (offset u16, xor u8) applied to it, then, when bytes are left,
 *      the length to cut it to.
 * 'c': a certificate with real signatures: bitmap, kind, view, block, then a byte a signature says who signed what. It
 *      holds when each is the vote of its signer, and then only.
 * 's': two slots of any bytes.
 * 't': a good file of attestations with damage, as 'b'.
 */
#include <stdlib.h>

#include "../unit/verify/chain.h"
#include "client/verify/device.h"
#include "ledger/model/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chain *chain;
static struct fwl_span good;

static void
start(void)
{
    if (chain == NULL) {
        chain = chain_new();
        chain_step(chain, 0, 1, 0, 1, (struct chain_flaw){0});
        good = chain_bundle(chain);
        chain->w->work.cells = chain->w->cells;
        chain->w->work.cell_count = FWL_COUNT(chain->w->cells);
    }
}

/* @whole with the damage that the input says, in memory of its own; empty when there is none. */
static struct fwl_span
damage(struct fwl_span whole, const uint8_t *data, size_t size)
{
    struct fwl_reader r;
    uint8_t *copy = malloc(whole.size);
    size_t length = whole.size;

    if (copy == NULL) {
        return fwl_span(NULL, 0);
    }
    memcpy(copy, whole.p, whole.size);
    fwl_reader_init(&r, fwl_span(data, size));
    while (r.left >= 3) {
        size_t offset = fwl_reader_u16(&r) % whole.size;

        copy[offset] ^= fwl_reader_u8(&r);
    }
    if (r.left == 2) {
        length = fwl_reader_u16(&r) % (whole.size + 1);
    }
    return fwl_span(copy, length);
}

/* Accepted only when it is the good one. */
static void
try_bundle(const uint8_t *data, size_t size)
{
    static struct fwl_device device;
    static struct fwl_verify v;
    struct fwl_verify_settings settings = {0};
    struct fwl_span bytes;
    enum fwl_err err = FWL_OK;

    start();
    settings.authors = (struct fwl_authors){.keys = &chain->author_key, .count = 1};
    bytes = damage(good, data, size);
    if (bytes.p == NULL) {
        return;
    }
    err = fwl_device_start(&device, &chain->anchor);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_init(&v, &device, &settings, &chain->w->facts, chain->tip.time_ms);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_bundle(&v, chain->w->candidates, &chain->w->work, bytes);
    FWL_ASSERT((err == FWL_OK) == fwl_span_equal(bytes, good));
    FWL_ASSERT(err != FWL_ERR_STALE && err != FWL_ERR_ROLLBACK);
    free((void *)(uintptr_t)bytes.p);
}

/* The words of three validators of four over the anchor's block. */
static struct fwl_span
attests(struct fwl_attest_request *request)
{
    static uint8_t bytes[FWL_ATTESTS_SIZE_MAX];
    static struct fwl_span out;
    struct fwl_attest words[3];
    struct fwl_writer w;

    *request = (struct fwl_attest_request){
        .nonce = {1}, .height = chain->anchor.height, .block_hash = chain->anchor.block_hash};
    for (uint16_t i = 0; out.size == 0 && i < FWL_COUNT(words); i++) {
        struct fwl_hash32 digest;

        words[i] = (struct fwl_attest){.idx = i, .time_ms = 1000 + i};
        fwl_statement_attest(&digest, &chain->anchor.chain_id, request->nonce, request->height, &request->block_hash,
                             words[i].time_ms);
        fwl_schnorr_sign(&words[i].sig, &chain->validators[0][i], &digest);
    }
    if (out.size == 0) {
        enum fwl_err err = FWL_OK;

        fwl_writer_init(&w, bytes, sizeof(bytes));
        fwl_attest_put(&w, request, words, FWL_COUNT(words));
        err = fwl_writer_finish(&w, &out);
        FWL_ASSERT(err == FWL_OK);
    }
    return out;
}

static void
try_attests(const uint8_t *data, size_t size)
{
    static struct fwl_trust trust;
    struct fwl_attest_request request;
    struct fwl_span whole;
    struct fwl_span bytes;
    uint64_t now_ms = 0;
    enum fwl_err err = FWL_OK;

    start();
    whole = attests(&request);
    bytes = damage(whole, data, size);
    if (bytes.p == NULL) {
        return;
    }
    err = fwl_trust_start(&trust, &chain->anchor);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_trust_time(&now_ms, &trust, request.nonce, bytes);
    FWL_ASSERT((err == FWL_OK) == fwl_span_equal(bytes, whole) && now_ms == (err == FWL_OK ? 1001 : 0));
    free((void *)(uintptr_t)bytes.p);
}

/* A fuzzer cannot guess a checksum: put the right one behind the content. */
static struct fwl_span
seal(uint8_t *buffer, struct fwl_span content)
{
    struct fwl_hash32 sum;
    struct fwl_writer w;

    fwl_writer_init(&w, buffer, FWL_SLOT_SIZE_MAX);
    fwl_writer_bytes(&w, "FWS1", 4);
    fwl_writer_u64(&w, 1);
    fwl_writer_u16(&w, (uint16_t)FWL_MIN(content.size, UINT16_MAX));
    fwl_writer_span(&w, content);
    if (w.err != FWL_OK) {
        return content;
    }
    fwl_tagged_hash(&sum, "fwledger/slot/v1", fwl_span(buffer, w.size));
    fwl_writer_span(&w, fwl_hash32_span(&sum));
    return w.err == FWL_OK ? fwl_span(buffer, w.size) : content;
}

static bool
same_trust(const struct fwl_trust *a, const struct fwl_trust *b)
{
    return fwl_hash32_equal(&a->chain_id, &b->chain_id) && a->epoch == b->epoch && a->height == b->height &&
           a->time_ms == b->time_ms && fwl_hash32_equal(&a->block_hash, &b->block_hash) &&
           a->reanchored == b->reanchored && a->validators_size == b->validators_size &&
           a->governors_size == b->governors_size && memcmp(a->validators, b->validators, a->validators_size) == 0 &&
           memcmp(a->governors, b->governors, a->governors_size) == 0;
}

static void
try_slots(struct fwl_span a, struct fwl_span b)
{
    static struct fwl_device device;
    static struct fwl_device back;
    static uint8_t buffer[FWL_SLOT_SIZE_MAX];
    struct fwl_span slot;

    if (fwl_slots_decode(&device, a, b) == FWL_OK) {
        enum fwl_err err = fwl_slot_encode(&slot, buffer, sizeof(buffer), &device);

        FWL_ASSERT(err == FWL_OK);
        err = fwl_slots_decode(&back, slot, (struct fwl_span){0});
        FWL_ASSERT(err == FWL_OK && same_trust(&back.trust, &device.trust));
        FWL_ASSERT(back.floor_count == device.floor_count);
    }
}

/* A state that is read can be written and read again. The first half of the input is slot a, the rest slot b. */
static void
try_device(const uint8_t *data, size_t size)
{
    static uint8_t sealed[FWL_SLOT_SIZE_MAX];

    try_slots(fwl_span(data, size / 2), fwl_span(data + size / 2, size - size / 2));
    try_slots(seal(sealed, fwl_span(data, size)), (struct fwl_span){0});
}

enum { HEIGHT = 7, SIGS_MAX = 8 };

static const struct fwl_hash32 blocks[2] = {{{1}}, {{2}}};

/* Bits 0 and 1: the signer; 2 and 3: added to the kind; 4 another view, 5 another block, 6 another chain, 7 damage. */
static void
sign(struct fwl_sig64 *sig, const struct fwl_cert *cert, uint8_t how)
{
    enum fwl_vote_kind kind = (enum fwl_vote_kind)((cert->kind + (how >> 2)) % 4);
    struct fwl_hash32 hash = {{0}};
    struct fwl_hash32 chain_id = chain->anchor.chain_id;
    struct fwl_hash32 digest;

    if (kind != FWL_VOTE_NULLIFY) {
        hash = (how & 0x20) != 0 || fwl_hash32_is_zero(&cert->block_hash) ? blocks[0] : cert->block_hash;
    }
    chain_id.b[0] ^= how >> 6 & 1;
    fwl_vote_digest(&digest, &chain_id, kind, HEIGHT, cert->view + (how >> 4 & 1), &hash);
    fwl_schnorr_sign(sig, &chain->validators[0][how % CHAIN_N], &digest);
    sig->b[40] ^= how >> 7;
}

static void
try_cert(const uint8_t *data, size_t size)
{
    uint8_t bytes[1 + 8 + 4 + 32 + 1 + 64 * SIGS_MAX];
    struct fwl_cert cert = {.height = HEIGHT};
    struct fwl_writer w;
    unsigned next = 0;
    bool right = true;
    enum fwl_err err = FWL_OK;

    if (size < 4) {
        return;
    }
    start();
    cert.kind = (enum fwl_vote_kind)(data[1] % 4);
    cert.view = data[2];
    if (data[3] > 0) {
        cert.block_hash = blocks[data[3] % 2];
    }
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_writer_u8(&w, (uint8_t)cert.kind);
    fwl_writer_u64(&w, cert.height);
    fwl_writer_u32(&w, cert.view);
    fwl_writer_span(&w, fwl_hash32_span(&cert.block_hash));
    fwl_writer_u8(&w, data[0]);
    for (size_t i = 4; i < FWL_MIN(size, 4U + SIGS_MAX); i++) {
        struct fwl_sig64 sig;

        while (next < 8 && (data[0] >> next & 1) == 0) {
            next++;
        }
        right =
            right && next == data[i] % CHAIN_N && (data[i] & 0xdc) == 0 &&
            ((data[i] & 0x20) == 0 || fwl_hash32_equal(&cert.block_hash, &blocks[0]) || cert.kind == FWL_VOTE_NULLIFY);
        next++;
        sign(&sig, &cert, data[i]);
        fwl_writer_bytes(&w, sig.b, sizeof(sig.b));
    }
    right = right && cert.kind != FWL_VOTE_PROPOSE && FWL_MIN(size, 4U + SIGS_MAX) == 4 + 3 && data[0] < 16 &&
            __builtin_popcount(data[0]) == 3;
    right = right && (cert.kind == FWL_VOTE_NULLIFY) == fwl_hash32_is_zero(&cert.block_hash);
    err = fwl_cert_decode(&cert, fwl_span(bytes, w.size), CHAIN_N);
    err = err == FWL_OK ? fwl_cert_verify(&cert, &chain->validator_sets[0], &chain->anchor.chain_id) : err;
    FWL_ASSERT((err == FWL_OK) == right);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (size == 0 ? 0 : data[0]) {
    case 'b': try_bundle(data + 1, size - 1); break;
    case 'c': try_cert(data + 1, size - 1); break;
    case 's': try_device(data + 1, size - 1); break;
    case 't': try_attests(data + 1, size - 1); break;
    default: break;
    }
    return 0;
}
