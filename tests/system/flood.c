/* flood NODE PARTICIPANT KEY FIRST COUNT - registers classes PARTICIPANT/nN/c, one a transaction, as fast as the node
 * takes them, without waiting until they are final. Prints nothing; a transaction that is refused ends it with 1. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/submit.h"
#include "core/version.h"

enum { PAUSE_MS = 50, TRIES = 1200 };

int
main(int argc, char **argv)
{
    static struct fwl_submission s;
    struct fwl_submit_args args = {.no_wait = true, .expires = "80000"};
    struct fwl_session session;
    uint64_t first = 0;
    uint64_t count = 0;
    int code = FWL_EXIT_USAGE;

    if (argc != 6 || !fwl_commands_number(&first, argv[4], UINT32_MAX) ||
        !fwl_commands_number(&count, argv[5], UINT32_MAX)) {
        (void)fprintf(stderr, "flood NODE PARTICIPANT KEY FIRST COUNT\n");
        return code;
    }
    args.participant = argv[2];
    args.keys.values[args.keys.count++] = argv[3];
    code = fwl_session_open(&session, argv[1]);
    for (uint64_t i = first; code == 0 && i < first + count; i++) {
        char name[FWL_CLASS_MAX + 1];
        struct fwl_action a = {.code = FWL_ACTION_CLASS_REGISTER};

        (void)snprintf(name, sizeof(name), "%.60s/n%llu/c", argv[2], (unsigned long long)i);
        a.has = fwl_action_required(a.code);
        a.u.class_register.name = fwl_span_text(name);
        a.u.class_register.scheme = FWL_SCHEME_NUMBER;
        for (int tries = 0; tries < TRIES; tries++) {
            fwl_submit_begin(&s);
            code = fwl_submit_add(&s, &a) ? fwl_submit_send(&s, &session, &args) : FWL_EXIT_NO;
            if (code == 0 || s.status != 503) {
                break;
            }
            (void)poll(NULL, 0, PAUSE_MS); /* the pool is full */
        }
    }
    if (code != 0) {
        (void)fprintf(stderr, "flood: %s\n", s.problem);
    }
    fwl_session_close(&session);
    return code;
}
