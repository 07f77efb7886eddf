/*
 * link - one connection: handshake, frames in, frames and objects out. Internal to the module. Zone H.
 *
 * A link dies in two steps: fwl_link_doom marks it and everything ignores it from then on; the host's reaper, an
 * event of the loop, tells the owner and frees it. So no function frees what a caller up the stack still uses.
 */
#ifndef FWL_P2P_TRANSPORT_LINK_H
#define FWL_P2P_TRANSPORT_LINK_H

#include <sys/queue.h>
#include <sys/socket.h>

#include "p2p/transport/bans.h"
#include "p2p/transport/bucket.h"
#include "p2p/transport/tls.h"
#include "p2p/transport/transport.h"

struct bufferevent;
struct evconnlistener;
struct event;

enum fwl_link_bucket {
    FWL_LINK_BYTES,
    FWL_LINK_REQUESTS,
    FWL_LINK_ATTESTS,
    FWL_LINK_TXS,
    FWL_LINK_BUCKETS,
};

struct fwl_link_job { /* an object on its way out */
    STAILQ_ENTRY(fwl_link_job) next;
    struct fwl_transport_source source;
    enum fwl_frame_type type;
    uint32_t at; /* offset of the next part */
};

struct fwl_link {
    struct fwl_transport *host;
    struct bufferevent *bev;
    struct event *deadline;     /* AUTH must be there */
    struct event *wake;         /* go on reading, feed the next part */
    struct fwl_link_dial *dial; /* that made it; NULL when accepted */
    uint64_t id;
    uint64_t net; /* /24 or /64 of the other side */
    char address[64];
    bool exempt;    /* accepted from the address of a configured peer */
    bool connected; /* TLS is done */
    bool up;        /* AUTH is done */
    bool doomed;
    bool paused; /* not read: queue or budget */
    bool validator;
    enum fwl_transport_reason reason; /* of its doom */
    struct fwl_hash32 exporter;
    struct fwl_pubkey32 key; /* once up */
    uint64_t up_ms;
    uint64_t heard_ms;
    size_t heard_size;      /* input waiting at the last tick */
    size_t skip;            /* bytes still to come of a frame that is read past */
    uint64_t status_height; /* the highest reported */
    uint32_t queued;        /* frames in the owner's queue */
    uint32_t job_count;
    STAILQ_HEAD(, fwl_link_job) jobs;
    struct fwl_bucket buckets[FWL_LINK_BUCKETS];
    uint64_t bytes_in;
    uint64_t bytes_out;
};

struct fwl_link_dial { /* a configured peer */
    LIST_ENTRY(fwl_link_dial) next;
    struct fwl_transport *host;
    struct fwl_pubkey32 key;
    struct sockaddr_storage address;
    int address_size;
    struct event *timer;
    struct fwl_link *link; /* NULL between attempts */
    uint32_t wait_ms;      /* before the next attempt */
    bool timed;            /* timer is set */
};

struct fwl_transport {
    struct event_base *base;
    struct fwl_transport_config config;
    struct fwl_transport_owner owner;
    void *cookie;
    SSL_CTX *tls;
    struct evconnlistener *listener;
    struct event *reaper;
    struct event *tick;
    struct fwl_link **links; /* by the low 16 bits of the id */
    uint32_t link_max;
    uint64_t serial;
    uint32_t dial_count;
    LIST_HEAD(, fwl_link_dial) dials;
    struct fwl_bans bans;
    struct fwl_transport_stats stats;
    uint8_t scratch[FWL_FRAME_HEAD_SIZE + FWL_FRAME_PART_MAX]; /* a part being read */
};

/** fwl_link_new - a link over @fd (accepted), or to @dial (then @fd is -1) that connects at once. NULL: no memory, no
 * free place, or the system refuses to connect. Takes @fd in every case. */
struct fwl_link *fwl_link_new(struct fwl_transport *host, int fd, struct fwl_link_dial *dial,
                              const struct sockaddr *address, int address_size);

/** fwl_link_free - release everything; no callback but the sources' release. */
void fwl_link_free(struct fwl_link *l);

/** fwl_link_find - the authenticated connection of @key, or NULL. */
struct fwl_link *fwl_link_find(const struct fwl_transport *host, const struct fwl_pubkey32 *key);

/** fwl_link_doom - the connection ends for @reason; the first reason stays. */
void fwl_link_doom(struct fwl_link *l, enum fwl_transport_reason reason);

/** fwl_link_ban - doom, and ban the key unless it is a validator's. */
void fwl_link_ban(struct fwl_link *l, enum fwl_transport_reason reason);

/** fwl_link_send, fwl_link_send_object - as the functions of the transport. */
FWL_NODISCARD enum fwl_err fwl_link_send(struct fwl_link *l, enum fwl_frame_type type, struct fwl_span payload);
FWL_NODISCARD enum fwl_err fwl_link_send_object(struct fwl_link *l, enum fwl_frame_type type,
                                                const struct fwl_transport_source *source);

/** fwl_link_throttle - stop reading if the owner's queue or a budget says so. */
void fwl_link_throttle(struct fwl_link *l);

/** fwl_link_wake - look again, from the event loop, whether reading and feeding can go on. */
void fwl_link_wake(struct fwl_link *l);

/** fwl_link_tick - once a second: is the other side still there? */
void fwl_link_tick(struct fwl_link *l, uint64_t now_ms);

/** fwl_link_pending - bytes that wait to be sent. */
size_t fwl_link_pending(const struct fwl_link *l);

/** fwl_auth_check - judge the other side's AUTH, cheap checks first, the signature last; FWL_DOWN_COUNT: it is good. In
 * auth.c. */
FWL_NODISCARD enum fwl_transport_reason fwl_auth_check(const struct fwl_link *l, const struct fwl_message_auth *auth);

/* What the link needs of its host, in transport.c. */

/** fwl_transport_admit - may the authenticated @l stay under @key? Removes an older connection of the key. */
FWL_NODISCARD bool fwl_transport_admit(struct fwl_link *l, const struct fwl_pubkey32 *key);

#endif
