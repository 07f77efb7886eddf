#include "client/cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "client/cli/files.h"

int
fwl_commands_exit(enum fwl_err err)
{
    if (err == FWL_OK) {
        return FWL_EXIT_YES;
    }
    if (err == FWL_ERR_CERTIFICATE || err == FWL_ERR_SIGNATURE || err == FWL_ERR_EPOCH || err == FWL_ERR_CHAIN) {
        return FWL_EXIT_CERTIFICATE;
    }
    if (err == FWL_ERR_PROOF || err == FWL_ERR_HASH || err == FWL_ERR_NO_VALUE) {
        return FWL_EXIT_PROOF;
    }
    if (err == FWL_ERR_STALE) {
        return FWL_EXIT_STALE;
    }
    if (err == FWL_ERR_ROLLBACK) {
        return FWL_EXIT_ROLLBACK;
    }
    if (err == FWL_ERR_AUTHOR) {
        return FWL_EXIT_AUTHOR;
    }
    if (err >= 20 && err < 40) {
        return FWL_EXIT_MALFORMED;
    }
    if (err >= 60 && err < 80) {
        return FWL_EXIT_STORAGE;
    }
    if (err >= 80 && err < 100) {
        return FWL_EXIT_NODE;
    }
    return err == FWL_ERR_LOCAL ? FWL_EXIT_LOCAL : FWL_EXIT_NO;
}

int
fwl_commands_fail(const char *what, enum fwl_err err)
{
    (void)fprintf(stderr, "fwledger: %s: %s\n", what, fwl_err_text(err));
    return fwl_commands_exit(err);
}

int
fwl_commands_fail_file(const char *path, enum fwl_err err)
{
    char why[128];

    if (err != FWL_ERR_ABSENT && err != FWL_ERR_STORAGE && err != FWL_ERR_LIMIT) {
        return fwl_commands_fail(path, err);
    }
    fwl_files_why(why, sizeof(why), err);
    (void)fprintf(stderr, "fwledger: %s: %s\n", path, why);
    return FWL_EXIT_CONFIG;
}

int
fwl_commands_fail_write(const char *path)
{
    (void)fprintf(stderr, "fwledger: %s: it cannot be written: %s\n", path, strerror(errno));
    return FWL_EXIT_STORAGE;
}

int
fwl_commands_flush(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : fwl_commands_fail_write("standard output");
}

int
fwl_commands_secret(struct fwl_secret *out, const char *path, enum fwl_key_kind kind, enum fwl_key_kind other_kind)
{
    enum fwl_err err = fwl_secret_load(out, path);

    if (err == FWL_ERR_STATE || err == FWL_ERR_VALUE) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", path, fwl_secret_why(err));
        return FWL_EXIT_CONFIG;
    }
    if (err != FWL_OK) {
        return fwl_commands_fail_file(path, err);
    }
    if (kind != 0 && out->kind != kind && (other_kind == 0 || out->kind != other_kind)) {
        (void)fprintf(stderr, "fwledger: %s: it is a key of kind %s, and one of kind %s%s%s is needed\n", path,
                      fwl_key_kind_name(out->kind), fwl_key_kind_name(kind), other_kind == 0 ? "" : " or ",
                      other_kind == 0 ? "" : fwl_key_kind_name(other_kind));
        fwl_secret_clear(out);
        return FWL_EXIT_CONFIG;
    }
    return 0;
}

bool
fwl_commands_number(uint64_t *out, const char *text, uint64_t max)
{
    uint64_t number = 0;

    *out = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || !fwl_mul_u64(&number, number, 10) ||
            !fwl_add_u64(&number, number, (uint64_t)(*text - '0')) || number > max) {
            return false;
        }
    }
    *out = number;
    return true;
}

int
fwl_commands_take_number(const struct fwl_command *self, uint64_t *out, const char *text, uint64_t fallback,
                         uint64_t max, const char *option)
{
    char reason[128];

    *out = fallback;
    if (text == NULL || fwl_commands_number(out, text, max)) {
        return 0;
    }
    (void)snprintf(reason, sizeof(reason), "%s is a whole number of at most %" PRIu64, option, max);
    return fwl_args_usage(self, reason);
}
