/*
 * bar - how far something is, on standard error when that is a terminal. Zone H.
 */
#ifndef FWL_CLIENT_CLI_BAR_H
#define FWL_CLIENT_CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct fwl_bar {
    bool on;
    bool there; /* on the line under the cursor */
    unsigned percent;
    const char *label;
};

/** fwl_bar_begin - a bar that shows nothing yet; never anything when standard error is no terminal. Keeps @label. */
void fwl_bar_begin(struct fwl_bar *bar, const char *label);

/** fwl_bar_show - @done of @total, drawn when the percentage or the label (NULL: as before) changes; @total 0: @done
 * alone. */
void fwl_bar_show(struct fwl_bar *bar, const char *label, uint64_t done, uint64_t total);

/** fwl_bar_wipe - give the line back, before something else is printed and at the end. */
void fwl_bar_wipe(struct fwl_bar *bar);

#endif
