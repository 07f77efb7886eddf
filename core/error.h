/*
 * error - the one error type. Zone F.
 *
 * The group of a code says whose fault it is: 1-19 the caller's argument or a declared limit, 20-39
 * malformed bytes, 40-59 a verification that failed, 60-79 storage, 80-99 network, 100-139 the rules of
 * the ledger refused. Codes are diagnostics: only accept or refuse may reach a hash.
 */
#ifndef FWL_CORE_ERROR_H
#define FWL_CORE_ERROR_H

#include "core/base.h"

/* name, number, text for people */
#define FWL_ERRORS(X)                                                                                                  \
    X(OK, 0, "done")                                                                                                   \
    X(ARG, 1, "the argument is not usable")                                                                            \
    X(LIMIT, 2, "a declared limit is exceeded")                                                                        \
    X(RANGE, 3, "the number is out of range")                                                                          \
    X(SPACE, 4, "the output does not fit")                                                                             \
    X(MEMORY, 5, "out of memory")                                                                                      \
    X(TRUNCATED, 20, "the bytes end too early")                                                                        \
    X(TRAILING, 21, "bytes follow after the end")                                                                      \
    X(TYPE, 22, "the item has another type")                                                                           \
    X(FORM, 23, "the encoding is not the deterministic one")                                                           \
    X(DUPLICATE, 24, "a key or element occurs twice")                                                                  \
    X(ORDER, 25, "keys or elements are not in ascending order")                                                        \
    X(UTF8, 26, "the text is not valid UTF-8")                                                                         \
    X(UNKNOWN, 27, "an unknown key, kind or version")                                                                  \
    X(MISSING, 28, "a required field is missing")                                                                      \
    X(NAME, 29, "the name has a character or a length that is not allowed")                                            \
    X(DEPTH, 30, "items are nested too deeply")                                                                        \
    X(VALUE, 31, "the value is not one of those allowed here")                                                         \
    X(VERSION, 32, "the text is not a version of this scheme")                                                         \
    X(SIGNATURE, 40, "a signature does not verify")                                                                    \
    X(PROOF, 41, "the proof does not lead to the root")                                                                \
    X(HASH, 42, "the bytes do not have the expected hash")                                                             \
    X(CERTIFICATE, 43, "the certificate does not verify")                                                              \
    X(CHAIN, 44, "it belongs to another chain")                                                                        \
    X(STALE, 45, "the tip is too old or from the future")                                                              \
    X(ROLLBACK, 46, "height, epoch, time or floor would go back")                                                      \
    X(AUTHOR, 47, "the author signature is missing or does not verify")                                                \
    X(NO_VALUE, 48, "a value that the proof names is missing")                                                         \
    X(EPOCH, 49, "the epoch step does not follow from the trusted set")                                                \
    X(STORAGE, 60, "the storage failed")                                                                               \
    X(FULL, 61, "the disk or the map is full")                                                                         \
    X(ABSENT, 62, "there is no such entry")                                                                            \
    X(CORRUPT, 63, "stored bytes are damaged")                                                                         \
    X(SCHEMA, 64, "the store was written by a newer version")                                                          \
    X(LOCKED, 65, "another process has it open")                                                                       \
    X(NETWORK, 80, "the connection failed")                                                                            \
    X(TIMEOUT, 81, "the other side did not answer in time")                                                            \
    X(BUSY, 82, "too much work is waiting")                                                                            \
    X(ROLE, 100, "the participant does not have the role for this")                                                    \
    X(OWNER, 101, "it belongs to somebody else")                                                                       \
    X(NO_PARTICIPANT, 102, "there is no such participant")                                                             \
    X(KEYS, 103, "the signatures are not those that the participant's threshold demands")                              \
    X(EXPIRED, 104, "the transaction is expired or its expiry is too far ahead")                                       \
    X(REPLAY, 105, "the transaction is already in the chain")                                                          \
    X(EXISTS, 106, "it exists already")                                                                                \
    X(NOT_FOUND, 107, "what it refers to does not exist")                                                              \
    X(QUOTA, 108, "the participant's quota is used up")                                                                \
    X(STATE, 109, "it is not possible in the present state")                                                           \
    X(CONFLICT, 110, "it was made for another version of the entry")                                                   \
    X(RULE, 111, "the rule does not compile")                                                                          \
    X(WORK, 112, "the block would read or write too much")                                                             \
    X(PROTOCOL, 113, "the protocol number is not known here")                                                          \
    X(BLOCK, 114, "the block is not valid")                                                                            \
    X(LOCAL, 139, "this node's own execution differs from the certified block")

enum fwl_err {
#define FWL_ERR_ENUM(name, number, text) FWL_ERR_##name = (number),
    FWL_ERRORS(FWL_ERR_ENUM)
#undef FWL_ERR_ENUM
};
#define FWL_OK FWL_ERR_OK

/** fwl_err_name - the name of a code as in the table above ("NO_VALUE"); never NULL. Used in problem documents and
 * logs. */
const char *fwl_err_name(enum fwl_err err);

/** fwl_err_text - one sentence about a code for people; never NULL. */
const char *fwl_err_text(enum fwl_err err);

#endif
