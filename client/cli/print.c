#include "client/cli/print.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"

enum {
    DEPTH_MAX = 16,
};

#define TIME_MIN_MS UINT64_C(1000000000000)
#define TIME_MAX_MS UINT64_C(253402300799999) /* the end of 9999 */

void
fwl_print_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        unsigned char next = (unsigned char)text[1];

        if (c == 0xc2 && next >= 0x80 && next < 0xa0) { /* U+0080 to U+009F: terminals obey some of them too */
            (void)fputc(' ', to);
            text++;
        } else {
            (void)fputc(c < ' ' || c == 0x7f ? ' ' : c, to);
        }
    }
}

static void
scalar(FILE *to, const json_t *value)
{
    char *text = NULL;

    if (json_is_string(value)) {
        fwl_print_text(to, json_string_value(value));
        return;
    }
    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)fputs(text == NULL ? "?" : text, to);
    free(text); /* of jansson, so of the C library */
}

/* Milliseconds that the number behind @key counts, where it is a time and no text of it stands beside; else 0. */
static uint64_t
unit_of(const char *key)
{
    size_t size = strlen(key);

    if (strcmp(key, "expires") == 0) {
        return 1000;
    }
    return size > 3 && strcmp(key + size - 3, "_ms") == 0 && strcmp(key, "time_ms") != 0;
}

/* Behind a time, what it is for people. A duration is never that long: 31 years. */
static void
time_for_people(FILE *to, const char *key, const json_t *value)
{
    uint64_t unit = unit_of(key);
    json_int_t number = json_integer_value(value);
    char text[FWL_TIME_TEXT_SIZE];

    if (unit != 0 && number > 0 && (uint64_t)number <= TIME_MAX_MS / unit && (uint64_t)number * unit >= TIME_MIN_MS) {
        fwl_time_text(text, (uint64_t)number * unit);
        (void)fprintf(to, " (%s)", text);
    }
}

static bool
is_scalar(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

static void block(FILE *to, const json_t *value, unsigned depth, bool first_is_placed);

/* "key: value", or "key:" with what is inside below it. */
static void
member_line(FILE *to, const char *key, const json_t *member, unsigned depth) /* NOLINT(misc-no-recursion) */
{
    fwl_print_text(to, key);
    (void)fputc(':', to);
    if (is_scalar(member)) {
        (void)fputc(' ', to);
        scalar(to, member);
        time_for_people(to, key, member);
    } else if (json_object_size(member) == 0 && json_array_size(member) == 0) {
        (void)fputs(" none", to);
    }
    (void)fputc('\n', to);
    block(to, member, depth + 1, false);
}

/*
 * Members below each other, elements of a list behind "- ". @first_is_placed: the cursor stands where the first line
 * belongs, behind the "- " of the list around. The depth is bounded, and so is the recursion.
 */
static void
block(FILE *to, const json_t *value, unsigned depth, bool first_is_placed) /* NOLINT(misc-no-recursion) */
{
    json_t *all = (json_t *)(uintptr_t)value; /* jansson's iterators want it so */
    const json_t *item = NULL;
    size_t i = 0;

    if (depth > DEPTH_MAX) {
        return;
    }
    for (void *it = json_object_iter(all); it != NULL; it = json_object_iter_next(all, it)) {
        (void)fprintf(to, "%*s", first_is_placed ? 0 : (int)(2 * depth), "");
        first_is_placed = false;
        member_line(to, json_object_iter_key(it), json_object_iter_value(it), depth);
    }
    json_array_foreach(value, i, item)
    {
        (void)fprintf(to, "%*s- ", first_is_placed ? 0 : (int)(2 * depth), "");
        first_is_placed = false;
        if (is_scalar(item)) {
            scalar(to, item);
            (void)fputc('\n', to);
        } else {
            block(to, item, depth + 1, true);
        }
    }
}

void
fwl_print_value(FILE *to, const json_t *value, bool json)
{
    if (json) {
        (void)json_dumpf(value, to, JSON_COMPACT | JSON_ENCODE_ANY);
        (void)fputc('\n', to);
    } else if (is_scalar(value)) {
        scalar(to, value);
        (void)fputc('\n', to);
    } else {
        block(to, value, 0, false);
    }
}
