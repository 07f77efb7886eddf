#include "client/cli/attested.h"

#include <stdio.h>

#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/clock.h"
#include "core/host/keys.h"

/* One question with a fresh nonce. */
static int
ask(struct fwl_http_response *response, struct fwl_session *session, const struct fwl_attest_request *request)
{
    char nonce[2 * FWL_ATTEST_NONCE_SIZE + 1];
    char hash[65];
    char path[192];

    fwl_hex_encode(nonce, sizeof(nonce), fwl_span(request->nonce, sizeof(request->nonce)));
    fwl_hex_encode(hash, sizeof(hash), fwl_hash32_span(&request->block_hash));
    (void)snprintf(path, sizeof(path), "/v1/attest?nonce=%s&height=%llu&hash=%s", nonce,
                   (unsigned long long)request->height, hash);
    return fwl_session_get(session, response, path);
}

int
fwl_attested_ask(struct fwl_verify *v, enum fwl_err *err, struct fwl_span bytes, const char *url)
{
    struct fwl_attest_request request;
    struct fwl_http_response response = {0};
    struct fwl_session session;
    uint64_t sent_ms = 0;
    int code = 0;

    *err = fwl_verify_tip(v, &request, bytes);
    if (*err != FWL_OK) {
        return 1;
    }
    fwl_random(request.nonce, sizeof(request.nonce));
    code = fwl_session_connect(&session, url);
    sent_ms = fwl_clock_mono_ms();
    code = code == 0 ? ask(&response, &session, &request) : code;
    if (code == 0) {
        *err =
            fwl_verify_clock(v, request.nonce, fwl_span(response.body, response.size), fwl_clock_mono_ms() - sent_ms);
        code = *err == FWL_OK ? 0 : 1;
    }
    fwl_http_response_clear(&response);
    fwl_session_close(&session);
    return code;
}
