/*
 * api - what the HTTP interface answers: docs/openapi.yaml over node/http.h. Zone H.
 *
 * API threads only read: a request opens one read transaction of the store `chain`, so its answer is of one height.
 * Answers to devices are kept in a cache of each thread until the next block. A transaction is handed to the thread
 * that owns the chain through the backend and answered from there. Every error is a problem document whose type is
 * urn:fwledger:error:NAME; docs/spec/interfaces.md "HTTP" says which status goes with which.
 */
#ifndef FWL_NODE_API_H
#define FWL_NODE_API_H

#include "core/host/log.h"
#include "ledger/store/store.h"
#include "node/http.h"
#include "p2p/replica/replica.h"
#include "p2p/transport/transport.h"

struct fwl_api;

enum {
    FWL_API_LIST_MAX = 100, /* items of a list */
    FWL_API_LIST_DEFAULT = 30,
};

/* What only the chain's thread knows, as the next struct too; a copy that is at most a second old. */
struct fwl_api_status {
    uint64_t height; /* first undecided */
    uint32_t view;
    bool syncing;
    bool restoring; /* a snapshot is being received */
    uint64_t base;  /* lowest height of a whole block */
    bool voting;
    bool storage_good; /* the last write was no failure */
    bool ready;        /* synced, enough peers, storage good */
    bool has_validator;
    struct fwl_pubkey32 validator; /* own consensus key */
    bool has_leader;
    struct fwl_pubkey32 leader; /* of the present view */
    uint32_t validators;
    uint64_t pool_transactions;
    uint64_t pool_bytes;
    struct fwl_transport_stats transport;
};

/* Why the chain waits, and what is counted; of the same moment. About 14 KiB. */
struct fwl_api_watch {
    struct fwl_replica_watch replica;
    const char *own;              /* what is the matter with this node itself; static, NULL: nothing */
    uint64_t waited_ms;           /* since a block is wanted; 0: none is */
    uint64_t waiting;             /* requests that wait for the block of their transaction */
    uint64_t failed_transactions; /* that waited in the pool and did not get into a block; since the start */
    uint64_t evidence_seen;
    uint64_t attests_signed; /* as in fwl_replica_status */
    uint64_t attests_answered;
    uint64_t attests_failed;
    bool signs;              /* there is a validator key */
    bool signer_up;          /* and what holds it answers */
    uint64_t signer_refused; /* answers of a signer that were no signature */
    uint64_t map_bytes;      /* of the store `chain` */
    uint64_t map_used_bytes;
    uint64_t disk_free_bytes;
    double sync_blocks_per_second; /* caught up with, over the last 10 s */
    struct fwl_histogram interval; /* between blocks by their headers, ms; fwl_api_interval_bounds */
    struct fwl_store_times chain_times;
    struct fwl_store_times votes_times;
};
extern const int64_t fwl_api_interval_bounds[FWL_HISTOGRAM_BOUNDS];

/* A transaction on its way to the chain's thread. Ended by exactly one of the functions below, which free it. */
struct fwl_api_submission {
    struct fwl_api_submission *next; /* of whoever owns it */
    struct fwl_http_deferred *answer;
    struct fwl_hash32 txid;
    uint64_t expires_s;
    bool wait_final;
    size_t size;
    uint8_t *bytes; /* the transaction, on the heap; whoever takes it out leaves NULL */
};

/** fwl_api_submission_taken - 202: it is in the pool. */
void fwl_api_submission_taken(struct fwl_api_submission *s);
/** fwl_api_submission_final - 200: the block at @height has it. */
void fwl_api_submission_final(struct fwl_api_submission *s, uint64_t height);
/** fwl_api_submission_refused - a problem, as of the tip at @height; @detail and @field may be NULL. */
void fwl_api_submission_refused(struct fwl_api_submission *s, enum fwl_err err, uint64_t height, const char *detail,
                                const char *field);
/** fwl_api_submission_unknown - 503: nobody can say (yet) whether it gets into a block; the sender asks again. */
void fwl_api_submission_unknown(struct fwl_api_submission *s, enum fwl_err err, const char *detail);

/* A question of a device about the time. Ended by exactly one of the functions below, which free it. */
struct fwl_api_question {
    struct fwl_api_question *next; /* of whoever owns it */
    struct fwl_http_deferred *answer;
    struct fwl_attest_request request;
    uint64_t client; /* number of whoever owns it */
};

/** fwl_api_question_answered - 200: the words of a quorum, by index. */
void fwl_api_question_answered(struct fwl_api_question *q, const struct fwl_attest *words, size_t count);
/** fwl_api_question_failed - a problem. */
void fwl_api_question_failed(struct fwl_api_question *q, enum fwl_err err, const char *detail);

/* The node behind the API. Every function is called on API threads. */
struct fwl_api_backend {
    struct fwl_storage chain;
    struct fwl_hash32 chain_id;
    /** Height of the tip: rises when a block has been committed. Cheap. */
    uint64_t (*tip)(void *cookie);
    void (*status)(void *cookie, struct fwl_api_status *out);
    void (*watch)(void *cookie, struct fwl_api_watch *out);
    /** Take @s on FWL_OK; FWL_ERR_BUSY: too many are waiting, FWL_ERR_STATE: the node is going down. */
    enum fwl_err (*submit)(void *cookie, struct fwl_api_submission *s);
    /** The same of @q. */
    enum fwl_err (*attest)(void *cookie, struct fwl_api_question *q);
    void *cookie;
};

/** fwl_api_new - for @threads API threads; copies @backend, keeps @log (may be NULL). NULL when out of memory. */
FWL_NODISCARD struct fwl_api *fwl_api_new(const struct fwl_api_backend *backend, unsigned threads,
                                          const struct fwl_log *log);
/** fwl_api_free - after the server has stopped. NULL is fine. */
void fwl_api_free(struct fwl_api *api);

/** fwl_api_handle - the fwl_http_handler; the cookie is the struct fwl_api. */
void fwl_api_handle(void *cookie, struct fwl_http_request *request);

/** fwl_api_http_status - the HTTP status of an error: 400 malformed or over a limit, 404 absent, 409 exists, replay or
 * conflict, 422 refused by the rules or a verification, 503 busy, full or short of memory, 500 the node's own failure.
 */
int fwl_api_http_status(enum fwl_err err);

#endif
