#include "client/cli/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/commands.h"
#include "client/cli/print.h"
#include "core/host/heap.h"

enum {
    FIRST_ROOM = 4096,
};

int
fwl_lines_open(struct fwl_lines *lines, const char *path)
{
    struct stat st;

    *lines = (struct fwl_lines){.path = path};
    lines->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (lines->file == NULL) {
        return fwl_commands_fail_file(path, errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE);
    }
    if (fstat(fileno(lines->file), &st) == 0 && S_ISREG(st.st_mode)) {
        lines->total = (uint64_t)st.st_size;
    }
    return 0;
}

void
fwl_lines_close(struct fwl_lines *lines)
{
    fwl_bar_wipe(&lines->bar);
    if (lines->file != NULL && lines->file != stdin) {
        (void)fclose(lines->file);
    }
    fwl_free(lines->line);
    *lines = (struct fwl_lines){.path = lines->path};
}

/* One more byte of the line; what is beyond the limit is counted, not kept. */
static bool
append(struct fwl_lines *lines, int c)
{
    if (lines->size == lines->room && lines->size <= FWL_LINES_LINE_MAX) {
        size_t room = lines->room == 0 ? FIRST_ROOM : 2 * lines->room;
        char *grown = fwl_realloc(lines->line, room);

        if (grown == NULL) {
            return false;
        }
        lines->line = grown;
        lines->room = room;
    }
    if (lines->size < lines->room) {
        lines->line[lines->size] = (char)c;
    }
    lines->size++;
    return true;
}

/* A line without its end; FWL_ERR_ABSENT when there is none. */
static enum fwl_err
read_line(struct fwl_lines *lines)
{
    int c = 0;

    lines->size = 0;
    while ((c = getc_unlocked(lines->file)) != EOF && c != '\n') {
        if (!append(lines, c)) {
            return FWL_ERR_MEMORY;
        }
    }
    if (c == EOF && ferror(lines->file)) { /* half a file is not its end */
        return FWL_ERR_STORAGE;
    }
    if (c == EOF && lines->size == 0) {
        return FWL_ERR_ABSENT;
    }
    lines->number++;
    lines->done += lines->size + 1;
    return FWL_OK;
}

static bool
is_blank(const struct fwl_lines *lines)
{
    size_t i = 0;

    while (i < FWL_MIN(lines->size, lines->room) && strchr(" \t\r", lines->line[i]) != NULL && lines->line[i] != '\0') {
        i++;
    }
    return i == lines->size;
}

enum fwl_err
fwl_lines_next(struct fwl_lines *lines, json_t **value)
{
    json_error_t where;
    enum fwl_err err = FWL_OK;

    *value = NULL;
    do {
        err = read_line(lines);
    } while (err == FWL_OK && is_blank(lines));
    if (err != FWL_OK) {
        return err;
    }
    if (lines->bar.on) {
        fwl_bar_show(&lines->bar, NULL, lines->done, lines->total);
    }
    if (lines->size > FWL_LINES_LINE_MAX) {
        (void)snprintf(lines->error, sizeof(lines->error), "the line has %zu bytes, at most %d are possible",
                       lines->size, FWL_LINES_LINE_MAX);
        return FWL_ERR_LIMIT;
    }
    *value = json_loadb(lines->line, lines->size, JSON_REJECT_DUPLICATES, &where);
    if (*value == NULL) {
        (void)snprintf(lines->error, sizeof(lines->error), "column %d: %s", where.column, where.text);
        return FWL_ERR_VALUE;
    }
    return FWL_OK;
}

void
fwl_lines_say(struct fwl_lines *lines, const char *why)
{
    fwl_bar_wipe(&lines->bar);
    (void)fprintf(stderr, "fwledger: %s:%zu: ", lines->path, lines->number);
    fwl_print_text(stderr, why);
    (void)fputc('\n', stderr);
}

void
fwl_lines_bar(struct fwl_lines *lines, const char *label)
{
    fwl_bar_begin(&lines->bar, label);
    lines->bar.on = lines->bar.on && lines->total > 0 && !isatty(STDOUT_FILENO);
}
