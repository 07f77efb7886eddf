#include "contracts/cel/eval/time.h"

#include "contracts/cel/eval/vm.h"

enum {
    DAY_S = 86400,
};

/* Days since 1970-01-01. Counted from March, so that the leap day comes last, and from 400 years before the year 0, so
 * that January of it, which counts with the year before, is not negative. All in 32 bits: years 0..9999. */
static int32_t
days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int32_t y = 400 + (month <= 2 ? year - 1 : year);
    int32_t shifted = month <= 2 ? month + 9 : month - 3;

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468 - 146097;
}

static int32_t
days_of_month(int32_t year, int32_t month)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 ? 28 + leap : 30 + ((month + (month > 7)) & 1);
}

void
fwl_cel_time_civil(struct fwl_cel_civil *out, int64_t seconds)
{
    int32_t days = (int32_t)(seconds / DAY_S) - (seconds % DAY_S < 0);
    int32_t rest = (int32_t)(seconds - (int64_t)days * DAY_S);
    /* the years 0..9999 are all that can occur, so nothing below is negative */
    int32_t n = days + 719468; /* days since 0000-03-01 */
    int32_t century = (4 * n + 3) / 146097;
    int32_t in_century = n - 146097 * century / 4;
    int32_t year = (4 * in_century + 3) / 1461;
    int32_t in_year = in_century - 1461 * year / 4;
    int32_t month = (5 * in_year + 2) / 153;

    year += 100 * century + (month >= 10);
    out->year = year;
    out->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    out->day = (uint8_t)(in_year - (153 * month + 2) / 5 + 1);
    out->day_of_year = (uint16_t)(days - days_from_civil(year, 1, 1));
    out->weekday = (uint8_t)((n + 3) % 7);
    out->hour = (uint8_t)(rest / 3600);
    out->minute = (uint8_t)(rest / 60 % 60);
    out->second = (uint8_t)(rest % 60);
}

/* A text being taken apart. */
struct cursor {
    const uint8_t *p;
    const uint8_t *end;
};

static struct cursor
cursor_of(struct fwl_span text)
{
    static const uint8_t nothing;

    return text.size == 0 ? (struct cursor){&nothing, &nothing} : (struct cursor){text.p, text.p + text.size};
}

static bool
take(struct cursor *c, char expected)
{
    if (c->p < c->end && *c->p == (uint8_t)expected) {
        c->p++;
        return true;
    }
    return false;
}

/* exactly @digits decimal digits */
static bool
take_number(struct cursor *c, int32_t *out, int digits)
{
    *out = 0;
    for (; digits > 0; digits--, c->p++) {
        if (c->p == c->end || *c->p < '0' || *c->p > '9') {
            return false;
        }
        *out = *out * 10 + (*c->p - '0');
    }
    return true;
}

/* .123456789 as nanoseconds; further digits would be lost and are refused */
static bool
take_fraction(struct cursor *c, uint32_t *nanos)
{
    uint32_t unit = FWL_CEL_NANOS / 10;
    const uint8_t *start = c->p;

    *nanos = 0;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9' && unit > 0; c->p++, unit /= 10) {
        *nanos += unit * (uint32_t)(*c->p - '0');
    }
    return c->p != start;
}

/* hh:mm */
static bool
take_offset(struct cursor *c, int32_t *seconds)
{
    int32_t hours = 0;
    int32_t minutes = 0;

    if (!take_number(c, &hours, 2) || !take(c, ':') || !take_number(c, &minutes, 2) || hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = hours * 3600 + minutes * 60;
    return true;
}

bool
fwl_cel_time_parse_zone(int32_t *seconds, struct fwl_span text)
{
    struct cursor c = cursor_of(text);
    bool west = false;

    *seconds = 0;
    if (fwl_span_is(text, "UTC") || fwl_span_is(text, "Z")) {
        return true;
    }
    west = take(&c, '-');
    if (!west) {
        (void)take(&c, '+');
    }
    if (!take_offset(&c, seconds) || c.p != c.end) {
        return false;
    }
    *seconds = west ? -*seconds : *seconds;
    return true;
}

/* The date and time of day: numbers of so many digits, each followed by its separator. */
static bool
take_date(struct cursor *c, int32_t fields[6])
{
    static const char separators[6] = {'-', '-', 'T', ':', ':', '\0'};

    for (int i = 0; i < 6; i++) {
        if (!take_number(c, &fields[i], i == 0 ? 4 : 2)) {
            return false;
        }
        if (i < 5 && !take(c, separators[i]) && !(i == 2 && take(c, 't'))) {
            return false;
        }
    }
    return fields[1] >= 1 && fields[1] <= 12 && fields[2] >= 1 && fields[2] <= days_of_month(fields[0], fields[1]) &&
           fields[3] <= 23 && fields[4] <= 59 && fields[5] <= 59;
}

enum fwl_cel_err
fwl_cel_time_parse(struct fwl_cel_cell *out, struct fwl_span text)
{
    struct cursor c = cursor_of(text);
    int32_t f[6]; /* year, month, day, hour, minute, second */
    int32_t offset = 0;
    uint32_t nanos = 0;
    int64_t seconds = 0;

    if (!take_date(&c, f) || (take(&c, '.') && !take_fraction(&c, &nanos))) {
        return FWL_CEL_ERR_TEXT;
    }
    if (!take(&c, 'Z') && !take(&c, 'z')) {
        bool west = take(&c, '-');

        if ((!west && !take(&c, '+')) || !take_offset(&c, &offset)) {
            return FWL_CEL_ERR_TEXT;
        }
        offset = west ? -offset : offset;
    }
    if (c.p != c.end) {
        return FWL_CEL_ERR_TEXT;
    }
    seconds = (int64_t)days_from_civil(f[0], f[1], f[2]) * DAY_S + (f[3] * 3600 + f[4] * 60 + f[5] - offset);
    if (seconds < FWL_CEL_TIME_FIRST || seconds > FWL_CEL_TIME_LAST) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    *out = fwl_cel_cell_timestamp(seconds, nanos);
    return FWL_CEL_OK;
}

/* h m s ms us ns, as nanoseconds; 0 when there is none */
static uint64_t
take_unit(struct cursor *c)
{
    if (take(c, 'h')) {
        return UINT64_C(3600) * FWL_CEL_NANOS;
    }
    if (take(c, 'm')) {
        return take(c, 's') ? FWL_CEL_NANOS / 1000 : UINT64_C(60) * FWL_CEL_NANOS;
    }
    if (take(c, 's')) {
        return FWL_CEL_NANOS;
    }
    if (take(c, 'u')) {
        return take(c, 's') ? 1000 : 0;
    }
    return take(c, 'n') && take(c, 's') ? 1 : 0;
}

/* One part, 12.5h: the whole number times the unit, and the fraction digit by digit, cut off below a nanosecond. */
static enum fwl_cel_err
take_part(struct cursor *c, uint64_t *total)
{
    const uint8_t *start = c->p;
    const uint8_t *dot = NULL;
    uint64_t whole = 0;
    uint64_t unit = 0;
    uint64_t part = 0;
    bool fits = true;

    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        fits = fits && fwl_cel_add_digit(&whole, *c->p);
    }
    if (take(c, '.')) {
        dot = c->p;
        while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
            c->p++;
        }
    }
    if (c->p - start == (dot != NULL)) { /* no digit at all */
        return FWL_CEL_ERR_TEXT;
    }
    unit = take_unit(c);
    if (unit == 0) {
        return FWL_CEL_ERR_TEXT;
    }
    fits = fits && fwl_mul_u64(&part, whole, unit) && fwl_add_u64(total, *total, part);
    for (; dot != NULL && *dot >= '0' && *dot <= '9' && unit > 0; dot++) {
        /* exact for ten digits: units are multiples of powers of ten, times 36 or 6 */
        fits = fits && fwl_add_u64(total, *total, unit * (uint64_t)(*dot - '0') / 10);
        unit /= 10;
    }
    return fits ? FWL_CEL_OK : FWL_CEL_ERR_OVERFLOW;
}

enum fwl_cel_err
fwl_cel_time_parse_duration(struct fwl_cel_cell *out, struct fwl_span text)
{
    struct cursor c = cursor_of(text);
    uint64_t total = 0;
    bool negative = take(&c, '-');
    bool overflow = false;

    if (!negative) {
        (void)take(&c, '+');
    }
    if (c.end - c.p == 1 && *c.p == '0') {
        *out = fwl_cel_cell_duration(0);
        return FWL_CEL_OK;
    }
    do {
        enum fwl_cel_err err = take_part(&c, &total);

        if (err == FWL_CEL_ERR_TEXT) {
            return err;
        }
        overflow = overflow || err != FWL_CEL_OK;
    } while (c.p != c.end);
    if (overflow || total > (uint64_t)INT64_MAX + negative) {
        return FWL_CEL_ERR_OVERFLOW;
    }
    *out = fwl_cel_cell_duration((int64_t)(negative ? 0 - total : total));
    return FWL_CEL_OK;
}

static int64_t
timestamp_part(const struct fwl_cel_cell *time, int32_t zone, enum fwl_cel_function fn)
{
    struct fwl_cel_civil civil;

    fwl_cel_time_civil(&civil, time->v.i + zone);
    if (fn == FWL_CEL_FN_FULL_YEAR) {
        return civil.year;
    }
    if (fn == FWL_CEL_FN_MONTH) {
        return civil.month - 1;
    }
    if (fn == FWL_CEL_FN_DATE) {
        return civil.day;
    }
    if (fn == FWL_CEL_FN_DAY_OF_MONTH) {
        return civil.day - 1;
    }
    if (fn == FWL_CEL_FN_DAY_OF_WEEK) {
        return civil.weekday;
    }
    if (fn == FWL_CEL_FN_DAY_OF_YEAR) {
        return civil.day_of_year;
    }
    if (fn == FWL_CEL_FN_HOURS) {
        return civil.hour;
    }
    if (fn == FWL_CEL_FN_MINUTES) {
        return civil.minute;
    }
    return fn == FWL_CEL_FN_SECONDS ? civil.second : time->size / (FWL_CEL_NANOS / 1000);
}

static void
get(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    int64_t ns = at->v.i;
    int32_t zone = 0;

    if (at->kind == FWL_CEL_DURATION && count == 1 && fn >= FWL_CEL_FN_HOURS) {
        *at = fwl_cel_cell_int(fn == FWL_CEL_FN_HOURS     ? ns / FWL_CEL_NANOS / 3600
                               : fn == FWL_CEL_FN_MINUTES ? ns / FWL_CEL_NANOS / 60
                               : fn == FWL_CEL_FN_SECONDS ? ns / FWL_CEL_NANOS
                                                          : ns % FWL_CEL_NANOS / (FWL_CEL_NANOS / 1000));
        return;
    }
    if (at->kind != FWL_CEL_TIMESTAMP || (count == 2 && at[1].kind != FWL_CEL_STRING)) {
        fwl_cel_vm_mismatch(vm, at, count);
        return;
    }
    if (count == 2 && !fwl_cel_time_parse_zone(&zone, fwl_cel_cell_span(&at[1]))) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_TEXT);
        return;
    }
    *at = fwl_cel_cell_int(timestamp_part(at, zone, fn));
}

void
fwl_cel_time_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    enum fwl_cel_err err = FWL_CEL_ERR_TYPE;

    vm->cost++;
    if (fn >= FWL_CEL_FN_FULL_YEAR) {
        get(vm, at, fn, count);
        return;
    }
    if (at->kind == (fn == FWL_CEL_FN_DURATION ? FWL_CEL_DURATION : FWL_CEL_TIMESTAMP)) {
        return;
    }
    if (at->kind == FWL_CEL_STRING) {
        err = fn == FWL_CEL_FN_DURATION ? fwl_cel_time_parse_duration(at, fwl_cel_cell_span(at))
                                        : fwl_cel_time_parse(at, fwl_cel_cell_span(at));
    } else if (at->kind == FWL_CEL_INT && fn == FWL_CEL_FN_TIMESTAMP) {
        bool fits = at->v.i >= FWL_CEL_TIME_FIRST && at->v.i <= FWL_CEL_TIME_LAST;

        err = fits ? FWL_CEL_OK : FWL_CEL_ERR_OVERFLOW;
        *at = fwl_cel_cell_timestamp(at->v.i, 0);
    }
    if (err != FWL_CEL_OK) {
        fwl_cel_vm_fail(vm, at, err);
    }
}
