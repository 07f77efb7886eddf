/*
 * Files that operators and devices hand in, by the first byte: a node's configuration, the YAML of a genesis, of a
 * validator set and of parameters, a trust anchor. Whatever they hold, they are taken or refused with a sentence.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/cli/anchor.h"
#include "client/cli/spec.h"
#include "node/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_config(const char *path)
{
    static struct fwl_config config;
    static char error[FWL_CONFIG_ERROR_MAX];

    if (fwl_config_load(&config, error, path) != FWL_OK) {
        FWL_ASSERT(error[0] != '\0');
    }
}

static void
try_spec(uint8_t kind, const char *path)
{
    static struct fwl_spec spec;
    enum fwl_err err = kind == 'g'   ? fwl_spec_genesis(&spec, path, 1)
                       : kind == 'v' ? fwl_spec_validators(&spec, path)
                                     : fwl_spec_params(&spec, path);

    FWL_ASSERT(err == FWL_OK || spec.error[0] != '\0');
}

static void
try_anchor(const uint8_t *data, size_t size)
{
    static struct fwl_anchor_file file;
    char error[256] = "";
    json_t *doc = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

    if (doc != NULL) {
        if (fwl_anchor_parse(&file, error, doc) != FWL_OK) {
            FWL_ASSERT(error[0] != '\0');
        }
        fwl_anchor_close(&file);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = -1;

    if (size < 1) {
        return 0;
    }
    if (data[0] == 'a') {
        try_anchor(data + 1, size - 1);
        return 0;
    }
    fd = memfd_create("input", MFD_CLOEXEC);
    FWL_ASSERT(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (data[0] == 'c') {
        try_config(path);
    } else {
        try_spec(data[0], path);
    }
    (void)close(fd);
    return 0;
}
