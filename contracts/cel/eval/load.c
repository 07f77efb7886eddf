/* The head of code: language, constants, slot list. The instructions are verify.c's. */
#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

static void
read_timestamp(struct fwl_reader *r, struct fwl_cel_cell *out)
{
    int64_t seconds = fwl_cbor_int(r);

    if (fwl_cel_time_make(out, seconds, (uint32_t)fwl_cbor_uint_max(r, FWL_CEL_NANOS - 1)) != FWL_CEL_OK) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_version(struct fwl_reader *r, struct fwl_cel_cell *out)
{
    uint8_t scheme = fwl_reader_u8(r);
    struct fwl_span text = fwl_cbor_text(r, FWL_VERSION_BYTES_MAX);
    enum fwl_err err = fwl_version_check(scheme, text, NULL);

    fwl_cel_set_version(out, scheme, text, 0);
    if (err != FWL_OK) {
        fwl_reader_fail(r, err);
    }
}

#ifndef FWL_CEL_NO_NET
static void
read_address(struct fwl_reader *r, struct fwl_cel_cell *out, enum fwl_cel_kind kind)
{
    struct fwl_span bytes = fwl_cbor_bytes(r, 16);
    uint8_t prefix = kind == FWL_CEL_CIDR ? fwl_reader_u8(r) : 0;

    if ((bytes.size != 4 && bytes.size != 16) || prefix > bytes.size * 8) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    fwl_cel_set_view(out, kind, fwl_span(bytes.p, prefix));
    out->detail = bytes.size == 4 ? 4 : 6;
}

#endif

static void
read_constant(struct fwl_reader *r, struct fwl_cel_cell *out, uint32_t string_bytes)
{
    uint8_t number = fwl_reader_u8(r);
    enum fwl_cel_kind kind = (enum fwl_cel_kind)FWL_MIN(number, FWL_CEL_KINDS);

    switch (kind) {
    case FWL_CEL_INT:
    case FWL_CEL_DURATION:
        fwl_cel_set(out, kind, fwl_cbor_int(r));
        if (kind == FWL_CEL_INT && out->v.i == (int8_t)out->v.i) {
            fwl_reader_fail(r, FWL_ERR_FORM); /* an int that INT8 can carry is no constant: one encoding */
        }
        break;
    case FWL_CEL_UINT: fwl_cel_set(out, kind, (int64_t)fwl_cbor_uint(r)); break;
    case FWL_CEL_STRING: fwl_cel_set_view(out, kind, fwl_cbor_text(r, string_bytes)); break;
    case FWL_CEL_BYTES: fwl_cel_set_view(out, kind, fwl_cbor_bytes(r, string_bytes)); break;
    case FWL_CEL_TIMESTAMP: read_timestamp(r, out); break;
    case FWL_CEL_VERSION: read_version(r, out); break;
#ifndef FWL_CEL_NO_NET
    case FWL_CEL_IP:
    case FWL_CEL_CIDR: read_address(r, out, kind); break;
#else
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
#endif
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_NULL:
    case FWL_CEL_BOOL:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_KINDS: fwl_reader_fail(r, FWL_ERR_UNKNOWN); break;
    }
}

static struct fwl_span
read_head(struct fwl_reader *r, struct fwl_cel_program *program, struct fwl_cel_cell *constants, size_t room,
          const struct fwl_cel_limits *limits)
{
    if (fwl_reader_u8(r) != FWL_CEL_LANG) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    program->constant_count = fwl_reader_u8(r);
    if (program->constant_count > FWL_MIN(room, limits->constants)) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
    }
    for (size_t i = 0; i < program->constant_count && fwl_reader_ok(r); i++) {
        read_constant(r, &constants[i], limits->string_bytes);
    }
    return fwl_reader_bytes(r, (size_t)fwl_reader_u8(r) * FWL_CEL_SLOT_ENTRY);
}

enum fwl_err
fwl_cel_load(struct fwl_cel_program *program, struct fwl_cel_cell *constants, size_t constants_room,
             struct fwl_span code, const struct fwl_cel_limits *limits)
{
    struct fwl_reader r;
    struct fwl_span slot_list = {0};
    enum fwl_err err = FWL_OK;

    memset(program, 0, sizeof(*program));
    if (code.size > limits->code_bytes || code.size > UINT16_MAX) {
        return FWL_ERR_LIMIT;
    }
    fwl_reader_init(&r, code);
    slot_list = read_head(&r, program, constants, constants_room, limits);
    program->constants = constants;
    program->offset = (uint16_t)r.offset;
    program->size = (uint16_t)r.left;
    program->code = fwl_reader_rest(&r).p;
    err = fwl_reader_finish(&r);
    if (err == FWL_OK) {
        err = fwl_cel_verify(program, slot_list, limits);
    }
    if (err != FWL_OK) {
        memset(program, 0, sizeof(*program));
    }
    return err;
}
