/*
 * release - release records from and to JSON. Zone H.
 *
 * The JSON form is that of a releases file (docs/spec/interfaces.md): one object a line, shaped like the facts that
 * real indexes publish. Nothing is dropped on the way: what has no field of its own in a record becomes a label or an
 * informative pair, and a member that is not known is an error. Reading and writing are inverse up to the spelling
 * of three members: "provider" (in a record: the participant; the source's text is the label "provider"), hardware
 * (models, makers, revision) and a dependency of a record on its own name (a window on the running version).
 */
#ifndef FWL_LEDGER_JSON_RELEASE_H
#define FWL_LEDGER_JSON_RELEASE_H

#include <jansson.h>

#include "core/limits.h"
#include "ledger/json/parse.h"
#include "ledger/model/release.h"

/* A record on its way from JSON to bytes. */
struct fwl_json_release {
    struct fwl_release release; /* views into @scratch and into the JSON value */
    struct fwl_parse parse;     /* parse.error: a sentence that names the member */
    uint8_t scratch[4 * FWL_RELEASE_MAX];
};

/**
 * fwl_json_release_parse - fill a record from @object.
 *
 * Shape:   @provider and @class_name become the record's; @class_name NULL takes the member "class".
 * Owns:    out->release holds views into @object, @provider and @class_name until it is encoded.
 * Fills:   @out; out->parse.error with a sentence that names the member on failure.
 * Returns: FWL_OK; FWL_ERR_MISSING, _TYPE, _UNKNOWN, _VALUE, _LIMIT, _RANGE. Names and versions are judged by
 *          fwl_release_decode, once encoded.
 */
FWL_NODISCARD enum fwl_err fwl_json_release_parse(struct fwl_json_release *out, const json_t *object,
                                                  const char *provider, const char *class_name);

/**
 * fwl_json_release_value - a decoded record as JSON; NULL when out of memory. The caller owns the reference.
 *
 * Optional members are there iff the record has them.
 */
FWL_NODISCARD json_t *fwl_json_release_value(const struct fwl_release *release);

/** fwl_json_text - a JSON string of @text (valid UTF-8); NULL when out of memory. */
FWL_NODISCARD json_t *fwl_json_text(struct fwl_span text);
/** fwl_json_hex - a JSON string with @bytes in lower-case hexadecimal; NULL when out of memory. */
FWL_NODISCARD json_t *fwl_json_hex(struct fwl_span bytes);
/** fwl_json_digest - {"sha256": HEX}; NULL when out of memory. */
FWL_NODISCARD json_t *fwl_json_digest(const struct fwl_digest *digest);

#endif
