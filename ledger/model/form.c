#include "ledger/model/form.h"

#include "core/version.h"
#include "ledger/model/name.h"

enum {
    EXTRA_MAX = 64, /* pairs beside the known fields of a growing map */
};

struct fwl_span
fwl_form_text(struct fwl_reader *r, size_t min, size_t max)
{
    struct fwl_span text = fwl_cbor_text(r, max);

    if (fwl_reader_ok(r) && text.size < min) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    return text;
}

uint64_t
fwl_form_uint(struct fwl_reader *r, uint64_t min, uint64_t max)
{
    uint64_t v = fwl_cbor_uint_max(r, max);

    if (fwl_reader_ok(r) && v < min) {
        fwl_reader_fail(r, FWL_ERR_RANGE);
    }
    return v;
}

struct fwl_span
fwl_form_name(struct fwl_reader *r, size_t max, enum fwl_err (*check)(struct fwl_span))
{
    struct fwl_span text = fwl_cbor_text(r, max);

    if (fwl_reader_ok(r)) {
        enum fwl_err err = check(text);

        if (err != FWL_OK) {
            fwl_reader_fail(r, err);
        }
    }
    return text;
}

void
fwl_form_ascend(struct fwl_reader *r, struct fwl_form_order *order, struct fwl_span key)
{
    int compare = order->any ? fwl_span_compare(order->key, key) : -1;

    if (fwl_reader_ok(r) && compare >= 0) {
        fwl_reader_fail(r, compare == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
    }
    order->any = true;
    order->key = key;
}

static void
read_items(struct fwl_reader *r, struct fwl_list *out, size_t count, size_t min, fwl_form_item item)
{
    struct fwl_form_order order = {0};
    const uint8_t *start = r->at;

    if (fwl_reader_ok(r) && count < min) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    for (size_t i = 0; i < count && fwl_reader_ok(r); i++) {
        if (r->left == 0) {
            fwl_reader_fail(r, FWL_ERR_TRUNCATED); /* an item may be an iterator, for which nothing is the end */
        } else {
            item(r, &order);
        }
    }
    *out = (struct fwl_list){0};
    if (fwl_reader_ok(r) && count > 0) {
        *out = (struct fwl_list){.items = fwl_span(start, (size_t)(r->at - start)), .count = count};
    }
}

void
fwl_form_array(struct fwl_reader *r, struct fwl_list *out, size_t min, size_t max, fwl_form_item item)
{
    size_t count = fwl_cbor_array(r, max);

    read_items(r, out, count, min, item);
}

void
fwl_form_map(struct fwl_reader *r, struct fwl_list *out, size_t min, size_t max, fwl_form_item item)
{
    size_t count = fwl_cbor_map_begin(r, max).left;

    read_items(r, out, count, min, item);
}

static void
read_value(struct fwl_reader *r, void *base, const struct fwl_form_field *f)
{
    void *at = (uint8_t *)base + f->at;

    fwl_reader_field(r, f->name);
    switch ((enum fwl_form_kind)f->kind) {
    case FWL_FORM_UINT: *(uint64_t *)at = fwl_form_uint(r, f->min, f->max); break;
    case FWL_FORM_BOOL: *(bool *)at = fwl_cbor_bool(r); break;
    case FWL_FORM_TEXT:
        *(struct fwl_span *)at = f->check == NULL ? fwl_form_text(r, (size_t)f->min, (size_t)f->max)
                                                  : fwl_form_name(r, (size_t)f->max, f->check);
        break;
    case FWL_FORM_BYTES:
        *(struct fwl_span *)at = fwl_cbor_bytes(r, (size_t)f->max);
        if (fwl_reader_ok(r) && ((struct fwl_span *)at)->size < f->min) {
            fwl_reader_fail(r, FWL_ERR_VALUE);
        }
        break;
    case FWL_FORM_HASH: fwl_cbor_bytes_exact(r, ((struct fwl_hash32 *)at)->b, 32); break;
    case FWL_FORM_LIST: fwl_form_array(r, at, (size_t)f->min, (size_t)f->max, f->item); break;
    case FWL_FORM_MAP: fwl_form_map(r, at, (size_t)f->min, (size_t)f->max, f->item); break;
    case FWL_FORM_CUSTOM: f->read(r, at); break;
    }
}

static const struct fwl_form_field *
find(const struct fwl_form_field *fields, size_t count, int64_t key)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].key == key) {
            return &fields[i];
        }
    }
    return NULL;
}

bool
fwl_form_read_field(struct fwl_reader *r, void *base, const struct fwl_form_field *fields, size_t count, int64_t key)
{
    const struct fwl_form_field *f = find(fields, count, key);

    if (f != NULL) {
        read_value(r, base, f);
    }
    return f != NULL;
}

/* A key outside the table: noted and stepped over where the form may grow, else refused. */
static void
read_other(struct fwl_reader *r, int64_t key, const uint8_t *start, struct fwl_form_extra *extra)
{
    if (extra == NULL) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
        return;
    }
    (void)fwl_cbor_skip(r);
    if (key >= 0) {
        extra->unknown = true;
        return;
    }
    if (extra->negative.count++ == 0) {
        extra->negative.items.p = start; /* negative keys sort last, so they are one run */
    }
    extra->negative.items.size = (size_t)(r->at - extra->negative.items.p);
}

static void
read_map(struct fwl_reader *r, void *base, uint64_t *has, const struct fwl_form_field *fields, size_t count,
         struct fwl_form_extra *extra)
{
    struct fwl_cbor_map map = fwl_cbor_map_begin(r, count + (extra == NULL ? 0 : EXTRA_MAX));
    const uint8_t *start = r->at;
    int64_t key = 0;

    *has = 0;
    while (fwl_cbor_map_next_int(r, &map, &key)) {
        if (fwl_form_read_field(r, base, fields, count, key)) {
            *has |= FWL_HAS(key);
        } else {
            read_other(r, key, start, extra);
        }
        start = r->at;
    }
    for (size_t i = 0; i < count && fwl_reader_ok(r); i++) {
        if (!fields[i].optional && (*has & FWL_HAS(fields[i].key)) == 0) {
            fwl_reader_field(r, fields[i].name);
            fwl_reader_fail(r, FWL_ERR_MISSING);
        }
    }
}

void
fwl_form_read(struct fwl_reader *r, void *base, uint64_t *has, const struct fwl_form_field *fields, size_t count)
{
    read_map(r, base, has, fields, count, NULL);
}

void
fwl_form_read_growing(struct fwl_reader *r, void *base, uint64_t *has, const struct fwl_form_field *fields,
                      size_t count, struct fwl_form_extra *extra)
{
    *extra = (struct fwl_form_extra){0};
    read_map(r, base, has, fields, count, extra);
}

static void
put_value(struct fwl_writer *w, const void *base, const struct fwl_form_field *f)
{
    const void *at = (const uint8_t *)base + f->at;

    switch ((enum fwl_form_kind)f->kind) {
    case FWL_FORM_UINT: fwl_cbor_put_uint(w, *(const uint64_t *)at); break;
    case FWL_FORM_BOOL: fwl_cbor_put_bool(w, *(const bool *)at); break;
    case FWL_FORM_TEXT: fwl_cbor_put_text(w, *(const struct fwl_span *)at); break;
    case FWL_FORM_BYTES: fwl_cbor_put_bytes(w, *(const struct fwl_span *)at); break;
    case FWL_FORM_HASH: fwl_cbor_put_bytes(w, fwl_hash32_span(at)); break;
    case FWL_FORM_LIST: fwl_list_put_array(w, *(const struct fwl_list *)at); break;
    case FWL_FORM_MAP: fwl_list_put_map(w, *(const struct fwl_list *)at); break;
    case FWL_FORM_CUSTOM: f->put(w, at); break;
    }
}

void
fwl_form_put(struct fwl_writer *w, const void *base, uint64_t has, const struct fwl_form_field *fields, size_t count,
             struct fwl_list negative)
{
    uint64_t known = 0;
    size_t pairs = negative.count;

    for (size_t i = 0; i < count; i++) {
        known |= FWL_HAS(fields[i].key);
        if ((has & FWL_HAS(fields[i].key)) != 0) {
            pairs++;
        } else if (!fields[i].optional) {
            fwl_writer_fail(w, FWL_ERR_MISSING);
        }
    }
    if ((has & ~known) != 0) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN);
    }
    fwl_cbor_put_map(w, pairs);
    for (size_t i = 0; i < count; i++) {
        if ((has & FWL_HAS(fields[i].key)) != 0) {
            fwl_cbor_put_uint(w, fields[i].key);
            put_value(w, base, &fields[i]);
        }
    }
    fwl_writer_span(w, negative.items);
}

struct fwl_span
fwl_form_version(struct fwl_reader *r)
{
    return fwl_cbor_try_null(r) ? (struct fwl_span){0} : fwl_form_text(r, 1, FWL_VERSION_BYTES_MAX);
}

void
fwl_form_put_version(struct fwl_writer *w, struct fwl_span version)
{
    if (version.size == 0) {
        fwl_cbor_put_null(w);
    } else {
        fwl_cbor_put_text(w, version);
    }
}

void
fwl_form_item_participant(struct fwl_reader *r, struct fwl_form_order *order)
{
    fwl_form_ascend(r, order, fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant));
}

void
fwl_form_item_participant_any(struct fwl_reader *r, struct fwl_form_order *order)
{
    (void)order;
    (void)fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant);
}

void
fwl_form_item_pattern(struct fwl_reader *r, struct fwl_form_order *order)
{
    (void)order;
    (void)fwl_form_name(r, FWL_CLASS_MAX, fwl_name_pattern);
}

void
fwl_form_item_hash(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_hash32 hash;

    (void)order;
    fwl_cbor_bytes_exact(r, hash.b, sizeof(hash.b));
}
