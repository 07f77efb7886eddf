/*
 * record - release records as the command line makes them: from JSON, signed by the author, encoded and checked. Zone
 * H.
 */
#ifndef FWL_CLIENT_CLI_RECORD_H
#define FWL_CLIENT_CLI_RECORD_H

#include "core/host/keys.h"
#include "ledger/json/release.h"

struct fwl_record {
    uint8_t bytes[FWL_RELEASE_MAX];
    size_t size;
    struct fwl_hash32 id;
    char error[FWL_PARSE_ERROR_MAX]; /* a sentence that names the member or field */
};

/**
 * fwl_record_make - a record from @object, as fwl_json_release_parse, then checked as publication checks it.
 *
 * @scheme 0: versions are checked by their length only. @author NULL, or the key that signs (author_sig: record).
 * Returns: FWL_OK, the errors of fwl_json_release_parse, fwl_release_decode, fwl_release_check_publish;
 *          FWL_ERR_DUPLICATE when there is a signature already.
 */
FWL_NODISCARD enum fwl_err fwl_record_make(struct fwl_record *out, struct fwl_json_release *work, const json_t *object,
                                           const char *provider, const char *class_name, enum fwl_scheme scheme,
                                           const struct fwl_secret *author);

/**
 * fwl_record_amendment - the pairs of release.amend from an object with links, notes, labels, valid, hardware, window,
 * dependencies or regions; null removes a member.
 *
 * Fills:   @out with items and count, in @buffer of @room bytes; @error on failure.
 * Returns: FWL_OK; FWL_ERR_UNKNOWN for a member that cannot be amended; FWL_ERR_MISSING for none; as the parser
 */
FWL_NODISCARD enum fwl_err fwl_record_amendment(struct fwl_list *out, char error[FWL_PARSE_ERROR_MAX], uint8_t *buffer,
                                                size_t room, struct fwl_json_release *work, const json_t *object);

/** fwl_record_expand - a template with {provider} and {name} filled in from @object. A name stands as it is and cannot
 * hold "/"; a provider, which is free text, in lower case with "-" for what is outside [a-z0-9-]. False with @error
 * when a member is missing, the template has another {word}, or the result does not fit @room. */
bool fwl_record_expand(char *out, size_t room, char error[FWL_PARSE_ERROR_MAX], const char *template_text,
                       const json_t *object);

/** fwl_record_slug - a character of free text in a name: [a-z0-9-] in lower case, "-" for what is outside. */
char fwl_record_slug(char c);

#endif
