/*
 * eval - runs compiled rules of lang 1. Zone F.
 *
 * Code comes from a policy and is not trusted: fwl_cel_load verifies it (instructions, jumps, stack depth, loop
 * nesting, constants, worst-case cost) and only then makes a program; only a program can run. An evaluation is
 * deterministic, bounded by its cost, and uses memory of the caller: a stack of cells and an arena. The arena is
 * counted in units that are the same everywhere: 16 per cell and 1 per byte of text; they are handed out without
 * padding, so an arena of N bytes serves N units on every platform.
 *
 * An error is a value: `false && error` is false (docs/spec/rules.md). Two errors are final and never absorbed: the
 * cost limit and the arena. The form of code is docs/spec/rules.md.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_EVAL_H
#define FWL_CONTRACTS_CEL_EVAL_EVAL_H

#include "contracts/cel/eval/cell.h"
#include "contracts/cel/eval/slots.h"
#include "core/error.h"

#define FWL_CEL_LANG 1

/* Limits of a language version: an argument of compile, load and eval. Never change those of a published lang. */
struct fwl_cel_limits {
    uint32_t source_bytes; /* compile: text of one rule */
    uint32_t code_bytes;
    uint32_t cost;         /* worst case of one rule, and what an evaluation may spend */
    uint32_t arena_units;  /* 16 per cell, 1 per byte of text */
    uint32_t string_bytes; /* text or bytes made by a rule, and a variable without a declared maximum */
    uint32_t entries;      /* list or map made by a rule, and a variable without a declared maximum */
    uint16_t constants;    /* <= 255 */
    uint16_t stack_cells;  /* <= FWL_CEL_STACK_MAX */
    uint16_t loops;        /* nesting, <= FWL_CEL_LOOPS_MAX */
    uint16_t nesting;      /* compile: depth of the expression, <= 250 */
};

enum {
    FWL_CEL_LOOPS_MAX = 4,        /* what this evaluator can hold; lang 1 allows 2 */
    FWL_CEL_STACK_MAX = 96,       /* what this verifier can hold; lang 1 allows 32 */
    FWL_CEL_JOINS_MAX = 48,       /* branches open at one place that the verifier can hold */
    FWL_CEL_CODE_BYTES = 1024,    /* lang 1 */
    FWL_CEL_CONSTANTS = 64,       /* lang 1 */
    FWL_CEL_STACK_CELLS = 32,     /* lang 1 */
    FWL_CEL_ARENA_UNITS = 2048,   /* lang 1 */
    FWL_CEL_COST = 10000,         /* lang 1, one rule */
    FWL_CEL_POLICY_COST = 100000, /* lang 1, all rules of a policy on one release; summed by the caller */
    FWL_CEL_COST_CAP = 1 << 30,   /* no limit of costs may exceed it */
};

/** fwl_cel_limits_lang1 - the limits of lang 1 (docs/spec/rules.md). */
extern const struct fwl_cel_limits fwl_cel_limits_lang1;

/* Why an expression has no value; diagnostics, may not reach a hash. */
enum fwl_cel_err {
    FWL_CEL_OK = 0,
    FWL_CEL_ERR_UNSET,    /* the variable has no value */
    FWL_CEL_ERR_TYPE,     /* no such overload: the operand has another type */
    FWL_CEL_ERR_KEY,      /* no such key, index out of range */
    FWL_CEL_ERR_OVERFLOW, /* a number, time or duration out of range */
    FWL_CEL_ERR_ZERO,     /* division or modulus by zero */
    FWL_CEL_ERR_TEXT,     /* the text does not convert: number, bool, UTF-8, time, zone, address */
    FWL_CEL_ERR_VERSION,  /* the text is no version of the scheme, or the schemes differ, or there is no order */
    FWL_CEL_ERR_OPTIONAL, /* value() of an optional without one */
    FWL_CEL_ERR_REPEATED, /* a map literal repeats a key, or a key has a type that keys cannot have */
    FWL_CEL_ERR_SIZE,     /* a text, list or map over its limit */
    FWL_CEL_ERR_DEPTH,    /* equality of values nested too deeply */
    FWL_CEL_ERR_INPUT,    /* CBOR given by the caller is damaged */
    FWL_CEL_ERR_RESULT,   /* a condition did not give a bool */
    FWL_CEL_ERR_COST,     /* final: the cost limit is exceeded */
    FWL_CEL_ERR_ARENA,    /* final: the arena is used up */
};

/** fwl_cel_err_text - a few English words; static. */
const char *fwl_cel_err_text(enum fwl_cel_err err);

/* A verified program. Views the code and the constants' memory it was loaded with. */
struct fwl_cel_program {
    const uint8_t *code;                  /* first instruction */
    const struct fwl_cel_cell *constants; /* decoded once, at load */
    uint32_t cost;                        /* worst case, with every variable at its declared maximum */
    uint16_t size;                        /* bytes of instructions */
    uint16_t offset;                      /* of the first instruction in the code bytes */
    uint8_t stack_cells;                  /* needed */
    uint8_t constant_count;
    uint8_t slot_end; /* one more than the highest slot used */
    uint8_t loops;    /* nesting */
};

/**
 * fwl_cel_load - verify code and make it runnable.
 *
 * Shape:   @code within limits->code_bytes; @constants has room for @constants_room cells.
 * Owns:    keeps @code and @constants as long as @program is used.
 * Fills:   @program; zeros on failure.
 * Returns: FWL_OK
 *          FWL_ERR_LIMIT      code size, constants, stack, loop nesting or worst-case cost over @limits
 *          FWL_ERR_UNKNOWN    another lang, an unknown instruction, kind of constant or function
 *          FWL_ERR_TRUNCATED  the code ends inside something
 *          FWL_ERR_FORM       a jump, stack depth, local or loop that does not fit; not the one encoding
 *          FWL_ERR_VALUE      a constant that its kind does not allow
 *          FWL_ERR_UTF8, FWL_ERR_VERSION  in a constant
 * Cost:    one pass over the code; about 1 KiB of stack.
 */
FWL_NODISCARD enum fwl_err fwl_cel_load(struct fwl_cel_program *program, struct fwl_cel_cell *constants,
                                        size_t constants_room, struct fwl_span code,
                                        const struct fwl_cel_limits *limits);

/* Memory of one evaluation; may be used again for the next. Both parts are aligned for cells. */
struct fwl_cel_memory {
    struct fwl_cel_cell *stack;
    size_t stack_cells;
    void *arena;
    size_t arena_bytes; /* limits->arena_units or more */
};

/* What came out. */
struct fwl_cel_result {
    struct fwl_cel_cell value; /* when err is FWL_CEL_OK; a view of slots, code and arena */
    enum fwl_cel_err err;
    uint32_t position; /* byte offset in the code of the instruction that failed */
    uint32_t cost;     /* spent */
};

/**
 * fwl_cel_eval - evaluate a program.
 *
 * Shape:   slots[0..slot_count); a slot beyond it counts as FWL_CEL_ABSENT. memory->stack_cells >= program->stack_cells
 *          and memory->arena_bytes >= limits->arena_units, limits->cost <= FWL_CEL_COST_CAP (FWL_ASSERT).
 * Owns:    borrows everything; out->value views slots, code and arena.
 * Fills:   @out, always.
 * Cost:    at most limits->cost units; constant stack; no allocation.
 */
void fwl_cel_eval(struct fwl_cel_result *out, const struct fwl_cel_memory *memory,
                  const struct fwl_cel_program *program, const struct fwl_cel_cell *slots, size_t slot_count,
                  const struct fwl_cel_limits *limits);

/** fwl_cel_equal - run-time equality: never an error; different types differ, except int and uint by number. */
FWL_NODISCARD bool fwl_cel_equal(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b);

/** fwl_cel_bucket - first 8 bytes, big-endian, of SHA-256(salt || 0x00 || id), modulo @n > 0. */
uint64_t fwl_cel_bucket(struct fwl_span id, struct fwl_span salt, uint64_t n);

#endif
