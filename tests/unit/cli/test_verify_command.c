/* The command verify over a chain of several epochs: what it keeps in the state file, and what it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../verify/chain.h"
#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "core/time.h"

static char base[512];
static char anchor[600];
static char state_file[600];
static char facts[600];
static char bundle[600];
static char printed[600]; /* to standard error, by the last run */

static void
write_file(const char *path, struct fwl_span bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.size, f), bytes.size);
    assert_int_equal(fclose(f), 0);
}

static void
write_anchor(const struct fwl_anchor *to)
{
    json_t *doc = fwl_anchor_json(to);

    assert_int_equal(fwl_anchor_save(doc, anchor), 0);
    json_decref(doc);
}

static int
setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    struct chain *c = chain_new();

    (void)snprintf(base, sizeof(base), "%s/fwl-verify-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    (void)snprintf(anchor, sizeof(anchor), "%s/anchor.json", base);
    (void)snprintf(state_file, sizeof(state_file), "%s/device.state", base);
    (void)snprintf(facts, sizeof(facts), "%s/facts.json", base);
    (void)snprintf(bundle, sizeof(bundle), "%s/b.fwb", base);
    (void)snprintf(printed, sizeof(printed), "%s/stderr", base);
    write_anchor(&c->anchor);
    write_file(facts, fwl_span_text("{\"id\": \"d-1\", \"fleet\": \"ops/line\", \"class\": \"acme/gw100/app\", "
                                    "\"hardware\": \"gw100\", \"version\": \"1.0.0\"}"));
    *state = c;
    return 0;
}

static int
teardown(void **state)
{
    char command[700];

    chain_free(*state);
    (void)snprintf(command, sizeof(command), "rm -r %s", base);
    return system(command); /* NOLINT(cert-env33-c,bugprone-command-processor) */
}

/* The chain's bundle, @now_ms being the time; the exit code. */
static int
verify_at(struct chain *c, uint64_t now_ms, bool with_state)
{
    static char options[4][16] = {"--anchor", "--facts", "--now", "--state"};
    char now[FWL_TIME_TEXT_SIZE];
    char *argv[] = {options[0], anchor, options[1], facts, options[2], now, bundle, options[3], state_file, NULL};
    int status = 0;
    pid_t pid = 0;

    write_file(bundle, chain_bundle(c));
    fwl_time_text(now, now_ms);
    (void)fflush(NULL);
    pid = fork(); /* the lock of a state file is held until the process ends */
    assert_true(pid >= 0);
    if (pid == 0) {
        status = freopen(printed, "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL
                     ? 99
                     : fwl_commands_verify[0].run(&fwl_commands_verify[0], with_state ? 9 : 7, argv);
        (void)fflush(NULL);
        _exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
verify(struct chain *c)
{
    return verify_at(c, c->tip.time_ms + 5000, true);
}

/* Has the last run printed @text? */
static bool
says(const char *text)
{
    char all[1024] = "";
    FILE *f = fopen(printed, "r");

    assert_non_null(f);
    all[fread(all, 1, sizeof(all) - 1, f)] = '\0';
    (void)fclose(f);
    return strstr(all, text) != NULL;
}

/* The epoch in the state file; 0 where there is none. */
static uint64_t
saved_epoch(void)
{
    static uint8_t bytes[2 * FWL_SLOT_SIZE_MAX];
    static struct fwl_device device;
    FILE *f = fopen(state_file, "rb");

    if (f == NULL) {
        return 0;
    }
    assert_int_equal(fread(bytes, 1, sizeof(bytes), f), sizeof(bytes));
    (void)fclose(f);
    assert_int_equal(fwl_slots_decode(&device, fwl_span(bytes, FWL_SLOT_SIZE_MAX),
                                      fwl_span(bytes + FWL_SLOT_SIZE_MAX, FWL_SLOT_SIZE_MAX)),
                     FWL_OK);
    return device.trust.epoch;
}

/* The next answer carries @count steps, between sets 0 and 1 and back; @from is where the chain is. */
static void
steps(struct chain *c, unsigned from, unsigned count)
{
    static uint8_t bytes[131072];
    size_t size = 0;

    for (unsigned i = 0; i < count; i++) {
        c->steps = fwl_span(NULL, 0); /* one after the other, into memory of this function */
        chain_step(c, (from + i) % 2, (from + i + 1) % 2, 0, 0, (struct chain_flaw){0});
        assert_true(c->steps.size <= sizeof(bytes) - size);
        memcpy(bytes + size, c->steps.p, c->steps.size);
        size += c->steps.size;
    }
    c->steps = fwl_span(bytes, size);
    c->step_count = (uint16_t)count;
}

static void
test_verify_command__more_steps_than_an_answer_holds(void **state)
{
    struct chain *c = *state;

    c->tip.height = 1000;
    steps(c, 0, FWL_EPOCH_STEPS_MAX);
    c->more = true;
    assert_int_equal(verify(c), FWL_EXIT_CERTIFICATE);
    assert_true(says("went on to epoch 69; ask again with --since 69"));
    assert_int_equal(saved_epoch(), 69);
    assert_int_equal(verify(c), FWL_EXIT_CERTIFICATE); /* the same again: nothing of it is news */
    assert_true(says("holds: ask again with --since 69"));
    c->more = false; /* what is asked from there */
    c->step_count = FWL_EPOCH_STEPS_MAX;
    steps(c, 0, 1);
    assert_int_equal(verify(c), 0);
    assert_int_equal(saved_epoch(), 70);
}

/* The trusting period is asked of a clock: one that is behind the steps keeps none of them. */
static void
test_verify_command__steps_without_a_clock(void **state)
{
    struct chain *c = *state;

    steps(c, 0, 2);
    c->more = true;
    assert_int_equal(verify_at(c, 0, true), FWL_EXIT_CERTIFICATE);
    assert_int_equal(verify_at(c, CHAIN_TIME - FWL_TRUST_FUTURE_MS - 1000, true), FWL_EXIT_CERTIFICATE);
    assert_int_equal(verify_at(c, CHAIN_TIME + FWL_TRUST_PERIOD_MS + 1000, true), FWL_EXIT_CERTIFICATE);
    assert_true(says("trusting period"));
    assert_int_equal(saved_epoch(), 0);
    assert_int_equal(verify_at(c, c->tip.time_ms, false), FWL_EXIT_CERTIFICATE);
    assert_true(says("--state"));
    assert_int_equal(verify_at(c, c->tip.time_ms + FWL_TRUST_MAX_AGE_MS + 1000, true), FWL_EXIT_CERTIFICATE);
    assert_int_equal(saved_epoch(), 7); /* steps have no age */
}

/* A new anchor of the same chain is what a device needs after the trusting period; an older one takes nothing back. */
static void
test_verify_command__newer_anchor(void **state)
{
    struct chain *c = *state;
    struct fwl_anchor to = c->anchor;

    assert_int_equal(verify(c), 0);
    assert_int_equal(saved_epoch(), 5);
    chain_step(c, 0, 1, 0, 0, (struct chain_flaw){.at = 130});
    c->tip.time_ms += FWL_TRUST_PERIOD_MS + 1000;
    c->tip.height = 500;
    assert_int_equal(verify(c), FWL_EXIT_CERTIFICATE);
    assert_true(says("a new anchor"));
    to.epoch = 6;
    to.validators = c->validator_sets[1];
    to.time_ms = c->tip.time_ms - 60000;
    to.height = 119; /* below the one that the device knows */
    write_anchor(&to);
    assert_int_equal(verify(c), FWL_EXIT_CERTIFICATE);
    assert_int_equal(saved_epoch(), 5);
    to.height = 499;
    write_anchor(&to);
    assert_int_equal(verify(c), 0);
    assert_int_equal(saved_epoch(), 6);
    write_anchor(&c->anchor);
    assert_int_equal(verify(c), 0);
    assert_int_equal(saved_epoch(), 6);
    to.chain_id.b[0]++;
    to.height = 600;
    write_anchor(&to);
    assert_int_equal(verify(c), FWL_EXIT_CERTIFICATE);
    assert_int_equal(saved_epoch(), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_verify_command__##name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(more_steps_than_an_answer_holds),
        TEST(steps_without_a_clock),
        TEST(newer_anchor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
