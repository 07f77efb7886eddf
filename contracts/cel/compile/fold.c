/* Constructors with literal arguments become constants: their cost is then 0, and a bad literal fails here. The
 * evaluator's own functions do it, so that folded and computed values cannot differ. */
#include "contracts/cel/compile/compiler.h"
#include "contracts/cel/eval/vm.h"

static bool
is_constructor(uint8_t fn)
{
    return fn == FWL_CEL_FN_DURATION || fn == FWL_CEL_FN_TIMESTAMP || fn == FWL_CEL_FN_SEMVER ||
           fn == FWL_CEL_FN_VERSION || fn == FWL_CEL_FN_IP || fn == FWL_CEL_FN_CIDR;
}

static void
run(struct fwl_cel_compiler *c, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    struct fwl_cel_vm vm;
    uint8_t *memory = fwl_cel_compiler_alloc(c, FWL_VERSION_BYTES_MAX);

    if (memory == NULL) {
        return;
    }
    memset(&vm, 0, sizeof(vm));
    vm.limits = c->limits;
    vm.low = memory;
    vm.high = memory + FWL_VERSION_BYTES_MAX;
    fwl_cel_call(&vm, at, fn, count);
}

void
fwl_cel_fold(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    static const char *const what[] = {
        [FWL_CEL_FN_DURATION] = "duration, such as \"1h30m\"",
        [FWL_CEL_FN_TIMESTAMP] = "time, such as \"2026-01-31T12:00:00Z\"",
        [FWL_CEL_FN_SEMVER] = "semantic version, such as \"1.2.3\"",
        [FWL_CEL_FN_VERSION] = "version of the scheme of these classes",
        [FWL_CEL_FN_IP] = "IP address",
        [FWL_CEL_FN_CIDR] = "IP network, such as \"10.0.0.0/8\"",
    };
    struct fwl_cel_cell at[2];
    size_t count = 0;

    if (c->err != FWL_OK || !is_constructor(n->op) || n->first == NULL || n->count > FWL_COUNT(at)) {
        return;
    }
    for (const struct fwl_cel_node *k = n->first; k != NULL; k = k->next) {
        if (k->kind != FWL_CEL_N_LITERAL) {
            return;
        }
        at[count++] = k->literal;
    }
    run(c, at, (enum fwl_cel_function)n->op, count);
    if (at->kind == FWL_CEL_ERROR) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, n->first->at, "`%` is not a %",
                              fwl_span(c->source.p + n->first->start, n->first->end - n->first->start),
                              fwl_span_text(what[n->op]));
        return;
    }
    n->kind = FWL_CEL_N_LITERAL;
    n->literal = at[0];
}
