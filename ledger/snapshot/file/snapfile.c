#include "ledger/snapshot/file/snapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host/heap.h"

static enum fwl_err
map(struct fwl_snapfile *file, int fd)
{
    struct stat st;
    void *at = MAP_FAILED;

    if (fstat(fd, &st) != 0) {
        return FWL_ERR_STORAGE;
    }
    if (!S_ISREG(st.st_mode)) { /* a read would say so; errno is what people are told */
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return FWL_ERR_STORAGE;
    }
    if (st.st_size == 0) {
        return FWL_ERR_TRUNCATED;
    }
    at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        return errno == ENOMEM ? FWL_ERR_MEMORY : FWL_ERR_STORAGE;
    }
    file->bytes = fwl_span(at, (size_t)st.st_size);
    return fwl_snapshot_decode(&file->snapshot, file->bytes);
}

enum fwl_err
fwl_snapfile_map(struct fwl_snapfile **out, int fd)
{
    struct fwl_snapfile *file = fwl_calloc(1, sizeof(*file));
    enum fwl_err err = FWL_OK;

    *out = NULL;
    if (file == NULL) {
        return FWL_ERR_MEMORY;
    }
    err = map(file, fd);
    if (err != FWL_OK) {
        fwl_snapfile_close(file);
        return err;
    }
    *out = file;
    return FWL_OK;
}

enum fwl_err
fwl_snapfile_open(struct fwl_snapfile **out, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum fwl_err err = FWL_OK;

    *out = NULL;
    if (fd < 0) {
        return errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE;
    }
    err = fwl_snapfile_map(out, fd);
    (void)close(fd);
    return err;
}

void
fwl_snapfile_close(struct fwl_snapfile *file)
{
    if (file != NULL && file->bytes.p != NULL) {
        union {
            const uint8_t *in;
            void *out;
        } p = {.in = file->bytes.p}; /* munmap takes it as void * */

        (void)munmap(p.out, file->bytes.size);
    }
    fwl_free(file);
}
