/* Vector files of one JSON object a line, for the tests of the trees. */
#ifndef FWL_TESTS_UNIT_MERKLE_VECTORS_H
#define FWL_TESTS_UNIT_MERKLE_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "core/span.h"

/* Call @each for every line of @path below tests/vectors; returns their number. */
static inline size_t
vectors_each(const char *path, void (*each)(const json_t *line, void *cookie), void *cookie)
{
    char name[512];
    char *line = NULL;
    size_t room = 0;
    size_t count = 0;
    FILE *f;

    (void)snprintf(name, sizeof(name), "%s/vectors/%s", FWL_TEST_DATA, path);
    f = fopen(name, "r");
    assert_non_null(f);
    while (getline(&line, &room, f) > 0) {
        json_t *object = json_loads(line, 0, NULL);

        if (object == NULL) { /* a number above 2^63 */
            object = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
        }
        assert_non_null(object);
        each(object, cookie);
        json_decref(object);
        count++;
    }
    free(line);
    fclose(f);
    return count;
}

/* The bytes of a hexadecimal member in @out; asserts that it fits. */
static inline struct fwl_span
vectors_hex(const json_t *object, const char *member, uint8_t *out, size_t room)
{
    const char *text = json_string_value(json_object_get(object, member));
    size_t size;

    assert_non_null(text);
    size = strlen(text) / 2;
    assert_true(size <= room);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;

        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return fwl_span(out, size);
}

static inline struct fwl_hash32
vectors_hash(const json_t *object, const char *member)
{
    struct fwl_hash32 hash;

    assert_int_equal(vectors_hex(object, member, hash.b, sizeof(hash.b)).size, 32);
    return hash;
}

static inline uint64_t
vectors_int(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    assert_true(json_is_number(value));
    if (json_is_real(value)) {
        double number = json_real_value(value);

        return number >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)number;
    }
    return (uint64_t)json_integer_value(value);
}

#endif
