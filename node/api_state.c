/* Entries of the state as JSON. */
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/json/entry.h"
#include "ledger/json/release.h"
#include "ledger/model/name.h"
#include "node/api_part.h"

/* One entry as JSON, with its key; NULL with *err when it does not decode or memory is short. */
typedef json_t *to_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err);

static json_t *
participant_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err)
{
    struct fwl_participant_entry entry;

    *err = fwl_entry_participant(&entry, NULL, value);
    return *err == FWL_OK ? fwl_json_participant(key, &entry) : NULL;
}

static json_t *
vendor_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err)
{
    struct fwl_vendor_entry entry;

    *err = fwl_entry_vendor(&entry, NULL, value);
    return *err == FWL_OK ? fwl_json_vendor(key, &entry) : NULL;
}

static json_t *
class_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err)
{
    struct fwl_class_entry entry;

    *err = fwl_entry_class(&entry, NULL, value);
    return *err == FWL_OK ? fwl_json_class(key, &entry, NULL) : NULL;
}

static json_t *
fleet_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err)
{
    struct fwl_fleet_entry entry;

    *err = fwl_entry_fleet(&entry, NULL, value);
    return *err == FWL_OK ? fwl_json_fleet(key, &entry) : NULL;
}

static json_t *
evidence_json(struct fwl_span key, struct fwl_span value, enum fwl_err *err)
{
    struct fwl_evidence ev;
    struct fwl_span record;
    struct fwl_reader r;

    fwl_reader_init(&r, value);
    record = fwl_cbor_bytes(&r, FWL_EVIDENCE_SIZE);
    *err = fwl_reader_finish(&r);
    *err = *err == FWL_OK ? fwl_evidence_decode(&ev, record) : *err;
    *err = *err == FWL_OK && key.size != 33 ? FWL_ERR_CORRUPT : *err;
    return *err == FWL_OK ? fwl_json_evidence(key, record, &ev) : NULL;
}

/* Adds the height that the object was read at. Takes @object and answers with it. */
static void
reply_entry(struct fwl_api_call *c, json_t *object)
{
    if (object != NULL && json_object_set_new(object, "height", json_integer((json_int_t)c->tip_height)) != 0) {
        json_decref(object);
        object = NULL;
    }
    fwl_api_json(c, object);
}

/* What is missing, for who asked for it by its name. */
static const char *
absence(enum fwl_table table)
{
    static const struct {
        enum fwl_table table;
        const char *text;
    } known[] = {{FWL_TABLE_PARTICIPANT, "there is no such participant"},
                 {FWL_TABLE_VENDOR, "there is no such vendor"},
                 {FWL_TABLE_CLASS, "there is no such class"},
                 {FWL_TABLE_FLEET, "there is no such fleet"},
                 {FWL_TABLE_RELEASE, "there is no such release"},
                 {FWL_TABLE_EVIDENCE, "there is no such evidence"},
                 {FWL_TABLE_POLICY, "there is no such fleet, or it has no policy"}};

    for (size_t i = 0; i < FWL_COUNT(known); i++) {
        if (known[i].table == table) {
            return known[i].text;
        }
    }
    return NULL;
}

/* The bytes of an entry; false has answered. */
static bool
get(struct fwl_api_call *c, struct fwl_span *value, enum fwl_table table, struct fwl_span key)
{
    enum fwl_err err = fwl_query_entry(&c->read.kv, value, table, key);

    if (err != FWL_OK) {
        fwl_api_fail(c, err, err == FWL_ERR_ABSENT ? absence(table) : NULL, NULL);
        return false;
    }
    return true;
}

/* How the entries of a table are told that is listed, or shown as it stands. */
static to_json *
converter(enum fwl_table table)
{
    static const struct {
        enum fwl_table table;
        to_json *convert;
    } known[] = {{FWL_TABLE_PARTICIPANT, participant_json},
                 {FWL_TABLE_VENDOR, vendor_json},
                 {FWL_TABLE_CLASS, class_json},
                 {FWL_TABLE_FLEET, fleet_json},
                 {FWL_TABLE_EVIDENCE, evidence_json}};

    for (size_t i = 0; i < FWL_COUNT(known); i++) {
        if (known[i].table == table) {
            return known[i].convert;
        }
    }
    fwl_panic(__FILE__, __LINE__, "a route of a table that is not told");
}

/* The name that the variable segments of the path make up. One that is too long cannot exist: false has answered. */
static bool
join(struct fwl_api_call *c, char name[FWL_CLASS_MAX + 1])
{
    static_assert(FWL_CLASS_MAX >= FWL_FLEET_MAX && FWL_CLASS_MAX >= FWL_PARTICIPANT_ID_MAX, "the longest name");
    if (!fwl_api_join(name, FWL_CLASS_MAX + 1, c->arg, c->arg_count)) {
        fwl_api_fail(c, FWL_ERR_ABSENT, "no name is that long", NULL);
        return false;
    }
    return true;
}

void
fwl_api_state_entry(struct fwl_api_call *c)
{
    char name[FWL_CLASS_MAX + 1];
    struct fwl_span value;
    enum fwl_err err = FWL_OK;
    json_t *object = NULL;

    if (!join(c, name) || !get(c, &value, c->table, fwl_span_text(name))) {
        return;
    }
    object = converter(c->table)(fwl_span_text(name), value, &err);
    if (err != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    }
    reply_entry(c, object);
}

/* Keys are names, but those of evidence, which are told in hexadecimal. */
static void
print_key(char last[FWL_KV_KEY_MAX + 1], enum fwl_table table, struct fwl_span key)
{
    if (table == FWL_TABLE_EVIDENCE) {
        fwl_hex_encode(last, FWL_KV_KEY_MAX + 1, key);
    } else {
        memcpy(last, key.p, key.size);
        last[key.size] = '\0';
    }
}

void
fwl_api_state_list(struct fwl_api_call *c)
{
    const enum fwl_table table = c->table;
    to_json *convert = converter(table);
    const char *after = fwl_http_query(c->request, "after");
    struct fwl_span key = fwl_span_text(after == NULL ? "" : after);
    struct fwl_span value;
    char last[FWL_KV_KEY_MAX + 1] = "";
    uint8_t binary[33];
    size_t limit = 0;
    enum fwl_err err = FWL_OK;
    json_t *items = json_array();

    if (!fwl_api_limit(c, &limit)) {
        json_decref(items);
        return;
    }
    if (table == FWL_TABLE_EVIDENCE && key.size > 0) {
        if (fwl_hex_decode(binary, sizeof(binary), key) != FWL_OK) {
            json_decref(items);
            fwl_api_fail(c, FWL_ERR_VALUE, "it is the id of a record: 66 hexadecimal digits", "after");
            return;
        }
        key = fwl_span(binary, sizeof(binary));
    }
    while (items != NULL && json_array_size(items) < limit) {
        err = fwl_query_next(&c->read.kv, &key, &value, table, key);
        if (err != FWL_OK) {
            break;
        }
        if (json_array_append_new(items, convert(key, value, &err)) != 0) {
            err = err == FWL_OK ? FWL_ERR_MEMORY : FWL_ERR_CORRUPT;
            break;
        }
        print_key(last, table, key);
    }
    if (err == FWL_OK && items != NULL) {
        err = fwl_query_next(&c->read.kv, &key, &value, table, key);
    }
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        json_decref(items);
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    fwl_api_list(c, items, err == FWL_OK ? last : NULL);
}

void
fwl_api_state_class(struct fwl_api_call *c)
{
    char name[FWL_CLASS_MAX + 1];
    struct fwl_span releases[FWL_CLASS_RELEASES_MAX] = {{0}};
    struct fwl_class_entry entry;
    struct fwl_span value;
    struct fwl_live live;
    struct fwl_reader it;
    size_t count = 0;

    if (!join(c, name) || !get(c, &value, FWL_TABLE_CLASS, fwl_span_text(name))) {
        return;
    }
    if (fwl_entry_class(&entry, NULL, value) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    }
    for (fwl_list_begin(&it, entry.live); count < FWL_COUNT(releases) && fwl_entry_next_live(&it, &live); count++) {
        enum fwl_err err = fwl_query_entry(&c->read.kv, &releases[count], FWL_TABLE_RELEASE, fwl_hash32_span(&live.id));

        if (err != FWL_OK) {
            fwl_api_fail(c, err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err, NULL, NULL);
            return;
        }
    }
    reply_entry(c, fwl_json_class(fwl_span_text(name), &entry, releases));
}

void
fwl_api_state_release(struct fwl_api_call *c)
{
    struct fwl_release_entry entry;
    struct fwl_span value;
    struct fwl_hash32 id;

    if (!fwl_api_hash(c, &id, c->arg[0], "id") || !get(c, &value, FWL_TABLE_RELEASE, fwl_hash32_span(&id))) {
        return;
    }
    if (fwl_entry_release(&entry, NULL, value) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    }
    reply_entry(c, fwl_json_release(&id, &entry));
}

void
fwl_api_state_policy(struct fwl_api_call *c)
{
    char name[FWL_CLASS_MAX + 1];
    struct fwl_policy_entry entry;
    struct fwl_span value;
    struct fwl_span source;
    enum fwl_err err = FWL_OK;

    if (!join(c, name) || !get(c, &value, FWL_TABLE_POLICY, fwl_span_text(name))) {
        return;
    }
    if (fwl_policy_entry_decode(&entry, NULL, value) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    }
    err = fwl_query_entry(&c->read.kv, &source, FWL_TABLE_SOURCE, fwl_hash32_span(&entry.source));
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    reply_entry(c, fwl_json_policy(fwl_span_text(name), &entry, source));
}

void
fwl_api_state_params(struct fwl_api_call *c)
{
    struct fwl_params params;
    struct fwl_span value;

    if (!get(c, &value, FWL_TABLE_PARAMS, fwl_span(NULL, 0))) {
        return;
    }
    if (fwl_params_decode(&params, NULL, value) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    }
    reply_entry(c, fwl_json_params(&params));
}

/* An old set: its keys are all that is kept, and the governors whom devices of its epoch know. */
static json_t *
set_json(struct fwl_api_call *c, const struct fwl_validators *set, uint64_t epoch)
{
    json_t *list = json_array();
    uint8_t buffer[33 * FWL_KEYS_MAX];
    struct fwl_governors governors;
    bool known = fwl_query_governors(&c->read.kv, &governors, buffer, epoch) == FWL_OK;

    for (uint32_t i = 0; list != NULL && i < set->n; i++) {
        struct fwl_pubkey32 key;

        fwl_validators_key(&key, set, i);
        if (json_array_append_new(list, json_pack("{s:o}", "key", fwl_json_hex(fwl_span(key.b, sizeof(key.b))))) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list == NULL ? NULL
                        : json_pack("{s:o, s:o*}", "validators", list, "governors",
                                    known ? fwl_json_governors(&governors) : NULL);
}

void
fwl_api_state_validators(struct fwl_api_call *c)
{
    const char *text = fwl_http_query(c->request, "height");
    uint64_t height = c->tip_height + 1;
    struct fwl_validators_entry entry;
    struct fwl_query_set set;
    struct fwl_query_set present;
    struct fwl_span value;
    json_t *object = NULL;
    enum fwl_err err = FWL_OK;

    if (text != NULL && !fwl_api_height(c, &height, text, "height")) {
        return;
    }
    err = fwl_query_set(&c->read.kv, &set, height);
    if (err == FWL_OK) {
        err = fwl_query_set(&c->read.kv, &present, c->tip_height + 1);
    }
    if (err != FWL_OK) {
        fwl_api_fail(c, err, "this height has no validator set yet", "height");
        return;
    }
    if (set.epoch != present.epoch) {
        object = set_json(c, &set.validators, set.epoch);
    } else if (!get(c, &value, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0))) {
        return;
    } else if (fwl_entry_validators(&entry, NULL, value) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_CORRUPT, NULL, NULL);
        return;
    } else {
        object = fwl_json_validators(&entry);
    }
    if (object != NULL && (json_object_set_new(object, "height", json_integer((json_int_t)height)) != 0 ||
                           json_object_set_new(object, "epoch", json_integer((json_int_t)set.epoch)) != 0 ||
                           json_object_set_new(object, "first", json_integer((json_int_t)set.first)) != 0)) {
        json_decref(object);
        object = NULL;
    }
    fwl_api_json(c, object);
}
