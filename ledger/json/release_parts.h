/*
 * release_parts - parts of the release parser that lie in files of their own. Zone H. Internal to the module.
 */
#ifndef FWL_LEDGER_JSON_RELEASE_PARTS_H
#define FWL_LEDGER_JSON_RELEASE_PARTS_H

#include "ledger/json/release.h"

/* Each takes its members of @object into out->release; absent ones leave it as it is. */
FWL_NODISCARD enum fwl_err fwl_release_parts_hardware(struct fwl_json_release *out, const json_t *object);
FWL_NODISCARD enum fwl_err fwl_release_parts_relations(struct fwl_json_release *out, const json_t *object);
FWL_NODISCARD enum fwl_err fwl_release_parts_image(struct fwl_json_release *out, const json_t *object);

/** fwl_release_parts_set_image - the inverse of the third: encryption, author_sig, manifest, sbom, build, digests. */
void fwl_release_parts_set_image(json_t *object, const struct fwl_release *release);

#endif
