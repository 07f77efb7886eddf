#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/host/streams.h"

enum {
    ALL = 1 << STDIN_FILENO | 1 << STDOUT_FILENO | 1 << STDERR_FILENO,
};

/* In a process of its own, where the streams in @closed are closed: what is wrong, 0 when nothing is. */
static int
judge(int closed)
{
    char byte = 0;
    int file = -1;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if ((closed >> fd & 1) != 0) {
            (void)close(fd);
        }
    }
    if (!fwl_streams_hold()) {
        return 1;
    }
    file = open("/dev/zero", O_RDONLY);
    if (file <= STDERR_FILENO) {
        return 2; /* a file of the program has the number of a stream */
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if ((closed >> fd & 1) != 0 && (read(fd, &byte, 1) != 0 || write(fd, &byte, 1) >= 0)) {
            return 3;
        }
    }
    return 0;
}

static void
test_streams__closed_ones_are_held(void **state)
{
    (void)state;
    for (int closed = 0; closed <= ALL; closed++) {
        int status = -1;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            _exit(judge(closed));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams__closed_ones_are_held)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
