/*
 * fields - members of JSON objects that are being made. Zone H. Internal to the module.
 *
 * Out of memory leaves a member out, as jansson's own functions do with a NULL value.
 */
#ifndef FWL_LEDGER_JSON_FIELDS_H
#define FWL_LEDGER_JSON_FIELDS_H

#include <jansson.h>

#include "core/span.h"
#include "ledger/model/list.h"

/** fwl_fields_set - takes the reference @value. fwl_fields_number, fwl_fields_text, fwl_fields_hash - make their value:
 * an integer, a string (valid UTF-8), lower-case hexadecimal. */
void fwl_fields_set(json_t *object, const char *member, json_t *value);
void fwl_fields_number(json_t *object, const char *member, uint64_t number);
void fwl_fields_text(json_t *object, const char *member, struct fwl_span text);
void fwl_fields_hash(json_t *object, const char *member, const struct fwl_hash32 *hash);

/** fwl_fields_texts, fwl_fields_hashes - a list as an array of strings. */
FWL_NODISCARD json_t *fwl_fields_texts(struct fwl_list list);
FWL_NODISCARD json_t *fwl_fields_hashes(struct fwl_list list);

#endif
