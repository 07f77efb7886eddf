/*
 * S11 and S13: what decides between views. A leader whose blocks have one wrong field, every field in turn; one that
 * proposes a fresh block where another may be decided; a node that hears certificates and no votes.
 */
#include "tests/sim/directed.h"

enum { LIAR = 1 };

/* ---- S11 ---- */

/* Votes to finalize the first block reach node s->arg[0] alone: it decides and says nothing of it until s->arg[1]; the
 * others only know that the block is notarized. Of the votes of node s->arg[2] those for another block get through. */
static bool
lost_final(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_vote v;

    if (s->now > s->arg[1]) {
        return false;
    }
    if (type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK && v.kind == FWL_VOTE_FINALIZE &&
        v.height == 1 && v.view == 0) {
        return to != s->arg[0];
    }
    if (from == s->arg[2] && type == FWL_FRAME_VOTE && s->best >= 1 && v.height == 1) {
        return v.kind == FWL_VOTE_NULLIFY || fwl_hash32_equal(&v.block_hash, &s->decided_hash[1]);
    }
    return from == s->arg[0] && s->best >= 1;
}

/* The leader of view 1 proposes a block of its own, with no word on view 0. */
static void
fresh_where_decided(struct sim *s)
{
    uint32_t liar = 0;

    sim_start(s);
    liar = next_leader(s, 1);
    s->node[liar].lies = SIM_LIE_FRESH | SIM_LIE_NO_JUST | SIM_LIE_YES;
    s->arg[0] = (liar + 1) % s->n;
    s->arg[1] = s->now + 8000;
    s->arg[2] = liar;
    s->lost = lost_final;
    sim_load(s, 2, 0);
    sim_run(s, s->arg[1]);
}

/* Case 0 to SIM_FIELDS - 1: that field is wrong. Then: the fresh block, which needs some tries. */
void
d11_leader(struct sim *s, uint64_t i)
{
    enum { TRIES = 8 };

    if (i >= SIM_FIELDS + TRIES) {
        s->skip = UINT64_MAX;
        return;
    }
    s->byzantine = true;
    s->quick = true;
    if (i >= SIM_FIELDS) {
        for (uint64_t k = SIM_FIELDS; k < i; k++) {
            (void)sim_random(s, 2);
        }
        fresh_where_decided(s);
    } else {
        s->node[LIAR].lies = SIM_LIE_FIELD;
        s->node[LIAR].lie_field = (uint32_t)i;
        sim_start(s);
        for (int round = 0; round < 8; round++) { /* the leader changes every few heights */
            sim_load(s, 2, 500);
            sim_run(s, s->now + 2500);
        }
    }
    heal(s);
    settle(s);
}

/* ---- S13 ---- */

enum {
    SOON_MS = 200,    /* a relay is two delays at most; a resend comes after timing.tr */
    RESENDS_MS = 1000 /* some resends */
};

/* Node s->arg[0] hears no votes; before s->arg[2] nothing at all, then certificates alone. View 0 ends by NOTAR, or by
 * NULL where s->arg[1] is 0, and view 1 does not end. */
static bool
lost_votes(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;
    struct fwl_vote v;

    (void)from;
    if (to == s->arg[0] && s->arg[2] > 0 && (type != FWL_FRAME_CERT || s->now < s->arg[2])) {
        return true;
    }
    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK) {
        return s->arg[1] == 0 && p.view == 0;
    }
    if (type != FWL_FRAME_VOTE || fwl_vote_decode(&v, payload) != FWL_OK) {
        return false;
    }
    return to == s->arg[0] || v.kind == FWL_VOTE_FINALIZE || v.view > 0;
}

/* Nobody is in view 1 yet. */
static bool
is_in_view_0(struct sim *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->node[i].seen_view > 0) {
            return false;
        }
    }
    return true;
}

/* Cases: every node, view 0 ends by NULL or NOTAR, it hears the relayed certificate or only what is sent again. */
void
d13_relay(struct sim *s, uint64_t i)
{
    bool again = i >= 2 * (uint64_t)s->n;
    uint64_t wait_ms = again ? RESENDS_MS : SOON_MS;

    if (i >= 4 * (uint64_t)s->n) {
        s->skip = UINT64_MAX;
        return;
    }
    s->arg[0] = i / 2 % s->n;
    s->arg[1] = i % 2;
    s->arg[2] = again ? UINT64_MAX : 0;
    s->timing.tr = again ? s->timing.tr : 4000; /* local: may be anything */
    s->lost = lost_votes;
    s->quick = true;
    sim_start(s);
    sim_load(s, 1, 0);
    if (!sim_run_while(s, s->now + 10000, is_in_view_0)) {
        sim_fail(s, SIM_PROGRESS, "view 0 does not end");
    }
    if (again) {
        sim_run(s, s->now + RESENDS_MS); /* all relays have come and were lost */
        s->arg[2] = s->now;
    }
    sim_run(s, s->now + wait_ms);
    if (s->node[s->arg[0]].seen_view == 0) {
        sim_fail(s, SIM_PROGRESS, "node %u, which hears certificates and no votes, is not in view 1 %llu ms later",
                 (unsigned)s->arg[0], (unsigned long long)wait_ms);
    }
    s->lost = NULL;
    settle(s);
}
