/*
 * instance - which store of votes a validator key belongs to: the file KEYFILE.instance. Zone H.
 *
 * A validator must never vote with an empty memory for a key that has voted (agreement.md "Lost store"). So the file
 * says either "new", as keygen writes it beside a fresh key, or the random id that stands in the store too (32
 * hexadecimal digits). A key without the file is one whose past is not known.
 */
#ifndef FWL_CORE_HOST_INSTANCE_H
#define FWL_CORE_HOST_INSTANCE_H

#include "core/error.h"

#define FWL_INSTANCE_SIZE 16

enum fwl_instance_kind {
    FWL_INSTANCE_NONE, /* there is no file */
    FWL_INSTANCE_NEW,  /* the key has not been used */
    FWL_INSTANCE_USED, /* with the store that has this id */
};

struct fwl_instance {
    enum fwl_instance_kind kind;
    uint8_t b[FWL_INSTANCE_SIZE]; /* FWL_INSTANCE_USED */
};

/** fwl_instance_read - the file beside @key_path. FWL_OK, also without a file; FWL_ERR_CORRUPT for another text;
 * FWL_ERR_STORAGE; FWL_ERR_LIMIT for a path too long. */
FWL_NODISCARD enum fwl_err fwl_instance_read(struct fwl_instance *out, const char *key_path);

/** fwl_instance_write - replace the file (NEW or USED), mode 0600, durable when it returns FWL_OK; FWL_ERR_STORAGE,
 * FWL_ERR_LIMIT. */
FWL_NODISCARD enum fwl_err fwl_instance_write(const struct fwl_instance *instance, const char *key_path);

#endif
