/*
 * anchor - trust anchor files (docs/spec/interfaces.md "Files"). Zone H.
 *
 * JSON: chain id, epoch, validators, governors, one block with its time; optionally author keys per vendor. Whoever has
 * the right anchor needs to trust no node. Keys are lower-case hexadecimal; keys of authors and governors may carry the
 * algorithm in front ("es256k:HEX", "esp256:HEX" for authors only).
 */
#ifndef FWL_CLIENT_CLI_ANCHOR_H
#define FWL_CLIENT_CLI_ANCHOR_H

#include <jansson.h>

#include "client/verify/trust.h"
#include "ledger/model/key.h"

enum {
    FWL_ANCHOR_FILE_MAX = 1048576,
    FWL_ANCHOR_AUTHORS_MAX = 16, /* keys of one vendor */
};

struct fwl_anchor_file {
    struct fwl_anchor anchor; /* views the two buffers */
    uint8_t validators[32 * FWL_VALIDATORS_MAX];
    uint8_t governors[33 * FWL_KEYS_MAX];
    json_t *doc; /* fwl_anchor_close drops it */
};

/** fwl_anchor_parse - take @doc (its reference is kept) apart. Returns FWL_OK, or FWL_ERR_VALUE with the reason in
 * @error: "governors.keys: ...". fwl_anchor_close in every case. */
FWL_NODISCARD enum fwl_err fwl_anchor_parse(struct fwl_anchor_file *out, char error[256], json_t *doc);

/** fwl_anchor_open - the same for a file; prints the reason on failure and returns the exit code, 0 when it is good. */
int fwl_anchor_open(struct fwl_anchor_file *out, const char *path);
void fwl_anchor_close(struct fwl_anchor_file *file);

/** fwl_anchor_has_authors - does the anchor say anything about authors? fwl_anchor_authors - the keys of @vendor:
 * FWL_OK with 0 when there are none; FWL_ERR_VALUE for a key that is none; FWL_ERR_LIMIT. */
bool fwl_anchor_has_authors(const struct fwl_anchor_file *file);
FWL_NODISCARD enum fwl_err fwl_anchor_authors(struct fwl_key keys[FWL_ANCHOR_AUTHORS_MAX], size_t *count,
                                              const struct fwl_anchor_file *file, struct fwl_span vendor);

/** fwl_anchor_json - the document of an anchor without authors; a new reference. */
json_t *fwl_anchor_json(const struct fwl_anchor *anchor);

/** fwl_anchor_save - write @doc to @path, atomically; prints the reason on failure. Returns an exit code. */
int fwl_anchor_save(const json_t *doc, const char *path);

/** fwl_anchor_chain_id - the chain id of the anchor at @path; prints the reason on failure. Returns an exit code. */
int fwl_anchor_chain_id(struct fwl_hash32 *out, const char *path);

/** fwl_anchor_key - "es256k:HEX", "esp256:HEX" or HEX (ES256K) as a key: FWL_OK, or FWL_ERR_VALUE when it is none or no
 * point of its curve. */
FWL_NODISCARD enum fwl_err fwl_anchor_key(struct fwl_key *out, struct fwl_span text);

#endif
