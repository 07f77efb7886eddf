/* Compiling a policy, and what a refusal of one says. */
#include "ledger/state/work.h"

static enum fwl_err
rules_scheme(void *cookie, uint64_t *scheme, struct fwl_span class_name)
{
    struct fwl_class_entry c;
    enum fwl_err err = fwl_work_class(cookie, &c, class_name);

    *scheme = err == FWL_OK ? c.scheme : 0;
    return err;
}

/* Append to the detail of a refusal; what does not fit is left out, at whole code points. */
static void
rules_detail(struct fwl_state *s, struct fwl_span text)
{
    size_t size = strlen(s->why.detail);
    size_t take = FWL_MIN(text.size, sizeof(s->why.detail) - 1 - size);

    while (take < text.size && take > 0 && (text.p[take] & 0xc0) == 0x80) {
        take--;
    }
    for (size_t i = 0; i < take; i++) {
        s->why.detail[size + i] = (char)text.p[i];
    }
    s->why.detail[size + take] = '\0';
}

static void
rules_number(struct fwl_state *s, uint64_t n)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    rules_detail(s, fwl_span(digits + at, sizeof(digits) - at));
}

/* emergency, line 1, column 8: `device` has no field `regin`; did you mean device.region? */
static void
rules_tell_place(struct fwl_state *s, const struct fwl_policy_compiler *c)
{
    rules_detail(s, c->name);
    rules_detail(s, fwl_span_text(", line "));
    rules_number(s, c->diagnostic.line);
    rules_detail(s, fwl_span_text(", column "));
    rules_number(s, c->diagnostic.column);
    rules_detail(s, fwl_span_text(": "));
    rules_detail(s, fwl_span_text(c->diagnostic.message));
    if (c->diagnostic.hint[0] != '\0') {
        rules_detail(s, fwl_span_text("; "));
        rules_detail(s, fwl_span_text(c->diagnostic.hint));
    }
}

enum fwl_err
fwl_work_rules(struct fwl_state *s, const struct fwl_policy_source *source, struct fwl_policy_entry *out)
{
    struct fwl_policy_compiler *c = &s->compiler;
    enum fwl_err err = FWL_OK;

    c->scheme_of = rules_scheme;
    c->cookie = s;
    err = fwl_policy_compile(c, out, source);
    if (err != FWL_ERR_RULE && err != FWL_ERR_LIMIT) {
        return err;
    }
    err = fwl_work_refuse(s, err, c->field, c->why);
    if (err == FWL_ERR_RULE) {
        rules_tell_place(s, c);
    } else if (c->most > 0) {
        rules_detail(s, fwl_span_text("the dearest rule is "));
        rules_detail(s, c->name);
        rules_detail(s, fwl_span_text(" with "));
        rules_number(s, c->most);
    }
    return err;
}
