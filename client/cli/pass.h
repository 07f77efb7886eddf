/*
 * pass - one pass over a file of devices or cases in a world, for simulate, policy test and policy diff. Zone H.
 */
#ifndef FWL_CLIENT_CLI_PASS_H
#define FWL_CLIENT_CLI_PASS_H

#include "client/cli/lines.h"
#include "client/cli/world.h"

struct fwl_pass {
    struct fwl_world *world;
    struct fwl_lines lines;          /* of the file under way */
    char error[FWL_WORLD_ERROR_MAX]; /* why the line that is taken fails */
    uint64_t failed;                 /* lines */
    uint8_t text[FWL_JSON_DECISION_MAX];
};

/**
 * fwl_pass_lines - call @take for each line of @path, and show how far it is where somebody watches.
 *
 * @take returns 0, FWL_EXIT_NO when the line is to blame (pass->error says why), or another exit code that ends the
 * pass. Lines that fail are printed with their number and counted.
 * Returns: 0, or an exit code after printing the reason: a file that cannot be read, standard output that cannot be
 *          written, what @take gave.
 */
int fwl_pass_lines(struct fwl_pass *pass, const char *path,
                   int (*take)(struct fwl_pass *pass, void *cookie, json_t *value), void *cookie);

/** fwl_pass_text - a decision as one line without its end; views pass->text. */
struct fwl_span fwl_pass_text(struct fwl_pass *pass, const struct fwl_json_decision *d);

/** fwl_pass_left_out - a line of the summary on standard error about @lines that failed; nothing for 0. */
void fwl_pass_left_out(uint64_t lines);

/** fwl_pass_print - bytes to standard output. */
void fwl_pass_print(struct fwl_span text);

/**
 * fwl_pass_outcome - a decision in a few words: "install 2.3.4", "install 2.3.4 (forced)", "current", or
 * "nothing: charged" with what is to blame.
 *
 * fwl_pass_reason - that rule or check, and its message. A device that gets nothing may be refused several releases for
 * several reasons: this is the reason of the one that came closest, of those that fit its hardware and are newer than
 * what it runs. Closest is who fails the latest check, then the fewest rules, then who was published last.
 */
void fwl_pass_outcome(char *out, size_t room, const struct fwl_json_decision *d);
void fwl_pass_reason(struct fwl_json_reason *out, const struct fwl_json_decision *d);

#endif
