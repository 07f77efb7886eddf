/* validators.change, params.set and evidence, with real keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger/model/epoch.h"
#include "ledger/model/evidence.h"
#include "ledger/model/statement.h"
#include "ledger_help.h"

static void
validator(struct fwl_secret *secret, uint8_t n)
{
    help_secret(secret, n);
    secret->kind = FWL_KEY_VALIDATOR;
}

/* What a change by @numbers carries; the buffers live as long as the action is used. */
struct change {
    struct fwl_action a;
    uint8_t members[2048], bitmap[1];
    struct fwl_sig64 sig;
};

/* The set of @numbers, consented to by the governor; @added (0: none) proves possession over block 1. */
static void
change_make(struct help_ledger *l, struct change *c, const uint8_t *numbers, size_t count, uint8_t added)
{
    uint8_t set[FWL_VALIDATORS_SIZE_MAX];
    uint8_t header[FWL_HEADER_SIZE];
    uint8_t key[8];
    uint8_t keys[256];
    uint8_t points[33 * FWL_KEYS_MAX];
    struct fwl_header h = {.version = FWL_HEADER_VERSION, .height = 1};
    struct fwl_validators v;
    struct fwl_governors g;
    struct fwl_hash32 vh;
    struct fwl_hash32 gh;
    struct fwl_hash32 digest;

    *c = (struct change){.a = {.code = FWL_ACTION_VALIDATORS_CHANGE, .has = FWL_HAS(2)}};
    c->a.u.validators.members = help_members(c->members, sizeof(c->members), numbers, count);
    assert_int_equal(fwl_member_set(&v, set, c->a.u.validators.members), FWL_OK);
    fwl_validators_hash(&vh, &v);
    assert_int_equal(fwl_key_governors(&g, points, help_keys(keys, sizeof(keys), 1, 1), 1), FWL_OK);
    fwl_governors_hash(&gh, &g);
    fwl_statement_epoch(&digest, &l->at.chain_id, l->at.epoch + 1, &vh, &gh);
    fwl_ecdsa_sign(&c->sig, &help_governor, &digest);
    c->bitmap[0] = 1;
    c->a.u.validators.signatures.bitmap = fwl_span(c->bitmap, 1);
    c->a.u.validators.signatures.sigs = fwl_span(c->sig.b, sizeof(c->sig.b));
    if (added != 0) {
        struct fwl_possession *p = &c->a.u.validators.possession;
        struct fwl_secret secret;

        fwl_header_encode(header, &h);
        fwl_store_be64(key, 1);
        assert_int_equal(fwl_overlay_put(&l->base, FWL_SPACE_HDR, fwl_span(key, 8), fwl_span(header, sizeof(header))),
                         FWL_OK);
        p->height = 1;
        fwl_header_hash(&p->block_hash, &h);
        fwl_statement_possession(&digest, &l->at.chain_id, 1, &p->block_hash);
        validator(&secret, added);
        fwl_schnorr_sign(&p->sig, &secret, &digest);
        c->a.has |= FWL_HAS(3);
    }
}

#define REFUSED(l, call, code)                                                                                         \
    do {                                                                                                               \
        size_t count_before = (l)->block.count;                                                                        \
        assert_int_equal(call, code);                                                                                  \
        assert_true(strlen((l)->why.rule) > 10);                                                                       \
        assert_int_equal((l)->block.count, count_before);                                                              \
    } while (0)

static void
test_change__set(void **unused)
{
    static const uint8_t now[] = {101, 102, 103, 104};
    static const uint8_t added[] = {101, 102, 103, 104, 105};
    static const uint8_t two[] = {101, 102, 103, 105, 106};
    static const uint8_t three[] = {101, 102, 103};
    static const uint8_t swapped[] = {101, 102, 103, 105, 107};
    struct help_ledger l;
    struct change c;
    struct fwl_state_result r;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    change_make(&l, &c, now, 4, 0);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_STATE);
    change_make(&l, &c, two, 5, 105);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_LIMIT);
    change_make(&l, &c, three, 3, 0);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_VALUE);
    change_make(&l, &c, added, 5, 0);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_MISSING);
    change_make(&l, &c, added, 5, 106);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_SIGNATURE);
    change_make(&l, &c, added, 5, 105);
    c.a.u.validators.possession.block_hash.b[0] ^= 1;
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_HASH);
    change_make(&l, &c, added, 5, 105);
    c.a.u.validators.possession.height = l.at.height;
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_RANGE);
    change_make(&l, &c, added, 5, 105);
    c.sig.b[40] ^= 1;
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_SIGNATURE);
    change_make(&l, &c, added, 5, 105);
    c.a.has &= ~FWL_HAS(2);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_MISSING);
    change_make(&l, &c, added, 5, 105);
    REFUSED(&l, help_do(&l, "acme", c.a), FWL_ERR_ROLE);
    assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_STATE); /* one a block */
    REFUSED(&l, help_put(&l, "governors", FWL_ROLE_GOVERNORS, (struct fwl_quotas){9, 9, 9, 9}), FWL_ERR_STATE);
    assert_int_equal(fwl_state_end(l.state, &r), FWL_OK);
    assert_true(r.validators_changed);
    assert_int_equal(r.signatures.sigs.size, 64);
    assert_int_equal(fwl_overlay_merge(&l.base, &l.block), FWL_OK);

    l.at.epoch = 1;
    help_begin(&l);
    change_make(&l, &c, swapped, 5, 107); /* 104 becomes 107 of the same organisation */
    assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
    help_end(&l);
    l.at.epoch = 2;
    help_begin(&l);
    change_make(&l, &c, added, 5, 104); /* a key that left */
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_EXISTS);
    help_end(&l);
    help_close(&l);
}

static void
test_change__possession_age(void **unused)
{
    static const uint8_t added[] = {101, 102, 103, 104, 105};
    struct help_ledger l;
    struct change c;

    (void)unused;
    help_open(&l);
    l.at.height = FWL_POSSESSION_BLOCKS_MAX + 1; /* the next is one too far from height 1 */
    help_begin(&l);
    change_make(&l, &c, added, 5, 105);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_RANGE);
    l.at.height = FWL_POSSESSION_BLOCKS_MAX;
    help_begin(&l);
    assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
    help_close(&l);
}

static void
test_change__params(void **unused)
{
    struct help_ledger l;
    struct fwl_action a = {.code = FWL_ACTION_PARAMS_SET};
    struct fwl_kv kv;
    struct fwl_params now;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    kv = fwl_overlay_kv(&l.block);
    a.u.params = l.at.params;
    a.u.params.heartbeat_ms = 5000;
    REFUSED(&l, help_do(&l, "acme", a), FWL_ERR_ROLE);
    assert_int_equal(help_do(&l, "governors", a), FWL_OK);
    assert_int_equal(fwl_state_params(&kv, &now, NULL), FWL_OK);
    assert_int_equal(now.heartbeat_ms, 5000);
    a.u.params.protocol.number = FWL_PROTOCOL + 1;
    a.u.params.protocol.activation_height = l.at.height;
    REFUSED(&l, help_do(&l, "governors", a), FWL_ERR_VALUE);
    a.u.params.protocol.activation_height++;
    assert_int_equal(help_do(&l, "governors", a), FWL_OK);
    help_end(&l);
    help_close(&l);
}

static void
test_change__evidence(void **unused)
{
    struct help_ledger l;
    struct fwl_validators set;
    uint8_t buffer[FWL_VALIDATORS_SIZE_MAX];
    uint8_t value[FWL_VALIDATORS_SIZE_MAX + 16];
    uint8_t key[8] = {0};
    uint8_t record[FWL_EVIDENCE_SIZE];
    struct fwl_vote vote[2];
    struct fwl_evidence ev;
    struct fwl_secret secret;
    struct fwl_pubkey32 point;
    struct fwl_writer w;
    struct fwl_kv kv;

    (void)unused;
    help_open(&l);
    help_world(&l);
    kv = fwl_overlay_kv(&l.base);
    assert_int_equal(fwl_state_validators(&kv, &set, buffer, NULL), FWL_OK);
    fwl_writer_init(&w, value, sizeof(value));
    fwl_writer_u64(&w, 0);
    fwl_writer_u16(&w, (uint16_t)FWL_VALIDATORS_SIZE(set.n));
    fwl_validators_put(&w, &set);
    assert_int_equal(fwl_overlay_put(&l.base, FWL_SPACE_SET, fwl_span(key, 8), fwl_span(value, w.size)), FWL_OK);
    validator(&secret, 102);
    fwl_secret_xonly(&point, &secret);
    for (unsigned i = 0; i < 2; i++) {
        struct fwl_hash32 digest;

        vote[i] = (struct fwl_vote){.kind = FWL_VOTE_NOTARIZE, .height = 1, .view = 0};
        vote[i].block_hash.b[0] = (uint8_t)(i + 1);
        assert_true(fwl_validators_find(&vote[i].idx, &set, &point));
        fwl_vote_digest(&digest, &l.at.chain_id, vote[i].kind, 1, 0, &vote[i].block_hash);
        fwl_schnorr_sign(&vote[i].sig, &secret, &digest);
    }
    assert_int_equal(fwl_evidence_make(&ev, &vote[0], &vote[1]), FWL_OK);
    fwl_evidence_encode(record, &ev);
    help_begin(&l);
    record[FWL_EVIDENCE_SIZE - 1] ^= 1;
    REFUSED(&l, fwl_state_apply(l.state, &l.why, NULL, fwl_span(record, sizeof(record))), FWL_ERR_SIGNATURE);
    record[FWL_EVIDENCE_SIZE - 1] ^= 1;
    assert_int_equal(fwl_state_apply(l.state, &l.why, NULL, fwl_span(record, sizeof(record))), FWL_OK);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, NULL, fwl_span(record, sizeof(record))), FWL_ERR_EXISTS);
    l.at.height = FWL_EVIDENCE_BLOCKS_MAX + 1;
    help_begin(&l);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, NULL, fwl_span(record, sizeof(record))), FWL_ERR_RANGE);
    l.at.height = FWL_EVIDENCE_BLOCKS_MAX;
    help_begin(&l);
    assert_int_equal(fwl_state_apply(l.state, &l.why, NULL, fwl_span(record, sizeof(record))), FWL_OK);
    help_close(&l);
}

/* A consensus key that is another member's node key: one key would speak in two roles. */
static void
test_change__node_keys(void **unused)
{
    static const uint8_t now[] = {101, 102, 103, 104};
    static const uint8_t added[] = {101, 102, 103, 104, 105};
    struct help_ledger l;
    struct change c;
    struct fwl_secret secret;
    struct fwl_pubkey32 key;
    struct fwl_member m;
    struct fwl_reader it;
    struct fwl_writer w;
    uint8_t node[34];
    uint8_t members[2048];
    struct fwl_list list = {0};

    (void)unused;
    help_open(&l);
    help_world(&l);
    validator(&secret, 105);
    fwl_secret_xonly(&key, &secret);
    fwl_writer_init(&w, node, sizeof(node));
    fwl_cbor_put_bytes(&w, fwl_span(key.b, sizeof(key.b)));
    for (unsigned i = 0; i < 2; i++) { /* first 105 becomes a node key of a member, then it wants to be a member */
        change_make(&l, &c, i == 0 ? now : added, i == 0 ? 4 : 5, i == 0 ? 0 : 105);
        list = (struct fwl_list){.count = c.a.u.validators.members.count};
        fwl_writer_init(&w, members, sizeof(members));
        fwl_list_begin(&it, c.a.u.validators.members);
        for (size_t at = 0; fwl_member_next(&it, &m);) {
            if (memcmp(m.key.b, key.b, 32) != 0 && at++ == 0) {
                m.node_keys = (struct fwl_list){.items = fwl_span(node, sizeof(node)), .count = 1};
            }
            fwl_member_put(&w, &m);
        }
        assert_int_equal(fwl_writer_finish(&w, &list.items), FWL_OK);
        c.a.u.validators.members = list;
        help_begin(&l);
        if (i == 0) {
            c.a.has = 0; /* starts no epoch */
            assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
            help_end(&l);
        } else {
            REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_DUPLICATE);
        }
    }
    help_close(&l);
}

/* A set of governors by the numbers of their keys. */
struct governors {
    struct fwl_governors set;
    uint8_t first;
    uint8_t items[1024], points[33 * FWL_KEYS_MAX];
    struct fwl_list keys;
};

static void
governors_make(struct governors *g, uint8_t first, size_t count, uint8_t threshold)
{
    g->first = first;
    g->keys = help_keys(g->items, sizeof(g->items), first, count);
    assert_int_equal(fwl_key_governors(&g->set, g->points, g->keys, threshold), FWL_OK);
}

/* Bitmap and signatures of the first keys of @g, as many as its threshold; @out 2 + 64 * 16 bytes. */
static void
governors_sign(const struct governors *g, uint8_t *bitmap, uint8_t *sigs, const struct fwl_hash32 *digest)
{
    *bitmap = 0;
    for (uint8_t i = 0; i < g->set.threshold; i++) {
        for (uint8_t n = 0; n < g->set.count; n++) {
            struct fwl_secret secret;
            struct fwl_pubkey33 point;
            struct fwl_sig64 sig;
            int64_t alg;

            help_secret(&secret, (uint8_t)(g->first + n));
            fwl_secret_point(&alg, &point, &secret);
            if (memcmp(point.b, g->set.keys.p + 33 * (size_t)i, 33) == 0) {
                fwl_ecdsa_sign(&sig, &secret, digest);
                memcpy(sigs + 64 * (size_t)i, sig.b, 64);
                *bitmap = (uint8_t)(*bitmap | 1U << i);
            }
        }
    }
}

/* What a device gets for the change in block 2, with the certificate of 101, 102 and 103. */
static void
step_make(struct fwl_epoch_step *step, const struct help_ledger *l, const struct fwl_validators *before,
          const struct fwl_validators *after, uint8_t *buffer)
{
    struct fwl_vote votes[3];
    const struct fwl_vote *pointers[3];
    struct fwl_hash32 digest;
    struct fwl_hash32 hash;

    step->header = (struct fwl_header){
        .version = FWL_HEADER_VERSION, .chain_id = l->at.chain_id, .height = l->at.height, .time_ms = l->at.time_ms};
    step->validators = *after;
    fwl_validators_hash(&step->header.validators_hash, before);
    fwl_validators_hash(&step->header.next_validators_hash, after);
    fwl_header_hash(&hash, &step->header);
    for (uint16_t i = 0; i < 3; i++) {
        votes[i] =
            (struct fwl_vote){.kind = FWL_VOTE_FINALIZE, .height = step->header.height, .block_hash = hash, .idx = i};
        fwl_vote_digest(&digest, &l->at.chain_id, FWL_VOTE_FINALIZE, votes[i].height, 0, &hash);
        for (uint8_t n = 101; n <= 104; n++) {
            struct fwl_secret secret;
            struct fwl_pubkey32 point;
            struct fwl_pubkey32 key;

            validator(&secret, n);
            fwl_secret_xonly(&point, &secret);
            fwl_validators_key(&key, before, i);
            if (memcmp(point.b, key.b, sizeof(key.b)) == 0) {
                fwl_schnorr_sign(&votes[i].sig, &secret, &digest);
            }
        }
        pointers[i] = &votes[i];
    }
    assert_int_equal(fwl_cert_make(&step->cert, buffer, 4096, before->n, pointers, 3), FWL_OK);
}

/* Governors rotate; the next change of the set carries the consent of both, and a device that knows the old follows. */
static void
test_change__governors_rotate(void **unused)
{
    static const uint8_t five[] = {101, 102, 103, 104, 105};
    static const uint8_t four[] = {101, 102, 103, 104};
    struct help_ledger l;
    struct governors old;
    struct governors now;
    struct change c;
    struct fwl_governor_signatures *sig = &c.a.u.validators.signatures;
    struct fwl_action rotate = {.code = FWL_ACTION_PARTICIPANT_ROTATE};
    struct fwl_validators before;
    struct fwl_validators after;
    struct fwl_hash32 vh;
    struct fwl_hash32 gh;
    struct fwl_hash32 digest;
    struct fwl_state_result r;
    struct fwl_epoch_step step = {.header = {0}};
    struct fwl_epoch_trusted trusted = {.time_ms = HELP_T0};
    uint8_t sets[2][FWL_VALIDATORS_SIZE_MAX];
    uint8_t sigs[2][1 + 64 * 3];
    uint8_t buffer[4096];
    struct fwl_kv kv;

    (void)unused;
    help_open(&l);
    kv = fwl_overlay_kv(&l.base);
    governors_make(&old, 1, 1, 1);
    governors_make(&now, 31, 3, 2);
    assert_int_equal(fwl_state_validators(&kv, &before, sets[0], NULL), FWL_OK);
    help_begin(&l);
    rotate.u.participant.keys = now.keys;
    rotate.u.participant.threshold = 2;
    assert_int_equal(help_do(&l, "governors", rotate), FWL_OK);
    help_end(&l);

    help_begin(&l);
    change_make(&l, &c, five, 5, 105);
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_KEYS); /* the old set alone */
    assert_int_equal(fwl_member_set(&after, sets[1], c.a.u.validators.members), FWL_OK);
    fwl_validators_hash(&vh, &after);
    fwl_governors_hash(&gh, &now.set);
    fwl_statement_epoch(&digest, &l.at.chain_id, 1, &vh, &gh);
    governors_sign(&now, &sigs[0][0], sigs[0] + 1, &digest);
    governors_sign(&old, &sigs[1][0], sigs[1] + 1, &digest);
    *sig = (struct fwl_governor_signatures){.bitmap = fwl_span(sigs[0], 1), .sigs = fwl_span(sigs[0] + 1, 128)};
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_KEYS); /* the new set alone */
    sig->old_bitmap = fwl_span(sigs[1], 1);
    sig->old_sigs = fwl_span(sigs[1] + 1, 64);
    sigs[1][40] ^= 1;
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_SIGNATURE);
    sigs[1][40] ^= 1;
    assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
    assert_int_equal(fwl_state_end(l.state, &r), FWL_OK);
    assert_true(r.validators_changed);
    assert_int_equal(r.signatures.old_sigs.size, 64);
    step_make(&step, &l, &before, &after, buffer);
    step.governors = now.set;
    step.sigs = fwl_span(sigs[0], 1 + 128);
    step.old_sigs = fwl_span(sigs[1], 1 + 64);
    trusted.chain_id = l.at.chain_id;
    trusted.validators = before;
    trusted.governors = old.set;
    assert_int_equal(fwl_epoch_verify(&step, &trusted), FWL_OK);
    step.old_sigs.size = 0;
    assert_int_equal(fwl_epoch_verify(&step, &trusted), FWL_ERR_KEYS);
    step.old_sigs.size = 65;
    trusted.governors = now.set;
    assert_int_equal(fwl_epoch_verify(&step, &trusted), FWL_ERR_KEYS); /* twice the same set */
    assert_int_equal(fwl_overlay_merge(&l.base, &l.block), FWL_OK);

    l.at.epoch = 1; /* from here on the new set alone, and no more than it */
    help_begin(&l);
    change_make(&l, &c, four, 4, 0);
    fwl_statement_epoch(&digest, &l.at.chain_id, 2, &step.header.validators_hash, &gh);
    governors_sign(&now, &sigs[0][0], sigs[0] + 1, &digest);
    *sig = (struct fwl_governor_signatures){.bitmap = fwl_span(sigs[0], 1),
                                            .sigs = fwl_span(sigs[0] + 1, 128),
                                            .old_bitmap = fwl_span(sigs[0], 1),
                                            .old_sigs = fwl_span(sigs[0] + 1, 128)};
    REFUSED(&l, help_do(&l, "governors", c.a), FWL_ERR_KEYS);
    *sig = (struct fwl_governor_signatures){.bitmap = fwl_span(sigs[0], 1), .sigs = fwl_span(sigs[0] + 1, 128)};
    assert_int_equal(help_do(&l, "governors", c.a), FWL_OK);
    help_end(&l);
    help_close(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change__set),       cmocka_unit_test(test_change__possession_age),
        cmocka_unit_test(test_change__node_keys), cmocka_unit_test(test_change__governors_rotate),
        cmocka_unit_test(test_change__params),    cmocka_unit_test(test_change__evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
