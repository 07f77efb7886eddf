#include "contracts/cel/eval/net.h"

#include "contracts/cel/eval/format.h"
#include "contracts/cel/eval/vm.h"

/* One more digit of a number from 0 to @max without leading zeros; @digits are there already. */
static bool
decimal(unsigned *n, unsigned digits, uint8_t c, unsigned max)
{
    unsigned digit = c - (unsigned)'0';

    if (digit > 9 || (digits > 0 && *n == 0)) {
        return false;
    }
    *n = *n * 10 + digit;
    return *n <= max;
}

static bool
parse_v4(uint8_t out[4], struct fwl_span text)
{
    size_t part = 0;
    unsigned digits = 0;
    unsigned n = 0;

    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.p[i] != '.') {
            if (!decimal(&n, digits++, text.p[i], 255)) {
                return false;
            }
            continue;
        }
        if (digits == 0 || part == 4) {
            return false;
        }
        out[part++] = (uint8_t)n;
        digits = 0;
        n = 0;
    }
    return part == 4;
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
parse_v6(uint8_t out[16], struct fwl_span text)
{
    size_t groups = 0;
    size_t gap = 9; /* groups before "::"; 9 = none */
    size_t i = 0;

    if (text.size >= 2 && text.p[0] == ':' && text.p[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < text.size) {
        unsigned value = 0;
        size_t start = i;

        for (; i < text.size && hex_digit(text.p[i]) >= 0; i++) {
            value = value * 16 + (unsigned)hex_digit(text.p[i]);
        }
        if (i == start || i - start > 4 || groups == 8) {
            return false;
        }
        fwl_store_be16(out + 2 * groups++, (uint16_t)value);
        if (i == text.size) {
            break;
        }
        if (text.p[i++] != ':' || i == text.size) {
            return false;
        }
        if (text.p[i] == ':') {
            if (gap != 9) {
                return false;
            }
            gap = groups;
            i++;
        }
    }
    if (gap == 9) {
        return groups == 8;
    }
    if (groups >= 8) {
        return false;
    }
    memmove(out + 16 - 2 * (groups - gap), out + 2 * gap, 2 * (groups - gap));
    memset(out + 2 * gap, 0, 2 * (8 - groups));
    return true;
}

bool
fwl_cel_net_parse(struct fwl_cel_address *out, struct fwl_span text)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    memset(out, 0, sizeof(*out));
    if (text.size == 0) {
        return false;
    }
    out->family = 4;
    if (parse_v4(out->b, text)) {
        return true;
    }
    out->family = 6;
    if (!parse_v6(out->b, text)) {
        return false;
    }
    if (memcmp(out->b, mapped, sizeof(mapped)) == 0) {
        memmove(out->b, out->b + 12, 4);
        memset(out->b + 4, 0, 12);
        out->family = 4;
    }
    return true;
}

bool
fwl_cel_net_parse_cidr(struct fwl_cel_address *out, struct fwl_span text)
{
    size_t slash = 0;
    unsigned bits = 0;

    while (slash < text.size && text.p[slash] != '/') {
        slash++;
    }
    if (!fwl_cel_net_parse(out, fwl_span(text.p, slash))) {
        return false;
    }
    for (size_t i = slash + 1; i < text.size; i++) {
        if (!decimal(&bits, (unsigned)(i - slash - 1), text.p[i], out->family == 4 ? 32 : 128)) {
            return false;
        }
    }
    out->prefix = (uint8_t)bits;
    return slash + 1 < text.size;
}

static enum fwl_cel_err
put(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, const struct fwl_cel_address *a)
{
    uint8_t *bytes = fwl_cel_vm_text(vm, 16);

    if (bytes == NULL) {
        return FWL_CEL_ERR_ARENA;
    }
    memcpy(bytes, a->b, 16);
    fwl_cel_set_view(at, kind, fwl_span(bytes, a->prefix));
    at->detail = a->family;
    return FWL_CEL_OK;
}

static void
get(struct fwl_cel_address *a, const struct fwl_cel_cell *c)
{
    memcpy(a->b, c->v.p, c->detail == 4 ? 4 : 16);
    a->family = c->detail;
    a->prefix = (uint8_t)c->size;
}

static void
mask(struct fwl_cel_address *a)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned keep = a->prefix > 8 * i ? FWL_MIN(8, a->prefix - 8 * i) : 0;

        a->b[i] &= (uint8_t)(0xff00 >> keep);
    }
}

/* does the network @net hold the first @prefix bits of @a? Both are masked. */
static bool
holds(struct fwl_cel_address *net, struct fwl_cel_address *a)
{
    if (net->family != a->family || a->prefix < net->prefix) {
        return false;
    }
    a->prefix = net->prefix;
    mask(net);
    mask(a);
    return memcmp(net->b, a->b, (net->prefix + 7U) / 8) == 0;
}

/* all bits 0 but for those of the last byte */
static bool
is_number(const struct fwl_cel_address *a, uint8_t last)
{
    size_t end = a->family == 4 ? 3 : 15;
    bool is = a->b[end] == last;

    for (size_t i = 0; i < end; i++) {
        is = is && a->b[i] == 0;
    }
    return is;
}

static bool
test(const struct fwl_cel_address *a, enum fwl_cel_function fn)
{
    bool v4 = a->family == 4;
    uint32_t head = fwl_load_be32(a->b);
    bool loopback = v4 ? head >> 24 == 127 : is_number(a, 1);
    bool unspecified = is_number(a, 0);
    bool multicast = v4 ? head >> 28 == 0xe : head >> 24 == 0xff;
    bool link_multicast = v4 ? head >> 8 == 0xe00000 : (head & 0xff0f0000) == 0xff020000;
    bool link_unicast = v4 ? head >> 16 == 0xa9fe : head >> 22 == 0xfe80 >> 6;
    bool broadcast = v4 && head == UINT32_MAX;

    if (fn == FWL_CEL_FN_IS_GLOBAL_UNICAST) {
        return !loopback && !unspecified && !multicast && !link_unicast && !broadcast;
    }
    return fn == FWL_CEL_FN_IS_LOOPBACK               ? loopback
           : fn == FWL_CEL_FN_IS_UNSPECIFIED          ? unspecified
           : fn == FWL_CEL_FN_IS_LINK_LOCAL_MULTICAST ? link_multicast
                                                      : link_unicast;
}

static bool
parse(struct fwl_cel_address *out, struct fwl_span text, bool cidr)
{
    return cidr ? fwl_cel_net_parse_cidr(out, text) : fwl_cel_net_parse(out, text);
}

/* ip() isIP() cidr() isCIDR() ip.isCanonical() of a text */
static enum fwl_cel_err
from_text(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;
    struct fwl_span text = fwl_cel_cell_text(at);
    bool cidr = fn == FWL_CEL_FN_CIDR || fn == FWL_CEL_FN_IS_CIDR;
    bool valid = parse(&a, text, cidr);
    char canonical[FWL_CEL_FORMAT_BYTES];
    struct fwl_cel_cell c;

    if (fn == FWL_CEL_FN_IP || fn == FWL_CEL_FN_CIDR) {
        return valid ? put(vm, at, cidr ? FWL_CEL_CIDR : FWL_CEL_IP, &a) : FWL_CEL_ERR_TEXT;
    }
    if (fn == FWL_CEL_FN_IS_CANONICAL) {
        if (!valid) {
            return FWL_CEL_ERR_TEXT;
        }
        fwl_cel_set_view(&c, FWL_CEL_IP, fwl_span(a.b, 0));
        c.detail = a.family;
        valid = fwl_span_equal(text, fwl_span(canonical, fwl_cel_format(canonical, &c)));
    }
    fwl_cel_set_bool(at, valid);
    return FWL_CEL_OK;
}

/* containsIP and containsCIDR take a value or its text */
static enum fwl_cel_err
contains(struct fwl_cel_cell *at, struct fwl_cel_address *net, bool cidr)
{
    struct fwl_cel_address a;

    if (at[1].kind == FWL_CEL_STRING) {
        if (!parse(&a, fwl_cel_cell_text(&at[1]), cidr)) {
            return FWL_CEL_ERR_TEXT;
        }
    } else if (at[1].kind == (cidr ? FWL_CEL_CIDR : FWL_CEL_IP)) {
        get(&a, &at[1]);
    } else {
        return FWL_CEL_ERR_TYPE;
    }
    a.prefix = cidr ? a.prefix : 128;
    fwl_cel_set_bool(at, holds(net, &a));
    return FWL_CEL_OK;
}

static enum fwl_cel_err
of_network(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;

    get(&a, at);
    if (fn == FWL_CEL_FN_CONTAINS_IP || fn == FWL_CEL_FN_CONTAINS_CIDR) {
        return contains(at, &a, fn == FWL_CEL_FN_CONTAINS_CIDR);
    }
    if (fn == FWL_CEL_FN_MASKED) {
        mask(&a);
        return put(vm, at, FWL_CEL_CIDR, &a);
    }
    if (fn == FWL_CEL_FN_PREFIX_LENGTH) {
        fwl_cel_set(at, FWL_CEL_INT, a.prefix);
    } else if (fn == FWL_CEL_FN_IP) {
        at->kind = FWL_CEL_IP;
        at->size = 0;
    } else {
        return FWL_CEL_ERR_TYPE;
    }
    return FWL_CEL_OK;
}

static enum fwl_cel_err
of_address(struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;

    if (fn == FWL_CEL_FN_FAMILY) {
        fwl_cel_set(at, FWL_CEL_INT, at->detail);
    } else if (fn >= FWL_CEL_FN_IS_UNSPECIFIED && fn <= FWL_CEL_FN_IS_LINK_LOCAL_UNICAST) {
        get(&a, at);
        fwl_cel_set_bool(at, test(&a, fn));
    } else {
        return FWL_CEL_ERR_TYPE;
    }
    return FWL_CEL_OK;
}

enum fwl_cel_err
fwl_cel_net_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    if (at->kind == FWL_CEL_STRING && fn <= FWL_CEL_FN_IS_CANONICAL) {
        return from_text(vm, at, fn);
    }
    if (at->kind == FWL_CEL_CIDR) {
        return of_network(vm, at, fn);
    }
    return at->kind == FWL_CEL_IP ? of_address(at, fn) : FWL_CEL_ERR_TYPE;
}
