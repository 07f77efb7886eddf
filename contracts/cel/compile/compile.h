/*
 * compile - from the text of a rule to code for contracts/cel/eval. Zone P.
 *
 * Lexer, parser, gradual type checker, folding of literals, code generation; the worst-case cost is the one that the
 * verifier (fwl_cel_load) finds in the code. All memory comes from an arena of the caller. One source, one code: the
 * bytes depend on source, schema, options and limits alone. Recursion is bounded by limits->nesting.
 */
#ifndef FWL_CONTRACTS_CEL_COMPILE_COMPILE_H
#define FWL_CONTRACTS_CEL_COMPILE_COMPILE_H

#include "contracts/cel/compile/schema.h"
#include "contracts/cel/eval/eval.h"

enum {
    FWL_CEL_COMPILE_ARENA =
        256 * 1024, /* enough for all that lang 1 accepts; what needs more is over its limit of code, too */
    FWL_CEL_MESSAGE_BYTES = 192,
};

enum fwl_cel_profile {
    FWL_CEL_PUBLISH = 0, /* refuses variables of the node and of tests, dyn, and literals of mixed types */
    FWL_CEL_SUITE = 1,   /* the whole language, as the conformance suite wants it */
};

struct fwl_cel_options {
    const struct fwl_cel_limits *limits;
    struct fwl_cel_schema schema; /* searched first */
    struct fwl_cel_schema extra;  /* searched next: params.* of the policy, or variables of a test */
    enum fwl_cel_profile profile;
    enum fwl_scheme scheme; /* the one scheme of the rule's scope, or 0: version() is refused */
    bool want_bool;         /* the result must be bool (a condition) */
    bool unchecked;         /* suite only: skip the type checker */
};

/* Why a source does not compile. */
struct fwl_cel_diagnostic {
    enum fwl_err err;                    /* see fwl_cel_compile */
    uint32_t offset;                     /* byte in the source */
    uint32_t line;                       /* from 1 */
    uint32_t column;                     /* from 1, in code points */
    struct fwl_span text;                /* the source line, without its end; a view of the source */
    char message[FWL_CEL_MESSAGE_BYTES]; /* one sentence; terminated */
    char hint[FWL_CEL_MESSAGE_BYTES];    /* what to write instead, or empty; terminated */
};

struct fwl_cel_compiled {
    struct fwl_span code; /* a view of the arena */
    uint32_t cost;        /* worst case */
    const char *type;     /* deduced type as text, in the arena: "bool", "list(int)"; "dyn" when unchecked */
};

/**
 * fwl_cel_compile - compile one expression.
 *
 * Shape:   @arena aligned for pointers; FWL_CEL_COMPILE_ARENA bytes suffice for everything that lang 1 accepts.
 * Owns:    borrows @source and @options; out->code and out->type view @arena, diagnostic->text views @source.
 * Fills:   @out, zeros on failure; @diagnostic on failure (may be NULL).
 * Returns: FWL_OK
 *          FWL_ERR_LIMIT    source, code, constants, stack, loops, nesting or worst-case cost over the limits;
 *                           FWL_CEL_PUBLISH: or the most that the rule may use of the arena
 *          FWL_ERR_UTF8     the source is not valid UTF-8
 *          FWL_ERR_FORM     syntax
 *          FWL_ERR_UNKNOWN  an undeclared name, field or function; something that is not in the subset
 *          FWL_ERR_TYPE     types that do not fit
 *          FWL_ERR_VALUE    a literal that is out of range or does not convert; a variable or literal that may not be
 *                           published
 *          FWL_ERR_MEMORY   the arena is too small
 * Cost:    linear in the source; about 10 us for a rule of 100 bytes.
 */
FWL_NODISCARD enum fwl_err fwl_cel_compile(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic,
                                           void *arena, size_t arena_bytes, struct fwl_span source,
                                           const struct fwl_cel_options *options);

/**
 * fwl_cel_compile_syntax - is @source a well-formed expression? Names, functions and types are not looked at.
 *
 * Returns: FWL_OK, or as fwl_cel_compile without FWL_ERR_TYPE; FWL_ERR_UNKNOWN for fractions and messages only.
 */
FWL_NODISCARD enum fwl_err fwl_cel_compile_syntax(struct fwl_cel_diagnostic *diagnostic, void *arena,
                                                  size_t arena_bytes, struct fwl_span source,
                                                  const struct fwl_cel_options *options);

/**
 * fwl_cel_compile_condition - compile a rule to be published: lang 1, its limits, its schema, result bool.
 *
 * @params are the policy's, named "params.x", slots from FWL_CEL_SLOT_PARAMS. @scheme as in fwl_cel_options.
 * Otherwise as fwl_cel_compile.
 */
FWL_NODISCARD enum fwl_err fwl_cel_compile_condition(struct fwl_cel_compiled *out,
                                                     struct fwl_cel_diagnostic *diagnostic, void *arena,
                                                     size_t arena_bytes, struct fwl_span source,
                                                     struct fwl_cel_schema params, enum fwl_scheme scheme);

/** fwl_cel_compile_progress - the same for a condition of a rollout (fwl_cel_schema_progress). */
FWL_NODISCARD enum fwl_err fwl_cel_compile_progress(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic,
                                                    void *arena, size_t arena_bytes, struct fwl_span source,
                                                    struct fwl_cel_schema params);

#endif
