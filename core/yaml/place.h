/*
 * place - where in a YAML file a byte of a text stands, and the line that shows it. Zone H.
 *
 * Quotes, escapes, folded and indented lines stand between a text and its spelling in the file. The characters that are
 * no blanks come in the same order in both, so both are walked side by side; blanks are passed over.
 */
#ifndef FWL_CORE_YAML_PLACE_H
#define FWL_CORE_YAML_PLACE_H

#include <stdio.h>

#include "core/yaml/yaml.h"

struct fwl_place {
    struct fwl_yaml_mark at;
    struct fwl_span line; /* of the file, without its end; a view */
};

/** fwl_place_mark - a mark and its line in @file; an empty line where there is none. */
void fwl_place_mark(struct fwl_place *out, struct fwl_span file, struct fwl_yaml_mark at);

/**
 * fwl_place_text - where byte @offset of @text stands.
 *
 * @start: mark of the scalar that has this text (fwl_yaml_mark). A byte within a character is that character; @offset
 * text.size is the place behind the last one.
 * Fills:   @out; the start itself where file and text do not fit together (a tag or an anchor before the text).
 * Cost:    one pass over the file up to there.
 */
void fwl_place_text(struct fwl_place *out, struct fwl_span file, struct fwl_yaml_mark start, struct fwl_span text,
                    size_t offset);

/** fwl_place_print - the line, indented, and below it a caret; of a long line the part around it. A tab stays a tab in
 * both, other control characters go to no terminal. Nothing for a place without a line. */
void fwl_place_print(FILE *to, const struct fwl_place *place);

#endif
