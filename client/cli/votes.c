#include "client/cli/votes.h"

#include "ledger/merkle/rfc6962.h"
#include "ledger/model/body.h"
#include "ledger/model/cert.h"
#include "ledger/query/query.h"
#include "p2p/consensus/rec.h"

enum {
    SCHEMA_VOTES = 2,
    INSTANCE_BYTES = 16,
    CERT_HEAD = 1 + 8 + 4,
};

/* NULL, or what is wrong with one record. */
typedef const char *(*judge)(const struct fwl_kv *chain, const struct fwl_kv_entry *e);

static const char *
judge_rec(const struct fwl_kv *chain, const struct fwl_kv_entry *e)
{
    struct fwl_rec rec;

    (void)chain;
    return e->key.size == 12 && fwl_rec_decode(&rec, e->key, e->value) == FWL_OK
               ? NULL
               : "the record of what this node signed is damaged";
}

/* Does it begin as a certificate does (kind, height, view), and are they those of its key (height, view, kind)? */
static bool
is_placed(const struct fwl_kv_entry *e)
{
    return e->value.size > CERT_HEAD && e->value.p[0] == e->key.p[CERT_HEAD - 1] &&
           memcmp(e->value.p + 1, e->key.p, CERT_HEAD - 1) == 0;
}

static const char *
judge_cert(const struct fwl_kv *chain, const struct fwl_kv_entry *e)
{
    struct fwl_query_tip tip;
    struct fwl_query_set set;
    struct fwl_cert cert;
    uint8_t key[40];
    uint64_t height = 0;

    if (e->key.size != 13 || fwl_query_tip(chain, &tip) != FWL_OK) {
        return "no certificate has such a key";
    }
    height = fwl_load_be64(e->key.p);
    if (height > tip.header.height + 1) { /* the chain is being fetched anew: whose votes these are is not known yet */
        return is_placed(e) ? NULL : "it is no certificate, or one of another place";
    }
    if (fwl_query_set(chain, &set, height) != FWL_OK) {
        return "it is of a height whose validators are not known";
    }
    if (fwl_cert_decode(&cert, e->value, set.validators.n) != FWL_OK ||
        !fwl_span_equal(e->key, fwl_span(key, fwl_rec_cert_key(key, cert.height, cert.view, cert.kind)))) {
        return "it is no certificate, or one of another place";
    }
    return fwl_cert_verify(&cert, &set.validators, &tip.header.chain_id) == FWL_OK ? NULL
                                                                                   : "the certificate does not verify";
}

static const char *
judge_body(const struct fwl_kv *chain, const struct fwl_kv_entry *e)
{
    struct fwl_frontier txs = {0};
    struct fwl_body body;
    struct fwl_hash32 hash;
    struct fwl_reader it;
    struct fwl_span tx;
    uint8_t key[40];

    (void)chain;
    if (fwl_body_decode(&body, e->value, FWL_BLOCK_MAX_MAX) != FWL_OK) {
        return "it is no block";
    }
    fwl_header_hash_bytes(&hash, body.header_bytes);
    if (!fwl_span_equal(e->key, fwl_span(key, fwl_rec_body_key(key, body.header.height, &hash)))) {
        return "it is another block than its key says";
    }
    for (fwl_body_begin(&it, &body); fwl_body_next(&it, &tx);) {
        fwl_rfc6962_leaf(&hash, tx);
        if (fwl_frontier_append(&txs, &hash) != FWL_OK) {
            break;
        }
    }
    fwl_frontier_root(&txs, &hash);
    return fwl_hash32_equal(&hash, &body.header.txs_root) ? NULL : "the transactions are not those of the header";
}

static const char *
judge_name(const struct fwl_kv *chain, const struct fwl_kv_entry *e)
{
    struct fwl_span value;
    size_t size = fwl_span_is(e->key, "view") ? 12 : 8;

    (void)chain;
    if (fwl_span_is(e->key, "schema")) {
        return e->value.size == 5 && e->value.p[0] == SCHEMA_VOTES ? NULL : "it is no schema of such a store";
    }
    if (fwl_span_is(e->key, "instance")) { /* node/signer.c compares it with the file beside the key */
        return e->value.size == INSTANCE_BYTES ? NULL : "it is no number of an instance";
    }
    if (fwl_span_is(e->key, "probe")) {
        return e->value.size == 8 ? NULL : "it is no time";
    }
    if (!fwl_span_is(e->key, "view") && !fwl_span_is(e->key, "voting") && !fwl_span_is(e->key, "floor")) {
        return "a name that this version does not know";
    }
    return fwl_rec_open(&value, e->key, e->value) == FWL_OK && value.size == size ? NULL : "the record is damaged";
}

enum fwl_err
fwl_votes_check(const struct fwl_kv *votes, const struct fwl_kv *chain, struct fwl_fsck_fault *fault)
{
    static const struct {
        enum fwl_space space;
        judge judge;
    } spaces[] = {{FWL_SPACE_REC, judge_rec},
                  {FWL_SPACE_CERT, judge_cert},
                  {FWL_SPACE_BODY, judge_body},
                  {FWL_SPACE_VMETA, judge_name}};

    *fault = (struct fwl_fsck_fault){0};
    for (size_t i = 0; i < FWL_COUNT(spaces); i++) {
        struct fwl_kv_entry e = {0};
        enum fwl_err err = fwl_kv_seek(votes, &e, spaces[i].space, e.key);

        while (err == FWL_OK) {
            struct fwl_span key = e.key;
            const char *what = spaces[i].judge(chain, &e);

            err = fwl_kv_next(votes, &e, spaces[i].space, key);
            if (what == NULL && err == FWL_OK && fwl_span_compare(e.key, key) <= 0) {
                what = "the keys are out of order";
            }
            if (what != NULL) {
                *fault = (struct fwl_fsck_fault){.err = FWL_ERR_CORRUPT, .space = spaces[i].space, .what = what};
                fault->key_size = FWL_MIN(key.size, sizeof(fault->key));
                memcpy(fault->key, key.p, fault->key_size);
                return FWL_ERR_CORRUPT;
            }
        }
        if (err != FWL_ERR_ABSENT) {
            *fault = (struct fwl_fsck_fault){.err = err, .space = spaces[i].space, .what = "the table cannot be read"};
            return err;
        }
    }
    return FWL_OK;
}
