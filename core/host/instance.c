#include "core/host/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/host/folder.h"

enum {
    PATH_ROOM = 4096,
    TEXT_SIZE = 2 * FWL_INSTANCE_SIZE,
};

static const char new_text[] = "new\n";

static enum fwl_err
file_path(char out[PATH_ROOM], const char *key_path, const char *suffix)
{
    int n = snprintf(out, PATH_ROOM, "%s.instance%s", key_path, suffix);

    return n < 0 || n >= PATH_ROOM ? FWL_ERR_LIMIT : FWL_OK;
}

enum fwl_err
fwl_instance_read(struct fwl_instance *out, const char *key_path)
{
    char path[PATH_ROOM];
    char text[TEXT_SIZE + 2];
    FILE *file = NULL;
    size_t size = 0;
    enum fwl_err err = file_path(path, key_path, "");

    *out = (struct fwl_instance){.kind = FWL_INSTANCE_NONE};
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
    if (err == FWL_OK && size == sizeof(new_text) - 1 && memcmp(text, new_text, size) == 0) {
        out->kind = FWL_INSTANCE_NEW;
        return FWL_OK;
    }
    if (err == FWL_OK && (size != TEXT_SIZE + 1 || text[TEXT_SIZE] != '\n' ||
                          fwl_hex_decode(out->b, sizeof(out->b), fwl_span(text, TEXT_SIZE)) != FWL_OK)) {
        err = FWL_ERR_CORRUPT;
    }
    out->kind = err == FWL_OK ? FWL_INSTANCE_USED : FWL_INSTANCE_NONE;
    return err;
}

enum fwl_err
fwl_instance_write(const struct fwl_instance *instance, const char *key_path)
{
    char path[PATH_ROOM];
    char temporary[PATH_ROOM];
    char text[TEXT_SIZE + 2];
    size_t size = TEXT_SIZE + 1;
    int fd = -1;
    bool ok = false;

    if (file_path(path, key_path, "") != FWL_OK || file_path(temporary, key_path, ".new") != FWL_OK) {
        return FWL_ERR_LIMIT;
    }
    if (instance->kind == FWL_INSTANCE_NEW) {
        size = sizeof(new_text) - 1;
        memcpy(text, new_text, size);
    } else {
        fwl_hex_encode(text, sizeof(text), fwl_span(instance->b, sizeof(instance->b)));
        text[TEXT_SIZE] = '\n';
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return FWL_ERR_STORAGE;
    }
    ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path) != 0 || fwl_folder_sync_of(path) != FWL_OK) {
        (void)unlink(temporary);
        return FWL_ERR_STORAGE;
    }
    return FWL_OK;
}
