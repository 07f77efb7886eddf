#include "client/cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/host/folder.h"
#include "core/host/heap.h"

enum {
    FIRST_ROOM = 16384,
};

static enum fwl_err
read_all(struct fwl_span *out, int fd, size_t max)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t room = 0;

    for (;;) {
        ssize_t got = 0;

        if (size + 1 >= room) {
            uint8_t *grown = fwl_realloc(bytes, room == 0 ? FIRST_ROOM : 2 * room);

            if (grown == NULL) {
                fwl_free(bytes);
                return FWL_ERR_MEMORY;
            }
            bytes = grown;
            room = room == 0 ? FIRST_ROOM : 2 * room;
        }
        got = read(fd, bytes + size, room - size - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        size += got > 0 ? (size_t)got : 0;
        if (got < 0 || size > max) {
            int cause = errno;

            fwl_free(bytes);
            errno = cause;
            return got < 0 ? FWL_ERR_STORAGE : FWL_ERR_LIMIT;
        }
        if (got == 0) {
            bytes[size] = '\0';
            *out = fwl_span(bytes, size);
            return FWL_OK;
        }
    }
}

enum fwl_err
fwl_files_read(struct fwl_span *out, const char *path, size_t max)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_span){0};
    if (fd < 0) {
        return errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE;
    }
    err = read_all(out, fd, max);
    if (!standard) {
        int cause = errno;

        (void)close(fd);
        errno = cause;
    }
    return err;
}

void
fwl_files_why(char *out, size_t room, enum fwl_err err)
{
    const char *cause = strerror(errno);

    if (err == FWL_ERR_STORAGE) {
        (void)snprintf(out, room, "it cannot be read: %s", cause);
    } else {
        (void)snprintf(out, room, "%s",
                       err == FWL_ERR_ABSENT  ? "there is no such file"
                       : err == FWL_ERR_LIMIT ? "it is larger than any such file can be"
                                              : fwl_err_text(err));
    }
}

static bool
write_all(int fd, struct fwl_span bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.p, bytes.size);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        bytes = put < 0 ? bytes : fwl_span(bytes.p + put, bytes.size - (size_t)put);
    }
    return true;
}

enum fwl_err
fwl_files_replace(const char *path, struct fwl_span bytes)
{
    char beside[PATH_MAX];
    int fd = -1;
    bool good = false;

    if (snprintf(beside, sizeof(beside), "%s.%ld.new", path, (long)getpid()) >= (int)sizeof(beside)) {
        errno = ENAMETOOLONG;
        return FWL_ERR_STORAGE;
    }
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return FWL_ERR_STORAGE;
    }
    good = write_all(fd, bytes) && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    if (!good || rename(beside, path) != 0) {
        int cause = errno;

        (void)unlink(beside);
        errno = cause;
        return FWL_ERR_STORAGE;
    }
    return fwl_folder_sync_of(path);
}

enum fwl_err
fwl_files_lock(const char *path)
{
    char name[PATH_MAX];
    int n = snprintf(name, sizeof(name), "%s.lock", path);
    int fd = n < 0 || (size_t)n >= sizeof(name) ? -1 : open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = -1;

    if (fd < 0) {
        return FWL_ERR_STORAGE;
    }
    do {
        rc = flock(fd, LOCK_EX);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        (void)close(fd);
        return FWL_ERR_STORAGE;
    }
    return FWL_OK; /* the descriptor stays open: the lock ends with the process */
}
