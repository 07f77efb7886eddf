/*
 * S10: one of four validators runs twice. All schedules of two views with a leader and a division of the five
 * processes into at most two parts for each: (4 * 16)^2 = 4,096. The views between have no proposal, so that the leader
 * of each of the two can be any; division and leader go with the view that the sender of a frame is in.
 */
#include "tests/sim/directed.h"

enum {
    PARTS = 16,   /* of five processes, the first one being in the first part */
    VIEWS = 64,   /* leaders times parts */
    END_MS = 9000 /* then everybody hears everybody */
};

/* s->arg: 0, 1 the two views; 2, 3 which of the processes 1..4 are in the second part then, bits 0..3 */

static bool
apart(uint64_t parts, uint32_t a, uint32_t b)
{
    uint64_t mask = parts << 1;

    return (mask >> a & 1) != (mask >> b & 1);
}

static bool
lost(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    const struct sim_node *n = &s->node[from];
    uint64_t height = n->seen_height;
    uint64_t view = n->seen_view;
    struct fwl_message_propose p;
    struct fwl_vote v;

    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK) {
        height = p.height - 1;
        view = p.view;
    } else if (type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK) {
        height = v.height - 1;
        view = v.view;
    }
    if (height != 0 || s->now > END_MS) {
        return false;
    }
    if (view == s->arg[0] || view == s->arg[1]) {
        return apart(s->arg[view == s->arg[0] ? 2 : 3], from, to);
    }
    return type == FWL_FRAME_PROPOSE && view < s->arg[1];
}

static bool
is_before_end(struct sim *s)
{
    return s->now <= END_MS && s->best < 2;
}

void
d10_twins(struct sim *s, uint64_t i)
{
    uint64_t leader[2] = {i % 4, i / VIEWS % 4};

    if (i >= (uint64_t)VIEWS * VIEWS) {
        s->skip = UINT64_MAX;
        return;
    }
    s->arg[0] = leader[0];
    s->arg[1] = leader[0] + 1 + (leader[1] + 3 - leader[0]) % 4;
    s->arg[2] = i / 4 % PARTS;
    s->arg[3] = i / VIEWS / 4 % PARTS;
    s->byzantine = true;
    s->node[4].who = 0;
    s->node[4].skew_ms = 7; /* so that the two propose different blocks */
    s->node[0].twin = s->node[4].twin = true;
    s->never[0][4] = s->never[4][0] = true;
    s->lost = lost;
    sim_start(s);
    sim_load(s, 2, 0);
    (void)sim_run_while(s, END_MS, is_before_end);
    s->lost = NULL;
    s->quick = true;
    settle(s);
}
