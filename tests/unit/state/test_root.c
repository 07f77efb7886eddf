/* Roots of one fixed history; built a second time with an execution that is wrong on purpose, which must differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/hex.h"
#include "ledger_help.h"

/* Pinned from this implementation: a change of them is a change of protocol. */
static const char genesis_root[] = "a6e40c59de38bb6b481689e5b0d2292512b7183496042c3c7cadd0fb3e20eb24";
static const char history_root[] = "bb961996c91dcdcdfad4ad8d6abec6c7346e8d214b40738d035326d4c7166f04";

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
