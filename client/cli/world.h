/*
 * world - what the ledger says, or would say, to many devices: for simulate, policy test and policy diff. Zone H.
 *
 * Releases come from a file that is not published yet, from a node, from a node's data, as of now or of a past moment
 * (its blocks are executed again up to there, from genesis or the nearest snapshot), or from a snapshot. The policy is
 * that of the ledger, or a file that takes its place. Decisions are made by the same code as on nodes and devices.
 * Classes and fleets are read when a device first asks for them and are kept, so a hundred thousand devices cost one
 * look at each.
 */
#ifndef FWL_CLIENT_CLI_WORLD_H
#define FWL_CLIENT_CLI_WORLD_H

#include <jansson.h>

#include "client/cli/args.h"
#include "contracts/json/decision.h"

enum {
    FWL_WORLD_ERROR_MAX = 2560,
};

/* Where releases and policies come from; FWL_WORLD_OPTIONS puts them into a command's table. */
struct fwl_world_options {
    const char *releases, *class_name, *scheme; /* a file */
    const char *node;
    const char *data, *at;
    struct fwl_arg_list snapshots;
    const char *now;
};

#define FWL_WORLD_OPTIONS(o)                                                                                           \
    {.name = "--releases",                                                                                             \
     .value_name = "FILE",                                                                                             \
     .help = "releases, one a line, in the order of publication",                                                      \
     .value = &(o)->releases},                                                                                         \
        {.name = "--class",                                                                                            \
         .value_name = "TEMPLATE",                                                                                     \
         .help = "class of a release line that names none, as for release import",                                     \
         .value = &(o)->class_name},                                                                                   \
        {.name = "--scheme",                                                                                           \
         .value_name = "S",                                                                                            \
         .help = "version scheme of their classes; default: what all versions of a vendor fit",                        \
         .value = &(o)->scheme},                                                                                       \
        {.name = "--node",                                                                                             \
         .value_name = "URL",                                                                                          \
         .help = "releases of a node that you trust; default $FWLEDGER_NODE",                                          \
         .value = &(o)->node},                                                                                         \
        {.name = "--data",                                                                                             \
         .value_name = "DIR",                                                                                          \
         .help = "releases of a node's folder; the node may run",                                                      \
         .value = &(o)->data},                                                                                         \
        {.name = "--snapshot",                                                                                         \
         .value_name = "FILE",                                                                                         \
         .help = "releases of a snapshot; with --data where --at may start, several are possible",                     \
         .list = &(o)->snapshots},                                                                                     \
        {.name = "--at",                                                                                               \
         .value_name = "TIME",                                                                                         \
         .help = "with --data: as the ledger was then, RFC 3339; its blocks are executed again",                       \
         .value = &(o)->at},                                                                                           \
    {                                                                                                                  \
        .name = "--now", .value_name = "TIME", .help = "the time of the decisions; default: of the tip, or the clock", \
        .value = &(o)->now                                                                                             \
    }

struct fwl_world;
struct fwl_world_policy; /* a policy file, compiled */

/**
 * fwl_world_open - one of a releases file, a data folder, a snapshot, or a node; two are a usage error, but for
 * snapshots beside a data folder.
 *
 * Prints why not and returns an exit code; 0 when @out is open. Release lines that are none are printed and counted
 * (fwl_world_bad). fwl_world_close in every case; NULL is fine.
 */
int fwl_world_open(struct fwl_world **out, const struct fwl_command *self, const struct fwl_world_options *options);
void fwl_world_close(struct fwl_world *world);
size_t fwl_world_bad(const struct fwl_world *world);

/** fwl_world_describe - a line that says what is decided upon: how many releases and what their versions were taken
 * for, or which ledger at which height. */
void fwl_world_describe(FILE *to, const struct fwl_world *world);

/**
 * fwl_world_policy - a policy file to be used in place of that of the ledger, for every fleet or for the one it names.
 *
 * Classes that a rule lists are asked of @world for their scheme. Prints why not and returns an exit code.
 */
int fwl_world_policy(struct fwl_world_policy **out, struct fwl_world *world, const char *path);
void fwl_world_policy_free(struct fwl_world_policy *policy);

/**
 * fwl_world_decide - what a device with these facts would be told.
 *
 * Shape:   @policy NULL: that of the ledger. Facts without a fleet take that of the policy file, and get one here.
 * Fills:   @out, which views @world, @policy and @facts until the next call; @error with a sentence on failure.
 * Returns: 0; FWL_EXIT_NO when the facts are to blame; another exit code when nothing can go on (a node is away).
 */
int fwl_world_decide(struct fwl_world *world, const struct fwl_world_policy *policy,
                     const struct fwl_json_decision **out, char error[FWL_WORLD_ERROR_MAX], json_t *facts);

#endif
