#include "node/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/host/heap.h"

enum {
    PATH_ROOM = 1100, /* FWL_CONFIG_PATH_MAX and the suffixes */
    TEXT_SIZE = 2 * FWL_SIGNER_INSTANCE_SIZE,
};

static const char instance_key[] = "instance"; /* in space vmeta */

struct instance {
    bool some;
    uint8_t b[FWL_SIGNER_INSTANCE_SIZE];
};

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
read_store(struct instance *out, const struct fwl_storage *votes)
{
    struct fwl_read read;
    struct fwl_span value;
    enum fwl_err err = fwl_read_begin(votes, &read);

    *out = (struct instance){0};
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(&read.kv, &value, FWL_SPACE_VMETA, fwl_span_text(instance_key));
    if (err == FWL_OK && value.size == sizeof(out->b)) {
        out->some = true;
        memcpy(out->b, value.p, sizeof(out->b));
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
write_store(const struct fwl_storage *votes, const struct instance *instance)
{
    uint8_t arena[512];
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    err = fwl_overlay_put(&o, FWL_SPACE_VMETA, fwl_span_text(instance_key), fwl_span(instance->b, sizeof(instance->b)));
    return err == FWL_OK ? fwl_storage_commit(votes, &o) : err;
}

static enum fwl_err
file_path(char out[PATH_ROOM], const char *key_path, const char *suffix)
{
    int n = snprintf(out, PATH_ROOM, "%s.instance%s", key_path, suffix);

    return n < 0 || n >= PATH_ROOM ? FWL_ERR_LIMIT : FWL_OK;
}

static enum fwl_err
read_file(struct instance *out, const char *key_path)
{
    char path[PATH_ROOM];
    char text[TEXT_SIZE + 2];
    FILE *file = NULL;
    size_t size = 0;
    enum fwl_err err = file_path(path, key_path, "");

    *out = (struct instance){0};
    if (err != FWL_OK) {
        return err;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? FWL_OK : FWL_ERR_STORAGE;
    }
    size = fread(text, 1, sizeof(text), file);
    err = ferror(file) != 0 ? FWL_ERR_STORAGE : FWL_OK;
    (void)fclose(file);
    if (err == FWL_OK && (size != TEXT_SIZE + 1 || text[TEXT_SIZE] != '\n' ||
                          fwl_hex_decode(out->b, sizeof(out->b), fwl_span(text, TEXT_SIZE)) != FWL_OK)) {
        err = FWL_ERR_CORRUPT;
    }
    out->some = err == FWL_OK;
    return err;
}

/* The folder of @path, so that a rename in it survives a power cut. */
static bool
sync_folder(const char *path)
{
    char folder[PATH_ROOM];
    char *slash = NULL;
    int fd = -1;
    bool ok = false;

    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, sizeof(folder), ".");
    } else {
        slash[slash == folder] = '\0';
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    return (fd < 0 || close(fd) == 0) && ok;
}

static enum fwl_err
write_file(const struct instance *instance, const char *key_path)
{
    char path[PATH_ROOM];
    char temporary[PATH_ROOM];
    char text[TEXT_SIZE + 2];
    int fd = -1;
    bool ok = false;

    if (file_path(path, key_path, "") != FWL_OK || file_path(temporary, key_path, ".new") != FWL_OK) {
        return FWL_ERR_LIMIT;
    }
    fwl_hex_encode(text, sizeof(text), fwl_span(instance->b, sizeof(instance->b)));
    text[TEXT_SIZE] = '\n';
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return FWL_ERR_STORAGE;
    }
    ok = write(fd, text, TEXT_SIZE + 1) == TEXT_SIZE + 1 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path) != 0 || !sync_folder(path)) {
        (void)unlink(temporary);
        return FWL_ERR_STORAGE;
    }
    return FWL_OK;
}

enum fwl_err
fwl_signer_instance_renew(const struct fwl_storage *votes, const char *key_path)
{
    struct instance fresh = {.some = true};
    enum fwl_err err = FWL_OK;

    fwl_random(fresh.b, sizeof(fresh.b));
    err = write_file(&fresh, key_path);
    return err == FWL_OK ? write_store(votes, &fresh) : err;
}

enum fwl_err
fwl_signer_instance_check(bool *lost, const struct fwl_storage *votes, const char *key_path)
{
    struct instance stored;
    struct instance beside;
    enum fwl_err err = read_store(&stored, votes);

    *lost = true;
    if (err == FWL_OK) {
        err = read_file(&beside, key_path);
    }
    if (err != FWL_OK) {
        return err;
    }
    if (!stored.some && !beside.some) {
        err = fwl_signer_instance_renew(votes, key_path);
        *lost = err != FWL_OK;
        return err;
    }
    *lost = !stored.some || !beside.some || memcmp(stored.b, beside.b, sizeof(stored.b)) != 0;
    return FWL_OK;
}
