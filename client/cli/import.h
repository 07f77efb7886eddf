/*
 * import - a releases file (JSON Lines) on its way to the ledger. Zone H.
 *
 * Lines are read, made into records, and grouped by participant and class; what the node has already is left out. Then
 * transactions carry as many lines as fit, each with the classes that it needs registered. Lines of one class keep
 * their order, which is the order of publication; transactions that share no class travel at the same time.
 */
#ifndef FWL_CLIENT_CLI_IMPORT_H
#define FWL_CLIENT_CLI_IMPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "client/cli/record.h"
#include "core/version.h"

enum {
    FWL_IMPORT_LINE_MAX = 1048576, /* bytes */
    FWL_IMPORT_FLIGHT_MAX = 8,     /* transactions under way at a time */
};

enum fwl_import_state {
    FWL_IMPORT_TODO,
    FWL_IMPORT_THERE, /* the node had it */
    FWL_IMPORT_DONE,
    FWL_IMPORT_FAILED,
};

struct fwl_import_line {
    size_t number; /* in the file, from 1 */
    size_t group;
    size_t class_index;
    struct fwl_hash32 id;
    uint8_t *record;
    size_t size;
    enum fwl_import_state state;
};

struct fwl_import_group { /* one participant with its key file */
    char *participant;
    char *key;
};

struct fwl_import_class {
    char *name;
    bool registered; /* on the ledger */
};

struct fwl_import_templates {
    const char *class_name, *participant, *key;
    enum fwl_scheme scheme;
    const struct fwl_secret *author; /* or NULL */
};

struct fwl_import {
    const char *path; /* for messages */
    enum fwl_scheme scheme;
    struct fwl_import_line *lines;
    size_t line_count, line_room;
    struct fwl_import_group *groups;
    size_t group_count, group_room;
    struct fwl_import_class *classes;
    size_t class_count, class_room;
    size_t bad; /* lines that make no record; printed */
};

/* A transaction to be: lines [from, to). */
struct fwl_import_batch {
    size_t from, to;
    bool follows; /* goes on with a class of the batch before, so it waits for that one */
};

/** fwl_import_read - every line of @file as a record; a line that is none is printed with its number and counted.
 * FWL_OK or FWL_ERR_MEMORY. */
FWL_NODISCARD enum fwl_err fwl_import_read(struct fwl_import *import, FILE *file,
                                           const struct fwl_import_templates *templates);

/** fwl_import_plan - sort what is still to do, and cut it into batches. @batches is on the heap: fwl_free. */
FWL_NODISCARD enum fwl_err fwl_import_plan(struct fwl_import *import, struct fwl_import_batch **batches, size_t *count);

/** fwl_import_clear - free everything. */
void fwl_import_clear(struct fwl_import *import);

#endif
