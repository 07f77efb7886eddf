/* semver() isSemver() version() and their methods; bucket() */
#include "contracts/cel/eval/semver.h"
#include "contracts/cel/eval/vm.h"
#include "core/sha256.h"

uint64_t
fwl_cel_bucket(struct fwl_span id, struct fwl_span salt, uint64_t n)
{
    static const uint8_t zero = 0;
    const struct fwl_span parts[3] = {salt, {&zero, 1}, id};
    struct fwl_hash32 hash;
    uint64_t number = 0;

    fwl_sha256_parts(&hash, parts, FWL_COUNT(parts));
    number = fwl_load_be64(hash.b);
    return fwl_divide(&number, n);
}

static enum fwl_cel_err
bucket_call(struct fwl_cel_cell *at)
{
    if (!fwl_cel_both(at, FWL_CEL_STRING) || at[2].kind != FWL_CEL_INT) {
        return FWL_CEL_ERR_TYPE;
    }
    if (at[2].v.i <= 0) {
        return at[2].v.i == 0 ? FWL_CEL_ERR_ZERO : FWL_CEL_ERR_OVERFLOW;
    }
    fwl_cel_set(at, FWL_CEL_INT,
                (int64_t)fwl_cel_bucket(fwl_cel_cell_text(&at[0]), fwl_cel_cell_text(&at[1]), at[2].v.u));
    return FWL_CEL_OK;
}

static enum fwl_cel_err
make(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    uint8_t text[FWL_VERSION_BYTES_MAX];
    struct fwl_span given = fwl_cel_cell_text(at);
    uint64_t scheme = fn == FWL_CEL_FN_VERSION ? at[1].v.u : FWL_SCHEME_SEMVER;
    bool lenient = fn != FWL_CEL_FN_VERSION && count == 2 && fwl_cel_cell_true(&at[1]);
    bool valid = false;

    if (lenient) {
        given = fwl_span(text, fwl_cel_semver_normalize(text, given));
    }
    valid = fwl_version_check(scheme, given, NULL) == FWL_OK;
    if (fn == FWL_CEL_FN_IS_SEMVER) {
        fwl_cel_set_bool(at, valid);
        return FWL_CEL_OK;
    }
    if (!valid) {
        return FWL_CEL_ERR_VERSION;
    }
    if (lenient) {
        enum fwl_cel_err err = fwl_cel_vm_join(vm, at, FWL_CEL_STRING, given, (struct fwl_span){0});

        if (err != FWL_CEL_OK) {
            return err;
        }
        given = fwl_cel_cell_text(at);
    }
    fwl_cel_set_version(at, scheme, given, 0);
    return FWL_CEL_OK;
}

static enum fwl_cel_err
compare(struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    int o = 0;

    if (!fwl_cel_both(at, FWL_CEL_VERSION)) {
        return FWL_CEL_ERR_TYPE;
    }
    if (at[0].detail != at[1].detail) {
        return FWL_CEL_ERR_VERSION;
    }
    if (at[0].detail != FWL_SCHEME_OPAQUE) {
        o = fwl_version_compare((enum fwl_scheme)at[0].detail, fwl_cel_cell_span(&at[0]), fwl_cel_cell_span(&at[1]));
    } else if (at[0].size != 0 && at[1].size != 0) {
        o = (at[0].size > at[1].size) - (at[0].size < at[1].size);
    } else {
        return FWL_CEL_ERR_VERSION;
    }
    if (fn == FWL_CEL_FN_COMPARE_TO) {
        fwl_cel_set(at, FWL_CEL_INT, (o > 0) - (o < 0));
    } else {
        fwl_cel_set_bool(at, fn == FWL_CEL_FN_IS_LESS_THAN ? o < 0 : o > 0);
    }
    return FWL_CEL_OK;
}

enum fwl_cel_err
fwl_cel_release_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    enum fwl_cel_kind second = fn == FWL_CEL_FN_VERSION ? FWL_CEL_INT : FWL_CEL_BOOL;
    uint64_t n = 0;

    if (fn == FWL_CEL_FN_BUCKET) {
        return bucket_call(at);
    }
    if (fn < FWL_CEL_FN_IS_LESS_THAN) {
        return at->kind != FWL_CEL_STRING || (count == 2 && at[1].kind != second) ? FWL_CEL_ERR_TYPE
                                                                                  : make(vm, at, fn, count);
    }
    if (fn < FWL_CEL_FN_MAJOR) {
        return compare(at, fn);
    }
    if (at->kind != FWL_CEL_VERSION) {
        return FWL_CEL_ERR_TYPE;
    }
    if (at->detail != FWL_SCHEME_SEMVER) {
        return FWL_CEL_ERR_VERSION;
    }
    return fwl_cel_semver_number(&n, fwl_cel_cell_span(at), (int)fn - FWL_CEL_FN_MAJOR)
               ? fwl_cel_number_set(at, FWL_CEL_INT, n, false)
               : FWL_CEL_ERR_OVERFLOW;
}
