/* Verification of bundles of a chain of four validators: 8 releases under 4 rules. Decisions alone: bench_rules. */
#include "../unit/verify/chain.h"
#include "bench.h"

struct job {
    struct chain *c;
    struct fwl_span bundle;
    struct fwl_device device;
    struct fwl_verify v;
    struct fwl_verify_settings settings;
};

static struct job job;

static void
call_verify(void *cookie)
{
    struct job *j = cookie;
    enum fwl_err err = fwl_device_start(&j->device, &j->c->anchor);

    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_init(&j->v, &j->device, &j->settings, &j->c->w->facts, j->c->tip.time_ms);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_bundle(&j->v, j->c->w->candidates, &j->c->w->work, j->bundle);
    FWL_ASSERT(err == FWL_OK && j->v.decision.kind == FWL_DECISION_INSTALL);
}

int
main(int argc, char **argv)
{
    static const char *const versions[] = {"1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0"};
    bool smoke = bench_smoke(argc, argv);
    struct world *w = NULL;

    job.c = chain_new();
    w = job.c->w;
    w->work.cells = w->cells;
    w->work.cell_count = FWL_COUNT(w->cells);
    for (size_t i = 0; i < FWL_COUNT(versions); i++) {
        (void)world_add_version(w, versions[i]);
    }
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code_text(w, FWL_CEL_SLOT_DEVICE_ID, "dev-1"));
    world_rule(w, FWL_EFFECT_REQUIRE, code_newer(w, FWL_CEL_SLOT_RELEASE_VERSION, FWL_CEL_SLOT_DEVICE_VERSION));
    world_rule(w, FWL_EFFECT_FORBID, code_text(w, FWL_CEL_SLOT_RELEASE_CHANNEL, "beta"));
    world_rule(w, FWL_EFFECT_FORCE, code_text(w, FWL_CEL_SLOT_RELEASE_SEVERITY, "critical"));
    job.settings.authors = (struct fwl_authors){.keys = &job.c->author_key, .count = 1};
    chain_seal(job.c);
    job.bundle = chain_bundle(job.c);
    bench_run("verify.bundle.n4.8releases", smoke, 0, call_verify, &job);
    printf("verify.answer.bytes 1 %zu bytes\n", chain_answer(job.c).size);
    printf("verify.bundle.bytes 1 %zu bytes\n", job.bundle.size);
    chain_step(job.c, 0, 1, 0, 0, (struct chain_flaw){0});
    job.bundle = chain_bundle(job.c);
    bench_run("verify.bundle.n4.1step", smoke, 0, call_verify, &job);
    printf("verify.bundle.1step.bytes 1 %zu bytes\n", job.bundle.size);
    chain_free(job.c);
    return 0;
}
