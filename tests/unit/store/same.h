/* Two stores in memory hold the same. */
#ifndef FWL_TESTS_UNIT_STORE_SAME_H
#define FWL_TESTS_UNIT_STORE_SAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ledger/store/memstore.h"

/* Space @space of both stores, record by record. */
static inline void
help_same_space(struct fwl_memstore *a, struct fwl_memstore *b, enum fwl_space space)
{
    struct fwl_storage storages[] = {fwl_memstore_storage(a), fwl_memstore_storage(b)};
    struct fwl_read read[2];
    struct fwl_kv_entry e[2] = {0};
    enum fwl_err err[2] = {FWL_OK, FWL_OK};

    assert_int_equal(fwl_read_begin(&storages[0], &read[0]), FWL_OK);
    assert_int_equal(fwl_read_begin(&storages[1], &read[1]), FWL_OK);
    for (bool first = true; err[0] == FWL_OK; first = false) {
        for (int i = 0; i < 2; i++) {
            err[i] = first ? fwl_kv_seek(&read[i].kv, &e[i], space, e[i].key)
                           : fwl_kv_next(&read[i].kv, &e[i], space, e[i].key);
        }
        assert_int_equal(err[0], err[1]);
        assert_true(fwl_span_equal(e[0].key, e[1].key) && fwl_span_equal(e[0].value, e[1].value));
    }
    assert_int_equal(err[0], FWL_ERR_ABSENT);
    fwl_read_end(&read[0]);
    fwl_read_end(&read[1]);
}

#endif
