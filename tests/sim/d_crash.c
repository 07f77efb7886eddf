/*
 * S1, every persist point: one validator dies at its k-th commit: before it is durable, after it is and before a frame
 * leaves, and after each number of the frames that follow. The short run that is struck takes every rule: a block in
 * view 0, one in view 1 after a NULL, one proposed again after a NOTAR without FINAL, one after that.
 *
 * S3, every moment: all die at once after the k-th commit of the net and come back; so do all but one, gone for good.
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
    s->lost = lost;
    s->strike = strike;
    base_run(s);
    if (s->arg[3] == 0) { /* it has no such commit */
        s->skip = (COMMITS - s->arg[1] + 1) * WAYS - s->arg[2];
    } else if (s->arg[2] > 1 && s->node[s->arg[0]].starts == 1) { /* it has sent fewer frames */
        s->skip = WAYS - s->arg[2];
    }
}

/* ---- S3 ---- */

/* s->arg: 0 commits of the net until all die, 1 done, 2 who does not come back (s->n: nobody) */

static void
mass_crash(struct sim *s, uint64_t dead)
{
    for (uint32_t i = 0; i < s->count; i++) {
        s->node[i].gone = i == dead;
        sim_crash(s, i, 300);
    }
}

static enum fwl_memstore_fault
strike_all(struct sim *s, struct sim_node *n, uint32_t points)
{
    (void)n;
    (void)points;
    if (s->arg[1] == 0 && s->arg[0]-- == 0) {
        s->arg[1] = 1;
        sim_later(s, 0, mass_crash, s->arg[2]); /* all that is sent in this moment is lost with the connections */
    }
    return FWL_MEMSTORE_NONE;
}

/* As lost, and of the fourth height: one node alone hears who notarized, one not even the proposal. The first holds
 * NOTAR when the others nullify. */
static bool
lost_mass(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    uint32_t knows = ((uint32_t)s->arg[2] + 1) % s->n;
    uint32_t misses = ((uint32_t)s->arg[2] + 2) % s->n;
    struct fwl_message_propose p;
    struct fwl_vote v;

    if (s->arg[1] != 0 || s->now > 6000) {
        return false;
    }
    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK && p.height == 4) {
        return to == misses && p.view == 0;
    }
    if (type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK && v.height == 4) {
        return v.kind == FWL_VOTE_NOTARIZE && v.view == 0 && to != knows;
    }
    return lost(s, from, to, type, payload) || (type == FWL_FRAME_CERT && from == knows && s->best == 3);
}

/* Cases are numbered dead * commits + commit. */
void
d3_mass(struct sim *s, uint64_t i)
{
    enum { COMMITS = 400 };

    s->arg[0] = i % COMMITS;
    s->arg[1] = 0;
    s->arg[2] = s->n - i / COMMITS; /* nobody first */
    if (i / COMMITS > s->n) {
        s->skip = UINT64_MAX;
        return;
    }
    s->lost = lost_mass;
    s->strike = strike_all;
    base_run(s);
    if (s->arg[1] == 0) { /* it has no such commit */
        s->skip = COMMITS - i % COMMITS;
    }
}
