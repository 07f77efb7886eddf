/*
 * lines - files of JSON Lines: one document a line, read one at a time. Zone H.
 */
#ifndef FWL_CLIENT_CLI_LINES_H
#define FWL_CLIENT_CLI_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "client/cli/bar.h"
#include "core/error.h"

enum {
    FWL_LINES_ERROR_MAX = 256,
    FWL_LINES_LINE_MAX = 1048576, /* bytes */
};

struct fwl_lines {
    const char *path; /* for messages */
    FILE *file;
    char *line; /* what is read of the line under way */
    size_t size, room;
    size_t number;                   /* of the line that was read last, from 1 */
    char error[FWL_LINES_ERROR_MAX]; /* after FWL_ERR_VALUE or FWL_ERR_LIMIT */
    uint64_t total, done;            /* bytes; total 0: not known (a pipe) */
    struct fwl_bar bar;              /* see fwl_lines_bar */
};

/** fwl_lines_open - @path, or "-" for standard input. Prints why not and returns an exit code; 0 when it is open.
 * fwl_lines_close in every case. */
int fwl_lines_open(struct fwl_lines *lines, const char *path);
void fwl_lines_close(struct fwl_lines *lines);

/**
 * fwl_lines_next - the next line that is not blank.
 *
 * Fills:   @value with a new reference, NULL otherwise.
 * Returns: FWL_OK; FWL_ERR_ABSENT at the end; FWL_ERR_VALUE or FWL_ERR_LIMIT: this line is no JSON, or too long, and
 *          lines->error says where; the next call goes on. FWL_ERR_STORAGE: the file cannot be read to its end;
 *          FWL_ERR_MEMORY.
 * Cost:    memory for the longest line, at most FWL_LINES_LINE_MAX bytes.
 */
FWL_NODISCARD enum fwl_err fwl_lines_next(struct fwl_lines *lines, json_t **value);

/** fwl_lines_say - print "fwledger: PATH:LINE: @why" to standard error, past the bar. */
void fwl_lines_say(struct fwl_lines *lines, const char *why);

/** fwl_lines_bar - from now on show on standard error how much of the file is read, behind @label; only when that is a
 * terminal, standard output is none (its lines would break the bar), and the size is known. fwl_lines_close wipes it.
 */
void fwl_lines_bar(struct fwl_lines *lines, const char *label);

#endif
