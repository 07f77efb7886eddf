#include "core/version.h"

#include "core/cbor.h"

/* Ranks of the suffixes of a dotted version; no suffix sorts last. */
enum rank {
    RANK_DEV,
    RANK_ALPHA,
    RANK_BETA,
    RANK_RC,
    RANK_RELEASE,
};

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
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

static size_t
skip_digits(struct fwl_span text, size_t at)
{
    while (has_digit(text, at)) {
        at++;
    }
    return at;
}

/* Cuts the first @size bytes off @text. */
static struct fwl_span
take(struct fwl_span *text, size_t size)
{
    struct fwl_span head = fwl_span(text->p, size);

    FWL_ASSERT(size <= text->size);
    *text = size == text->size ? (struct fwl_span){0} : fwl_span(text->p + size, text->size - size);
    return head;
}

static struct fwl_span
take_digits(struct fwl_span *text)
{
    return take(text, skip_digits(*text, 0));
}

/* The offset of the first @c, or text.size. */
static size_t
find(struct fwl_span text, char c)
{
    size_t at = 0;

    while (at < text.size && !has(text, at, c)) {
        at++;
    }
    return at;
}

/* Cuts off what stands before the first @separator, and drops the separator. */
static struct fwl_span
take_until(struct fwl_span *text, char separator)
{
    struct fwl_span head = take(text, find(*text, separator));

    if (text->size > 0) {
        (void)take(text, 1);
    }
    return head;
}

/* The order of two numbers given as digits; leading zeros do not count, no digits are 0. */
static int
compare_digits(struct fwl_span a, struct fwl_span b)
{
    while (has(a, 0, '0')) {
        (void)take(&a, 1);
    }
    while (has(b, 0, '0')) {
        (void)take(&b, 1);
    }
    if (a.size != b.size) {
        return a.size < b.size ? -1 : 1;
    }
    return fwl_span_compare(a, b);
}

/* The checks below move @at to the end of what is right; true when that is the end of the text. */

/* Identifiers separated by dots; with @strict a number among them has no leading zero. */
static bool
semver_identifiers(struct fwl_span text, size_t *at, bool strict)
{
    for (;;) {
        size_t start = *at;
        bool number = true;

        while (*at < text.size && (is_digit(text.p[*at]) || is_letter(text.p[*at]) || text.p[*at] == '-')) {
            number = number && is_digit(text.p[*at]);
            (*at)++;
        }
        if (*at == start) {
            return false;
        }
        if (strict && number && *at - start > 1 && text.p[start] == '0') {
            *at = start;
            return false;
        }
        if (!has(text, *at, '.')) {
            return true;
        }
        (*at)++;
    }
}

static bool
semver_check(struct fwl_span text, size_t *at)
{
    for (int i = 0; i < 3; i++) {
        size_t start = 0;

        if (i > 0) {
            if (!has(text, *at, '.')) {
                return false;
            }
            (*at)++;
        }
        start = *at;
        *at = skip_digits(text, start);
        if (*at == start) {
            return false;
        }
        if (*at - start > 1 && text.p[start] == '0') {
            *at = start;
            return false;
        }
    }
    if (has(text, *at, '-')) {
        (*at)++;
        if (!semver_identifiers(text, at, true)) {
            return false;
        }
    }
    if (has(text, *at, '+')) {
        (*at)++;
        if (!semver_identifiers(text, at, false)) {
            return false;
        }
    }
    return *at == text.size;
}

/* SemVer 11.4: numbers below words, numbers by value, words bytewise, the shorter list of equal ones first. */
static int
semver_compare_identifiers(struct fwl_span a, struct fwl_span b)
{
    while (a.size > 0 && b.size > 0) {
        struct fwl_span x = take_until(&a, '.');
        struct fwl_span y = take_until(&b, '.');
        bool x_number = skip_digits(x, 0) == x.size;
        bool y_number = skip_digits(y, 0) == y.size;
        int order = 0;

        if (x_number != y_number) {
            return x_number ? -1 : 1;
        }
        order = x_number ? compare_digits(x, y) : fwl_span_compare(x, y);
        if (order != 0) {
            return order;
        }
    }
    return (a.size > 0) - (b.size > 0);
}

static int
semver_compare(struct fwl_span a, struct fwl_span b)
{
    a.size = find(a, '+');
    b.size = find(b, '+');
    for (int i = 0; i < 3; i++) {
        int order = compare_digits(take_digits(&a), take_digits(&b));

        if (order != 0) {
            return order;
        }
        if (i < 2 && a.size > 0 && b.size > 0) { /* the dots */
            (void)take(&a, 1);
            (void)take(&b, 1);
        }
    }
    if (a.size == 0 || b.size == 0) {
        return (a.size == 0) - (b.size == 0); /* with a pre-release it is lower than without */
    }
    (void)take(&a, 1);
    (void)take(&b, 1);
    return semver_compare_identifiers(a, b);
}

static int
hex_value(uint8_t c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decimal or 0x hexadecimal; @at stops at the digit that no uint32 holds, or that is none. */
static bool
number_parse(struct fwl_span text, size_t *at, uint32_t *out)
{
    uint64_t base = has(text, 0, '0') && has(text, 1, 'x') ? 16 : 10;
    uint64_t value = 0;

    *at = base == 16 ? 2 : 0;
    if (*at == text.size) {
        return false;
    }
    for (; *at < text.size; (*at)++) {
        int digit = hex_value(text.p[*at]);

        if (digit < 0 || (uint64_t)digit >= base || value * base + (uint64_t)digit > UINT32_MAX) {
            return false;
        }
        value = value * base + (uint64_t)digit;
    }
    *out = (uint32_t)value;
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

/* The word of a suffix at the start of @text: its length, and its @rank; 0 when there is none. */
static size_t
dotted_word(struct fwl_span text, enum rank *rank)
{
    static const struct {
        const char *word;
        enum rank rank;
    } words[] = {
        {"dev", RANK_DEV},   {"alpha", RANK_ALPHA}, {"a", RANK_ALPHA},
        {"beta", RANK_BETA}, {"b", RANK_BETA},      {"rc", RANK_RC},
    };

    for (size_t i = 0; i < FWL_COUNT(words); i++) {
        size_t size = strlen(words[i].word);

        if (text.size >= size && memcmp(text.p, words[i].word, size) == 0) {
            *rank = words[i].rank;
            return size;
        }
    }
    return 0;
}

static bool
dotted_check(struct fwl_span text, size_t *at)
{
    enum rank rank = RANK_RELEASE;
    size_t word = 0;

    if (!has_digit(text, 0)) {
        return false;
    }
    *at = skip_digits(text, 0);
    while (has(text, *at, '.') && has_digit(text, *at + 1)) {
        *at = skip_digits(text, *at + 1);
    }
    if (*at == text.size) {
        return true;
    }
    if (text.p[*at] == '.' || text.p[*at] == '-') {
        (*at)++;
    }
    word = dotted_word(fwl_span(text.p + *at, text.size - *at), &rank);
    *at += word;
    if (word == 0 || !has_digit(text, *at)) {
        return false;
    }
    *at = skip_digits(text, *at);
    return *at == text.size;
}

/* Cuts the next number off; false when no number follows. */
static bool
dotted_next(struct fwl_span *text, struct fwl_span *digits)
{
    *digits = (struct fwl_span){0};
    if (has(*text, 0, '.') && has_digit(*text, 1)) {
        (void)take(text, 1);
    }
    *digits = take_digits(text);
    return digits->size > 0;
}

static enum rank
dotted_suffix(struct fwl_span *text)
{
    enum rank rank = RANK_RELEASE;

    if (has(*text, 0, '.') || has(*text, 0, '-')) {
        (void)take(text, 1);
    }
    (void)take(text, dotted_word(*text, &rank));
    return rank;
}

static int
dotted_compare(struct fwl_span a, struct fwl_span b)
{
    struct fwl_span x;
    struct fwl_span y;
    enum rank rank_a = RANK_RELEASE;
    enum rank rank_b = RANK_RELEASE;

    for (;;) {
        bool more_a = dotted_next(&a, &x);
        bool more_b = dotted_next(&b, &y);
        int order = 0;

        if (!more_a || !more_b) {
            if (more_a != more_b) {
                return more_a ? 1 : -1;
            }
            break;
        }
        order = compare_digits(x, y);
        if (order != 0) {
            return order;
        }
    }
    rank_a = dotted_suffix(&a);
    rank_b = dotted_suffix(&b);
    return rank_a != rank_b ? (rank_a < rank_b ? -1 : 1) : compare_digits(a, b);
}

struct debian {
    struct fwl_span epoch; /* empty: 0 */
    struct fwl_span upstream;
    struct fwl_span revision; /* empty: as "0" */
    bool has_revision;
};

/* The epoch ends at the first colon, the revision begins after the last hyphen. */
static struct debian
debian_split(struct fwl_span text)
{
    struct debian d = {0};

    if (find(text, ':') < text.size) {
        d.epoch = take_until(&text, ':');
    }
    for (size_t at = text.size; at > 0; at--) {
        if (text.p[at - 1] == '-') {
            d.has_revision = true;
            d.upstream = fwl_span(text.p, at - 1);
            d.revision = fwl_span(text.p + at, text.size - at);
            return d;
        }
    }
    d.upstream = text;
    return d;
}

/* The first byte of @part from @at on that is neither letter nor digit nor in @more; part.size when all are. */
static size_t
debian_scan(struct fwl_span part, const char *more)
{
    struct fwl_span allowed = fwl_span_text(more);

    for (size_t at = 0; at < part.size; at++) {
        uint8_t c = part.p[at];

        if (!is_digit(c) && !is_letter(c) && find(allowed, (char)c) == allowed.size) {
            return at;
        }
    }
    return part.size;
}

static bool
debian_epoch(struct fwl_span text, size_t colon, size_t *at)
{
    uint32_t value = 0;

    for (*at = 0; *at < colon; (*at)++) {
        if (!has_digit(text, *at) || value > (INT32_MAX - (uint32_t)(text.p[*at] - '0')) / 10) {
            return false; /* no digit, or above what dpkg takes */
        }
        value = value * 10 + (uint32_t)(text.p[*at] - '0');
    }
    return colon > 0;
}

static bool
debian_check(struct fwl_span text, size_t *at)
{
    struct debian d = debian_split(text);
    size_t colon = find(text, ':');
    size_t ok = 0;

    if (colon < text.size) {
        if (!debian_epoch(text, colon, at)) {
            return false;
        }
        *at = colon + 1;
    }
    if (d.upstream.size == 0 || !is_digit(d.upstream.p[0])) {
        return false;
    }
    ok = debian_scan(d.upstream, ".+-~:");
    *at += ok;
    if (ok < d.upstream.size || !d.has_revision) {
        return ok == d.upstream.size;
    }
    ok = debian_scan(d.revision, ".+~");
    *at += 1 + ok;
    return ok == d.revision.size && ok > 0;
}

/* Debian Policy 5.6.12: "~" before the end, the end (and a digit) before letters, letters before all else. */
static int
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
    while (a.size > 0 || b.size > 0) {
        int order = 0;

        while (debian_weight(a) != 0 || debian_weight(b) != 0) {
            order = debian_weight(a) - debian_weight(b);
            if (order != 0) {
                return order;
            }
            (void)take(&a, 1);
            (void)take(&b, 1);
        }
        order = compare_digits(take_digits(&a), take_digits(&b));
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int
debian_compare(struct fwl_span a, struct fwl_span b)
{
    struct debian x = debian_split(a);
    struct debian y = debian_split(b);
    int order = compare_digits(x.epoch, y.epoch);

    if (order == 0) {
        order = debian_compare_part(x.upstream, y.upstream);
    }
    return order != 0 ? order : debian_compare_part(x.revision, y.revision);
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
    if (fwl_scheme_name(scheme) == NULL) {
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
