#include "contracts/cel/eval/time.h"

#include "contracts/cel/eval/vm.h"

enum {
    DAY_S = 86400,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
};

/* Days since 0000-03-01: counted from March, the leap day comes last. January of the year 0 counts with the year -1,
 * where the quotients by 100 and 400 are 0 and cancel; that by 4 is rounded down. All in 32 bits: years 0..9999. */
static FWL_NOINLINE int32_t
days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t shifted = month <= 2 ? month + 9 : month - 3;
    int32_t leap_days = (y + 4) / 4 - 1 - y / 100 + y / 400;

    return y * 365 + leap_days + (153 * shifted + 2) / 5 + day - 1;
}

void
fwl_cel_time_civil(int32_t t[FWL_CEL_CIVIL_FIELDS], int64_t seconds)
{
    /* the years 0..9999 are all that can occur, so nothing below is negative */
    uint64_t all = (uint64_t)(seconds + (int64_t)DAYS_TO_1970 * DAY_S);
    int32_t rest = (int32_t)fwl_divide(&all, DAY_S);
    int32_t n = (int32_t)all; /* days since 0000-03-01 */
    int32_t century = (4 * n + 3) / 146097;
    int32_t in_century = n - 146097 * century / 4;
    int32_t year = (4 * in_century + 3) / 1461;
    int32_t in_year = in_century - 1461 * year / 4;
    int32_t month = (5 * in_year + 2) / 153;

    year += 100 * century + (month >= 10);
    t[FWL_CEL_CIVIL_YEAR] = year;
    t[FWL_CEL_CIVIL_MONTH] = month < 10 ? month + 2 : month - 10;
    t[FWL_CEL_CIVIL_DAY] = in_year - (153 * month + 2) / 5 + 1;
    t[FWL_CEL_CIVIL_DAY_FROM_0] = t[FWL_CEL_CIVIL_DAY] - 1;
    t[FWL_CEL_CIVIL_WEEKDAY] = (n + 3) % 7;
    t[FWL_CEL_CIVIL_DAY_OF_YEAR] = n - days_from_civil(year, 1, 1);
    t[FWL_CEL_CIVIL_HOUR] = rest / 3600;
    t[FWL_CEL_CIVIL_MINUTE] = rest / 60 % 60;
    t[FWL_CEL_CIVIL_SECOND] = rest % 60;
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
    const uint8_t *p = text.size == 0 ? &nothing : text.p;

    return (struct cursor){p, p + text.size};
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

static bool
at_digit(const struct cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

/* a sign: @negative says which; false when there is none */
static bool
take_sign(struct cursor *c, bool *negative)
{
    *negative = take(c, '-');
    return *negative || take(c, '+');
}

/* exactly @digits decimal digits of a number of at most @max; -1 when they are not there */
static int32_t
take_number(struct cursor *c, int digits, int32_t max)
{
    int32_t n = 0;

    for (; digits > 0; digits--) {
        if (!at_digit(c)) {
            return -1;
        }
        n = n * 10 + (*c->p++ - '0');
    }
    return n <= max ? n : -1;
}

/* .123456789 as nanoseconds; further digits would be lost and are refused by whoever reads on */
static bool
take_fraction(struct cursor *c, uint32_t *nanos)
{
    const uint8_t *start = c->p;

    for (uint32_t unit = FWL_CEL_NANOS / 10; at_digit(c) && unit > 0; unit /= 10) {
        *nanos += unit * (uint32_t)(*c->p++ - '0');
    }
    return c->p != start;
}

/* hh:mm as seconds, the rest of the text */
static bool
take_offset(struct cursor *c, bool west, int32_t *seconds)
{
    int32_t hours = take_number(c, 2, 23);
    int32_t minutes = take(c, ':') ? take_number(c, 2, 59) : -1;

    *seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return hours >= 0 && minutes >= 0 && c->p == c->end;
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
    (void)take_sign(&c, &west);
    return take_offset(&c, west, seconds);
}

/* The date and time of day as seconds since 1970: numbers of so many digits, each followed by its separator. */
static bool
take_date(struct cursor *c, int64_t *seconds)
{
    static const struct {
        uint8_t digits;
        char separator;
        uint16_t max;
    } parts[6] = {{4, '-', 9999}, {2, '-', 12}, {2, 'T', 31}, {2, ':', 23}, {2, ':', 59}, {2, '\0', 59}};
    int32_t f[6]; /* year, month, day, hour, minute, second */
    int32_t t[FWL_CEL_CIVIL_FIELDS];

    for (size_t i = 0; i < FWL_COUNT(parts); i++) {
        f[i] = take_number(c, parts[i].digits, parts[i].max);
        if (f[i] < 0 || (parts[i].separator != '\0' && !take(c, parts[i].separator) &&
                         !(parts[i].separator == 'T' && take(c, 't')))) {
            return false;
        }
    }
    if (f[0] < 1) {
        return false;
    }
    *seconds = (int64_t)(days_from_civil(f[0], f[1], f[2]) - DAYS_TO_1970) * DAY_S + (f[3] * 3600 + f[4] * 60 + f[5]);
    fwl_cel_time_civil(t, *seconds); /* no such day: another one comes back */
    return t[FWL_CEL_CIVIL_MONTH] + 1 == f[1] && t[FWL_CEL_CIVIL_DAY] == f[2];
}

enum fwl_cel_err
fwl_cel_time_make(struct fwl_cel_cell *at, int64_t seconds, uint32_t nanos)
{
    fwl_cel_set_time(at, seconds, nanos);
    return seconds >= FWL_CEL_TIME_FIRST && seconds <= FWL_CEL_TIME_LAST ? FWL_CEL_OK : FWL_CEL_ERR_OVERFLOW;
}

/* RFC 3339, within the years 1..9999 */
static enum fwl_cel_err
parse_time(struct fwl_cel_cell *at)
{
    struct cursor c = cursor_of(fwl_cel_cell_text(at));
    int32_t offset = 0;
    uint32_t nanos = 0;
    int64_t seconds = 0;
    bool west = false;

    if (!take_date(&c, &seconds) || (take(&c, '.') && !take_fraction(&c, &nanos))) {
        return FWL_CEL_ERR_TEXT;
    }
    if (take(&c, 'Z') || take(&c, 'z') ? c.p != c.end : !take_sign(&c, &west) || !take_offset(&c, west, &offset)) {
        return FWL_CEL_ERR_TEXT;
    }
    return fwl_cel_time_make(at, seconds - offset, nanos);
}

/* h ms m s us ns, as nanoseconds; 0 when there is none */
static FWL_NOINLINE uint64_t
take_unit(struct cursor *c)
{
    static const struct {
        char text[2];
        uint16_t factor;
        uint32_t nanos;
    } units[6] = {{"h", 3600, FWL_CEL_NANOS}, {"ms", 1, 1000000}, {"m", 60, FWL_CEL_NANOS},
                  {"s", 1, FWL_CEL_NANOS},    {"us", 1, 1000},    {"ns", 1, 1}};

    for (size_t i = 0; i < FWL_COUNT(units); i++) {
        struct cursor at = *c;

        if (take(&at, units[i].text[0]) && (units[i].text[1] == '\0' || take(&at, units[i].text[1]))) {
            *c = at;
            return (uint64_t)units[i].factor * units[i].nanos;
        }
    }
    return 0;
}

/* One part, 12.5h: the whole number times the unit, and the fraction digit by digit, cut off below a nanosecond. */
static enum fwl_cel_err
take_part(struct cursor *c, uint64_t *total)
{
    struct cursor fraction;
    uint64_t whole = 0;
    uint64_t unit = 0;
    bool fits = true;
    bool digits = at_digit(c);

    for (; at_digit(c); c->p++) {
        fits = fits && fwl_cel_number_digit(&whole, *c->p);
    }
    fraction = *c;
    if (take(c, '.')) {
        fraction.p++;
        digits = digits || at_digit(c);
        while (at_digit(c)) {
            c->p++;
        }
    }
    unit = take_unit(c);
    if (!digits || unit == 0) {
        return FWL_CEL_ERR_TEXT;
    }
    fits = fits && fwl_cel_number_scale(&whole, unit, *total);
    *total = whole;
    for (; at_digit(&fraction) && unit > 0; fraction.p++) {
        uint64_t part = unit * (uint64_t)(*fraction.p - '0');

        /* exact for ten digits: units are multiples of powers of ten, times 36 or 6 */
        (void)fwl_divide(&part, 10);
        (void)fwl_divide(&unit, 10);
        fits = fits && fwl_cel_number_scale(total, 1, part);
    }
    return fits ? FWL_CEL_OK : FWL_CEL_ERR_OVERFLOW;
}

/* "1h30m", "-1.5h", "100us" */
static enum fwl_cel_err
parse_duration(struct fwl_cel_cell *at)
{
    struct cursor c = cursor_of(fwl_cel_cell_text(at));
    uint64_t total = 0;
    bool negative = false;
    enum fwl_cel_err err = FWL_CEL_OK;

    (void)take_sign(&c, &negative);
    if (c.end - c.p == 1 && take(&c, '0')) {
        return fwl_cel_number_set(at, FWL_CEL_DURATION, 0, false);
    }
    do {
        enum fwl_cel_err part = take_part(&c, &total);

        if (part == FWL_CEL_ERR_TEXT) {
            return part; /* whatever overflowed before */
        }
        err = part == FWL_CEL_OK ? err : part;
    } while (c.p != c.end);
    return err == FWL_CEL_OK ? fwl_cel_number_set(at, FWL_CEL_DURATION, total, negative) : err;
}

static enum fwl_cel_err
get_of_duration(struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    bool negative = at->v.i < 0;
    uint64_t n = fwl_cel_number_magnitude(at->v.i);
    uint64_t nanos = fwl_divide(&n, FWL_CEL_NANOS);

    if (fn == FWL_CEL_FN_MILLISECONDS) {
        n = (uint32_t)nanos / (FWL_CEL_NANOS / 1000);
    } else if (fn != FWL_CEL_FN_SECONDS) {
        (void)fwl_divide(&n, fn == FWL_CEL_FN_HOURS ? 3600 : 60);
    }
    return fwl_cel_number_set(at, FWL_CEL_INT, n, negative);
}

/* getFullYear .. getMilliseconds */
static enum fwl_cel_err
get(struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    int32_t t[FWL_CEL_CIVIL_FIELDS + 1];
    int32_t zone = 0;

    if (at->kind == FWL_CEL_DURATION && count == 1 && fn >= FWL_CEL_FN_HOURS) {
        return get_of_duration(at, fn);
    }
    if (at->kind != FWL_CEL_TIMESTAMP || (count == 2 && at[1].kind != FWL_CEL_STRING)) {
        return FWL_CEL_ERR_TYPE;
    }
    if (count == 2 && !fwl_cel_time_parse_zone(&zone, fwl_cel_cell_text(&at[1]))) {
        return FWL_CEL_ERR_TEXT;
    }
    fwl_cel_time_civil(t, at->v.i + zone);
    t[FWL_CEL_CIVIL_FIELDS] = (int32_t)(at->size / (FWL_CEL_NANOS / 1000));
    fwl_cel_set(at, FWL_CEL_INT, t[fn - FWL_CEL_FN_FULL_YEAR]);
    return FWL_CEL_OK;
}

enum fwl_cel_err
fwl_cel_time_call(struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    if (fn >= FWL_CEL_FN_FULL_YEAR) {
        return get(at, fn, count);
    }
    if (at->kind == (fn == FWL_CEL_FN_DURATION ? FWL_CEL_DURATION : FWL_CEL_TIMESTAMP)) {
        return FWL_CEL_OK;
    }
    if (at->kind == FWL_CEL_STRING) {
        return fn == FWL_CEL_FN_DURATION ? parse_duration(at) : parse_time(at);
    }
    return at->kind == FWL_CEL_INT && fn == FWL_CEL_FN_TIMESTAMP ? fwl_cel_time_make(at, at->v.i, 0) : FWL_CEL_ERR_TYPE;
}
