#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contracts/cel/eval/code.h"

struct fwl_writer
world_begin(struct world *w)
{
    struct fwl_writer writer;

    fwl_writer_init(&writer, w->bytes + w->used, sizeof(w->bytes) - w->used);
    return writer;
}

struct fwl_span
world_end(struct world *w, const struct fwl_writer *writer)
{
    struct fwl_span out = fwl_span(writer->to, writer->size);

    assert_int_equal(writer->err, FWL_OK);
    w->used += writer->size;
    return out;
}

struct fwl_list
world_append(struct world *w, struct fwl_list list, struct fwl_span item)
{
    struct fwl_writer writer = world_begin(w);

    fwl_writer_span(&writer, list.items);
    fwl_writer_span(&writer, item);
    return (struct fwl_list){.items = world_end(w, &writer), .count = list.count + 1};
}

struct fwl_list
world_texts(struct world *w, size_t count, const char *const *texts)
{
    struct fwl_writer writer = world_begin(w);

    for (size_t i = 0; i < count; i++) {
        fwl_cbor_put_text(&writer, fwl_span_text(texts[i]));
    }
    return (struct fwl_list){.items = world_end(w, &writer), .count = count};
}

struct fwl_list
world_relation(struct world *w, const char *name, uint64_t op, const char *version)
{
    struct fwl_writer writer = world_begin(w);
    struct fwl_relation relation = {.has = FWL_HAS(1), .name = fwl_span_text(name)};

    if (op != 0) {
        relation.has |= FWL_HAS(2) | FWL_HAS(3);
        relation.op = op;
        relation.version = fwl_span_text(version);
    }
    fwl_release_put_relation(&writer, &relation);
    return (struct fwl_list){.items = world_end(w, &writer), .count = 1};
}

struct fwl_list
world_clause(struct world *w, struct fwl_list clauses, struct fwl_list relations)
{
    struct fwl_writer writer = world_begin(w);

    fwl_list_put_array(&writer, relations);
    return world_append(w, clauses, world_end(w, &writer));
}

struct fwl_list
world_provision(struct world *w, const char *name, const char *version)
{
    struct fwl_writer writer = world_begin(w);
    struct fwl_provision provision = {.name = fwl_span_text(name)};

    if (version != NULL) {
        provision.version = fwl_span_text(version);
    }
    fwl_release_put_provision(&writer, &provision);
    return (struct fwl_list){.items = world_end(w, &writer), .count = 1};
}

struct world *
world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->vendor = (struct fwl_vendor_entry){.has = 0x1e, .owner = fwl_span_text("acme")};
    w->entry = (struct fwl_class_entry){.has = 0x3e, .scheme = FWL_SCHEME_SEMVER};
    w->fleet = (struct fwl_fleet_entry){
        .has = 0x3e, .administrator = fwl_span_text("ops"), .policy_version = 1, .max_age_ms = 900000};
    w->policy = (struct fwl_policy_entry){.has = 0x3fe, .version = 1, .select = FWL_SELECT_HIGHEST};
    w->facts = (struct fwl_facts){.id = fwl_span_text("dev-1"),
                                  .fleet = fwl_span_text("ops/line"),
                                  .class_name = fwl_span_text("acme/gw100/app"),
                                  .maker = fwl_span_text("acme"),
                                  .model = fwl_span_text("gw100"),
                                  .version = fwl_span_text("1.0.0")};
    w->now_ms = 2000000;
    world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, true));
    return w;
}

void
world_free(struct world *w)
{
    free(w);
}

struct fwl_release
world_release(const char *version)
{
    static const uint8_t digest[32] = {1, 2, 3};

    return (struct fwl_release){.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(5) | FWL_HAS(7) |
                                       FWL_HAS(9) | FWL_HAS(FWL_RELEASE_VALID),
                                .provider = fwl_span_text("acme"),
                                .class_name = fwl_span_text("acme/gw100/app"),
                                .version = fwl_span_text(version),
                                .digest = {.alg = FWL_DIGEST_SHA256, .bytes = fwl_span(digest, sizeof(digest))},
                                .size = 1234,
                                .file_name = fwl_span_text("app.bin"),
                                .counter = 7,
                                .valid = true};
}

size_t
world_add(struct world *w, const struct fwl_release *release)
{
    size_t i = w->count++;
    struct fwl_writer writer = world_begin(w);
    struct fwl_release_entry entry = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(6),
                                      .published_ms = 1000000,
                                      .changed_ms = 1000000,
                                      .status = FWL_RELEASE_LIVE};

    fwl_release_put(&writer, release);
    entry.record = world_end(w, &writer);
    writer = world_begin(w);
    fwl_entry_put_release(&writer, &entry);
    w->entries[i] = world_end(w, &writer);
    fwl_entry_value_hash(&w->values[i], w->entries[i]);
    w->flags[i] = FWL_LIVE_VALID;
    assert_int_equal(fwl_entry_release(&w->releases[i].entry, NULL, w->entries[i]), FWL_OK);
    assert_int_equal(fwl_release_decode(&w->releases[i].record, NULL, w->releases[i].entry.record, w->entry.scheme),
                     FWL_OK);
    return i;
}

size_t
world_add_version(struct world *w, const char *version)
{
    struct fwl_release release = world_release(version);

    return world_add(w, &release);
}

struct fwl_hash32
world_id(const struct world *w, size_t i)
{
    struct fwl_hash32 id = {{(uint8_t)(i + 1)}};

    (void)w;
    return id;
}

void
world_rule_put(struct world *w, const struct fwl_rule *rule)
{
    struct fwl_writer writer = world_begin(w);

    fwl_policy_put_rule(&writer, rule);
    w->policy.rules = world_append(w, w->policy.rules, world_end(w, &writer));
}

void
world_rule(struct world *w, enum fwl_effect effect, struct fwl_span code)
{
    static const char *const names[] = {"rule-a", "rule-b", "rule-c", "rule-d", "rule-e", "rule-f", "rule-g", "rule-h"};
    const struct fwl_rule rule = {.has = 0x1fe,
                                  .name = fwl_span_text(names[w->policy.rules.count % 8]),
                                  .effect = effect,
                                  .lang = FWL_CEL_LANG,
                                  .code = code};

    world_rule_put(w, &rule);
}

void
world_no_rules(struct world *w)
{
    w->policy.rules = (struct fwl_list){0};
}

void
world_rollout(struct world *w, size_t i, enum fwl_rollout_state state, uint64_t share)
{
    struct fwl_writer writer = world_begin(w);
    const struct fwl_rollout rollout = {.has = 0x7fe,
                                        .release = world_id(w, i),
                                        .share = share,
                                        .salt = fwl_span_text("r7"),
                                        .started_ms = 1500000,
                                        .entered_ms = 1500000,
                                        .state = state,
                                        .template_name = fwl_span_text("default")};

    fwl_entry_put_rollout(&writer, &rollout);
    w->fleet.rollouts = world_append(w, w->fleet.rollouts, world_end(w, &writer));
}

void
world_seal(struct world *w)
{
    w->entry.live = (struct fwl_list){0};
    w->entry.next_seq = w->count;
    for (size_t i = 0; i < w->count; i++) {
        struct fwl_writer writer = world_begin(w);
        const struct fwl_live live = {.id = world_id(w, i), .seq = i, .flags = w->flags[i], .value = w->values[i]};

        fwl_entry_put_live(&writer, &live);
        w->entry.live = world_append(w, w->entry.live, world_end(w, &writer));
    }
}

struct fwl_decide_input
world_input(const struct world *w)
{
    return (struct fwl_decide_input){.vendor = w->no_vendor ? NULL : &w->vendor,
                                     .entry = w->no_class ? NULL : &w->entry,
                                     .fleet = w->no_fleet ? NULL : &w->fleet,
                                     .policy = w->no_policy ? NULL : &w->policy,
                                     .facts = &w->facts,
                                     .now_ms = w->now_ms};
}

enum fwl_err
world_decide(struct world *w)
{
    struct fwl_decide_input in = world_input(w);

    world_seal(w);
    assert_int_equal(fwl_facts_check(NULL, &w->facts), FWL_OK);
    w->work.cells = w->cells;
    if (w->work.cell_count == 0) {
        w->work.cell_count = FWL_COUNT(w->cells);
    }
    return fwl_decide(&w->decision, w->candidates, &w->work, &in, w->releases);
}

void
world_expect(struct world *w, enum fwl_decision_kind kind, enum fwl_nothing nothing)
{
    assert_int_equal(world_decide(w), FWL_OK);
    assert_string_equal(fwl_decision_name(w->decision.kind), fwl_decision_name(kind));
    assert_string_equal(fwl_nothing_text(w->decision.nothing), fwl_nothing_text(nothing));
}

void
world_expect_install(struct world *w, size_t chosen)
{
    struct fwl_hash32 id = world_id(w, chosen);

    world_expect(w, FWL_DECISION_INSTALL, FWL_NOTHING_NONE);
    assert_int_equal(w->decision.chosen, chosen);
    assert_true(fwl_hash32_equal(&w->decision.release, &id));
}

void
world_expect_refusal(struct world *w, enum fwl_refusal refusal)
{
    bool fits = refusal != FWL_REFUSAL_HARDWARE && refusal != FWL_REFUSAL_CLASS;

    world_expect(w, FWL_DECISION_NOTHING, fits ? FWL_NOTHING_REFUSED : FWL_NOTHING_NO_HARDWARE);
    assert_string_equal(fwl_refusal_text(w->candidates[0].refusal), fwl_refusal_text(refusal));
}

/* lang, constants, slot list (slot, size maximum, element maximum), instructions */
static struct fwl_writer
code_begin(struct world *w, const char *constant, size_t slot_count, const uint8_t *slots)
{
    struct fwl_writer writer = world_begin(w);

    fwl_writer_u8(&writer, FWL_CEL_LANG);
    fwl_writer_u8(&writer, constant != NULL ? 1 : 0);
    if (constant != NULL) {
        fwl_writer_u8(&writer, FWL_CEL_STRING);
        fwl_cbor_put_text(&writer, fwl_span_text(constant));
    }
    fwl_writer_u8(&writer, (uint8_t)slot_count);
    for (size_t i = 0; i < slot_count; i++) {
        fwl_writer_u8(&writer, slots[i]);
        fwl_writer_u16(&writer, 64);
        fwl_writer_u16(&writer, 64);
    }
    return writer;
}

static struct fwl_span
code_end(struct world *w, struct fwl_writer *writer, size_t size, const uint8_t *ops)
{
    fwl_writer_bytes(writer, ops, size);
    fwl_writer_u8(writer, FWL_CEL_OP_RETURN);
    return world_end(w, writer);
}

struct fwl_span
code_bool(struct world *w, bool value)
{
    struct fwl_writer writer = code_begin(w, NULL, 0, NULL);
    const uint8_t ops[] = {value ? FWL_CEL_OP_TRUE : FWL_CEL_OP_FALSE};

    return code_end(w, &writer, sizeof(ops), ops);
}

struct fwl_span
code_error(struct world *w)
{
    struct fwl_writer writer = code_begin(w, NULL, 0, NULL);
    const uint8_t ops[] = {FWL_CEL_OP_INT8, 1, FWL_CEL_OP_INT8, 0, FWL_CEL_OP_DIV, FWL_CEL_OP_INT8, 0, FWL_CEL_OP_EQ};

    return code_end(w, &writer, sizeof(ops), ops);
}

struct fwl_span
code_text(struct world *w, uint8_t slot, const char *text)
{
    struct fwl_writer writer = code_begin(w, text, 1, &slot);
    const uint8_t ops[] = {FWL_CEL_OP_SLOT_FIELD, slot, FWL_CEL_OP_CONST, 0, FWL_CEL_OP_EQ};

    return code_end(w, &writer, sizeof(ops), ops);
}

struct fwl_span
code_has(struct world *w, uint8_t slot, const char *text)
{
    struct fwl_writer writer = code_begin(w, text, 1, &slot);
    const uint8_t ops[] = {FWL_CEL_OP_CONST, 0, FWL_CEL_OP_SLOT_FIELD, slot, FWL_CEL_OP_IN};

    return code_end(w, &writer, sizeof(ops), ops);
}

struct fwl_span
code_int(struct world *w, uint8_t slot, int8_t n)
{
    struct fwl_writer writer = code_begin(w, NULL, 1, &slot);
    const uint8_t ops[] = {FWL_CEL_OP_SLOT_FIELD, slot, FWL_CEL_OP_INT8, (uint8_t)n, FWL_CEL_OP_GE};

    return code_end(w, &writer, sizeof(ops), ops);
}

struct fwl_span
code_newer(struct world *w, uint8_t a, uint8_t b)
{
    const uint8_t slots[] = {FWL_MIN(a, b), FWL_MAX(a, b)};
    struct fwl_writer writer = code_begin(w, NULL, 2, slots);
    const uint8_t ops[] = {FWL_CEL_OP_SLOT_FIELD,      a, FWL_CEL_OP_SLOT_FIELD, b, FWL_CEL_OP_CALL,
                           FWL_CEL_FN_IS_GREATER_THAN, 2};

    return code_end(w, &writer, sizeof(ops), ops);
}
