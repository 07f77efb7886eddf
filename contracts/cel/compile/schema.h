/*
 * schema - the variables that an expression may name, and where they come from. Zone P.
 *
 * A variable is a dotted name with a slot, a type and a maximum. Types are written as in the language:
 * bool int uint string bytes null_type timestamp duration Version dyn type list(T) map(K, V) optional_type(T).
 */
#ifndef FWL_CONTRACTS_CEL_COMPILE_SCHEMA_H
#define FWL_CONTRACTS_CEL_COMPILE_SCHEMA_H

#include "contracts/cel/eval/slots.h"
#include "core/limits.h"
#include "core/span.h"

/* Who tells the value; cel.md section 6. */
enum fwl_cel_from {
    FWL_CEL_FROM_CHAIN,  /* C: proven chain state */
    FWL_CEL_FROM_DEVICE, /* D: the device or its gateway */
    FWL_CEL_FROM_NODE,   /* N: only the node sees it; refused when publishing */
    FWL_CEL_FROM_TEST,   /* T: tests only; refused when publishing */
};

struct fwl_cel_variable {
    const char *name; /* "now", "device.id", "params.soak" */
    const char *type;
    uint16_t slot;        /* < 256 */
    uint16_t size_max;    /* of a string in bytes, of a list or map in entries; 0 = the limit of the language */
    uint16_t element_max; /* of strings that are elements or values, bytes; 0 = the limit of the language */
    enum fwl_cel_from from;
};

struct fwl_cel_schema {
    const struct fwl_cel_variable *variables;
    size_t count;
};

/** fwl_cel_schema_lang1 - the variables of lang 1 except params.*; docs/spec/rules.md. */
extern const struct fwl_cel_schema fwl_cel_schema_lang1;
/** fwl_cel_schema_progress - those of them that a rollout's conditions may name: now and rollout.*; no device and no
 * release is at hand where they are judged. */
extern const struct fwl_cel_schema fwl_cel_schema_progress;

#endif
