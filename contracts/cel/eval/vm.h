/*
 * vm - what the units of this module share while one program runs. Zone F; internal.
 *
 * Operations get @at, the place on the stack of their first operand, and leave their result there. An operand that is
 * an error becomes the result (the leftmost one), so errors travel as values; only the arena and the cost limit end an
 * evaluation: they set `final`, which overrides whatever the program goes on to compute.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_VM_H
#define FWL_CONTRACTS_CEL_EVAL_VM_H

#include "contracts/cel/eval/code.h"
#include "contracts/cel/eval/eval.h"
#include "core/reader.h"

#define FWL_CEL_NANOS      1000000000
#define FWL_CEL_TIME_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define FWL_CEL_TIME_LAST  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* A walk over a list or map. */
struct fwl_cel_iter {
    const struct fwl_cel_cell *cells; /* next element, or next pair */
    struct fwl_reader cbor;           /* the rest of a CBOR container */
    uint32_t left;                    /* elements or pairs */
    uint16_t scheme;                  /* of texts inside CBOR */
    bool is_cbor;
    bool is_map;
};

struct fwl_cel_loop {
    struct fwl_cel_iter iter;
    const uint8_t *body;       /* first instruction of the body */
    const uint8_t *end;        /* after NEXT */
    struct fwl_cel_cell *kept; /* map, filter: room for one cell per element of the range */
    uint8_t macro;
    bool stopped; /* all, exists: the answer is known */
};

struct fwl_cel_vm {
    const struct fwl_cel_limits *limits;
    const struct fwl_cel_cell *constants;
    const uint8_t *code;
    const uint8_t *at; /* the instruction that runs, for positions */
    uint32_t cost;     /* <= 2 * FWL_CEL_COST_CAP and a few */
    uint8_t *low;      /* the free part of the arena: cells are taken below, text above */
    uint8_t *high;
    enum fwl_cel_err final;
    uint32_t final_position;
    unsigned loop_count;
    struct fwl_cel_loop loops[FWL_CEL_LOOPS_MAX];
};

/* verify.c */

/** fwl_cel_verify - the instructions of a program whose constants and slot list are read; fills the rest of it. */
FWL_NODISCARD enum fwl_err fwl_cel_verify(struct fwl_cel_program *program, struct fwl_span slot_list,
                                          const struct fwl_cel_limits *limits);

/* vm.c */

/** fwl_cel_vm_fail - the result is an error. */
void fwl_cel_vm_fail(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_err err);
/** fwl_cel_vm_strict - are all @count operands values? Otherwise the leftmost error is moved to @at. */
bool fwl_cel_vm_strict(struct fwl_cel_cell *at, size_t count);
/** fwl_cel_vm_mismatch - no overload for the operands: the leftmost error, or FWL_CEL_ERR_TYPE. */
void fwl_cel_vm_mismatch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count);
/** fwl_cel_vm_cells, fwl_cel_vm_text - memory of the arena, or NULL and a final error at @at. */
struct fwl_cel_cell *fwl_cel_vm_cells(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count);
uint8_t *fwl_cel_vm_text(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t size);
/** fwl_cel_vm_copy - the result is a string or bytes with a copy of @bytes, within the limit of lengths. */
void fwl_cel_vm_copy(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, struct fwl_span bytes);
/**
 * fwl_cel_vm_spend, fwl_cel_vm_spend_text - count a cost that depends on data: @n, or a tenth of @size.
 *
 * Stops counting far above FWL_CEL_COST_CAP, so that the counter cannot overflow: what an instruction costs besides is
 * small, and loops ask fwl_cel_vm_over_cost.
 */
void fwl_cel_vm_spend(struct fwl_cel_vm *vm, uint32_t n);
void fwl_cel_vm_spend_text(struct fwl_cel_vm *vm, uint32_t size);
/** fwl_cel_vm_over_cost - has the cost limit been exceeded? Then final. */
bool fwl_cel_vm_over_cost(struct fwl_cel_vm *vm);

static inline bool
fwl_cel_both(const struct fwl_cel_cell *at, enum fwl_cel_kind kind)
{
    return at[0].kind == kind && at[1].kind == kind;
}

/* Bit 0 of the detail of an optional: it has a value. Bit 1 marks an element of [?x] until LIST or MAP takes it. */
static inline bool
fwl_cel_has_value(const struct fwl_cel_cell *optional)
{
    return (optional->detail & 1) != 0;
}

/* ceil(n / 10), the unit in which the cost of texts is counted */
static inline uint32_t
fwl_cel_tenths(uint32_t n)
{
    return n / 10 + (n % 10 != 0);
}

/* size.c: sizes as the cost model counts them */

/** fwl_cel_size_points - code points of a valid UTF-8 text. */
uint32_t fwl_cel_size_points(struct fwl_span text);
/** fwl_cel_size_of - code points, bytes, elements; 1 for a scalar. */
uint32_t fwl_cel_size_of(const struct fwl_cel_cell *c);

/** fwl_cel_add_digit - n = n * 10 + a decimal digit; false when it is none or 64 bits do not hold it. */
bool fwl_cel_add_digit(uint64_t *n, uint8_t digit);

/* iter.c */

/** fwl_cel_iter_begin - walk @c; false when it is neither list nor map, or damaged CBOR. */
bool fwl_cel_iter_begin(struct fwl_cel_iter *it, const struct fwl_cel_cell *c);
/** fwl_cel_iter_next - the next element (in @value) or pair; FWL_CEL_ERR_KEY at the end, or an error of the input. */
enum fwl_cel_err fwl_cel_iter_next(struct fwl_cel_iter *it, struct fwl_cel_cell *key, struct fwl_cel_cell *value);

/* equal.c */

/** fwl_cel_equal_cells - 1 equal, 0 different, -1 nested too deeply or damaged input. */
int fwl_cel_equal_cells(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b);
/** fwl_cel_equal_find - the value of a key in a map; FWL_CEL_OK, FWL_CEL_ERR_KEY or an error of the input. */
enum fwl_cel_err fwl_cel_equal_find(struct fwl_cel_cell *value, const struct fwl_cel_cell *map,
                                    const struct fwl_cel_cell *key);

/* operators.c */
void fwl_cel_operators_equal(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool wanted);
void fwl_cel_operators_order(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op);
void fwl_cel_operators_arithmetic(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op);
void fwl_cel_operators_negate(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);
void fwl_cel_operators_in(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);

/* access.c: fields, indexes, literals, optional values */
void fwl_cel_access_index(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key,
                          bool optional);
void fwl_cel_access_has(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key);
void fwl_cel_access_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count);
void fwl_cel_access_map(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t pairs);
void fwl_cel_access_splice(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);
void fwl_cel_access_some(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_cell value);
void fwl_cel_access_optional(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);

/* loop.c */

/** fwl_cel_loop_begin - at[0] is the range; true: at[0] is the accumulator, at[1] the first element. false: done. */
bool fwl_cel_loop_begin(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_macro macro, const uint8_t *body,
                        const uint8_t *end);
/** fwl_cel_loop_next - at[0] accumulator, at[1] element, at[2] result of the body; true: at[1] is the next element. */
bool fwl_cel_loop_next(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);
/** fwl_cel_loop_when - 1: the filter holds, evaluate the rest; 0: at[1] is the next element; -1: the loop is done. */
int fwl_cel_loop_when(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);

/* functions: strict in their arguments, which are values when these are called */
void fwl_cel_text_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);
void fwl_cel_convert_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);
void fwl_cel_time_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count);
void fwl_cel_release_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count);
#ifndef FWL_CEL_NO_NET
void fwl_cel_net_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);
#endif

#endif
