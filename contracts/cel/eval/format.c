#include "contracts/cel/eval/format.h"

#include "contracts/cel/eval/time.h"
#include "contracts/cel/eval/vm.h"

static char *
put_text(char *to, const char *text)
{
    while (*text != '\0') {
        *to++ = *text++;
    }
    return to;
}

/* decimal, at least @digits long */
static char *
put_number(char *to, uint64_t n, int digits)
{
    char reversed[20];
    int count = 0;

    do {
        reversed[count++] = (char)('0' + fwl_divide(&n, 10));
    } while (n != 0 || count < digits);
    while (count > 0) {
        *to++ = reversed[--count];
    }
    return to;
}

/* .5 for 500000000; nothing for 0 */
static FWL_NOINLINE char *
put_fraction(char *to, uint32_t nanos)
{
    if (nanos == 0) {
        return to;
    }
    *to++ = '.';
    to = put_number(to, nanos, 9);
    while (to[-1] == '0') {
        to--;
    }
    return to;
}

static char *
put_time(char *to, const struct fwl_cel_cell *c)
{
    static const struct {
        uint8_t field;
        uint8_t digits;
        char after;
    } parts[6] = {{FWL_CEL_CIVIL_YEAR, 4, '-'}, {FWL_CEL_CIVIL_MONTH, 2, '-'},  {FWL_CEL_CIVIL_DAY, 2, 'T'},
                  {FWL_CEL_CIVIL_HOUR, 2, ':'}, {FWL_CEL_CIVIL_MINUTE, 2, ':'}, {FWL_CEL_CIVIL_SECOND, 2, 'Z'}};
    int32_t t[FWL_CEL_CIVIL_FIELDS];

    fwl_cel_time_civil(t, c->v.i);
    t[FWL_CEL_CIVIL_MONTH]++;
    for (size_t i = 0; i < FWL_COUNT(parts); i++) {
        to = put_number(to, (uint64_t)t[parts[i].field], parts[i].digits);
        if (parts[i].after == 'Z') {
            to = put_fraction(to, c->size);
        }
        *to++ = parts[i].after;
    }
    return to;
}

static char *
put_signed(char *to, const struct fwl_cel_cell *c)
{
    uint64_t n = c->v.u;
    uint32_t nanos = 0;

    if (c->kind != FWL_CEL_UINT && c->v.i < 0) {
        *to++ = '-';
        n = 0 - n;
    }
    if (c->kind == FWL_CEL_DURATION) {
        nanos = (uint32_t)fwl_divide(&n, FWL_CEL_NANOS);
    }
    to = put_fraction(put_number(to, n, 1), nanos);
    if (c->kind == FWL_CEL_DURATION) {
        *to++ = 's';
    }
    return to;
}

#ifndef FWL_CEL_NO_NET

static FWL_NOINLINE char *
put_hex(char *to, unsigned n)
{
    bool started = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = (n >> shift) & 15;

        if (digit != 0 || started || shift == 0) {
            *to++ = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
            started = true;
        }
    }
    return to;
}

/* RFC 5952: lower case, the longest run of two or more zero groups as "::", the first one of equal runs */
static char *
put_ipv6(char *to, const uint8_t *p)
{
    int best = 8; /* first group of the run, 8 = none */
    int best_length = 1;
    bool colon = false;

    for (int i = 0; i < 8; i++) {
        int length = 0;

        while (i + length < 8 && fwl_load_be16(p + (ptrdiff_t)2 * (i + length)) == 0) {
            length++;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
        i += length;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            to = put_text(to, "::");
            i += best_length - 1;
            colon = false;
            continue;
        }
        if (colon) {
            *to++ = ':';
        }
        to = put_hex(to, fwl_load_be16(p + (ptrdiff_t)2 * i));
        colon = true;
    }
    return to;
}

static char *
put_address(char *to, const struct fwl_cel_cell *c)
{
    if (c->detail != 4) {
        to = put_ipv6(to, c->v.p);
    } else {
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                *to++ = '.';
            }
            to = put_number(to, c->v.p[i], 1);
        }
    }
    if (c->kind == FWL_CEL_CIDR) {
        *to++ = '/';
        to = put_number(to, c->size, 1);
    }
    return to;
}

#endif

size_t
fwl_cel_format(char out[FWL_CEL_FORMAT_BYTES], const struct fwl_cel_cell *c)
{
    char *end = out;

    if (c->kind == FWL_CEL_BOOL) {
        end = put_text(out, fwl_cel_cell_true(c) ? "true" : "false");
    } else if (c->kind == FWL_CEL_INT || c->kind == FWL_CEL_UINT || c->kind == FWL_CEL_DURATION) {
        end = put_signed(out, c);
    } else if (c->kind == FWL_CEL_TIMESTAMP) {
        end = put_time(out, c);
    }
#ifndef FWL_CEL_NO_NET
    if (c->kind == FWL_CEL_IP || c->kind == FWL_CEL_CIDR) {
        end = put_address(out, c);
    }
#endif
    return (size_t)(end - out);
}
