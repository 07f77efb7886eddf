/*
 * stranger HOST PORT CHAIN_ID - a peer without manners, for tests/strangers.py: TLS like a node, then what standard
 * input says.
 *
 * One command a line:
 *   connect             TCP and TLS                         -> "ok" or "closed"
 *   key FILE            AUTH with this node key from now on; before, each has a new one
 *   auth [BIT]          AUTH as dialer, one bit flipped
 *   frame TYPE HEX      a frame
 *   head TYPE LENGTH    the head of a frame, no payload
 *   raw HEX             bytes
 *   flood N TYPE HEX    N frames
 *   hear                wait for the first bytes            -> "open BYTES" or "closed BYTES"
 *   drain MS            read until nothing came for MS      -> the same
 * Each command is answered by one line; "ok" or "closed" where nothing else is said.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/host/keys.h"
#include "p2p/transport/tls.h"
#include "p2p/wire/frame.h"
#include "p2p/wire/message.h"

enum {
    LINE_ROOM = 4 << 20,
};

struct stranger {
    struct sockaddr_in to;
    struct fwl_hash32 chain_id;
    SSL_CTX *tls;
    SSL *ssl;
    int fd;
    bool open;
    bool has_key;
    struct fwl_secret key;
    uint8_t bytes[LINE_ROOM / 2];
};

static void
disconnect(struct stranger *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    s->fd = -1;
    s->open = false;
}

static void
dial(struct stranger *s)
{
    const struct timeval limit = {.tv_sec = 10};

    disconnect(s);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(s->fd, (const struct sockaddr *)&s->to, sizeof(s->to)) != 0) {
        return;
    }
    s->ssl = SSL_new(s->tls);
    s->open = s->ssl != NULL && SSL_set_fd(s->ssl, s->fd) == 1 && SSL_connect(s->ssl) == 1;
}

static void
put(struct stranger *s, const void *bytes, size_t size)
{
    size_t done = 0;

    s->open = s->open && (size == 0 || SSL_write_ex(s->ssl, bytes, size, &done) == 1);
}

static void
put_frame(struct stranger *s, unsigned type, struct fwl_span payload)
{
    uint8_t head[FWL_FRAME_HEAD_SIZE];

    fwl_frame_head_encode(head, (enum fwl_frame_type)type, (uint32_t)payload.size);
    put(s, head, sizeof(head));
    put(s, payload.p, payload.size);
}

static void
put_auth(struct stranger *s, size_t bit)
{
    struct fwl_message_auth auth = {.proto = 1, .chain_id = s->chain_id, .role = FWL_ROLE_DIALER};
    uint8_t payload[FWL_MESSAGE_AUTH_SIZE];
    struct fwl_secret secret = s->key;
    struct fwl_hash32 exporter;
    struct fwl_hash32 digest;
    struct fwl_writer w;

    if (!s->has_key) {
        fwl_secret_generate(&secret, FWL_KEY_NODE);
    }
    fwl_secret_xonly(&auth.node_key, &secret);
    if (!s->open || fwl_tls_exporter(&exporter, s->ssl) != FWL_OK) {
        s->open = false;
        return;
    }
    fwl_message_auth_digest(&digest, &auth.chain_id, &exporter, auth.role, &auth.node_key);
    fwl_schnorr_sign(&auth.sig, &secret, &digest);
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_message_auth_encode(&w, &auth);
    if (bit < 8 * sizeof(payload)) {
        payload[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    put_frame(s, FWL_FRAME_AUTH, fwl_span(payload, sizeof(payload)));
}

static void
drain(struct stranger *s, int ms)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    size_t total = 0;
    size_t got = 0;

    while (s->open && (SSL_pending(s->ssl) > 0 || poll(&p, 1, ms) == 1)) {
        s->open = SSL_read_ex(s->ssl, s->bytes, sizeof(s->bytes), &got) == 1;
        total += s->open ? got : 0;
    }
    printf("%s %zu\n", s->open ? "open" : "closed", total);
}

static void
hear(struct stranger *s)
{
    size_t got = 0;

    s->open = s->open && SSL_read_ex(s->ssl, s->bytes, sizeof(s->bytes), &got) == 1;
    printf("%s %zu\n", s->open ? "open" : "closed", got);
}

/* The bytes of a hexadecimal word. */
static struct fwl_span
unhex(struct stranger *s, const char *text)
{
    size_t size = strlen(text) / 2;

    if (size > sizeof(s->bytes) || fwl_hex_decode(s->bytes, size, fwl_span(text, strlen(text))) != FWL_OK) {
        (void)fprintf(stderr, "stranger: not hexadecimal\n");
        exit(2);
    }
    return fwl_span(s->bytes, size);
}

static const char *
word(void)
{
    const char *text = strtok(NULL, " \n");

    return text == NULL ? "" : text;
}

static unsigned
number(void)
{
    return (unsigned)strtoul(word(), NULL, 10);
}

static void
take_key(struct stranger *s, const char *path)
{
    if (fwl_secret_load(&s->key, path) != FWL_OK || s->key.kind != FWL_KEY_NODE) {
        (void)fprintf(stderr, "stranger: %s: not a node key\n", path);
        exit(2);
    }
    s->has_key = true;
}

/* False: the command has answered by itself. */
static bool
obey(struct stranger *s, const char *verb)
{
    uint8_t head[FWL_FRAME_HEAD_SIZE];
    unsigned count = 1;
    unsigned type = 0;

    if (strcmp(verb, "connect") == 0) {
        dial(s);
    } else if (strcmp(verb, "key") == 0) {
        take_key(s, word());
        puts("ok");
        return false;
    } else if (strcmp(verb, "auth") == 0) {
        const char *bit = word();

        put_auth(s, *bit == '\0' ? SIZE_MAX : strtoul(bit, NULL, 10));
    } else if (strcmp(verb, "head") == 0) {
        type = number();
        fwl_frame_head_encode(head, (enum fwl_frame_type)type, number());
        put(s, head, sizeof(head));
    } else if (strcmp(verb, "raw") == 0) {
        struct fwl_span bytes = unhex(s, word());

        put(s, bytes.p, bytes.size);
    } else if (strcmp(verb, "frame") == 0 || strcmp(verb, "flood") == 0) {
        struct fwl_span payload = {0};

        count = *verb == 'f' && verb[1] == 'l' ? number() : 1;
        type = number();
        payload = unhex(s, word());
        while (count-- > 0 && s->open) {
            put_frame(s, type, payload);
        }
    } else if (strcmp(verb, "hear") == 0) {
        hear(s);
        return false;
    } else if (strcmp(verb, "drain") == 0) {
        drain(s, (int)number());
        return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    static struct stranger s = {.fd = -1};
    static char line[LINE_ROOM];

    if (argc != 4 || inet_pton(AF_INET, argv[1], &s.to.sin_addr) != 1 ||
        fwl_hex_decode(s.chain_id.b, sizeof(s.chain_id.b), fwl_span(argv[3], strlen(argv[3]))) != FWL_OK) {
        (void)fprintf(stderr, "usage: stranger HOST PORT CHAIN_ID\n");
        return 2;
    }
    s.to.sin_family = AF_INET;
    s.to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    (void)signal(SIGPIPE, SIG_IGN);
    s.tls = fwl_tls_new();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    while (s.tls != NULL && fgets(line, sizeof(line), stdin) != NULL) {
        const char *verb = strtok(line, " \n");

        if (obey(&s, verb == NULL ? "" : verb)) {
            puts(s.open ? "ok" : "closed");
        }
    }
    disconnect(&s);
    SSL_CTX_free(s.tls);
    return 0;
}
