#include "node/remote.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "core/host/clock.h"
#include "core/host/heap.h"
#include "signer/host/caller.h"

enum {
    TURN_MS = 500, /* dials again, looks for answers that do not come */
    TRY_MS = 100,  /* while it opens */
    HELLO_ID = 1,
    CLAIM_ID = 2,
    FIRST_ID = 3,
};

enum pending_state {
    PENDING_FREE,
    PENDING_SENT,
    PENDING_SIGNED,
    PENDING_REFUSED,
};

struct pending {
    enum pending_state state;
    struct fwl_signing_request request;
    uint64_t at_ms; /* when that state began */
    bool told;      /* the refusal has been logged */
    enum fwl_signing_code code;
    struct fwl_sig64 sig;
};

struct remote {
    const char *path;
    const struct fwl_log *log;
    struct fwl_hash32 chain_id;
    struct fwl_pubkey32 key;
    struct fwl_instance instance;
    int fd; /* until it is attached; -1 */
    struct event_base *base;
    struct event *turn;
    struct bufferevent *stream; /* NULL: not connected */
    uint64_t connected_ms;
    bool up; /* claimed */
    struct fwl_remote_owner owner;
    uint32_t next_id;
    uint64_t refused;
    struct pending pending[FWL_REMOTE_PENDING_MAX];
};

/* ---- opening: questions and answers, one by one ---- */

static enum fwl_err
ask(const struct remote *r, struct fwl_signing_answer *answer, const struct fwl_signing_request *request)
{
    enum fwl_err err = fwl_caller_ask(answer, r->fd, request, FWL_REMOTE_ANSWER_MS);

    if (err == FWL_OK && answer->code != FWL_SIGNING_DONE) {
        fwl_log(r->log, FWL_LOG_UNUSUAL, "signer", "the signer refuses", "reason=\"%s\"", answer->text);
        err = answer->code == FWL_SIGNING_TAKEN ? FWL_ERR_CONFLICT : FWL_ERR_STATE;
    }
    return err;
}

static struct fwl_signing_request
hello(const struct remote *r)
{
    return (struct fwl_signing_request){
        .type = FWL_SIGNING_HELLO, .id = HELLO_ID, .protocol = FWL_SIGNING_PROTOCOL, .chain_id = r->chain_id};
}

static struct fwl_signing_request
claim(const struct remote *r, enum fwl_signing_type type)
{
    struct fwl_signing_request q = {.type = type, .id = CLAIM_ID};

    memcpy(q.instance, r->instance.b, sizeof(q.instance));
    return q;
}

/* The key's side of the tie, while the connection is not attached. */
static enum fwl_err
read_instance(void *ctx, struct fwl_instance *out)
{
    static const enum fwl_instance_kind kinds[] = {[FWL_SIGNING_NOBODY] = FWL_INSTANCE_NONE,
                                                   [FWL_SIGNING_FRESH] = FWL_INSTANCE_NEW,
                                                   [FWL_SIGNING_STORE] = FWL_INSTANCE_USED};
    const struct fwl_signing_request q = {.type = FWL_SIGNING_INSTANCE, .id = FIRST_ID};
    struct fwl_signing_answer answer;
    struct remote *r = ctx;
    enum fwl_err err = ask(r, &answer, &q);

    *out = (struct fwl_instance){.kind = err == FWL_OK ? kinds[answer.known] : FWL_INSTANCE_NONE};
    memcpy(out->b, answer.instance, sizeof(out->b));
    return err;
}

static enum fwl_err
write_instance(void *ctx, const struct fwl_instance *instance)
{
    struct fwl_signing_answer answer;
    struct fwl_signing_request q;
    struct remote *r = ctx;

    r->instance = *instance;
    q = claim(r, FWL_SIGNING_RENEW);
    return ask(r, &answer, &q);
}

enum fwl_err
fwl_remote_claim(const struct fwl_signer *signer, const struct fwl_instance *instance)
{
    struct fwl_signing_answer answer;
    struct fwl_signing_request q;
    struct remote *r = signer->ctx;

    r->instance = *instance;
    q = claim(r, FWL_SIGNING_CLAIM);
    return ask(r, &answer, &q);
}

/* ---- attached ---- */

static void
send_request(struct remote *r, const struct fwl_signing_request *request)
{
    uint8_t bytes[FWL_SIGNING_FRAME_MAX];

    (void)bufferevent_write(r->stream, bytes, fwl_signing_request_encode(bytes, request));
}

/* The connection is over. What was under way is asked anew by whoever wants it. */
static void
hang_up(struct remote *r, const char *why)
{
    if (r->stream == NULL) {
        return;
    }
    if (r->up) {
        fwl_log(r->log, FWL_LOG_UNUSUAL, "signer", "the signer has gone: not voting until it is back", "reason=\"%s\"",
                why);
    }
    bufferevent_free(r->stream);
    r->stream = NULL;
    r->up = false;
    for (size_t i = 0; i < FWL_REMOTE_PENDING_MAX; i++) {
        if (r->pending[i].state == PENDING_SENT) {
            r->pending[i].state = PENDING_FREE;
        }
    }
}

static void
take_signature(struct remote *r, const struct fwl_signing_answer *answer)
{
    for (size_t i = 0; i < FWL_REMOTE_PENDING_MAX; i++) {
        struct pending *p = &r->pending[i];

        if (p->state != PENDING_SENT || p->request.id != answer->id || p->request.type != answer->type) {
            continue;
        }
        p->at_ms = fwl_clock_mono_ms();
        p->code = answer->code;
        p->sig = answer->sig;
        p->state = answer->code == FWL_SIGNING_DONE ? PENDING_SIGNED : PENDING_REFUSED;
        if (p->state == PENDING_REFUSED) {
            r->refused++;
        }
        if (p->state == PENDING_REFUSED && !p->told) {
            p->told = true;
            fwl_log(r->log, FWL_LOG_UNUSUAL, "signer", "the signer refuses",
                    "type=%u kind=%u height=%llu view=%u reason=\"%s\"", (unsigned)p->request.type,
                    (unsigned)p->request.kind, (unsigned long long)p->request.height, p->request.view, answer->text);
        }
        r->owner.ready(r->owner.cookie);
        return;
    }
}

/* False: the connection is over. */
static bool
take_answer(struct remote *r, const struct fwl_signing_answer *answer)
{
    if (answer->code == FWL_SIGNING_TAKEN) {
        fwl_log(r->log, FWL_LOG_BROKEN, "signer", "the signer votes for another node", "reason=\"%s\"", answer->text);
        hang_up(r, "taken");
        r->owner.taken(r->owner.cookie);
        return false;
    }
    if (answer->type == FWL_SIGNING_HELLO || answer->type == FWL_SIGNING_CLAIM) {
        bool good = answer->code == FWL_SIGNING_DONE &&
                    (answer->type == FWL_SIGNING_CLAIM || memcmp(answer->key.b, r->key.b, sizeof(r->key.b)) == 0);

        if (!good) {
            fwl_log(r->log, FWL_LOG_UNUSUAL, "signer", "this is not the signer that was there before", "reason=\"%s\"",
                    answer->text);
            hang_up(r, "another one");
            return false;
        }
        if (answer->type == FWL_SIGNING_CLAIM) {
            r->up = true;
            fwl_log(r->log, FWL_LOG_INFO, "signer", "the signer is back", "%s", "");
            r->owner.ready(r->owner.cookie);
        }
        return true;
    }
    take_signature(r, answer);
    return true;
}

static void
on_read(struct bufferevent *stream, void *cookie)
{
    struct remote *r = cookie;
    struct evbuffer *in = bufferevent_get_input(stream);

    for (;;) {
        struct fwl_signing_answer answer;
        struct fwl_span frame;
        size_t size = FWL_MIN(evbuffer_get_length(in), (size_t)FWL_SIGNING_FRAME_MAX);
        enum fwl_err err = fwl_signing_frame(&frame, fwl_span(evbuffer_pullup(in, (ev_ssize_t)size), size));

        if (err == FWL_OK && frame.size == 0) {
            return;
        }
        err = err == FWL_OK ? fwl_signing_answer_decode(&answer, frame) : err;
        if (err != FWL_OK) {
            hang_up(r, "its answer is none");
            return;
        }
        (void)evbuffer_drain(in, FWL_SIGNING_HEAD_SIZE + frame.size);
        if (!take_answer(r, &answer)) {
            return;
        }
    }
}

static void
on_event(struct bufferevent *stream, short what, void *cookie)
{
    (void)stream;
    (void)what;
    hang_up(cookie, "the connection is closed");
}

static bool
make_stream(struct remote *r, int fd)
{
    r->stream = bufferevent_socket_new(r->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (r->stream == NULL) {
        (void)close(fd);
        return false;
    }
    r->connected_ms = fwl_clock_mono_ms();
    bufferevent_setcb(r->stream, on_read, NULL, on_event, r);
    return bufferevent_enable(r->stream, EV_READ | EV_WRITE) == 0;
}

static void
dial(struct remote *r)
{
    struct fwl_signing_request q = hello(r);
    int fd = -1;

    if (fwl_caller_open(&fd, r->path) == FWL_OK && make_stream(r, fd)) {
        send_request(r, &q);
        q = claim(r, FWL_SIGNING_CLAIM);
        send_request(r, &q);
    }
}

static void
on_turn(evutil_socket_t fd, short what, void *cookie)
{
    struct remote *r = cookie;
    uint64_t now = fwl_clock_mono_ms();
    bool late = r->stream != NULL && !r->up && now > r->connected_ms + FWL_REMOTE_ANSWER_MS;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < FWL_REMOTE_PENDING_MAX; i++) {
        late = late || (r->pending[i].state == PENDING_SENT && now > r->pending[i].at_ms + FWL_REMOTE_ANSWER_MS);
    }
    if (late) {
        hang_up(r, "it does not answer");
    } else if (r->stream == NULL) {
        dial(r);
    }
}

/* The same but for the id? Encodings are unique. */
static bool
same(const struct fwl_signing_request *a, const struct fwl_signing_request *b)
{
    struct fwl_signing_request x = *a;
    uint8_t one[FWL_SIGNING_FRAME_MAX];
    uint8_t other[FWL_SIGNING_FRAME_MAX];
    size_t size = 0;

    x.id = b->id;
    size = fwl_signing_request_encode(one, &x);
    return size == fwl_signing_request_encode(other, b) && memcmp(one, other, size) == 0;
}

/* The entry of @request, or the place for it: a free one, else the oldest. */
static struct pending *
find(struct remote *r, const struct fwl_signing_request *request)
{
    struct pending *place = &r->pending[0];

    for (size_t i = 0; i < FWL_REMOTE_PENDING_MAX; i++) {
        struct pending *p = &r->pending[i];

        if (p->state != PENDING_FREE && same(&p->request, request)) {
            return p;
        }
        if (place->state != PENDING_FREE && (p->state == PENDING_FREE || p->at_ms < place->at_ms)) {
            place = p;
        }
    }
    *place = (struct pending){.request = *request};
    return place;
}

static enum fwl_err
sign_remotely(void *ctx, struct fwl_sig64 *out, const struct fwl_signing_request *request,
              const struct fwl_hash32 *digest)
{
    struct remote *r = ctx;
    struct pending *p = find(r, request);

    if (p->state == PENDING_SIGNED) {
        p->state = PENDING_FREE;
        if (fwl_schnorr_verify(&p->sig, digest, &r->key) != FWL_OK) {
            hang_up(r, "its signature does not hold");
            return FWL_ERR_SIGNATURE;
        }
        *out = p->sig;
        return FWL_OK;
    }
    if (p->state == PENDING_REFUSED && fwl_clock_mono_ms() < p->at_ms + FWL_REMOTE_REFUSED_MS) {
        return p->code == FWL_SIGNING_LATER ? FWL_ERR_BUSY : FWL_ERR_STATE;
    }
    if (p->state != PENDING_SENT && r->up) {
        p->state = PENDING_SENT;
        p->at_ms = fwl_clock_mono_ms();
        p->request.id = r->next_id++;
        send_request(r, &p->request);
    }
    return FWL_ERR_BUSY;
}

static void
close_remote(void *ctx)
{
    struct remote *r = ctx;

    if (r->turn != NULL) {
        event_free(r->turn);
    }
    if (r->stream != NULL) {
        bufferevent_free(r->stream);
    }
    if (r->fd >= 0) {
        (void)close(r->fd);
    }
    fwl_free(r);
}

/* Connects, and connects again until @ms are over. */
static enum fwl_err
connect_within(struct remote *r, int ms)
{
    const struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};
    uint64_t until = fwl_clock_mono_ms() + (uint64_t)ms;
    enum fwl_err err = fwl_caller_open(&r->fd, r->path);

    if (err == FWL_ERR_NETWORK && ms > 0) {
        fwl_log(r->log, FWL_LOG_INFO, "signer", "waiting for the signer", "path=\"%s\" reason=\"%s\"", r->path,
                strerror(errno));
    }
    while (err == FWL_ERR_NETWORK && fwl_clock_mono_ms() < until) {
        (void)nanosleep(&pause, NULL);
        err = fwl_caller_open(&r->fd, r->path);
    }
    return err;
}

enum fwl_err
fwl_remote_open(struct fwl_signer *out, const char *path, const struct fwl_hash32 *chain_id, const struct fwl_log *log,
                int ms)
{
    struct remote *r = fwl_calloc(1, sizeof(*r));
    struct fwl_signing_answer answer;
    struct fwl_signing_request q;
    enum fwl_err err = FWL_ERR_MEMORY;

    *out = (struct fwl_signer){0};
    if (r == NULL) {
        return err;
    }
    *r = (struct remote){.path = path, .log = log, .chain_id = *chain_id, .fd = -1, .next_id = FIRST_ID};
    err = connect_within(r, ms);
    q = hello(r);
    err = err == FWL_OK ? ask(r, &answer, &q) : err;
    if (err != FWL_OK) {
        close_remote(r);
        return err;
    }
    r->key = answer.key;
    *out = (struct fwl_signer){.key = r->key,
                               .sign = sign_remotely,
                               .close = close_remote,
                               .ctx = r,
                               .tie = {.read = read_instance, .write = write_instance, .ctx = r}};
    return FWL_OK;
}

enum fwl_err
fwl_remote_attach(const struct fwl_signer *signer, struct event_base *base, const struct fwl_remote_owner *owner)
{
    const struct timeval turn = {.tv_usec = TURN_MS * 1000};
    struct remote *r = signer->ctx;
    int fd = r->fd;

    r->base = base;
    r->owner = *owner;
    r->fd = -1;
    r->turn = event_new(base, -1, EV_PERSIST, on_turn, r);
    if (r->turn == NULL || event_add(r->turn, &turn) != 0 || !make_stream(r, fd)) {
        return FWL_ERR_MEMORY;
    }
    r->up = true;
    return FWL_OK;
}

void
fwl_remote_info(const struct fwl_signer *signer, struct fwl_remote_info *out)
{
    const struct remote *r = signer->ctx;

    *out = (struct fwl_remote_info){.up = r->up, .refused = r->refused};
}
