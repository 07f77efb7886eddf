/* vectors - what the tests of this folder need to read vector files. A file that is missing or damaged ends the test.
 */
#ifndef FWL_TESTS_UNIT_CORE_VECTORS_H
#define FWL_TESTS_UNIT_CORE_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base.h"

#define VECTORS(path) FWL_TEST_DATA "/vectors/" path

/* Either case of hexadecimal to bytes; returns their number. */
static inline size_t
vectors_hex(uint8_t *out, size_t room, const char *hex)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t size = strlen(hex) / 2;

    assert_true(strlen(hex) % 2 == 0 && size <= room);
    for (size_t i = 0; i < size; i++) {
        const char *high = memchr(digits, hex[2 * i], 32);
        const char *low = memchr(digits, hex[2 * i + 1], 32);

        assert_true(high != NULL && low != NULL);
        out[i] = (uint8_t)(((high - digits) % 16) << 4 | (low - digits) % 16);
    }
    return size;
}

/* The next line without its newline, split at @separator into exactly @count fields; false at the end of the file. */
static inline bool
vectors_line(FILE *f, char *line, size_t room, char separator, char **fields, size_t count)
{
    size_t found = 1;

    if (fgets(line, (int)room, f) == NULL) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    fields[0] = line;
    for (char *at = line; *at != '\0' && found < count; at++) {
        if (*at == separator) {
            *at = '\0';
            fields[found++] = at + 1;
        }
    }
    assert_int_equal(found, count);
    return true;
}

#endif
