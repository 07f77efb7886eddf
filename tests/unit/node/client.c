#include "client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int
client_connect(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FWL_ASSERT(fd >= 0);
    FWL_ASSERT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    FWL_ASSERT(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

static void
send_all(int fd, const void *p, size_t size)
{
    const uint8_t *at = p;

    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

        FWL_ASSERT(n > 0);
        at += n;
        size -= (size_t)n;
    }
}

void
client_send(int fd, const char *method, const char *path, struct fwl_span body)
{
    char head[2048];
    int n =
        snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                 method, path, body.size);

    FWL_ASSERT(n > 0 && (size_t)n < sizeof(head));
    send_all(fd, head, (size_t)n);
    send_all(fd, body.p, body.size);
}

void
client_read(int fd, struct client_reply *out)
{
    static uint8_t all[CLIENT_ROOM];
    uint8_t *end = NULL;
    size_t size = 0;
    ssize_t n = 0;

    while ((n = recv(fd, all + size, sizeof(all) - size, 0)) > 0) {
        size += (size_t)n;
    }
    FWL_ASSERT(n == 0 && close(fd) == 0);
    end = memmem(all, size, "\r\n\r\n", 4);
    FWL_ASSERT(end != NULL && size > 12 && (size_t)(end - all) < sizeof(out->head));
    memcpy(out->head, all, (size_t)(end - all));
    out->head[end - all] = '\0';
    out->size = size - (size_t)(end - all) - 4;
    memcpy(out->body, end + 4, out->size);
    out->status = (int)strtol(out->head + 9, NULL, 10);
}

int
client_do(uint16_t port, struct client_reply *out, const char *method, const char *path, struct fwl_span body)
{
    int fd = client_connect(port);

    client_send(fd, method, path, body);
    client_read(fd, out);
    return out->status;
}

int
client_get(uint16_t port, struct client_reply *out, const char *path)
{
    return client_do(port, out, "GET", path, fwl_span(NULL, 0));
}

bool
client_has(const struct client_reply *reply, const char *text)
{
    return memmem(reply->body, reply->size, text, strlen(text)) != NULL;
}
