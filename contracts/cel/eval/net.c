#include "contracts/cel/eval/net.h"

#include "contracts/cel/eval/format.h"
#include "contracts/cel/eval/vm.h"

static bool
decimal(unsigned *out, struct fwl_span text, unsigned max)
{
    *out = 0;
    if (text.size == 0 || text.size > 3 || (text.size > 1 && text.p[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        *out = *out * 10 + (unsigned)(text.p[i] - '0');
    }
    return *out <= max;
}

static bool
parse_v4(uint8_t out[4], struct fwl_span text)
{
    size_t start = 0;
    size_t part = 0;
    unsigned n = 0;

    for (size_t i = 0; i <= text.size; i++) {
        if (i == text.size || text.p[i] == '.') {
            if (part == 4 || !decimal(&n, fwl_span(text.p + start, i - start), 255)) {
                return false;
            }
            out[part++] = (uint8_t)n;
            start = i + 1;
        }
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
    if (slash == text.size || !fwl_cel_net_parse(out, fwl_span(text.p, slash)) ||
        !decimal(&bits, fwl_span(text.p + slash + 1, text.size - slash - 1), out->family == 4 ? 32 : 128)) {
        return false;
    }
    out->prefix = (uint8_t)bits;
    return true;
}

static void
put(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, const struct fwl_cel_address *a)
{
    uint8_t *bytes = fwl_cel_vm_text(vm, at, 16);

    if (bytes != NULL) {
        memcpy(bytes, a->b, 16);
        *at = (struct fwl_cel_cell){.kind = (uint8_t)kind, .detail = a->family, .size = a->prefix, .v.p = bytes};
    }
}

static void
get(struct fwl_cel_address *a, const struct fwl_cel_cell *c)
{
    memset(a, 0, sizeof(*a));
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

/* does the network @net hold the first @prefix bits of @a? */
static bool
holds(const struct fwl_cel_address *net, const struct fwl_cel_address *a)
{
    struct fwl_cel_address x = *net;
    struct fwl_cel_address y = *a;

    if (x.family != y.family || y.prefix < x.prefix) {
        return false;
    }
    y.prefix = x.prefix;
    mask(&x);
    mask(&y);
    return memcmp(x.b, y.b, 16) == 0;
}

static bool
link_local(const struct fwl_cel_address *a, bool multicast)
{
    if (a->family == 4) {
        return multicast ? a->b[0] == 224 && a->b[1] == 0 && a->b[2] == 0 : a->b[0] == 169 && a->b[1] == 254;
    }
    return multicast ? a->b[0] == 0xff && (a->b[1] & 0x0f) == 2 : a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static bool
is_all(const struct fwl_cel_address *a, uint8_t value, uint8_t last)
{
    size_t size = a->family == 4 ? 4 : 16;

    for (size_t i = 0; i + 1 < size; i++) {
        if (a->b[i] != value) {
            return false;
        }
    }
    return a->b[size - 1] == last;
}

static bool
test(const struct fwl_cel_address *a, enum fwl_cel_function fn)
{
    bool loopback = a->family == 4 ? a->b[0] == 127 : is_all(a, 0, 1);
    bool unspecified = is_all(a, 0, 0);
    bool multicast = a->family == 4 ? (a->b[0] & 0xf0) == 0xe0 : a->b[0] == 0xff;
    bool broadcast = a->family == 4 && is_all(a, 255, 255);

    if (fn == FWL_CEL_FN_IS_LOOPBACK) {
        return loopback;
    }
    if (fn == FWL_CEL_FN_IS_UNSPECIFIED) {
        return unspecified;
    }
    if (fn == FWL_CEL_FN_IS_GLOBAL_UNICAST) {
        return !loopback && !unspecified && !multicast && !broadcast && !link_local(a, false);
    }
    return link_local(a, fn == FWL_CEL_FN_IS_LINK_LOCAL_MULTICAST);
}

/* ip() isIP() cidr() isCIDR() ip.isCanonical() of a text */
static void
from_text(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;
    struct fwl_span text = fwl_cel_cell_span(at);
    bool cidr = fn == FWL_CEL_FN_CIDR || fn == FWL_CEL_FN_IS_CIDR;
    bool valid = cidr ? fwl_cel_net_parse_cidr(&a, text) : fwl_cel_net_parse(&a, text);
    char canonical[FWL_CEL_FORMAT_BYTES];
    struct fwl_cel_cell c;

    fwl_cel_vm_spend_text(vm, fwl_cel_size_points(text));
    if (fn == FWL_CEL_FN_IS_IP || fn == FWL_CEL_FN_IS_CIDR) {
        *at = fwl_cel_cell_bool(valid);
    } else if (!valid) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_TEXT);
    } else if (fn == FWL_CEL_FN_IS_CANONICAL) {
        c = (struct fwl_cel_cell){.kind = FWL_CEL_IP, .detail = a.family, .v.p = a.b};
        *at = fwl_cel_cell_bool(fwl_span_equal(text, fwl_span(canonical, fwl_cel_format(canonical, &c))));
    } else {
        put(vm, at, cidr ? FWL_CEL_CIDR : FWL_CEL_IP, &a);
    }
}

/* containsIP and containsCIDR take a value or its text */
static void
contains(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address net;
    struct fwl_cel_address a;
    bool cidr = fn == FWL_CEL_FN_CONTAINS_CIDR;
    bool valid = true;

    vm->cost++;
    get(&net, &at[0]);
    if (at[1].kind == FWL_CEL_STRING) {
        struct fwl_span text = fwl_cel_cell_span(&at[1]);

        fwl_cel_vm_spend_text(vm, fwl_cel_size_points(text));
        valid = cidr ? fwl_cel_net_parse_cidr(&a, text) : fwl_cel_net_parse(&a, text);
    } else if (at[1].kind == (cidr ? FWL_CEL_CIDR : FWL_CEL_IP)) {
        get(&a, &at[1]);
    } else {
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    if (!valid) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_TEXT);
        return;
    }
    a.prefix = cidr ? a.prefix : 128;
    *at = fwl_cel_cell_bool(holds(&net, &a));
}

static void
network_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;

    if (fn == FWL_CEL_FN_CONTAINS_IP || fn == FWL_CEL_FN_CONTAINS_CIDR) {
        contains(vm, at, fn);
        return;
    }
    vm->cost++;
    get(&a, at);
    if (fn == FWL_CEL_FN_PREFIX_LENGTH) {
        *at = fwl_cel_cell_int(a.prefix);
    } else if (fn == FWL_CEL_FN_MASKED) {
        mask(&a);
        put(vm, at, FWL_CEL_CIDR, &a);
    } else if (fn == FWL_CEL_FN_IP) {
        at->kind = FWL_CEL_IP;
        at->size = 0;
    } else {
        fwl_cel_vm_mismatch(vm, at, 1);
    }
}

void
fwl_cel_net_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_cel_address a;

    if (at->kind == FWL_CEL_STRING && fn <= FWL_CEL_FN_IS_CANONICAL) {
        from_text(vm, at, fn);
    } else if (at->kind == FWL_CEL_CIDR) {
        network_call(vm, at, fn);
    } else if (at->kind == FWL_CEL_IP && fn == FWL_CEL_FN_FAMILY) {
        vm->cost++;
        *at = fwl_cel_cell_int(at->detail);
    } else if (at->kind == FWL_CEL_IP && fn >= FWL_CEL_FN_IS_UNSPECIFIED && fn <= FWL_CEL_FN_IS_LINK_LOCAL_UNICAST) {
        vm->cost++;
        get(&a, at);
        *at = fwl_cel_cell_bool(test(&a, fn));
    } else {
        vm->cost++;
        fwl_cel_vm_mismatch(vm, at, 1);
    }
}
