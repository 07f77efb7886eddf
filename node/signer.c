#include "node/signer.h"

#include <unistd.h>

#include "core/host/heap.h"

struct key_file {
    struct fwl_secret secret;
    int fd; /* that holds it; -1: nothing does */
};

static enum fwl_err
sign_with_file(void *ctx, struct fwl_sig64 *out, const struct fwl_signing_request *request,
               const struct fwl_hash32 *digest)
{
    const struct key_file *file = ctx;

    (void)request;
    fwl_schnorr_sign(out, &file->secret, digest);
    return FWL_OK;
}

static void
close_file(void *ctx)
{
    struct key_file *file = ctx;

    fwl_secret_clear(&file->secret);
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    fwl_free(file);
}

enum fwl_err
fwl_signer_open_file(struct fwl_signer *out, const char *path, bool hold)
{
    struct key_file *file = fwl_calloc(1, sizeof(*file));
    enum fwl_err err = FWL_ERR_MEMORY;

    *out = (struct fwl_signer){0};
    if (file == NULL) {
        return err;
    }
    file->fd = -1;
    err = fwl_secret_load(&file->secret, path);
    if (err == FWL_OK && file->secret.kind != FWL_KEY_VALIDATOR) {
        err = FWL_ERR_TYPE;
    }
    if (err == FWL_OK && hold) {
        err = fwl_secret_hold(&file->fd, path);
    }
    if (err != FWL_OK) {
        close_file(file);
        return err;
    }
    *out = (struct fwl_signer){.sign = sign_with_file, .close = close_file, .ctx = file, .tie = fwl_tie_file(path)};
    fwl_secret_xonly(&out->key, &file->secret);
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
