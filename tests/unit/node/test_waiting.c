/* The sentence that says why the chain waits, and what validators are called in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "node/waiting.h"
#include "tests/unit/query/chain.h"

static struct fwl_replica_watch watch;
static struct fwl_waiting_names names;

static int
setup(void **state)
{
    (void)state;
    memset(&names, 0, sizeof(names));
    watch = (struct fwl_replica_watch){.running = true, .want = true, .n = 4, .view = 3, .view_count = 1};
    watch.views[0].view = 3;
    watch.leader = 1;
    for (unsigned i = 0; i < FWL_VALIDATORS_MAX; i++) {
        (void)snprintf(names.name[i], sizeof(names.name[i]), "org-%u", i);
    }
    return 0;
}

static void
vote(struct fwl_tally_view *view, enum fwl_vote_kind kind, unsigned from, unsigned to)
{
    struct fwl_tally_votes *v = &view->kinds[kind - 1];

    for (unsigned i = from; i <= to; i++) {
        v->voters[i / 8] |= (uint8_t)(1U << (i % 8));
        v->count++;
    }
}

static void
assert_text(const char *own, const char *expected)
{
    char text[FWL_WAITING_TEXT_ROOM];

    fwl_waiting_text(text, own, &watch, &names);
    assert_string_equal(text, expected);
}

static void
test_waiting__votes(void **state)
{
    (void)state;
    assert_text(NULL, "no proposal by org-1, missing org-0, org-1, org-2, org-3");
    watch.views[0].proposals = 1;
    vote(&watch.views[0], FWL_VOTE_NOTARIZE, 1, 2);
    vote(&watch.views[0], FWL_VOTE_NULLIFY, 0, 0);
    assert_text(NULL, "2 of 3 NOTARIZE, 1 of 3 NULLIFY, missing org-3");
    watch.views[0].proposals = 0; /* the votes are here, the proposal is not */
    assert_text(NULL, "2 of 3 NOTARIZE, 1 of 3 NULLIFY, missing org-3");
    vote(&watch.views[0], FWL_VOTE_NULLIFY, 3, 3);
    assert_text(NULL, "2 of 3 NOTARIZE, 2 of 3 NULLIFY");
}

/* Whoever has given FINALIZE for the view before is there, though it has said nothing of this one yet. */
static void
test_waiting__finalize(void **state)
{
    (void)state;
    watch.view_count = 3;
    watch.views[1] = (struct fwl_tally_view){.view = 2, .null = true};
    watch.views[2] = (struct fwl_tally_view){.view = 1, .notar = true};
    vote(&watch.views[2], FWL_VOTE_FINALIZE, 0, 1);
    vote(&watch.views[0], FWL_VOTE_NULLIFY, 1, 1);
    assert_text(NULL, "2 of 3 FINALIZE, no proposal by org-1, 1 of 3 NULLIFY, missing org-2, org-3");
}

static void
test_waiting__own_trouble_comes_first(void **state)
{
    (void)state;
    assert_text("no peer is connected",
                "no peer is connected; no proposal by org-1, missing org-0, org-1, org-2, org-3");
    watch.want = false;
    assert_text("catching up", "catching up");
    assert_text(NULL, "");
    watch.want = true;
    watch.running = false;
    assert_text("the disk is full", "the disk is full");
}

/* A hundred validators with the longest names fit: eight are named. */
static void
test_waiting__longest(void **state)
{
    char text[FWL_WAITING_TEXT_ROOM];

    (void)state;
    watch.n = FWL_VALIDATORS_MAX;
    for (unsigned i = 0; i < FWL_VALIDATORS_MAX; i++) {
        memset(names.name[i], 'x', FWL_WAITING_NAME_ROOM - 1);
    }
    watch.view_count = 2;
    watch.views[1] = (struct fwl_tally_view){.view = 1, .notar = true};
    vote(&watch.views[1], FWL_VOTE_FINALIZE, 0, 9);
    vote(&watch.views[0], FWL_VOTE_NULLIFY, 10, 19);
    fwl_waiting_text(text, "own voting is off until enough validators have told where it is safe", &watch, &names);
    assert_non_null(strstr(text, " and 72 more"));
}

static void
put_member(struct fwl_writer *w, uint8_t first, const char *participant)
{
    struct fwl_member member = {.has = 0xe, .organisation = fwl_span_text(participant)};

    member.key.b[0] = first;
    fwl_member_put(w, &member);
}

static void
test_waiting__names(void **state)
{
    static const uint8_t table = FWL_TABLE_VALIDATORS;
    struct fwl_tally tally = {.n = 4};
    struct fwl_validators_entry e = {.has = 0x6};
    uint8_t governors[35] = {1, 1, 2};
    struct chain chain;
    struct fwl_read read;
    struct fwl_storage storage;
    uint8_t members[1024];
    uint8_t entry[2048];
    struct fwl_span value;
    struct fwl_writer w;

    (void)state;
    chain_make(&chain);
    fwl_writer_init(&w, members, sizeof(members));
    put_member(&w, 1, "acme");
    put_member(&w, 2, "beta");
    put_member(&w, 3, "acme");
    assert_int_equal(fwl_writer_finish(&w, &e.members.items), FWL_OK);
    e.members.count = 3;
    e.governors = fwl_span(governors, sizeof(governors));
    fwl_writer_init(&w, entry, sizeof(entry));
    fwl_entry_put_validators(&w, &e);
    assert_int_equal(fwl_writer_finish(&w, &value), FWL_OK);
    chain_put(&chain, FWL_SPACE_KV, fwl_span(&table, 1), value);
    for (unsigned i = 0; i < 4; i++) {
        tally.members[i].key.b[0] = (uint8_t)(i + 1);
    }
    storage = fwl_memstore_storage(chain.store);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    fwl_waiting_names(&names, &read.kv, &tally);
    assert_string_equal(names.name[0], "acme(01000000)");
    assert_string_equal(names.name[1], "beta");
    assert_string_equal(names.name[2], "acme(03000000)");
    assert_string_equal(names.name[3], "(04000000)");
    assert_string_equal(names.participant[2], "acme");
    assert_string_equal(names.participant[3], "");
    fwl_read_end(&read);
    chain_free(&chain);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup(test_waiting__##f, setup)
    const struct CMUnitTest tests[] = {
        CASE(votes), CASE(finalize), CASE(own_trouble_comes_first), CASE(longest), CASE(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
