/*
 * fault - where a decoder refused its input. Zone F.
 *
 * Every top-level decoder of this module takes a struct fwl_fault that may be NULL and fills it on failure, so that
 * a refusal names the field ("release.version") and the byte.
 */
#ifndef FWL_LEDGER_MODEL_FAULT_H
#define FWL_LEDGER_MODEL_FAULT_H

#include "core/reader.h"

struct fwl_fault {
    enum fwl_err err;
    const char *field; /* static text, never NULL after a failure; the innermost field that was being read */
    size_t offset;     /* bytes from the start of the decoded object (of the byte string, for a nested one) */
};

/** fwl_fault_from_reader - note the failure of @r in @fault (may be NULL) and return its code; FWL_OK notes none. */
enum fwl_err fwl_fault_from_reader(struct fwl_fault *fault, const struct fwl_reader *r);

/** fwl_fault_begin - start reading @in, refused (FWL_ERR_LIMIT) when longer than @max. */
void fwl_fault_begin(struct fwl_reader *r, struct fwl_span in, size_t max);

/** fwl_fault_finish - end of a top-level decoder: notes the failure and zeroes @out of @size bytes. */
FWL_NODISCARD enum fwl_err fwl_fault_finish(struct fwl_fault *fault, struct fwl_reader *r, void *out, size_t size);

#endif
