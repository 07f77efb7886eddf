/*
 * files - whole files in and out. Zone H.
 */
#ifndef FWL_CLIENT_CLI_FILES_H
#define FWL_CLIENT_CLI_FILES_H

#include "core/error.h"
#include "core/span.h"

/**
 * fwl_files_read - the bytes of @path ("-": standard input), at most @max.
 *
 * Owns:    @out is on the heap with a NUL behind it: fwl_free((void *)out->p).
 * Returns: FWL_OK; FWL_ERR_ABSENT, FWL_ERR_STORAGE (errno has the cause), FWL_ERR_LIMIT, FWL_ERR_MEMORY
 */
FWL_NODISCARD enum fwl_err fwl_files_read(struct fwl_span *out, const char *path, size_t max);

/** fwl_files_why - why fwl_files_read failed just now, as half a sentence. */
void fwl_files_why(char *out, size_t room, enum fwl_err err);

/** fwl_files_replace - write @bytes beside @path, sync, and rename over it: the old or the new content is there, never
 * a part. FWL_OK or FWL_ERR_STORAGE (errno has the cause). */
FWL_NODISCARD enum fwl_err fwl_files_replace(const char *path, struct fwl_span bytes);

/** fwl_files_lock - wait until no other process holds the lock of @path (a file PATH.lock beside it, which stays), and
 * hold it until this process ends. FWL_OK or FWL_ERR_STORAGE. */
FWL_NODISCARD enum fwl_err fwl_files_lock(const char *path);

#endif
