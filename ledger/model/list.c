#include "ledger/model/list.h"

#include "core/limits.h"

void
fwl_list_begin(struct fwl_reader *it, struct fwl_list list)
{
    fwl_reader_init(it, list.items);
}

bool
fwl_list_next_text(struct fwl_reader *it, struct fwl_span *text)
{
    bool more = it->left != 0;

    *text = more ? fwl_cbor_text(it, FWL_ENTRY_MAX) : (struct fwl_span){0};
    return more && fwl_reader_ok(it);
}

bool
fwl_list_next_hash(struct fwl_reader *it, struct fwl_hash32 *hash)
{
    bool more = it->left != 0;

    *hash = (struct fwl_hash32){0};
    if (more) {
        fwl_cbor_bytes_exact(it, hash->b, sizeof(hash->b));
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_list_next_pair(struct fwl_reader *it, struct fwl_span *key, struct fwl_span *value)
{
    bool more = it->left != 0;

    *key = *value = (struct fwl_span){0};
    if (more) {
        *key = fwl_cbor_text(it, FWL_ENTRY_MAX);
        *value = fwl_cbor_text(it, FWL_ENTRY_MAX);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_list_next_uint(struct fwl_reader *it, uint64_t *value)
{
    bool more = it->left != 0;

    *value = more ? fwl_cbor_uint(it) : 0;
    return more && fwl_reader_ok(it);
}

bool
fwl_list_has_text(struct fwl_list list, struct fwl_span text)
{
    struct fwl_reader it;
    struct fwl_span item;

    for (fwl_list_begin(&it, list); fwl_list_next_text(&it, &item);) {
        if (fwl_span_equal(item, text)) {
            return true;
        }
    }
    return false;
}

bool
fwl_list_has_hash(struct fwl_list list, const struct fwl_hash32 *hash)
{
    struct fwl_reader it;
    struct fwl_hash32 item;

    for (fwl_list_begin(&it, list); fwl_list_next_hash(&it, &item);) {
        if (fwl_hash32_equal(&item, hash)) {
            return true;
        }
    }
    return false;
}

bool
fwl_list_has_uint(struct fwl_list list, uint64_t value)
{
    struct fwl_reader it;
    uint64_t item = 0;

    for (fwl_list_begin(&it, list); fwl_list_next_uint(&it, &item);) {
        if (item == value) {
            return true;
        }
    }
    return false;
}

void
fwl_list_put_array(struct fwl_writer *w, struct fwl_list list)
{
    fwl_cbor_put_array(w, list.count);
    fwl_writer_span(w, list.items);
}

void
fwl_list_put_map(struct fwl_writer *w, struct fwl_list list)
{
    fwl_cbor_put_map(w, list.count);
    fwl_writer_span(w, list.items);
}
