/* Requests by transaction id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/waiters.h"

static struct fwl_waiters w;
static struct fwl_api_submission s[6];

static int
setup(void **state)
{
    (void)state;
    fwl_waiters_init(&w, 5);
    for (unsigned i = 0; i < FWL_COUNT(s); i++) {
        s[i] = (struct fwl_api_submission){.txid = {{0, 0, 0, 1, (uint8_t)i}}, .expires_s = i}; /* all in one bucket */
    }
    return 0;
}

static void
test_waiters__limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fwl_waiters_add(&w, &s[i]), FWL_OK);
    }
    assert_int_equal(fwl_waiters_add(&w, &s[5]), FWL_ERR_BUSY);
    assert_ptr_equal(fwl_waiters_take(&w, &s[2].txid), &s[2]);
    assert_int_equal(fwl_waiters_add(&w, &s[5]), FWL_OK);
}

static void
test_waiters__several_for_one_id(void **state)
{
    struct fwl_api_submission *taken = NULL;

    (void)state;
    s[3].txid = s[1].txid;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fwl_waiters_add(&w, &s[i]), FWL_OK);
    }
    taken = fwl_waiters_take(&w, &s[1].txid);
    assert_true(taken == &s[1] || taken == &s[3]);
    assert_true(taken->next == &s[1] || taken->next == &s[3]);
    assert_ptr_not_equal(taken, taken->next);
    assert_null(taken->next->next);
    assert_null(fwl_waiters_take(&w, &s[1].txid));
    assert_int_equal(w.count, 3);
}

static void
test_waiters__remove(void **state)
{
    (void)state;
    s[1].txid = s[0].txid;
    assert_int_equal(fwl_waiters_add(&w, &s[0]), FWL_OK);
    assert_int_equal(fwl_waiters_add(&w, &s[1]), FWL_OK);
    assert_true(fwl_waiters_remove(&w, &s[0], &s[0].txid));
    assert_false(fwl_waiters_remove(&w, &s[0], &s[0].txid));
    assert_ptr_equal(fwl_waiters_take(&w, &s[1].txid), &s[1]);
    assert_int_equal(w.count, 0);
}

static void
test_waiters__expired(void **state)
{
    struct fwl_api_submission *taken = NULL;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fwl_waiters_add(&w, &s[i]), FWL_OK);
    }
    assert_null(fwl_waiters_expired(&w, 0));
    for (taken = fwl_waiters_expired(&w, 2); taken != NULL; taken = taken->next) {
        assert_true(taken->expires_s < 2);
        count++;
    }
    assert_int_equal(count, 2);
    s[4].expires_s = UINT64_MAX;
    for (taken = fwl_waiters_expired(&w, UINT64_MAX); taken != NULL; taken = taken->next) {
        count++;
    }
    assert_int_equal(count, 5);
    assert_int_equal(w.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_waiters__limit, setup),
        cmocka_unit_test_setup(test_waiters__several_for_one_id, setup),
        cmocka_unit_test_setup(test_waiters__remove, setup),
        cmocka_unit_test_setup(test_waiters__expired, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
