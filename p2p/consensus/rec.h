/*
 * rec - durable records of the store `votes`: keys and values. Zone P.
 *
 * Numbers are big-endian. Every value that a vote depends on ends in a checksum, the tagged hash "fwledger/rec/v1" of
 * key and value, because LMDB has none for its pages; certificates prove themselves.
 *
 *   REC    height u64 || view u32            flags u8 (1 proposed, 2 notarize, 4 nullify, 8 finalize) || for each set
 *                                            flag in this order: hash 32 (not for nullify) || sig 64 || checksum 32
 *   CERT   height u64 || view u32 || kind u8 Cert, long form
 *   BODY   height u64 || block hash 32       Body
 *   VMETA  "view"                            height u64 || view u32 || checksum
 *   VMETA  "voting"                          first height this store may vote at, 2^64-1 not known yet || checksum
 *   VMETA  "floor"                           lowest height whose records are known to be here || checksum
 *   VMETA  "probe"                           the driver's: ms, a write after a full disk; no checksum
 */
#ifndef FWL_P2P_CONSENSUS_REC_H
#define FWL_P2P_CONSENSUS_REC_H

#include "p2p/consensus/engine.h"

/** Keys; each returns its size. @name has at most 40 characters (FWL_ASSERT). */
uint8_t fwl_rec_key(uint8_t out[40], uint64_t height, uint32_t view);
uint8_t fwl_rec_cert_key(uint8_t out[40], uint64_t height, uint32_t view, enum fwl_vote_kind kind);
uint8_t fwl_rec_body_key(uint8_t out[40], uint64_t height, const struct fwl_hash32 *hash);
uint8_t fwl_rec_name_key(uint8_t out[40], const char *name);

/** fwl_rec_encode - @key is the one that it is stored under. Returns the size. */
size_t fwl_rec_encode(uint8_t out[FWL_REC_SIZE_MAX], struct fwl_span key, const struct fwl_rec *rec);
/** fwl_rec_decode - FWL_ERR_CORRUPT for anything that fwl_rec_encode did not write under @key. */
FWL_NODISCARD enum fwl_err fwl_rec_decode(struct fwl_rec *out, struct fwl_span key, struct fwl_span value);

/** fwl_rec_seal - append the checksum to @size bytes; @buffer has 32 more. Returns the new size. */
size_t fwl_rec_seal(uint8_t *buffer, size_t size, struct fwl_span key);
/** fwl_rec_open - the bytes without the checksum; FWL_ERR_CORRUPT. */
FWL_NODISCARD enum fwl_err fwl_rec_open(struct fwl_span *out, struct fwl_span key, struct fwl_span value);

#endif
