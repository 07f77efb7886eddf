/* rewrite NODE KEY KEY COUNT ACTIONS - COUNT transactions of the governors, each of ACTIONS actions that write one and
 * the same entry, each waited for until it is final: blocks grow, the state does not. Prints nothing; exits as fwledger
 * does. */
#include <stdio.h>

#include "client/cli/commands.h"
#include "client/cli/submit.h"

/* participant.put of "rewritten" with new keys, as many as there may be. */
static bool
add(struct fwl_submission *s)
{
    static uint8_t bytes[64 * FWL_KEYS_MAX];
    static const uint8_t roles[] = {FWL_ROLE_PROVIDER};
    struct fwl_action a = {.code = FWL_ACTION_PARTICIPANT_PUT};
    struct fwl_key keys[FWL_KEYS_MAX];
    struct fwl_writer w;

    for (size_t i = 0; i < FWL_KEYS_MAX; i++) {
        struct fwl_secret secret;

        fwl_secret_generate(&secret, FWL_KEY_PARTICIPANT);
        fwl_secret_point(&keys[i].alg, &keys[i].point, &secret);
        fwl_secret_clear(&secret);
    }
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_put_list(&w, keys, FWL_KEYS_MAX);
    a.has = fwl_action_required(a.code);
    a.u.participant.id = fwl_span_text("rewritten");
    a.u.participant.keys = (struct fwl_list){.count = FWL_KEYS_MAX};
    a.u.participant.threshold = 1;
    a.u.participant.roles = (struct fwl_list){.items = fwl_span(roles, 1), .count = 1};
    return fwl_writer_finish(&w, &a.u.participant.keys.items) == FWL_OK && fwl_submit_add(s, &a);
}

int
main(int argc, char **argv)
{
    static struct fwl_submission s;
    struct fwl_submit_args args = {.participant = "governors", .expires = "60"};
    struct fwl_session session;
    uint64_t count = 0;
    uint64_t actions = 0;
    int code = FWL_EXIT_USAGE;

    if (argc != 6 || !fwl_commands_number(&count, argv[4], UINT32_MAX) ||
        !fwl_commands_number(&actions, argv[5], FWL_TX_ACTIONS_MAX)) {
        (void)fprintf(stderr, "rewrite NODE KEY KEY COUNT ACTIONS\n");
        return code;
    }
    args.keys.values[args.keys.count++] = argv[2];
    args.keys.values[args.keys.count++] = argv[3];
    code = fwl_session_open(&session, argv[1]);
    for (uint64_t i = 0; code == 0 && i < count; i++) {
        fwl_submit_begin(&s);
        for (uint64_t k = 0; code == 0 && k < actions; k++) {
            code = add(&s) ? 0 : FWL_EXIT_NO;
        }
        code = code == 0 ? fwl_submit_send(&s, &session, &args) : code;
    }
    if (code != 0) {
        (void)fprintf(stderr, "rewrite: %s\n", s.problem);
    }
    fwl_session_close(&session);
    return code;
}
