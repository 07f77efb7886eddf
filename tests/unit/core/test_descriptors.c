/* The limit of open files is raised to what it may be, and holds for what is opened then. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/host/descriptors.h"

static void
set_limit(rlim_t soft, rlim_t hard)
{
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
test_descriptors__raise(void **state)
{
    int fds[64];
    size_t count = 0;

    (void)state;
    set_limit(20, 50);
    assert_int_equal(fwl_descriptors_raise(), 50);
    assert_int_equal(fwl_descriptors_raise(), 50); /* nothing is left to raise */
    while (count < 64 && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        count++;
    }
    assert_true(count > 20 && count < 50);
    while (count > 0) {
        (void)close(fds[--count]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_descriptors__raise)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
