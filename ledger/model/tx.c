#include "ledger/model/tx.h"

#include "ledger/model/name.h"

enum {
    COSE_SIGN = 98, /* CBOR tag */
    PROTECTED_MAX = 16,
};

static const struct fwl_form_field fields[] = {
    FWL_F_HASH(1, false, struct fwl_tx, chain_id, "transaction.chain_id"),
    FWL_F_NAME(2, false, struct fwl_tx, participant, FWL_PARTICIPANT_ID_MAX, fwl_name_participant,
               "transaction.participant"),
    FWL_F_UINT(3, false, struct fwl_tx, expires_s, 0, UINT64_MAX, "transaction.expires"),
    FWL_F_BYTES(4, false, struct fwl_tx, salt, FWL_TX_SALT_SIZE, FWL_TX_SALT_SIZE, "transaction.salt"),
    FWL_F_LIST(5, false, struct fwl_tx, actions, 1, FWL_TX_ACTIONS_MAX, fwl_action_item, "transaction.actions"),
};

static void
put_protected(struct fwl_writer *w, int64_t alg, const struct fwl_kid *kid)
{
    fwl_cbor_put_map(w, 2);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_int(w, alg);
    fwl_cbor_put_uint(w, 4);
    fwl_cbor_put_bytes(w, fwl_span(kid->b, sizeof(kid->b)));
}

static void
read_protected(struct fwl_reader *r, struct fwl_tx_signature *out)
{
    struct fwl_span bytes = fwl_cbor_bytes(r, PROTECTED_MAX);
    struct fwl_reader p;
    struct fwl_cbor_map map;
    int64_t key = 0;

    if (!fwl_reader_ok(r)) {
        return;
    }
    fwl_reader_init(&p, bytes);
    map = fwl_cbor_map_begin(&p, 2);
    if (!fwl_cbor_map_next_int(&p, &map, &key) || key != 1) {
        fwl_reader_fail(&p, FWL_ERR_MISSING);
    }
    out->alg = fwl_cbor_int(&p);
    if (fwl_reader_ok(&p) && out->alg != FWL_ALG_ES256K && out->alg != FWL_ALG_ESP256) {
        fwl_reader_fail(&p, FWL_ERR_UNKNOWN);
    }
    if (!fwl_cbor_map_next_int(&p, &map, &key) || key != 4) {
        fwl_reader_fail(&p, FWL_ERR_MISSING);
    }
    fwl_cbor_bytes_exact(&p, out->kid.b, sizeof(out->kid.b));
    if (fwl_reader_finish(&p) != FWL_OK) {
        fwl_reader_fail(r, p.err);
    }
}

static void
read_signature(struct fwl_reader *r, struct fwl_tx_signature *out)
{
    *out = (struct fwl_tx_signature){0};
    fwl_reader_field(r, "transaction.signature");
    fwl_cbor_array_exact(r, 3);
    read_protected(r, out);
    (void)fwl_cbor_map_begin(r, 0);
    fwl_cbor_bytes_exact(r, out->sig.b, sizeof(out->sig.b));
}

static void
item_signature(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_tx_signature s;

    read_signature(r, &s);
    if (fwl_reader_ok(r)) {
        fwl_form_ascend(r, order, fwl_span(s.kid.b, sizeof(s.kid.b)));
        memcpy(order->copy, s.kid.b, sizeof(order->copy));
        order->key = fwl_span(order->copy, sizeof(order->copy));
    }
}

static void
read_payload(struct fwl_reader *r, struct fwl_tx *out)
{
    struct fwl_reader p;

    fwl_reader_init(&p, out->payload);
    fwl_form_read(&p, out, &out->has, fields, FWL_COUNT(fields));
    if (fwl_reader_finish(&p) != FWL_OK) {
        size_t before = r->offset - out->payload.size; /* r stands just behind the payload */

        fwl_reader_field(r, p.field == NULL ? "transaction.payload" : p.field);
        fwl_reader_fail(r, p.err);
        r->offset = before + p.offset;
    }
}

enum fwl_err
fwl_tx_decode(struct fwl_tx *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    memset(out, 0, sizeof(*out));
    fwl_fault_begin(&r, in, FWL_TX_MAX);
    fwl_reader_field(&r, "transaction");
    if (fwl_cbor_tag(&r) != COSE_SIGN) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    fwl_cbor_array_exact(&r, 4);
    (void)fwl_cbor_bytes(&r, 0);
    (void)fwl_cbor_map_begin(&r, 0);
    out->payload = fwl_cbor_bytes(&r, FWL_TX_MAX);
    if (fwl_reader_ok(&r)) {
        read_payload(&r, out);
    }
    fwl_reader_field(&r, "transaction.signatures");
    fwl_form_array(&r, &out->signatures, 1, FWL_TX_SIGNATURES_MAX, item_signature);
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

bool
fwl_tx_next_action(struct fwl_reader *it, struct fwl_action *action)
{
    bool more = it->left != 0;

    memset(action, 0, sizeof(*action));
    if (more) {
        fwl_action_read(it, action);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_tx_next_signature(struct fwl_reader *it, struct fwl_tx_signature *signature)
{
    bool more = it->left != 0;

    *signature = (struct fwl_tx_signature){0};
    if (more) {
        read_signature(it, signature);
    }
    return more && fwl_reader_ok(it);
}

void
fwl_tx_id(struct fwl_hash32 *out, struct fwl_span payload)
{
    fwl_tagged_hash(out, "fwledger/tx/v1", payload);
}

void
fwl_tx_digest(struct fwl_hash32 *out, int64_t alg, const struct fwl_kid *kid, struct fwl_span payload)
{
    uint8_t protected_header[PROTECTED_MAX];
    uint8_t head[64];
    struct fwl_writer w;
    struct fwl_span parts[2] = {{0}, payload};
    struct fwl_span p;

    fwl_writer_init(&w, protected_header, sizeof(protected_header));
    put_protected(&w, alg, kid);
    FWL_ASSERT(fwl_writer_finish(&w, &p) == FWL_OK);
    fwl_writer_init(&w, head, sizeof(head));
    fwl_cbor_put_array(&w, 5);
    fwl_cbor_put_text(&w, fwl_span_text("Signature"));
    fwl_cbor_put_bytes(&w, fwl_span(NULL, 0));
    fwl_cbor_put_bytes(&w, p);
    fwl_cbor_put_bytes(&w, fwl_span(NULL, 0));
    /* the head of the payload's byte string; its bytes are the second part */
    if (payload.size < 24) {
        fwl_writer_u8(&w, (uint8_t)(0x40 | payload.size));
    } else if (payload.size <= UINT8_MAX) {
        fwl_writer_u8(&w, 0x58);
        fwl_writer_u8(&w, (uint8_t)payload.size);
    } else if (payload.size <= UINT16_MAX) {
        fwl_writer_u8(&w, 0x59);
        fwl_writer_u16(&w, (uint16_t)payload.size);
    } else {
        fwl_writer_u8(&w, 0x5a);
        fwl_writer_u32(&w, (uint32_t)payload.size);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &parts[0]) == FWL_OK);
    fwl_sha256_parts(out, parts, 2);
}

static enum fwl_err
verify_one(const struct fwl_tx *tx, const struct fwl_tx_signature *s, const struct fwl_key *key)
{
    struct fwl_hash32 digest;

    fwl_tx_digest(&digest, s->alg, &s->kid, tx->payload);
    return fwl_ecdsa_verify(s->alg, &s->sig, &digest, &key->point) == FWL_OK ? FWL_OK : FWL_ERR_SIGNATURE;
}

/*
 * The key of a signature in either list; fills which lists have it. A kid has 8 bytes only: whoever finds a new key
 * with the kid of an old one must not sign for both with it, so one that names two keys names none.
 */
static bool
find_key(struct fwl_key *key, bool in[2], const struct fwl_tx_signature *s, const struct fwl_list lists[2])
{
    struct fwl_key found[2];

    for (size_t i = 0; i < 2; i++) {
        in[i] = fwl_key_find(&found[i], lists[i], &s->kid) && found[i].alg == s->alg;
    }
    if (in[0] && in[1] && memcmp(found[0].point.b, found[1].point.b, sizeof(found[0].point.b)) != 0) {
        in[0] = in[1] = false;
    }
    if (in[0] || in[1]) {
        *key = found[in[0] ? 0 : 1];
    }
    return in[0] || in[1];
}

enum fwl_err
fwl_tx_verify_rotation(const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold, struct fwl_list new_keys,
                       uint64_t new_threshold)
{
    const struct fwl_list lists[2] = {keys, new_keys};
    uint64_t signers[2] = {0, 0};
    struct fwl_reader it;
    struct fwl_tx_signature s;
    struct fwl_key key;
    bool in[2];

    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &s);) {
        if (!find_key(&key, in, &s, lists)) {
            return FWL_ERR_KEYS;
        }
        signers[0] += in[0];
        signers[1] += in[1];
    }
    if (signers[0] < threshold || signers[1] < new_threshold) {
        return FWL_ERR_KEYS;
    }
    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &s);) {
        (void)find_key(&key, in, &s, lists);
        if (!(in[0] && signers[0] == threshold) && !(in[1] && signers[1] == new_threshold)) {
            return FWL_ERR_KEYS; /* superfluous: both thresholds hold without it */
        }
    }
    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &s);) {
        (void)find_key(&key, in, &s, lists);
        if (verify_one(tx, &s, &key) != FWL_OK) {
            return FWL_ERR_SIGNATURE;
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_tx_verify(const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold)
{
    /* One list twice: everybody counts for both, so exactly @threshold are asked for. */
    return fwl_tx_verify_rotation(tx, keys, threshold, keys, threshold);
}

void
fwl_tx_put_payload(struct fwl_writer *w, const struct fwl_tx *tx)
{
    fwl_form_put(w, tx, 0x3e, fields, FWL_COUNT(fields), (struct fwl_list){0});
}

static void
put_signature(struct fwl_writer *w, const struct fwl_tx_signature *s)
{
    uint8_t bytes[PROTECTED_MAX];
    struct fwl_writer p;
    struct fwl_span protected_header;

    fwl_writer_init(&p, bytes, sizeof(bytes));
    put_protected(&p, s->alg, &s->kid);
    if (fwl_writer_finish(&p, &protected_header) != FWL_OK) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN); /* an algorithm whose number is that long is none of ours */
    }
    fwl_cbor_put_array(w, 3);
    fwl_cbor_put_bytes(w, protected_header);
    fwl_cbor_put_map(w, 0);
    fwl_cbor_put_bytes(w, fwl_span(s->sig.b, sizeof(s->sig.b)));
}

void
fwl_tx_put(struct fwl_writer *w, struct fwl_span payload, struct fwl_tx_signature *signatures, size_t count)
{
    if (count > FWL_TX_SIGNATURES_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    for (size_t i = 1; i < count; i++) { /* insertion sort of at most 32 */
        struct fwl_tx_signature s = signatures[i];
        size_t at = i;

        for (; at > 0 && memcmp(signatures[at - 1].kid.b, s.kid.b, FWL_KID_SIZE) > 0; at--) {
            signatures[at] = signatures[at - 1];
        }
        if (at > 0 && memcmp(signatures[at - 1].kid.b, s.kid.b, FWL_KID_SIZE) == 0) {
            fwl_writer_fail(w, FWL_ERR_DUPLICATE);
        }
        signatures[at] = s;
    }
    fwl_cbor_put_tag(w, COSE_SIGN);
    fwl_cbor_put_array(w, 4);
    fwl_cbor_put_bytes(w, fwl_span(NULL, 0));
    fwl_cbor_put_map(w, 0);
    fwl_cbor_put_bytes(w, payload);
    fwl_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        put_signature(w, &signatures[i]);
    }
}
