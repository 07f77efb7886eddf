#include "p2p/transport/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <event2/util.h>

#include "core/span.h"

static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "one place of ports");

void
fwl_address_format(char *out, size_t room, const struct sockaddr *address)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
        (void)snprintf(out, room, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
    } else {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        (void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
        (void)snprintf(out, room, "%s:%u", host, (unsigned)ntohs(in.sin_port));
    }
}

bool
fwl_address_parse(struct sockaddr_storage *out, int *size, const char *text, bool any_port)
{
    char host[64] = {0};
    size_t length = strlen(text);

    *out = (struct sockaddr_storage){0};
    *size = (int)sizeof(*out);
    if (length >= sizeof(host)) {
        return false;
    }
    memcpy(host, text, length);
    any_port = any_port && length > 2 && strcmp(host + length - 2, ":0") == 0;
    if (any_port) {
        host[length - 2] = '\0';
    }
    if (evutil_parse_sockaddr_port(host, (struct sockaddr *)out, size) != 0) {
        return false;
    }
    return (fwl_address_port(out) == 0) == any_port;
}

bool
fwl_address_same_host(const struct sockaddr *a, const struct sockaddr_storage *b)
{
    if (a->sa_family != b->ss_family) {
        return false;
    }
    if (a->sa_family == AF_INET) {
        const size_t at = offsetof(struct sockaddr_in, sin_addr);

        return memcmp((const uint8_t *)a + at, (const uint8_t *)b + at, 4) == 0;
    }
    return a->sa_family == AF_INET6 && memcmp((const uint8_t *)a + offsetof(struct sockaddr_in6, sin6_addr),
                                              (const uint8_t *)b + offsetof(struct sockaddr_in6, sin6_addr), 16) == 0;
}

uint64_t
fwl_address_network(const struct sockaddr *address)
{
    uint8_t b[16] = {0};

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return ntohl(in.sin_addr.s_addr) >> 8;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        memcpy(b, &in6.sin6_addr, sizeof(b));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            return fwl_load_be32(b + 12) >> 8;
        }
    }
    return fwl_load_be64(b);
}

uint16_t
fwl_address_port(const struct sockaddr_storage *address)
{
    uint16_t port = 0;

    memcpy(&port, (const uint8_t *)address + offsetof(struct sockaddr_in, sin_port), sizeof(port));
    return ntohs(port); /* at the same place in both families */
}
