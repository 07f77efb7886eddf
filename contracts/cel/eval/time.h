/* time - texts and calendar of timestamps and durations, in integers. Zone F. */
#ifndef FWL_CONTRACTS_CEL_EVAL_TIME_H
#define FWL_CONTRACTS_CEL_EVAL_TIME_H

#include "contracts/cel/eval/eval.h"

/** fwl_cel_time_parse_zone - "UTC", "+hh:mm", "-hh:mm", "hh:mm" as seconds east; false otherwise. */
bool fwl_cel_time_parse_zone(int32_t *seconds, struct fwl_span text);

/* Calendar fields, in the order of the functions getFullYear .. getSeconds. */
enum fwl_cel_civil {
    FWL_CEL_CIVIL_YEAR,
    FWL_CEL_CIVIL_MONTH,       /* 0.. */
    FWL_CEL_CIVIL_DAY,         /* 1.. */
    FWL_CEL_CIVIL_DAY_FROM_0,  /* the same, counted from 0 */
    FWL_CEL_CIVIL_WEEKDAY,     /* 0 = Sunday */
    FWL_CEL_CIVIL_DAY_OF_YEAR, /* 0.. */
    FWL_CEL_CIVIL_HOUR,
    FWL_CEL_CIVIL_MINUTE,
    FWL_CEL_CIVIL_SECOND,
    FWL_CEL_CIVIL_FIELDS,
};

/** fwl_cel_time_civil - the fields of unix seconds (Gregorian), within the years 0..9999. */
void fwl_cel_time_civil(int32_t t[FWL_CEL_CIVIL_FIELDS], int64_t seconds);

#endif
