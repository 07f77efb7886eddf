#include "client/cli/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/commands.h"
#include "client/cli/print.h"

enum {
    BAR = 40,
};

int
fwl_lines_open(struct fwl_lines *lines, const char *path)
{
    struct stat st;

    *lines = (struct fwl_lines){.path = path};
    lines->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (lines->file == NULL) {
        (void)fwl_commands_fail_file(path, FWL_ERR_ABSENT);
        return FWL_EXIT_CONFIG;
    }
    if (fstat(fileno(lines->file), &st) == 0 && S_ISREG(st.st_mode)) {
        lines->size = (uint64_t)st.st_size;
    }
    return 0;
}

static void
wipe(struct fwl_lines *lines)
{
    if (lines->bar) {
        (void)fputs("\r\033[K", stderr);
        lines->shown = 0;
    }
}

void
fwl_lines_close(struct fwl_lines *lines)
{
    wipe(lines);
    if (lines->file != NULL && lines->file != stdin) {
        (void)fclose(lines->file);
    }
    free(lines->line); /* of getline, so of the C library */
    *lines = (struct fwl_lines){.path = lines->path};
}

static void
show(struct fwl_lines *lines)
{
    unsigned percent = (unsigned)(lines->done * 100 / lines->size);
    int filled = (int)(percent * BAR / 100);

    if (percent != lines->shown && percent <= 100) {
        lines->shown = percent;
        (void)fprintf(stderr, "\r[%.*s%*s] %3u %%", filled, "########################################", BAR - filled,
                      "", percent);
        (void)fflush(stderr);
    }
}

enum fwl_err
fwl_lines_next(struct fwl_lines *lines, json_t **value)
{
    json_error_t where;
    ssize_t got = 0;

    *value = NULL;
    do {
        got = getline(&lines->line, &lines->room, lines->file);
        if (got < 0) {
            return ferror(lines->file) ? FWL_ERR_STORAGE : FWL_ERR_ABSENT; /* half a file is not its end */
        }
        lines->number++;
        lines->done += (uint64_t)got;
    } while (strspn(lines->line, " \t\r\n") == (size_t)got);
    if (lines->bar) {
        show(lines);
    }
    if (got > FWL_LINES_LINE_MAX) {
        (void)snprintf(lines->error, sizeof(lines->error), "a line has at most %d bytes", FWL_LINES_LINE_MAX);
        return FWL_ERR_LIMIT;
    }
    *value = json_loadb(lines->line, (size_t)got, JSON_REJECT_DUPLICATES, &where);
    if (*value == NULL) {
        (void)snprintf(lines->error, sizeof(lines->error), "column %d: %s", where.column, where.text);
        return FWL_ERR_VALUE;
    }
    return FWL_OK;
}

void
fwl_lines_say(struct fwl_lines *lines, const char *why)
{
    wipe(lines);
    (void)fprintf(stderr, "fwledger: %s:%zu: ", lines->path, lines->number);
    fwl_print_text(stderr, why);
    (void)fputc('\n', stderr);
}

void
fwl_lines_bar(struct fwl_lines *lines)
{
    lines->bar = lines->size > 0 && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
}
