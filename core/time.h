/*
 * time - RFC 3339 text and unix seconds, without a clock or a time zone database. Zone F.
 */
#ifndef FWL_CORE_TIME_H
#define FWL_CORE_TIME_H

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_TIME_TEXT_SIZE = 25, /* "2026-01-31T23:59:59.123Z" and a terminator */
};

/**
 * fwl_time_parse - "2026-01-31T23:59:59Z", with an optional fraction (ignored) and "Z", "+hh:mm" or
 * "-hh:mm"; "t" and "z" will do.
 *
 * Returns: FWL_OK; FWL_ERR_VALUE when @text is no such time of the years 0001 to 9999 as written; @unix_s is 0 then,
 * and may be negative otherwise. A leap second is :59.
 * Source:  RFC 3339 5.6; days by the proleptic Gregorian calendar.
 */
FWL_NODISCARD enum fwl_err fwl_time_parse(int64_t *unix_s, struct fwl_span text);

/** fwl_time_text - unix milliseconds as RFC 3339 in UTC; with milliseconds only when they are not zero. Years
 * 1970..9999; of a later one the last four digits. */
void fwl_time_text(char out[FWL_TIME_TEXT_SIZE], uint64_t unix_ms);

#endif
