/*
 * policy_text - a policy source as the YAML that policy set takes. Zone H.
 */
#ifndef FWL_CLIENT_CLI_POLICY_TEXT_H
#define FWL_CLIENT_CLI_POLICY_TEXT_H

#include <stdio.h>

#include "ledger/model/policy.h"

/** fwl_policy_text_print - @source of @fleet as YAML; fwl_policy_file_parse of it gives the same bytes. */
void fwl_policy_text_print(FILE *to, struct fwl_span fleet, const struct fwl_policy_source *source);

#endif
