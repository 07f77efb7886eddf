/*
 * values - the values of the vectors (tests/vectors/cel/README.md, VALUE) as cells of the rule language.
 */
#ifndef FWL_TESTS_CEL_VALUES_H
#define FWL_TESTS_CEL_VALUES_H

#include <jansson.h>

#include "contracts/cel/eval/eval.h"

enum {
    VALUES_CELLS = 1 << 16,
    VALUES_BYTES = 1 << 20,
};

/* Memory of the values of one line; empty when zero. About 2 MiB. */
struct values {
    struct fwl_cel_cell cells[VALUES_CELLS];
    uint8_t bytes[VALUES_BYTES];
    size_t cell_count;
    size_t byte_count;
};

enum values_verdict {
    VALUES_OK,
    VALUES_FOREIGN,   /* a value that the rule language does not have: double, message, enum, one of their types */
    VALUES_MALFORMED, /* no value at all, out of range, or too large for struct values */
};

/** values_read - @value as a cell that views @v and @value; integers are texts, JSON integers will do, too. */
enum values_verdict values_read(struct values *v, struct fwl_cel_cell *out, const json_t *value);

/** values_same - equal in kind and value at any depth: here int 1 is not uint 1. Maps: the same keys in any order. */
bool values_same(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b);

#endif
