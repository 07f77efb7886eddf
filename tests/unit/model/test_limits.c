/* Every limit of core/limits.h that this module enforces, at max and at max + 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/host/keys.h"
#include "tests/unit/model/roundtrip.h"
#include "tests/unit/model/splice.h"
#include "tests/unit/model/vectors.h"

enum { ACTION = ROUNDTRIP_KINDS }; /* one more kind: an action by its own decoder */

/* ---- values of a wanted size ---- */

typedef void (*filler)(struct fwl_writer *w, uint64_t n);

static void
chars(struct fwl_writer *w, const char *before, uint64_t n)
{
    static char text[FWL_POLICY_MAX + 2];

    memset(text, 'a', sizeof(text));
    memcpy(text, before, FWL_MIN(n, strlen(before)));
    fwl_cbor_put_text(w, fwl_span(text, (size_t)n));
}

static void
text(struct fwl_writer *w, uint64_t n)
{
    chars(w, "", n);
}

static void
version(struct fwl_writer *w, uint64_t n)
{
    chars(w, "1.0.0-", n);
}

static void
class_name(struct fwl_writer *w, uint64_t n)
{
    char name[FWL_CLASS_MAX + 2];

    memset(name, 'a', sizeof(name));
    name[FWL_SEGMENT_MAX] = '/';
    name[2 * FWL_SEGMENT_MAX + 1] = '/';
    fwl_cbor_put_text(w, fwl_span(name, (size_t)n));
}

static void
fleet_name(struct fwl_writer *w, uint64_t n)
{
    char name[FWL_FLEET_MAX + 2];

    memset(name, 'a', sizeof(name));
    name[FWL_PARTICIPANT_ID_MAX] = '/';
    fwl_cbor_put_text(w, fwl_span(name, (size_t)n));
}

static void
bytes(struct fwl_writer *w, uint64_t n)
{
    static const uint8_t zeros[FWL_POLICY_MAX + 2];

    fwl_cbor_put_bytes(w, fwl_span(zeros, (size_t)n));
}

static void
author(struct fwl_writer *w, uint64_t n)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, 1);
    bytes(w, n);
}

/* ---- items ---- */

static void
name_of(struct fwl_writer *w, uint64_t i)
{
    char name[] = "t000";

    name[1] = (char)('0' + i / 100);
    name[2] = (char)('0' + i / 10 % 10);
    name[3] = (char)('0' + i % 10);
    fwl_cbor_put_text(w, fwl_span_text(name));
}

static void
hash_of(struct fwl_writer *w, uint64_t i)
{
    struct fwl_hash32 hash = {{1}};

    fwl_store_be16(hash.b, (uint16_t)i);
    fwl_cbor_put_bytes(w, fwl_hash32_span(&hash));
}

static void
digest_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_int(w, -16);
    hash_of(w, i);
}

static void
class_of(struct fwl_writer *w, uint64_t i)
{
    char name[] = "a/b/0";

    name[4] = (char)('0' + i);
    fwl_cbor_put_text(w, fwl_span_text(name));
}

static void
pattern_of(struct fwl_writer *w, uint64_t i)
{
    (void)i;
    fwl_cbor_put_text(w, fwl_span_text("*/*/*"));
}

static void
region_of(struct fwl_writer *w, uint64_t i)
{
    const char name[2] = {(char)('A' + i / 26 % 26), (char)('A' + i % 26)};

    fwl_cbor_put_text(w, fwl_span(name, sizeof(name)));
}

static void
label_of(struct fwl_writer *w, uint64_t i)
{
    name_of(w, i);
    fwl_cbor_put_text(w, fwl_span_text("v"));
}

static void
param_of(struct fwl_writer *w, uint64_t i)
{
    name_of(w, i);
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, FWL_PARAM_INT);
    fwl_cbor_put_uint(w, i);
}

static void
role_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_uint(w, i + 1);
}

static void
provision_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 1);
    name_of(w, i);
}

static void
relation_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_map(w, 1);
    fwl_cbor_put_uint(w, 1);
    name_of(w, i);
}

static void
clause_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 1);
    relation_of(w, i);
}

static void
condition_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_map(w, 1);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_array(w, 1);
    name_of(w, i);
}

static void
member_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_map(w, 3);
    fwl_cbor_put_uint(w, 1);
    hash_of(w, i);
    fwl_cbor_put_uint(w, 2);
    name_of(w, i);
    fwl_cbor_put_uint(w, 3);
    fwl_cbor_put_array(w, 0);
}

static void
live_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 4);
    hash_of(w, i);
    fwl_cbor_put_uint(w, i);
    fwl_cbor_put_uint(w, 1);
    hash_of(w, i);
}

static void
departed_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 2);
    name_of(w, i);
    fwl_cbor_put_uint(w, 1);
}

static void
advisory_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 5);
    name_of(w, i);
    fwl_cbor_put_null(w);
    fwl_cbor_put_null(w);
    fwl_cbor_put_uint(w, 1);
    name_of(w, i);
}

static void
rollout_of(struct fwl_writer *w, uint64_t i)
{
    static const uint8_t numbers[] = {2, 3, 4, 5, 6, 7, 8, 9, 10};

    fwl_cbor_put_map(w, 10);
    fwl_cbor_put_uint(w, 1);
    hash_of(w, i);
    for (size_t k = 0; k < sizeof(numbers); k++) {
        fwl_cbor_put_uint(w, numbers[k]);
        if (numbers[k] == 4 || numbers[k] == 8) {
            name_of(w, i);
        } else if (numbers[k] > 8) {
            fwl_cbor_put_array(w, 0);
        } else {
            fwl_cbor_put_uint(w, 1);
        }
    }
}

static void
report_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 6);
    name_of(w, i);
    for (unsigned k = 0; k < 4; k++) {
        fwl_cbor_put_uint(w, 0);
    }
    hash_of(w, i);
}

static void
attestation_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 2);
    name_of(w, i);
    digest_of(w, i);
}

static void
verdict_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_array(w, 3);
    name_of(w, i);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_text(w, fwl_span_text("e"));
}

static void
rule_source_of(struct fwl_writer *w, uint64_t i)
{
    fwl_cbor_put_map(w, 3);
    fwl_cbor_put_uint(w, 1);
    name_of(w, i);
    fwl_cbor_put_uint(w, 2);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_uint(w, 4);
    fwl_cbor_put_text(w, fwl_span_text("true"));
}

static void
rule_of(struct fwl_writer *w, uint64_t i)
{
    char name[] = {'r', (char)('a' + i % 26), (char)('a' + i / 26)};
    struct fwl_rule rule = {.has = 0x1fe, .name = fwl_span(name, sizeof(name)), .effect = 1, .lang = 1};

    fwl_policy_put_rule(w, &rule);
}

static struct fwl_template
template_of(char name[3], uint64_t i)
{
    static const uint8_t stages[] = {0x82, 0x18, 100, 0};

    name[0] = 't';
    name[1] = (char)('a' + i);
    return (struct fwl_template){.has = 0x3e,
                                 .name = fwl_span(name, 2),
                                 .stages = {.items = fwl_span(stages, sizeof(stages)), .count = 1},
                                 .advance_when = fwl_span_text("a"),
                                 .halt_when = fwl_span_text("b")};
}

static void
template_source_of(struct fwl_writer *w, uint64_t i)
{
    char name[3];
    struct fwl_template t = template_of(name, i);

    fwl_policy_put_template_source(w, &t);
}

static void
template_entry_of(struct fwl_writer *w, uint64_t i)
{
    char name[3];
    struct fwl_template t = template_of(name, i);

    fwl_policy_put_template(w, &t);
}

#define LIST(name, head, item)                                                                                         \
    static void name(struct fwl_writer *w, uint64_t n)                                                                 \
    {                                                                                                                  \
        head(w, (size_t)n);                                                                                            \
        for (uint64_t i = 0; i < n; i++) {                                                                             \
            item(w, i);                                                                                                \
        }                                                                                                              \
    }

LIST(names, fwl_cbor_put_array, name_of)
LIST(regions, fwl_cbor_put_array, region_of)
LIST(hashes, fwl_cbor_put_array, hash_of)
LIST(digests, fwl_cbor_put_array, digest_of)
LIST(classes, fwl_cbor_put_array, class_of)
LIST(patterns, fwl_cbor_put_array, pattern_of)
LIST(labels, fwl_cbor_put_map, label_of)
LIST(params, fwl_cbor_put_map, param_of)
LIST(roles, fwl_cbor_put_array, role_of)
LIST(provisions, fwl_cbor_put_array, provision_of)
LIST(relations, fwl_cbor_put_array, relation_of)
LIST(clauses, fwl_cbor_put_array, clause_of)
LIST(conditions, fwl_cbor_put_array, condition_of)
LIST(members, fwl_cbor_put_array, member_of)
LIST(lives, fwl_cbor_put_array, live_of)
LIST(departures, fwl_cbor_put_array, departed_of)
LIST(advisories, fwl_cbor_put_array, advisory_of)
LIST(rollouts, fwl_cbor_put_array, rollout_of)
LIST(reports, fwl_cbor_put_array, report_of)
LIST(attestations, fwl_cbor_put_array, attestation_of)
LIST(verdicts, fwl_cbor_put_array, verdict_of)
LIST(rule_sources, fwl_cbor_put_array, rule_source_of)
LIST(rules, fwl_cbor_put_array, rule_of)
LIST(template_sources, fwl_cbor_put_array, template_source_of)
LIST(templates, fwl_cbor_put_array, template_entry_of)

/* Stages ascend to 100. */
static void
stages(struct fwl_writer *w, uint64_t n)
{
    fwl_cbor_put_array(w, (size_t)n);
    for (uint64_t i = 1; i <= n; i++) {
        fwl_cbor_put_array(w, 2);
        fwl_cbor_put_uint(w, i == n ? 100 : i);
        fwl_cbor_put_uint(w, 0);
    }
}

/* Keys of their own, sorted by kid. */
static void
keys(struct fwl_writer *w, uint64_t n)
{
    struct fwl_key list[FWL_KEYS_MAX + 1];

    for (unsigned i = 0; i < FWL_COUNT(list); i++) {
        struct fwl_secret secret = {.kind = FWL_KEY_PARTICIPANT, .b = {[31] = (uint8_t)(i + 1)}};

        fwl_secret_point(&list[i].alg, &list[i].point, &secret);
    }
    fwl_cbor_put_array(w, (size_t)n);
    fwl_key_put_list(w, list, FWL_MIN((size_t)n, FWL_KEYS_MAX));
    if (n > FWL_KEYS_MAX) {
        fwl_key_put(w, &list[FWL_KEYS_MAX]);
    }
}

/* ---- the limits ---- */

struct limit {
    uint8_t kind;     /* of roundtrip.h, or ACTION */
    const char *base; /* vector; of an ACTION the transaction, whose action number is path[0] */
    struct splice_path path;
    filler fill;
    uint64_t max;
    enum fwl_err over;
};

enum { TX = 4, RELEASE, SOURCE, POLICY, GENESIS, CLASS, FLEET, PARTICIPANT, VALIDATORS, RELEASE_ENTRY, VENDOR, IMAGE };

#define L FWL_ERR_LIMIT
#define G FWL_ERR_RANGE
static const struct limit limits[] = {
    {RELEASE, "release_full", AT(1), text, FWL_PARTICIPANT_ID_MAX, L},
    {RELEASE, "release_full", AT(2), class_name, FWL_CLASS_MAX, L},
    {RELEASE, "release_full", AT(3), version, FWL_VERSION_BYTES_MAX, L},
    {RELEASE, "release_full", AT(6, 3), bytes, FWL_ENCRYPTION_MAX, L},
    {RELEASE, "release_full", AT(7), text, FWL_FILENAME_MAX, L},
    {RELEASE, "release_full", AT(10), author, FWL_AUTHOR_SIG_MAX, L},
    {RELEASE, "release_full", AT(11), text, FWL_CHANNEL_MAX, L},
    {RELEASE, "release_full", AT(12), fwl_cbor_put_uint, 3, G},
    {RELEASE, "release_full", AT(13), fwl_cbor_put_uint, UINT32_MAX, G},
    {RELEASE, "release_full", AT(14), fwl_cbor_put_uint, FWL_SCHEME_OPAQUE, G},
    {RELEASE, "release_full", AT(15), provisions, FWL_RELATIONS_MAX, L},
    {RELEASE, "release_full", AT(15, 0, 0), text, FWL_RELATION_NAME_MAX, L},
    {RELEASE, "release_full", AT(16), relations, FWL_RELATIONS_MAX, L},
    {RELEASE, "release_full", AT(16, 0, 1), text, FWL_RELATION_NAME_MAX, L},
    {RELEASE, "release_full", AT(20), digests, FWL_DIGESTS_MAX, L},
    {RELEASE, "release_full", AT(20, 0, 1), bytes, 64, L},
    {RELEASE, "release_full", AT(30), names, FWL_LINKS_MAX, L},
    {RELEASE, "release_full", AT(30, 0), text, FWL_LINK_MAX, L},
    {RELEASE, "release_full", AT(31), text, FWL_NOTES_MAX, L},
    {RELEASE, "release_full", AT(32), labels, FWL_LABELS_MAX, L},
    {RELEASE, "release_full", AT(34), conditions, FWL_CONDITIONS_MAX, L},
    {RELEASE, "release_full", AT(34, 0, 1), names, FWL_CONDITION_NAMES_MAX, L},
    {RELEASE, "release_full", AT(34, 0, 2), names, FWL_CONDITION_NAMES_MAX, L},
    {RELEASE, "release_full", AT(34, 0, 1, 0), text, FWL_CONDITION_NAME_MAX, L},
    {RELEASE, "release_full", AT(35, 0), version, FWL_VERSION_BYTES_MAX, L},
    {RELEASE, "release_full", AT(36), clauses, FWL_CLAUSES_MAX, L},
    {RELEASE, "release_full", AT(36, 0), relations, FWL_ALTERNATIVES_MAX, L},
    {RELEASE, "release_full", AT(37), regions, FWL_REGIONS_MAX, L},
    {SOURCE, "source", AT(3), patterns, FWL_POLICY_STAGED_MAX, L},
    {SOURCE, "source", AT(4), params, FWL_POLICY_PARAMS_MAX, L},
    {SOURCE, "source", AT(5, 1), names, FWL_POLICY_TRACKERS_MAX, L},
    {SOURCE, "source", AT(6), names, FWL_POLICY_APPROVERS_MAX, L},
    {SOURCE, "source", AT(7), rule_sources, FWL_POLICY_RULES_MAX, L},
    {SOURCE, "source", AT(7, 0, 1), text, FWL_RULE_NAME_MAX, L},
    {SOURCE, "source", AT(7, 0, 3), patterns, FWL_RULE_SCOPE_MAX, L},
    {SOURCE, "source", AT(7, 0, 4), text, FWL_RULE_SOURCE_MAX, L},
    {SOURCE, "source", AT(7, 0, 5), text, FWL_RULE_MESSAGE_MAX, L},
    {SOURCE, "source", AT(8), template_sources, FWL_POLICY_TEMPLATES_MAX, L},
    {SOURCE, "source", AT(8, 0, 1), text, FWL_RULE_NAME_MAX, L},
    {SOURCE, "source", AT(8, 0, 2), stages, FWL_POLICY_STAGES_MAX, L},
    {SOURCE, "source", AT(8, 0, 3), text, FWL_RULE_SOURCE_MAX, L},
    {SOURCE, "source", AT(8, 0, 4), text, FWL_RULE_SOURCE_MAX, L},
    {POLICY, "policy", AT(3), patterns, FWL_POLICY_STAGED_MAX, L},
    {POLICY, "policy", AT(4, 1), names, FWL_POLICY_TRACKERS_MAX, L},
    {POLICY, "policy", AT(5), names, FWL_POLICY_APPROVERS_MAX, L},
    {POLICY, "policy", AT(6), params, FWL_POLICY_PARAMS_MAX, L},
    {POLICY, "policy", AT(7), rules, FWL_POLICY_RULES_MAX, L},
    {POLICY, "policy", AT(7, 0, 3), patterns, FWL_RULE_SCOPE_MAX, L},
    {POLICY, "policy", AT(7, 0, 7), text, FWL_RULE_MESSAGE_MAX, L},
    {POLICY, "policy", AT(8), templates, FWL_POLICY_TEMPLATES_MAX, L},
    {POLICY, "policy", AT(8, 0, 2), stages, FWL_POLICY_STAGES_MAX, L},
    {GENESIS, "genesis", AT(4), members, FWL_VALIDATORS_MAX, L},
    {GENESIS, "genesis", AT(4, 0, 3), hashes, FWL_VALIDATOR_NODES_MAX, L},
    {GENESIS, "genesis", AT(4, 0, 4), hashes, FWL_VALIDATOR_NODES_MAX, L},
    {GENESIS, "genesis", AT(5), keys, FWL_KEYS_MAX, L},
    {GENESIS, "genesis", AT(7), text, FWL_GENESIS_NAME_MAX, L},
    {CLASS, "class", AT(3), lives, FWL_CLASS_RELEASES_MAX, L},
    {CLASS, "class", AT(4), departures, FWL_CLASS_DEPARTED_MAX, L},
    {CLASS, "class", AT(5), advisories, FWL_CLASS_ADVISORIES_MAX, L},
    {CLASS, "class", AT(5, 0, 0), text, FWL_ADVISORY_ID_MAX, L},
    {CLASS, "class", AT(6), text, FWL_CLASS_NOTES_MAX, L},
    {FLEET, "fleet", AT(1), text, FWL_PARTICIPANT_ID_MAX, L},
    {FLEET, "fleet", AT(5), rollouts, FWL_FLEET_ROLLOUTS_MAX, L},
    {FLEET, "fleet", AT(5, 0, 2), fwl_cbor_put_uint, FWL_POLICY_STAGES_MAX - 1, G},
    {FLEET, "fleet", AT(5, 0, 3), fwl_cbor_put_uint, 10000, G},
    {FLEET, "fleet", AT(5, 0, 4), text, FWL_ROLLOUT_SALT_MAX, L},
    {FLEET, "fleet", AT(5, 0, 9), reports, FWL_POLICY_TRACKERS_MAX, L},
    {FLEET, "fleet", AT(5, 0, 10), names, FWL_POLICY_APPROVERS_MAX, L},
    {FLEET, "fleet", AT(5, 0, 11), text, FWL_REASON_MAX, L},
    {PARTICIPANT, "participant", AT(1), keys, FWL_KEYS_MAX, L},
    {PARTICIPANT, "participant", AT(3), roles, FWL_ROLES_MAX, L},
    {PARTICIPANT, "participant", AT(4, 0), fwl_cbor_put_uint, FWL_QUOTA_MAX, G},
    {PARTICIPANT, "participant", AT(4, 3), fwl_cbor_put_uint, FWL_QUOTA_MAX, G},
    {VALIDATORS, "validators_entry", AT(1), members, FWL_VALIDATORS_MAX, L},
    {RELEASE_ENTRY, "release_entry", AT(1), bytes, FWL_RELEASE_MAX, L},
    {RELEASE_ENTRY, "release_entry", AT(5), text, FWL_REASON_MAX, L},
    {RELEASE_ENTRY, "release_entry", AT(6), attestations, FWL_ATTESTATIONS_MAX, L},
    {VENDOR, "vendor", AT(1), text, FWL_PARTICIPANT_ID_MAX, L},
    {VENDOR, "vendor", AT(5), text, FWL_REASON_MAX, L},
    {IMAGE, "image", AT(1), verdicts, FWL_IMAGE_VERDICTS_MAX, L},
    {IMAGE, "image", AT(1, 0, 2), text, FWL_ENGINE_MAX, L},
    {ACTION, "tx.two", AT(0, 1, 1), text, FWL_PARTICIPANT_ID_MAX, L},
    {ACTION, "tx.two", AT(0, 1, 2), keys, FWL_KEYS_MAX, L},
    {ACTION, "tx.two", AT(0, 1, 4), roles, FWL_ROLES_MAX, L},
    {ACTION, "tx.two", AT(0, 1, 5, 1), fwl_cbor_put_uint, FWL_QUOTA_MAX, G},
    {ACTION, "tx.two", AT(3, 1, 1), members, FWL_VALIDATORS_MAX, L},
    {ACTION, "tx.two", AT(3, 1, 2, 0), bytes, 2, L},
    {ACTION, "tx.two", AT(3, 1, 2, 1), bytes, UINT64_C(64) * FWL_KEYS_MAX, L},
    {ACTION, "tx.two", AT(6, 1, 1), text, FWL_SEGMENT_MAX, L},
    {ACTION, "tx.two", AT(8, 1, 2), text, FWL_REASON_MAX, L},
    {ACTION, "tx.two", AT(11, 1, 1), class_name, FWL_CLASS_MAX, L},
    {ACTION, "tx.two", AT(11, 1, 3), text, FWL_CLASS_NOTES_MAX, L},
    {ACTION, "tx.two", AT(12, 1, 1), bytes, FWL_RELEASE_MAX, L},
    {ACTION, "tx.two", AT(12, 1, 2), hashes, FWL_REPLACES_MAX, L},
    {ACTION, "tx.two", AT(14, 1, 2), text, FWL_REASON_MAX, L},
    {ACTION, "tx.two", AT(16, 1, 1), text, FWL_ADVISORY_ID_MAX, L},
    {ACTION, "tx.two", AT(16, 1, 2), classes, FWL_ADVISORY_CLASSES_MAX, L},
    {ACTION, "tx.two", AT(17, 1, 3), text, FWL_ENGINE_MAX, L},
    {ACTION, "tx.two", AT(17, 1, 4), hashes, FWL_VERDICT_RELEASES_MAX, L},
    {ACTION, "tx.two", AT(18, 1, 1), fleet_name, FWL_FLEET_MAX, L},
    {ACTION, "tx.two", AT(20, 1, 3), text, FWL_RULE_NAME_MAX, L},
    {ACTION, "tx.two", AT(20, 1, 4), text, FWL_ROLLOUT_SALT_MAX, L},
    {ACTION, "tx.two", AT(27, 1, 3), fwl_cbor_put_uint, FWL_POLICY_STAGES_MAX - 1, G},
};

static enum fwl_err
action(struct fwl_span in)
{
    static uint8_t buffer[FWL_TX_MAX];
    struct fwl_action a;
    struct fwl_writer w;
    struct fwl_span out;
    enum fwl_err err = fwl_action_decode(&a, NULL, in);

    if (err == FWL_OK) {
        fwl_writer_init(&w, buffer, sizeof(buffer));
        fwl_action_put(&w, &a);
        assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
        assert_true(fwl_span_equal(out, in));
    }
    return err;
}

/* What the decoder says of the base with a value of size @n at the place. */
static enum fwl_err
judge(const struct limit *limit, uint64_t n)
{
    static uint8_t value[2 * FWL_POLICY_MAX];
    static uint8_t document[2 * FWL_POLICY_MAX];
    struct fwl_span base = vector(limit->base);
    struct splice_path path = limit->path;
    struct fwl_writer w;
    struct fwl_span v;
    struct fwl_span d;

    if (limit->kind == ACTION) {
        const struct splice_path place = AT(5, path.step[0]);
        struct fwl_tx tx;

        assert_int_equal(fwl_tx_decode(&tx, NULL, base), FWL_OK);
        base = splice_find(tx.payload, &place);
        memmove(path.step, path.step + 1, SPLICE_STEPS - 1);
    }
    fwl_writer_init(&w, value, sizeof(value));
    limit->fill(&w, n);
    assert_int_equal(fwl_writer_finish(&w, &v), FWL_OK);
    fwl_writer_init(&w, document, sizeof(document));
    splice_put(&w, base, &path, v);
    assert_int_equal(fwl_writer_finish(&w, &d), FWL_OK);
    return limit->kind == ACTION ? action(d) : roundtrip(limit->kind, d);
}

static void
test_limits__every_field_at_max_and_one_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(limits); i++) {
        const struct limit *l = &limits[i];
        enum fwl_err at_max = judge(l, l->max);
        enum fwl_err over = judge(l, l->max + 1);

        if (at_max != FWL_OK || over != l->over) {
            fail_msg("limit %zu (%s, first step %d): %s at max, %s over it", i, l->base, l->path.step[0],
                     fwl_err_name(at_max), fwl_err_name(over));
        }
    }
}

/* A document that is one byte larger than its kind allows, by a field that allows it. */
static void
test_limits__sizes_of_records(void **state)
{
    static const struct {
        struct limit place;
        size_t max;
    } sizes[] = {
        {{RELEASE, "release_full", AT(-1), text, 0, L}, FWL_RELEASE_MAX},
        {{POLICY, "policy", AT(7, 0, 6), bytes, 0, L}, FWL_POLICY_MAX},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(sizes); i++) {
        const struct limit *place = &sizes[i].place;
        struct fwl_span base = vector(place->base);
        uint64_t n = sizes[i].max - (base.size - splice_find(base, &place->path).size) - 3;

        assert_int_equal(judge(place, n), FWL_OK);
        assert_int_equal(judge(place, n + 1), FWL_ERR_LIMIT);
    }
}

/* ---- transactions ---- */

/* A transaction of @actions withdrawals of "acme" with @signatures, whose kids ascend. */
static enum fwl_err
transaction(size_t actions, size_t signatures, size_t *size)
{
    static uint8_t document[2 * FWL_TX_MAX];
    static uint8_t items[2 * FWL_TX_MAX];
    struct fwl_action withdraw = {
        .code = FWL_ACTION_PARTICIPANT_WITHDRAW, .has = FWL_HAS(1), .u.participant.id = fwl_span_text("acme")};
    struct fwl_tx tx;
    struct fwl_tx again;
    struct fwl_writer w;
    struct fwl_span payload;
    struct fwl_span done;
    static uint8_t payload_bytes[2 * FWL_TX_MAX];

    assert_int_equal(fwl_tx_decode(&tx, NULL, vector("tx.two")), FWL_OK);
    fwl_writer_init(&w, items, sizeof(items));
    for (size_t i = 0; i < actions; i++) {
        fwl_action_put(&w, &withdraw);
    }
    tx.actions.count = actions;
    assert_int_equal(fwl_writer_finish(&w, &tx.actions.items), FWL_OK);
    fwl_writer_init(&w, payload_bytes, sizeof(payload_bytes));
    fwl_tx_put_payload(&w, &tx);
    assert_int_equal(fwl_writer_finish(&w, &payload), FWL_OK);
    fwl_writer_init(&w, document, sizeof(document));
    fwl_cbor_put_tag(&w, 98);
    fwl_cbor_put_array(&w, 4);
    fwl_cbor_put_bytes(&w, fwl_span(NULL, 0));
    fwl_cbor_put_map(&w, 0);
    fwl_cbor_put_bytes(&w, payload);
    fwl_cbor_put_array(&w, signatures);
    for (size_t i = 0; i < signatures; i++) {
        uint8_t head[] = {0xa2, 1, 0x38, 46, 4, 0x48, 0, 0, 0, 0, 0, 0, 0, (uint8_t)i};
        static const uint8_t sig[64];

        fwl_cbor_put_array(&w, 3);
        fwl_cbor_put_bytes(&w, fwl_span(head, sizeof(head)));
        fwl_cbor_put_map(&w, 0);
        fwl_cbor_put_bytes(&w, fwl_span(sig, sizeof(sig)));
    }
    assert_int_equal(fwl_writer_finish(&w, &done), FWL_OK);
    *size = done.size;
    return fwl_tx_decode(&again, NULL, done);
}

static void
test_limits__actions_and_signatures(void **state)
{
    size_t size = 0;

    (void)state;
    assert_int_equal(transaction(0, 1, &size), FWL_ERR_VALUE);
    assert_int_equal(transaction(1, 0, &size), FWL_ERR_VALUE);
    assert_int_equal(transaction(FWL_TX_ACTIONS_MAX, 1, &size), FWL_OK);
    assert_int_equal(transaction(FWL_TX_ACTIONS_MAX + 1, 1, &size), FWL_ERR_LIMIT);
    assert_int_equal(transaction(1, FWL_TX_SIGNATURES_MAX, &size), FWL_OK);
    assert_int_equal(transaction(1, FWL_TX_SIGNATURES_MAX + 1, &size), FWL_ERR_LIMIT);
}

static void
test_limits__governors(void **state)
{
    uint8_t set_bytes[2 + 33 * (FWL_KEYS_MAX + 1)] = {1};
    struct fwl_governors set;

    (void)state;
    for (uint8_t n = 1; n <= FWL_KEYS_MAX + 1; n++) {
        set_bytes[1] = n;
        set_bytes[2 + 33 * (n - 1)] = 2;
        set_bytes[2 + 33 * (n - 1) + 32] = n;
        assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * (size_t)n)),
                         n <= FWL_KEYS_MAX ? FWL_OK : FWL_ERR_LIMIT);
    }
    set_bytes[1] = 3;
    set_bytes[0] = 3;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_OK);
    set_bytes[0] = 4;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_ERR_VALUE);
    set_bytes[0] = 0;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_ERR_VALUE);
    set_bytes[0] = 1;
    set_bytes[1] = 0;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2)), FWL_ERR_VALUE);
    set_bytes[1] = 3;
    set_bytes[2 + 33] = 4; /* no compressed point begins so */
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_ERR_VALUE);
    set_bytes[2 + 33] = 2;
    set_bytes[2 + 33 + 32] = 1;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_ERR_DUPLICATE);
    set_bytes[2 + 33 + 32] = 0;
    assert_int_equal(fwl_governors_decode(&set, fwl_span(set_bytes, 2 + 33 * 3)), FWL_ERR_ORDER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits__every_field_at_max_and_one_more),
        cmocka_unit_test(test_limits__sizes_of_records),
        cmocka_unit_test(test_limits__actions_and_signatures),
        cmocka_unit_test(test_limits__governors),
    };

    return cmocka_run_group_tests(tests, vectors_load, vectors_free);
}
