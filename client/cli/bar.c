#include "client/cli/bar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 40,
};

void
fwl_bar_begin(struct fwl_bar *bar, const char *label)
{
    *bar = (struct fwl_bar){.on = isatty(STDERR_FILENO) != 0, .label = label};
}

void
fwl_bar_show(struct fwl_bar *bar, const char *label, uint64_t done, uint64_t total)
{
    unsigned percent = total == 0 ? 0 : done >= total ? 100 : (unsigned)(done * 100 / total);
    int filled = (int)(percent * WIDTH / 100);
    bool same = label == NULL || strcmp(label, bar->label) == 0;

    if (!bar->on || (bar->there && same && total != 0 && percent == bar->percent)) {
        return;
    }
    bar->label = label == NULL ? bar->label : label;
    bar->percent = percent;
    bar->there = true;
    if (total == 0) {
        (void)fprintf(stderr, "\r%-12s %" PRIu64 "\x1b[K", bar->label, done);
    } else {
        (void)fprintf(stderr, "\r%-12s [%.*s%.*s] %3u %%\x1b[K", bar->label, filled,
                      "########################################", WIDTH - filled,
                      "........................................", percent);
    }
    (void)fflush(stderr);
}

void
fwl_bar_wipe(struct fwl_bar *bar)
{
    if (bar->there) {
        (void)fputs("\r\x1b[K", stderr);
        bar->there = false;
    }
}
