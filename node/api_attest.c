/* GET /v1/attest: the time, in the words of a quorum of validators, for a device without a clock. */
#include "core/hex.h"
#include "core/host/heap.h"
#include "node/api_part.h"

void
fwl_api_question_answered(struct fwl_api_question *q, const struct fwl_attest *words, size_t count)
{
    uint8_t bytes[FWL_ATTESTS_SIZE_MAX];
    struct fwl_span body;
    struct fwl_writer w;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_attest_put(&w, &q->request, words, count);
    err = fwl_writer_finish(&w, &body);
    FWL_ASSERT(err == FWL_OK); /* no more than there are validators */
    fwl_http_finish(q->answer, 200, "application/fwledger-attest", body);
    fwl_free(q);
}

void
fwl_api_question_failed(struct fwl_api_question *q, enum fwl_err err, const char *detail)
{
    fwl_http_finish_problem(q->answer, &(struct fwl_http_problem){.status = fwl_api_http_status(err),
                                                                  .err = err,
                                                                  .detail = detail,
                                                                  .field = err == FWL_ERR_EXISTS ? "nonce" : NULL});
    fwl_free(q);
}

/* The three parameters; false has answered. */
static bool
read_request(struct fwl_api_call *c, struct fwl_attest_request *out)
{
    const char *nonce = fwl_http_query(c->request, "nonce");
    const char *height = fwl_http_query(c->request, "height");
    const char *hash = fwl_http_query(c->request, "hash");

    if (nonce == NULL || height == NULL || hash == NULL) {
        fwl_api_fail(c, FWL_ERR_MISSING, "nonce, height and hash are needed",
                     nonce == NULL    ? "nonce"
                     : height == NULL ? "height"
                                      : "hash");
        return false;
    }
    if (fwl_hex_decode(out->nonce, sizeof(out->nonce), fwl_span_text(nonce)) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_VALUE, "not 32 lower-case hexadecimal digits", "nonce");
        return false;
    }
    return fwl_api_height(c, &out->height, height, "height") && fwl_api_hash(c, &out->block_hash, hash, "hash");
}

void
fwl_api_attest_get(struct fwl_api_call *c)
{
    struct fwl_attest_request request = {0};
    struct fwl_api_question *q = NULL;
    enum fwl_err err = FWL_OK;

    if (!read_request(c, &request)) {
        return;
    }
    fwl_http_header(c->request, "Cache-Control", "no-store");
    q = fwl_calloc(1, sizeof(*q));
    if (q != NULL) {
        q->request = request;
        q->answer = fwl_http_defer(c->request);
    }
    if (q == NULL || q->answer == NULL) {
        fwl_free(q);
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    err = c->api->backend.attest(c->api->backend.cookie, q);
    if (err != FWL_OK) {
        fwl_api_question_failed(q, err == FWL_ERR_STATE ? FWL_ERR_NETWORK : err, "not taken; try again later");
    }
}
