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
        reversed[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0 || count < digits);
    while (count > 0) {
        *to++ = reversed[--count];
    }
    return to;
}

/* .5 for 500000000; nothing for 0 */
static char *
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
    struct fwl_cel_civil t;

    fwl_cel_time_civil(&t, c->v.i);
    to = put_number(to, (uint64_t)t.year, 4);
    *to++ = '-';
    to = put_number(to, t.month, 2);
    *to++ = '-';
    to = put_number(to, t.day, 2);
    *to++ = 'T';
    to = put_number(to, t.hour, 2);
    *to++ = ':';
    to = put_number(to, t.minute, 2);
    *to++ = ':';
    to = put_number(to, t.second, 2);
    to = put_fraction(to, c->size);
    *to++ = 'Z';
    return to;
}

static char *
put_signed(char *to, int64_t i)
{
    if (i < 0) {
        *to++ = '-';
    }
    return put_number(to, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 1);
}

static char *
put_duration(char *to, int64_t ns)
{
    uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

    if (ns < 0) {
        *to++ = '-';
    }
    to = put_number(to, n / FWL_CEL_NANOS, 1);
    to = put_fraction(to, (uint32_t)(n % FWL_CEL_NANOS));
    *to++ = 's';
    return to;
}

#ifndef FWL_CEL_NO_NET

static char *
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

    switch ((enum fwl_cel_kind)c->kind) {
    case FWL_CEL_BOOL: end = put_text(out, c->v.i != 0 ? "true" : "false"); break;
    case FWL_CEL_INT: end = put_signed(out, c->v.i); break;
    case FWL_CEL_UINT: end = put_number(out, c->v.u, 1); break;
    case FWL_CEL_TIMESTAMP: end = put_time(out, c); break;
    case FWL_CEL_DURATION: end = put_duration(out, c->v.i); break;
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
#ifndef FWL_CEL_NO_NET
        end = put_address(out, c);
#endif
        break;
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_NULL:
    case FWL_CEL_STRING:
    case FWL_CEL_BYTES:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_VERSION:
    case FWL_CEL_KINDS: break;
    }
    return (size_t)(end - out);
}
