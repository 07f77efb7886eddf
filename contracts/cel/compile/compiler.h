/*
 * compiler - what the units of this module share: the arena, the first error, the syntax tree, types. Zone P; internal.
 *
 * The first error stays; after it every function returns NULL or does nothing, and the caller asks once at the end.
 */
#ifndef FWL_CONTRACTS_CEL_COMPILE_COMPILER_H
#define FWL_CONTRACTS_CEL_COMPILE_COMPILER_H

#include "contracts/cel/compile/compile.h"
#include "contracts/cel/eval/bound.h"
#include "contracts/cel/eval/code.h"
#include "core/writer.h"

/* ---- types ---- */

enum fwl_cel_type_kind {
    FWL_CEL_T_DYN,
    FWL_CEL_T_NULL,
    FWL_CEL_T_BOOL,
    FWL_CEL_T_INT,
    FWL_CEL_T_UINT,
    FWL_CEL_T_STRING,
    FWL_CEL_T_BYTES,
    FWL_CEL_T_TIMESTAMP,
    FWL_CEL_T_DURATION,
    FWL_CEL_T_VERSION,
    FWL_CEL_T_IP,
    FWL_CEL_T_CIDR,
    FWL_CEL_T_TYPE,     /* of a type used as a value */
    FWL_CEL_T_LIST,     /* params[0] */
    FWL_CEL_T_MAP,      /* params[0], params[1] */
    FWL_CEL_T_OPTIONAL, /* params[0] */
    FWL_CEL_T_VAR,      /* a type not yet known: *bound, or NULL */
};

struct fwl_cel_type {
    enum fwl_cel_type_kind kind;
    const struct fwl_cel_type *params[2];
    const struct fwl_cel_type **bound;
};

/* ---- syntax tree ---- */

enum fwl_cel_node_kind {
    FWL_CEL_N_LITERAL,
    FWL_CEL_N_IDENT,
    FWL_CEL_N_SELECT, /* kid: object */
    FWL_CEL_N_HAS,    /* kid: object */
    FWL_CEL_N_INDEX,  /* kids: object, key */
    FWL_CEL_N_CALL,   /* kids: arguments, a receiver first */
    FWL_CEL_N_OP,     /* kids: one or two operands */
    FWL_CEL_N_LOGIC,  /* && or || */
    FWL_CEL_N_COND,   /* kids: condition, then, else */
    FWL_CEL_N_LIST,
    FWL_CEL_N_MAP,  /* kids: key, value, key, value... */
    FWL_CEL_N_LOOP, /* kids: range, body; for map with filter: range, filter, body */
    FWL_CEL_N_BIND, /* kids: value, body */
    FWL_CEL_N_OPT,  /* optMap, optFlatMap; kids: optional, body */
    /* after name resolution */
    FWL_CEL_N_SLOT,
    FWL_CEL_N_LOCAL,
    FWL_CEL_N_TYPE,
};

/* A variable of a macro while its body is compiled. */
struct fwl_cel_scope {
    struct fwl_span name;
    const struct fwl_cel_type *type;
    struct fwl_cel_scope *outer;
    unsigned cell;              /* its place on the stack, known when its body is emitted */
    struct fwl_cel_bound bound; /* of its value; usage.c */
};

struct fwl_cel_node {
    enum fwl_cel_node_kind kind;
    uint8_t op; /* OP, LOGIC, OPT: enum fwl_cel_op; LOOP: enum fwl_cel_macro; CALL: enum fwl_cel_function; SLOT: slot;
                   TYPE: kind of cell */
    bool optional;  /* SELECT, INDEX: .? and [?; */
    bool receiver;  /* CALL: the first kid stands before the dot */
    bool global;    /* IDENT: with a leading dot */
    bool splice;    /* element or value written with ? */
    uint8_t steps;  /* SLOT: names in it */
    uint16_t depth; /* of the tree below */
    uint16_t count; /* of kids */
    uint32_t at;    /* in the source: where to point, first byte, one after the last */
    uint32_t start;
    uint32_t end;
    struct fwl_span name; /* IDENT, SELECT, HAS, CALL; variable of LOOP, BIND, OPT */
    struct fwl_cel_cell literal;
    struct fwl_cel_scope *scope; /* LOCAL, LOOP, BIND, OPT */
    const struct fwl_cel_type *type;
    struct fwl_cel_node *first;
    struct fwl_cel_node *last;
    struct fwl_cel_node *next;
};

/* ---- tokens ---- */

enum fwl_cel_token_kind {
    FWL_CEL_TOK_END,
    FWL_CEL_TOK_IDENT,
    FWL_CEL_TOK_QUOTED,  /* `field` */
    FWL_CEL_TOK_KEYWORD, /* true false null in */
    FWL_CEL_TOK_INT,     /* value.v.u is the magnitude */
    FWL_CEL_TOK_LITERAL, /* uint, string, bytes */
    FWL_CEL_TOK_PUNCT,
};

struct fwl_cel_token {
    enum fwl_cel_token_kind kind;
    uint32_t at;
    struct fwl_span text; /* IDENT, QUOTED (without the quotes), KEYWORD, PUNCT */
    struct fwl_cel_cell value;
};

/* ---- the compiler ---- */

struct fwl_cel_trail {
    const struct fwl_cel_type **bound;
    const struct fwl_cel_type *before;
};

enum {
    FWL_CEL_TRAIL_MAX = 256,
};

struct fwl_cel_compiler {
    const struct fwl_cel_options *options;
    const struct fwl_cel_limits *limits;
    struct fwl_span source;
    uint8_t *arena;
    size_t arena_left;
    enum fwl_err err;
    struct fwl_cel_diagnostic *diagnostic; /* never NULL */
    uint32_t position;                     /* of the lexer */
    struct fwl_cel_token token;            /* the next one */
    uint32_t last_end;                     /* one after the last byte of the token before it */
    unsigned depth;                        /* of the parser's recursion */
    unsigned loops;                        /* open around what is checked */
    struct fwl_cel_scope *scope;
    unsigned type_steps; /* of recursions over types, and their depth: type.c */
    unsigned type_depth;
    size_t trail_count;
    struct fwl_cel_trail trail[FWL_CEL_TRAIL_MAX];
};

/* compiler.c */

/** fwl_cel_compiler_alloc - zeroed memory aligned for pointers, or NULL and FWL_ERR_MEMORY. */
void *fwl_cel_compiler_alloc(struct fwl_cel_compiler *c, size_t size);
/** fwl_cel_compiler_shrink - give back what the last allocation, at @p, has beyond @size bytes. */
void fwl_cel_compiler_shrink(struct fwl_cel_compiler *c, uint8_t *p, size_t size);
/**
 * fwl_cel_compiler_fail - record the first error. In @message each % stands for the next of @a, @b.
 *
 * Returns NULL, so that a parser function can return it.
 */
void *fwl_cel_compiler_fail(struct fwl_cel_compiler *c, enum fwl_err err, uint32_t at, const char *message,
                            struct fwl_span a, struct fwl_span b);
/** fwl_cel_compiler_hint - add what to write instead to the error just recorded, if it has no hint yet. */
void fwl_cel_compiler_hint(struct fwl_cel_compiler *c, const char *hint, struct fwl_span a, struct fwl_span b);

/** fwl_cel_compiler_number - a number as text in the arena. */
struct fwl_span fwl_cel_compiler_number(struct fwl_cel_compiler *c, uint32_t n);

static inline struct fwl_span
fwl_cel_none(void)
{
    return (struct fwl_span){0};
}

/* lexer.c */

/** fwl_cel_lexer_next - read the next token into c->token; FWL_CEL_TOK_END at the end and after an error. */
void fwl_cel_lexer_next(struct fwl_cel_compiler *c);

/* literal.c */

/** fwl_cel_literal_text - a string or bytes literal from c->position (at its prefix or quote); false after an error. */
bool fwl_cel_literal_text(struct fwl_cel_compiler *c, struct fwl_cel_cell *out);
/** fwl_cel_literal_number - a number from c->position; false after an error. @is_uint: it has the suffix. */
bool fwl_cel_literal_number(struct fwl_cel_compiler *c, uint64_t *out, bool *is_uint);

/* parser.c */

/** fwl_cel_parser_parse - the whole source as one expression, NULL after an error. */
struct fwl_cel_node *fwl_cel_parser_parse(struct fwl_cel_compiler *c);
struct fwl_cel_node *fwl_cel_parser_node(struct fwl_cel_compiler *c, enum fwl_cel_node_kind kind, uint32_t at);
void fwl_cel_parser_add(struct fwl_cel_compiler *c, struct fwl_cel_node *parent, struct fwl_cel_node *kid);

/* macro.c */

/** fwl_cel_macro_expand - turn a CALL that is a macro into its node; others come back as they are. */
struct fwl_cel_node *fwl_cel_macro_expand(struct fwl_cel_compiler *c, struct fwl_cel_node *call);
/** fwl_cel_macro_use - how a macro is written that stands behind a dot, or NULL when @name is none. */
const char *fwl_cel_macro_use(struct fwl_span name);

/* type.c */

/** fwl_cel_type_name - "int", "list"; static. */
const char *fwl_cel_type_name(enum fwl_cel_type_kind kind);
const struct fwl_cel_type *fwl_cel_type_simple(enum fwl_cel_type_kind kind);
const struct fwl_cel_type *fwl_cel_type_make(struct fwl_cel_compiler *c, enum fwl_cel_type_kind kind,
                                             const struct fwl_cel_type *first, const struct fwl_cel_type *second);
const struct fwl_cel_type *fwl_cel_type_var(struct fwl_cel_compiler *c);
/** fwl_cel_type_resolve - follow what a variable is bound to. */
const struct fwl_cel_type *fwl_cel_type_resolve(const struct fwl_cel_type *t);
/** fwl_cel_type_assignable - may a @from stand where a @to is wanted? Binds variables only when it is so. */
bool fwl_cel_type_assignable(struct fwl_cel_compiler *c, const struct fwl_cel_type *to,
                             const struct fwl_cel_type *from);
/** fwl_cel_type_rollback - undo the bindings made since c->trail_count was @mark. */
void fwl_cel_type_rollback(struct fwl_cel_compiler *c, size_t mark);
/** fwl_cel_type_general - of two assignable types the less specific one. */
const struct fwl_cel_type *fwl_cel_type_general(struct fwl_cel_compiler *c, const struct fwl_cel_type *a,
                                                const struct fwl_cel_type *b);
bool fwl_cel_type_same(struct fwl_cel_compiler *c, const struct fwl_cel_type *a, const struct fwl_cel_type *b);
/** fwl_cel_type_parse - a type as text; NULL when it is none. */
const struct fwl_cel_type *fwl_cel_type_parse(struct fwl_cel_compiler *c, struct fwl_span text);
/** fwl_cel_type_text - a type as text in the arena. */
struct fwl_span fwl_cel_type_text(struct fwl_cel_compiler *c, const struct fwl_cel_type *t);

/* functions.c */

/* One overload. @signature: result and arguments, one letter each (functions.c). */
struct fwl_cel_overload {
    const char *name;
    uint8_t function; /* enum fwl_cel_function; of an operator enum fwl_cel_op */
    bool receiver;
    const char *signature;
};

/** fwl_cel_functions_next - the overloads of a name in this style, one after the other; NULL at the end. */
const struct fwl_cel_overload *fwl_cel_functions_next(const struct fwl_cel_overload *after, struct fwl_span name,
                                                      bool receiver);
/** fwl_cel_functions_each - every overload of every function, one after the other; NULL at the end. */
const struct fwl_cel_overload *fwl_cel_functions_each(const struct fwl_cel_overload *after);
/** fwl_cel_functions_operator - the same for an operator. */
const struct fwl_cel_overload *fwl_cel_functions_operator(const struct fwl_cel_overload *after, enum fwl_cel_op op);
/** fwl_cel_functions_instance - a type of a signature, *at moves behind it; A and B become vars[0], vars[1]. */
const struct fwl_cel_type *fwl_cel_functions_instance(struct fwl_cel_compiler *c, const char **at,
                                                      const struct fwl_cel_type *vars[2]);
/** fwl_cel_functions_put - a function and the types it takes, as text: "string.contains(string)". */
void fwl_cel_functions_put(struct fwl_writer *w, const struct fwl_cel_overload *o);
/** fwl_cel_functions_symbol - an operator as it is written. */
const char *fwl_cel_functions_symbol(enum fwl_cel_op op);

/* advice.c: hints for an error just recorded, and what is known of things outside the language */

/** fwl_cel_advice_function - what to use instead of a known function outside the subset, or NULL. */
const char *fwl_cel_advice_function(struct fwl_span name);
/** fwl_cel_advice_nearest - the functions with a name like that of the call @n, which there is none of. */
void fwl_cel_advice_nearest(struct fwl_cel_compiler *c, const struct fwl_cel_node *n);
/** fwl_cel_advice_operands - what to do about operands of @n that no overload takes. */
void fwl_cel_advice_operands(struct fwl_cel_compiler *c, const struct fwl_cel_node *n);
/** fwl_cel_advice_token - what to write instead of a token of other languages that begins at @p. */
void fwl_cel_advice_token(struct fwl_cel_compiler *c, struct fwl_span p);

/* near.c */

enum {
    FWL_CEL_NEAR_MAX = 3,
};

/* Names near to a wanted one, the nearest first; empty when zero. */
struct fwl_cel_near {
    size_t count;
    const char *names[FWL_CEL_NEAR_MAX];
    uint8_t distances[FWL_CEL_NEAR_MAX];
};

/** fwl_cel_near_try - list @show when @name is near to @wanted, and nearer than what is listed. */
void fwl_cel_near_try(struct fwl_cel_near *near, struct fwl_span wanted, struct fwl_span name, const char *show);
/** fwl_cel_near_hint - "did you mean ...?" as the hint of the error just recorded, when anything is listed. */
void fwl_cel_near_hint(struct fwl_cel_compiler *c, const struct fwl_cel_near *near);

/* names.c */

/** fwl_cel_names_resolve - turn an identifier or a dotted chain into a slot, local or type; false when it is none. */
bool fwl_cel_names_resolve(struct fwl_cel_compiler *c, struct fwl_cel_node *n);
/** fwl_cel_names_unknown - report an identifier, or the field behind a known first name, with the nearest names. */
void fwl_cel_names_unknown(struct fwl_cel_compiler *c, struct fwl_cel_node *n);
/** fwl_cel_names_unbound - unchecked expressions only: let an unknown name or call be an error when it is evaluated. */
void fwl_cel_names_unbound(struct fwl_cel_node *n);
/** fwl_cel_names_is_free - is this identifier neither a local nor a variable nor the first part of one? */
bool fwl_cel_names_is_free(const struct fwl_cel_compiler *c, const struct fwl_cel_node *ident);
/** fwl_cel_names_bound - the maxima of the variable in a slot, as the slot list tells them; a scalar has none. */
struct fwl_cel_bound fwl_cel_names_bound(struct fwl_cel_compiler *c, uint8_t slot);

/* check.c */

/** fwl_cel_check - resolve names and functions, deduce types, fold literals. */
void fwl_cel_check(struct fwl_cel_compiler *c, struct fwl_cel_node *n);

/* fold.c */

/** fwl_cel_fold - replace a constructor call with a literal argument by its value; an error when it does not convert.
 */
void fwl_cel_fold(struct fwl_cel_compiler *c, struct fwl_cel_node *n);

/* emit.c */

/** fwl_cel_emit - the code of a checked tree, in the arena. */
struct fwl_span fwl_cel_emit(struct fwl_cel_compiler *c, struct fwl_cel_node *n);

/* compile.c */

/** fwl_cel_worst_cost - what code may cost, whatever the limit; otherwise as fwl_cel_load. */
FWL_NODISCARD enum fwl_err fwl_cel_worst_cost(struct fwl_cel_compiler *c, uint32_t *cost, struct fwl_span code);

/* dearest.c */

/** fwl_cel_dearest - the part of the tree @root, of worst-case cost @total, that @share of it is spent in. */
const struct fwl_cel_node *fwl_cel_dearest(struct fwl_cel_compiler *c, uint32_t *share, struct fwl_cel_node *root,
                                           uint32_t total);

/* usage.c */

/* The part that takes most units of the arena itself, in all turns of the loops around it. */
struct fwl_cel_usage {
    const struct fwl_cel_node *part;
    uint32_t units;
    bool in_loop;
};

/** fwl_cel_usage - the most units of the evaluator's arena that a checked tree can use; at most FWL_CEL_COST_CAP. */
uint32_t fwl_cel_usage(struct fwl_cel_compiler *c, struct fwl_cel_usage *most, const struct fwl_cel_node *root);

#endif
