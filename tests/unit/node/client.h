/*
 * client - one HTTP request over a real socket, for tests. Zone H.
 */
#ifndef FWL_TESTS_UNIT_NODE_CLIENT_H
#define FWL_TESTS_UNIT_NODE_CLIENT_H

#include "core/span.h"

enum {
    CLIENT_ROOM = 1 << 20,
};

struct client_reply {
    int status;
    char head[4096]; /* status line and headers */
    uint8_t body[CLIENT_ROOM];
    size_t size;
};

/** client_connect - a connection to 127.0.0.1:@port. */
int client_connect(uint16_t port);
/** client_send - a request that closes the connection afterwards. */
void client_send(int fd, const char *method, const char *path, struct fwl_span body);
/** client_read - the whole answer, until the other side closes; closes @fd. FWL_ASSERT that it is one. */
void client_read(int fd, struct client_reply *out);

/** client_do - the three of them. client_get - GET without a body. Return the status. */
int client_do(uint16_t port, struct client_reply *out, const char *method, const char *path, struct fwl_span body);
int client_get(uint16_t port, struct client_reply *out, const char *path);

/** client_has - does the body (as text) contain @text? */
bool client_has(const struct client_reply *reply, const char *text);

#endif
