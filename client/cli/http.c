#include "client/cli/http.h"

#include <stdio.h>

#include <curl/curl.h>

#include "core/host/heap.h"

enum {
    URL_MAX = 2048,
    CONNECT_TIMEOUT_S = 5,
};

struct fwl_http {
    CURL *curl;
    char url[URL_MAX / 2];
};

struct sink {
    struct fwl_http_response *to;
    size_t room;
    bool over;
};

struct fwl_http *
fwl_http_new(const char *url)
{
    struct fwl_http *http = NULL;
    size_t size = strlen(url);

    while (size > 0 && url[size - 1] == '/') {
        size--;
    }
    if (size >= sizeof(http->url) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }
    http = fwl_calloc(1, sizeof(*http));
    if (http == NULL) {
        return NULL;
    }
    memcpy(http->url, url, size);
    http->curl = curl_easy_init();
    if (http->curl == NULL) {
        fwl_free(http);
        return NULL;
    }
    return http;
}

void
fwl_http_free(struct fwl_http *http)
{
    if (http != NULL) {
        curl_easy_cleanup(http->curl);
        fwl_free(http);
        curl_global_cleanup();
    }
}

void
fwl_http_response_clear(struct fwl_http_response *response)
{
    fwl_free(response->body);
    *response = (struct fwl_http_response){0};
}

static size_t
receive(char *data, size_t one, size_t size, void *cookie)
{
    struct sink *sink = cookie;
    struct fwl_http_response *to = sink->to;

    size *= one;
    if (size > FWL_HTTP_BODY_MAX - to->size) {
        sink->over = true;
        return 0;
    }
    if (to->size + size + 1 > sink->room) {
        size_t room = FWL_MAX(2 * sink->room, to->size + size + 1);
        uint8_t *grown = fwl_realloc(to->body, room);

        if (grown == NULL) {
            return 0;
        }
        to->body = grown;
        sink->room = room;
    }
    memcpy(to->body + to->size, data, size);
    to->size += size;
    to->body[to->size] = '\0';
    return size;
}

static enum fwl_err
perform(struct fwl_http *http, struct fwl_http_response *out, const char *path, long timeout_s)
{
    char url[URL_MAX];
    char detail[CURL_ERROR_SIZE] = "";
    struct sink sink = {.to = out};
    CURLcode code = CURLE_OK;

    if (snprintf(url, sizeof(url), "%s%s", http->url, path) >= (int)sizeof(url)) {
        (void)snprintf(out->error, sizeof(out->error), "the address is too long");
        return FWL_ERR_LIMIT;
    }
    curl_easy_setopt(http->curl, CURLOPT_URL, url);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT, timeout_s);
    curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
    code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        (void)snprintf(out->error, sizeof(out->error), "%s: %s", http->url,
                       detail[0] != '\0' ? detail : curl_easy_strerror(code));
        if (sink.over) {
            return FWL_ERR_LIMIT;
        }
        return code == CURLE_OPERATION_TIMEDOUT ? FWL_ERR_TIMEOUT : FWL_ERR_NETWORK;
    }
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &out->status);
    return FWL_OK;
}

enum fwl_err
fwl_http_get(struct fwl_http *http, struct fwl_http_response *out, const char *path, long timeout_s)
{
    *out = (struct fwl_http_response){0};
    curl_easy_reset(http->curl);
    return perform(http, out, path, timeout_s);
}

enum fwl_err
fwl_http_post(struct fwl_http *http, struct fwl_http_response *out, const char *path, const char *content_type,
              struct fwl_span body, long timeout_s)
{
    char header[128];
    struct curl_slist *headers = NULL;
    enum fwl_err err = FWL_ERR_MEMORY;

    *out = (struct fwl_http_response){0};
    curl_easy_reset(http->curl);
    (void)snprintf(header, sizeof(header), "Content-Type: %s", content_type);
    headers = curl_slist_append(NULL, header);
    if (headers != NULL) {
        curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body.p == NULL ? "" : (const char *)body.p);
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
        err = perform(http, out, path, timeout_s);
    }
    curl_slist_free_all(headers);
    return err;
}
