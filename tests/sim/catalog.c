#include "tests/sim/catalog.h"

#include <stdio.h>

enum {
    FINAL_MS = 60000, /* a transaction takes no longer, whatever happens to the net meanwhile */
    RULES_MAX = 8,
};

static bool
is_open(struct sim *s)
{
    return s->tx[s->arg[0]].height == 0;
}

/* Again and again until it is final: a node that has not seen the one before yet refuses it. s->arg[0] is as it was. */
static void
bring(struct sim *s, struct fwl_span tx)
{
    uint64_t kept = s->arg[0];
    uint64_t end = s->now + FINAL_MS;

    do {
        if (s->now > end) {
            sim_fail(s, SIM_PROGRESS, "a transaction of the catalog is not final after %d ms", FINAL_MS);
        }
        s->arg[0] = sim_client(s, 0, tx, false);
    } while (!sim_run_while(s, s->now + 700, is_open));
    s->arg[0] = kept;
}

static uint64_t
expires(const struct sim *s)
{
    return (WORLD_START_MS + s->now) / 1000 + 86400;
}

static void
act(struct sim *s, const char *participant, struct fwl_action *a)
{
    uint8_t bytes[WORLD_TX_ROOM];

    a->has |= fwl_action_required(a->code);
    bring(s, world_tx_by(&s->world, bytes, participant, a, expires(s)));
}

void
catalog_author(struct fwl_secret *secret, struct fwl_key *key, bool foreign)
{
    *secret = (struct fwl_secret){.kind = FWL_KEY_AUTHOR};
    memset(secret->b, 0x22, sizeof(secret->b));
    secret->b[31] = foreign ? 2 : 1;
    fwl_secret_point(&key->alg, &key->point, secret);
}

void
catalog_release(struct sim *s, unsigned minor, bool foreign)
{
    uint8_t digest[32] = {1, 2, 3, (uint8_t)minor};
    char version[24];
    struct fwl_release r = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(5) | FWL_HAS(7) |
                                   FWL_HAS(9) | FWL_HAS(FWL_RELEASE_VALID) | FWL_HAS(FWL_RELEASE_AUTHOR),
                            .provider = fwl_span_text(CATALOG_VENDOR),
                            .class_name = fwl_span_text(CATALOG_CLASS),
                            .digest = {.alg = FWL_DIGEST_SHA256, .bytes = fwl_span(digest, sizeof(digest))},
                            .size = 1000 + minor,
                            .file_name = fwl_span_text("app.bin"),
                            .counter = 7,
                            .valid = true};
    struct fwl_action a = {.code = FWL_ACTION_RELEASE_PUBLISH};
    struct fwl_secret secret;
    struct fwl_key key;
    struct fwl_kid kid;
    struct fwl_hash32 hash;
    struct fwl_sig64 sig;
    uint8_t author[512];
    uint8_t record[1024];
    struct fwl_writer w;

    (void)snprintf(version, sizeof(version), "1.%u.0", minor);
    r.version = fwl_span_text(version);
    catalog_author(&secret, &key, foreign);
    fwl_key_kid(&kid, &key);
    fwl_release_author_digest(&hash, &r, key.alg, &kid);
    fwl_ecdsa_sign(&sig, &secret, &hash);
    fwl_writer_init(&w, author, sizeof(author));
    fwl_release_author_put(&w, key.alg, &kid, &sig);
    r.author.kind = FWL_AUTHOR_RECORD;
    FWL_ASSERT(fwl_writer_finish(&w, &r.author.sig) == FWL_OK);
    fwl_writer_init(&w, record, sizeof(record));
    fwl_release_put(&w, &r);
    FWL_ASSERT(fwl_writer_finish(&w, &a.u.publish.record) == FWL_OK);
    act(s, CATALOG_VENDOR, &a);
}

void
catalog_floor(struct sim *s, uint64_t floor)
{
    struct fwl_action a = {.code = FWL_ACTION_VENDOR_FLOOR};

    a.u.vendor.vendor = fwl_span_text(CATALOG_VENDOR);
    a.u.vendor.reason = fwl_span_text("keys were stolen");
    a.u.vendor.floor = floor;
    act(s, "governors", &a);
}

void
catalog_policy(struct sim *s, uint64_t replaces)
{
    static const char *const names[RULES_MAX] = {"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"};
    struct fwl_policy_source p = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(7), .select = FWL_SELECT_HIGHEST};
    struct fwl_action a = {.code = FWL_ACTION_POLICY_SET};
    uint8_t rules[1024];
    uint8_t source[2048];
    struct fwl_writer w;

    p.max_age_ms = 2 * s->world.params.heartbeat_ms + 60000;
    fwl_writer_init(&w, rules, sizeof(rules));
    for (size_t i = 0; i <= replaces % RULES_MAX; i++) {
        fwl_policy_put_rule_source(&w, &(struct fwl_rule_source){.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(4),
                                                                 .name = fwl_span_text(names[i]),
                                                                 .effect = FWL_EFFECT_PERMIT,
                                                                 .when = fwl_span_text("true")});
        p.rules.count++;
    }
    FWL_ASSERT(fwl_writer_finish(&w, &p.rules.items) == FWL_OK);
    fwl_writer_init(&w, source, sizeof(source));
    fwl_policy_source_put(&w, &p);
    FWL_ASSERT(fwl_writer_finish(&w, &a.u.fleet.source) == FWL_OK);
    a.u.fleet.name = fwl_span_text(CATALOG_FLEET);
    a.u.fleet.replaces = replaces;
    act(s, "ops", &a);
}

void
catalog_open(struct sim *s)
{
    struct fwl_action grant = {.code = FWL_ACTION_VENDOR_GRANT};
    struct fwl_action add = {.code = FWL_ACTION_CLASS_REGISTER};
    struct fwl_action fleet = {.code = FWL_ACTION_FLEET_CREATE};
    uint8_t bytes[WORLD_TX_ROOM];

    bring(s, world_participant(&s->world, bytes, CATALOG_VENDOR, FWL_ROLE_PROVIDER, expires(s)));
    bring(s, world_participant(&s->world, bytes, "ops", FWL_ROLE_ADMINISTRATOR, expires(s)));
    grant.u.vendor.vendor = fwl_span_text(CATALOG_VENDOR);
    grant.u.vendor.owner = fwl_span_text(CATALOG_VENDOR);
    act(s, "governors", &grant);
    add.u.class_register.name = fwl_span_text(CATALOG_CLASS);
    add.u.class_register.scheme = FWL_SCHEME_SEMVER;
    act(s, CATALOG_VENDOR, &add);
    fleet.u.fleet.name = fwl_span_text(CATALOG_FLEET);
    act(s, "ops", &fleet);
    catalog_policy(s, 0);
}
