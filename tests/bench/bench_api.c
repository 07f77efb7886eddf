/* What a device's question costs a node: making an answer, and serving it over HTTP. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "ledger/query/query.h"
#include "node/api.h"
#include "tests/unit/query/chain.h"

enum {
    CONNECTIONS = 16, /* kept open; one request each under way */
};

static struct chain chain;
static struct fwl_query_work work;
static uint8_t buffer[1 << 18];
static const struct fwl_query_ask ask = {.fleet = {(const uint8_t *)CHAIN_FLEET, sizeof(CHAIN_FLEET) - 1},
                                         .class_name = {(const uint8_t *)CHAIN_CLASS, sizeof(CHAIN_CLASS) - 1}};

/* An API thread and its clients. */
struct net {
    int fd[CONNECTIONS];
    const char *path;
};

static void
make_answer(void *cookie)
{
    struct fwl_storage storage = fwl_memstore_storage(chain.store);
    struct fwl_read read;
    struct fwl_writer w;

    (void)cookie;
    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    FWL_ASSERT(fwl_query_answer(&read.kv, &work, &w, &ask) == FWL_OK);
    fwl_read_end(&read);
}

static uint64_t
tip(void *cookie)
{
    (void)cookie;
    return CHAIN_HEIGHT;
}

static void
status(void *cookie, struct fwl_api_status *out)
{
    (void)cookie;
    *out = (struct fwl_api_status){0};
}

static enum fwl_err
submit(void *cookie, struct fwl_api_submission *s)
{
    (void)cookie;
    (void)s;
    return FWL_ERR_BUSY;
}

/* One whole reply with a Content-Length. */
static void
read_reply(int fd)
{
    size_t size = 0;

    for (;;) {
        ssize_t n = recv(fd, buffer + size, sizeof(buffer) - 1 - size, 0);
        const char *body = NULL;
        const char *length = NULL;

        FWL_ASSERT(n > 0);
        size += (size_t)n;
        buffer[size] = 0;
        body = strstr((const char *)buffer, "\r\n\r\n");
        length = strstr((const char *)buffer, "Content-Length: ");
        if (body != NULL && length != NULL &&
            size == (size_t)(body + 4 - (const char *)buffer) + strtoull(length + 16, NULL, 10)) {
            FWL_ASSERT(memcmp(buffer, "HTTP/1.1 200", 12) == 0);
            return;
        }
    }
}

static void
ask_all(void *cookie)
{
    const struct net *net = cookie;
    char request[256];
    int size = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", net->path);

    for (size_t i = 0; i < CONNECTIONS; i++) {
        FWL_ASSERT(send(net->fd[i], request, (size_t)size, MSG_NOSIGNAL) == size);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        read_reply(net->fd[i]);
    }
}

static void
serve(bool smoke)
{
    const struct fwl_api_backend backend = {.chain = fwl_memstore_storage(chain.store),
                                            .chain_id = chain.chain_id,
                                            .tip = tip,
                                            .status = status,
                                            .submit = submit};
    struct fwl_api *api = fwl_api_new(&backend, 1, NULL);
    const struct fwl_http_server_config config = {.host = "127.0.0.1",
                                                  .threads = 1,
                                                  .connections_max = 2 * CONNECTIONS,
                                                  .handler = fwl_api_handle,
                                                  .cookie = api};
    struct fwl_http_server *server = NULL;
    struct net net = {.path = "/v1/answers/" CHAIN_FLEET "/" CHAIN_CLASS};

    FWL_ASSERT(api != NULL && fwl_http_server_start(&server, &config) == FWL_OK);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fwl_http_server_port(server))};

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        net.fd[i] = socket(AF_INET, SOCK_STREAM, 0);
        FWL_ASSERT(net.fd[i] >= 0 && connect(net.fd[i], (struct sockaddr *)&to, sizeof(to)) == 0);
    }
    bench_run("http_16_cached_answers", smoke, 0, ask_all, &net);
    net.path = "/v1/bundles/" CHAIN_FLEET "/" CHAIN_CLASS;
    bench_run("http_16_bundles", smoke, 0, ask_all, &net);
    net.path = "/v1/vendors/acme";
    bench_run("http_16_entries", smoke, 0, ask_all, &net);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        FWL_ASSERT(close(net.fd[i]) == 0);
    }
    fwl_http_server_stop(server);
    fwl_api_free(api);
}

int
main(int argc, char **argv)
{
    bool smoke = bench_smoke(argc, argv);

    chain_make(&chain);
    bench_run("query_answer", smoke, 0, make_answer, NULL);
    serve(smoke);
    chain_free(&chain);
    return 0;
}
