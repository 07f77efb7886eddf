#include "p2p/transport/link.h"

enum fwl_transport_reason
fwl_auth_check(const struct fwl_link *l, const struct fwl_message_auth *auth)
{
    const struct fwl_transport_config *config = &l->host->config;
    enum fwl_message_role role = l->dial != NULL ? FWL_ROLE_ACCEPTOR : FWL_ROLE_DIALER;
    struct fwl_hash32 digest;

    if (auth->proto != config->proto || !fwl_hash32_equal(&auth->chain_id, &config->chain_id) || auth->role != role) {
        return FWL_DOWN_AUTH;
    }
    if (memcmp(auth->node_key.b, config->node_key.b, sizeof(auth->node_key.b)) == 0) {
        return FWL_DOWN_AUTH; /* ourselves */
    }
    if (l->dial != NULL && memcmp(auth->node_key.b, l->dial->key.b, sizeof(auth->node_key.b)) != 0) {
        return FWL_DOWN_WRONG_KEY;
    }
    fwl_message_auth_digest(&digest, &config->chain_id, &l->exporter, role, &auth->node_key);
    if (fwl_schnorr_verify(&auth->sig, &digest, &auth->node_key) != FWL_OK) {
        return FWL_DOWN_AUTH;
    }
    return FWL_DOWN_COUNT; /* no reason */
}
