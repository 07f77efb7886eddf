/*
 * sha256 - SHA-256 as a port, and the ways in which fwledger uses it. Zone F.
 *
 * The port is one function over parts, so no context lives between calls: hosts use a fetched OpenSSL
 * digest with one reused context per thread (core/host), a microcontroller its own. Every use starts with
 * a prefix byte of the table below or is a BIP-340 tagged hash, so no hash of one kind is one of another.
 */
#ifndef FWL_CORE_SHA256_H
#define FWL_CORE_SHA256_H

#include "core/span.h"

/* First byte hashed (consensus.md 2.2). Release records and COSE_Keys start with 0xa0..0xbf and are hashed plain. */
enum fwl_hash_prefix {
    FWL_HASH_MERKLE_LEAF = 0x00, /* RFC 6962 */
    FWL_HASH_MERKLE_NODE = 0x01,
    FWL_HASH_STATE_LEAF = 0x10, /* state tree, 3.4 */
    FWL_HASH_STATE_NODE = 0x11,
    FWL_HASH_STATE_KEY = 0x12,
    FWL_HASH_STATE_VALUE = 0x13,
    FWL_HASH_HEADER = 0x20,
    FWL_HASH_VALIDATORS = 0x21,
    FWL_HASH_GENESIS = 0x22,
    FWL_HASH_PARAMS = 0x23,
    FWL_HASH_GOVERNORS = 0x24,
};

/** fwl_sha256_parts - port: SHA-256 over the concatenation of @count parts. Borrows the parts; never fails. */
void fwl_sha256_parts(struct fwl_hash32 *out, const struct fwl_span *parts, size_t count);

/** fwl_sha256 - SHA-256 of @bytes. */
void fwl_sha256(struct fwl_hash32 *out, struct fwl_span bytes);

/** fwl_hash1, fwl_hash2 - SHA-256(prefix || a) and SHA-256(prefix || a || b). */
void fwl_hash1(struct fwl_hash32 *out, enum fwl_hash_prefix prefix, struct fwl_span a);
void fwl_hash2(struct fwl_hash32 *out, enum fwl_hash_prefix prefix, struct fwl_span a, struct fwl_span b);

/**
 * fwl_tagged_hash - SHA-256(SHA-256(tag) || SHA-256(tag) || message), BIP-340 "tagged hash".
 *
 * @tag is one of the names "fwledger/.../v1" of consensus.md 2.2, without terminator in the hash.
 */
void fwl_tagged_hash(struct fwl_hash32 *out, const char *tag, struct fwl_span message);

#endif
