/*
 * yaml - reading a YAML document that a person wrote. Zone H.
 *
 * One document is loaded whole; nodes are numbers, 0 is "not there". Errors are sticky and say file, line, what
 * is wrong and what to write instead, since the reader of the message is the writer of the file. Every map is
 * checked against the keys that its reader knows: an unknown or doubled key is an error, never ignored.
 */
#ifndef FWL_CORE_YAML_YAML_H
#define FWL_CORE_YAML_YAML_H

#include <yaml.h>

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_YAML_BYTES_MAX = 1048576, /* of a document */
    FWL_YAML_ERROR_MAX = 512,
};

/* Where a node begins in the text; both from 1, columns in code points. All zero: nowhere. */
struct fwl_yaml_mark {
    size_t line, column;
};

struct fwl_yaml {
    yaml_document_t document;
    bool loaded;
    const char *name; /* for messages; kept */
    enum fwl_err err;
    char error[FWL_YAML_ERROR_MAX]; /* "NAME:LINE: text" once err is set */
    struct fwl_yaml_mark at;        /* of the error, where it has a place */
};

/**
 * fwl_yaml_load - parse @text; @name is the file's name for messages.
 *
 * Owns:    keeps @name; borrows @text for the call. fwl_yaml_deinit in every case.
 * Returns: FWL_OK; FWL_ERR_LIMIT over FWL_YAML_BYTES_MAX; FWL_ERR_VALUE when it is not one YAML document whose
 *          root is a map. The error is sticky, so it may be asked for at the end; y->error has the text.
 */
enum fwl_err fwl_yaml_load(struct fwl_yaml *y, const char *name, struct fwl_span text);

/** fwl_yaml_load_file - the same for a file; FWL_ERR_ABSENT and FWL_ERR_STORAGE besides. */
enum fwl_err fwl_yaml_load_file(struct fwl_yaml *y, const char *path);

void fwl_yaml_deinit(struct fwl_yaml *y);

/** fwl_yaml_mark - where @node begins: the first quote of a quoted text, the indicator of a block. */
struct fwl_yaml_mark fwl_yaml_mark(struct fwl_yaml *y, int node);

/** fwl_yaml_root - the root map. */
int fwl_yaml_root(struct fwl_yaml *y);

/** fwl_yaml_fail - record an error at @node (0: the whole file); the first one stays. */
void fwl_yaml_fail(struct fwl_yaml *y, int node, enum fwl_err err, const char *format, ...) FWL_PRINTF(4, 5);

/** fwl_yaml_keys - @map is a map whose keys are all in @known and occur once; else an error that lists or suggests
 * keys. */
void fwl_yaml_keys(struct fwl_yaml *y, int map, const char *const *known, size_t count);

/** fwl_yaml_get - the value of @key in @map; 0 when it is absent or @map is 0. */
int fwl_yaml_get(struct fwl_yaml *y, int map, const char *key);

/** fwl_yaml_need - the same, but absence is an error that names the key. */
int fwl_yaml_need(struct fwl_yaml *y, int map, const char *key);

/** fwl_yaml_pair - the @index-th pair of a map in file order; false at the end. */
bool fwl_yaml_pair(struct fwl_yaml *y, int map, size_t index, struct fwl_span *key, int *value);

/** fwl_yaml_is_map, fwl_yaml_is_text - what kind of node is it? */
bool fwl_yaml_is_map(struct fwl_yaml *y, int node);
bool fwl_yaml_is_text(struct fwl_yaml *y, int node);

/** fwl_yaml_list - the number of elements of a list of at most @max; 0 for node 0. fwl_yaml_item - one of them. */
size_t fwl_yaml_list(struct fwl_yaml *y, int node, size_t max);
int fwl_yaml_item(struct fwl_yaml *y, int list, size_t index);

/* Scalars. A node of another kind, or a value out of its bounds, is an error that says what is expected; then 0. */
/** fwl_yaml_text - a view of the text, at most @max bytes; valid until fwl_yaml_deinit, and terminated by NUL. */
struct fwl_span fwl_yaml_text(struct fwl_yaml *y, int node, size_t max);
int64_t fwl_yaml_int(struct fwl_yaml *y, int node, int64_t min, int64_t max);
bool fwl_yaml_bool(struct fwl_yaml *y, int node);
/** fwl_yaml_duration_ms - "500ms", "15m", "72h", "1h30m", "2d": a sum of numbers with units, in ms, within bounds. */
uint64_t fwl_yaml_duration_ms(struct fwl_yaml *y, int node, uint64_t min, uint64_t max);
/** fwl_yaml_plain - was the scalar written without quotes? (a number or boolean rather than a string) */
bool fwl_yaml_plain(struct fwl_yaml *y, int node);

#endif
