/*
 * engine - the memory of an engine, shared by the units of this module. Zone P.
 *
 * Everything lies in the one block given to fwl_consensus_init; sizes follow from the configuration and nothing
 * grows. The window of votes and proposals is views v-8..v+2; records and certificates cover every view of the height.
 */
#ifndef FWL_P2P_CONSENSUS_ENGINE_H
#define FWL_P2P_CONSENSUS_ENGINE_H

#include "p2p/consensus/consensus.h"

enum {
    FWL_ENGINE_BACK = 8,  /* views behind v in the window */
    FWL_ENGINE_AHEAD = 2, /* views ahead of v */
    FWL_ENGINE_WINDOW = FWL_ENGINE_BACK + FWL_ENGINE_AHEAD + 1,
    FWL_ENGINE_PROPOSALS = 2, /* hashes of one view */
    FWL_ENGINE_BODIES = 5,    /* FINAL, newest NOTAR, two proposals, one being checked */
    /* bodies asked for at a time: FINAL, newest NOTAR, proposals */
    FWL_ENGINE_PULLS = 2 + FWL_ENGINE_PROPOSALS,
    FWL_ENGINE_DIRTY = 48,      /* records written in one step */
    FWL_ENGINE_PULL_MS = 2000,  /* then the next peer is asked */
    FWL_ENGINE_NEXT_PEERS = 16, /* peers whose full share of next-height votes fits at once */
};

/* What this node signed in one view: the durable record. */
struct fwl_rec {
    bool proposed, notarize, nullify, finalize;
    struct fwl_hash32 proposed_hash, notarize_hash, finalize_hash;
    struct fwl_sig64 proposed_sig, notarize_sig, nullify_sig, finalize_sig;
};
#define FWL_ENGINE_QUORUM_MAX (2 * FWL_VALIDATORS_MAX / 3 + 1)
#define FWL_REC_SIZE_MAX      (1 + 3 * 32 + 4 * 64 + 32)

struct fwl_pooled { /* first vote of a signer */
    bool present;
    struct fwl_hash32 hash;
    struct fwl_sig64 sig;
};

struct fwl_proposal {
    bool present;
    struct fwl_hash32 hash;
    struct fwl_sig64 sig;
    uint64_t received_ms; /* wall clock: r of TIMELY */
    bool timed;           /* the tally has its header's time */
};

struct fwl_pool_view { /* one view of the window */
    bool used;
    uint32_t view;
    struct fwl_pooled *votes; /* 3 kinds times validators_max */
    struct fwl_proposal proposal[FWL_ENGINE_PROPOSALS];
    bool refused; /* a proposal that the leader signed is not VALID */
};

struct fwl_cert_view { /* certificates of one view */
    bool notar, null;
    struct fwl_hash32 notar_hash;
};

enum fwl_body_state {
    FWL_BODY_UNKNOWN,
    FWL_BODY_ASKED,
    FWL_BODY_VALID,
    FWL_BODY_INVALID,
};

struct fwl_body_slot {
    bool used, durable;
    bool links; /* to the tip */
    enum fwl_body_state state;
    struct fwl_hash32 hash;
    uint32_t view; /* of the header */
    uint64_t time_ms;
    size_t size;
    uint8_t *bytes;
};

struct fwl_peer {
    bool up, status;
    struct fwl_pubkey32 validator_key;
    uint64_t height;
    uint32_t view;
    uint32_t buffered; /* votes of the next height in next_votes */
    bool next_proposal;
};

struct fwl_next_vote {
    struct fwl_vote vote;
    uint32_t peer; /* that sent it; FWL_CONSENSUS_PEERS_MAX: it has gone */
};

struct fwl_next_proposal {
    uint32_t view;
    struct fwl_hash32 hash;
    struct fwl_sig64 sig;
};

struct fwl_pull { /* one request in flight */
    bool active;
    uint64_t retry_at;
    uint32_t peer;
};

struct fwl_body_pull {
    struct fwl_pull pull;
    struct fwl_hash32 hash; /* that was asked for */
};

struct fwl_consensus {
    struct fwl_consensus_config cfg;
    struct fwl_effects *out; /* of the step under way */
    bool booted, have_txs, want;
    bool had_txs; /* of the step before; nothing but mutant 13 asks */
    enum fwl_consensus_halt halt;
    uint64_t now, mono;

    /* the height */
    uint64_t h;
    struct fwl_consensus_tip tip; /* tip.next points to keys */
    uint8_t keys[32 * FWL_VALIDATORS_MAX];
    uint32_t n, q, f;
    uint16_t me;
    uint64_t voting_from; /* UINT64_MAX: not known */
    uint64_t alive_from;  /* what the key signs from here on, this node signed, or another one lives */
    uint64_t watch_until; /* monotonic: voting does not begin before */
    uint64_t floor;       /* records of lower heights are gone: what it signed there is not known any more */
    uint64_t committed_mono;
    bool committing;
    struct {
        uint64_t want, proposal, notar, final;
    } at; /* monotonic: when the height came so far, UINT64_MAX: not yet; nothing but the tally reads it */

    /* the view */
    uint32_t v;
    bool view_dirty, entered_by_notar, armed;
    uint64_t entered_mono, deadline;
    uint32_t top; /* 1 + greatest view with NOTAR or NULL held */
    bool again;   /* the effects are full: go on at the next step, at once */

    struct fwl_pool_view pool[FWL_ENGINE_WINDOW];
    struct fwl_cert_view *certs; /* views_max */
    uint8_t *cert_bytes;         /* 2 views_max certificates: NOTAR, NULL of each view */
    size_t cert_room;
    bool final_held;
    uint32_t final_view;
    struct fwl_hash32 final_hash;
    uint8_t *final_bytes;
    struct fwl_rec *recs; /* views_max */
    struct fwl_body_slot bodies[FWL_ENGINE_BODIES];
    bool reported[FWL_VALIDATORS_MAX][4]; /* evidence by type */
    uint32_t notar_top;                   /* 1 + greatest view with NOTAR held, 0: none */

    /* building: asked, then held as a candidate until it is checked */
    bool build_asked, built, build_refused;
    uint32_t build_view;
    struct fwl_hash32 built_hash;
    uint64_t build_retry_at;

    struct fwl_pull pull_certs;
    struct fwl_body_pull pull_body[FWL_ENGINE_PULLS];

    uint64_t resend_at, status_at, behind_at;
    bool status_due, behind;
    uint32_t behind_peer;

    struct fwl_peer peers[FWL_CONSENSUS_PEERS_MAX];
    struct fwl_next_vote *next_votes; /* of height h + 1, of all peers */
    uint32_t next_count, next_room;
    struct fwl_next_proposal next_proposals[FWL_CONSENSUS_PEERS_MAX];
    uint8_t *next_body;
    size_t next_body_size;

    /* what the writes and sends of this step point to */
    uint32_t dirty[FWL_ENGINE_DIRTY];
    uint32_t ndirty;
    uint32_t nbodies; /* written in this step */
    uint8_t rec_bytes[FWL_ENGINE_DIRTY][FWL_REC_SIZE_MAX];
    uint8_t view_bytes[12 + 32];
    uint8_t voting_bytes[8 + 32], floor_bytes[8 + 32];
    uint8_t *just_bytes;
    uint8_t *scratch_cert; /* one being made of votes */
    struct fwl_vote form_votes[FWL_ENGINE_QUORUM_MAX];
    const struct fwl_vote *form_list[FWL_ENGINE_QUORUM_MAX];
    bool voting_dirty, floor_dirty, cleanup;
};

/** fwl_engine_voting - may this node sign at this height? A member, rule 2.8 allows it, and its records are here. */
static inline bool
fwl_engine_voting(const struct fwl_consensus *c)
{
    return c->me != FWL_CONSENSUS_NOBODY && c->h >= c->voting_from && c->h >= c->floor;
}

/** fwl_engine_knows - must every vote of its key at this height be in its records? */
static inline bool
fwl_engine_knows(const struct fwl_consensus *c)
{
    return c->me != FWL_CONSENSUS_NOBODY && c->h >= c->alive_from && c->h >= c->floor;
}

#endif
