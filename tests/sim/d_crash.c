/*
 * S1, every persist point: one validator dies at its k-th commit: before it is durable, after it is and before a frame
 * leaves, and after each number of the frames that follow. The short run that is struck takes every rule: a block in
 * view 0, one in view 1 after a NULL, one proposed again after a NOTAR without FINAL, one after that.
 */
#include "tests/sim/directed.h"

enum {
    FRAMES_MAX = 200, /* of one event */
};

/* s->arg: 0 node, 1 its commit, 2 the way (0 before, 1 after, more: frames + 2), 3 done */

static enum fwl_memstore_fault
strike(struct sim *s, struct sim_node *n, uint32_t points)
{
    (void)points;
    if (n->id != s->arg[0] || n->commits != s->arg[1] || s->arg[3] != 0) {
        return FWL_MEMSTORE_NONE;
    }
    s->arg[3] = 1;
    if (s->arg[2] > 1) {
        n->die_after = (uint32_t)s->arg[2] - 1; /* that frame does not leave */
        n->die_here = true;
        return FWL_MEMSTORE_NONE;
    }
    return s->arg[2] == 0 ? FWL_MEMSTORE_LOST : FWL_MEMSTORE_UNANSWERED;
}

/* FINALIZE of the third height is not heard, and nobody hears the first leader of the second. */
static bool
lost(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;
    struct fwl_vote v;

    (void)from;
    (void)to;
    if (s->now > 6000) {
        return false;
    }
    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK) {
        return p.height == 2 && p.view == 0;
    }
    return type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK && v.kind == FWL_VOTE_FINALIZE &&
           v.height == 3 && v.view == 0;
}

static void
base_run(struct sim *s)
{
    s->lost = lost;
    s->strike = strike;
    sim_start(s);
    for (uint64_t height = 1; height <= 4; height++) {
        sim_load(s, 1, 0);
        if (!reach(s, height, 30000)) {
            sim_fail(s, SIM_PROGRESS, "height %llu is not decided", (unsigned long long)height);
        }
    }
    s->lost = NULL;
    s->strike = NULL;
    s->quick = true;
    settle(s);
}

/* Cases are numbered (node * commits + commit) * ways + way; what does not exist is passed over. */
void
d1_crash(struct sim *s, uint64_t i)
{
    enum { WAYS = FRAMES_MAX + 2, COMMITS = 64 };

    s->arg[2] = i % WAYS;
    s->arg[1] = i / WAYS % COMMITS + 1;
    s->arg[0] = i / WAYS / COMMITS;
    if (s->arg[0] >= s->n) {
        s->skip = UINT64_MAX;
        return;
    }
    base_run(s);
    if (s->arg[3] == 0) { /* it has no such commit */
        s->skip = (COMMITS - s->arg[1] + 1) * WAYS - s->arg[2];
    } else if (s->arg[2] > 1 && s->node[s->arg[0]].starts == 1) { /* it has sent fewer frames */
        s->skip = WAYS - s->arg[2];
    }
}
