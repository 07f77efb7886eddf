/* Own vectors: tests/vectors/model/vectors.txt, lines "name hex". */
#ifndef FWL_TESTS_UNIT_MODEL_VECTORS_H
#define FWL_TESTS_UNIT_MODEL_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hex.h"

enum { VECTORS_MAX = 128 };

struct vector {
    char name[64];
    uint8_t *p; /* exact size on the heap, so that the sanitizer sees every byte read too far */
    size_t size;
};

static struct vector vectors[VECTORS_MAX];
static size_t vector_count;

static inline int
vectors_load(void **state)
{
    static char line[65536];
    FILE *f = fopen(FWL_TEST_DATA "/vectors/model/vectors.txt", "r");

    (void)state;
    if (f == NULL) {
        return -1;
    }
    while (fgets(line, sizeof(line), f) != NULL && vector_count < VECTORS_MAX) {
        struct vector *v = &vectors[vector_count++];
        char *space = strchr(line, ' ');

        line[strcspn(line, "\n")] = 0;
        *space = 0;
        (void)snprintf(v->name, sizeof(v->name), "%.63s", line);
        v->size = strlen(space + 1) / 2;
        v->p = malloc(v->size);
        if (v->p == NULL || fwl_hex_decode(v->p, v->size, fwl_span_text(space + 1)) != FWL_OK) {
            (void)fclose(f);
            return -1;
        }
    }
    (void)fclose(f);
    return 0;
}

static inline int
vectors_free(void **state)
{
    (void)state;
    for (size_t i = 0; i < vector_count; i++) {
        free(vectors[i].p);
    }
    vector_count = 0;
    return 0;
}

static inline struct fwl_span
vector(const char *name)
{
    for (size_t i = 0; i < vector_count; i++) {
        if (strcmp(vectors[i].name, name) == 0) {
            return fwl_span(vectors[i].p, vectors[i].size);
        }
    }
    fprintf(stderr, "no vector %s\n", name);
    abort();
}

static inline struct fwl_hash32
vector_hash(const char *name)
{
    struct fwl_hash32 h;

    memcpy(h.b, vector(name).p, sizeof(h.b));
    return h;
}

#endif
