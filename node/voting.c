/*
 * The key that the node votes with: where it is, which votes store belongs to it, and that no other node uses it.
 *
 * The order matters. Store and key are compared first; what they say decides how the engine boots. Only when it has
 * durably noted that votes were lost do both sides get a new id: a crash before that finds them different again.
 */
#include <event2/event.h>

#include "node/node_part.h"

enum {
    SIGNER_MS = 10000, /* for the signer to be there at the start */
};

static bool
is_remote(const struct fwl_node *n)
{
    return n->config->signer[0] != '\0';
}

static enum fwl_node_exit
fault(const struct fwl_node *n, enum fwl_node_exit code, const char *what, enum fwl_err err)
{
    fwl_log(n->log, FWL_LOG_UNUSUAL, "node", what, "where=\"%s\" reason=%s text=\"%s\"",
            is_remote(n) ? n->config->signer : n->config->validator_key, fwl_err_name(err), fwl_err_text(err));
    return code;
}

static enum fwl_node_exit
key_fault(const struct fwl_node *n, enum fwl_err err)
{
    fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "validator_key is not usable", "where=\"%s\" reason=%s text=\"%s\"",
            n->config->validator_key, fwl_err_name(err), fwl_secret_why(err));
    return FWL_NODE_EXIT_CONFIG;
}

/* The exit code of a failure of the tie: of the store, or of the key's side. */
static enum fwl_node_exit
tie_fault(const struct fwl_node *n, const char *what, enum fwl_err err)
{
    enum fwl_node_exit code = FWL_NODE_EXIT_STORAGE;

    if (err == FWL_ERR_CONFLICT) {
        code = FWL_NODE_EXIT_SECOND_INSTANCE;
    } else if (err == FWL_ERR_NETWORK || err == FWL_ERR_TIMEOUT) {
        code = FWL_NODE_EXIT_UNREACHABLE;
    }
    return fault(n, code, what, err);
}

enum fwl_node_exit
fwl_voting_open(struct fwl_node *n)
{
    const struct fwl_config *c = n->config;
    enum fwl_err err = FWL_OK;

    if (is_remote(n)) {
        err = fwl_remote_open(&n->signer, c->signer, &n->chain_id, n->log, n->options.check_only ? 0 : SIGNER_MS);
        if (err == FWL_ERR_NETWORK || err == FWL_ERR_TIMEOUT) {
            return fault(n, FWL_NODE_EXIT_UNREACHABLE, "the signer does not answer", err);
        }
        return err == FWL_OK ? FWL_NODE_EXIT_DONE : fault(n, FWL_NODE_EXIT_CONFIG, "the signer is not usable", err);
    }
    if (c->validator_key[0] != '\0') {
        err = fwl_signer_open_file(&n->signer, c->validator_key, !n->options.check_only);
    }
    if (err == FWL_ERR_LOCKED) {
        return fault(n, FWL_NODE_EXIT_SECOND_INSTANCE, "another process on this machine signs with validator_key", err);
    }
    return err == FWL_OK ? FWL_NODE_EXIT_DONE : key_fault(n, err);
}

enum fwl_node_exit
fwl_voting_check(struct fwl_node *n, bool *lost)
{
    struct fwl_instance instance;
    enum fwl_err err = FWL_OK;

    *lost = false;
    if (n->signer.sign == NULL) {
        return FWL_NODE_EXIT_DONE;
    }
    err = fwl_tie_check(lost, &n->votes, &n->signer.tie);
    if (err != FWL_OK) {
        return tie_fault(n, "the instance id of the votes cannot be read", err);
    }
    if (*lost || !is_remote(n)) {
        return FWL_NODE_EXIT_DONE;
    }
    err = fwl_tie_stored(&instance, &n->votes);
    err = err == FWL_OK ? fwl_remote_claim(&n->signer, &instance) : err;
    return err == FWL_OK ? FWL_NODE_EXIT_DONE : tie_fault(n, "the signer does not sign for this node", err);
}

static void
on_ready(void *cookie)
{
    const struct fwl_node *n = cookie;

    event_active(n->tick, EV_TIMEOUT, 0);
}

static void
on_taken(void *cookie)
{
    struct fwl_node *n = cookie;

    n->exit = FWL_NODE_EXIT_SECOND_INSTANCE;
    (void)event_base_loopbreak(n->base);
}

static enum fwl_node_exit
renew(const struct fwl_node *n)
{
    enum fwl_err err = FWL_OK;

    fwl_log(n->log, FWL_LOG_UNUSUAL, "node",
            n->options.force_voting ? "voting with a votes store that is not the key's, as told"
                                    : "the votes store is not the key's: voting starts when it is safe again",
            "%s", "");
    err = fwl_tie_renew(&n->votes, &n->signer.tie);
    return err == FWL_OK ? FWL_NODE_EXIT_DONE : tie_fault(n, "the instance id of the votes cannot be written", err);
}

enum fwl_node_exit
fwl_voting_start(struct fwl_node *n, bool lost)
{
    const struct fwl_remote_owner owner = {.ready = on_ready, .taken = on_taken, .cookie = n};
    enum fwl_node_exit code = lost ? renew(n) : FWL_NODE_EXIT_DONE;
    enum fwl_err err = FWL_OK;

    if (code == FWL_NODE_EXIT_DONE && is_remote(n)) {
        err = fwl_remote_attach(&n->signer, n->base, &owner);
    }
    if (err != FWL_OK) {
        return fault(n, FWL_NODE_EXIT_CONFIG, "the signer is not usable", err);
    }
    on_ready(n); /* for what could not be signed while it booted */
    return code;
}

void
fwl_voting_second(struct fwl_node *n)
{
    struct fwl_replica_status status;

    if (!n->renew_due) {
        return;
    }
    fwl_replica_status(n->replica, &status);
    if (!status.stalled) {
        n->renew_due = false;
        n->exit = fwl_voting_start(n, true);
        if (n->exit != FWL_NODE_EXIT_DONE) {
            (void)event_base_loopbreak(n->base);
        }
    }
}

bool
fwl_voting_info(const struct fwl_node *n, struct fwl_remote_info *out)
{
    *out = (struct fwl_remote_info){.up = n->signer.sign != NULL};
    if (n->signer.sign != NULL && is_remote(n)) {
        fwl_remote_info(&n->signer, out);
    }
    return n->signer.sign != NULL;
}
