/*
 * code - the compiled form of lang 1: instructions and functions. Zone F.
 *
 * Normative text: docs/spec/rules.md. A postfix stack code with forward jumps only; operands are one byte, or a
 * big-endian uint16 forward distance counted from the end of the instruction. Shared by the compiler (which writes
 * it), the verifier and the evaluator.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_CODE_H
#define FWL_CONTRACTS_CEL_EVAL_CODE_H

#include <stdint.h>

/* What the verifier knows of an instruction, mostly how large its result can be. */
enum fwl_cel_shape {
    FWL_CEL_SHAPE_SCALAR,
    FWL_CEL_SHAPE_CONST,
    FWL_CEL_SHAPE_TYPE,
    FWL_CEL_SHAPE_SLOT,
    FWL_CEL_SHAPE_LOCAL,
    FWL_CEL_SHAPE_COMPARE, /* a scalar; costs by sizes, as IN and ADD do */
    FWL_CEL_SHAPE_IN,
    FWL_CEL_SHAPE_ADD,
    FWL_CEL_SHAPE_ELEMENT, /* what is inside the first cell */
    FWL_CEL_SHAPE_FIELD,   /* the same; the operand is a key */
    FWL_CEL_SHAPE_HAS,     /* a scalar; the operand is a key */
    FWL_CEL_SHAPE_LIST,    /* LIST and MAP */
    FWL_CEL_SHAPE_CALL,
    FWL_CEL_SHAPE_FIRST,  /* as the first cell */
    FWL_CEL_SHAPE_SECOND, /* as the second cell */
    FWL_CEL_SHAPE_JUMP,   /* as the first cell, and a jump */
    FWL_CEL_SHAPE_BRANCH,
    FWL_CEL_SHAPE_ELSE, /* JUMP */
    FWL_CEL_SHAPE_LOOP,
    FWL_CEL_SHAPE_TURN, /* WHEN and NEXT */
};

/* name, number, bytes of operands, cells taken, cells given, cost beside what depends on sizes, shape. LIST, MAP and
 * CALL take as many more as an operand says; BRANCH, LOOP, WHEN and NEXT give this where they do not jump. stored:
 * append only */
#define FWL_CEL_OPS(X)                                                                                                 \
    X(RETURN, 0, 0, 1, 1, 0, SCALAR) /* the end, exactly once */                                                       \
    X(NULL, 1, 0, 0, 1, 0, SCALAR)                                                                                     \
    X(FALSE, 2, 0, 0, 1, 0, SCALAR)                                                                                    \
    X(TRUE, 3, 0, 0, 1, 0, SCALAR)                                                                                     \
    X(INT8, 4, 1, 0, 1, 0, SCALAR)       /* signed byte: int */                                                        \
    X(CONST, 5, 1, 0, 1, 0, CONST)       /* constant */                                                                \
    X(TYPE, 6, 1, 0, 1, 0, TYPE)         /* kind: the type itself as a value */                                        \
    X(SLOT, 7, 1, 0, 1, 1, SLOT)         /* slot: variable of one name */                                              \
    X(SLOT_FIELD, 8, 1, 0, 1, 2, SLOT)   /* slot: variable of two names; costs the field step too */                   \
    X(SLOT_FREE, 9, 1, 0, 1, 0, SLOT)    /* slot: as a branch of ?:, costs nothing */                                  \
    X(LOCAL, 10, 1, 0, 1, 1, LOCAL)      /* cell of the stack: variable of a macro */                                  \
    X(LOCAL_FREE, 11, 1, 0, 1, 0, LOCAL) /* the same as a branch of ?: */                                              \
    X(NOT, 12, 0, 1, 1, 1, SCALAR)                                                                                     \
    X(NEG, 13, 0, 1, 1, 1, SCALAR)                                                                                     \
    X(EQ, 14, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(NE, 15, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(LT, 16, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(LE, 17, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(GT, 18, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(GE, 19, 0, 2, 1, 0, COMPARE)                                                                                     \
    X(IN, 20, 0, 2, 1, 0, IN)                                                                                          \
    X(ADD, 21, 0, 2, 1, 0, ADD)                                                                                        \
    X(SUB, 22, 0, 2, 1, 1, SCALAR)                                                                                     \
    X(MUL, 23, 0, 2, 1, 1, SCALAR)                                                                                     \
    X(DIV, 24, 0, 2, 1, 1, SCALAR)                                                                                     \
    X(MOD, 25, 0, 2, 1, 1, SCALAR)                                                                                     \
    X(INDEX, 26, 0, 2, 1, 1, ELEMENT)                                                                                  \
    X(OPT_INDEX, 27, 0, 2, 1, 1, ELEMENT) /* m[?k]: an optional */                                                     \
    X(FIELD, 28, 1, 1, 1, 1, FIELD)       /* constant: the key, a string */                                            \
    X(OPT_FIELD, 29, 1, 1, 1, 1, FIELD)   /* m.?f */                                                                   \
    X(HAS, 30, 1, 1, 1, 1, HAS)           /* has(m.f) */                                                               \
    X(SPLICE, 31, 0, 1, 1, 0, FIRST)      /* [?x], {?k: x}: marks an optional element for LIST and MAP */              \
    X(LIST, 32, 1, 0, 1, 10, LIST)        /* number of elements */                                                     \
    X(MAP, 33, 1, 0, 1, 30, LIST)         /* number of pairs, key before value */                                      \
    X(CALL, 34, 2, 0, 1, 0, CALL)         /* function, number of arguments (a receiver is the first) */                \
    X(AND_JUMP, 35, 2, 1, 1, 0, JUMP)     /* false: skip the right side, keep false */                                 \
    X(AND, 36, 0, 2, 1, 0, SCALAR)                                                                                     \
    X(OR_JUMP, 37, 2, 1, 1, 0, JUMP) /* true: skip the right side, keep true */                                        \
    X(OR, 38, 0, 2, 1, 0, SCALAR)                                                                                      \
    X(BRANCH, 39, 4, 1, 0, 0, BRANCH) /* ?: - distances of the else part and of the end; an error goes to the end */   \
    X(JUMP, 40, 2, 0, 0, 0, ELSE)     /* end of the then part */                                                       \
    X(LOOP, 41, 3, 1, 2, 0, LOOP)     /* macro, distance of the instruction after NEXT */                              \
    X(WHEN, 42, 0, 3, 2, 0, TURN)     /* map with filter: false goes on with the next element */                       \
    X(NEXT, 43, 0, 3, 2, 0, TURN)     /* end of the body of a loop */                                                  \
    X(NIP, 44, 0, 2, 1, 0, SECOND)    /* cel.bind: drop the variable below the result */                               \
    X(OPT_BIND, 45, 2, 1, 1, 1, JUMP) /* optMap: no value or an error skips the body */                                \
    X(OPT_MAP, 46, 0, 2, 1, 0, SECOND)                                                                                 \
    X(OPT_FLAT, 47, 0, 2, 1, 0, SECOND)

enum fwl_cel_op {
#define FWL_CEL_OP(name, number, operands, takes, gives, cost, shape) FWL_CEL_OP_##name = (number),
    FWL_CEL_OPS(FWL_CEL_OP)
#undef FWL_CEL_OP
        FWL_CEL_OP_COUNT
};

/* The rest of the table, by number. */
struct fwl_cel_op_row {
    uint8_t form; /* operands << 5 | fwl_cel_shape */
    uint8_t takes;
    uint8_t gives;
    uint8_t cost;
};

extern const struct fwl_cel_op_row fwl_cel_op_rows[FWL_CEL_OP_COUNT];

/* What a LOOP does; stored: append only */
enum fwl_cel_macro {
    FWL_CEL_ALL = 0,
    FWL_CEL_EXISTS = 1,
    FWL_CEL_EXISTS_ONE = 2,
    FWL_CEL_MAP_EACH = 3,
    FWL_CEL_MAP_WHEN = 4, /* map with a filter; its body has exactly one WHEN */
    FWL_CEL_FILTER = 5,
    FWL_CEL_MACROS,
};

/* What a call costs: 1, or by the sizes of its arguments (t: a tenth, rounded up). */
enum fwl_cel_cost {
    FWL_CEL_COST_ONE,
    FWL_CEL_COST_FIRST,   /* t(first) */
    FWL_CEL_COST_PRODUCT, /* t(first) * t(second) */
    FWL_CEL_COST_SECOND,  /* 1 + t(second) */
    FWL_CEL_COST_BUCKET,  /* 41 + t(first + second + 1) */
};

/* How large its result can be. */
enum fwl_cel_extent {
    FWL_CEL_EXTENT_SCALAR,
    FWL_CEL_EXTENT_SAME,   /* as the first argument */
    FWL_CEL_EXTENT_LARGER, /* as the larger argument */
    FWL_CEL_EXTENT_TEXT,   /* the text of a scalar, or the bytes of the first argument */
};

/* name, number, least and most arguments, cost, extent of the result; stored: append only */
#define FWL_CEL_FUNCTIONS(X)                                                                                           \
    X(SIZE, 0, 1, 1, ONE, SCALAR)                                                                                      \
    X(CONTAINS, 1, 2, 2, PRODUCT, SCALAR)                                                                              \
    X(STARTS_WITH, 2, 2, 2, FIRST, SCALAR)                                                                             \
    X(ENDS_WITH, 3, 2, 2, FIRST, SCALAR)                                                                               \
    X(INT, 4, 1, 1, ONE, SCALAR)                                                                                       \
    X(UINT, 5, 1, 1, ONE, SCALAR)                                                                                      \
    X(STRING, 6, 1, 1, FIRST, TEXT)                                                                                    \
    X(BYTES, 7, 1, 1, FIRST, TEXT)                                                                                     \
    X(BOOL, 8, 1, 1, ONE, SCALAR)                                                                                      \
    X(TYPE, 9, 1, 1, ONE, SCALAR)                                                                                      \
    X(DYN, 10, 1, 1, ONE, SAME)                                                                                        \
    X(DURATION, 11, 1, 1, ONE, SCALAR)                                                                                 \
    X(TIMESTAMP, 12, 1, 1, ONE, SCALAR)                                                                                \
    X(FULL_YEAR, 13, 1, 2, ONE, SCALAR)                                                                                \
    X(MONTH, 14, 1, 2, ONE, SCALAR)                                                                                    \
    X(DATE, 15, 1, 2, ONE, SCALAR)                                                                                     \
    X(DAY_OF_MONTH, 16, 1, 2, ONE, SCALAR)                                                                             \
    X(DAY_OF_WEEK, 17, 1, 2, ONE, SCALAR)                                                                              \
    X(DAY_OF_YEAR, 18, 1, 2, ONE, SCALAR)                                                                              \
    X(HOURS, 19, 1, 2, ONE, SCALAR)                                                                                    \
    X(MINUTES, 20, 1, 2, ONE, SCALAR)                                                                                  \
    X(SECONDS, 21, 1, 2, ONE, SCALAR)                                                                                  \
    X(MILLISECONDS, 22, 1, 2, ONE, SCALAR)                                                                             \
    X(OPTIONAL_OF, 23, 1, 1, ONE, SAME)                                                                                \
    X(OPTIONAL_NONE, 24, 0, 0, ONE, SCALAR)                                                                            \
    X(OPTIONAL_OF_NON_ZERO, 25, 1, 1, ONE, SAME)                                                                       \
    X(HAS_VALUE, 26, 1, 1, ONE, SCALAR)                                                                                \
    X(VALUE, 27, 1, 1, ONE, SAME)                                                                                      \
    X(OPTIONAL_OR, 28, 2, 2, ONE, LARGER)                                                                              \
    X(OR_VALUE, 29, 2, 2, ONE, LARGER)                                                                                 \
    X(SEMVER, 30, 1, 2, FIRST, TEXT)                                                                                   \
    X(IS_SEMVER, 31, 1, 2, FIRST, SCALAR)                                                                              \
    X(VERSION, 32, 2, 2, FIRST, TEXT) /* text, scheme */                                                               \
    X(IS_LESS_THAN, 33, 2, 2, ONE, SCALAR)                                                                             \
    X(IS_GREATER_THAN, 34, 2, 2, ONE, SCALAR)                                                                          \
    X(COMPARE_TO, 35, 2, 2, ONE, SCALAR)                                                                               \
    X(MAJOR, 36, 1, 1, ONE, SCALAR)                                                                                    \
    X(MINOR, 37, 1, 1, ONE, SCALAR)                                                                                    \
    X(PATCH, 38, 1, 1, ONE, SCALAR)                                                                                    \
    X(BUCKET, 39, 3, 3, BUCKET, SCALAR)                                                                                \
    X(IP, 40, 1, 1, FIRST, SCALAR) /* of text, or the address of a cidr */                                             \
    X(IS_IP, 41, 1, 1, FIRST, SCALAR)                                                                                  \
    X(CIDR, 42, 1, 1, FIRST, SCALAR)                                                                                   \
    X(IS_CIDR, 43, 1, 1, FIRST, SCALAR)                                                                                \
    X(IS_CANONICAL, 44, 1, 1, FIRST, SCALAR)                                                                           \
    X(FAMILY, 45, 1, 1, ONE, SCALAR)                                                                                   \
    X(IS_UNSPECIFIED, 46, 1, 1, ONE, SCALAR)                                                                           \
    X(IS_LOOPBACK, 47, 1, 1, ONE, SCALAR)                                                                              \
    X(IS_GLOBAL_UNICAST, 48, 1, 1, ONE, SCALAR)                                                                        \
    X(IS_LINK_LOCAL_MULTICAST, 49, 1, 1, ONE, SCALAR)                                                                  \
    X(IS_LINK_LOCAL_UNICAST, 50, 1, 1, ONE, SCALAR)                                                                    \
    X(CONTAINS_IP, 51, 2, 2, SECOND, SCALAR)                                                                           \
    X(CONTAINS_CIDR, 52, 2, 2, SECOND, SCALAR)                                                                         \
    X(PREFIX_LENGTH, 53, 1, 1, ONE, SCALAR)                                                                            \
    X(MASKED, 54, 1, 1, ONE, SCALAR)

enum fwl_cel_function {
#define FWL_CEL_FN(name, number, least, most, cost, extent) FWL_CEL_FN_##name = (number),
    FWL_CEL_FUNCTIONS(FWL_CEL_FN)
#undef FWL_CEL_FN
        FWL_CEL_FN_COUNT
};

/* The rest of the table, by number. */
struct fwl_cel_function_row {
    uint8_t arity; /* least << 4 | most */
    uint8_t sizes; /* fwl_cel_cost << 4 | fwl_cel_extent */
};

extern const struct fwl_cel_function_row fwl_cel_function_rows[FWL_CEL_FN_COUNT];

/* A build without addresses and networks (FWL_CEL_NO_NET) knows the functions before ip() only and refuses code that
 * calls the others or has such constants, as it would refuse an unknown lang. */
#ifdef FWL_CEL_NO_NET
#define FWL_CEL_FN_KNOWN FWL_CEL_FN_IP
#else
#define FWL_CEL_FN_KNOWN FWL_CEL_FN_COUNT
#endif

enum {
    FWL_CEL_SLOT_ENTRY = 5, /* bytes of one entry of the slot list: slot, size maximum, element maximum */
};

#endif
