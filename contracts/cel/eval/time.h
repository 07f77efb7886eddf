/* time - texts and calendar of timestamps and durations, in integers. Zone F. */
#ifndef FWL_CONTRACTS_CEL_EVAL_TIME_H
#define FWL_CONTRACTS_CEL_EVAL_TIME_H

#include "contracts/cel/eval/eval.h"

/** fwl_cel_time_parse - RFC 3339 text within the years 1..9999; FWL_CEL_OK, _ERR_TEXT, _ERR_OVERFLOW. */
enum fwl_cel_err fwl_cel_time_parse(struct fwl_cel_cell *out, struct fwl_span text);

/** fwl_cel_time_parse_duration - "1h30m", "-1.5h", "100us"; FWL_CEL_OK, _ERR_TEXT, _ERR_OVERFLOW. */
enum fwl_cel_err fwl_cel_time_parse_duration(struct fwl_cel_cell *out, struct fwl_span text);

/** fwl_cel_time_parse_zone - "UTC", "+hh:mm", "-hh:mm", "hh:mm" as seconds east; false otherwise. */
bool fwl_cel_time_parse_zone(int32_t *seconds, struct fwl_span text);

struct fwl_cel_civil {
    int32_t year;
    uint8_t month;        /* 1.. */
    uint8_t day;          /* 1.. */
    uint16_t day_of_year; /* 0.. */
    uint8_t weekday;      /* 0 = Sunday */
    uint8_t hour;
    uint8_t minute;
    uint8_t second;
};

/** fwl_cel_time_civil - calendar fields of unix seconds (Gregorian). */
void fwl_cel_time_civil(struct fwl_cel_civil *out, int64_t seconds);

#endif
