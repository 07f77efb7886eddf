/* Transactions of clients on their way into the pool and into a block. */
#include <stdio.h>

#include <event2/event.h>

#include "core/host/heap.h"
#include "ledger/query/query.h"
#include "node/node_part.h"

size_t
fwl_intake_limit(unsigned connections_max)
{
    return FWL_MAX(connections_max / 2, 1U);
}

enum fwl_err
fwl_intake_submit(void *cookie, struct fwl_api_submission *s)
{
    struct fwl_node *n = cookie;
    enum fwl_err err = FWL_OK;

    (void)pthread_mutex_lock(&n->lock);
    if (n->closing) {
        err = FWL_ERR_STATE;
    } else if (n->queued == FWL_NODE_QUEUE_MAX) {
        err = FWL_ERR_BUSY;
    } else {
        s->next = n->queue;
        n->queue = s;
        n->queued++;
    }
    (void)pthread_mutex_unlock(&n->lock);
    if (err == FWL_OK) {
        event_active(n->wake, EV_READ, 0);
    }
    return err;
}

static void
refuse(struct fwl_node *n, struct fwl_api_submission *s, enum fwl_err err, const struct fwl_state_refusal *why)
{
    char detail[256 + FWL_STATE_DETAIL_BYTES];
    const char *rule = why->rule == NULL ? "" : why->rule;
    const char *action = why->action == NULL ? "transaction" : why->action;
    const char *field = why->field != NULL && why->field[0] != '\0' ? why->field : NULL;

    (void)snprintf(detail, sizeof(detail), "%s, action %zu: %s%s%s", action, why->action_index, rule,
                   why->detail[0] == '\0' ? "" : ": ", why->detail);
    fwl_api_submission_refused(s, err, fwl_replica_tip(n->replica)->header.height, rule[0] == '\0' ? NULL : detail,
                               field);
}

/* The height of a transaction that is in the chain already; false when the index does not know it. */
static bool
find_place(struct fwl_node *n, const struct fwl_hash32 *txid, uint64_t *height)
{
    struct fwl_read read;
    uint32_t index = 0;
    enum fwl_err err = fwl_read_begin(&n->chain, &read);

    if (err == FWL_OK) {
        err = fwl_query_place(&read.kv, height, &index, txid);
        fwl_read_end(&read);
    }
    return err == FWL_OK;
}

/* One transaction into the pool. It may be committed within the call, so who waits is entered before. */
static void
take(struct fwl_node *n, struct fwl_api_submission *s)
{
    const struct fwl_hash32 txid = s->txid;
    const bool wait = s->wait_final;
    const struct fwl_span bytes = fwl_span(s->bytes, s->size);
    struct fwl_state_refusal why = {0};
    struct fwl_hash32 id;
    uint64_t height = 0;
    enum fwl_err err = FWL_OK;

    if (wait && fwl_waiters_add(&n->waiters, s) != FWL_OK) {
        fwl_api_submission_unknown(s, FWL_ERR_BUSY,
                                   "as many requests wait for a block as may, so this one was not taken: send it again "
                                   "later, or now without wait=final");
        return;
    }
    s->bytes = NULL;
    err = fwl_replica_submit(n->replica, &why, &id, fwl_bind_now(), bytes);
    fwl_free((void *)(uintptr_t)bytes.p);
    if (err == FWL_ERR_EXISTS && why.err == FWL_OK) { /* it is in the pool already; no rule has refused it */
        err = FWL_OK;
    }
    if (wait && err == FWL_OK) {
        return; /* waits for its block, or has been answered */
    }
    if (wait && !fwl_waiters_remove(&n->waiters, s, &txid)) {
        return;
    }
    if (err == FWL_OK) {
        fwl_api_submission_taken(s);
    } else if (find_place(n, &txid, &height)) { /* whatever the pool says of it now: asking again is harmless */
        if (wait) {
            fwl_api_submission_final(s, height);
        } else {
            fwl_api_submission_refused(s, FWL_ERR_REPLAY, fwl_replica_tip(n->replica)->header.height, NULL, NULL);
        }
    } else {
        refuse(n, s, err, &why);
    }
}

void
fwl_intake_drain(struct fwl_node *n)
{
    struct fwl_api_submission *list = NULL;
    struct fwl_api_submission *oldest = NULL;

    (void)pthread_mutex_lock(&n->lock);
    list = n->queue;
    n->queue = NULL;
    n->queued = 0;
    (void)pthread_mutex_unlock(&n->lock);
    while (list != NULL) { /* oldest first */
        struct fwl_api_submission *next = list->next;

        list->next = oldest;
        oldest = list;
        list = next;
    }
    while (oldest != NULL) {
        struct fwl_api_submission *next = oldest->next;

        take(n, oldest);
        oldest = next;
    }
    fwl_bind_after(n);
}

static void
answer_unknown(struct fwl_api_submission *list, enum fwl_err err, const char *detail)
{
    while (list != NULL) {
        struct fwl_api_submission *next = list->next;

        fwl_api_submission_unknown(list, err, detail);
        list = next;
    }
}

void
fwl_intake_close(struct fwl_node *n)
{
    static const char detail[] = "the node is going down; ask another one what became of the transaction";
    struct fwl_api_submission *list = NULL;

    (void)pthread_mutex_lock(&n->lock);
    n->closing = true;
    list = n->queue;
    n->queue = NULL;
    n->queued = 0;
    (void)pthread_mutex_unlock(&n->lock);
    answer_unknown(list, FWL_ERR_STATE, detail);
    answer_unknown(fwl_waiters_expired(&n->waiters, UINT64_MAX), FWL_ERR_STATE, detail);
}

void
fwl_intake_committed(struct fwl_node *n, const struct fwl_hash32 *txid, uint64_t height)
{
    struct fwl_api_submission *list = fwl_waiters_take(&n->waiters, txid);

    while (list != NULL) {
        struct fwl_api_submission *next = list->next;

        fwl_api_submission_final(list, height);
        list = next;
    }
}

void
fwl_intake_refused(struct fwl_node *n, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why)
{
    struct fwl_api_submission *list = fwl_waiters_take(&n->waiters, txid);

    while (list != NULL) {
        struct fwl_api_submission *next = list->next;

        refuse(n, list, why->err, why);
        list = next;
    }
}

void
fwl_intake_expire(struct fwl_node *n, uint64_t unix_s)
{
    answer_unknown(fwl_waiters_expired(&n->waiters, unix_s), FWL_ERR_EXPIRED,
                   "the transaction has expired and is in no block that this node knows of");
    answer_unknown(fwl_waiters_gone(&n->waiters), FWL_ERR_STATE,
                   "the connection was closed on the client's side; ask what became of the transaction");
}
