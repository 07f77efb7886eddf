#include "signer/host/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/host/clock.h"

enum {
    BACKLOG = 16,
    IN_ROOM = 16 * FWL_SIGNING_FRAME_MAX,
};

struct connection {
    int fd;         /* -1: free */
    uint64_t heard; /* the turn in which it said something last */
    size_t used;
    struct fwl_guard_caller caller;
    uint8_t in[IN_ROOM];
};

struct keeper {
    struct fwl_guard *guard;
    const struct fwl_log *log;
    uint64_t turn;
    struct connection connections[FWL_KEEPER_CONNECTIONS_MAX];
};

/* Does somebody answer at this address? */
static bool
somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return there;
}

enum fwl_err
fwl_keeper_listen(int *fd, const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask = 0;
    bool ok = false;

    *fd = -1;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return FWL_ERR_LIMIT;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (somebody_listens(&address)) {
        return FWL_ERR_LOCKED;
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return FWL_ERR_NETWORK;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mask = umask((mode_t)~mode & 0777); /* nobody else gets in between bind and chmod */
    ok = *fd >= 0 && bind(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(*fd, BACKLOG) == 0;
    (void)umask(mask);
    if (!ok) {
        if (*fd >= 0) {
            (void)close(*fd);
        }
        *fd = -1;
        return FWL_ERR_NETWORK;
    }
    return FWL_OK;
}

static void
end(struct keeper *k, struct connection *c, const char *why)
{
    fwl_log(k->log, FWL_LOG_INFO, "signer", "connection closed", "voter=%d reason=\"%s\"",
            (int)(k->guard->voter == &c->caller), why);
    fwl_guard_leave(k->guard, &c->caller);
    (void)close(c->fd);
    c->fd = -1;
}

/* A free place, or that of the one that does not vote and has been silent for longest. */
static struct connection *
place(struct keeper *k)
{
    struct connection *oldest = NULL;

    for (size_t i = 0; i < FWL_KEEPER_CONNECTIONS_MAX; i++) {
        struct connection *c = &k->connections[i];

        if (c->fd < 0) {
            return c;
        }
        if (k->guard->voter != &c->caller && (oldest == NULL || c->heard < oldest->heard)) {
            oldest = c;
        }
    }
    end(k, oldest, "another one needs its place");
    return oldest;
}

static void
take_connection(struct keeper *k, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *c = fd < 0 ? NULL : place(k);

    if (c != NULL) {
        *c = (struct connection){.fd = fd, .heard = k->turn};
    }
}

/* The sentence of a request that is none. */
static void
refuse_form(struct fwl_signing_answer *answer, const struct fwl_signing_request *request, enum fwl_err err)
{
    const char *text = fwl_err_text(err);

    *answer = (struct fwl_signing_answer){.type = request->type, .id = request->id, .code = FWL_SIGNING_REFUSED};
    memcpy(answer->text, text, FWL_MIN(strlen(text), (size_t)FWL_SIGNING_TEXT_MAX));
}

static bool
send_answer(struct connection *c, const struct fwl_signing_answer *answer)
{
    uint8_t out[FWL_SIGNING_FRAME_MAX];
    size_t size = fwl_signing_answer_encode(out, answer);

    return send(c->fd, out, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void
note_refusal(const struct keeper *k, const struct fwl_signing_request *q, const struct fwl_signing_answer *answer)
{
    if (answer->code != FWL_SIGNING_DONE) {
        fwl_log(k->log, FWL_LOG_UNUSUAL, "signer", "refused", "type=%u kind=%u height=%llu view=%u reason=\"%s\"",
                (unsigned)q->type, (unsigned)q->kind, (unsigned long long)q->height, q->view, answer->text);
    }
}

/* One frame. False: the connection is closed. @err: the store failed. */
static bool
take_frame(struct keeper *k, struct connection *c, struct fwl_span frame, enum fwl_err *err)
{
    struct fwl_signing_request request;
    struct fwl_signing_answer answer;
    enum fwl_err form = fwl_signing_request_decode(&request, frame);

    if (form == FWL_ERR_UNKNOWN) { /* there is no type to answer with */
        end(k, c, "a request of an unknown type");
        return false;
    }
    if (form != FWL_OK) {
        refuse_form(&answer, &request, form);
    } else {
        *err = fwl_guard_answer(k->guard, &c->caller, &answer, &request, fwl_clock_unix_ms());
        if (*err != FWL_OK) {
            return false;
        }
    }
    note_refusal(k, &request, &answer);
    if (!send_answer(c, &answer)) {
        end(k, c, "it does not read its answers");
        return false;
    }
    return true;
}

/* What a connection has to say. */
static enum fwl_err
hear(struct keeper *k, struct connection *c)
{
    ssize_t got = recv(c->fd, c->in + c->used, sizeof(c->in) - c->used, 0);
    struct fwl_span frame;
    size_t at = 0;
    enum fwl_err err = FWL_OK;

    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            end(k, c, "closed by the other side");
        }
        return FWL_OK;
    }
    c->used += (size_t)got;
    c->heard = k->turn;
    for (;;) {
        if (fwl_signing_frame(&frame, fwl_span(c->in + at, c->used - at)) != FWL_OK) {
            end(k, c, "it sends what is no frame");
            return FWL_OK;
        }
        if (frame.size == 0) {
            break;
        }
        if (!take_frame(k, c, frame, &err)) {
            return err;
        }
        at += FWL_SIGNING_HEAD_SIZE + frame.size;
    }
    memmove(c->in, c->in + at, c->used - at);
    c->used -= at;
    return FWL_OK;
}

/* Those that have something to say; with @gone only connections that the other side has closed, up to their end. */
static enum fwl_err
hear_all(struct keeper *k, const struct pollfd polls[FWL_KEEPER_CONNECTIONS_MAX], bool gone)
{
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < FWL_KEEPER_CONNECTIONS_MAX && err == FWL_OK; i++) {
        struct connection *c = &k->connections[i];

        if (polls[i].revents == 0 || ((polls[i].revents & (POLLHUP | POLLRDHUP)) != 0) != gone) {
            continue;
        }
        do {
            err = hear(k, c);
        } while (gone && err == FWL_OK && c->fd >= 0);
    }
    return err;
}

/* Waits; then who has gone, then everybody who has something to say, and only then who comes new: a node that comes
 * again meets a signer that knows of its end. */
static enum fwl_err
turn(struct keeper *k, int listener)
{
    struct pollfd polls[FWL_KEEPER_CONNECTIONS_MAX + 1];
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < FWL_KEEPER_CONNECTIONS_MAX; i++) {
        polls[i] = (struct pollfd){.fd = k->connections[i].fd, .events = POLLIN | POLLRDHUP};
    }
    polls[FWL_KEEPER_CONNECTIONS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
    if (poll(polls, FWL_COUNT(polls), -1) < 0) {
        return errno == EINTR ? FWL_OK : FWL_ERR_NETWORK;
    }
    k->turn++;
    err = hear_all(k, polls, true);
    err = err == FWL_OK ? hear_all(k, polls, false) : err;
    if (err == FWL_OK && polls[FWL_KEEPER_CONNECTIONS_MAX].revents != 0) {
        take_connection(k, listener);
    }
    return err;
}

enum fwl_err
fwl_keeper_run(int fd, struct fwl_guard *guard, const struct fwl_log *log)
{
    static struct keeper keeper; /* about 66 KiB */
    enum fwl_err err = FWL_OK;

    keeper = (struct keeper){.guard = guard, .log = log};
    for (size_t i = 0; i < FWL_KEEPER_CONNECTIONS_MAX; i++) {
        keeper.connections[i].fd = -1;
    }
    while (err == FWL_OK) {
        err = turn(&keeper, fd);
    }
    return err;
}
