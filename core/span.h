/*
 * span - borrowed bytes with their length. Zone F.
 *
 * A span never owns. The empty span may have a NULL pointer. The functions are inline where that is faster; span.c has
 * their external definitions (C17 6.7.4), which are used where size counts.
 */
#ifndef FWL_CORE_SPAN_H
#define FWL_CORE_SPAN_H

#include <string.h>

#include "core/base.h"

struct fwl_span {
    const uint8_t *p;
    size_t size; /* bytes */
};

struct fwl_hash32 {
    uint8_t b[32];
};

struct fwl_pubkey32 { /* x-only secp256k1 point, BIP-340 */
    uint8_t b[32];
};

struct fwl_pubkey33 { /* compressed point, secp256k1 or P-256 */
    uint8_t b[33];
};

struct fwl_sig64 { /* BIP-340: R.x || s; ECDSA: r || s, low-S */
    uint8_t b[64];
};

/** fwl_span - @size bytes from @p; a view. */
inline struct fwl_span
fwl_span(const void *p, size_t size)
{
    return (struct fwl_span){.p = p, .size = size};
}

/** fwl_span_text - the bytes of a C string without its terminator; a view. */
inline struct fwl_span
fwl_span_text(const char *text)
{
    return fwl_span(text, strlen(text));
}

/** fwl_span_equal - the same bytes? Not for secrets (fwl_ct_equal). */
inline bool
fwl_span_equal(struct fwl_span a, struct fwl_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.p, b.p, a.size) == 0);
}

/** fwl_span_is - does @a hold exactly the characters of @text? */
inline bool
fwl_span_is(struct fwl_span a, const char *text)
{
    return fwl_span_equal(a, fwl_span_text(text));
}

/** fwl_span_compare - bytewise order, a prefix sorts first: negative, 0 or positive. */
inline int
fwl_span_compare(struct fwl_span a, struct fwl_span b)
{
    size_t common = FWL_MIN(a.size, b.size);
    int order = common == 0 ? 0 : memcmp(a.p, b.p, common);

    if (order != 0) {
        return order;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

static inline bool
fwl_hash32_equal(const struct fwl_hash32 *a, const struct fwl_hash32 *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/** fwl_hash32_is_zero - all bytes zero: the empty subtree, the NULLIFY hash, "none". */
static inline bool
fwl_hash32_is_zero(const struct fwl_hash32 *a)
{
    static const struct fwl_hash32 zero;

    return fwl_hash32_equal(a, &zero);
}

/** fwl_hash32_span - the 32 bytes as a span; a view. */
static inline struct fwl_span
fwl_hash32_span(const struct fwl_hash32 *a)
{
    return fwl_span(a->b, sizeof(a->b));
}

#endif
