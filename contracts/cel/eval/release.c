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

    fwl_sha256_parts(&hash, parts, FWL_COUNT(parts));
    return fwl_load_be64(hash.b) % n;
}

static void
bucket_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    if (!fwl_cel_both(at, FWL_CEL_STRING) || at[2].kind != FWL_CEL_INT) {
        vm->cost++;
        fwl_cel_vm_mismatch(vm, at, 3);
        return;
    }
    vm->cost += 41;
    fwl_cel_vm_spend_text(vm, fwl_cel_size_of(&at[0]) + fwl_cel_size_of(&at[1]) + 1);
    if (at[2].v.i <= 0) {
        fwl_cel_vm_fail(vm, at, at[2].v.i == 0 ? FWL_CEL_ERR_ZERO : FWL_CEL_ERR_OVERFLOW);
        return;
    }
    *at = fwl_cel_cell_int((int64_t)fwl_cel_bucket(fwl_cel_cell_span(&at[0]), fwl_cel_cell_span(&at[1]), at[2].v.u));
}

static void
make_semver(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool is, bool lenient)
{
    uint8_t text[FWL_VERSION_BYTES_MAX];
    struct fwl_span given = fwl_cel_cell_span(at);
    size_t size = given.size;
    bool valid = false;

    fwl_cel_vm_spend_text(vm, fwl_cel_size_points(given));
    if (lenient) {
        size = fwl_cel_semver_normalize(text, given);
        valid = size != 0;
    } else {
        valid = fwl_version_check(FWL_SCHEME_SEMVER, given, NULL) == FWL_OK;
    }
    if (is) {
        *at = fwl_cel_cell_bool(valid);
        return;
    }
    if (!valid) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_VERSION);
        return;
    }
    if (lenient) {
        fwl_cel_vm_copy(vm, at, FWL_CEL_STRING, fwl_span(text, size));
        if (at->kind != FWL_CEL_STRING) {
            return;
        }
    }
    *at = fwl_cel_cell_version(FWL_SCHEME_SEMVER, fwl_cel_cell_span(at), 0);
}

static void
make_version(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_span text = fwl_cel_cell_span(at);

    fwl_cel_vm_spend_text(vm, fwl_cel_size_points(text));
    if (fwl_version_check(at[1].v.u, text, NULL) == FWL_OK) {
        *at = fwl_cel_cell_version((enum fwl_scheme)at[1].v.u, text, 0);
    } else {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_VERSION);
    }
}

static void
compare_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    int o = 0;

    vm->cost++;
    if (!fwl_cel_both(at, FWL_CEL_VERSION)) {
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    if (at[0].detail != at[1].detail) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_VERSION);
        return;
    }
    if (at[0].detail != FWL_SCHEME_OPAQUE) {
        o = fwl_version_compare((enum fwl_scheme)at[0].detail, fwl_cel_cell_span(&at[0]), fwl_cel_cell_span(&at[1]));
    } else if (at[0].size != 0 && at[1].size != 0) {
        o = (at[0].size > at[1].size) - (at[0].size < at[1].size);
    } else {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_VERSION);
        return;
    }
    if (fn == FWL_CEL_FN_COMPARE_TO) {
        *at = fwl_cel_cell_int((o > 0) - (o < 0));
    } else {
        *at = fwl_cel_cell_bool(fn == FWL_CEL_FN_IS_LESS_THAN ? o < 0 : o > 0);
    }
}

static void
number_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    int64_t n = 0;

    vm->cost++;
    if (at->kind != FWL_CEL_VERSION) {
        fwl_cel_vm_mismatch(vm, at, 1);
    } else if (at->detail != FWL_SCHEME_SEMVER) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_VERSION);
    } else if (!fwl_cel_semver_number(&n, fwl_cel_cell_span(at), (int)fn - FWL_CEL_FN_MAJOR)) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_OVERFLOW);
    } else {
        *at = fwl_cel_cell_int(n);
    }
}

void
fwl_cel_release_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    if (fn == FWL_CEL_FN_BUCKET) {
        bucket_call(vm, at);
    } else if (fn >= FWL_CEL_FN_MAJOR) {
        number_call(vm, at, fn);
    } else if (fn >= FWL_CEL_FN_IS_LESS_THAN) {
        compare_call(vm, at, fn);
    } else if (at->kind != FWL_CEL_STRING ||
               (count == 2 && at[1].kind != (fn == FWL_CEL_FN_VERSION ? FWL_CEL_INT : FWL_CEL_BOOL))) {
        vm->cost++;
        fwl_cel_vm_mismatch(vm, at, count);
    } else if (fn == FWL_CEL_FN_VERSION) {
        make_version(vm, at);
    } else {
        make_semver(vm, at, fn == FWL_CEL_FN_IS_SEMVER, count == 2 && at[1].v.i != 0);
    }
}
