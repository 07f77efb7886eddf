/*
 * world_part - what the parts of world share. Zone H. Internal.
 */
#ifndef FWL_CLIENT_CLI_WORLD_PART_H
#define FWL_CLIENT_CLI_WORLD_PART_H

#include "client/cli/data.h"
#include "client/cli/submit.h"
#include "client/cli/world.h"
#include "contracts/json/facts.h"
#include "contracts/policy/compile/policy_compile.h"
#include "contracts/policy/decide.h"
#include "ledger/store/memstore.h"

/* Bytes that others view, freed with the world. */
struct fwl_world_bytes {
    struct fwl_world_bytes *next;
    uint8_t *p;
};

struct fwl_world_class {
    char name[FWL_CLASS_MAX + 1];
    bool has_vendor, has_entry;
    struct fwl_vendor_entry vendor;
    struct fwl_class_entry entry;
    struct fwl_listed *releases; /* entry.live.count */
    struct fwl_span *names;      /* the ids of a releases file; NULL: releases have their own */
};

struct fwl_world_fleet {
    char name[FWL_FLEET_MAX + 1];
    bool has_entry, has_policy;
    struct fwl_fleet_entry entry;
    struct fwl_policy_entry policy;
};

struct fwl_world {
    bool from_files;
    uint64_t scheme;    /* of --scheme: also of a class that a rule names and the file does not have; 0: none */
    const char *source; /* file, folder or node */
    uint64_t releases, schemes[FWL_SCHEME_OPAQUE + 1]; /* of files: releases, and classes by scheme */
    bool has_now;
    uint64_t now_ms;
    bool has_tip;
    uint64_t height, time_ms; /* of the tip; of a node, of its first answer */
    uint64_t newest;          /* height of its last answer */
    size_t bad;
    struct fwl_world_bytes *bytes;
    void *classes, *fleets; /* trees of tsearch */
    /* a node */
    struct fwl_session session;
    /* a data folder, and a chain in memory: of a snapshot, or executed again up to a moment */
    struct fwl_data data;
    struct fwl_memstore *memory;
    struct fwl_storage storage;
    struct fwl_read read;
    const struct fwl_kv *kv;
    /* working memory of a decision */
    struct fwl_json_facts facts;
    struct fwl_decide_work decide;
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_decision decision;
    struct fwl_json_decision shown; /* of the last decision */
};

/** fwl_world_keep - the world frees @p, which may be NULL (then false). */
bool fwl_world_keep(struct fwl_world *world, void *p);
/** fwl_world_add_class - a class of this name, zeroed; NULL when out of memory. It must not be there. */
struct fwl_world_class *fwl_world_add_class(struct fwl_world *world, struct fwl_span name);
/** fwl_world_find_class - NULL when it was not added. */
struct fwl_world_class *fwl_world_find_class(const struct fwl_world *world, struct fwl_span name);

/** fwl_world_files - all classes from a releases file. Prints, and returns an exit code. */
int fwl_world_files(struct fwl_world *world, const struct fwl_command *self, const struct fwl_world_options *options);
/** fwl_world_past - world->kv of the ledger of world->data as it was at @at_ms: executed again in memory, from genesis
 * or the newest of @snapshots that is not later. The same. */
int fwl_world_past(struct fwl_world *world, uint64_t at_ms, const struct fwl_arg_list *snapshots);
/** fwl_world_snapshot - world->kv of the ledger in a snapshot, restored in memory. The same. */
int fwl_world_snapshot(struct fwl_world *world, const char *path);
/** fwl_world_load - the class and the fleet, from a node or a store, unless they are there; @error is filled. The same.
 */
int fwl_world_load(struct fwl_world *world, char error[FWL_WORLD_ERROR_MAX], struct fwl_span fleet,
                   struct fwl_span class_name);

#endif
