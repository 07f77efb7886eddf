/*
 * code - the compiled form of lang 1: instructions and functions. Zone F.
 *
 * Normative text: docs/spec/rules.md. A postfix stack code with forward jumps only; operands are one byte, or a
 * big-endian uint16 forward distance counted from the end of the instruction. Shared by the compiler (which writes
 * it), the verifier and the evaluator.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_CODE_H
#define FWL_CONTRACTS_CEL_EVAL_CODE_H

/* name, number, bytes of operands, cells taken, cells given; -1: by operand or by structure.
 * stored: append only */
#define FWL_CEL_OPS(X)                                                                                                 \
    X(RETURN, 0, 0, 1, 1) /* the end, exactly once */                                                                  \
    X(NULL, 1, 0, 0, 1)                                                                                                \
    X(FALSE, 2, 0, 0, 1)                                                                                               \
    X(TRUE, 3, 0, 0, 1)                                                                                                \
    X(INT8, 4, 1, 0, 1)        /* signed byte: int */                                                                  \
    X(CONST, 5, 1, 0, 1)       /* constant */                                                                          \
    X(TYPE, 6, 1, 0, 1)        /* kind: the type itself as a value */                                                  \
    X(SLOT, 7, 1, 0, 1)        /* slot: variable of one name */                                                        \
    X(SLOT_FIELD, 8, 1, 0, 1)  /* slot: variable of two names; costs the field step too */                             \
    X(SLOT_FREE, 9, 1, 0, 1)   /* slot: as a branch of ?:, costs nothing */                                            \
    X(LOCAL, 10, 1, 0, 1)      /* cell of the stack: variable of a macro */                                            \
    X(LOCAL_FREE, 11, 1, 0, 1) /* the same as a branch of ?: */                                                        \
    X(NOT, 12, 0, 1, 1)                                                                                                \
    X(NEG, 13, 0, 1, 1)                                                                                                \
    X(EQ, 14, 0, 2, 1)                                                                                                 \
    X(NE, 15, 0, 2, 1)                                                                                                 \
    X(LT, 16, 0, 2, 1)                                                                                                 \
    X(LE, 17, 0, 2, 1)                                                                                                 \
    X(GT, 18, 0, 2, 1)                                                                                                 \
    X(GE, 19, 0, 2, 1)                                                                                                 \
    X(IN, 20, 0, 2, 1)                                                                                                 \
    X(ADD, 21, 0, 2, 1)                                                                                                \
    X(SUB, 22, 0, 2, 1)                                                                                                \
    X(MUL, 23, 0, 2, 1)                                                                                                \
    X(DIV, 24, 0, 2, 1)                                                                                                \
    X(MOD, 25, 0, 2, 1)                                                                                                \
    X(INDEX, 26, 0, 2, 1)                                                                                              \
    X(OPT_INDEX, 27, 0, 2, 1) /* m[?k]: an optional */                                                                 \
    X(FIELD, 28, 1, 1, 1)     /* constant: the key, a string */                                                        \
    X(OPT_FIELD, 29, 1, 1, 1) /* m.?f */                                                                               \
    X(HAS, 30, 1, 1, 1)       /* has(m.f) */                                                                           \
    X(SPLICE, 31, 0, 1, 1)    /* [?x], {?k: x}: marks an optional element for LIST and MAP */                          \
    X(LIST, 32, 1, -1, 1)     /* number of elements */                                                                 \
    X(MAP, 33, 1, -1, 1)      /* number of pairs, key before value */                                                  \
    X(CALL, 34, 2, -1, 1)     /* function, number of arguments (a receiver is the first) */                            \
    X(AND_JUMP, 35, 2, 1, 1)  /* false: skip the right side, keep false */                                             \
    X(AND, 36, 0, 2, 1)                                                                                                \
    X(OR_JUMP, 37, 2, 1, 1) /* true: skip the right side, keep true */                                                 \
    X(OR, 38, 0, 2, 1)                                                                                                 \
    X(BRANCH, 39, 4, -1, 0)   /* ?: - distances of the else part and of the end; an error goes to the end */           \
    X(JUMP, 40, 2, -1, 0)     /* end of the then part */                                                               \
    X(LOOP, 41, 3, -1, 0)     /* macro, distance of the instruction after NEXT */                                      \
    X(WHEN, 42, 0, -1, 0)     /* map with filter: false goes on with the next element */                               \
    X(NEXT, 43, 0, -1, 0)     /* end of the body of a loop */                                                          \
    X(NIP, 44, 0, 2, 1)       /* cel.bind: drop the variable below the result */                                       \
    X(OPT_BIND, 45, 2, -1, 0) /* optMap: no value or an error skips the body */                                        \
    X(OPT_MAP, 46, 0, 2, 1)                                                                                            \
    X(OPT_FLAT, 47, 0, 2, 1)

enum fwl_cel_op {
#define FWL_CEL_OP(name, number, operands, takes, gives) FWL_CEL_OP_##name = (number),
    FWL_CEL_OPS(FWL_CEL_OP)
#undef FWL_CEL_OP
        FWL_CEL_OP_COUNT
};

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

/* name, number, least and most arguments; stored: append only */
#define FWL_CEL_FUNCTIONS(X)                                                                                           \
    X(SIZE, 0, 1, 1)                                                                                                   \
    X(CONTAINS, 1, 2, 2)                                                                                               \
    X(STARTS_WITH, 2, 2, 2)                                                                                            \
    X(ENDS_WITH, 3, 2, 2)                                                                                              \
    X(INT, 4, 1, 1)                                                                                                    \
    X(UINT, 5, 1, 1)                                                                                                   \
    X(STRING, 6, 1, 1)                                                                                                 \
    X(BYTES, 7, 1, 1)                                                                                                  \
    X(BOOL, 8, 1, 1)                                                                                                   \
    X(TYPE, 9, 1, 1)                                                                                                   \
    X(DYN, 10, 1, 1)                                                                                                   \
    X(DURATION, 11, 1, 1)                                                                                              \
    X(TIMESTAMP, 12, 1, 1)                                                                                             \
    X(FULL_YEAR, 13, 1, 2)                                                                                             \
    X(MONTH, 14, 1, 2)                                                                                                 \
    X(DATE, 15, 1, 2)                                                                                                  \
    X(DAY_OF_MONTH, 16, 1, 2)                                                                                          \
    X(DAY_OF_WEEK, 17, 1, 2)                                                                                           \
    X(DAY_OF_YEAR, 18, 1, 2)                                                                                           \
    X(HOURS, 19, 1, 2)                                                                                                 \
    X(MINUTES, 20, 1, 2)                                                                                               \
    X(SECONDS, 21, 1, 2)                                                                                               \
    X(MILLISECONDS, 22, 1, 2)                                                                                          \
    X(OPTIONAL_OF, 23, 1, 1)                                                                                           \
    X(OPTIONAL_NONE, 24, 0, 0)                                                                                         \
    X(OPTIONAL_OF_NON_ZERO, 25, 1, 1)                                                                                  \
    X(HAS_VALUE, 26, 1, 1)                                                                                             \
    X(VALUE, 27, 1, 1)                                                                                                 \
    X(OPTIONAL_OR, 28, 2, 2)                                                                                           \
    X(OR_VALUE, 29, 2, 2)                                                                                              \
    X(SEMVER, 30, 1, 2)                                                                                                \
    X(IS_SEMVER, 31, 1, 2)                                                                                             \
    X(VERSION, 32, 2, 2) /* text, scheme */                                                                            \
    X(IS_LESS_THAN, 33, 2, 2)                                                                                          \
    X(IS_GREATER_THAN, 34, 2, 2)                                                                                       \
    X(COMPARE_TO, 35, 2, 2)                                                                                            \
    X(MAJOR, 36, 1, 1)                                                                                                 \
    X(MINOR, 37, 1, 1)                                                                                                 \
    X(PATCH, 38, 1, 1)                                                                                                 \
    X(BUCKET, 39, 3, 3)                                                                                                \
    X(IP, 40, 1, 1) /* of text, or the address of a cidr */                                                            \
    X(IS_IP, 41, 1, 1)                                                                                                 \
    X(CIDR, 42, 1, 1)                                                                                                  \
    X(IS_CIDR, 43, 1, 1)                                                                                               \
    X(IS_CANONICAL, 44, 1, 1)                                                                                          \
    X(FAMILY, 45, 1, 1)                                                                                                \
    X(IS_UNSPECIFIED, 46, 1, 1)                                                                                        \
    X(IS_LOOPBACK, 47, 1, 1)                                                                                           \
    X(IS_GLOBAL_UNICAST, 48, 1, 1)                                                                                     \
    X(IS_LINK_LOCAL_MULTICAST, 49, 1, 1)                                                                               \
    X(IS_LINK_LOCAL_UNICAST, 50, 1, 1)                                                                                 \
    X(CONTAINS_IP, 51, 2, 2)                                                                                           \
    X(CONTAINS_CIDR, 52, 2, 2)                                                                                         \
    X(PREFIX_LENGTH, 53, 1, 1)                                                                                         \
    X(MASKED, 54, 1, 1)

enum fwl_cel_function {
#define FWL_CEL_FN(name, number, least, most) FWL_CEL_FN_##name = (number),
    FWL_CEL_FUNCTIONS(FWL_CEL_FN)
#undef FWL_CEL_FN
        FWL_CEL_FN_COUNT
};

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
