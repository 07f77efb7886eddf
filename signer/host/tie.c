#include "signer/host/tie.h"

#include "core/host/keys.h"

static const char instance_key[] = "instance"; /* in space vmeta */

static enum fwl_err
read_file(void *ctx, struct fwl_instance *out)
{
    return fwl_instance_read(out, ctx);
}

static enum fwl_err
write_file(void *ctx, const struct fwl_instance *instance)
{
    return fwl_instance_write(instance, ctx);
}

struct fwl_tie
fwl_tie_file(const char *key_path)
{
    return (struct fwl_tie){.read = read_file, .write = write_file, .ctx = (void *)(uintptr_t)key_path};
}

enum fwl_err
fwl_tie_stored(struct fwl_instance *out, const struct fwl_storage *votes)
{
    struct fwl_read read;
    struct fwl_span value;
    enum fwl_err err = fwl_read_begin(votes, &read);

    *out = (struct fwl_instance){0};
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(&read.kv, &value, FWL_SPACE_VMETA, fwl_span_text(instance_key));
    if (err == FWL_OK && value.size == sizeof(out->b)) {
        out->kind = FWL_INSTANCE_USED;
        memcpy(out->b, value.p, sizeof(out->b));
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
write_store(const struct fwl_storage *votes, const struct fwl_instance *instance)
{
    uint8_t arena[512];
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    err = fwl_overlay_put(&o, FWL_SPACE_VMETA, fwl_span_text(instance_key), fwl_span(instance->b, sizeof(instance->b)));
    return err == FWL_OK ? fwl_storage_commit(votes, &o) : err;
}

enum fwl_err
fwl_tie_renew(const struct fwl_storage *votes, const struct fwl_tie *tie)
{
    struct fwl_instance fresh = {.kind = FWL_INSTANCE_USED};
    enum fwl_err err = FWL_OK;

    fwl_random(fresh.b, sizeof(fresh.b));
    err = tie->write(tie->ctx, &fresh);
    return err == FWL_OK ? write_store(votes, &fresh) : err;
}

enum fwl_err
fwl_tie_check(bool *lost, const struct fwl_storage *votes, const struct fwl_tie *tie)
{
    struct fwl_instance stored;
    struct fwl_instance beside;
    enum fwl_err err = fwl_tie_stored(&stored, votes);

    *lost = true;
    if (err == FWL_OK) {
        err = tie->read(tie->ctx, &beside);
    }
    if (err != FWL_OK) {
        return err;
    }
    if (stored.kind == FWL_INSTANCE_NONE && beside.kind == FWL_INSTANCE_NEW) {
        err = fwl_tie_renew(votes, tie);
        *lost = err != FWL_OK;
        return err;
    }
    *lost = stored.kind != FWL_INSTANCE_USED || beside.kind != FWL_INSTANCE_USED ||
            memcmp(stored.b, beside.b, sizeof(stored.b)) != 0;
    return FWL_OK;
}
