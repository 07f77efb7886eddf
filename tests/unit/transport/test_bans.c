#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "p2p/transport/bans.h"

static void
test_bans__doubling(void **state)
{
    struct fwl_bans bans;
    struct fwl_pubkey32 a = {{1}};
    struct fwl_pubkey32 b = {{2}};
    uint64_t now = 5;

    (void)state;
    fwl_bans_init(&bans, 600, 2000);
    assert_int_equal(fwl_bans_until(&bans, &a, now), 0);
    assert_int_equal(fwl_bans_add(&bans, &a, now), 605);
    assert_int_equal(fwl_bans_until(&bans, &a, 604), 605);
    assert_int_equal(fwl_bans_until(&bans, &a, 605), 0);
    assert_int_equal(fwl_bans_until(&bans, &b, now), 0);
    now = 700;
    assert_int_equal(fwl_bans_add(&bans, &a, now), now + 1200);
    assert_int_equal(fwl_bans_add(&bans, &a, now), now + 2000); /* the maximum */
    assert_int_equal(fwl_bans_add(&bans, &a, now), now + 2000);
    now += 4000; /* quiet for the maximum after the end of it */
    assert_int_equal(fwl_bans_add(&bans, &a, now), now + 600);
}

static void
test_bans__bounded(void **state)
{
    struct fwl_bans bans;
    struct fwl_pubkey32 key = {{0}};

    (void)state;
    fwl_bans_init(&bans, 600, 2000);
    for (uint32_t i = 0; i <= FWL_BANS_MAX; i++) {
        fwl_store_be32(key.b, i);
        (void)fwl_bans_add(&bans, &key, i);
    }
    fwl_store_be32(key.b, 0);
    assert_int_equal(fwl_bans_until(&bans, &key, 300), 0); /* the first gave way */
    fwl_store_be32(key.b, 1);
    assert_int_equal(fwl_bans_until(&bans, &key, 300), 601);
    fwl_store_be32(key.b, FWL_BANS_MAX);
    assert_int_equal(fwl_bans_until(&bans, &key, 300), FWL_BANS_MAX + 600);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bans__doubling),
        cmocka_unit_test(test_bans__bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
