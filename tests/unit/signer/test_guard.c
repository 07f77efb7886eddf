/* The key that never signs two conflicting votes: rules, memory, who may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/store/memstore.h"
#include "p2p/consensus/rec.h"
#include "signer/host/guard.h"
#include "signer/host/tie.h"

static const struct fwl_hash32 chain_id = {{1}};
static const struct fwl_hash32 a = {{0xa}};
static const struct fwl_hash32 b = {{0xb}};

static char folder[256];
static char key_path[300];
static char id_path[320];
static struct fwl_memstore *store;
static struct fwl_storage votes;
static struct fwl_guard guard;
static struct fwl_guard_caller caller;
static struct fwl_signing_answer answer;

static enum fwl_err
open_guard(uint64_t resume_at)
{
    caller = (struct fwl_guard_caller){.greeted = false};
    return fwl_guard_open(&guard, &votes, key_path, &chain_id, resume_at);
}

static enum fwl_signing_code
ask_as(struct fwl_guard_caller *who, struct fwl_signing_request q)
{
    q.id = 17;
    assert_int_equal(fwl_guard_answer(&guard, who, &answer, &q, 1700000000000), FWL_OK);
    assert_int_equal(answer.id, 17);
    assert_int_equal(answer.type, q.type);
    assert_int_equal(answer.code == FWL_SIGNING_DONE, answer.text[0] == '\0');
    return answer.code;
}

static enum fwl_signing_code
greet(struct fwl_guard_caller *who)
{
    return ask_as(who, (struct fwl_signing_request){.type = FWL_SIGNING_HELLO, .protocol = 1, .chain_id = chain_id});
}

static enum fwl_signing_code
claim(struct fwl_guard_caller *who, enum fwl_signing_type type, uint8_t id)
{
    struct fwl_signing_request q = {.type = type};

    q.instance[0] = id;
    return ask_as(who, q);
}

static enum fwl_signing_code
vote(enum fwl_vote_kind kind, uint64_t height, uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_VOTE, .kind = kind, .height = height, .view = view};
    enum fwl_signing_code code = FWL_SIGNING_DONE;

    if (hash != NULL) {
        q.hash = *hash;
    }
    code = ask_as(&caller, q);
    if (code == FWL_SIGNING_DONE) {
        struct fwl_hash32 digest;

        fwl_signing_digest(&digest, &chain_id, &q);
        assert_int_equal(fwl_schnorr_verify(&answer.sig, &digest, &guard.key), FWL_OK);
    }
    return code;
}

/* The process ends and starts again. */
static void
restart(void)
{
    fwl_guard_close(&guard);
    fwl_memstore_crash(store);
    assert_int_equal(open_guard(0), FWL_OK);
    assert_int_equal(greet(&caller), FWL_SIGNING_DONE);
    assert_int_equal(claim(&caller, FWL_SIGNING_CLAIM, 1), FWL_SIGNING_DONE);
}

static int
setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fwl_secret secret;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-guard-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key_path, sizeof(key_path), "%s/validator.key", folder);
    (void)snprintf(id_path, sizeof(id_path), "%s.instance", key_path);
    fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, key_path), FWL_OK);
    store = fwl_memstore_new();
    votes = fwl_memstore_storage(store);
    assert_int_equal(open_guard(0), FWL_OK);
    assert_int_equal(greet(&caller), FWL_SIGNING_DONE);
    assert_memory_equal(&answer.key, &guard.key, sizeof(guard.key));
    assert_int_equal(claim(&caller, FWL_SIGNING_RENEW, 1), FWL_SIGNING_DONE);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fwl_guard_close(&guard);
    fwl_memstore_free(store);
    (void)unlink(id_path);
    (void)unlink(key_path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* Each kind after each kind, in one view: what is evidence (consensus.md 2.11) is refused, nothing else is. */
static void
test_guard__pairs(void **state)
{
    static const bool conflict[4][4] = {
        /* PROPOSE, NOTARIZE, NULLIFY, FINALIZE of another block, after: */
        [FWL_VOTE_PROPOSE] = {true, false, false, false},
        [FWL_VOTE_NOTARIZE] = {false, true, false, false},
        [FWL_VOTE_NULLIFY] = {false, false, false, true},
        [FWL_VOTE_FINALIZE] = {false, false, true, true},
    };
    uint32_t view = 0;

    (void)state;
    for (unsigned first = 0; first < 4; first++) {
        for (unsigned second = 0; second < 4; second++, view++) {
            const struct fwl_hash32 *one = first == FWL_VOTE_NULLIFY ? NULL : &a;
            const struct fwl_hash32 *other = second == FWL_VOTE_NULLIFY ? NULL : &b;
            struct fwl_sig64 sig;

            assert_int_equal(vote((enum fwl_vote_kind)first, 5, view, one), FWL_SIGNING_DONE);
            sig = answer.sig;
            assert_int_equal(vote((enum fwl_vote_kind)second, 5, view, other),
                             conflict[first][second] ? FWL_SIGNING_REFUSED : FWL_SIGNING_DONE);
            restart();
            assert_int_equal(vote((enum fwl_vote_kind)second, 5, view, other),
                             conflict[first][second] ? FWL_SIGNING_REFUSED : FWL_SIGNING_DONE);
            assert_int_equal(vote((enum fwl_vote_kind)first, 5, view, one), FWL_SIGNING_DONE);
            assert_memory_equal(&answer.sig, &sig, sizeof(sig)); /* the same request, the same answer */
        }
    }
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 6, 0, &b), FWL_SIGNING_DONE); /* another height is another matter */
}

static void
test_guard__says_why(void **state)
{
    (void)state;
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 7, 3, &a), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 7, 3, &b), FWL_SIGNING_REFUSED);
    assert_string_equal(answer.text, "NOTARIZE of view 3 at height 7 was signed for another block");
    assert_int_equal(vote(FWL_VOTE_FINALIZE, 7, 3, &a), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NULLIFY, 7, 3, NULL), FWL_SIGNING_REFUSED);
    assert_string_equal(answer.text, "FINALIZE was signed in view 3 at height 7, so NULLIFY never is");
    assert_int_equal(vote(FWL_VOTE_NULLIFY, 7, FWL_GUARD_VIEWS - 1, NULL), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NULLIFY, 7, FWL_GUARD_VIEWS, NULL), FWL_SIGNING_REFUSED);
}

/* What it does not remember any more it does not sign. */
static void
test_guard__forgets_and_refuses(void **state)
{
    uint8_t key[40];
    struct fwl_span value;
    struct fwl_read read;

    (void)state;
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 1, 0, &a), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, FWL_GUARD_RETAIN + 1, 0, &a), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 1, 0, &b), FWL_SIGNING_REFUSED); /* remembered still */
    assert_non_null(strstr(answer.text, "another block"));
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, FWL_GUARD_RETAIN + 2, 0, &a), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 1, 0, &a), FWL_SIGNING_REFUSED); /* even the same */
    assert_string_equal(answer.text, "height 1 is below 2, from which on this signer remembers its votes");
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 2, 0, &a), FWL_SIGNING_DONE);
    restart();
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 1, 0, &a), FWL_SIGNING_REFUSED);
    assert_int_equal(fwl_read_begin(&votes, &read), FWL_OK);
    assert_int_equal(fwl_kv_get(&read.kv, &value, FWL_SPACE_REC, fwl_span(key, fwl_rec_key(key, 1, 0))),
                     FWL_ERR_ABSENT);
    fwl_read_end(&read);
}

static void
test_guard__no_space(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_VOTE, .kind = FWL_VOTE_NOTARIZE, .height = 9, .hash = a};

    (void)state;
    fwl_memstore_fail(store, 1, FWL_MEMSTORE_FULL, false);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 8, 0, &a), FWL_SIGNING_LATER);
    assert_int_equal(answer.sig.b[0] | answer.sig.b[63], 0); /* nothing leaves that is not remembered */
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 8, 0, &b), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 8, 0, &a), FWL_SIGNING_REFUSED);
    fwl_memstore_fail(store, 1, FWL_MEMSTORE_LOST, false);
    assert_int_equal(fwl_guard_answer(&guard, &caller, &answer, &q, 0), FWL_ERR_STORAGE);
    assert_int_equal(answer.sig.b[0] | answer.sig.b[63], 0);
    restart();
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 9, 0, &b), FWL_SIGNING_DONE);
}

/* Power goes after a record is durable and before the answer: the same vote is signed, no other. */
static void
test_guard__unanswered(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_VOTE, .kind = FWL_VOTE_NOTARIZE, .height = 9, .hash = a};

    (void)state;
    fwl_memstore_fail(store, 1, FWL_MEMSTORE_UNANSWERED, false);
    assert_int_equal(fwl_guard_answer(&guard, &caller, &answer, &q, 0), FWL_ERR_STORAGE);
    restart();
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 9, 0, &b), FWL_SIGNING_REFUSED);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 9, 0, &a), FWL_SIGNING_DONE);
}

static void
test_guard__damaged(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_VOTE, .kind = FWL_VOTE_NULLIFY, .height = 9};
    uint8_t arena[1024];
    uint8_t key[40];
    struct fwl_overlay o;

    (void)state;
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 9, 0, &a), FWL_SIGNING_DONE);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(
        fwl_overlay_put(&o, FWL_SPACE_REC, fwl_span(key, fwl_rec_key(key, 9, 0)), fwl_span_text("damaged")), FWL_OK);
    assert_int_equal(fwl_storage_commit(&votes, &o), FWL_OK);
    assert_int_equal(fwl_guard_answer(&guard, &caller, &answer, &q, 0), FWL_ERR_CORRUPT);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_VMETA, fwl_span_text("guard"), fwl_span_text("damaged")), FWL_OK);
    assert_int_equal(fwl_storage_commit(&votes, &o), FWL_OK);
    fwl_guard_close(&guard);
    assert_int_equal(open_guard(0), FWL_ERR_CORRUPT);
}

static void
test_guard__other_requests(void **state)
{
    struct fwl_signing_request q = {.type = FWL_SIGNING_ATTEST, .height = 3, .hash = a, .time_ms = 1700000010000};
    struct fwl_hash32 digest;

    (void)state;
    assert_int_equal(ask_as(&caller, q), FWL_SIGNING_DONE); /* 10 s ahead of its clock */
    fwl_signing_digest(&digest, &chain_id, &q);
    assert_int_equal(fwl_schnorr_verify(&answer.sig, &digest, &guard.key), FWL_OK);
    q.time_ms++;
    assert_int_equal(ask_as(&caller, q), FWL_SIGNING_LATER);
    q.time_ms = 1700000000000 - 10001;
    assert_int_equal(ask_as(&caller, q), FWL_SIGNING_LATER);
    q = (struct fwl_signing_request){.type = FWL_SIGNING_POSSESSION, .height = 3, .hash = b};
    assert_int_equal(ask_as(&caller, q), FWL_SIGNING_DONE);
    fwl_signing_digest(&digest, &chain_id, &q);
    assert_int_equal(fwl_schnorr_verify(&answer.sig, &digest, &guard.key), FWL_OK);
}

static void
test_guard__who_may_ask(void **state)
{
    struct fwl_guard_caller other = {.greeted = false};
    const struct fwl_signing_request instance = {.type = FWL_SIGNING_INSTANCE};
    struct fwl_signing_request hello = {.type = FWL_SIGNING_HELLO, .protocol = 1, .chain_id = chain_id};

    (void)state;
    assert_int_equal(ask_as(&other, instance), FWL_SIGNING_REFUSED); /* HELLO comes first */
    hello.protocol = 2;
    assert_int_equal(ask_as(&other, hello), FWL_SIGNING_REFUSED);
    hello.protocol = 1;
    hello.chain_id = a;
    assert_int_equal(ask_as(&other, hello), FWL_SIGNING_REFUSED);
    assert_int_equal(ask_as(&other, instance), FWL_SIGNING_REFUSED); /* a bad one does not count */
    assert_int_equal(greet(&other), FWL_SIGNING_DONE);
    assert_int_equal(ask_as(&other, instance), FWL_SIGNING_DONE);
    assert_int_equal(answer.known, FWL_SIGNING_STORE);
    assert_int_equal(answer.instance[0], 1);
    assert_int_equal(claim(&other, FWL_SIGNING_CLAIM, 1), FWL_SIGNING_TAKEN); /* a copy of the node's folder */
    assert_int_equal(claim(&other, FWL_SIGNING_RENEW, 2), FWL_SIGNING_TAKEN);
    assert_int_equal(ask_as(&other, (struct fwl_signing_request){.type = FWL_SIGNING_VOTE}), FWL_SIGNING_TAKEN);
    fwl_guard_leave(&guard, &other); /* it never had the claim */
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 5, 0, &a), FWL_SIGNING_DONE);
    fwl_guard_leave(&guard, &caller);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 5, 0, &a), FWL_SIGNING_REFUSED); /* CLAIM comes first */
    assert_int_equal(claim(&other, FWL_SIGNING_CLAIM, 2), FWL_SIGNING_TAKEN); /* not the store it has voted with */
    assert_int_equal(claim(&other, FWL_SIGNING_RENEW, 2), FWL_SIGNING_DONE);
    assert_int_equal(claim(&caller, FWL_SIGNING_CLAIM, 1), FWL_SIGNING_TAKEN);
    fwl_guard_leave(&guard, &other);
    assert_int_equal(claim(&caller, FWL_SIGNING_CLAIM, 1), FWL_SIGNING_TAKEN); /* its store is not the last any more */
}

static void
test_guard__lost_memory(void **state)
{
    struct fwl_memstore *empty = fwl_memstore_new();
    const struct fwl_signing_request instance = {.type = FWL_SIGNING_INSTANCE};

    (void)state;
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 50, 0, &a), FWL_SIGNING_DONE);
    fwl_guard_close(&guard);
    votes = fwl_memstore_storage(empty);
    assert_int_equal(open_guard(0), FWL_ERR_CONFLICT);
    fwl_guard_close(&guard);
    assert_int_equal(open_guard(52), FWL_OK);
    assert_int_equal(greet(&caller), FWL_SIGNING_DONE);
    assert_int_equal(ask_as(&caller, instance), FWL_SIGNING_DONE);
    assert_int_equal(answer.known, FWL_SIGNING_NOBODY); /* so the node does not take itself for new either */
    assert_int_equal(claim(&caller, FWL_SIGNING_RENEW, 3), FWL_SIGNING_DONE);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 51, 0, &a), FWL_SIGNING_REFUSED);
    assert_int_equal(vote(FWL_VOTE_NOTARIZE, 52, 0, &a), FWL_SIGNING_DONE);
    fwl_guard_close(&guard);
    assert_int_equal(open_guard(40), FWL_OK); /* not lost: the height is not needed, and does not count */
    assert_int_equal(guard.floor, 52);
    fwl_guard_close(&guard);
    votes = fwl_memstore_storage(store); /* the old memory comes back from a backup */
    assert_int_equal(open_guard(0), FWL_ERR_CONFLICT);
    fwl_memstore_free(empty);
}

static void
test_guard__fresh(void **state)
{
    struct fwl_memstore *empty = fwl_memstore_new();
    const struct fwl_signing_request instance = {.type = FWL_SIGNING_INSTANCE};

    (void)state;
    fwl_guard_close(&guard);
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, key_path), FWL_OK);
    votes = fwl_memstore_storage(empty);
    assert_int_equal(open_guard(0), FWL_OK);
    assert_int_equal(greet(&caller), FWL_SIGNING_DONE);
    assert_int_equal(ask_as(&caller, instance), FWL_SIGNING_DONE);
    assert_int_equal(answer.known, FWL_SIGNING_FRESH);
    fwl_memstore_free(empty);
}

static void
test_guard__another_owner(void **state)
{
    const struct fwl_hash32 other = {{2}};
    struct fwl_guard second;
    struct fwl_secret secret;

    (void)state;
    assert_int_equal(fwl_guard_open(&second, &votes, key_path, &chain_id, 0), FWL_ERR_LOCKED); /* of the key file */
    fwl_guard_close(&second);
    fwl_guard_close(&guard);
    assert_int_equal(fwl_guard_open(&guard, &votes, key_path, &other, 0), FWL_ERR_CHAIN);
    fwl_guard_close(&guard);
    assert_int_equal(unlink(key_path), 0);
    assert_int_equal(open_guard(0), FWL_ERR_ABSENT);
    fwl_secret_generate(&secret, FWL_KEY_NODE);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(open_guard(0), FWL_ERR_TYPE);
    assert_int_equal(unlink(key_path), 0);
    fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(open_guard(0), FWL_ERR_CHAIN); /* another key */
    assert_int_equal(chmod(key_path, 0644), 0);
    assert_int_equal(open_guard(0), FWL_ERR_STATE);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_guard__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(pairs),       CASE(says_why), CASE(forgets_and_refuses), CASE(no_space),
        CASE(unanswered),  CASE(damaged),  CASE(other_requests),      CASE(who_may_ask),
        CASE(lost_memory), CASE(fresh),    CASE(another_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
