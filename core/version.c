#include "core/version.h"

#include "core/cbor.h"

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'z';
}

/* Is there a byte @c at @at? */
static bool
has(struct fwl_span text, size_t at, char c)
{
    return at < text.size && text.p[at] == (uint8_t)c;
}

static bool
has_digit(struct fwl_span text, size_t at)
{
    return at < text.size && is_digit(text.p[at]);
}

/* The offset of the first byte from @at on that is no digit. */
static size_t
skip_digits(struct fwl_span text, size_t at)
{
    while (has_digit(text, at)) {
        at++;
    }
    return at;
}

/* The offset of the first @c, or text.size. */
static size_t
find(struct fwl_span text, char c)
{
    size_t at = 0;

    while (at < text.size && text.p[at] != (uint8_t)c) {
        at++;
    }
    return at;
}

/* Cuts off the first @size bytes, or as many as there are. */
static void
drop(struct fwl_span *text, size_t size)
{
    size = FWL_MIN(size, text->size);
    if (size > 0) {
        text->p += size;
    }
    text->size -= size;
}

/* The order of the numbers that stand first; leading zeros do not count, no digits are 0. Cuts both off. */
static int
compare_numbers(struct fwl_span *a, struct fwl_span *b)
{
    struct fwl_span x;
    struct fwl_span y;

    while (has(*a, 0, '0')) {
        drop(a, 1);
    }
    while (has(*b, 0, '0')) {
        drop(b, 1);
    }
    x = fwl_span(a->p, skip_digits(*a, 0));
    y = fwl_span(b->p, skip_digits(*b, 0));
    drop(a, x.size);
    drop(b, y.size);
    return x.size != y.size ? (x.size < y.size ? -1 : 1) : fwl_span_compare(x, y);
}

/* The checks below move @at to the end of what is right; true when that is the end of the text. */

/* A number; with @strict without a leading zero. */
static bool
number(struct fwl_span text, size_t *at, bool strict)
{
    size_t end = skip_digits(text, *at);

    if (end == *at || (strict && end - *at > 1 && text.p[*at] == '0')) {
        return false;
    }
    *at = end;
    return true;
}

/* Identifiers separated by dots; with @strict a number among them has no leading zero. */
static bool
semver_identifiers(struct fwl_span text, size_t *at, bool strict)
{
    do {
        size_t end = ++*at; /* behind the hyphen, plus or dot */

        while (end < text.size && (is_digit(text.p[end]) || is_letter(text.p[end]) || text.p[end] == '-')) {
            end++;
        }
        if (end == *at || (skip_digits(text, *at) == end && !number(text, at, strict))) {
            return false;
        }
        *at = end;
    } while (has(text, *at, '.'));
    return true;
}

static bool
semver_check(struct fwl_span text, size_t *at)
{
    for (int i = 0; i < 3; i++) {
        if (i > 0 && !has(text, *at, '.')) {
            return false;
        }
        *at += i > 0;
        if (!number(text, at, true)) {
            return false;
        }
    }
    return (!has(text, *at, '-') || semver_identifiers(text, at, true)) &&
           (!has(text, *at, '+') || semver_identifiers(text, at, false)) && *at == text.size;
}

/* SemVer 11: numbers by value; a pre-release is lower than none; among its identifiers numbers are below words, words
 * bytewise, the shorter list of equal ones first. */
static FWL_NOINLINE int
semver_compare(struct fwl_span a, struct fwl_span b)
{
    int order = 0;

    a.size = find(a, '+');
    b.size = find(b, '+');
    for (int i = 0; i < 3 && order == 0; i++) {
        drop(&a, i > 0); /* the dots */
        drop(&b, i > 0);
        order = compare_numbers(&a, &b);
    }
    if (order == 0 && (a.size == 0 || b.size == 0)) {
        return (a.size == 0) - (b.size == 0);
    }
    while (order == 0 && a.size > 0 && b.size > 0) {
        struct fwl_span x;
        struct fwl_span y;
        bool x_number = false;
        bool y_number = false;

        drop(&a, 1); /* the hyphens, then the dots */
        drop(&b, 1);
        x = fwl_span(a.p, find(a, '.'));
        y = fwl_span(b.p, find(b, '.'));
        drop(&a, x.size);
        drop(&b, y.size);
        x_number = skip_digits(x, 0) == x.size;
        y_number = skip_digits(y, 0) == y.size;
        if (x_number != y_number) {
            return x_number ? -1 : 1;
        }
        order = x_number ? compare_numbers(&x, &y) : fwl_span_compare(x, y);
    }
    return order != 0 ? order : (a.size > 0) - (b.size > 0);
}

/* Decimal or 0x hexadecimal; @at stops at the digit that no uint32 holds, or that is none. */
static bool
number_parse(struct fwl_span text, size_t *at, uint32_t *out)
{
    uint32_t base = has(text, 0, '0') && has(text, 1, 'x') ? 16 : 10;
    uint32_t value = 0;

    *at = base == 16 ? 2 : 0;
    if (*at == text.size) {
        return false;
    }
    for (; *at < text.size; (*at)++) {
        uint8_t c = text.p[*at];
        uint32_t digit = is_digit(c) ? c - (uint32_t)'0' : is_letter(c) ? (c | 0x20U) - 'a' + 10 : base;

        if (digit >= base || value > (UINT32_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out = value;
    return true;
}

static int
number_compare(struct fwl_span a, struct fwl_span b)
{
    size_t at = 0;
    uint32_t x = 0;
    uint32_t y = 0;
    bool ok = number_parse(a, &at, &x) && number_parse(b, &at, &y);

    FWL_ASSERT(ok);
    return (x > y) - (x < y);
}

/* The word of a suffix at the start of @text: its length, and its @rank, 0 to 3; 0 when there is none. */
static size_t
dotted_word(struct fwl_span text, int *rank)
{
    static const char words[6][6] = {"dev", "alpha", "a", "beta", "b", "rc"}; /* alpha = a, beta = b */

    for (size_t i = 0; i < FWL_COUNT(words); i++) {
        size_t size = strlen(words[i]);

        if (text.size >= size && memcmp(text.p, words[i], size) == 0) {
            *rank = (int)(i + 1) / 2;
            return size;
        }
    }
    return 0;
}

static bool
dotted_check(struct fwl_span text, size_t *at)
{
    int rank = 0;
    size_t word = 0;

    if (!number(text, at, false)) {
        return false;
    }
    while (has(text, *at, '.') && has_digit(text, *at + 1)) {
        *at = skip_digits(text, *at + 1);
    }
    if (*at == text.size) {
        return true;
    }
    *at += text.p[*at] == '.' || text.p[*at] == '-';
    word = dotted_word(fwl_span(text.p + *at, text.size - *at), &rank);
    *at += word;
    return word != 0 && number(text, at, false) && *at == text.size;
}

/* Moves to the next number; false when no number follows. */
static bool
dotted_next(struct fwl_span *text)
{
    drop(text, has(*text, 0, '.') && has_digit(*text, 1));
    return has_digit(*text, 0);
}

/* Cuts off the word of a suffix; its rank, above all others where there is none. */
static int
dotted_suffix(struct fwl_span *text)
{
    int rank = 4;

    drop(text, has(*text, 0, '.') || has(*text, 0, '-'));
    drop(text, dotted_word(*text, &rank));
    return rank;
}

static int
dotted_compare(struct fwl_span a, struct fwl_span b)
{
    int order = 0;

    for (;;) {
        bool more_a = dotted_next(&a);
        bool more_b = dotted_next(&b);

        if (!more_a || !more_b) {
            order = (more_a ? 1 : 0) - (more_b ? 1 : 0);
            break;
        }
        order = compare_numbers(&a, &b);
        if (order != 0) {
            return order;
        }
    }
    if (order == 0) {
        order = dotted_suffix(&a) - dotted_suffix(&b);
    }
    return order != 0 ? order : compare_numbers(&a, &b);
}

/* The part that the last hyphen ends; what follows it, or nothing, stays in @text. */
static struct fwl_span
debian_upstream(struct fwl_span *text)
{
    struct fwl_span upstream = *text;
    size_t at = text->size;

    while (at > 0 && text->p[at - 1] != '-') {
        at--;
    }
    if (at > 0) {
        upstream.size = at - 1;
    }
    drop(text, at > 0 ? at : text->size);
    return upstream;
}

/* The first byte of @part that is neither letter nor digit nor in @more; part.size when all are. */
static size_t
debian_scan(struct fwl_span part, const char *more)
{
    struct fwl_span allowed = fwl_span_text(more);
    size_t at = 0;

    while (at < part.size &&
           (is_digit(part.p[at]) || is_letter(part.p[at]) || find(allowed, (char)part.p[at]) < allowed.size)) {
        at++;
    }
    return at;
}

/* A number of at most 2^31 - 1, which is what dpkg takes. */
static bool
debian_epoch(struct fwl_span text, size_t *at)
{
    uint32_t value = 0;

    for (; *at < text.size; (*at)++) {
        uint32_t digit = text.p[*at] - (uint32_t)'0';

        if (digit > 9 || value > (INT32_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    return text.size > 0;
}

static bool
debian_check(struct fwl_span text, size_t *at)
{
    size_t colon = find(text, ':');
    struct fwl_span rest = text;
    struct fwl_span upstream = {0};
    size_t ok = 0;

    if (colon < text.size) {
        if (!debian_epoch(fwl_span(text.p, colon), at)) {
            return false;
        }
        *at = colon + 1;
        drop(&rest, colon + 1);
    }
    upstream = debian_upstream(&rest);
    if (!has_digit(upstream, 0)) {
        return false;
    }
    ok = debian_scan(upstream, ".+-~:");
    *at += ok;
    if (ok < upstream.size || *at == text.size) {
        return ok == upstream.size;
    }
    ok = debian_scan(rest, ".+~");
    *at += 1 + ok;
    return ok == rest.size && ok > 0;
}

/* Debian Policy 5.6.12: "~" before the end, the end (and a digit) before letters, letters before all else. */
static FWL_NOINLINE int
debian_weight(struct fwl_span rest)
{
    if (rest.size == 0 || is_digit(rest.p[0])) {
        return 0;
    }
    if (rest.p[0] == '~') {
        return -1;
    }
    return is_letter(rest.p[0]) ? rest.p[0] : rest.p[0] + 256;
}

/* Stretches without digits by weight and stretches of digits by value, in turn. */
static int
debian_compare_part(struct fwl_span a, struct fwl_span b)
{
    int order = 0;

    while (order == 0 && (a.size > 0 || b.size > 0)) {
        order = debian_weight(a) - debian_weight(b);
        if (order == 0 && debian_weight(a) == 0) {
            order = compare_numbers(&a, &b);
        } else {
            drop(&a, 1);
            drop(&b, 1);
        }
    }
    return order;
}

/* Cuts off the epoch, which ends at the first colon. */
static struct fwl_span
debian_cut_epoch(struct fwl_span *text)
{
    struct fwl_span epoch = fwl_span(text->p, find(*text, ':'));

    if (epoch.size == text->size) {
        epoch.size = 0;
        return epoch;
    }
    drop(text, epoch.size + 1);
    return epoch;
}

static int
debian_compare(struct fwl_span a, struct fwl_span b)
{
    struct fwl_span x = debian_cut_epoch(&a);
    struct fwl_span y = debian_cut_epoch(&b);
    int order = compare_numbers(&x, &y);

    if (order == 0) {
        x = debian_upstream(&a);
        y = debian_upstream(&b);
        order = debian_compare_part(x, y);
    }
    return order != 0 ? order : debian_compare_part(a, b);
}

const char *
fwl_scheme_name(uint64_t scheme)
{
    static const char *const names[] = {"semver", "number", "dotted", "debian", "opaque"};

    return scheme < FWL_SCHEME_SEMVER || scheme > FWL_SCHEME_OPAQUE ? NULL : names[scheme - FWL_SCHEME_SEMVER];
}

enum fwl_scheme
fwl_scheme_from_name(struct fwl_span name)
{
    for (uint64_t scheme = FWL_SCHEME_SEMVER; scheme <= FWL_SCHEME_OPAQUE; scheme++) {
        if (fwl_span_is(name, fwl_scheme_name(scheme))) {
            return (enum fwl_scheme)scheme;
        }
    }
    return (enum fwl_scheme)0;
}

enum fwl_err
fwl_version_check(uint64_t scheme, struct fwl_span text, size_t *bad_offset)
{
    size_t at = 0;
    uint32_t number = 0;
    bool ok = false;

    if (bad_offset != NULL) {
        *bad_offset = 0;
    }
    if (scheme < FWL_SCHEME_SEMVER || scheme > FWL_SCHEME_OPAQUE) {
        return FWL_ERR_UNKNOWN;
    }
    if (text.size > FWL_VERSION_BYTES_MAX) {
        at = FWL_VERSION_BYTES_MAX;
    } else if (text.size > 0) {
        switch ((enum fwl_scheme)scheme) {
        case FWL_SCHEME_SEMVER: ok = semver_check(text, &at); break;
        case FWL_SCHEME_NUMBER: ok = number_parse(text, &at, &number); break;
        case FWL_SCHEME_DOTTED: ok = dotted_check(text, &at); break;
        case FWL_SCHEME_DEBIAN: ok = debian_check(text, &at); break;
        case FWL_SCHEME_OPAQUE:
            at = fwl_utf8_prefix(text);
            ok = at == text.size;
            break;
        }
    }
    if (!ok && bad_offset != NULL) {
        *bad_offset = at;
    }
    return ok ? FWL_OK : FWL_ERR_VERSION;
}

int
fwl_version_compare(enum fwl_scheme scheme, struct fwl_span a, struct fwl_span b)
{
    FWL_DCHECK(fwl_version_check(scheme, a, NULL) == FWL_OK && fwl_version_check(scheme, b, NULL) == FWL_OK);
    switch (scheme) {
    case FWL_SCHEME_SEMVER: return semver_compare(a, b);
    case FWL_SCHEME_NUMBER: return number_compare(a, b);
    case FWL_SCHEME_DOTTED: return dotted_compare(a, b);
    case FWL_SCHEME_DEBIAN: return debian_compare(a, b);
    case FWL_SCHEME_OPAQUE: break;
    }
    FWL_ASSERT(false); /* an opaque version has no order in its text */
    return 0;
}
