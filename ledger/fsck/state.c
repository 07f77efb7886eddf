/* Entries, the state tree and the indexes of entries. */
#include "ledger/fsck/part.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/model/entry.h"
#include "ledger/model/evidence.h"
#include "ledger/model/policy.h"
#include "ledger/query/layout.h"

enum {
    DAY_MS = 86400000, /* how long a replaced value stays reachable */
    VAL_QUEUE = 2,
    DIGITS = 64, /* of a key hash */
};

static enum fwl_err
decode_evidence(struct fwl_span value)
{
    struct fwl_evidence ev;
    struct fwl_reader r;
    struct fwl_span record;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, value);
    record = fwl_cbor_bytes(&r, FWL_EVIDENCE_SIZE);
    err = fwl_reader_finish(&r);
    return err == FWL_OK ? fwl_evidence_decode(&ev, record) : err;
}

/* Does the value decode as what its table holds? */
static enum fwl_err
decode(enum fwl_table table, struct fwl_span key, struct fwl_span value)
{
    union {
        struct fwl_class_entry class_entry;
        struct fwl_fleet_entry fleet;
        struct fwl_participant_entry participant;
        struct fwl_validators_entry validators;
        struct fwl_params params;
        struct fwl_release_entry release;
        struct fwl_vendor_entry vendor;
        struct fwl_image_entry image;
        struct fwl_policy_entry policy;
        struct fwl_policy_source source;
        uint64_t number;
    } e;

    switch (table) {
    case FWL_TABLE_CLASS: return fwl_entry_class(&e.class_entry, NULL, value);
    case FWL_TABLE_FLEET: return fwl_entry_fleet(&e.fleet, NULL, value);
    case FWL_TABLE_PARTICIPANT: return fwl_entry_participant(&e.participant, NULL, value);
    case FWL_TABLE_VALIDATORS:
        return key.size == 0 ? fwl_entry_validators(&e.validators, NULL, value)
                             : fwl_entry_number(&e.number, NULL, value);
    case FWL_TABLE_PARAMS: return fwl_params_decode(&e.params, NULL, value);
    case FWL_TABLE_TX: return fwl_entry_number(&e.number, NULL, value);
    case FWL_TABLE_EVIDENCE: return decode_evidence(value);
    case FWL_TABLE_RELEASE: return fwl_entry_release(&e.release, NULL, value);
    case FWL_TABLE_VENDOR: return fwl_entry_vendor(&e.vendor, NULL, value);
    case FWL_TABLE_IMAGE: return fwl_entry_image(&e.image, NULL, value);
    case FWL_TABLE_POLICY: return fwl_policy_entry_decode(&e.policy, NULL, value);
    case FWL_TABLE_SOURCE: return fwl_policy_source_decode(&e.source, NULL, value);
    }
    return FWL_ERR_UNKNOWN;
}

/* ---- the state tree ---- */

/* The entry is in the tree, and every record on its way to the root is the one that its parent names. */
static enum fwl_err
check_proof(struct fwl_fsck *f, const struct fwl_kv_entry *e)
{
    uint8_t proof[FWL_PROOF_MAX];
    size_t size = 0;
    struct fwl_hash32 key_hash;
    struct fwl_hash32 value_hash;
    struct fwl_hash32 root;
    struct fwl_proven proven;
    enum fwl_err err = FWL_OK;

    fwl_tree_key_hash(&key_hash, e->key.p[0], fwl_span(e->key.p + 1, e->key.size - 1));
    fwl_tree_value_hash(&value_hash, e->value);
    err = fwl_smt_prove(&f->kv, proof, &size, &root, &key_hash);
    if (err != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_SMT, e->key, "the state tree is damaged on the way to this entry of kv");
    }
    if (!fwl_hash32_equal(&root, &f->header.state_root) ||
        fwl_proof_verify_hash(&proven, &root, &key_hash, fwl_span(proof, size)) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_SMT, fwl_span(NULL, 0), "the root of the state tree is not the header's");
    }
    if (!proven.present || !fwl_hash32_equal(&proven.value_hash, &value_hash)) {
        return fwl_fsck_fail(f, FWL_SPACE_KV, e->key, "the entry is not the one of the state root");
    }
    return FWL_OK;
}

static int
common_digits(const struct fwl_hash32 *a, const struct fwl_hash32 *b)
{
    int i = 0;

    while (i < DIGITS && (a->b[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15) == (b->b[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15)) {
        i++;
    }
    return i;
}

/* The next key hash; false when there is none. */
static bool
step(struct fwl_hash32 *hash)
{
    for (size_t i = sizeof(hash->b); i-- > 0;) {
        if (++hash->b[i] != 0) {
            return true;
        }
    }
    return false;
}

/* As many leaves as entries, and no record beside those that the leaves need: one for each digit prefix that two
 * neighbours share and no two neighbours before them did. */
static enum fwl_err
check_tree(struct fwl_fsck *f, uint64_t entries)
{
    struct fwl_hash32 from = {0};
    struct fwl_hash32 last = {0};
    struct fwl_smt_change leaf;
    uint64_t leaves = 0;
    uint64_t records = 0;
    uint64_t count = 0;
    int shared = 0; /* prefixes that the last two leaves shared */
    bool more = true;
    enum fwl_err err = FWL_OK;

    while (more && (err = fwl_smt_next(&f->kv, &leaf, &from)) == FWL_OK) {
        /* the root has a record for one leaf as well */
        int now = leaves == 0 ? 1 : 1 + common_digits(&last, &leaf.key_hash);

        records += (uint64_t)(now > shared ? now - shared : 0);
        shared = now;
        leaves++;
        last = from = leaf.key_hash;
        more = step(&from);
        fwl_fsck_tell(f, "state tree", leaves, entries);
    }
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return fwl_fsck_fail(f, FWL_SPACE_SMT, fwl_hash32_span(&from), "the state tree is damaged");
    }
    if (leaves != entries) {
        return fwl_fsck_fail(f, FWL_SPACE_KV, fwl_span(NULL, 0), "entries that the state root has are missing");
    }
    err = fwl_fsck_count(f, &count, FWL_SPACE_SMT);
    if (err == FWL_OK && count != records) {
        return fwl_fsck_fail(f, FWL_SPACE_SMT, fwl_span(NULL, 0), "the state tree has records that nothing leads to");
    }
    return err;
}

/* ---- entries ---- */

struct counts {
    uint64_t entries, txs, references;
};

static enum fwl_err
check_entry(struct fwl_fsck *f, const struct fwl_kv_entry *e, struct counts *n)
{
    struct fwl_span key = fwl_span(e->key.p + 1, e->key.size - 1);
    uint8_t at[40];
    struct fwl_hash32 hash;
    struct fwl_span value = {0};
    uint64_t expires = 0;
    enum fwl_err err = check_proof(f, e);

    if (err != FWL_OK) {
        return err;
    }
    if (decode((enum fwl_table)e->key.p[0], key, e->value) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_KV, e->key, "the entry is not what its table holds");
    }
    at[0] = FWL_LAYOUT_VAL_BY_HASH;
    fwl_tree_value_hash(&hash, e->value);
    memcpy(at + 1, hash.b, sizeof(hash.b));
    err = fwl_fsck_get(f, &value, FWL_SPACE_VAL, fwl_span(at, 33), "the value of an entry is not found by its hash");
    if (err != FWL_OK || e->key.p[0] != FWL_TABLE_TX) {
        return err;
    }
    n->txs++;
    if (key.size != sizeof(hash.b) || fwl_entry_number(&expires, NULL, e->value) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_KV, e->key, "it is no id of a transaction");
    }
    fwl_store_be64(at, expires);
    memcpy(at + 8, key.p, 32);
    err = fwl_fsck_get(f, &value, FWL_SPACE_EXP, fwl_span(at, 40), "the expiry of an id is missing");
    return err == FWL_OK && value.size > 0 ? fwl_fsck_fail(f, FWL_SPACE_EXP, fwl_span(at, 40), "a value where none is")
                                           : err;
}

static enum fwl_err
check_entries(struct fwl_fsck *f, struct counts *n)
{
    struct fwl_kv_entry e = {0};
    enum fwl_err err = FWL_OK;

    while ((err = fwl_fsck_next(f, &e, FWL_SPACE_KV, e.key)) == FWL_OK) {
        err = check_entry(f, &e, n);
        if (err != FWL_OK) {
            return err;
        }
        fwl_fsck_tell(f, "entries", ++n->entries, 0);
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* ---- values by their hash ---- */

/* A value that no entry has any more has its place in the queue. */
static enum fwl_err
check_waits(struct fwl_fsck *f, const struct fwl_kv_entry *e, uint64_t replaced_ms)
{
    uint8_t key[41] = {VAL_QUEUE};
    struct fwl_span value;

    fwl_store_be64(key + 1, replaced_ms);
    memcpy(key + 9, e->key.p + 1, 32);
    return fwl_kv_get(&f->kv, &value, FWL_SPACE_VAL, fwl_span(key, sizeof(key))) == FWL_OK
               ? FWL_OK
               : fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "a replaced value would never be forgotten");
}

static enum fwl_err
check_by_hash(struct fwl_fsck *f, const struct fwl_kv_entry *e, struct counts *n)
{
    struct fwl_layout_value value;
    struct fwl_span bytes = {0};
    struct fwl_hash32 hash;
    uint32_t references = 0;

    if (fwl_layout_value(&value, e->value) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "it is no value");
    }
    bytes = value.bytes;
    if (!value.replaced &&
        (value.key.size > FWL_KV_KEY_MAX || fwl_kv_get(&f->kv, &bytes, FWL_SPACE_KV, value.key) != FWL_OK)) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "it names an entry that there is not");
    }
    fwl_tree_value_hash(&hash, bytes);
    if (memcmp(e->key.p + 1, hash.b, sizeof(hash.b)) != 0) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "the value has another hash");
    }
    references = fwl_load_be32(e->value.p);
    if (!value.replaced && references == 0) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "the entry that has the value is not counted");
    }
    if ((references == 0) != (value.replaced_ms != 0)) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "it is replaced and referenced, or neither");
    }
    n->references += references;
    return references > 0 ? FWL_OK : check_waits(f, e, value.replaced_ms);
}

/* Is @time_ms the time of a block? Times rise. */
static bool
is_block_time(struct fwl_fsck *f, uint64_t time_ms)
{
    uint64_t low = f->lowest;
    uint64_t high = f->tip;

    while (low <= high) {
        uint64_t middle = low + (high - low) / 2;
        uint8_t key[8];
        struct fwl_span bytes = {0};
        struct fwl_header h;

        if (fwl_kv_get(&f->kv, &bytes, FWL_SPACE_HDR, fwl_fsck_be64(key, middle)) != FWL_OK ||
            fwl_header_decode(&h, bytes) != FWL_OK) {
            return false;
        }
        if (h.time_ms == time_ms) {
            return true;
        }
        if (h.time_ms < time_ms) {
            low = middle + 1;
        } else if (middle == f->lowest) {
            return false;
        } else {
            high = middle - 1;
        }
    }
    return false;
}

/* A place in the queue of values to forget. Its value may have been forgotten already, a day after an earlier change.
 */
static enum fwl_err
check_queued(struct fwl_fsck *f, const struct fwl_kv_entry *e)
{
    uint8_t key[33] = {FWL_LAYOUT_VAL_BY_HASH};
    struct fwl_span value = {0};
    enum fwl_err err = FWL_OK;

    if (e->value.size > 0 || !is_block_time(f, fwl_load_be64(e->key.p + 1))) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, e->key, "no block replaced a value then");
    }
    memcpy(key + 1, e->key.p + 9, 32);
    err = fwl_kv_get(&f->kv, &value, FWL_SPACE_VAL, fwl_span(key, sizeof(key)));
    if (err == FWL_ERR_ABSENT && f->header.time_ms - f->genesis.time_ms < DAY_MS) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, fwl_span(key, sizeof(key)), "the value was forgotten too early");
    }
    return FWL_OK;
}

static enum fwl_err
check_values(struct fwl_fsck *f, struct counts *n)
{
    struct fwl_kv_entry e = {0};
    uint64_t done = 0;
    enum fwl_err err = FWL_OK;

    while ((err = fwl_fsck_next(f, &e, FWL_SPACE_VAL, e.key)) == FWL_OK) {
        if (e.key.p[0] == FWL_LAYOUT_VAL_BY_HASH && e.key.size == 33) {
            err = check_by_hash(f, &e, n);
        } else if (e.key.p[0] == VAL_QUEUE && e.key.size == 41) {
            err = check_queued(f, &e);
        } else {
            err = fwl_fsck_fail(f, FWL_SPACE_VAL, e.key, "no value has such a key");
        }
        if (err != FWL_OK) {
            return err;
        }
        fwl_fsck_tell(f, "values", ++done, 0);
    }
    if (err == FWL_ERR_ABSENT && n->references != n->entries) {
        return fwl_fsck_fail(f, FWL_SPACE_VAL, fwl_span(NULL, 0), "the references are not as many as the entries");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* ---- the rest ---- */

static enum fwl_err
check_expiries(struct fwl_fsck *f, uint64_t txs)
{
    uint64_t count = 0;
    enum fwl_err err = fwl_fsck_count(f, &count, FWL_SPACE_EXP);

    if (err == FWL_OK && count != txs) {
        return fwl_fsck_fail(f, FWL_SPACE_EXP, fwl_span(NULL, 0), "there are expiries of ids that the state has not");
    }
    return err;
}

static enum fwl_err
check_evidence(struct fwl_fsck *f)
{
    struct fwl_kv_entry e = {0};
    enum fwl_err err = FWL_OK;

    while ((err = fwl_fsck_next(f, &e, FWL_SPACE_EV, e.key)) == FWL_OK) {
        uint8_t key[34] = {FWL_TABLE_EVIDENCE};
        struct fwl_span entry;

        if (e.key.size != 33 || e.value.size != 8 || fwl_load_be64(e.value.p) > f->tip) {
            return fwl_fsck_fail(f, FWL_SPACE_EV, e.key, "it names no block");
        }
        memcpy(key + 1, e.key.p, 33);
        if (fwl_kv_get(&f->kv, &entry, FWL_SPACE_KV, fwl_span(key, sizeof(key))) != FWL_OK) {
            return fwl_fsck_fail(f, FWL_SPACE_EV, e.key, "the state has no such evidence");
        }
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

enum fwl_err
fwl_fsck_state(struct fwl_fsck *f)
{
    struct counts n = {0};
    enum fwl_err err = check_entries(f, &n);

    err = err == FWL_OK ? check_tree(f, n.entries) : err;
    err = err == FWL_OK ? check_expiries(f, n.txs) : err;
    err = err == FWL_OK ? check_values(f, &n) : err;
    return err == FWL_OK ? check_evidence(f) : err;
}
