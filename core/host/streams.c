#include "core/host/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool
fwl_streams_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open takes the least free number: those below fd are taken. Read-only: a write must not seem to succeed. */
        if (fcntl(fd, F_GETFD) < 0 && (errno != EBADF || open("/dev/null", O_RDONLY) != fd)) {
            return false;
        }
    }
    return true;
}
