/*
 * tally - counting by text, for summaries. Zone H.
 */
#ifndef FWL_CLIENT_CLI_TALLY_H
#define FWL_CLIENT_CLI_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    FWL_TALLY_SHOWN = 10, /* lines of a table; the rest is summed up */
    FWL_TALLY_NUMBER = 32,
};

struct fwl_tally_item;

/* All zero to begin with. */
struct fwl_tally {
    void *tree; /* of tsearch: finds an item by its text */
    struct fwl_tally_item *all;
    size_t count;
};

/** fwl_tally_add - one more of @text. None when out of memory, which the sums beside a table show. */
void fwl_tally_add(struct fwl_tally *tally, const char *text);

/** fwl_tally_print - @title, and below it the most frequent texts with their counts; nothing when there is none. */
void fwl_tally_print(FILE *to, const struct fwl_tally *tally, const char *title);

/** fwl_tally_clear - forget everything. */
void fwl_tally_clear(struct fwl_tally *tally);

/** fwl_tally_number - 1234567 as "1,234,567"; returns @out. */
const char *fwl_tally_number(char out[FWL_TALLY_NUMBER], uint64_t number);

#endif
