/*
 * parse - reading members of JSON objects into lists as records carry them. Zone H.
 *
 * Used by the parsers of releases and of device facts. Lists are written as CBOR items into a scratch of the caller,
 * one after the other: a list is opened, its items written, and closed before the next one begins. Every function that
 * can fail notes a sentence that names the member.
 */
#ifndef FWL_LEDGER_JSON_PARSE_H
#define FWL_LEDGER_JSON_PARSE_H

#include <jansson.h>

#include "core/limits.h"
#include "ledger/model/list.h"

enum {
    FWL_PARSE_ERROR_MAX = 512,
};

struct fwl_parse {
    char error[FWL_PARSE_ERROR_MAX];
    uint8_t *scratch; /* of the caller; what is parsed views it */
    size_t scratch_room;
    size_t scratch_used;
};

/** fwl_parse_begin - empty, with @scratch for lists. */
void fwl_parse_begin(struct fwl_parse *out, uint8_t *scratch, size_t room);

/** fwl_parse_fail - note the sentence and return @err. */
enum fwl_err fwl_parse_fail(struct fwl_parse *out, enum fwl_err err, const char *format, ...) FWL_PRINTF(3, 4);

/** fwl_parse_open - a writer at the free end of the scratch; fwl_parse_close - make a list of what it wrote.
 * FWL_ERR_LIMIT when the scratch was too small. */
struct fwl_writer fwl_parse_open(struct fwl_parse *out);
FWL_NODISCARD enum fwl_err fwl_parse_close(struct fwl_parse *out, struct fwl_list *list, struct fwl_writer *w,
                                           size_t count, const char *member);

/** fwl_parse_members - every member of @object is one of @known; else FWL_ERR_UNKNOWN, and @what says where. */
FWL_NODISCARD enum fwl_err fwl_parse_members(struct fwl_parse *out, const json_t *object, const char *const *known,
                                             size_t count, const char *what);

/** fwl_parse_text - a view of a JSON string; a NULL span for anything else. */
struct fwl_span fwl_parse_text(const json_t *value);

/** fwl_parse_get_text, fwl_parse_get_uint, fwl_parse_get_list - a member of @object; an absent one leaves a NULL span,
 * @there false and @number as it was, or NULL; another type is FWL_ERR_TYPE. fwl_parse_need_text - the same, and an
 * absent one is FWL_ERR_MISSING. Texts and lists view @object. */
FWL_NODISCARD enum fwl_err fwl_parse_get_text(struct fwl_parse *out, struct fwl_span *text, const json_t *object,
                                              const char *member);
FWL_NODISCARD enum fwl_err fwl_parse_need_text(struct fwl_parse *out, struct fwl_span *text, const json_t *object,
                                               const char *member);
FWL_NODISCARD enum fwl_err fwl_parse_get_uint(struct fwl_parse *out, uint64_t *number, bool *there,
                                              const json_t *object, const char *member);
FWL_NODISCARD enum fwl_err fwl_parse_get_list(struct fwl_parse *out, const json_t **list, const json_t *object,
                                              const char *member);

/** fwl_parse_hex - a string of lower-case hexadecimal, 1..@max bytes, decoded into the scratch. */
FWL_NODISCARD enum fwl_err fwl_parse_hex(struct fwl_parse *out, struct fwl_span *bytes, const json_t *value, size_t max,
                                         const char *member);

/** fwl_parse_names - a string or a list of strings as a list of texts. */
FWL_NODISCARD enum fwl_err fwl_parse_names(struct fwl_parse *out, struct fwl_list *to, const json_t *value,
                                           const char *member);

/** fwl_parse_relations - a list of {"name", "op", "version", "arch", "kind"} as relations. fwl_parse_clauses - a list
 * of lists of alternatives of the same. */
FWL_NODISCARD enum fwl_err fwl_parse_relations(struct fwl_parse *out, struct fwl_list *to, const json_t *list,
                                               const char *member);
FWL_NODISCARD enum fwl_err fwl_parse_clauses(struct fwl_parse *out, struct fwl_list *to, const json_t *list,
                                             const char *member);

/** fwl_parse_provisions - a list of {"name", "version"}. */
FWL_NODISCARD enum fwl_err fwl_parse_provisions(struct fwl_parse *out, struct fwl_list *to, const json_t *list,
                                                const char *member);

#endif
