#include "ledger/model/answer.h"

static const uint8_t answer_magic[4] = {'F', 'W', 'A', '1'};
static const uint8_t bundle_magic[4] = {'F', 'W', 'B', '1'};

static void
read_magic(struct fwl_reader *r, const uint8_t magic[4], const char *field)
{
    struct fwl_span bytes;

    fwl_reader_field(r, field);
    bytes = fwl_reader_bytes(r, 4);
    if (fwl_reader_ok(r) && memcmp(bytes.p, magic, 4) != 0) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
}

/* A part with its length before it; never empty. */
static struct fwl_span
read_part(struct fwl_reader *r, const char *field, size_t length_bytes, size_t max)
{
    size_t size = 0;

    fwl_reader_field(r, field);
    size = length_bytes == 2 ? fwl_reader_u16(r) : fwl_reader_u32(r);
    if (fwl_reader_ok(r) && size == 0) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    if (size > max) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
    }
    return fwl_reader_bytes(r, size);
}

/* What lies between @from and where the reader is now. */
static struct fwl_span
read_since(const struct fwl_reader *r, const uint8_t *from)
{
    return fwl_reader_ok(r) ? fwl_span(from, (size_t)(r->at - from)) : (struct fwl_span){0};
}

enum fwl_err
fwl_answer_decode(struct fwl_answer *out, struct fwl_fault *fault, struct fwl_span in)
{
    static const char *const proof_fields[FWL_ANSWER_PROOFS] = {"answer.vendor proof", "answer.class proof",
                                                                "answer.fleet proof"};
    struct fwl_reader r;
    const uint8_t *from = NULL;
    uint8_t more = 0;

    *out = (struct fwl_answer){0};
    fwl_reader_init(&r, in);
    read_magic(&r, answer_magic, "answer");
    fwl_reader_field(&r, "answer.more");
    more = fwl_reader_u8(&r);
    if (more > 1) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    out->more = more == 1;
    fwl_reader_field(&r, "answer.steps");
    out->step_count = fwl_reader_u16(&r);
    if (out->step_count > FWL_EPOCH_STEPS_MAX) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    from = r.at;
    for (uint16_t i = 0; i < out->step_count && fwl_reader_ok(&r); i++) {
        (void)read_part(&r, "answer.steps", 2, UINT16_MAX);
    }
    out->steps = read_since(&r, from);
    fwl_reader_field(&r, "answer.header");
    out->header = fwl_reader_bytes(&r, FWL_HEADER_SIZE);
    out->cert = read_part(&r, "answer.certificate", 2, UINT16_MAX);
    for (int i = 0; i < FWL_ANSWER_PROOFS; i++) {
        out->proofs[i] = read_part(&r, proof_fields[i], 2, FWL_PROOF_MAX);
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_answer){0};
    }
    return fwl_fault_from_reader(fault, &r);
}

static void
put_part(struct fwl_writer *w, size_t length_bytes, struct fwl_span part, size_t max)
{
    if (part.size == 0 || part.size > max) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
    }
    if (length_bytes == 2) {
        fwl_writer_u16(w, (uint16_t)part.size);
    } else {
        fwl_writer_u32(w, (uint32_t)part.size);
    }
    fwl_writer_span(w, part);
}

void
fwl_answer_put(struct fwl_writer *w, const struct fwl_answer *answer)
{
    if (answer->step_count > FWL_EPOCH_STEPS_MAX || answer->header.size != FWL_HEADER_SIZE) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
    }
    fwl_writer_bytes(w, answer_magic, sizeof(answer_magic));
    fwl_writer_u8(w, answer->more ? 1 : 0);
    fwl_writer_u16(w, answer->step_count);
    fwl_writer_span(w, answer->steps);
    fwl_writer_span(w, answer->header);
    put_part(w, 2, answer->cert, UINT16_MAX);
    for (int i = 0; i < FWL_ANSWER_PROOFS; i++) {
        put_part(w, 2, answer->proofs[i], FWL_PROOF_MAX);
    }
}

void
fwl_answer_steps_begin(struct fwl_reader *it, const struct fwl_answer *answer)
{
    fwl_reader_init(it, answer->steps);
}

bool
fwl_answer_step_next(struct fwl_reader *it, struct fwl_span *step)
{
    bool more = it->left != 0;

    *step = more ? read_part(it, "answer.steps", 2, UINT16_MAX) : (struct fwl_span){0};
    return more && fwl_reader_ok(it);
}

void
fwl_answer_step_put(struct fwl_writer *w, struct fwl_span step)
{
    put_part(w, 2, step, UINT16_MAX);
}

enum fwl_err
fwl_bundle_decode(struct fwl_bundle *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;
    const uint8_t *from = NULL;

    *out = (struct fwl_bundle){0};
    fwl_reader_init(&r, in);
    read_magic(&r, bundle_magic, "bundle");
    out->answer = read_part(&r, "bundle.answer", 4, UINT32_MAX);
    fwl_reader_field(&r, "bundle.values");
    out->value_count = fwl_reader_u16(&r);
    if (out->value_count > FWL_BUNDLE_VALUES_MAX) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    from = r.at;
    for (uint16_t i = 0; i < out->value_count && fwl_reader_ok(&r); i++) {
        (void)read_part(&r, "bundle.values", 4, FWL_ENTRY_MAX);
    }
    out->values = read_since(&r, from);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_bundle){0};
    }
    return fwl_fault_from_reader(fault, &r);
}

void
fwl_bundle_put_begin(struct fwl_writer *w, struct fwl_span answer, uint16_t value_count)
{
    if (value_count > FWL_BUNDLE_VALUES_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
    }
    fwl_writer_bytes(w, bundle_magic, sizeof(bundle_magic));
    put_part(w, 4, answer, UINT32_MAX);
    fwl_writer_u16(w, value_count);
}

void
fwl_bundle_put_value(struct fwl_writer *w, struct fwl_span value)
{
    put_part(w, 4, value, FWL_ENTRY_MAX);
}

void
fwl_bundle_values_begin(struct fwl_reader *it, const struct fwl_bundle *bundle)
{
    fwl_reader_init(it, bundle->values);
}

bool
fwl_bundle_value_next(struct fwl_reader *it, struct fwl_span *value)
{
    bool more = it->left != 0;

    *value = more ? read_part(it, "bundle.values", 4, FWL_ENTRY_MAX) : (struct fwl_span){0};
    return more && fwl_reader_ok(it);
}
