/* release.publish, .amend, .withdraw */
#include "ledger/state/work.h"

/* A class entry being changed: its old form, and how the list of live releases comes out. */
struct releases_edit {
    struct fwl_list drop; /* ids that leave */
    const struct fwl_live *add;
    const struct fwl_live *set;   /* replaces the one of its id */
    struct fwl_departed departed; /* version of size 0: none */
    struct fwl_span returning;    /* a version that is published again */
};

static void
releases_departed(struct fwl_writer *w, struct fwl_list *out, const struct fwl_class_entry *c,
                  const struct releases_edit *edit)
{
    size_t kept = 0;
    size_t skip;
    struct fwl_reader it;
    struct fwl_departed d;

    for (fwl_list_begin(&it, c->departed); fwl_entry_next_departed(&it, &d);) {
        kept += !fwl_span_equal(d.version, edit->returning) && !fwl_span_equal(d.version, edit->departed.version);
    }
    skip = edit->departed.version.size > 0 && kept == FWL_CLASS_DEPARTED_MAX ? 1 : 0;
    out->count = kept - skip;
    for (fwl_list_begin(&it, c->departed); fwl_entry_next_departed(&it, &d);) {
        if (fwl_span_equal(d.version, edit->returning) || fwl_span_equal(d.version, edit->departed.version)) {
            continue;
        }
        if (skip > 0) {
            skip--;
            continue;
        }
        fwl_entry_put_departed(w, &d);
    }
    if (edit->departed.version.size > 0) {
        fwl_entry_put_departed(w, &edit->departed);
        out->count++;
    }
}

/* Write the class entry anew. Uses scratch 0 (entry), 1 (live), 2 (departed). */
static enum fwl_err
releases_put_class(struct fwl_state *s, struct fwl_span name, struct fwl_class_entry *c,
                   const struct releases_edit *edit)
{
    struct fwl_list live = {0};
    struct fwl_list departed = {0};
    struct fwl_writer w;
    struct fwl_reader it;
    struct fwl_live l;

    fwl_writer_init(&w, s->scratch[1], FWL_ENTRY_MAX);
    for (fwl_list_begin(&it, c->live); fwl_entry_next_live(&it, &l);) {
        if (fwl_list_has_hash(edit->drop, &l.id)) {
            continue;
        }
        fwl_entry_put_live(&w, edit->set != NULL && fwl_hash32_equal(&edit->set->id, &l.id) ? edit->set : &l);
        live.count++;
    }
    if (edit->add != NULL) {
        fwl_entry_put_live(&w, edit->add);
        live.count++;
    }
    if (live.count > FWL_CLASS_RELEASES_MAX) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "class", "a class has at most 64 live releases; use replaces");
    }
    if (fwl_writer_finish(&w, &live.items) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    fwl_writer_init(&w, s->scratch[2], FWL_ENTRY_MAX);
    releases_departed(&w, &departed, c, edit);
    if (fwl_writer_finish(&w, &departed.items) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    c->live = live;
    c->departed = departed;
    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_class(&w, c);
    return fwl_work_put_writer(s, FWL_TABLE_CLASS, name, &w, FWL_CLASS_ENTRY_MAX);
}

/* Write a table 9 entry; fills the hash that the class entry names. Uses scratch 0. */
static enum fwl_err
releases_put_entry(struct fwl_state *s, const struct fwl_hash32 *id, const struct fwl_release_entry *e,
                   struct fwl_hash32 *hash)
{
    struct fwl_writer w;

    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_release(&w, e);
    if (w.err == FWL_OK) {
        fwl_entry_value_hash(hash, fwl_span(s->scratch[0], w.size));
    }
    return fwl_work_put_writer(s, FWL_TABLE_RELEASE, fwl_hash32_span(id), &w, FWL_ENTRY_MAX);
}

/* A live release by id, with its record decoded. */
struct releases_found {
    struct fwl_release_entry entry;
    struct fwl_release record;
};

static enum fwl_err
releases_find(struct fwl_state *s, struct releases_found *out, const struct fwl_hash32 *id, const char *field)
{
    struct fwl_span value;
    enum fwl_err err = fwl_work_get(s, &value, FWL_TABLE_RELEASE, fwl_hash32_span(id));

    *out = (struct releases_found){.entry = {0}};
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, field, "there is no release with this id");
    }
    if (err != FWL_OK) {
        return err;
    }
    if (fwl_entry_release(&out->entry, NULL, value) != FWL_OK ||
        fwl_release_decode(&out->record, NULL, out->entry.record, 0) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    if (out->entry.status != FWL_RELEASE_LIVE) {
        return fwl_work_refuse(s, FWL_ERR_STATE, field, "the release is not live any more");
    }
    return FWL_OK;
}

static enum fwl_err
releases_owner(struct fwl_state *s, struct fwl_vendor_entry *v, struct fwl_span class_name)
{
    struct fwl_class_name parts;
    enum fwl_err err;

    *v = (struct fwl_vendor_entry){.owner = {0}};
    if (fwl_name_class(&parts, class_name) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_NAME, "release.class", "a class is vendor/model/component");
    }
    err = fwl_work_vendor(s, v, parts.vendor);
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "release.class", "the vendor of the class was not granted");
    }
    if (err == FWL_OK && !fwl_span_equal(v->owner, s->decoded.participant)) {
        return fwl_work_refuse(s, FWL_ERR_OWNER, "release.class",
                               "the vendor of the class belongs to another participant");
    }
    return err;
}

/* The releases that a new one replaces become tombstones; their places in the list are dropped by the caller. */
static enum fwl_err
releases_replace(struct fwl_state *s, struct fwl_list ids, struct fwl_span class_name)
{
    struct fwl_hash32 id;
    struct fwl_hash32 hash;
    struct fwl_reader it;
    enum fwl_err err = FWL_OK;

    for (fwl_list_begin(&it, ids); err == FWL_OK && fwl_list_next_hash(&it, &id);) {
        struct releases_found old;

        err = releases_find(s, &old, &id, "replaces");
        if (err == FWL_OK && !fwl_span_equal(old.record.class_name, class_name)) {
            err = fwl_work_refuse(s, FWL_ERR_CONFLICT, "replaces", "only live releases of the same class are replaced");
        }
        if (err == FWL_OK) {
            err = fwl_work_use(s, old.record.provider, FWL_WORK_RELEASES, -1);
        }
        if (err == FWL_OK) {
            old.entry.status = FWL_RELEASE_WITHDRAWN;
            err = releases_put_entry(s, &id, &old.entry, &hash);
        }
    }
    return err;
}

/* Everything that may be wrong with a record, with its class at hand. */
static enum fwl_err
releases_check(struct fwl_state *s, struct fwl_release *r, struct fwl_hash32 *id, struct fwl_span record,
               uint64_t scheme)
{
    struct fwl_vendor_entry v;
    struct fwl_fault fault = {0};
    struct fwl_span value;
    enum fwl_err err = fwl_release_decode(r, &fault, record, scheme);

    if (err == FWL_OK) {
        err = fwl_release_check_publish(r);
        fault.field = "release";
    }
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, fault.field, "the release record does not have the form of protocol 1");
    }
    if (!fwl_span_equal(r->provider, s->decoded.participant)) {
        return fwl_work_refuse(s, FWL_ERR_OWNER, "release.provider", "it must be the participant that publishes");
    }
    err = releases_owner(s, &v, r->class_name);
    if (err == FWL_OK && v.encrypted_only && (r->has & FWL_HAS(FWL_RELEASE_ENCRYPTION)) == 0) {
        return fwl_work_refuse(s, FWL_ERR_MISSING, "release.encryption", "this vendor publishes encrypted images only");
    }
    if (err != FWL_OK) {
        return err;
    }
    fwl_release_id(id, record);
    err = fwl_work_get(s, &value, FWL_TABLE_RELEASE, fwl_hash32_span(id));
    if (err == FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "release", "this record was published before");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

enum fwl_err
fwl_work_release_publish(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_fault fault = {0};
    struct fwl_release r;
    struct fwl_class_entry c;
    struct fwl_live live = {0};
    struct releases_edit edit = {.add = &live};
    struct fwl_release_entry e = {.has = 0x5e, .record = a->u.publish.record, .status = FWL_RELEASE_LIVE};
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_PROVIDER);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_release_decode(&r, &fault, a->u.publish.record, 0); /* for the name of its class */
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, fault.field, "the release record does not have the form of protocol 1");
    }
    err = fwl_work_class(s, &c, r.class_name);
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "release.class", "the class is not registered");
    }
    if (err == FWL_OK) {
        err = releases_check(s, &r, &live.id, a->u.publish.record, c.scheme);
    }
    if (err == FWL_OK && (a->has & FWL_HAS(2)) != 0) {
        edit.drop = a->u.publish.replaces;
        err = releases_replace(s, edit.drop, r.class_name);
    }
    if (err == FWL_OK) {
        err = fwl_work_use(s, s->decoded.participant, FWL_WORK_RELEASES, 1);
    }
    if (err != FWL_OK) {
        return err;
    }
    e.published_ms = e.changed_ms = s->block.time_ms;
    err = releases_put_entry(s, &live.id, &e, &live.value);
    if (err != FWL_OK) {
        return err;
    }
    live.seq = c.next_seq++;
    live.flags = r.valid ? FWL_LIVE_VALID : 0;
    edit.returning = r.version;
    return releases_put_class(s, r.class_name, &c, &edit);
}

/* Does an amendment touch what decisions read: valid, hardware, window or dependencies? */
static bool
releases_matters(struct fwl_list fields)
{
    struct fwl_reader it;
    bool yes = false;

    for (fwl_list_begin(&it, fields); it.left > 0 && fwl_reader_ok(&it);) {
        int64_t key = fwl_cbor_int(&it);

        yes = yes || (key >= FWL_RELEASE_VALID && key <= FWL_RELEASE_DEPENDENCIES);
        (void)fwl_cbor_skip(&it);
    }
    return yes;
}

enum fwl_err
fwl_work_release_amend(struct fwl_state *s, const struct fwl_action *a)
{
    const struct fwl_hash32 *id = &a->u.amend.id;
    struct fwl_fault fault = {0};
    struct releases_found old;
    struct fwl_release r;
    struct fwl_class_entry c;
    struct fwl_vendor_entry v;
    struct fwl_live live;
    struct releases_edit edit = {.set = &live};
    struct fwl_writer w;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_PROVIDER);

    if (err == FWL_OK) {
        err = releases_find(s, &old, id, "id");
    }
    if (err == FWL_OK) {
        err = releases_owner(s, &v, old.record.class_name);
    }
    if (err == FWL_OK) {
        err = fwl_work_class(s, &c, old.record.class_name);
    }
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    fwl_writer_init(&w, s->scratch[1], FWL_WORK_SCRATCH);
    err = fwl_release_amend(&w, &fault, old.entry.record, a->u.amend.fields, c.scheme);
    if (err == FWL_OK) {
        err = fwl_writer_finish(&w, &old.entry.record);
    }
    if (err == FWL_OK) {
        err = fwl_release_decode(&r, &fault, old.entry.record, c.scheme);
    }
    if (err == FWL_OK) {
        err = fwl_release_check_publish(&r);
    }
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err == FWL_ERR_SPACE ? FWL_ERR_LIMIT : err,
                               fault.field == NULL ? "fields" : fault.field,
                               "the amended record does not have the form of protocol 1");
    }
    if (!fwl_entry_find_live(&live, &c, id)) {
        return FWL_ERR_CORRUPT;
    }
    if (releases_matters(a->u.amend.fields)) {
        old.entry.changed_ms = s->block.time_ms;
    }
    live.flags = (live.flags & ~(uint64_t)FWL_LIVE_VALID) | (r.valid ? FWL_LIVE_VALID : 0);
    err = releases_put_entry(s, id, &old.entry, &live.value);
    if (err != FWL_OK) {
        return err;
    }
    /* r views scratch 1, which the class entry needs: take the name from where it is stable. */
    uint8_t name[FWL_CLASS_MAX];
    size_t size = r.class_name.size;

    memcpy(name, r.class_name.p, size);
    return releases_put_class(s, fwl_span(name, size), &c, &edit);
}

enum fwl_err
fwl_work_release_withdraw(struct fwl_state *s, const struct fwl_action *a)
{
    const struct fwl_hash32 *id = &a->u.withdraw.id;
    uint8_t bytes[2 + 32];
    uint8_t name[FWL_CLASS_MAX];
    uint8_t version[FWL_VERSION_BYTES_MAX];
    struct releases_found old;
    struct fwl_class_entry c;
    struct fwl_vendor_entry v;
    struct fwl_hash32 hash;
    struct releases_edit edit = {.drop = {.count = 1}, .departed = {.why = 1}};
    struct fwl_writer w;
    struct fwl_span class_name;
    enum fwl_err err = releases_find(s, &old, id, "id");

    if (err == FWL_OK && !fwl_span_is(s->decoded.participant, "governors")) {
        err = fwl_work_role(s, FWL_ROLE_PROVIDER);
        if (err == FWL_OK) {
            err = releases_owner(s, &v, old.record.class_name);
        }
    }
    if (err != FWL_OK) {
        return err;
    }
    memcpy(name, old.record.class_name.p, old.record.class_name.size);
    class_name = fwl_span(name, old.record.class_name.size);
    memcpy(version, old.record.version.p, old.record.version.size);
    edit.departed.version = fwl_span(version, old.record.version.size);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_cbor_put_bytes(&w, fwl_hash32_span(id));
    err = fwl_writer_finish(&w, &edit.drop.items);
    if (err == FWL_OK) {
        err = fwl_work_use(s, old.record.provider, FWL_WORK_RELEASES, -1);
    }
    if (err == FWL_OK) {
        old.entry.status = FWL_RELEASE_WITHDRAWN;
        old.entry.reason = a->u.withdraw.reason;
        old.entry.has |= FWL_HAS(5);
        err = releases_put_entry(s, id, &old.entry, &hash);
    }
    if (err == FWL_OK) {
        err = fwl_work_class(s, &c, class_name);
    }
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    return releases_put_class(s, class_name, &c, &edit);
}
