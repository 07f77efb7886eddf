#include "node/signer.h"

#include "core/host/heap.h"
#include "core/host/instance.h"

static const char instance_key[] = "instance"; /* in space vmeta */

static enum fwl_err
sign_with_file(void *ctx, struct fwl_sig64 *out, const struct fwl_hash32 *digest)
{
    fwl_schnorr_sign(out, ctx, digest);
    return FWL_OK;
}

static void
close_file(void *ctx)
{
    fwl_secret_clear(ctx);
    fwl_free(ctx);
}

enum fwl_err
fwl_signer_open_file(struct fwl_signer *out, const char *path)
{
    struct fwl_secret *secret = fwl_calloc(1, sizeof(*secret));
    enum fwl_err err = FWL_ERR_MEMORY;

    *out = (struct fwl_signer){0};
    if (secret == NULL) {
        return err;
    }
    err = fwl_secret_load(secret, path);
    if (err == FWL_OK && secret->kind != FWL_KEY_VALIDATOR) {
        err = FWL_ERR_TYPE;
    }
    if (err != FWL_OK) {
        close_file(secret);
        return err;
    }
    *out = (struct fwl_signer){.sign = sign_with_file, .close = close_file, .ctx = secret};
    fwl_secret_xonly(&out->key, secret);
    return FWL_OK;
}

enum fwl_err
fwl_signer_sign(const struct fwl_signer *signer, struct fwl_sig64 *out, const struct fwl_hash32 *digest)
{
    *out = (struct fwl_sig64){0};
    return signer->sign == NULL ? FWL_ERR_STATE : signer->sign(signer->ctx, out, digest);
}

void
fwl_signer_close(struct fwl_signer *signer)
{
    if (signer->close != NULL) {
        signer->close(signer->ctx);
    }
    *signer = (struct fwl_signer){0};
}

static enum fwl_err
read_store(struct fwl_instance *out, const struct fwl_storage *votes)
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
fwl_signer_instance_renew(const struct fwl_storage *votes, const char *key_path)
{
    struct fwl_instance fresh = {.kind = FWL_INSTANCE_USED};
    enum fwl_err err = FWL_OK;

    fwl_random(fresh.b, sizeof(fresh.b));
    err = fwl_instance_write(&fresh, key_path);
    return err == FWL_OK ? write_store(votes, &fresh) : err;
}

enum fwl_err
fwl_signer_instance_check(bool *lost, const struct fwl_storage *votes, const char *key_path)
{
    struct fwl_instance stored;
    struct fwl_instance beside;
    enum fwl_err err = read_store(&stored, votes);

    *lost = true;
    if (err == FWL_OK) {
        err = fwl_instance_read(&beside, key_path);
    }
    if (err != FWL_OK) {
        return err;
    }
    if (stored.kind == FWL_INSTANCE_NONE && beside.kind == FWL_INSTANCE_NEW) {
        err = fwl_signer_instance_renew(votes, key_path);
        *lost = err != FWL_OK;
        return err;
    }
    *lost = stored.kind != FWL_INSTANCE_USED || beside.kind != FWL_INSTANCE_USED ||
            memcmp(stored.b, beside.b, sizeof(stored.b)) != 0;
    return FWL_OK;
}
