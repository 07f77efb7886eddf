/*
 * policy_file - a policy as administrators write it (YAML) and as the chain carries it (CBOR). Zone H.
 *
 * The YAML form is the one of the administrator's guide; the CBOR form is policy-source of docs/spec/ledger.cddl.
 * Nothing is guessed on the way: unknown keys are errors, and a parameter's type follows from how it is written
 * (72h a duration, 2026-01-31T00:00:00Z a timestamp, 5 an int, true a bool, everything quoted a string).
 */
#ifndef FWL_CLIENT_CLI_POLICY_FILE_H
#define FWL_CLIENT_CLI_POLICY_FILE_H

#include "core/error.h"
#include "core/limits.h"
#include "core/span.h"
#include "core/yaml/place.h"

enum {
    FWL_POLICY_FILE_MARKS = 2560, /* more than a policy can have texts and numbers with a place */
};

struct fwl_policy_file {
    char fleet[FWL_FLEET_MAX + 1]; /* of the key "fleet"; empty when the file has none */
    uint8_t source[FWL_POLICY_MAX];
    size_t source_size;
    char error[FWL_YAML_ERROR_MAX];
    struct fwl_place place; /* of the error; views the file's text */
    /* private */
    struct fwl_span text; /* the YAML, on the heap */
    struct {
        uint32_t offset; /* in the source */
        struct fwl_yaml_mark at;
    } marks[FWL_POLICY_FILE_MARKS];
    size_t mark_count;
};

/**
 * fwl_policy_file_load - read @path and make the CBOR form.
 *
 * Owns:    fwl_policy_file_clear in every case.
 * Fills:   @out; out->error with "FILE:LINE: what and how to mend it" on failure, and out->place.
 * Returns: FWL_OK, or the first error: FWL_ERR_ABSENT, _STORAGE, _UNKNOWN, _MISSING, _VALUE, _RANGE, _LIMIT, _TYPE,
 *          _DUPLICATE, _NAME (of the fleet). Other names, patterns and expressions are checked where policies are
 * compiled, not here.
 */
FWL_NODISCARD enum fwl_err fwl_policy_file_load(struct fwl_policy_file *out, const char *path);

/** fwl_policy_file_parse - the same for text; @name stands for the file in messages. */
FWL_NODISCARD enum fwl_err fwl_policy_file_parse(struct fwl_policy_file *out, const char *name, struct fwl_span text);

void fwl_policy_file_clear(struct fwl_policy_file *file);

/**
 * fwl_policy_file_find - where the YAML says what stands at an offset of the source.
 *
 * fwl_policy_file_find_text - where byte @offset of @text stands, a view of file->source: an expression that does not
 * compile.
 * Fills:   @out, which views @file.
 */
void fwl_policy_file_find(struct fwl_place *out, const struct fwl_policy_file *file, size_t offset);
void fwl_policy_file_find_text(struct fwl_place *out, const struct fwl_policy_file *file, struct fwl_span text,
                               size_t offset);

#endif
