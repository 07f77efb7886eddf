#include "core/host/folder.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_ROOM = 4096,
};

enum fwl_err
fwl_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return good ? FWL_OK : FWL_ERR_STORAGE;
}

enum fwl_err
fwl_folder_sync_of(const char *path)
{
    char folder[PATH_ROOM] = ".";
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

    if (size >= sizeof(folder)) {
        return FWL_ERR_STORAGE;
    }
    if (slash != NULL) {
        memcpy(folder, path, size);
        folder[size] = '\0';
    }
    return fwl_folder_sync(folder);
}
