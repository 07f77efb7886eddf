#include "ledger/state/work.h"

static enum fwl_err
work_count(struct fwl_state *s, uint64_t units, unsigned entries)
{
    s->tx_work += units;
    s->tx_entries += entries;
    if (s->tx_work > FWL_TX_WORK_MAX) {
        return fwl_work_refuse(s, FWL_ERR_WORK, "",
                               "a transaction has at most 4 MiB of work: divide its actions among several");
    }
    if (s->work + s->tx_work > s->block.params.max_work) {
        return fwl_work_refuse(s, FWL_ERR_WORK, "", "a block has at most max_work of work");
    }
    if (s->entries + s->tx_entries > FWL_BLOCK_ENTRIES_MAX) {
        return fwl_work_refuse(s, FWL_ERR_WORK, "", "a block writes at most 16,384 entries");
    }
    return FWL_OK;
}

enum fwl_err
fwl_work_spend(struct fwl_state *s, uint64_t units)
{
    return work_count(s, units, 0);
}

enum fwl_err
fwl_work_get(struct fwl_state *s, struct fwl_span *value, enum fwl_table table, struct fwl_span key)
{
    enum fwl_err err = fwl_state_get(&s->kv, value, table, key);
    enum fwl_err counted;

    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return err;
    }
    counted = work_count(s, 1 + key.size + value->size, 0);
    return counted != FWL_OK ? counted : err;
}

enum fwl_err
fwl_work_put(struct fwl_state *s, enum fwl_table table, struct fwl_span key, struct fwl_span value)
{
    uint8_t buffer[FWL_KV_KEY_MAX];
    enum fwl_err err = work_count(s, 1 + key.size + value.size, 1);

    if (err != FWL_OK) {
        return err;
    }
    return fwl_overlay_put(&s->tx, FWL_SPACE_KV, fwl_state_key(buffer, sizeof(buffer), table, key), value);
}

enum fwl_err
fwl_work_put_writer(struct fwl_state *s, enum fwl_table table, struct fwl_span key, struct fwl_writer *w, size_t max)
{
    struct fwl_span value;
    enum fwl_err err = fwl_writer_finish(w, &value);

    if (err == FWL_ERR_SPACE || w->size > max) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "", "the entry would be larger than its table allows");
    }
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, "", "the entry cannot be written in its form");
    }
    return fwl_work_put(s, table, key, value);
}

#define WORK_ENTRY(type, table, decode)                                                                                \
    struct fwl_span value;                                                                                             \
    enum fwl_err err = fwl_work_get(s, &value, table, key);                                                            \
    *out = (struct type){0};                                                                                           \
    if (err != FWL_OK) {                                                                                               \
        return err;                                                                                                    \
    }                                                                                                                  \
    return decode(out, NULL, value) == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT

enum fwl_err
fwl_work_participant(struct fwl_state *s, struct fwl_participant_entry *out, struct fwl_span key)
{
    WORK_ENTRY(fwl_participant_entry, FWL_TABLE_PARTICIPANT, fwl_entry_participant);
}

enum fwl_err
fwl_work_vendor(struct fwl_state *s, struct fwl_vendor_entry *out, struct fwl_span key)
{
    WORK_ENTRY(fwl_vendor_entry, FWL_TABLE_VENDOR, fwl_entry_vendor);
}

enum fwl_err
fwl_work_class(struct fwl_state *s, struct fwl_class_entry *out, struct fwl_span key)
{
    WORK_ENTRY(fwl_class_entry, FWL_TABLE_CLASS, fwl_entry_class);
}

enum fwl_err
fwl_work_fleet(struct fwl_state *s, struct fwl_fleet_entry *out, struct fwl_span key)
{
    WORK_ENTRY(fwl_fleet_entry, FWL_TABLE_FLEET, fwl_entry_fleet);
}

enum fwl_err
fwl_work_put_participant(struct fwl_state *s, struct fwl_span id, const struct fwl_participant_entry *e)
{
    struct fwl_writer w;

    fwl_writer_init(&w, s->participant, sizeof(s->participant));
    fwl_entry_put_participant(&w, e);
    return fwl_work_put_writer(s, FWL_TABLE_PARTICIPANT, id, &w, sizeof(s->participant));
}

enum fwl_err
fwl_work_with_role(struct fwl_state *s, struct fwl_span id, enum fwl_role role, const char *field)
{
    struct fwl_participant_entry e;
    enum fwl_err err = fwl_work_participant(s, &e, id);

    if (err == FWL_ERR_ABSENT || (err == FWL_OK && e.withdrawn)) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, field, "it must name a participant that is not withdrawn");
    }
    if (err == FWL_OK && role != 0 && !fwl_list_has_uint(e.roles, role)) {
        return fwl_work_refuse(s, FWL_ERR_ROLE, field, "the participant does not have the role for this");
    }
    return err;
}

enum fwl_err
fwl_work_role(struct fwl_state *s, enum fwl_role role)
{
    return fwl_work_with_role(s, s->decoded.participant, role, "participant");
}

enum fwl_err
fwl_work_use(struct fwl_state *s, struct fwl_span id, enum fwl_work_quota which, int delta)
{
    struct fwl_participant_entry e;
    enum fwl_err err = fwl_work_participant(s, &e, id);
    uint64_t *used[] = {&e.used.classes, &e.used.fleets, &e.used.live_releases};
    uint64_t quota[] = {e.quotas.classes, e.quotas.fleets, e.quotas.live_releases};

    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    if (delta < 0) {
        *used[which] -= *used[which] > 0;
    } else {
        if (*used[which] >= quota[which]) {
            static const char *const rule[] = {"the quota of classes is used up", "the quota of fleets is used up",
                                               "the quota of live releases is used up"};
            return fwl_work_refuse(s, FWL_ERR_QUOTA, "quotas", rule[which]);
        }
        *used[which] += 1;
    }
    return fwl_work_put_participant(s, id, &e);
}

enum fwl_err
fwl_work_tree(struct fwl_state *s, struct fwl_overlay *o, struct fwl_hash32 *root)
{
    struct fwl_overlay_write w = {0};
    size_t count = 0;

    while (fwl_overlay_next(o, &w)) {
        if (w.space != FWL_SPACE_KV) {
            continue;
        }
        if (count == FWL_COUNT(s->changes)) {
            return FWL_ERR_SPACE;
        }
        struct fwl_smt_change *c = &s->changes[count++];
        *c = (struct fwl_smt_change){.removed = w.deleted};
        fwl_tree_key_hash(&c->key_hash, w.key.p[0], fwl_span(w.key.p + 1, w.key.size - 1));
        if (!w.deleted) {
            fwl_tree_value_hash(&c->value_hash, w.value);
        }
    }
    return fwl_smt_update(o, root, s->changes, count);
}

enum fwl_err
fwl_work_governors(struct fwl_state *s, struct fwl_governors *out, uint8_t *buffer)
{
    struct fwl_participant_entry e;
    enum fwl_err err = fwl_work_participant(s, &e, fwl_span_text("governors"));

    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    return fwl_key_governors(out, buffer, e.keys, e.threshold) == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT;
}
