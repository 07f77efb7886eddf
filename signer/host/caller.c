#include "signer/host/caller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/host/clock.h"

enum fwl_err
fwl_caller_open(int *fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *fd = -1;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return FWL_ERR_LIMIT;
    }
    memcpy(address.sun_path, path, strlen(path));
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd >= 0 && connect(*fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int why = errno;

        (void)close(*fd);
        *fd = -1;
        errno = why;
    }
    return *fd < 0 ? FWL_ERR_NETWORK : FWL_OK;
}

/* Waits until there is something to read. */
static enum fwl_err
wait_for(int fd, int64_t until_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left = until_ms - (int64_t)fwl_clock_mono_ms();
        int rc = left <= 0 ? 0 : poll(&p, 1, (int)left);

        if (rc == 0) {
            return FWL_ERR_TIMEOUT;
        }
        if (rc > 0) {
            return FWL_OK;
        }
        if (errno != EINTR) {
            return FWL_ERR_NETWORK;
        }
    }
}

enum fwl_err
fwl_caller_ask(struct fwl_signing_answer *answer, int fd, const struct fwl_signing_request *request, int ms)
{
    uint8_t bytes[FWL_SIGNING_FRAME_MAX];
    size_t size = fwl_signing_request_encode(bytes, request);
    int64_t until_ms = (int64_t)fwl_clock_mono_ms() + ms;
    struct fwl_span frame = {0};
    enum fwl_err err = FWL_OK;

    *answer = (struct fwl_signing_answer){0};
    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
        return FWL_ERR_NETWORK;
    }
    for (size = 0; err == FWL_OK && frame.size == 0;) {
        ssize_t got = 0;

        err = wait_for(fd, until_ms);
        if (err == FWL_OK) {
            got = recv(fd, bytes + size, sizeof(bytes) - size, 0);
            err = got <= 0 ? FWL_ERR_NETWORK : FWL_OK;
        }
        if (err == FWL_OK) {
            size += (size_t)got;
            err = fwl_signing_frame(&frame, fwl_span(bytes, size));
        }
    }
    err = err == FWL_OK ? fwl_signing_answer_decode(answer, frame) : err;
    if (err == FWL_OK && (answer->type != request->type || answer->id != request->id)) {
        err = FWL_ERR_CONFLICT;
    }
    return err;
}
