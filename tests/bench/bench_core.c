/* What the primitives of core cost on this machine: the figures behind every estimate of block and proof times. */
#include "core/cbor.h"
#include "core/host/keys.h"
#include "core/sha256.h"
#include "core/signature.h"
#include "tests/bench/bench.h"

struct signed_digest {
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;
    struct fwl_pubkey32 xonly;
    struct fwl_pubkey33 point;
    int64_t alg;
};

static void
tree_node(void *cookie)
{
    struct fwl_hash32 *pair = cookie;

    fwl_hash2(&pair[0], FWL_HASH_STATE_NODE, fwl_hash32_span(&pair[0]), fwl_hash32_span(&pair[1]));
}

static void
schnorr(void *cookie)
{
    struct signed_digest *s = cookie;

    FWL_ASSERT(fwl_schnorr_verify(&s->sig, &s->digest, &s->xonly) == FWL_OK);
}

static void
ecdsa(void *cookie)
{
    struct signed_digest *s = cookie;

    FWL_ASSERT(fwl_ecdsa_verify(s->alg, &s->sig, &s->digest, &s->point) == FWL_OK);
}

static void
skip(void *cookie)
{
    struct fwl_span *in = cookie;

    FWL_ASSERT(fwl_cbor_check(*in) == FWL_OK);
}

static struct signed_digest
make_signed(enum fwl_key_kind kind)
{
    struct signed_digest s = {.digest = {.b = {7}}};
    struct fwl_secret secret;

    fwl_secret_generate(&secret, kind);
    if (kind == FWL_KEY_VALIDATOR) {
        fwl_secret_xonly(&s.xonly, &secret);
        fwl_schnorr_sign(&s.sig, &secret, &s.digest);
    } else {
        fwl_secret_point(&s.alg, &s.point, &secret);
        fwl_ecdsa_sign(&s.sig, &secret, &s.digest);
    }
    fwl_secret_clear(&secret);
    return s;
}

/* About 60 KiB of maps as release records have them: small keys, texts, hashes. */
static struct fwl_span
make_cbor(uint8_t *buffer, size_t room)
{
    struct fwl_writer w;
    struct fwl_span out;
    uint8_t hash[32] = {1};

    fwl_writer_init(&w, buffer, room);
    fwl_cbor_put_array(&w, 600);
    for (uint64_t i = 0; i < 600; i++) {
        fwl_cbor_put_map(&w, 4);
        fwl_cbor_put_uint(&w, 1);
        fwl_cbor_put_text(&w, fwl_span_text("acme/gw100/modem, a name of usual length"));
        fwl_cbor_put_uint(&w, 2);
        fwl_cbor_put_bytes(&w, fwl_span(hash, sizeof(hash)));
        fwl_cbor_put_uint(&w, 3);
        fwl_cbor_put_uint(&w, i << 20);
        fwl_cbor_put_int(&w, -1);
        fwl_cbor_put_bool(&w, true);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    return out;
}

int
main(int argc, char **argv)
{
    static uint8_t buffer[65536];
    bool smoke = bench_smoke(argc, argv);
    struct fwl_hash32 pair[2] = {{{1}}, {{2}}};
    struct signed_digest bip340 = make_signed(FWL_KEY_VALIDATOR);
    struct signed_digest es256k = make_signed(FWL_KEY_PARTICIPANT);
    struct signed_digest esp256 = make_signed(FWL_KEY_PARTICIPANT_P256);
    struct fwl_span cbor = make_cbor(buffer, sizeof(buffer));

    bench_run("sha256_tree_node", smoke, 0, tree_node, pair);
    bench_run("schnorr_verify", smoke, 0, schnorr, &bip340);
    bench_run("es256k_verify", smoke, 0, ecdsa, &es256k);
    bench_run("esp256_verify", smoke, 0, ecdsa, &esp256);
    bench_run("cbor_check", smoke, cbor.size, skip, &cbor);
    return 0;
}
