/*
 * Whose turn it is and when: LEADER, TIMELY, timers, heartbeat. Figures are worked out by hand from agreement.md.
 */
#include "p2p/consensus/turns.h"
#include "rig.h"

static struct fwl_consensus_tip
tip_at(struct rig *r, uint64_t height, uint32_t proposer, uint64_t term)
{
    struct fwl_consensus_tip tip = r->tip;

    tip.height = height;
    tip.params.leader_term = term;
    memcpy(tip.proposer_key.b, r->keys + 32 * proposer, 32);
    return tip;
}

static void
test_consensus_turns__leader(void **state)
{
    struct rig *r = rig_new(4, 0);
    struct fwl_consensus_tip tip = tip_at(r, 4, 2, 16);

    (void)state;
    assert_int_equal(fwl_turns_leader(&tip, 0), 2); /* who proposed goes on */
    for (uint32_t v = 0; v < 12; v++) {
        assert_int_equal(fwl_turns_leader(&tip, v), (2 + v) % 4);
    }
    assert_int_equal(fwl_turns_leader(&tip, UINT32_MAX), (2 + 3) % 4);
    rig_free(r);
}

static void
test_consensus_turns__leader_term(void **state)
{
    struct rig *r = rig_new(4, 0);

    (void)state;
    for (uint64_t h = 1; h <= 64; h++) { /* the next one's turn at every multiple of K */
        struct fwl_consensus_tip tip = tip_at(r, h - 1, 3, 16);

        assert_int_equal(fwl_turns_leader(&tip, 0), h % 16 == 0 ? 0 : 3);
        tip = tip_at(r, h - 1, 3, 1);
        assert_int_equal(fwl_turns_leader(&tip, 0), 0);
    }
    rig_free(r);
}

static void
test_consensus_turns__leader_gone(void **state)
{
    struct rig *r = rig_new(4, 0);

    (void)state;
    for (uint64_t h = 1; h <= 64; h++) {
        struct fwl_consensus_tip tip = tip_at(r, h - 1, 5, 16); /* not among the four */

        assert_int_equal(fwl_turns_leader(&tip, 0), (h + (h % 16 == 0)) % 4);
    }
    rig_free(r);
}

static void
test_consensus_turns__timeout(void **state)
{
    struct fwl_consensus_timing t = FWL_CONSENSUS_TIMING_WAN;

    (void)state;
    assert_int_equal(fwl_turns_timeout(&t, 0), 2000);
    assert_int_equal(fwl_turns_timeout(&t, 1), 2500);
    assert_int_equal(fwl_turns_timeout(&t, 115), 59500);
    assert_int_equal(fwl_turns_timeout(&t, 116), 60000);
    assert_int_equal(fwl_turns_timeout(&t, 117), 60000);
    t.td = UINT32_MAX;
    assert_int_equal(fwl_turns_timeout(&t, UINT32_MAX), 60000);
}

static void
test_consensus_turns__delay(void **state)
{
    (void)state;
    assert_int_equal(fwl_turns_delay(4000, 0), 4000);
    assert_int_equal(fwl_turns_delay(4000, 1), 5000);
    assert_int_equal(fwl_turns_delay(4000, 2), 6250);
    assert_int_equal(fwl_turns_delay(4000, 3), 7812); /* 6250 + 1562, in integers */
    assert_int_equal(fwl_turns_delay(4000, 44), 73451965);
    assert_int_equal(fwl_turns_delay(4000, 45), 86400000); /* a day */
    assert_int_equal(fwl_turns_delay(4000, UINT32_MAX), 86400000);
    assert_int_equal(fwl_turns_delay(UINT64_MAX, 3), 86400000);
    assert_int_equal(fwl_turns_delay(3, UINT32_MAX), 3);
    assert_int_equal(fwl_turns_delay(4, 1), 5);
}

static void
timely(uint32_t view, uint64_t received, uint64_t time, bool good)
{
    struct fwl_params p = {.precision_ms = 500, .msgdelay_ms = 4000};

    assert_int_equal(fwl_turns_timely(&p, view, received, time), good);
}

static void
test_consensus_turns__timely(void **state)
{
    (void)state;
    timely(0, 100000, 100500, true);
    timely(0, 100000, 100501, false);
    timely(0, 100000, 95500, true);
    timely(0, 100000, 95499, false);
    timely(1, 100000, 94500, true); /* d(1) = 5000 */
    timely(1, 100000, 94499, false);
    timely(3, 100000, 91688, true); /* d(3) = 7812 */
    timely(3, 100000, 91687, false);
    timely(3, 100000, 100501, false); /* the upper end does not widen */
    timely(1000, 86400500 + 7, 7, true);
    timely(1000, 86400500 + 7, 6, false);
    timely(0, 0, 0, true);
    timely(0, 0, 500, true);
    timely(0, 0, 501, false);
    timely(0, 4500, 0, true);
    timely(0, 4501, 0, false);
    timely(0, UINT64_MAX, UINT64_MAX, true);
    timely(0, UINT64_MAX, UINT64_MAX - 4500, true);
    timely(0, UINT64_MAX, UINT64_MAX - 4501, false);
    timely(0, 0, UINT64_MAX, false);
}

static void
test_consensus_turns__heartbeat(void **state)
{
    struct fwl_consensus_tip tip = {.time_ms = 1000, .params = {.heartbeat_ms = 300000}};

    (void)state;
    assert_int_equal(fwl_turns_heartbeat_due(&tip), 301000);
    tip.time_ms = UINT64_MAX - 1;
    assert_true(fwl_turns_heartbeat_due(&tip) == UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_turns__leader),      cmocka_unit_test(test_consensus_turns__leader_term),
        cmocka_unit_test(test_consensus_turns__leader_gone), cmocka_unit_test(test_consensus_turns__timeout),
        cmocka_unit_test(test_consensus_turns__delay),       cmocka_unit_test(test_consensus_turns__timely),
        cmocka_unit_test(test_consensus_turns__heartbeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
