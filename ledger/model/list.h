/*
 * list - an array or map of CBOR items that has been checked and is kept as its bytes. Zone F.
 *
 * Decoded objects hold long lists as a view and a count, never as an array, so that they stay small. A list is read
 * with a plain reader as iterator:
 *
 *     struct fwl_reader it;
 *     struct fwl_relation rel;
 *     for (fwl_list_begin(&it, release.conflicts); fwl_release_next_relation(&it, &rel);) ...
 *
 * and made by writing the items one after the other (fwl_release_put_relation) into a buffer and setting @items and
 * @count. An encoder writes the items as they stand: what was decoded comes out byte for byte. A `_next` function
 * returns false at the end, and also where the bytes were never checked and are bad; it then has set it->err.
 */
#ifndef FWL_LEDGER_MODEL_LIST_H
#define FWL_LEDGER_MODEL_LIST_H

#include "core/cbor.h"

struct fwl_list {
    struct fwl_span items; /* the items (of a map: the pairs) without the head */
    size_t count;          /* items, or pairs */
};

/** fwl_list_begin - point @it at the first item; borrows the list's bytes. */
void fwl_list_begin(struct fwl_reader *it, struct fwl_list list);

/** fwl_list_next_text - the next text of a list of texts; false at the end. */
bool fwl_list_next_text(struct fwl_reader *it, struct fwl_span *text);
/** fwl_list_next_hash - the next 32 bytes of a list of ids; false at the end. */
bool fwl_list_next_hash(struct fwl_reader *it, struct fwl_hash32 *hash);
/** fwl_list_next_pair - the next pair of a map of texts (labels); false at the end. */
bool fwl_list_next_pair(struct fwl_reader *it, struct fwl_span *key, struct fwl_span *value);
/** fwl_list_next_uint - the next number (roles); false at the end. */
bool fwl_list_next_uint(struct fwl_reader *it, uint64_t *value);
/** fwl_list_has_text, fwl_list_has_hash, fwl_list_has_uint - is it an element? Linear. */
bool fwl_list_has_text(struct fwl_list list, struct fwl_span text);
bool fwl_list_has_hash(struct fwl_list list, const struct fwl_hash32 *hash);
bool fwl_list_has_uint(struct fwl_list list, uint64_t value);

/** fwl_list_put_array - the whole list as a CBOR array. fwl_list_put_map - as a map. */
void fwl_list_put_array(struct fwl_writer *w, struct fwl_list list);
void fwl_list_put_map(struct fwl_writer *w, struct fwl_list list);

#endif
