/* fleet.create, policy.set */
#include "ledger/state/work.h"

enum fwl_err
fwl_work_put_fleet(struct fwl_state *s, struct fwl_span name, const struct fwl_fleet_entry *e)
{
    struct fwl_writer w;

    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_fleet(&w, e);
    return fwl_work_put_writer(s, FWL_TABLE_FLEET, name, &w, FWL_ENTRY_MAX);
}

enum fwl_err
fwl_work_fleet_owner(struct fwl_state *s, struct fwl_span name)
{
    struct fwl_fleet_name parts;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_ADMINISTRATOR);

    if (err != FWL_OK) {
        return err;
    }
    if (fwl_name_fleet(&parts, name) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_NAME, "fleet", "a fleet is administrator/name");
    }
    if (!fwl_span_equal(parts.administrator, s->decoded.participant)) {
        return fwl_work_refuse(s, FWL_ERR_OWNER, "fleet", "only the administrator in its name may do this");
    }
    return FWL_OK;
}

enum fwl_err
fwl_work_fleet_create(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_fleet_entry e = {.has = 0x3e, .administrator = s->decoded.participant};
    struct fwl_fleet_entry old;
    struct fwl_span name = a->u.fleet.name;
    enum fwl_err err = fwl_work_fleet_owner(s, name);

    if (err == FWL_OK) {
        err = fwl_work_fleet(s, &old, name);
        if (err == FWL_OK) {
            return fwl_work_refuse(s, FWL_ERR_EXISTS, "fleet", "the fleet exists already");
        }
        if (err == FWL_ERR_ABSENT) {
            err = fwl_work_use(s, s->decoded.participant, FWL_WORK_FLEETS, 1);
        }
    }
    return err == FWL_OK ? fwl_work_put_fleet(s, name, &e) : err;
}

/* Trackers and approvers must exist, trackers in their role. */
static enum fwl_err
fleets_check_people(struct fwl_state *s, const struct fwl_policy_source *p)
{
    struct fwl_reader it;
    struct fwl_span id;
    enum fwl_err err = FWL_OK;

    if ((p->has & FWL_HAS(5)) != 0 && (p->trackers.k == 0 || p->trackers.k > p->trackers.of.count)) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "policy.trackers.k", "it is at least 1 and at most their number");
    }
    for (fwl_list_begin(&it, p->trackers.of); err == FWL_OK && fwl_list_next_text(&it, &id);) {
        err = fwl_work_with_role(s, id, FWL_ROLE_TRACKER, "policy.trackers.of");
    }
    for (fwl_list_begin(&it, p->approvers); err == FWL_OK && fwl_list_next_text(&it, &id);) {
        err = fwl_work_with_role(s, id, (enum fwl_role)0, "policy.approvers");
    }
    return err;
}

/* Write tables 12 and 13; fills the hash that the fleet entry names. */
static enum fwl_err
fleets_put_policy(struct fwl_state *s, struct fwl_hash32 *hash, const struct fwl_policy_source *p,
                  const struct fwl_action *a)
{
    struct fwl_policy_entry e;
    struct fwl_writer w;
    struct fwl_span value;
    enum fwl_err err = fwl_work_rules(s, p, &e);

    if (err == FWL_OK) {
        err = fwl_work_get(s, &value, FWL_TABLE_POLICY, a->u.fleet.name); /* replaced, and kept for a day: it counts */
    }
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return err;
    }
    e.version = a->u.fleet.replaces + 1;
    fwl_sha256(&e.source, a->u.fleet.source);
    fwl_writer_init(&w, s->scratch[0], FWL_POLICY_MAX);
    fwl_policy_entry_put(&w, &e);
    err = fwl_work_put_writer(s, FWL_TABLE_POLICY, a->u.fleet.name, &w, FWL_POLICY_MAX);
    if (err != FWL_OK) {
        return err;
    }
    fwl_entry_value_hash(hash, fwl_span(s->scratch[0], w.size));
    err = fwl_work_get(s, &value, FWL_TABLE_SOURCE, fwl_hash32_span(&e.source));
    if (err != FWL_ERR_ABSENT) {
        return err;
    }
    return fwl_work_put(s, FWL_TABLE_SOURCE, fwl_hash32_span(&e.source), a->u.fleet.source);
}

enum fwl_err
fwl_work_policy_set(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_span name = a->u.fleet.name;
    struct fwl_fault fault = {0};
    struct fwl_policy_source p;
    struct fwl_fleet_entry e;
    enum fwl_err err = fwl_work_fleet_owner(s, name);

    if (err == FWL_OK) {
        err = fwl_work_fleet(s, &e, name);
    }
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "fleet", "the fleet was not created");
    }
    if (err != FWL_OK) {
        return err;
    }
    if (a->u.fleet.replaces != e.policy_version) {
        return fwl_work_refuse(s, FWL_ERR_CONFLICT, "replaces", "it must be the version of the fleet's present policy");
    }
    err = fwl_policy_source_decode(&p, &fault, a->u.fleet.source);
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, fault.field, "the policy source does not have the form of protocol 1");
    }
    if (p.max_age_ms < 2 * s->block.params.heartbeat_ms + 60000) {
        return fwl_work_refuse(s, FWL_ERR_RANGE, "policy.max_age", "it is at least two heartbeats and 60 seconds");
    }
    err = fleets_check_people(s, &p);
    if (err == FWL_OK) {
        err = fleets_put_policy(s, &e.policy.hash, &p, a);
    }
    if (err != FWL_OK) {
        return err;
    }
    e.policy.some = true;
    e.policy_version++;
    e.max_age_ms = p.max_age_ms;
    return fwl_work_put_fleet(s, name, &e);
}
