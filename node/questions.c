/* Questions of devices about the time, on their way to the validators and back. */
#include <event2/event.h>

#include "node/node_part.h"

static const char going_down[] = "the node is going down; ask another one";

void
fwl_questions_limit(struct fwl_node *n, unsigned connections_max)
{
    (void)pthread_mutex_lock(&n->lock);
    n->question_max = FWL_MAX(FWL_MIN(connections_max / 4, (unsigned)FWL_NODE_QUESTIONS_MAX), 1U);
    (void)pthread_mutex_unlock(&n->lock);
}

enum fwl_err
fwl_questions_ask(void *cookie, struct fwl_api_question *q)
{
    struct fwl_node *n = cookie;
    enum fwl_err err = FWL_OK;

    (void)pthread_mutex_lock(&n->lock);
    if (n->closing) {
        err = FWL_ERR_STATE;
    } else if (n->question_count >= n->question_max) {
        err = FWL_ERR_BUSY;
    } else {
        q->next = n->questions;
        n->questions = q;
        n->question_count++;
    }
    (void)pthread_mutex_unlock(&n->lock);
    if (err == FWL_OK) {
        event_active(n->wake, EV_READ, 0);
    }
    return err;
}

/* All that API threads have handed over. */
static struct fwl_api_question *
take_all(struct fwl_node *n, bool closing)
{
    struct fwl_api_question *list = NULL;

    (void)pthread_mutex_lock(&n->lock);
    n->closing = n->closing || closing;
    list = n->questions;
    n->questions = NULL;
    (void)pthread_mutex_unlock(&n->lock);
    return list;
}

/* Takes the question of @client out of those under way; NULL when it is not there (any more). */
static struct fwl_api_question *
take_one(struct fwl_node *n, uint64_t client)
{
    for (struct fwl_api_question **at = &n->asked; *at != NULL; at = &(*at)->next) {
        struct fwl_api_question *q = *at;

        if (q->client == client) {
            *at = q->next;
            (void)pthread_mutex_lock(&n->lock);
            n->question_count--;
            (void)pthread_mutex_unlock(&n->lock);
            return q;
        }
    }
    return NULL;
}

static void
refuse(struct fwl_api_question *q, enum fwl_err err)
{
    fwl_api_question_failed(
        q, err,
        err == FWL_ERR_CONFLICT ? "the tip of this node is another one: take its newest answer, and "
                                  "ask about the tip in there"
        : err == FWL_ERR_EXISTS ? "this nonce was used a moment ago; make a new one for each question"
        : err == FWL_ERR_BUSY   ? "more questions about the time than this node passes on"
                                : going_down);
}

void
fwl_questions_drain(struct fwl_node *n)
{
    struct fwl_api_question *list = take_all(n, false);

    while (list != NULL) {
        struct fwl_api_question *q = list;
        const struct fwl_attest_request request = q->request;
        uint64_t client = ++n->clients;
        enum fwl_err err = FWL_OK;

        list = q->next;
        q->client = client;
        q->next = n->asked; /* before: it may be answered within the call */
        n->asked = q;
        err = fwl_replica_attest(n->replica, fwl_bind_now(), client, &request);
        if (err != FWL_OK && (q = take_one(n, client)) != NULL) {
            refuse(q, err);
        }
    }
}

void
fwl_questions_answered(struct fwl_node *n, uint64_t client, const struct fwl_attest *words, size_t count, bool quorum)
{
    struct fwl_api_question *q = take_one(n, client);

    if (q != NULL && quorum) {
        fwl_api_question_answered(q, words, count);
    } else if (q != NULL) {
        fwl_api_question_failed(q, FWL_ERR_TIMEOUT,
                                "too few validators with this tip have answered within 5 s: take the newest answer and "
                                "ask again, or ask another node");
    }
}

void
fwl_questions_close(struct fwl_node *n)
{
    struct fwl_api_question *lists[] = {take_all(n, true), n->asked};

    n->asked = NULL;
    for (size_t i = 0; i < FWL_COUNT(lists); i++) {
        while (lists[i] != NULL) {
            struct fwl_api_question *next = lists[i]->next;

            fwl_api_question_failed(lists[i], FWL_ERR_NETWORK, going_down);
            lists[i] = next;
        }
    }
}
