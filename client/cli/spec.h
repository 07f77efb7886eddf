/*
 * spec - genesis documents, validator sets and parameters from YAML. Zone H.
 *
 * genesis: name, time, development, parameters, governors {threshold, keys}, validators [{key, participant, nodes,
 * log_keys}]. A change of validators: validators as above. Parameters: heartbeat, leader_term, precision, msgdelay,
 * max_block, max_work, verdict_k, protocol {number, activation_height}; what is left out stays as it is.
 */
#ifndef FWL_CLIENT_CLI_SPEC_H
#define FWL_CLIENT_CLI_SPEC_H

#include "core/yaml/yaml.h"
#include "ledger/model/genesis.h"

struct fwl_spec {
    uint8_t document[FWL_GENESIS_MAX];
    size_t document_size;
    uint8_t members[FWL_GENESIS_MAX]; /* items of the list of validators */
    struct fwl_list list;             /* views members */
    struct fwl_params params;
    char error[FWL_YAML_ERROR_MAX]; /* "FILE:LINE: what and how to mend it" */
};

/** fwl_spec_genesis - a genesis document from @path; @now_ms where it says no time. FWL_OK or the error of the file;
 * what is wrong between the parts fwl_genesis_decode tells. */
FWL_NODISCARD enum fwl_err fwl_spec_genesis(struct fwl_spec *out, const char *path, uint64_t now_ms);

/** fwl_spec_validators - out->list from a file {validators: [...]}. */
FWL_NODISCARD enum fwl_err fwl_spec_validators(struct fwl_spec *out, const char *path);

/** fwl_spec_params - out->params, which hold the present ones, with what a file {heartbeat: ..., ...} says. */
FWL_NODISCARD enum fwl_err fwl_spec_params(struct fwl_spec *out, const char *path);

#endif
