#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/host/heap.h"
#include "ledger/store/memstore.h"

static enum fwl_err
commit(struct fwl_memstore *m, uint32_t number)
{
    const struct fwl_storage storage = fwl_memstore_storage(m);
    uint8_t arena[1024];
    uint8_t key[4];
    uint8_t value[600] = {0};
    struct fwl_overlay o;

    fwl_store_be32(key, number);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_REC, fwl_span(key, 4), fwl_span(value, sizeof(value))), FWL_OK);
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_VMETA, fwl_span_text("last"), fwl_span(key, 4)), FWL_OK);
    return fwl_storage_commit(&storage, &o);
}

static uint32_t
entries(struct fwl_memstore *m)
{
    const struct fwl_storage storage = fwl_memstore_storage(m);
    struct fwl_read read;
    struct fwl_kv_entry e;
    uint32_t n = 0;
    enum fwl_err err;

    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    err = fwl_kv_seek(&read.kv, &e, FWL_SPACE_REC, fwl_span(NULL, 0));
    for (; err == FWL_OK; err = fwl_kv_next(&read.kv, &e, FWL_SPACE_REC, e.key)) {
        n++;
    }
    fwl_read_end(&read);
    return n;
}

/* Far beyond the first arena; overwritten values do not pile up for ever. */
static void
test_memstore__grows(void **state)
{
    struct fwl_memstore *m = fwl_memstore_new();

    (void)state;
    assert_non_null(m);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(commit(m, i), FWL_OK);
    }
    assert_int_equal(entries(m), 2000);
    assert_int_equal(fwl_memstore_commits(m), 2000);
    fwl_memstore_crash(m);
    assert_int_equal(entries(m), 2000);
    fwl_memstore_free(m);
    fwl_memstore_free(NULL);
}

static void
test_memstore_fail__each_fault(void **state)
{
    struct fwl_memstore *m = fwl_memstore_new();
    const struct fwl_storage storage = fwl_memstore_storage(m);
    struct fwl_read read;

    (void)state;
    fwl_memstore_fail(m, 2, FWL_MEMSTORE_FULL, false);
    assert_int_equal(commit(m, 0), FWL_OK);
    assert_int_equal(commit(m, 1), FWL_ERR_FULL);
    assert_int_equal(entries(m), 1);
    assert_int_equal(commit(m, 1), FWL_OK);
    fwl_memstore_fail(m, 1, FWL_MEMSTORE_FULL, true);
    assert_int_equal(commit(m, 2), FWL_ERR_FULL);
    assert_int_equal(commit(m, 2), FWL_ERR_FULL);
    fwl_memstore_fail(m, 0, FWL_MEMSTORE_NONE, false);
    assert_int_equal(commit(m, 2), FWL_OK);

    fwl_memstore_fail(m, 1, FWL_MEMSTORE_LOST, false);
    assert_int_equal(commit(m, 3), FWL_ERR_STORAGE);
    assert_int_equal(commit(m, 3), FWL_ERR_STORAGE); /* final */
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_ERR_STORAGE);
    fwl_read_end(&read);
    fwl_memstore_crash(m);
    assert_int_equal(entries(m), 3);

    fwl_memstore_fail(m, 1, FWL_MEMSTORE_UNANSWERED, false);
    assert_int_equal(commit(m, 3), FWL_ERR_STORAGE);
    fwl_memstore_crash(m);
    assert_int_equal(entries(m), 4); /* it was durable */
    fwl_memstore_free(m);
}

static void
test_memstore_lie__loses_what_was_not_synced(void **state)
{
    struct fwl_memstore *m = fwl_memstore_new();

    (void)state;
    assert_int_equal(commit(m, 0), FWL_OK);
    assert_int_equal(fwl_memstore_lie(m, true), FWL_OK);
    assert_int_equal(commit(m, 1), FWL_OK);
    assert_int_equal(entries(m), 2);
    fwl_memstore_crash(m);
    assert_int_equal(entries(m), 1);
    assert_int_equal(fwl_memstore_lie(m, true), FWL_OK);
    assert_int_equal(commit(m, 1), FWL_OK);
    assert_int_equal(fwl_memstore_lie(m, false), FWL_OK);
    fwl_memstore_crash(m);
    assert_int_equal(entries(m), 2);
    fwl_memstore_free(m);
}

static void
test_memstore_copy__backup_and_restore(void **state)
{
    struct fwl_memstore *m = fwl_memstore_new();
    struct fwl_memstore *backup = fwl_memstore_new();

    (void)state;
    assert_int_equal(commit(m, 0), FWL_OK);
    assert_int_equal(fwl_memstore_copy(backup, m), FWL_OK);
    assert_int_equal(commit(m, 1), FWL_OK);
    assert_int_equal(fwl_memstore_copy(m, backup), FWL_OK);
    assert_int_equal(entries(m), 1);
    fwl_heap_fail_after(1);
    assert_int_equal(fwl_memstore_copy(m, backup), FWL_ERR_MEMORY);
    fwl_heap_fail_after(0);
    assert_int_equal(entries(m), 1);
    fwl_memstore_free(backup);
    fwl_memstore_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memstore__grows),
        cmocka_unit_test(test_memstore_fail__each_fault),
        cmocka_unit_test(test_memstore_lie__loses_what_was_not_synced),
        cmocka_unit_test(test_memstore_copy__backup_and_restore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
