#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/policy_check.h"
#include "client/cli/tally.h"
#include "client/cli/world_part.h"
#include "core/host/clock.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/merkle/proof.h"
#include "ledger/query/query.h"

static const char anonymous_fleet[] = "simulated/fleet"; /* of facts and a policy that name none */

struct fwl_world_policy {
    struct fwl_policy_check check;
    struct fwl_world *world;
    int code; /* of a class that could not be read */
};

/* ---- classes that are known ---- */

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b); /* each element begins with its name */
}

bool
fwl_world_keep(struct fwl_world *world, void *p)
{
    struct fwl_world_bytes *bytes = p == NULL ? NULL : fwl_malloc(sizeof(*bytes));

    if (bytes == NULL) {
        fwl_free(p);
        return false;
    }
    *bytes = (struct fwl_world_bytes){.next = world->bytes, .p = p};
    world->bytes = bytes;
    return true;
}

/* A new element of a tree: @size bytes that begin with the name. */
static void *
add(struct fwl_world *world, void **tree, struct fwl_span name, size_t room, size_t size)
{
    char *element = fwl_calloc(1, size);

    FWL_ASSERT(name.size < room);
    if (!fwl_world_keep(world, element)) {
        return NULL;
    }
    memcpy(element, name.p, name.size);
    return tsearch(element, tree, by_name) == NULL ? NULL : element;
}

static void *
find(void *const *tree, struct fwl_span name)
{
    char key[FWL_CLASS_MAX + FWL_FLEET_MAX];
    void *const *node = NULL;

    if (name.size >= sizeof(key)) {
        return NULL;
    }
    memcpy(key, name.p, name.size);
    key[name.size] = '\0';
    node = tfind(key, tree, by_name);
    return node == NULL ? NULL : *node;
}

struct fwl_world_class *
fwl_world_add_class(struct fwl_world *world, struct fwl_span name)
{
    return add(world, &world->classes, name, FWL_CLASS_MAX + 1, sizeof(struct fwl_world_class));
}

struct fwl_world_class *
fwl_world_find_class(const struct fwl_world *world, struct fwl_span name)
{
    return find(&world->classes, name);
}

/* ---- from entries ---- */

/* The entries of one question, as a store or a bundle has them; a span with NULL is absent. */
static enum fwl_err
take_class(struct fwl_world *world, struct fwl_span name, const struct fwl_query_values *v)
{
    struct fwl_world_class *c = fwl_world_add_class(world, name);

    if (c == NULL) {
        return FWL_ERR_MEMORY;
    }
    c->has_vendor = v->vendor.p != NULL;
    c->has_entry = v->class_entry.p != NULL;
    if ((c->has_vendor && fwl_entry_vendor(&c->vendor, NULL, v->vendor) != FWL_OK) ||
        (c->has_entry && fwl_entry_class(&c->entry, NULL, v->class_entry) != FWL_OK)) {
        return FWL_ERR_CORRUPT;
    }
    if (!c->has_entry) {
        return FWL_OK;
    }
    if (c->entry.live.count != v->release_count) {
        return FWL_ERR_CORRUPT;
    }
    c->releases = fwl_calloc(v->release_count + 1, sizeof(*c->releases));
    if (!fwl_world_keep(world, c->releases)) {
        return FWL_ERR_MEMORY;
    }
    for (size_t i = 0; i < v->release_count; i++) {
        struct fwl_listed *l = &c->releases[i];

        if (fwl_entry_release(&l->entry, NULL, v->releases[i]) != FWL_OK ||
            fwl_release_decode(&l->record, NULL, l->entry.record, c->entry.scheme) != FWL_OK) {
            return FWL_ERR_CORRUPT;
        }
    }
    return FWL_OK;
}

static enum fwl_err
take_fleet(struct fwl_world *world, struct fwl_span name, const struct fwl_query_values *v)
{
    struct fwl_world_fleet *f = add(world, &world->fleets, name, sizeof(f->name), sizeof(*f));

    if (f == NULL) {
        return FWL_ERR_MEMORY;
    }
    f->has_entry = v->fleet.p != NULL;
    f->has_policy = v->policy.p != NULL;
    if ((f->has_entry && fwl_entry_fleet(&f->entry, NULL, v->fleet) != FWL_OK) ||
        (f->has_policy && fwl_policy_entry_decode(&f->policy, NULL, v->policy) != FWL_OK)) {
        return FWL_ERR_CORRUPT;
    }
    return FWL_OK;
}

/* The values of a bundle. They are proven under the header that the node names; who certified it is not asked here. */
static enum fwl_err
take_bundle(struct fwl_query_values *v, struct fwl_header *header, const struct fwl_query_ask *ask,
            struct fwl_span bytes)
{
    struct fwl_class_name name;
    struct fwl_bundle bundle;
    struct fwl_answer answer;
    struct fwl_fleet_entry fleet;
    struct fwl_reader it;
    enum fwl_err err = fwl_bundle_decode(&bundle, NULL, bytes);

    *v = (struct fwl_query_values){.release_count = 0};
    err = err == FWL_OK ? fwl_answer_decode(&answer, NULL, bundle.answer) : err;
    err = err == FWL_OK ? fwl_header_decode(header, answer.header) : err;
    err = err == FWL_OK ? fwl_name_class(&name, ask->class_name) : err;
    if (err != FWL_OK) {
        return err;
    }
    const struct {
        enum fwl_table table;
        struct fwl_span key;
        struct fwl_span *value;
    } parts[FWL_ANSWER_PROOFS] = {[FWL_ANSWER_VENDOR] = {FWL_TABLE_VENDOR, name.vendor, &v->vendor},
                                  [FWL_ANSWER_CLASS] = {FWL_TABLE_CLASS, ask->class_name, &v->class_entry},
                                  [FWL_ANSWER_FLEET] = {FWL_TABLE_FLEET, ask->fleet, &v->fleet}};

    fwl_bundle_values_begin(&it, &bundle);
    for (size_t i = 0; i < FWL_ANSWER_PROOFS; i++) {
        struct fwl_proven proven;

        err = fwl_proof_verify(&proven, &header->state_root, (uint8_t)parts[i].table, parts[i].key, answer.proofs[i]);
        if (err != FWL_OK || (proven.present && !fwl_bundle_value_next(&it, parts[i].value))) {
            return err == FWL_OK ? FWL_ERR_NO_VALUE : err;
        }
    }
    if (v->fleet.p != NULL && fwl_entry_fleet(&fleet, NULL, v->fleet) == FWL_OK && fleet.policy.some &&
        !fwl_bundle_value_next(&it, &v->policy)) {
        return FWL_ERR_NO_VALUE;
    }
    while (v->release_count < FWL_CLASS_RELEASES_MAX && fwl_bundle_value_next(&it, &v->releases[v->release_count])) {
        v->release_count++;
    }
    return FWL_OK;
}

static int
fail(char error[FWL_WORLD_ERROR_MAX], int code, const char *what, const char *why)
{
    (void)snprintf(error, FWL_WORLD_ERROR_MAX, "%s: %s", what, why);
    return code;
}

/* Asks a node; the body of its answer lives as long as the world. */
static int
load_from_node(struct fwl_world *world, char error[FWL_WORLD_ERROR_MAX], struct fwl_query_values *v,
               const struct fwl_query_ask *ask)
{
    struct fwl_http_response response = {0};
    struct fwl_header header = {.height = 0};
    char path[FWL_CLASS_MAX + FWL_FLEET_MAX + 32];
    char problem[FWL_HTTP_ERROR_MAX];
    enum fwl_err err = FWL_OK;
    int code = 0;

    (void)snprintf(path, sizeof(path), "/v1/bundles/%.*s/%.*s", (int)ask->fleet.size, (const char *)ask->fleet.p,
                   (int)ask->class_name.size, (const char *)ask->class_name.p);
    err = fwl_http_get(world->session.http, &response, path, FWL_SUBMIT_TIMEOUT_S);
    if (err != FWL_OK) {
        (void)snprintf(error, FWL_WORLD_ERROR_MAX, "%s", response.error); /* it names the node */
        code = fwl_commands_exit(err);
    } else if (response.status != 200) {
        fwl_session_problem(problem, &response);
        code = fail(error, FWL_EXIT_NODE, path, problem);
    } else {
        err = take_bundle(v, &header, ask, fwl_span(response.body, response.size));
        code = err == FWL_OK ? 0 : fail(error, fwl_commands_exit(err), path, fwl_err_text(err));
    }
    if (code != 0) {
        fwl_http_response_clear(&response);
        return code;
    }
    world->newest = header.height;
    if (!world->has_tip) {
        world->has_tip = true;
        world->height = header.height;
        world->time_ms = header.time_ms;
    }
    return fwl_world_keep(world, response.body) ? 0 : fail(error, FWL_EXIT_NO, path, fwl_err_text(FWL_ERR_MEMORY));
}

int
fwl_world_load(struct fwl_world *world, char error[FWL_WORLD_ERROR_MAX], struct fwl_span fleet,
               struct fwl_span class_name)
{
    const struct fwl_query_ask ask = {.fleet = fleet, .class_name = class_name};
    bool has_class = fwl_world_find_class(world, class_name) != NULL;
    bool has_fleet = find(&world->fleets, fleet) != NULL;
    struct fwl_query_values v = {.release_count = 0};
    enum fwl_err err = FWL_OK;
    int code = 0;

    if (world->from_files || (has_class && has_fleet)) {
        return 0;
    }
    if (world->kv != NULL) {
        err = fwl_query_values(world->kv, &v, &ask);
    } else {
        code = load_from_node(world, error, &v, &ask);
    }
    if (code != 0) {
        return code;
    }
    err = err == FWL_OK && !has_class ? take_class(world, class_name, &v) : err;
    err = err == FWL_OK && !has_fleet ? take_fleet(world, fleet, &v) : err;
    return err == FWL_OK ? 0 : fail(error, fwl_commands_exit(err), "the ledger", fwl_err_text(err));
}

/* ---- a policy that takes the place of the ledger's ---- */

static enum fwl_err
scheme_of(void *cookie, uint64_t *scheme, struct fwl_span class_name)
{
    struct fwl_world_policy *p = cookie;
    const char *fleet = p->check.file.fleet[0] != '\0' ? p->check.file.fleet : anonymous_fleet;
    const struct fwl_world_class *c = NULL;
    char error[FWL_WORLD_ERROR_MAX];

    p->code = fwl_world_load(p->world, error, fwl_span_text(fleet), class_name);
    if (p->code != 0) {
        (void)fprintf(stderr, "fwledger: %s\n", error);
        return FWL_ERR_STATE;
    }
    c = fwl_world_find_class(p->world, class_name);
    *scheme = c != NULL && c->has_entry ? c->entry.scheme : p->world->scheme;
    return *scheme != 0 ? FWL_OK : FWL_ERR_ABSENT;
}

int
fwl_world_policy(struct fwl_world_policy **out, struct fwl_world *world, const char *path)
{
    struct fwl_world_policy *p = *out = fwl_calloc(1, sizeof(*p));
    int code = 0;

    if (p == NULL) {
        return fwl_commands_fail(path, FWL_ERR_MEMORY);
    }
    p->world = world;
    p->check.scheme_of = scheme_of;
    p->check.cookie = p;
    code = fwl_policy_check_load(&p->check, path);
    return p->code != 0 ? p->code : code;
}

void
fwl_world_policy_free(struct fwl_world_policy *policy)
{
    if (policy != NULL) {
        fwl_policy_check_clear(&policy->check);
    }
    fwl_free(policy);
}

/* ---- decisions ---- */

/* Whether a policy file stands for this fleet, and a fleet that may not be there yet. */
static bool
replaces(const struct fwl_world_policy *policy, struct fwl_span fleet)
{
    return policy != NULL && (policy->check.file.fleet[0] == '\0' || fwl_span_is(fleet, policy->check.file.fleet));
}

static int
decide(struct fwl_world *world, const struct fwl_world_policy *policy, char error[FWL_WORLD_ERROR_MAX])
{
    static const struct fwl_fleet_entry new_fleet = {.has = 0x3e, .policy_version = 1};
    const struct fwl_facts *facts = &world->facts.facts;
    const struct fwl_world_class *c = fwl_world_find_class(world, facts->class_name);
    const struct fwl_world_fleet *f = find(&world->fleets, facts->fleet);
    struct fwl_decide_input in = {.facts = facts};
    enum fwl_err err = FWL_OK;

    in.vendor = c != NULL && c->has_vendor ? &c->vendor : NULL;
    in.entry = c != NULL && c->has_entry ? &c->entry : NULL;
    in.fleet = f != NULL && f->has_entry ? &f->entry : NULL;
    in.policy = f != NULL && f->has_policy ? &f->policy : NULL;
    if (replaces(policy, facts->fleet)) {
        in.policy = &policy->check.entry;
        in.fleet = in.fleet == NULL ? &new_fleet : in.fleet;
    }
    in.now_ms = world->facts.has_now ? world->facts.now_ms : world->has_now ? world->now_ms : world->time_ms;
    world->decide.cells = world->cells;
    world->decide.cell_count = FWL_COUNT(world->cells);
    err = fwl_decide(&world->decision, world->candidates, &world->decide, &in, in.entry == NULL ? NULL : c->releases);
    if (err != FWL_OK) {
        return fail(error, FWL_EXIT_NO, err == FWL_ERR_VERSION ? "version" : "the facts", fwl_err_text(err));
    }
    world->shown = (struct fwl_json_decision){.decision = &world->decision,
                                              .facts = facts,
                                              .entry = in.entry,
                                              .policy = in.policy,
                                              .candidates = world->candidates,
                                              .names = c == NULL ? NULL : c->names,
                                              .has_tip = world->has_tip,
                                              .height = world->height,
                                              .time_ms = world->time_ms};
    if (world->decision.kind == FWL_DECISION_INSTALL && c != NULL) {
        world->shown.version = c->releases[world->decision.chosen].record.version;
    }
    return 0;
}

int
fwl_world_decide(struct fwl_world *world, const struct fwl_world_policy *policy, const struct fwl_json_decision **out,
                 char error[FWL_WORLD_ERROR_MAX], json_t *facts)
{
    int code = 0;

    *out = &world->shown;
    if (policy != NULL && json_is_object(facts) && json_object_get(facts, "fleet") == NULL) {
        (void)json_object_set_new(
            facts, "fleet",
            json_string(policy->check.file.fleet[0] != '\0' ? policy->check.file.fleet : anonymous_fleet));
    }
    if (fwl_json_facts_parse(&world->facts, facts) != FWL_OK) {
        (void)snprintf(error, FWL_WORLD_ERROR_MAX, "%s", world->facts.parse.error);
        return FWL_EXIT_NO;
    }
    code = fwl_world_load(world, error, world->facts.facts.fleet, world->facts.facts.class_name);
    return code == 0 ? decide(world, policy, error) : code;
}

/* ---- opening ---- */

static int
take_time(const struct fwl_command *self, uint64_t *ms, const char *text, const char *option)
{
    char reason[128];
    int64_t seconds = 0;

    if (fwl_time_parse(&seconds, fwl_span_text(text)) == FWL_OK && seconds >= 0) {
        *ms = (uint64_t)seconds * 1000;
        return 0;
    }
    (void)snprintf(reason, sizeof(reason), "%s is a time like 2026-01-31T12:00:00Z", option);
    return fwl_args_usage(self, reason);
}

/* A folder of a node or a snapshot: world->kv, and the tip of what it shows. */
static int
open_data(struct fwl_world *world, const struct fwl_command *self, const struct fwl_world_options *options)
{
    struct fwl_query_tip tip;
    uint64_t at_ms = 0;
    int code = options->at == NULL ? 0 : take_time(self, &at_ms, options->at, "--at");
    enum fwl_err err = FWL_OK;

    if (code == 0 && options->data == NULL) {
        code = fwl_world_snapshot(world, options->snapshots.values[0]);
    } else if (code == 0) {
        code = fwl_data_open_reader(&world->data, options->data, FWL_STORE_CHAIN);
        world->kv = &world->data.read.kv;
        code = code == 0 && options->at != NULL ? fwl_world_past(world, at_ms, &options->snapshots) : code;
    }
    if (code != 0) {
        return code;
    }
    err = fwl_query_tip(world->kv, &tip);
    if (err != FWL_OK) {
        return fwl_commands_fail(world->source, err);
    }
    world->has_tip = true;
    world->height = tip.header.height;
    world->time_ms = options->at == NULL ? tip.header.time_ms : at_ms;
    return 0;
}

/* Which sources and options go together. */
static int
check_options(const struct fwl_command *self, const struct fwl_world_options *options)
{
    bool data = options->data != NULL || options->snapshots.count > 0;

    if ((options->releases != NULL) + data + (options->node != NULL) > 1) {
        return fwl_args_usage(self, "--releases, --data or --snapshot, and --node are three sources: give one");
    }
    if (options->at != NULL && options->data == NULL) {
        return fwl_args_usage(self, "--at needs --data, the folder of a node whose blocks can be executed again");
    }
    if (options->snapshots.count > 0 && options->data != NULL && options->at == NULL) {
        return fwl_args_usage(self, "--snapshot beside --data is where --at may start: --at is missing");
    }
    if (options->snapshots.count > 1 && options->data == NULL) {
        return fwl_args_usage(self, "one --snapshot; several are for --data with --at");
    }
    if ((options->class_name != NULL || options->scheme != NULL) && options->releases == NULL) {
        return fwl_args_usage(self, "--class and --scheme are about the lines of --releases");
    }
    return 0;
}

int
fwl_world_open(struct fwl_world **out, const struct fwl_command *self, const struct fwl_world_options *options)
{
    struct fwl_world *world = *out = fwl_calloc(1, sizeof(*world));
    int code = 0;

    if (world == NULL) {
        return fwl_commands_fail("simulation", FWL_ERR_MEMORY);
    }
    code = check_options(self, options);
    if (code != 0) {
        return code;
    }
    world->has_now = options->now != NULL;
    code = world->has_now ? take_time(self, &world->now_ms, options->now, "--now") : 0;
    if (code != 0) {
        return code;
    }
    world->source = options->releases != NULL      ? options->releases
                    : options->data != NULL        ? options->data
                    : options->snapshots.count > 0 ? options->snapshots.values[0]
                                                   : NULL;
    if (options->releases != NULL) {
        world->time_ms = fwl_clock_unix_ms() / 1000 * 1000;
        world->from_files = true;
        return fwl_world_files(world, self, options);
    }
    return world->source != NULL ? open_data(world, self, options)
                                 : fwl_session_connect(&world->session, options->node);
}

size_t
fwl_world_bad(const struct fwl_world *world)
{
    return world->bad;
}

void
fwl_world_describe(FILE *to, const struct fwl_world *world)
{
    char n[2][FWL_TALLY_NUMBER];
    char time[FWL_TIME_TEXT_SIZE];
    uint64_t classes = 0;

    if (!world->from_files) {
        fwl_time_text(time, world->time_ms);
        (void)fprintf(to, "the ledger of %s", world->source == NULL ? world->session.url : world->source);
        if (world->has_tip) {
            (void)fprintf(to, " at height %" PRIu64 ", %s", world->height, time);
        }
        if (world->newest > world->height) {
            (void)fprintf(to, ", and up to height %" PRIu64 " while it was asked", world->newest);
        }
        (void)fputc('\n', to);
        return;
    }
    for (uint64_t s = 1; s <= FWL_SCHEME_OPAQUE; s++) {
        classes += world->schemes[s];
    }
    (void)fprintf(to, "%s release%s of %s class%s", fwl_tally_number(n[0], world->releases),
                  world->releases == 1 ? "" : "s", fwl_tally_number(n[1], classes), classes == 1 ? "" : "es");
    for (uint64_t s = 1; s <= FWL_SCHEME_OPAQUE; s++) {
        if (world->schemes[s] == classes && classes > 0) {
            (void)fprintf(to, ", scheme %s", fwl_scheme_name(s));
        } else if (world->schemes[s] > 0) {
            (void)fprintf(to, ", %s of scheme %s", fwl_tally_number(n[0], world->schemes[s]), fwl_scheme_name(s));
        }
    }
    (void)fprintf(to, "%s\n", world->scheme == 0 && classes > 0 ? " by the look of their versions" : "");
}

static void
forget(void *element)
{
    (void)element; /* among world->bytes */
}

void
fwl_world_close(struct fwl_world *world)
{
    if (world == NULL) {
        return;
    }
    tdestroy(world->classes, forget);
    tdestroy(world->fleets, forget);
    while (world->bytes != NULL) {
        struct fwl_world_bytes *next = world->bytes->next;

        fwl_free(world->bytes->p);
        fwl_free(world->bytes);
        world->bytes = next;
    }
    fwl_read_end(&world->read);
    fwl_memstore_free(world->memory);
    fwl_data_close(&world->data);
    fwl_session_close(&world->session);
    fwl_free(world);
}
