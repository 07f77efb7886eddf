/*
 * form - CBOR maps with integer keys, described by tables. Zone F. Internal to the module.
 *
 * A table lists the fields of a map in ascending order of their keys. Reading fills the struct and sets bit k of *has
 * for each key k that was there; writing writes the fields whose bit is set. So one table is decoder, encoder
 * and check of one form, and what was read comes out byte for byte.
 *
 * Tables nest (a condition inside a release) to a depth fixed by the tables, at most 3; that is the bound of the stack.
 */
#ifndef FWL_LEDGER_MODEL_FORM_H
#define FWL_LEDGER_MODEL_FORM_H

#include "core/limits.h"
#include "ledger/model/list.h"

#define FWL_HAS(key) (UINT64_C(1) << (key))

/* What the items of a list are compared by. */
struct fwl_form_order {
    bool any;            /* there was an item before */
    struct fwl_span key; /* of the item before; a view into the input, or into @copy */
    uint8_t copy[8];     /* for keys that are computed (kid) */
};

/** Reads and checks one item of a list (of a map: one pair). */
typedef void (*fwl_form_item)(struct fwl_reader *r, struct fwl_form_order *order);

enum fwl_form_kind {
    FWL_FORM_UINT,   /* uint64_t, min..max */
    FWL_FORM_BOOL,   /* bool */
    FWL_FORM_TEXT,   /* struct fwl_span, min..max bytes; then @check */
    FWL_FORM_BYTES,  /* struct fwl_span, min..max bytes */
    FWL_FORM_HASH,   /* struct fwl_hash32 */
    FWL_FORM_LIST,   /* struct fwl_list, an array of min..max of @item */
    FWL_FORM_MAP,    /* struct fwl_list, a map of min..max pairs of @item */
    FWL_FORM_CUSTOM, /* @read and @put */
};

struct fwl_form_field {
    uint8_t key;
    uint8_t kind; /* enum fwl_form_kind */
    bool optional;
    uint16_t at; /* offset in the struct */
    uint64_t min, max;
    const char *name; /* for messages */
    enum fwl_err (*check)(struct fwl_span text);
    fwl_form_item item;
    void (*read)(struct fwl_reader *r, void *at);
    void (*put)(struct fwl_writer *w, const void *at);
};

/* Lines of a table: key, optional, struct, member, ... , name. */
#define FWL_F_UINT(k, o, T, m, lo, hi, n)                                                                              \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_UINT, .optional = (o), .at = offsetof(T, m), .min = (lo), .max = (hi),            \
        .name = (n)                                                                                                    \
    }
#define FWL_F_BOOL(k, o, T, m, n)                                                                                      \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_BOOL, .optional = (o), .at = offsetof(T, m), .name = (n)                          \
    }
#define FWL_F_TEXT(k, o, T, m, lo, hi, n)                                                                              \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_TEXT, .optional = (o), .at = offsetof(T, m), .min = (lo), .max = (hi),            \
        .name = (n)                                                                                                    \
    }
#define FWL_F_NAME(k, o, T, m, hi, c, n)                                                                               \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_TEXT, .optional = (o), .at = offsetof(T, m), .max = (hi), .check = (c),           \
        .name = (n)                                                                                                    \
    }
#define FWL_F_BYTES(k, o, T, m, lo, hi, n)                                                                             \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_BYTES, .optional = (o), .at = offsetof(T, m), .min = (lo), .max = (hi),           \
        .name = (n)                                                                                                    \
    }
#define FWL_F_HASH(k, o, T, m, n)                                                                                      \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_HASH, .optional = (o), .at = offsetof(T, m), .name = (n)                          \
    }
#define FWL_F_LIST(k, o, T, m, lo, hi, i, n)                                                                           \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_LIST, .optional = (o), .at = offsetof(T, m), .min = (lo), .max = (hi),            \
        .item = (i), .name = (n)                                                                                       \
    }
#define FWL_F_MAP(k, o, T, m, lo, hi, i, n)                                                                            \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_MAP, .optional = (o), .at = offsetof(T, m), .min = (lo), .max = (hi),             \
        .item = (i), .name = (n)                                                                                       \
    }
#define FWL_F_CUSTOM(k, o, T, m, r, p, n)                                                                              \
    {                                                                                                                  \
        .key = (k), .kind = FWL_FORM_CUSTOM, .optional = (o), .at = offsetof(T, m), .read = (r), .put = (p),           \
        .name = (n)                                                                                                    \
    }

/** fwl_form_read - one map into @base; FWL_ERR_UNKNOWN (key), FWL_ERR_MISSING and the errors of the fields. */
void fwl_form_read(struct fwl_reader *r, void *base, uint64_t *has, const struct fwl_form_field *fields, size_t count);

/* Where the growth rule holds: what was in the map beside the fields. */
struct fwl_form_extra {
    struct fwl_list negative; /* pairs with keys < 0 */
    bool unknown;             /* there were keys >= 0 that the table does not have */
};

/** fwl_form_read_growing - the same, tolerating unknown keys as ledger.md "Growth" says. */
void fwl_form_read_growing(struct fwl_reader *r, void *base, uint64_t *has, const struct fwl_form_field *fields,
                           size_t count, struct fwl_form_extra *extra);
/** fwl_form_read_field - the value of one field into @base; false when the table has no such key. */
bool fwl_form_read_field(struct fwl_reader *r, void *base, const struct fwl_form_field *fields, size_t count,
                         int64_t key);
/** fwl_form_put - write the fields of @has, then the pairs of @negative. FWL_ERR_MISSING, FWL_ERR_UNKNOWN when @has
 * lacks a required field or has a key that is not in the table. */
void fwl_form_put(struct fwl_writer *w, const void *base, uint64_t has, const struct fwl_form_field *fields,
                  size_t count, struct fwl_list negative);

/** fwl_form_array, fwl_form_map - a list of @min..@max items, each read by @item. */
void fwl_form_array(struct fwl_reader *r, struct fwl_list *out, size_t min, size_t max, fwl_form_item item);
void fwl_form_map(struct fwl_reader *r, struct fwl_list *out, size_t min, size_t max, fwl_form_item item);
/** fwl_form_ascend - @key must sort after the key of the item before it; FWL_ERR_DUPLICATE, FWL_ERR_ORDER. */
void fwl_form_ascend(struct fwl_reader *r, struct fwl_form_order *order, struct fwl_span key);
/** fwl_form_text - a text of min..max bytes; FWL_ERR_VALUE below min. fwl_form_uint - min..max; FWL_ERR_RANGE. */
struct fwl_span fwl_form_text(struct fwl_reader *r, size_t min, size_t max);
uint64_t fwl_form_uint(struct fwl_reader *r, uint64_t min, uint64_t max);
/** fwl_form_version, fwl_form_put_version - a version of whatever scheme, or null: an empty span. */
struct fwl_span fwl_form_version(struct fwl_reader *r);
void fwl_form_put_version(struct fwl_writer *w, struct fwl_span version);
/** fwl_form_name - a text that passes @check. */
struct fwl_span fwl_form_name(struct fwl_reader *r, size_t max, enum fwl_err (*check)(struct fwl_span));

/* Items that several forms use. */
void fwl_form_item_participant(struct fwl_reader *r, struct fwl_form_order *order); /* ascending */
void fwl_form_item_participant_any(struct fwl_reader *r, struct fwl_form_order *order);
void fwl_form_item_pattern(struct fwl_reader *r, struct fwl_form_order *order);
void fwl_form_item_hash(struct fwl_reader *r, struct fwl_form_order *order); /* in any order */

#endif
