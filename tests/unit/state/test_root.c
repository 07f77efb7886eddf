/* Roots of one fixed history; built a second time with an execution that is wrong on purpose, which must differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/hex.h"
#include "ledger_help.h"

/* Pinned from this implementation: a change of them is a change of protocol. */
static const char genesis_root[] = "01ee9ba545df3e37a18d5069aa407c47d357c46059e7a59a2d30b8ecc4b38989";
static const char history_root[] = "4686f2a124e1f46c4c2d8fbc1bbf2e06b0d90f259d5a2cc0b7b5e2e6f684c472";

static void
test_root__history(void **unused)
{
    struct help_ledger l;
    char text[65] = {0};

    (void)unused;
    help_salt = 0;
    help_open(&l);
    fwl_hex_encode(text, sizeof(text), fwl_hash32_span(&l.root));
    assert_string_equal(text, genesis_root);
    help_world(&l);
    help_begin(&l);
    assert_int_equal(help_publish(&l, "acme", "acme/gw/fw", 1, NULL, NULL), FWL_OK);
    help_end(&l);
    fwl_hex_encode(text, sizeof(text), fwl_hash32_span(&l.root));
#ifdef FWL_MUTANT_EXECUTION
    assert_string_not_equal(text, history_root);
#else
    assert_string_equal(text, history_root);
#endif
    help_close(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_root__history)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
