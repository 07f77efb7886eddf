#include "tests/unit/query/chain.h"

#include <stdlib.h>

#include "core/host/heap.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/model/cert.h"
#include "ledger/model/header.h"
#include "ledger/model/key.h"
#include "ledger/model/params.h"
#include "ledger/model/policy.h"
#include "ledger/query/layout.h"

enum {
    ARENA = 1 << 20,
    ENTRIES_MAX = 32,
};

struct maker {
    struct chain *c;
    struct fwl_overlay o;
    struct fwl_smt_change changes[ENTRIES_MAX];
    size_t count;
    struct fwl_header header;
};

static void
put(struct maker *m, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    FWL_ASSERT(fwl_overlay_put(&m->o, space, key, value) == FWL_OK);
}

static void
put_height(struct maker *m, enum fwl_space space, uint64_t height, struct fwl_span value)
{
    uint8_t key[8];

    fwl_store_be64(key, height);
    put(m, space, fwl_span(key, sizeof(key)), value);
}

/* Entry, its hash in `val`, its place in the tree. */
static void
put_entry(struct maker *m, enum fwl_table table, struct fwl_span key, struct fwl_span value)
{
    uint8_t full[128];
    uint8_t by_hash[33] = {FWL_LAYOUT_VAL_BY_HASH};
    uint8_t where[160];
    struct fwl_writer w;
    struct fwl_span out;
    struct fwl_smt_change *change = &m->changes[m->count++];

    FWL_ASSERT(key.size < sizeof(full) && m->count <= ENTRIES_MAX);
    full[0] = (uint8_t)table;
    if (key.size > 0) {
        memcpy(full + 1, key.p, key.size);
    }
    put(m, FWL_SPACE_KV, fwl_span(full, 1 + key.size), value);
    fwl_tree_key_hash(&change->key_hash, (uint8_t)table, key);
    fwl_tree_value_hash(&change->value_hash, value);
    memcpy(by_hash + 1, change->value_hash.b, 32);
    fwl_writer_init(&w, where, sizeof(where));
    fwl_writer_u32(&w, 1);
    fwl_writer_u8(&w, 1);
    fwl_writer_bytes(&w, full, 1 + key.size);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    put(m, FWL_SPACE_VAL, fwl_span(by_hash, sizeof(by_hash)), out);
}

static struct fwl_span
done(struct fwl_writer *w)
{
    struct fwl_span out;

    FWL_ASSERT(fwl_writer_finish(w, &out) == FWL_OK);
    return out;
}

static void
put_participant(struct maker *m, const char *id)
{
    struct fwl_participant_entry e = {.has = 0x7e, .threshold = 1};
    struct fwl_key key = {.alg = FWL_ALG_ES256K, .point = {.b = {2, 1}}};
    uint8_t keys[128];
    uint8_t roles[8];
    uint8_t buffer[512];
    struct fwl_writer w;

    fwl_writer_init(&w, keys, sizeof(keys));
    fwl_key_put_list(&w, &key, 1);
    e.keys = (struct fwl_list){.items = done(&w), .count = 1};
    fwl_writer_init(&w, roles, sizeof(roles));
    fwl_cbor_put_uint(&w, 1);
    e.roles = (struct fwl_list){.items = done(&w), .count = 1};
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_participant(&w, &e);
    put_entry(m, FWL_TABLE_PARTICIPANT, fwl_span_text(id), done(&w));
}

/* One release in table 9; returns its place in the list of the class. */
static struct fwl_live
put_release(struct maker *m, size_t i, const char *version)
{
    static const uint8_t digest[32] = {7};
    struct fwl_release r = {.has = UINT64_C(0x2000002be),
                            .provider = fwl_span_text("acme"),
                            .class_name = fwl_span_text(CHAIN_CLASS),
                            .version = fwl_span_text(version),
                            .digest = {.alg = FWL_DIGEST_SHA256, .bytes = {digest, sizeof(digest)}},
                            .size = 1000 + i,
                            .file_name = fwl_span_text("os.bin"),
                            .counter = 1,
                            .valid = true};
    struct fwl_release_entry e = {
        .has = 0x5e, .published_ms = 1000 * i, .changed_ms = 1000 * i, .status = FWL_RELEASE_LIVE};
    struct fwl_live live = {.seq = i, .flags = FWL_LIVE_VALID};
    uint8_t record[1024];
    uint8_t buffer[2048];
    struct fwl_writer w;
    struct fwl_span value;

    fwl_writer_init(&w, record, sizeof(record));
    fwl_release_put(&w, &r);
    e.record = done(&w);
    fwl_release_id(&live.id, e.record);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_release(&w, &e);
    value = done(&w);
    put_entry(m, FWL_TABLE_RELEASE, fwl_hash32_span(&live.id), value);
    fwl_entry_value_hash(&live.value, value);
    m->c->release_id[i] = live.id;
    return live;
}

static void
put_class(struct maker *m)
{
    static const char *const versions[CHAIN_RELEASES] = {"1.0.0", "1.1.0"};
    struct fwl_class_entry e = {.has = 0x3e, .scheme = FWL_SCHEME_SEMVER, .next_seq = CHAIN_RELEASES};
    struct fwl_vendor_entry vendor = {.has = 0x1e, .owner = fwl_span_text("acme")};
    uint8_t list[512];
    uint8_t buffer[1024];
    struct fwl_writer items;
    struct fwl_writer w;

    fwl_writer_init(&items, list, sizeof(list));
    for (size_t i = 0; i < CHAIN_RELEASES; i++) {
        struct fwl_live live = put_release(m, i, versions[i]);

        fwl_entry_put_live(&items, &live);
    }
    e.live = (struct fwl_list){.items = done(&items), .count = CHAIN_RELEASES};
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_class(&w, &e);
    put_entry(m, FWL_TABLE_CLASS, fwl_span_text(CHAIN_CLASS), done(&w));
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_vendor(&w, &vendor);
    put_entry(m, FWL_TABLE_VENDOR, fwl_span_text("acme"), done(&w));
}

static void
put_fleets(struct maker *m)
{
    struct fwl_policy_entry policy = {.has = 0x3fe, .version = 1, .select = FWL_SELECT_HIGHEST};
    struct fwl_fleet_entry e = {.has = 0x3e, .administrator = fwl_span_text("ops"), .max_age_ms = 60000};
    static const char source[] = "source";
    uint8_t buffer[1024];
    struct fwl_span value;
    struct fwl_writer w;

    fwl_sha256(&policy.source, fwl_span_text(source));
    put_entry(m, FWL_TABLE_SOURCE, fwl_hash32_span(&policy.source), fwl_span_text(source));
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_policy_entry_put(&w, &policy);
    value = done(&w);
    put_entry(m, FWL_TABLE_POLICY, fwl_span_text(CHAIN_FLEET), value);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_fleet(&w, &e);
    put_entry(m, FWL_TABLE_FLEET, fwl_span_text(CHAIN_BARE), done(&w));
    e.policy_version = 1;
    e.policy.some = true;
    fwl_entry_value_hash(&e.policy.hash, value);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_fleet(&w, &e);
    put_entry(m, FWL_TABLE_FLEET, fwl_span_text(CHAIN_FLEET), done(&w));
}

static void
put_consensus(struct maker *m)
{
    struct fwl_member member = {.has = 0xe, .organisation = fwl_span_text("acme")};
    struct fwl_validators_entry e = {.has = 0x6};
    struct fwl_params params;
    uint8_t governors[35] = {1, 1, 2};
    uint8_t list[256];
    uint8_t buffer[512];
    struct fwl_writer w;

    memcpy(member.key.b, m->c->validator.b, 32);
    fwl_writer_init(&w, list, sizeof(list));
    fwl_member_put(&w, &member);
    e.members = (struct fwl_list){.items = done(&w), .count = 1};
    e.governors = fwl_span(governors, sizeof(governors));
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_validators(&w, &e);
    put_entry(m, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0), done(&w));
    fwl_params_default(&params);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_params_put(&w, &params);
    put_entry(m, FWL_TABLE_PARAMS, fwl_span(NULL, 0), done(&w));
}

static void
put_sets(struct maker *m)
{
    uint8_t step[CHAIN_STEP] = {0};
    uint8_t buffer[256];
    struct fwl_writer w;

    for (uint64_t epoch = 0; epoch <= CHAIN_EPOCH; epoch++) {
        fwl_writer_init(&w, buffer, sizeof(buffer));
        fwl_writer_u64(&w, epoch < CHAIN_EPOCH ? 0 : 3);
        fwl_writer_u16(&w, FWL_VALIDATORS_SIZE(1));
        fwl_writer_u16(&w, 1);
        fwl_writer_bytes(&w, m->c->validator.b, 32);
        step[0] = (uint8_t)(epoch + 1);
        fwl_writer_bytes(&w, step, epoch < CHAIN_EPOCH ? sizeof(step) : 0);
        put_height(m, FWL_SPACE_SET, epoch, done(&w));
    }
}

static void
put_block(struct maker *m, uint64_t height)
{
    static const uint8_t two[] = {0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 2, 'b', 'c'};
    static const uint8_t none[] = {0, 0, 0, 0};
    uint8_t cert[4 + 1 + 64] = {0, 0, 0, 0, 1};
    uint8_t bytes[FWL_HEADER_SIZE];
    struct fwl_hash32 hash;
    uint8_t be[8];
    struct fwl_header *h = &m->header;

    h->height = height;
    h->time_ms += 1000;
    h->txs_count = height == 1 ? 2 : 0;
    h->log_size += h->txs_count;
    h->body_size = FWL_HEADER_SIZE + (height == 1 ? sizeof(two) : sizeof(none));
    h->epoch = height < 3 ? 0 : CHAIN_EPOCH;
    fwl_header_encode(bytes, h);
    fwl_header_hash(&hash, h);
    fwl_store_be64(be, height);
    put_height(m, FWL_SPACE_HDR, height, fwl_span(bytes, sizeof(bytes)));
    put(m, FWL_SPACE_HASH, fwl_hash32_span(&hash), fwl_span(be, sizeof(be)));
    put_height(m, FWL_SPACE_BLK, height, height == 1 ? fwl_span(two, sizeof(two)) : fwl_span(none, sizeof(none)));
    if (height > 0) {
        put_height(m, FWL_SPACE_FIN, height, fwl_span(cert, sizeof(cert)));
    }
    put(m, FWL_SPACE_META, fwl_span_text(FWL_LAYOUT_META_HEIGHT), fwl_span(be, sizeof(be)));
    h->prev_hash = hash;
}

static void
put_indexes(struct maker *m)
{
    static const uint8_t place[12] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
    static const uint8_t old[] = {0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 'o', 'l', 'd'};
    uint8_t by_hash[33] = {FWL_LAYOUT_VAL_BY_HASH};

    m->c->txid.b[0] = 9;
    put(m, FWL_SPACE_TXID, fwl_hash32_span(&m->c->txid), fwl_span(place, sizeof(place)));
    fwl_tree_value_hash(&m->c->replaced, fwl_span_text("old"));
    memcpy(by_hash + 1, m->c->replaced.b, 32);
    put(m, FWL_SPACE_VAL, fwl_span(by_hash, sizeof(by_hash)), fwl_span(old, sizeof(old)));
}

static void
commit(struct maker *m)
{
    struct fwl_storage storage = fwl_memstore_storage(m->c->store);

    FWL_ASSERT(fwl_storage_commit(&storage, &m->o) == FWL_OK);
    fwl_free(m->o.arena);
}

void
chain_make(struct chain *c)
{
    struct maker m = {.c = c, .header = {.version = FWL_HEADER_VERSION, .time_ms = UINT64_C(1700000000000)}};

    *c = (struct chain){.store = fwl_memstore_new()};
    c->chain_id.b[0] = 0xc1;
    c->validator.b[0] = 0x55;
    m.header.chain_id = c->chain_id;
    fwl_overlay_init(&m.o, NULL, fwl_malloc(ARENA), ARENA);
    put_participant(&m, "acme");
    put_participant(&m, "ops");
    put_class(&m);
    put_fleets(&m);
    put_consensus(&m);
    put_sets(&m);
    put_indexes(&m);
    FWL_ASSERT(fwl_smt_update(&m.o, &c->state_root, m.changes, m.count) == FWL_OK);
    m.header.state_root = c->state_root;
    for (uint64_t height = 0; height <= CHAIN_HEIGHT; height++) {
        put_block(&m, height);
    }
    commit(&m);
}

void
chain_free(struct chain *c)
{
    fwl_memstore_free(c->store);
}

void
chain_put(struct chain *c, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    struct maker m = {.c = c};

    fwl_overlay_init(&m.o, NULL, fwl_malloc(ARENA), ARENA);
    if (value.p == NULL) {
        FWL_ASSERT(fwl_overlay_delete(&m.o, space, key) == FWL_OK);
    } else {
        put(&m, space, key, value);
    }
    commit(&m);
}

void
chain_grow(struct chain *c)
{
    struct fwl_storage storage = fwl_memstore_storage(c->store);
    struct maker m = {.c = c};
    struct fwl_read read;
    struct fwl_span value;
    uint8_t key[8];

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    FWL_ASSERT(fwl_kv_get(&read.kv, &value, FWL_SPACE_META, fwl_span_text(FWL_LAYOUT_META_HEIGHT)) == FWL_OK);
    memcpy(key, value.p, sizeof(key));
    FWL_ASSERT(fwl_kv_get(&read.kv, &value, FWL_SPACE_HDR, fwl_span(key, sizeof(key))) == FWL_OK);
    FWL_ASSERT(fwl_header_decode(&m.header, value) == FWL_OK);
    fwl_header_hash_bytes(&m.header.prev_hash, value);
    fwl_read_end(&read);
    fwl_overlay_init(&m.o, NULL, fwl_malloc(ARENA), ARENA);
    put_block(&m, m.header.height + 1);
    commit(&m);
}
