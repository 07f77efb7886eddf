/*
 * streams - standard input, output and error of a program. Zone H.
 *
 * A program that is started with one of them closed ("2>&-") gets its number for the first file that it opens, and then
 * writes its messages into that file: a key, a store, a connection.
 */
#ifndef FWL_CORE_HOST_STREAMS_H
#define FWL_CORE_HOST_STREAMS_H

#include <stdbool.h>

/** fwl_streams_hold - first thing in main: let each closed standard stream be one that cannot be used for anything.
 *
 * Reading from standard input then ends at once; writing to the other two fails. Returns whether that was possible.
 */
bool fwl_streams_hold(void);

#endif
