#include "contracts/cel/eval/vm.h"
#include "core/cbor.h"

/* Where the walk stands after @r has read on. */
static enum fwl_cel_err
moved(struct fwl_cel_iter *it, const struct fwl_reader *r, enum fwl_cel_err err)
{
    it->at.cbor = r->at;
    it->size = (uint32_t)r->left;
    return fwl_reader_ok(r) ? err : FWL_CEL_ERR_INPUT;
}

enum fwl_cel_err
fwl_cel_iter_begin(struct fwl_cel_iter *it, const struct fwl_cel_cell *c)
{
    struct fwl_reader r;

    it->is_map = c->kind == FWL_CEL_MAP;
    it->is_cbor = c->detail == FWL_CEL_CBOR;
    it->left = c->size;
    it->at.cells = c->v.cells;
    it->scheme = c->text;
    if (!it->is_map && c->kind != FWL_CEL_LIST) {
        return FWL_CEL_ERR_TYPE;
    }
    if (!it->is_cbor) {
        return FWL_CEL_OK;
    }
    fwl_reader_init(&r, fwl_span(c->v.p, c->size));
    /* an element takes at least a byte, a pair two: what the slice cannot hold is damage */
    it->left = (uint32_t)(it->is_map ? fwl_cbor_map_begin(&r, c->size / 2).left : fwl_cbor_array(&r, c->size));
    return moved(it, &r, FWL_CEL_OK);
}

static enum fwl_cel_err
read_text(struct fwl_reader *r, struct fwl_cel_cell *out, uint16_t scheme)
{
    struct fwl_span text = fwl_cbor_text(r, r->left);

    if (scheme == 0 || !fwl_reader_ok(r)) {
        fwl_cel_set_view(out, FWL_CEL_STRING, text);
        return FWL_CEL_OK;
    }
    fwl_cel_set_version(out, scheme, text, 0);
    return fwl_version_check(scheme, text, NULL) == FWL_OK ? FWL_CEL_OK : FWL_CEL_ERR_VERSION;
}

static void
read_container(struct fwl_reader *r, struct fwl_cel_cell *out, enum fwl_cel_kind kind, uint16_t scheme)
{
    fwl_cel_set_view(out, kind, fwl_cbor_skip(r));
    out->detail = FWL_CEL_CBOR;
    out->text = scheme;
}

/* One item of a container as a cell. */
static enum fwl_cel_err
read_item(struct fwl_reader *r, struct fwl_cel_cell *out, uint16_t scheme)
{
    enum fwl_cel_err err = FWL_CEL_OK;

    switch (fwl_cbor_peek(r)) {
    case FWL_CBOR_UINT:
    case FWL_CBOR_NEGATIVE: fwl_cel_set(out, FWL_CEL_INT, fwl_cbor_int(r)); break;
    case FWL_CBOR_BYTES: fwl_cel_set_view(out, FWL_CEL_BYTES, fwl_cbor_bytes(r, r->left)); break;
    case FWL_CBOR_TEXT: err = read_text(r, out, scheme); break;
    case FWL_CBOR_ARRAY: read_container(r, out, FWL_CEL_LIST, scheme); break;
    case FWL_CBOR_MAP: read_container(r, out, FWL_CEL_MAP, scheme); break;
    case FWL_CBOR_SIMPLE:
        if (fwl_cbor_try_null(r)) {
            fwl_cel_set(out, FWL_CEL_NULL, 0);
        } else {
            fwl_cel_set_bool(out, fwl_cbor_bool(r));
        }
        break;
    case FWL_CBOR_TAG:
    case FWL_CBOR_NONE: err = FWL_CEL_ERR_INPUT; break;
    }
    return err;
}

enum fwl_cel_err
fwl_cel_iter_next(struct fwl_cel_iter *it, struct fwl_cel_cell *key, struct fwl_cel_cell *value)
{
    struct fwl_reader r;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (it->left == 0) {
        return FWL_CEL_ERR_KEY;
    }
    it->left--;
    if (!it->is_cbor) {
        if (it->is_map) {
            *key = *it->at.cells++;
        }
        *value = *it->at.cells++;
        return FWL_CEL_OK;
    }
    fwl_reader_init(&r, fwl_span(it->at.cbor, it->size));
    if (it->is_map) {
        err = read_item(&r, key, 0);
    }
    return moved(it, &r, err == FWL_CEL_OK ? read_item(&r, value, it->scheme) : err);
}
