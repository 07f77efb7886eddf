/* A policy as administrators write it: whatever text comes, a form that decodes or an error with a sentence. */
#include "client/cli/policy_file.h"
#include "core/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fwl_policy_file file;
    struct fwl_place place;

    if (fwl_policy_file_parse(&file, "policy.yaml", fwl_span(data, size)) == FWL_OK) {
        FWL_ASSERT(fwl_cbor_check(fwl_span(file.source, file.source_size)) == FWL_OK);
    } else {
        FWL_ASSERT(file.error[0] != '\0' && file.source_size == 0);
    }
    for (size_t at = 0; at < file.source_size;
         at += 1 + file.source_size / 64) { /* everything of the source has a place in the text, or none */
        fwl_policy_file_find_text(&place, &file, fwl_span(file.source + at, FWL_MIN(file.source_size - at, size)),
                                  at % 8);
    }
    fwl_policy_file_clear(&file);
    return 0;
}
