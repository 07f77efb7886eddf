/*
 * vm - what the units of this module share while one program runs. Zone F; internal.
 *
 * Operations get @at, the place on the stack of their first operand, and leave their result there, or say what is
 * wrong; the dispatch loop then makes an error of it. FWL_CEL_ERR_TYPE means that there is no overload for the
 * operands, which are as they were: one that is an error becomes the result (the leftmost one), so errors travel as
 * values. Only the arena and the cost limit end an evaluation: they set `final`, which overrides whatever the program
 * goes on to compute.
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
    union {
        const struct fwl_cel_cell *cells;
        const uint8_t *cbor;
    } at;            /* the next element or pair */
    uint32_t left;   /* elements or pairs */
    uint32_t size;   /* CBOR: bytes left */
    uint16_t scheme; /* of texts inside CBOR */
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

/** fwl_cel_vm_settle - what an operation with @takes operands said becomes its result; nothing to do for FWL_CEL_OK. */
void fwl_cel_vm_settle(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t takes, enum fwl_cel_err err);
/** fwl_cel_vm_has_error - is one of the operands an error? */
bool fwl_cel_vm_has_error(const struct fwl_cel_cell *at, size_t count);
/** fwl_cel_vm_cells, fwl_cel_vm_text - memory of the arena, or NULL and final: the operation is FWL_CEL_ERR_ARENA. */
struct fwl_cel_cell *fwl_cel_vm_cells(struct fwl_cel_vm *vm, size_t count);
uint8_t *fwl_cel_vm_text(struct fwl_cel_vm *vm, size_t size);
/** fwl_cel_vm_keep - the result is @kind, a list or map (@pairs of cells): a copy of @count cells at @at. */
enum fwl_cel_err fwl_cel_vm_keep(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, size_t count);
/** fwl_cel_vm_join - the result is a string or bytes, @a and then @b, within the limit of lengths. */
enum fwl_cel_err fwl_cel_vm_join(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind,
                                 struct fwl_span a, struct fwl_span b);
/**
 * fwl_cel_vm_spend - count a cost that depends on data.
 *
 * Stops counting far above FWL_CEL_COST_CAP, so that the counter cannot overflow: what an instruction costs besides is
 * small, and loops ask fwl_cel_vm_over_cost.
 */
void fwl_cel_vm_spend(struct fwl_cel_vm *vm, uint32_t n);
/** fwl_cel_vm_stop - @err is final, unless another one is. */
void fwl_cel_vm_stop(struct fwl_cel_vm *vm, enum fwl_cel_err err);

/** fwl_cel_vm_over_cost - has the cost limit been exceeded? Then final. */
static inline bool
fwl_cel_vm_over_cost(struct fwl_cel_vm *vm)
{
    bool over = vm->cost > vm->limits->cost;

    if (over) {
        fwl_cel_vm_stop(vm, FWL_CEL_ERR_COST);
    }
    return over;
}

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

/* size.c: sizes as the cost model counts them */

/** fwl_cel_size_points - code points of a valid UTF-8 text. */
uint32_t fwl_cel_size_points(struct fwl_span text);
/** fwl_cel_size_of - code points, bytes, elements; 1 for a scalar. */
uint32_t fwl_cel_size_of(const struct fwl_cel_cell *c);

/* number.c */

/** fwl_cel_number_scale - n = n * factor + more; false when 64 bits do not hold it. */
bool fwl_cel_number_scale(uint64_t *n, uint64_t factor, uint64_t more);
/** fwl_cel_number_digit - n = n * 10 + a decimal digit; false when it is none or 64 bits do not hold it. */
bool fwl_cel_number_digit(uint64_t *n, uint8_t digit);
/** fwl_cel_number_magnitude - |i|. fwl_cel_number_set - the int, uint or duration of this magnitude and sign;
 * FWL_CEL_ERR_OVERFLOW when it is none. */
uint64_t fwl_cel_number_magnitude(int64_t i);
enum fwl_cel_err fwl_cel_number_set(struct fwl_cel_cell *at, enum fwl_cel_kind kind, uint64_t magnitude, bool negative);
/** fwl_cel_number_arithmetic - ADD, SUB, MUL, DIV, MOD of two of one kind: uint, or a signed one, at at[0] and at[1].
 */
enum fwl_cel_err fwl_cel_number_arithmetic(struct fwl_cel_cell *at, enum fwl_cel_op op);

/* iter.c */

/** fwl_cel_iter_begin - walk @c; FWL_CEL_ERR_TYPE when it is neither list nor map, _ERR_INPUT for damaged CBOR. */
enum fwl_cel_err fwl_cel_iter_begin(struct fwl_cel_iter *it, const struct fwl_cel_cell *c);
/** fwl_cel_iter_next - the next element (in @value) or pair; FWL_CEL_ERR_KEY at the end, or an error of the input. */
enum fwl_cel_err fwl_cel_iter_next(struct fwl_cel_iter *it, struct fwl_cel_cell *key, struct fwl_cel_cell *value);

/* equal.c */

/** fwl_cel_equal_cells - 1 equal, 0 different, -1 nested too deeply or damaged input. */
int fwl_cel_equal_cells(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b);
/** fwl_cel_equal_find - the value of a key in a map; FWL_CEL_OK, FWL_CEL_ERR_KEY or an error of the input. */
enum fwl_cel_err fwl_cel_equal_find(struct fwl_cel_cell *value, const struct fwl_cel_cell *map,
                                    const struct fwl_cel_cell *key);

/* operators.c */
enum fwl_cel_err fwl_cel_operators_equal(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool wanted);
enum fwl_cel_err fwl_cel_operators_order(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op);
enum fwl_cel_err fwl_cel_operators_arithmetic(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op);
enum fwl_cel_err fwl_cel_operators_in(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);

/* access.c: fields, indexes, literals, optional values */
enum fwl_cel_err fwl_cel_access_index(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *key,
                                      bool optional);
enum fwl_cel_err fwl_cel_access_has(struct fwl_cel_cell *at, const struct fwl_cel_cell *key);
/** fwl_cel_access_has_key - the result is whether @map has @key. */
enum fwl_cel_err fwl_cel_access_has_key(struct fwl_cel_cell *at, const struct fwl_cel_cell *map,
                                        const struct fwl_cel_cell *key);
enum fwl_cel_err fwl_cel_access_list(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count);
enum fwl_cel_err fwl_cel_access_map(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t pairs);
enum fwl_cel_err fwl_cel_access_splice(struct fwl_cel_cell *at);
enum fwl_cel_err fwl_cel_access_some(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *value);

/* loop.c */

/* Where the program goes on. */
enum fwl_cel_turn {
    FWL_CEL_TURN_ON,   /* behind the instruction */
    FWL_CEL_TURN_BODY, /* at the body, with the next element at at[1] */
    FWL_CEL_TURN_END,  /* behind the loop, with its value at at[0] */
};

/** fwl_cel_loop_begin - at[0] is the range; _TURN_ON: at[0] is the accumulator, at[1] the first element. */
enum fwl_cel_turn fwl_cel_loop_begin(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_macro macro,
                                     const uint8_t *body, const uint8_t *end);
/** fwl_cel_loop_next, fwl_cel_loop_when - NEXT and WHEN: at[0] accumulator, at[1] element, at[2] the body's result. */
enum fwl_cel_turn fwl_cel_loop_next(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);
enum fwl_cel_turn fwl_cel_loop_when(struct fwl_cel_vm *vm, struct fwl_cel_cell *at);

/* time.c */

/** fwl_cel_time_make - a timestamp; FWL_CEL_ERR_OVERFLOW outside the years 1..9999. */
enum fwl_cel_err fwl_cel_time_make(struct fwl_cel_cell *at, int64_t seconds, uint32_t nanos);

/* call.c */

/** fwl_cel_call - a function of @count arguments, which begin at @at, with its cost; the result, or an error, is at
 * @at. */
void fwl_cel_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count);

/* What fwl_cel_call calls, with arguments that are values. They count no cost. */
enum fwl_cel_err fwl_cel_text_call(struct fwl_cel_cell *at, enum fwl_cel_function fn);
enum fwl_cel_err fwl_cel_convert_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);
enum fwl_cel_err fwl_cel_time_call(struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count);
enum fwl_cel_err fwl_cel_access_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);
enum fwl_cel_err fwl_cel_release_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn,
                                      size_t count);
enum fwl_cel_err fwl_cel_net_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn);

#endif
