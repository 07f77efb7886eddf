/* The head of code: language, constants, slot list. The instructions are verify.c's. */
#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

/* An int that INT8 can carry is no constant: one encoding. */
static void
read_int(struct fwl_reader *r, struct fwl_cel_cell *out)
{
    *out = fwl_cel_cell_int(fwl_cbor_int(r));
    if (out->v.i >= INT8_MIN && out->v.i <= INT8_MAX) {
        fwl_reader_fail(r, FWL_ERR_FORM);
    }
}

static void
read_timestamp(struct fwl_reader *r, struct fwl_cel_cell *out)
{
    int64_t seconds = fwl_cbor_int(r);

    *out = fwl_cel_cell_timestamp(seconds, (uint32_t)fwl_cbor_uint_max(r, FWL_CEL_NANOS - 1));
    if (seconds < FWL_CEL_TIME_FIRST || seconds > FWL_CEL_TIME_LAST) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_version(struct fwl_reader *r, struct fwl_cel_cell *out)
{
    uint64_t scheme = fwl_reader_u8(r);
    struct fwl_span text = fwl_cbor_text(r, FWL_VERSION_BYTES_MAX);
    enum fwl_err err = fwl_version_check(scheme, text, NULL);

    *out = fwl_cel_cell_version((enum fwl_scheme)scheme, text, 0);
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
    *out =
        (struct fwl_cel_cell){.kind = (uint8_t)kind, .detail = bytes.size == 4 ? 4 : 6, .size = prefix, .v.p = bytes.p};
}

#endif

static void
read_constant(struct fwl_reader *r, struct fwl_cel_cell *out, const struct fwl_cel_limits *limits)
{
    uint8_t kind = fwl_reader_u8(r);

    switch (kind) {
    case FWL_CEL_INT: read_int(r, out); break;
    case FWL_CEL_UINT: *out = fwl_cel_cell_uint(fwl_cbor_uint(r)); break;
    case FWL_CEL_STRING: *out = fwl_cel_cell_string(fwl_cbor_text(r, limits->string_bytes)); break;
    case FWL_CEL_BYTES: *out = fwl_cel_cell_bytes(fwl_cbor_bytes(r, limits->string_bytes)); break;
    case FWL_CEL_TIMESTAMP: read_timestamp(r, out); break;
    case FWL_CEL_DURATION: *out = fwl_cel_cell_duration(fwl_cbor_int(r)); break;
    case FWL_CEL_VERSION: read_version(r, out); break;
#ifndef FWL_CEL_NO_NET
    case FWL_CEL_IP:
    case FWL_CEL_CIDR: read_address(r, out, (enum fwl_cel_kind)kind); break;
#endif
    default: fwl_reader_fail(r, FWL_ERR_UNKNOWN); break;
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
        read_constant(r, &constants[i], limits);
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
