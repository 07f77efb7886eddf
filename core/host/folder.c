#include "core/host/folder.h"

#include <fcntl.h>
#include <libgen.h>
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
    char copy[PATH_ROOM];
    size_t size = strlen(path);

    if (size >= sizeof(copy)) {
        return FWL_ERR_STORAGE;
    }
    memcpy(copy, path, size + 1);
    return fwl_folder_sync(dirname(copy));
}
