/* vendor.grant, .transfer, .suspend, .restore, .floor; class.register */
#include "ledger/state/work.h"

static enum fwl_err
vendors_put(struct fwl_state *s, struct fwl_span vendor, const struct fwl_vendor_entry *e)
{
    struct fwl_writer w;

    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_vendor(&w, e);
    return fwl_work_put_writer(s, FWL_TABLE_VENDOR, vendor, &w, FWL_ENTRY_MAX);
}

/* Grants are unique ignoring case: every vendor is looked at, since a name has many spellings. */
static enum fwl_err
vendors_check_new(struct fwl_state *s, struct fwl_span vendor)
{
    uint8_t key[1 + FWL_SEGMENT_MAX] = {FWL_TABLE_VENDOR};
    size_t size = 1;

    for (;;) {
        struct fwl_kv_entry e;
        struct fwl_span name;
        struct fwl_span value;
        enum fwl_err err = fwl_kv_next(&s->kv, &e, FWL_SPACE_KV, fwl_span(key, size));

        if (err == FWL_ERR_ABSENT || (err == FWL_OK && e.key.p[0] != FWL_TABLE_VENDOR)) {
            return FWL_OK;
        }
        if (err != FWL_OK) {
            return err;
        }
        if (e.key.size > sizeof(key)) {
            return FWL_ERR_CORRUPT;
        }
        size = e.key.size;
        memcpy(key, e.key.p, size);
        name = fwl_span(key + 1, size - 1);
        err = fwl_work_get(s, &value, FWL_TABLE_VENDOR, name); /* counted */
        if (err != FWL_OK) {
            return err;
        }
        if (fwl_name_equal_nocase(name, vendor)) {
            return fwl_work_refuse(s, FWL_ERR_EXISTS, "vendor",
                                   "vendors are granted once, whatever the case of letters");
        }
    }
}

static enum fwl_err
vendors_grant(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_vendor_entry e = {.has = 0x1e,
                                 .owner = a->u.vendor.owner,
                                 .encrypted_only = (a->has & FWL_HAS(3)) != 0 && a->u.vendor.encrypted_only};
    enum fwl_err err = fwl_work_with_role(s, e.owner, FWL_ROLE_PROVIDER, "owner");

    if (err == FWL_OK) {
        err = vendors_check_new(s, a->u.vendor.vendor);
    }
    return err == FWL_OK ? vendors_put(s, a->u.vendor.vendor, &e) : err;
}

static enum fwl_err
vendors_edit(struct fwl_state *s, const struct fwl_action *a, struct fwl_vendor_entry *e)
{
    if (a->code == FWL_ACTION_VENDOR_TRANSFER) {
        if (fwl_span_equal(e->owner, a->u.vendor.owner)) {
            return fwl_work_refuse(s, FWL_ERR_STATE, "owner", "the vendor is this participant's already");
        }
        e->owner = a->u.vendor.owner;
        return fwl_work_with_role(s, a->u.vendor.owner, FWL_ROLE_PROVIDER, "owner");
    }
    if (a->code == FWL_ACTION_VENDOR_FLOOR) {
        if (a->u.vendor.floor <= e->floor_epoch) {
            return fwl_work_refuse(s, FWL_ERR_ROLLBACK, "floor", "the floor epoch only rises");
        }
        e->floor_epoch = a->u.vendor.floor;
        return FWL_OK;
    }
    if (a->code == FWL_ACTION_VENDOR_SUSPEND) {
        if (e->suspended) {
            return fwl_work_refuse(s, FWL_ERR_STATE, "vendor", "the vendor is suspended already");
        }
        e->suspended = true;
        e->reason = a->u.vendor.reason;
        e->has |= FWL_HAS(5);
        return FWL_OK;
    }
    if (!e->suspended) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "vendor", "the vendor is not suspended");
    }
    e->suspended = false;
    e->has &= ~FWL_HAS(5);
    return FWL_OK;
}

enum fwl_err
fwl_work_vendors(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_vendor_entry e;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_GOVERNORS);

    if (err != FWL_OK) {
        return err;
    }
    if (a->code == FWL_ACTION_VENDOR_GRANT) {
        return vendors_grant(s, a);
    }
    err = fwl_work_vendor(s, &e, a->u.vendor.vendor);
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "vendor", "the vendor was not granted");
    }
    if (err == FWL_OK) {
        err = vendors_edit(s, a, &e);
    }
    return err == FWL_OK ? vendors_put(s, a->u.vendor.vendor, &e) : err;
}

enum fwl_err
fwl_work_class_register(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_span name = a->u.class_register.name;
    struct fwl_class_entry c = {.has = 0x3e, .scheme = a->u.class_register.scheme, .next_seq = 1};
    struct fwl_class_entry old;
    struct fwl_vendor_entry v;
    struct fwl_class_name parts;
    struct fwl_writer w;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_PROVIDER);

    if (err != FWL_OK) {
        return err;
    }
    if (fwl_name_class(&parts, name) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_NAME, "class", "a class is vendor/model/component");
    }
    err = fwl_work_vendor(s, &v, parts.vendor);
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "class", "its first segment must be a vendor that was granted");
    }
    if (err == FWL_OK && !fwl_span_equal(v.owner, s->decoded.participant)) {
        return fwl_work_refuse(s, FWL_ERR_OWNER, "class", "the vendor belongs to another participant");
    }
    if (err == FWL_OK) {
        err = fwl_work_class(s, &old, name);
    }
    if (err == FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "class", "the class is registered already");
    }
    if (err == FWL_ERR_ABSENT) {
        err = fwl_work_use(s, s->decoded.participant, FWL_WORK_CLASSES, 1);
    }
    if (err != FWL_OK) {
        return err;
    }
    if ((a->has & FWL_HAS(3)) != 0) {
        c.has |= FWL_HAS(6);
        c.notes = a->u.class_register.notes;
    }
    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_class(&w, &c);
    return fwl_work_put_writer(s, FWL_TABLE_CLASS, name, &w, FWL_CLASS_ENTRY_MAX);
}
