/*
 * verify_many ANCHOR - bundles through client/verify, many in one process, for tests/three-paths.
 *
 * Each line of standard input is {"bundle": PATH, "device": {facts}}; each is checked as by a device that knows nothing
 * but the anchor, at this machine's time. Prints the decision object, or {"error": ...}, a line each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/anchor.h"
#include "client/cli/files.h"
#include "client/cli/lines.h"
#include "client/verify/verify.h"
#include "contracts/json/decision.h"
#include "contracts/json/facts.h"
#include "core/host/clock.h"
#include "core/host/heap.h"

enum {
    BUNDLE_MAX = 16 << 20,
    PATH_ROOM = 4096,
};

struct many {
    struct fwl_anchor_file anchor;
    struct fwl_device device;
    struct fwl_json_facts facts;
    struct fwl_verify verify;
    struct fwl_decide_work work;
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    char path[PATH_ROOM]; /* of the bundle that is in memory */
    struct fwl_span bundle;
};

static enum fwl_err
load(struct many *m, const char *path)
{
    if (path == NULL || strlen(path) >= sizeof(m->path)) {
        return FWL_ERR_MISSING;
    }
    if (strcmp(path, m->path) == 0) {
        return FWL_OK;
    }
    (void)snprintf(m->path, sizeof(m->path), "%s", path);
    fwl_free((void *)(uintptr_t)m->bundle.p);
    m->bundle = (struct fwl_span){0};
    return fwl_files_read(&m->bundle, path, BUNDLE_MAX);
}

static enum fwl_err
check(struct many *m, const json_t *line)
{
    const struct fwl_verify_settings settings = {.authors = {.none = true}};
    enum fwl_err err = load(m, json_string_value(json_object_get(line, "bundle")));

    err = err == FWL_OK ? fwl_json_facts_parse(&m->facts, json_object_get(line, "device")) : err;
    err = err == FWL_OK ? fwl_device_start(&m->device, &m->anchor.anchor) : err;
    m->work.cells = m->cells;
    m->work.cell_count = FWL_COUNT(m->cells);
    err =
        err == FWL_OK ? fwl_verify_init(&m->verify, &m->device, &settings, &m->facts.facts, fwl_clock_unix_ms()) : err;
    return err == FWL_OK ? fwl_verify_bundle(&m->verify, m->candidates, &m->work, m->bundle) : err;
}

static json_t *
outcome(struct many *m, const json_t *line)
{
    const struct fwl_verify *v = &m->verify;
    enum fwl_err err = check(m, line);

    if (err != FWL_OK) {
        return json_pack("{s:s}", "error", fwl_err_text(err));
    }
    return fwl_json_decision(&(struct fwl_json_decision){.decision = &v->decision,
                                                         .facts = &v->facts,
                                                         .entry = v->present[FWL_ANSWER_CLASS] ? &v->entry : NULL,
                                                         .policy = v->has_policy ? &v->policy : NULL,
                                                         .candidates = m->candidates,
                                                         .version = v->chosen.record.version,
                                                         .has_tip = true,
                                                         .height = v->header.height,
                                                         .time_ms = v->header.time_ms});
}

int
main(int argc, char **argv)
{
    struct many *m = fwl_calloc(1, sizeof(*m));
    struct fwl_lines lines;
    json_t *line = NULL;
    enum fwl_err err = FWL_OK;

    if (argc != 2 || m == NULL || fwl_anchor_open(&m->anchor, argv[1]) != 0 || fwl_lines_open(&lines, "-") != 0) {
        (void)fprintf(stderr, "usage: verify_many ANCHOR <lines\n");
        return 2;
    }
    while ((err = fwl_lines_next(&lines, &line)) == FWL_OK) {
        json_t *out = outcome(m, line);

        (void)json_dumpf(out, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(out);
        json_decref(line);
    }
    fwl_lines_close(&lines);
    fwl_anchor_close(&m->anchor);
    fwl_free((void *)(uintptr_t)m->bundle.p);
    fwl_free(m);
    return err == FWL_ERR_ABSENT ? 0 : 1;
}
