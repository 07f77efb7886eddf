/* Blocks and transactions. */
#include <stdio.h>
#include <stdlib.h>

#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/json/entry.h"
#include "node/api_part.h"

void
fwl_api_chain_blocks(struct fwl_api_call *c)
{
    const char *after = fwl_http_query(c->request, "after");
    uint64_t height = c->tip_height + 1;
    char next[24];
    size_t limit = 0;
    enum fwl_err err = FWL_OK;
    json_t *items = NULL;

    if ((after != NULL && !fwl_api_height(c, &height, after, "after")) || !fwl_api_limit(c, &limit)) {
        return;
    }
    height = FWL_MIN(height, c->tip_height + 1);
    items = json_array();
    while (items != NULL && err == FWL_OK && json_array_size(items) < limit && height > 0) {
        struct fwl_header header;
        struct fwl_span bytes;

        err = fwl_query_header(&c->read.kv, &bytes, height - 1);
        if (err == FWL_OK && fwl_header_decode(&header, bytes) != FWL_OK) {
            err = FWL_ERR_CORRUPT;
        }
        if (err == FWL_OK && json_array_append_new(items, fwl_json_header(&header)) != 0) {
            err = FWL_ERR_MEMORY;
        }
        height -= err == FWL_OK;
    }
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        json_decref(items);
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    (void)snprintf(next, sizeof(next), "%llu", (unsigned long long)height);
    fwl_api_list(c, items, err == FWL_OK && height > 0 ? next : NULL);
}

/* Answers that @what, which is not here, may have been forgotten, and which blocks are kept. */
static void
fail_absent(struct fwl_api_call *c, const char *what, const char *field)
{
    char detail[160];
    uint64_t base = 0;
    enum fwl_err err = fwl_query_base(&c->read.kv, &base);

    if (err != FWL_OK || base == 1) {
        fwl_api_fail(c, err == FWL_OK ? FWL_ERR_ABSENT : err, what, field);
        return;
    }
    (void)snprintf(detail, sizeof(detail), "%s; this node keeps blocks from height %llu on", what,
                   (unsigned long long)base);
    fwl_api_fail(c, FWL_ERR_ABSENT, detail, field);
}

/* A whole block with its certificate, which height 0 has not (@cert is zeros then); false when it was answered. */
static bool
block_at(struct fwl_api_call *c, struct fwl_query_block *block, struct fwl_cert *cert)
{
    uint64_t height = 0;
    enum fwl_err err = FWL_OK;

    *cert = (struct fwl_cert){.n = 0};
    if (!fwl_api_height(c, &height, c->arg[0], "height")) {
        return false;
    }
    err = fwl_query_block(&c->read.kv, block, height);
    if (err == FWL_ERR_ABSENT || (err == FWL_OK && !block->has_txs)) {
        fail_absent(c, "there is no such block here", "height");
        return false;
    }
    if (err == FWL_OK && block->cert.size > 0) {
        err = fwl_query_certificate(&c->read.kv, cert, block);
    }
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, "height");
    }
    return err == FWL_OK;
}

void
fwl_api_chain_block(struct fwl_api_call *c)
{
    struct fwl_query_block block;
    struct fwl_body body;
    struct fwl_cert cert;

    if (!block_at(c, &block, &cert)) {
        return;
    }
    body = (struct fwl_body){
        .header = block.header, .header_bytes = block.header_bytes, .count = block.header.txs_count, .txs = block.txs};
    fwl_api_json(c, fwl_json_block(&body, cert.n > 0 ? &cert : NULL));
}

void
fwl_api_chain_certificate(struct fwl_api_call *c)
{
    struct fwl_query_block block;
    struct fwl_cert cert;
    struct fwl_writer w;
    struct fwl_span bytes;
    uint8_t buffer[FWL_CERT_SIZE_MAX];

    if (!block_at(c, &block, &cert)) {
        return;
    }
    if (cert.n == 0) {
        fwl_api_fail(c, FWL_ERR_ABSENT, "the first block has no certificate", "height");
        return;
    }
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_cert_put(&w, &cert);
    if (fwl_writer_finish(&w, &bytes) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_SPACE, NULL, NULL);
        return;
    }
    fwl_http_reply(c->request, 200, "application/octet-stream", bytes);
}

void
fwl_api_chain_header(struct fwl_api_call *c)
{
    struct fwl_span bytes;
    uint64_t height = 0;
    enum fwl_err err = FWL_OK;

    if (!fwl_api_height(c, &height, c->arg[0], "height")) {
        return;
    }
    err = fwl_query_header(&c->read.kv, &bytes, height);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, "height");
        return;
    }
    fwl_http_reply(c->request, 200, "application/octet-stream", bytes);
}

/* The transaction at a place as JSON; NULL when it is a record of evidence, or when memory
 * is short: the place alone is told then. */
static json_t *
transaction_json(struct fwl_api_call *c, uint64_t height, uint32_t index)
{
    struct fwl_query_block block;
    struct fwl_reader it;
    struct fwl_span bytes;
    struct fwl_tx tx;
    uint32_t i = 0;

    if (fwl_query_block(&c->read.kv, &block, height) != FWL_OK || !block.has_txs) {
        return NULL;
    }
    fwl_query_block_begin(&it, &block);
    while (fwl_query_block_next(&it, &bytes) && i++ < index) {
    }
    return fwl_tx_decode(&tx, NULL, bytes) == FWL_OK ? fwl_json_transaction(&tx) : NULL;
}

void
fwl_api_chain_transaction(struct fwl_api_call *c)
{
    struct fwl_hash32 txid;
    uint64_t height = 0;
    uint32_t index = 0;
    enum fwl_err err = FWL_OK;

    if (!fwl_api_hash(c, &txid, c->arg[0], "txid")) {
        return;
    }
    err = fwl_query_place(&c->read.kv, &height, &index, &txid);
    if (err == FWL_ERR_ABSENT) {
        fail_absent(c, "no block here has this transaction", "txid");
        return;
    }
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, "txid");
        return;
    }
    fwl_api_json(c, json_pack("{s:s, s:I, s:i, s:o*}", "txid", c->arg[0], "height", (json_int_t)height, "index",
                              (int)index, "transaction", transaction_json(c, height, index)));
}

static void
free_submission(struct fwl_api_submission *s)
{
    fwl_free(s->bytes);
    fwl_free(s);
}

/* {"txid"} or {"txid", "height"}, 103 bytes at most. */
static void
finish(struct fwl_api_submission *s, int status, const uint64_t *height)
{
    char hex[65];
    char text[160];
    char place[32] = "";

    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&s->txid));
    if (height != NULL) {
        (void)snprintf(place, sizeof(place), ",\"height\":%llu", (unsigned long long)*height);
    }
    (void)snprintf(text, sizeof(text), "{\"txid\":\"%s\"%s}", hex, place);
    fwl_http_finish(s->answer, status, "application/json", fwl_span_text(text));
    free_submission(s);
}

void
fwl_api_submission_taken(struct fwl_api_submission *s)
{
    finish(s, 202, NULL);
}

void
fwl_api_submission_final(struct fwl_api_submission *s, uint64_t height)
{
    finish(s, 200, &height);
}

static void
finish_problem(struct fwl_api_submission *s, const struct fwl_http_problem *problem)
{
    fwl_http_finish_problem(s->answer, problem);
    free_submission(s);
}

void
fwl_api_submission_refused(struct fwl_api_submission *s, enum fwl_err err, uint64_t height, const char *detail,
                           const char *field)
{
    finish_problem(
        s, &(struct fwl_http_problem){
               .status = fwl_api_http_status(err), .err = err, .detail = detail, .field = field, .height = &height});
}

void
fwl_api_submission_unknown(struct fwl_api_submission *s, enum fwl_err err, const char *detail)
{
    finish_problem(s, &(struct fwl_http_problem){.status = 503, .err = err, .detail = detail});
}

/* Id and expiry of the body, a transaction or an Evidence record, which never expires; false has answered. */
static bool
read_submission(struct fwl_api_call *c, struct fwl_hash32 *txid, uint64_t *expires_s)
{
    struct fwl_span body = c->request->body;
    struct fwl_fault fault = {0};
    struct fwl_evidence ev;
    struct fwl_tx tx;
    bool evidence = fwl_evidence_is(body);
    enum fwl_err err = evidence ? fwl_evidence_decode(&ev, body) : fwl_tx_decode(&tx, &fault, body);

    if (err != FWL_OK) {
        fwl_api_fail(c, err, evidence ? "the body is no record of evidence" : "the body is no transaction",
                     fault.field);
        return false;
    }
    if (!evidence && !fwl_hash32_equal(&tx.chain_id, &c->api->backend.chain_id)) {
        fwl_api_fail(c, FWL_ERR_CHAIN, NULL, "chain_id");
        return false;
    }
    fwl_tx_id(txid, evidence ? body : tx.payload);
    *expires_s = evidence ? UINT64_MAX : tx.expires_s;
    return true;
}

void
fwl_api_chain_submit(struct fwl_api_call *c)
{
    const char *wait = fwl_http_query(c->request, "wait");
    struct fwl_span body = c->request->body;
    struct fwl_api_submission *s = NULL;
    struct fwl_hash32 txid;
    uint64_t expires_s = 0;
    enum fwl_err err = FWL_OK;

    if (wait != NULL && !fwl_span_is(fwl_span_text(wait), "final")) {
        fwl_api_fail(c, FWL_ERR_VALUE, "wait is \"final\" or absent", "wait");
        return;
    }
    if (!read_submission(c, &txid, &expires_s)) {
        return;
    }
    s = fwl_calloc(1, sizeof(*s));
    if (s != NULL) {
        s->bytes = fwl_malloc(body.size);
    }
    if (s == NULL || s->bytes == NULL) {
        fwl_free(s);
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    s->txid = txid;
    s->expires_s = expires_s;
    s->wait_final = wait != NULL;
    s->size = body.size;
    memcpy(s->bytes, body.p, body.size);
    s->answer = fwl_http_defer(c->request);
    if (s->answer == NULL) {
        free_submission(s);
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    err = c->api->backend.submit(c->api->backend.cookie, s);
    if (err != FWL_OK) {
        fwl_api_submission_unknown(s, err, "not taken; try again later");
    }
}
