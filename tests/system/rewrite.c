/* rewrite NODE KEY KEY COUNT ACTIONS - COUNT transactions of the governors, each of ACTIONS actions that write one and
 * the same entry, each waited for until it is final: blocks grow, the state does not. Prints nothing; exits as fwledger
 * does. */
#include <stdio.h>
#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/submit.h"

/* The vendor is suspended for a long reason, or restored. */
static bool
add(struct fwl_submission *s, const char *vendor, bool suspend)
{
    static uint8_t reason[FWL_REASON_MAX];
    struct fwl_action a = {.code = suspend ? FWL_ACTION_VENDOR_SUSPEND : FWL_ACTION_VENDOR_RESTORE};

    memset(reason, 'x', sizeof(reason));
    a.has = fwl_action_required(a.code);
    a.u.vendor.vendor = fwl_span_text(vendor);
    a.u.vendor.reason = fwl_span(reason, sizeof(reason));
    return fwl_submit_add(s, &a);
}

int
main(int argc, char **argv)
{
    static struct fwl_submission s;
    struct fwl_submit_args args = {.participant = "governors", .expires = "60"};
    struct fwl_session session;
    uint64_t count = 0;
    uint64_t times = 0;
    int code = FWL_EXIT_USAGE;

    if (argc != 7 || !fwl_commands_number(&count, argv[5], UINT32_MAX) ||
        !fwl_commands_number(&times, argv[6], FWL_TX_ACTIONS_MAX / 2)) {
        (void)fprintf(stderr, "rewrite NODE KEY KEY VENDOR COUNT TIMES\n");
        return code;
    }
    args.keys.values[args.keys.count++] = argv[2];
    args.keys.values[args.keys.count++] = argv[3];
    code = fwl_session_open(&session, argv[1]);
    for (uint64_t i = 0; code == 0 && i < count; i++) {
        fwl_submit_begin(&s);
        for (uint64_t k = 0; code == 0 && k < 2 * times; k++) {
            code = add(&s, argv[4], k % 2 == 0) ? 0 : FWL_EXIT_NO;
        }
        code = code == 0 ? fwl_submit_send(&s, &session, &args) : code;
    }
    if (code != 0) {
        (void)fprintf(stderr, "rewrite: %s\n", s.problem);
    }
    fwl_session_close(&session);
    return code;
}
