#include "node/signer.h"

#include "core/host/heap.h"

static enum fwl_err
sign_with_file(void *ctx, struct fwl_sig64 *out, const struct fwl_signing_request *request,
               const struct fwl_hash32 *digest)
{
    (void)request;
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
    *out = (struct fwl_signer){.sign = sign_with_file, .close = close_file, .ctx = secret, .tie = fwl_tie_file(path)};
    fwl_secret_xonly(&out->key, secret);
    return FWL_OK;
}

enum fwl_err
fwl_signer_sign(const struct fwl_signer *signer, struct fwl_sig64 *out, const struct fwl_signing_request *request,
                const struct fwl_hash32 *digest)
{
    *out = (struct fwl_sig64){0};
    return signer->sign == NULL ? FWL_ERR_STATE : signer->sign(signer->ctx, out, request, digest);
}

void
fwl_signer_close(struct fwl_signer *signer)
{
    if (signer->close != NULL) {
        signer->close(signer->ctx);
    }
    *signer = (struct fwl_signer){0};
}
