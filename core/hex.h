/*
 * hex - lower-case hexadecimal text. Zone F.
 */
#ifndef FWL_CORE_HEX_H
#define FWL_CORE_HEX_H

#include "core/error.h"
#include "core/span.h"

/** fwl_hex_encode - writes 2 * bytes.size characters and a terminator to @out of @room bytes (FWL_ASSERT: it fits). */
void fwl_hex_encode(char *out, size_t room, struct fwl_span bytes);

/**
 * fwl_hex_decode - the inverse; exactly @size bytes.
 *
 * Returns: FWL_OK; FWL_ERR_VALUE for a character that is no lower-case hex digit; FWL_ERR_TRUNCATED or
 *          FWL_ERR_TRAILING when @text is not 2 * @size characters. @out is zeros on failure.
 */
FWL_NODISCARD enum fwl_err fwl_hex_decode(void *out, size_t size, struct fwl_span text);

#endif
