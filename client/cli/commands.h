/*
 * commands - every command of fwledger, and what they have in common. Zone H.
 */
#ifndef FWL_CLIENT_CLI_COMMANDS_H
#define FWL_CLIENT_CLI_COMMANDS_H

#include "client/cli/args.h"
#include "core/error.h"
#include "core/host/keys.h"

/* Exit codes of all programs (docs/spec/interfaces.md). */
enum fwl_exit {
    FWL_EXIT_YES = 0,
    FWL_EXIT_NO = 1,
    FWL_EXIT_USAGE = 2,
    FWL_EXIT_CONFIG = 3,
    FWL_EXIT_NODE = 4,
    FWL_EXIT_CERTIFICATE = 10,
    FWL_EXIT_PROOF = 11,
    FWL_EXIT_STALE = 12,
    FWL_EXIT_ROLLBACK = 13,
    FWL_EXIT_MALFORMED = 14,
    FWL_EXIT_AUTHOR = 15,
    FWL_EXIT_STORAGE = 20,
    FWL_EXIT_SECOND = 21,
    FWL_EXIT_LOCAL = 22,
};

/** fwl_commands_exit - the exit code that stands for an error. */
int fwl_commands_exit(enum fwl_err err);

/** fwl_commands_fail - print "fwledger: WHAT: text of @err" to standard error and return its exit code. */
int fwl_commands_fail(const char *what, enum fwl_err err);
/** fwl_commands_fail_file - print why a file of the caller's could not be read, and return FWL_EXIT_CONFIG.
 * FWL_ERR_STORAGE: errno has the cause. What is wrong with its bytes is as in fwl_commands_fail. */
int fwl_commands_fail_file(const char *path, enum fwl_err err);
/** fwl_commands_fail_write - print that a file could not be written, and the cause in errno. FWL_EXIT_STORAGE. */
int fwl_commands_fail_write(const char *path);
/** fwl_commands_flush - 0, or FWL_EXIT_STORAGE after printing that standard output did not take everything. */
int fwl_commands_flush(void);

/** fwl_commands_secret - load a key file of @kind or @other_kind, 0 where there is no other; both 0: any. Returns 0, or
 * FWL_EXIT_CONFIG after printing what is wrong and what to do. */
int fwl_commands_secret(struct fwl_secret *out, const char *path, enum fwl_key_kind kind, enum fwl_key_kind other_kind);

/** fwl_commands_number - a decimal number of at most @max; false for anything else. */
FWL_NODISCARD bool fwl_commands_number(uint64_t *out, const char *text, uint64_t max);

/** fwl_commands_take_number - the number in an option's @text; @fallback where that is NULL. Returns 0, or 2 after
 * printing that @option is a number of at most @max. */
int fwl_commands_take_number(const struct fwl_command *self, uint64_t *out, const char *text, uint64_t fallback,
                             uint64_t max, const char *option);

/* The tables, one per file; each ends with an entry whose name is NULL. */
extern const struct fwl_command fwl_commands_keys[];
extern const struct fwl_command fwl_commands_genesis[];
extern const struct fwl_command fwl_commands_anchor[];
extern const struct fwl_command fwl_commands_ask[];
extern const struct fwl_command fwl_commands_decide[];
extern const struct fwl_command fwl_commands_verify[];
extern const struct fwl_command fwl_commands_governors[];
extern const struct fwl_command fwl_commands_chain[];
extern const struct fwl_command fwl_commands_release[];
extern const struct fwl_command fwl_commands_import[];
extern const struct fwl_command fwl_commands_policy[];
extern const struct fwl_command fwl_commands_rollout[];
extern const struct fwl_command fwl_commands_policy_try[];
extern const struct fwl_command fwl_commands_simulate[];
extern const struct fwl_command fwl_commands_version[];
extern const struct fwl_command fwl_commands_fsck[];
extern const struct fwl_command fwl_commands_snapshot[];
extern const struct fwl_command fwl_commands_backup[];
extern const struct fwl_command fwl_commands_forensics[];

#endif
