/* Slots, floors, and when to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain.h"
#include "ledger/model/statement.h"

struct slots {
    uint8_t bytes[2][FWL_SLOT_SIZE_MAX];
    struct fwl_span used[2];
};

static struct chain *
start(struct fwl_device *device)
{
    struct chain *c = chain_new();

    assert_int_equal(fwl_device_start(device, &c->anchor), FWL_OK);
    return c;
}

static void
save(struct slots *slots, struct fwl_device *device)
{
    unsigned i = fwl_slot_next(device);

    assert_int_equal(fwl_slot_encode(&slots->used[i], slots->bytes[i], FWL_SLOT_SIZE_MAX, device), FWL_OK);
    fwl_device_saved(device);
}

static void
test_device__round_trip(void **state)
{
    struct fwl_device device;
    struct fwl_device back;
    struct slots slots = {0};
    struct chain *c = start(&device);
    char name[] = "component-a";

    (void)state;
    assert_int_equal(fwl_slots_decode(&back, slots.used[0], slots.used[1]), FWL_ERR_ABSENT);
    for (uint64_t i = 0; i < FWL_DEVICE_FLOORS_MAX; i++) { /* in descending order; kept ascending */
        name[10] = (char)('z' - i);
        assert_int_equal(fwl_device_confirm(&device, fwl_span_text(name), i, i), FWL_OK);
    }
    assert_int_equal(fwl_device_confirm(&device, fwl_span_text("one-more"), 1, 0), FWL_ERR_LIMIT);
    assert_int_equal(fwl_slot_next(&device), 0);
    save(&slots, &device);
    assert_int_equal(fwl_slots_decode(&back, slots.used[0], slots.used[1]), FWL_OK);
    assert_memory_equal(&back.trust, &device.trust, sizeof(back.trust));
    assert_int_equal(back.floor_count, device.floor_count);
    assert_memory_equal(back.floors, device.floors, sizeof(back.floors));
    assert_int_equal(fwl_slot_next(&back), 1);
    for (uint64_t i = 1; i <= 4; i++) { /* the newer one counts, in either slot */
        device.trust.height = 200 + i;
        save(&slots, &device);
        assert_int_equal(fwl_slots_decode(&back, slots.used[0], slots.used[1]), FWL_OK);
        assert_int_equal(back.trust.height, 200 + i);
        assert_int_equal(back.sequence, 1 + i);
    }
    chain_free(c);
}

static void
test_device__damage_leaves_the_older_state(void **state)
{
    struct fwl_device device;
    struct fwl_device back;
    struct slots slots = {0};
    struct chain *c = start(&device);

    (void)state;
    assert_int_equal(fwl_device_confirm(&device, fwl_span_text("app"), 3, 1), FWL_OK);
    save(&slots, &device);
    device.trust.height++;
    save(&slots, &device);
    for (size_t i = 0; i < 8 * slots.used[1].size; i++) {
        slots.bytes[1][i / 8] ^= (uint8_t)(1U << (i % 8));
        assert_int_equal(fwl_slots_decode(&back, slots.used[0], slots.used[1]), FWL_OK);
        assert_int_equal(back.trust.height, 100);
        assert_int_equal(fwl_slots_decode(&back, (struct fwl_span){0}, slots.used[1]), FWL_ERR_CORRUPT);
        slots.bytes[1][i / 8] ^= (uint8_t)(1U << (i % 8));
    }
    for (size_t size = 0; size < slots.used[1].size; size++) {
        assert_int_equal(fwl_slots_decode(&back, slots.used[0], fwl_span(slots.bytes[1], size)), FWL_OK);
        assert_int_equal(back.trust.height, 100);
    }
    /* bytes after a slot are those of the flash page */
    assert_int_equal(fwl_slots_decode(&back, slots.used[0], fwl_span(slots.bytes[1], FWL_SLOT_SIZE_MAX)), FWL_OK);
    assert_int_equal(back.trust.height, 101);
    chain_free(c);
}

static void
test_device__encode_space(void **state)
{
    struct fwl_device device;
    struct slots slots = {0};
    struct fwl_span out;
    struct chain *c = start(&device);

    (void)state;
    save(&slots, &device);
    assert_int_equal(fwl_slot_encode(&out, slots.bytes[1], slots.used[0].size, &device), FWL_OK);
    assert_int_equal(fwl_slot_encode(&out, slots.bytes[1], slots.used[0].size - 1, &device), FWL_ERR_SPACE);
    chain_free(c);
}

static void
test_device__floors(void **state)
{
    struct fwl_device device;
    struct fwl_floor floor;
    struct chain *c = start(&device);
    struct fwl_span app = fwl_span_text("app");

    (void)state;
    assert_false(fwl_device_floor(&floor, &device, app));
    assert_int_equal(fwl_device_confirm(&device, fwl_span_text(""), 1, 0), FWL_ERR_NAME);
    assert_int_equal(fwl_device_confirm(&device, app, 5, 0), FWL_OK);
    assert_int_equal(fwl_device_confirm(&device, app, 5, 0), FWL_OK);
    assert_int_equal(fwl_device_confirm(&device, app, 4, 0), FWL_ERR_ROLLBACK);
    assert_int_equal(fwl_device_confirm(&device, app, 9, 0), FWL_OK);
    /* only a higher floor epoch lowers it */
    assert_int_equal(fwl_device_confirm(&device, app, 2, 1), FWL_OK);
    assert_true(fwl_device_floor(&floor, &device, app));
    assert_int_equal(floor.counter, 2);
    assert_int_equal(floor.epoch, 1);
    assert_int_equal(fwl_device_confirm(&device, app, 99, 0), FWL_ERR_ROLLBACK);
    chain_free(c);
}

static void
test_device__when_to_save(void **state)
{
    struct fwl_device device;
    struct slots slots = {0};
    struct chain *c = start(&device);

    (void)state;
    assert_true(fwl_device_must_save(&device, false));
    save(&slots, &device);
    assert_false(fwl_device_must_save(&device, true));
    device.trust.height++;
    device.trust.time_ms += FWL_DEVICE_SAVE_MS - 1;
    assert_false(fwl_device_must_save(&device, false));
    assert_true(fwl_device_must_save(&device, true)); /* before an install */
    device.trust.time_ms++;
    assert_true(fwl_device_must_save(&device, false));
    save(&slots, &device);
    device.trust.epoch++;
    assert_true(fwl_device_must_save(&device, false));
    save(&slots, &device);
    assert_int_equal(fwl_device_confirm(&device, fwl_span_text("app"), 5, 0), FWL_OK);
    assert_true(fwl_device_must_save(&device, false));
    save(&slots, &device);
    assert_false(fwl_device_must_save(&device, true));
    device.trust.time_ms--; /* never, but if so: it is no reason to write */
    assert_false(fwl_device_must_save(&device, false));
    device.trust.chain_id.b[0]++; /* a re-anchor to another chain may go back in time */
    device.trust.time_ms = 0;
    assert_true(fwl_device_must_save(&device, false));
    chain_free(c);
}

/* New governors within an epoch: the old ones must not be trusted again after a power cut. */
static void
test_device__reanchor_is_saved(void **state)
{
    struct fwl_device device;
    struct fwl_device back;
    struct slots slots = {0};
    struct chain *c = start(&device);
    struct fwl_anchor to = c->anchor;
    struct fwl_anchor_statement statement = {.stored_chain_id = to.chain_id,
                                             .new_chain_id = to.chain_id,
                                             .epoch = to.epoch,
                                             .height = to.height,
                                             .time_ms = to.time_ms,
                                             .block_hash = to.block_hash};
    struct fwl_hash32 digest;
    struct fwl_span sigs;
    struct fwl_span old_sigs;
    struct fwl_writer w;

    (void)state;
    save(&slots, &device);
    to.governors = c->governor_sets[1];
    fwl_validators_hash(&statement.validators_hash, &to.validators);
    fwl_governors_hash(&statement.governors_hash, &to.governors);
    fwl_statement_anchor(&digest, &statement);
    sigs = chain_sigs(c, 1, &digest);
    old_sigs = chain_sigs(c, 0, &digest);
    w = world_begin(c->w);
    fwl_trust_reanchor_put(&w, &to, sigs, old_sigs);
    assert_int_equal(fwl_trust_reanchor(&device.trust, world_end(c->w, &w)), FWL_OK);
    assert_true(fwl_device_must_save(&device, false));
    save(&slots, &device);
    assert_false(fwl_device_must_save(&device, true));
    assert_int_equal(fwl_slots_decode(&back, slots.used[0], slots.used[1]), FWL_OK);
    assert_memory_equal(&back.trust, &device.trust, sizeof(back.trust));
    assert_false(fwl_device_must_save(&back, true));
    chain_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device__round_trip),   cmocka_unit_test(test_device__damage_leaves_the_older_state),
        cmocka_unit_test(test_device__encode_space), cmocka_unit_test(test_device__floors),
        cmocka_unit_test(test_device__when_to_save), cmocka_unit_test(test_device__reanchor_is_saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
