/*
 * policy_check - a policy file, compiled, and every mistake in it with its place. Zone H.
 *
 * The compiler is that of the validators (contracts/policy/compile). Places are those of the YAML file: whatever way an
 * expression is quoted or folded there, the caret stands below the character that is to blame.
 */
#ifndef FWL_CLIENT_CLI_POLICY_CHECK_H
#define FWL_CLIENT_CLI_POLICY_CHECK_H

#include "client/cli/policy_file.h"
#include "contracts/policy/compile/policy_compile.h"

/* About 900 KiB: allocate it. */
struct fwl_policy_check {
    /* As fwl_policy_compiler.scheme_of; NULL where no ledger is at hand: a policy that is set later meets the schemes
     * of its classes then, and any will do. */
    enum fwl_err (*scheme_of)(void *cookie, uint64_t *scheme, struct fwl_span class_name);
    void *cookie;
    const char *path;
    struct fwl_policy_file file;
    struct fwl_policy_source source; /* views the file */
    struct fwl_policy_compiler compiler;
    struct fwl_policy_entry entry; /* views the compiler; version 1 */
};

/**
 * fwl_policy_check_load - read and compile @path.
 *
 * Shape:   @check is zero, but for scheme_of and cookie.
 * Fills:   @check; fwl_policy_check_clear in every case. Every mistake is printed to standard error.
 * Returns: 0; FWL_EXIT_CONFIG when the file is no policy; FWL_EXIT_NO when something in it does not compile; -1 when
 *          scheme_of failed, which prints nothing.
 */
int fwl_policy_check_load(struct fwl_policy_check *check, const char *path);
void fwl_policy_check_clear(struct fwl_policy_check *check);

#endif
