/*
 * log - log lines of hosted programs. Zone H.
 *
 * One line an event: UTC time with milliseconds, level, module, message, then key=value pairs. "broken" is our
 * own bug; an integration test that sees one fails. Bytes of peers appear only as bounded hexadecimal; secrets
 * never. Lines go to a stream given at start; a line is written with one call, so threads do not mix theirs. Level and
 * form may be changed while other threads write.
 */
#ifndef FWL_CORE_HOST_LOG_H
#define FWL_CORE_HOST_LOG_H

#include <stdatomic.h>
#include <stdio.h>

#include "core/base.h"

enum fwl_log_level {
    FWL_LOG_DEBUG = 0,
    FWL_LOG_INFO = 1,
    FWL_LOG_UNUSUAL = 2,
    FWL_LOG_BROKEN = 3,
};

struct fwl_log {
    FILE *to;
    _Atomic(enum fwl_log_level) level; /* lines below are dropped */
    atomic_bool json;                  /* one JSON object a line instead of key=value */
};

/** fwl_log_level_name - "debug" etc., as lines and configuration have it; "unknown" for no level. */
const char *fwl_log_level_name(enum fwl_log_level level);

/**
 * fwl_log - write one line.
 *
 * @message is a constant sentence; @format gives the pairs, e.g. "height=%llu peer=%s", or "" for none. Values
 * with blanks are quoted by the caller. Pairs are cut at 511 bytes, lines at 1,024 (so @module and @message have at
 * most 300 together). In the pairs control characters become blanks and bytes that are no UTF-8 "?"; in JSON also " and
 * \ become '. @log NULL drops the line.
 */
void fwl_log(const struct fwl_log *log, enum fwl_log_level level, const char *module, const char *message,
             const char *format, ...) FWL_PRINTF(5, 6);

#endif
