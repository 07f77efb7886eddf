#include "core/time.h"

enum {
    DAY_S = 86400,
};

/* Days from 1970-01-01 to the given day; years of March to February make the leap day the last of a year. */
static int64_t
days_from_civil(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t
days_of_month(int64_t year, int64_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* A cursor over the text; -1 marks a failure that stays. */
struct cursor {
    struct fwl_span left;
    bool failed;
};

static int64_t
digits(struct cursor *c, size_t count)
{
    int64_t v = 0;

    for (size_t i = 0; i < count; i++) {
        if (i >= c->left.size || c->left.p[i] < '0' || c->left.p[i] > '9') {
            c->failed = true;
            return 0;
        }
        v = v * 10 + (c->left.p[i] - '0');
    }
    c->left = fwl_span(c->left.p + count, c->left.size - count);
    return v;
}

static bool
take(struct cursor *c, char upper)
{
    if (c->left.size > 0 && (c->left.p[0] == (uint8_t)upper || c->left.p[0] == (uint8_t)(upper | 0x20))) {
        c->left = fwl_span(c->left.p + 1, c->left.size - 1);
        return true;
    }
    return false;
}

static void
need(struct cursor *c, char upper)
{
    c->failed = !take(c, upper) || c->failed;
}

static void
skip_fraction(struct cursor *c)
{
    if (take(c, '.')) {
        (void)digits(c, 1);
        while (c->left.size > 0 && c->left.p[0] >= '0' && c->left.p[0] <= '9') {
            (void)digits(c, 1);
        }
    }
}

/* The offset from UTC in seconds at the end of the text. */
static int64_t
offset(struct cursor *c)
{
    int64_t sign = 0;
    int64_t hours = 0;
    int64_t minutes = 0;

    if (take(c, 'Z')) {
        return 0;
    }
    sign = take(c, '+') ? 1 : -1;
    if (sign < 0) {
        need(c, '-');
    }
    hours = digits(c, 2);
    need(c, ':');
    minutes = digits(c, 2);
    c->failed = c->failed || hours > 23 || minutes > 59;
    return sign * (hours * 3600 + minutes * 60);
}

enum fwl_err
fwl_time_parse(int64_t *unix_s, struct fwl_span text)
{
    struct cursor c = {.left = text};
    int64_t year = digits(&c, 4);
    int64_t month = (need(&c, '-'), digits(&c, 2));
    int64_t day = (need(&c, '-'), digits(&c, 2));
    int64_t hour = (need(&c, 'T'), digits(&c, 2));
    int64_t minute = (need(&c, ':'), digits(&c, 2));
    int64_t second = (need(&c, ':'), digits(&c, 2));
    int64_t east = 0;

    *unix_s = 0;
    skip_fraction(&c);
    east = offset(&c);
    if (c.failed || c.left.size != 0 || year < 1 || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 60) {
        return FWL_ERR_VALUE;
    }
    second = second == 60 ? 59 : second;
    *unix_s = days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second - east;
    return FWL_OK;
}

static char *
put_digits(char *to, uint64_t v, size_t count)
{
    for (size_t i = count; i-- > 0; v /= 10) {
        to[i] = (char)('0' + v % 10);
    }
    return to + count;
}

void
fwl_time_text(char out[FWL_TIME_TEXT_SIZE], uint64_t unix_ms)
{
    uint64_t seconds = unix_ms / 1000;
    uint64_t days = seconds / DAY_S + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097;
    uint64_t day_of_era = days % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t shifted = (5 * day_of_year + 2) / 153; /* month, March = 0 */
    uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    char *to = put_digits(out, era * 400 + year_of_era + (month <= 2), 4);

    *to++ = '-';
    to = put_digits(to, month, 2);
    *to++ = '-';
    to = put_digits(to, day_of_year - (153 * shifted + 2) / 5 + 1, 2);
    *to++ = 'T';
    to = put_digits(to, seconds / 3600 % 24, 2);
    *to++ = ':';
    to = put_digits(to, seconds / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, seconds % 60, 2);
    if (unix_ms % 1000 != 0) {
        *to++ = '.';
        to = put_digits(to, unix_ms % 1000, 3);
    }
    *to++ = 'Z';
    *to = '\0';
}
