/* Nets of the simulator for tests of one replica. */
#ifndef FWL_TESTS_UNIT_REPLICA_NET_H
#define FWL_TESTS_UNIT_REPLICA_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "p2p/wire/message.h"
#include "tests/sim/sim.h"

static inline void
net_failed(const struct sim *s)
{
    fail_msg("%s", s->failure);
}

/* @n validators and @extra followers, with small blocks; what a checker finds fails the test. */
static inline void
net_open(struct sim *s, uint64_t seed, uint32_t n, uint32_t extra)
{
    struct fwl_params params;

    fwl_params_default(&params);
    params.max_block = FWL_BLOCK_MAX_MIN;
    params.max_work = FWL_BLOCK_WORK_MIN;
    sim_open(s, seed, n, extra, false, &params);
    s->failed = net_failed;
}

/* The payload of a STATUS, in @bytes. */
static inline struct fwl_span
net_status(uint8_t bytes[FWL_MESSAGE_STATUS_SIZE], const struct fwl_message_status *status)
{
    struct fwl_span payload;
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, FWL_MESSAGE_STATUS_SIZE);
    fwl_message_status_encode(&w, status);
    assert_int_equal(fwl_writer_finish(&w, &payload), FWL_OK);
    return payload;
}

#endif
