#include "core/sha256.h"

void
fwl_sha256(struct fwl_hash32 *out, struct fwl_span bytes)
{
    fwl_sha256_parts(out, &bytes, 1);
}

void
fwl_hash1(struct fwl_hash32 *out, enum fwl_hash_prefix prefix, struct fwl_span a)
{
    uint8_t first = (uint8_t)prefix;
    struct fwl_span parts[2] = {fwl_span(&first, 1), a};

    fwl_sha256_parts(out, parts, 2);
}

void
fwl_hash2(struct fwl_hash32 *out, enum fwl_hash_prefix prefix, struct fwl_span a, struct fwl_span b)
{
    uint8_t first = (uint8_t)prefix;
    struct fwl_span parts[3] = {fwl_span(&first, 1), a, b};

    fwl_sha256_parts(out, parts, 3);
}

void
fwl_tagged_hash(struct fwl_hash32 *out, const char *tag, struct fwl_span message)
{
    struct fwl_hash32 tag_hash;
    struct fwl_span parts[3];

    fwl_sha256(&tag_hash, fwl_span_text(tag));
    parts[0] = fwl_hash32_span(&tag_hash);
    parts[1] = parts[0];
    parts[2] = message;
    fwl_sha256_parts(out, parts, 3);
}
