/* A node's end of a signer's socket: asked again and again, never waiting, over kills. The signer is a process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ledger/store/store.h"
#include "node/remote.h"
#include "signer/host/caller.h"
#include "signer/host/keeper.h"

static const struct fwl_hash32 chain_id = {{1}};
static const struct fwl_instance node = {.kind = FWL_INSTANCE_USED, .b = {7}};
static const struct fwl_log quiet; /* no stream */

static char folder[256];
static char key_path[300];
static char data_path[300];
static char socket_path[300];
static pid_t child;
static struct fwl_signer signer;
static struct event_base *base;
static unsigned ready, taken;

static void
run(int fd)
{
    struct fwl_store *store = NULL;
    struct fwl_storage votes;
    struct fwl_guard guard;

    if (fwl_store_open(&store, data_path, FWL_STORE_VOTES, 0) == FWL_OK) {
        votes = fwl_store_storage(store);
        if (fwl_guard_open(&guard, &votes, key_path, &chain_id, 0) == FWL_OK) {
            (void)!fwl_keeper_run(fd, &guard, &quiet);
        }
    }
    _exit(1);
}

static void
start_signer(void)
{
    int fd = -1;

    assert_int_equal(fwl_keeper_listen(&fd, socket_path, 0600), FWL_OK);
    child = fork();
    if (child == 0) {
        run(fd);
    }
    assert_int_equal(close(fd), 0);
}

static void
kill_signer(void)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    child = 0;
}

static void
on_ready(void *cookie)
{
    (void)cookie;
    ready++;
}

static void
on_taken(void *cookie)
{
    (void)cookie;
    taken++;
}

static int
setup(void **state)
{
    const char *dir = getenv("TMPDIR");
    struct fwl_secret secret;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-remote-XXXXXX", dir == NULL ? "/tmp" : dir);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key_path, sizeof(key_path), "%s/key", folder);
    (void)snprintf(data_path, sizeof(data_path), "%s/data", folder);
    (void)snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
    fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, key_path), FWL_OK);
    start_signer();
    base = event_base_new();
    ready = taken = 0;
    return 0;
}

static int
teardown(void **state)
{
    static const char *const names[] = {"key", "key.instance", "socket", "data/data.mdb", "data/lock.mdb", "data/LOCK"};
    char path[400];

    (void)state;
    fwl_signer_close(&signer);
    event_base_free(base);
    if (child > 0) {
        kill_signer();
    }
    for (size_t i = 0; i < FWL_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(data_path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* Open, with a tie, and on the event base. */
static void
attach(void)
{
    const struct fwl_remote_owner owner = {.ready = on_ready, .taken = on_taken};
    struct fwl_instance known;

    assert_int_equal(fwl_remote_open(&signer, socket_path, &chain_id, &quiet, 1000), FWL_OK);
    assert_int_equal(signer.tie.read(signer.tie.ctx, &known), FWL_OK);
    assert_int_equal(known.kind, FWL_INSTANCE_NEW);
    assert_int_equal(signer.tie.write(signer.tie.ctx, &node), FWL_OK);
    assert_int_equal(signer.tie.read(signer.tie.ctx, &known), FWL_OK);
    assert_memory_equal(known.b, node.b, sizeof(known.b));
    assert_int_equal(fwl_remote_claim(&signer, &node), FWL_OK);
    assert_int_equal(fwl_remote_attach(&signer, base, &owner), FWL_OK);
}

static struct fwl_signing_request
notarize(uint64_t height, uint8_t block)
{
    return (struct fwl_signing_request){
        .type = FWL_SIGNING_VOTE, .kind = FWL_VOTE_NOTARIZE, .height = height, .hash = {{block}}};
}

static enum fwl_err
sign(struct fwl_sig64 *sig, const struct fwl_signing_request *q)
{
    struct fwl_hash32 digest;

    fwl_signing_digest(&digest, &chain_id, q);
    return fwl_signer_sign(&signer, sig, q, &digest);
}

/* Asks as consensus does: whenever something may have changed. */
static enum fwl_err
sign_in_time(struct fwl_sig64 *sig, struct fwl_signing_request q)
{
    enum fwl_err err = sign(sig, &q);

    for (int i = 0; err == FWL_ERR_BUSY && i < 10000; i++) {
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1); /* the turn of the client comes twice a second */
        err = sign(sig, &q);
    }
    return err;
}

static void
assert_signed(const struct fwl_sig64 *sig, struct fwl_signing_request q)
{
    struct fwl_hash32 digest;

    fwl_signing_digest(&digest, &chain_id, &q);
    assert_int_equal(fwl_schnorr_verify(sig, &digest, &signer.key), FWL_OK);
}

static void
test_remote__signs(void **state)
{
    struct fwl_signing_request q = notarize(5, 1);
    struct fwl_remote_info info;
    struct fwl_sig64 sig;

    (void)state;
    attach();
    assert_int_equal(sign(&sig, &q), FWL_ERR_BUSY); /* never at once */
    assert_int_equal(sign_in_time(&sig, q), FWL_OK);
    assert_signed(&sig, q);
    assert_true(ready > 0);
    for (uint64_t h = 100; h < 100 + 2 * FWL_REMOTE_PENDING_MAX;
         h++) { /* more than it keeps: the oldest are asked anew */
        q = notarize(h, 1);
        assert_int_equal(sign(&sig, &q), FWL_ERR_BUSY);
    }
    for (uint64_t h = 100; h < 100 + 2 * FWL_REMOTE_PENDING_MAX; h++) {
        assert_int_equal(sign_in_time(&sig, notarize(h, 1)), FWL_OK);
        assert_signed(&sig, notarize(h, 1));
    }
    fwl_remote_info(&signer, &info);
    assert_true(info.up);
    assert_int_equal(info.refused, 0);
}

static void
test_remote__refused(void **state)
{
    struct fwl_signing_request attest = {.type = FWL_SIGNING_ATTEST, .height = 5, .time_ms = 1};
    struct fwl_remote_info info;
    struct fwl_sig64 sig;
    struct fwl_signing_request q = notarize(5, 2);

    (void)state;
    attach();
    assert_int_equal(sign_in_time(&sig, notarize(5, 1)), FWL_OK);
    assert_int_equal(sign_in_time(&sig, q), FWL_ERR_STATE);
    for (int i = 0; i < 1000; i++) { /* the refusal stands for a while, and costs nothing */
        assert_int_equal(sign(&sig, &q), FWL_ERR_STATE);
    }
    fwl_remote_info(&signer, &info);
    assert_int_equal(info.refused, 1);
    assert_int_equal(sign(&sig, &attest), FWL_ERR_BUSY); /* 1970 is not now: refused for this moment */
    do {
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
        assert_int_equal(sign(&sig, &attest), FWL_ERR_BUSY);
        fwl_remote_info(&signer, &info);
    } while (info.refused < 2);
    assert_int_equal(sign_in_time(&sig, notarize(6, 2)), FWL_OK); /* nothing else is held up */
    assert_int_equal(taken, 0);
}

static void
test_remote__signer_is_killed(void **state)
{
    struct fwl_remote_info info;
    struct fwl_sig64 first;
    struct fwl_sig64 sig;
    struct fwl_signing_request q = notarize(6, 1);

    (void)state;
    attach();
    assert_int_equal(sign_in_time(&first, notarize(5, 1)), FWL_OK);
    assert_int_equal(kill(child, SIGSTOP), 0); /* the request is under way when it dies */
    assert_int_equal(sign(&sig, &q), FWL_ERR_BUSY);
    kill_signer();
    do {
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
        assert_int_equal(sign(&sig, &q), FWL_ERR_BUSY);
        fwl_remote_info(&signer, &info);
    } while (info.up);
    start_signer();
    assert_int_equal(sign_in_time(&sig, q), FWL_OK);
    assert_signed(&sig, q);
    assert_int_equal(sign_in_time(&sig, notarize(5, 1)), FWL_OK);
    assert_memory_equal(&sig, &first, sizeof(sig));
    fwl_remote_info(&signer, &info);
    assert_true(info.up);
}

static void
test_remote__silence(void **state)
{
    struct fwl_remote_info info;
    struct fwl_sig64 sig;
    struct fwl_signing_request q = notarize(5, 1);

    (void)state;
    attach();
    assert_int_equal(kill(child, SIGSTOP), 0);
    do { /* FWL_REMOTE_ANSWER_MS */
        assert_int_equal(sign(&sig, &q), FWL_ERR_BUSY);
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
        fwl_remote_info(&signer, &info);
    } while (info.up);
    assert_int_equal(kill(child, SIGCONT), 0);
    assert_int_equal(sign_in_time(&sig, q), FWL_OK);
}

/* While this node is away another one takes the key: it is told, and stops. */
static void
test_remote__taken(void **state)
{
    struct fwl_signer other;
    struct fwl_remote_info info;
    const struct fwl_instance its = {.kind = FWL_INSTANCE_USED, .b = {9}};

    (void)state;
    attach();
    assert_int_equal(fwl_remote_open(&other, socket_path, &chain_id, &quiet, 0), FWL_OK);
    assert_int_equal(fwl_remote_claim(&other, &node), FWL_ERR_CONFLICT);
    assert_int_equal(other.tie.write(other.tie.ctx, &its), FWL_ERR_CONFLICT);
    fwl_signer_close(&other);
    kill_signer();
    do {
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
        fwl_remote_info(&signer, &info);
    } while (info.up);
    start_signer();
    assert_int_equal(fwl_remote_open(&other, socket_path, &chain_id, &quiet, 1000), FWL_OK);
    assert_int_equal(other.tie.write(other.tie.ctx, &its), FWL_OK);
    while (taken == 0) {
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
    }
    fwl_signer_close(&other);
}

static void
test_remote__cannot_be_opened(void **state)
{
    const struct fwl_hash32 another = {{2}};
    struct fwl_signer s;
    char long_path[200];

    (void)state;
    assert_int_equal(fwl_remote_open(&s, socket_path, &another, &quiet, 1000), FWL_ERR_STATE);
    assert_null(s.sign);
    memset(long_path, 'x', sizeof(long_path));
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(fwl_remote_open(&s, long_path, &chain_id, &quiet, 1000), FWL_ERR_LIMIT);
    kill_signer();
    assert_int_equal(fwl_remote_open(&s, socket_path, &chain_id, &quiet, 150), FWL_ERR_NETWORK);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_remote__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(signs), CASE(refused), CASE(signer_is_killed), CASE(silence), CASE(taken), CASE(cannot_be_opened),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
