#include "core/span.h"

extern inline struct fwl_span fwl_span(const void *p, size_t size);
extern inline struct fwl_span fwl_span_text(const char *text);
extern inline bool fwl_span_equal(struct fwl_span a, struct fwl_span b);
extern inline bool fwl_span_is(struct fwl_span a, const char *text);
extern inline int fwl_span_compare(struct fwl_span a, struct fwl_span b);
