#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

bool
fwl_cel_iter_begin(struct fwl_cel_iter *it, const struct fwl_cel_cell *c)
{
    it->is_map = c->kind == FWL_CEL_MAP;
    it->is_cbor = c->detail == FWL_CEL_CBOR;
    it->left = c->size;
    it->cells = c->v.cells;
    if (c->kind != FWL_CEL_LIST && c->kind != FWL_CEL_MAP) {
        return false;
    }
    if (!it->is_cbor) {
        return true;
    }
    it->scheme = c->text;
    fwl_reader_init(&it->cbor, fwl_span(c->v.p, c->size));
    /* an element takes at least a byte, a pair two: what the slice cannot hold is damage */
    it->left =
        (uint32_t)(it->is_map ? fwl_cbor_map_begin(&it->cbor, c->size / 2).left : fwl_cbor_array(&it->cbor, c->size));
    return fwl_reader_ok(&it->cbor);
}

static enum fwl_cel_err
read_text(struct fwl_reader *r, struct fwl_cel_cell *out, uint16_t scheme)
{
    struct fwl_span text = fwl_cbor_text(r, r->left);

    if (!fwl_reader_ok(r)) {
        return FWL_CEL_ERR_INPUT;
    }
    if (scheme == 0) {
        *out = fwl_cel_cell_string(text);
    } else if (fwl_version_check(scheme, text, NULL) == FWL_OK) {
        *out = fwl_cel_cell_version((enum fwl_scheme)scheme, text, 0);
    } else {
        return FWL_CEL_ERR_VERSION;
    }
    return FWL_CEL_OK;
}

/* One item of a container as a cell. */
static enum fwl_cel_err
read_item(struct fwl_reader *r, struct fwl_cel_cell *out, uint16_t scheme)
{
    switch (fwl_cbor_peek(r)) {
    case FWL_CBOR_UINT:
    case FWL_CBOR_NEGATIVE: *out = fwl_cel_cell_int(fwl_cbor_int(r)); break;
    case FWL_CBOR_BYTES: *out = fwl_cel_cell_bytes(fwl_cbor_bytes(r, r->left)); break;
    case FWL_CBOR_TEXT: return read_text(r, out, scheme);
    case FWL_CBOR_ARRAY: *out = fwl_cel_cell_cbor_list(fwl_cbor_skip(r), scheme); break;
    case FWL_CBOR_MAP: *out = fwl_cel_cell_cbor_map(fwl_cbor_skip(r), scheme); break;
    case FWL_CBOR_SIMPLE:
        *out = fwl_cbor_try_null(r) ? fwl_cel_cell_null() : fwl_cel_cell_bool(fwl_cbor_bool(r));
        break;
    case FWL_CBOR_TAG:
    case FWL_CBOR_NONE: return FWL_CEL_ERR_INPUT;
    }
    return fwl_reader_ok(r) ? FWL_CEL_OK : FWL_CEL_ERR_INPUT;
}

enum fwl_cel_err
fwl_cel_iter_next(struct fwl_cel_iter *it, struct fwl_cel_cell *key, struct fwl_cel_cell *value)
{
    enum fwl_cel_err err = FWL_CEL_OK;

    if (it->left == 0) {
        return FWL_CEL_ERR_KEY;
    }
    it->left--;
    if (!it->is_cbor) {
        if (it->is_map) {
            *key = *it->cells++;
        }
        *value = *it->cells++;
        return FWL_CEL_OK;
    }
    if (it->is_map) {
        err = read_item(&it->cbor, key, 0);
    }
    return err == FWL_CEL_OK ? read_item(&it->cbor, value, it->scheme) : err;
}
