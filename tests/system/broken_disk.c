/*
 * broken_disk - a disk that fails, for tests/disks.py: preloaded into a node.
 *
 * The file that FWL_BROKEN_DISK names says what fails: "CALL ERRNO PATH", CALL being sync or write, for files whose
 * path has PATH in it. No file, or an empty one: everything works. It is read at every call, so a test breaks and mends
 * the disk of a node that runs. ENOSPC leaves the meta pages of LMDB alone, which it writes to a descriptor of their
 * own with O_DSYNC: they are there from the beginning, and need no space.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NO_SPACE "28" /* ENOSPC */

/* Is the file behind @fd one that fails at @call? Sets errno then. */
static bool
broken(const char *call, int fd)
{
    const char *plan = getenv("FWL_BROKEN_DISK");
    FILE *f = plan == NULL ? NULL : fopen(plan, "re");
    char link[64];
    char path[4096];
    char what[16];
    char part[256];
    char number[16];
    ssize_t size = -1;
    bool fails = f != NULL && fscanf(f, "%15s %15s %255s", what, number, part) == 3 && strcmp(what, call) == 0;

    if (f != NULL) {
        (void)fclose(f);
    }
    if (fails) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        size = readlink(link, path, sizeof(path) - 1);
    }
    if (size < 0) {
        return false;
    }
    path[size] = '\0';
    fails = strstr(path, part) != NULL && (strcmp(number, NO_SPACE) != 0 || (fcntl(fd, F_GETFL) & O_DSYNC) == 0);
    errno = (int)strtol(number, NULL, 10);
    return fails;
}

/* NOLINTBEGIN(bugprone-macro-parentheses, readability-inconsistent-declaration-parameter-name): names that are not ours
 */
/* The function of the C library behind the one that stands here. */
#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (real == NULL) {                                                                                                \
        *(void **)(&real) = dlsym(RTLD_NEXT, #name);                                                                   \
    }

int
fdatasync(int fd)
{
    REAL(fdatasync)
    return broken("sync", fd) ? -1 : real(fd);
}

int
fsync(int fd)
{
    REAL(fsync)
    return broken("sync", fd) ? -1 : real(fd);
}

ssize_t
pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    REAL(pwrite)
    return broken("write", fd) ? -1 : real(fd, bytes, size, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev)
    return broken("write", fd) ? -1 : real(fd, parts, count);
}
/* NOLINTEND(bugprone-macro-parentheses, readability-inconsistent-declaration-parameter-name) */
