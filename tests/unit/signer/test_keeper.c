/* The socket of a signer in a process of its own, and the program's end that waits for answers. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/store/memstore.h"
#include "signer/host/caller.h"
#include "signer/host/keeper.h"
#include "signer/host/tie.h"

enum { ANSWER_MS = 10000 };

static const struct fwl_hash32 chain_id = {{1}};

static char folder[256];
static char key_path[300];
static char id_path[320];
static char socket_path[300];
static pid_t child;

/* The signer: listens already when it is forked. */
static void
run(int fd)
{
    const struct fwl_log quiet = {.to = NULL};
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_storage votes = fwl_memstore_storage(store);
    struct fwl_guard guard;

    if (fwl_guard_open(&guard, &votes, key_path, &chain_id, 0) == FWL_OK) {
        fwl_memstore_fail(store, 3, FWL_MEMSTORE_LOST, false); /* RENEW, a vote, and then the disk breaks */
        _exit(fwl_keeper_run(fd, &guard, &quiet) == FWL_ERR_STORAGE ? 20 : 1);
    }
    _exit(1);
}

static int
setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fwl_secret secret;
    int fd = -1;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-keeper-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key_path, sizeof(key_path), "%s/validator.key", folder);
    (void)snprintf(id_path, sizeof(id_path), "%s.instance", key_path);
    (void)snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
    fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, key_path), FWL_OK);
    assert_int_equal(fwl_keeper_listen(&fd, socket_path, 0600), FWL_OK);
    child = fork();
    if (child == 0) {
        run(fd);
    }
    assert_int_equal(close(fd), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    (void)unlink(id_path);
    (void)unlink(key_path);
    (void)unlink(socket_path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static int
connect_signer(void)
{
    int fd = -1;

    assert_int_equal(fwl_caller_open(&fd, socket_path), FWL_OK);
    return fd;
}

static struct fwl_signing_answer
ask(int fd, struct fwl_signing_request q)
{
    struct fwl_signing_answer answer;

    assert_int_equal(fwl_caller_ask(&answer, fd, &q, ANSWER_MS), FWL_OK);
    return answer;
}

static void
greet(int fd)
{
    assert_int_equal(
        ask(fd, (struct fwl_signing_request){.type = FWL_SIGNING_HELLO, .protocol = 1, .chain_id = chain_id}).code,
        FWL_SIGNING_DONE);
}

static void
send_bytes(int fd, const void *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* Exactly one answer: what follows it stays. */
static struct fwl_signing_answer
read_answer(int fd)
{
    struct fwl_signing_answer answer;
    struct fwl_span frame = {0};
    uint8_t bytes[FWL_SIGNING_FRAME_MAX];
    size_t size = 0;

    while (frame.size == 0) {
        ssize_t got = recv(fd, bytes + size, 1, 0);

        assert_true(got == 1 || (got < 0 && errno == EAGAIN));
        size += got == 1;
        assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, size)), FWL_OK);
    }
    assert_int_equal(fwl_signing_answer_decode(&answer, frame), FWL_OK);
    return answer;
}

/* The other side closes, and says nothing before. */
static void
expect_end(int fd)
{
    char byte;
    ssize_t got = 0;

    do { /* the socket does not block */
        got = recv(fd, &byte, 1, 0);
    } while (got < 0 && errno == EAGAIN);
    assert_true(got == 0 || errno == ECONNRESET);
    assert_int_equal(close(fd), 0);
}

static void
test_keeper__answers(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_VOTE, .id = 5, .kind = FWL_VOTE_NULLIFY, .height = 3};
    struct fwl_signing_answer answer;
    uint8_t bytes[2 * FWL_SIGNING_FRAME_MAX];
    size_t size = 0;
    int fd = connect_signer();
    int status = 0;

    (void)state;
    assert_int_equal(ask(fd, q).code, FWL_SIGNING_REFUSED); /* HELLO comes first, and the connection stays */
    greet(fd);
    assert_int_equal(ask(fd, (struct fwl_signing_request){.type = FWL_SIGNING_RENEW, .instance = {1}}).code,
                     FWL_SIGNING_DONE);
    size = fwl_signing_request_encode(bytes, &q);
    send_bytes(fd, bytes, 3); /* in pieces, and the next one with the last of them */
    q.id = 6;
    size += fwl_signing_request_encode(bytes + size, &q);
    send_bytes(fd, bytes + 3, size - 3);
    assert_int_equal(read_answer(fd).id, 5);
    assert_int_equal(read_answer(fd).id, 6);
    q.height = 4; /* its third write: the store fails, and with it the process, which has said nothing */
    assert_int_equal(fwl_caller_ask(&answer, fd, &q, ANSWER_MS), FWL_ERR_NETWORK);
    assert_int_equal(waitpid(child, &status, 0), child);
    child = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 20);
    assert_int_equal(close(fd), 0);
}

static void
test_keeper__bad_frames(void **state)
{
    static const uint8_t unknown[] = {0, 5, 99, 0, 0, 0, 1};
    static const uint8_t long_one[] = {1, 0};
    static const uint8_t short_one[] = {0, 1, 1};
    static const uint8_t trailing[] = {0, 6, FWL_SIGNING_INSTANCE, 0, 0, 0, 9, 0};
    struct fwl_signing_request q = {.type = FWL_SIGNING_INSTANCE, .id = 9};
    struct fwl_signing_answer answer;
    int fd = connect_signer();

    (void)state;
    send_bytes(fd, unknown, sizeof(unknown));
    expect_end(fd);
    fd = connect_signer();
    send_bytes(fd, long_one, sizeof(long_one));
    expect_end(fd);
    fd = connect_signer();
    send_bytes(fd, short_one, sizeof(short_one));
    expect_end(fd);
    fd = connect_signer();
    send_bytes(fd, trailing, sizeof(trailing)); /* a known request in a bad form is refused, not hung up on */
    assert_int_equal(fwl_caller_ask(&answer, fd, &q, ANSWER_MS), FWL_OK);
    assert_int_equal(answer.code, FWL_SIGNING_REFUSED);
    assert_string_equal(answer.text, fwl_err_text(FWL_ERR_TRAILING));
    assert_int_equal(close(fd), 0);
}

/* A signer that stood still while its node gave up on it and came again: it learns of the end of the old connection,
 * behind what was still asked there, before it hears the new one, which has an earlier place. */
static void
test_keeper__comes_again(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_INSTANCE, .id = 7};
    const struct fwl_signing_request renew = {.type = FWL_SIGNING_RENEW, .instance = {2}};
    uint8_t bytes[FWL_SIGNING_FRAME_MAX];
    size_t size = fwl_signing_request_encode(bytes, &q);
    int first = connect_signer();
    int old = connect_signer();
    int again = -1;
    int status = 0;

    (void)state;
    greet(first);
    greet(old);
    assert_int_equal(ask(old, renew).code, FWL_SIGNING_DONE);
    assert_int_equal(close(first), 0);
    assert_int_equal(ask(old, q).code, FWL_SIGNING_DONE);
    assert_int_equal(ask(old, q).code, FWL_SIGNING_DONE); /* the first place is free */
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    send_bytes(old, bytes, size);
    assert_int_equal(shutdown(old, SHUT_WR), 0); /* it still reads: the answer to that does not tell its end */
    again = connect_signer();
    size = fwl_signing_request_encode(
        bytes, &(struct fwl_signing_request){.type = FWL_SIGNING_HELLO, .protocol = 1, .chain_id = chain_id});
    send_bytes(again, bytes, size);
    size = fwl_signing_request_encode(bytes, &renew);
    send_bytes(again, bytes, size);
    assert_int_equal(kill(child, SIGCONT), 0);
    assert_int_equal(read_answer(again).code, FWL_SIGNING_DONE);
    assert_int_equal(read_answer(again).code, FWL_SIGNING_DONE);
    assert_int_equal(close(again), 0);
    assert_int_equal(close(old), 0);
}

/* Whoever asks nothing makes place, but not the one that votes. */
static void
test_keeper__places(void **state)
{
    int idle[2 * FWL_KEEPER_CONNECTIONS_MAX];
    int voter = connect_signer();

    (void)state;
    greet(voter);
    assert_int_equal(ask(voter, (struct fwl_signing_request){.type = FWL_SIGNING_RENEW, .instance = {1}}).code,
                     FWL_SIGNING_DONE);
    for (size_t i = 0; i < FWL_COUNT(idle); i++) {
        idle[i] = connect_signer();
        greet(idle[i]);
    }
    assert_int_equal(ask(voter, (struct fwl_signing_request){.type = FWL_SIGNING_INSTANCE}).code, FWL_SIGNING_DONE);
    expect_end(idle[0]);
    for (size_t i = 1; i < FWL_COUNT(idle); i++) {
        assert_int_equal(close(idle[i]), 0);
    }
    assert_int_equal(close(voter), 0);
}

static void
test_keeper__paths(void **state)
{
    char long_path[200];
    int fd = -1;

    (void)state;
    assert_int_equal(fwl_keeper_listen(&fd, socket_path, 0600), FWL_ERR_LOCKED);
    memset(long_path, 'x', sizeof(long_path));
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(fwl_keeper_listen(&fd, long_path, 0600), FWL_ERR_LIMIT);
    assert_int_equal(fwl_caller_open(&fd, long_path), FWL_ERR_LIMIT);
    assert_int_equal(fd, -1);
    assert_int_equal(fwl_keeper_listen(&fd, "/proc/none/socket", 0600), FWL_ERR_NETWORK);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    child = 0;
    assert_int_equal(fwl_caller_open(&fd, socket_path), FWL_ERR_NETWORK);
    assert_int_equal(fwl_keeper_listen(&fd, socket_path, 0660), FWL_OK); /* a dead one is replaced */
    assert_int_equal(close(fd), 0);
}

static void
test_keeper__silence(void **state)
{
    const struct fwl_signing_request q = {.type = FWL_SIGNING_INSTANCE};
    struct fwl_signing_answer answer;
    int fd = connect_signer();

    (void)state;
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(fwl_caller_ask(&answer, fd, &q, 50), FWL_ERR_TIMEOUT);
    assert_int_equal(close(fd), 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_keeper__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(answers), CASE(bad_frames), CASE(comes_again), CASE(places), CASE(paths), CASE(silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
