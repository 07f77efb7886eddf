/*
 * tally - what the engine knows of votes and their signers, for people: why does nothing happen, and who is missing?
 * Zone P.
 *
 * No rule reads any of it. Counters outlive an engine that is dropped and booted again: they are the driver's, given
 * with the configuration. Who signed is judged by votes that this node saw, with its signature checked, or, for a vote
 * that came after its height was decided, by whose connection it came over. So it is complete on a node that is
 * connected with every validator, and a follower of a few nodes sees fewer votes than there are.
 */
#ifndef FWL_P2P_CONSENSUS_TALLY_H
#define FWL_P2P_CONSENSUS_TALLY_H

#include "core/histogram.h"
#include "p2p/consensus/consensus.h"

/* Milliseconds: of the steps of a height, and of a proposal's time from the moment it came. */
extern const int64_t fwl_tally_step_bounds[FWL_HISTOGRAM_BOUNDS];
extern const int64_t fwl_tally_time_bounds[FWL_HISTOGRAM_BOUNDS];

struct fwl_tally_member {
    struct fwl_pubkey32 key;
    uint64_t since;       /* first height at which it was a member here */
    uint64_t last_signed; /* greatest height with a vote of it; 0: none seen */
    uint64_t missed;      /* heights decided here without a vote of it, not even a late one */
};

/* Zeroed by the driver once, then the engine's. */
struct fwl_tally {
    uint64_t late_votes;      /* of heights that were decided */
    uint64_t duplicate_votes; /* the same vote again: resent, or by two ways */
    uint64_t decided;         /* heights decided here, as opposed to caught up with */
    uint32_t rounds;          /* views of the last of them */
    uint16_t n;               /* members in force */
    uint16_t missing;         /* of them, without a vote at the height before the last decided one */
    uint64_t live_from;       /* first height that was watched from its beginning without a gap since */
    struct fwl_tally_member members[FWL_VALIDATORS_MAX]; /* by index in the set in force */
    struct fwl_histogram propose;                        /* WANT to the first proposal */
    struct fwl_histogram notarize;                       /* from there to the first NOTAR */
    struct fwl_histogram finalize;                       /* from there to FINAL */
    struct fwl_histogram proposal_time;                  /* when a fresh proposal came, less its header's time */
};

/* Votes of one view. */
struct fwl_tally_votes {
    struct fwl_hash32 hash;                       /* that most of them are for; NULLIFY: zeros */
    uint16_t count;                               /* of those */
    uint8_t voters[(FWL_VALIDATORS_MAX + 7) / 8]; /* bit i mod 8 of byte i/8: validator i, for whatever hash */
};
struct fwl_tally_view {
    uint32_t view;
    bool notar, null, final; /* certificates held */
    uint8_t proposals;       /* by the leader: 0, 1, or 2 different ones */
    struct fwl_hash32 proposal;
    struct fwl_tally_votes kinds[3]; /* [kind - 1] */
};

/** fwl_tally_view - the votes of @view of the height under way; false when it is not watched any more, or not yet. */
bool fwl_tally_view(struct fwl_tally_view *out, const struct fwl_consensus *c, uint32_t view);

/** fwl_tally_voted - does @votes have one of validator @index? */
static inline bool
fwl_tally_voted(const struct fwl_tally_votes *votes, uint32_t index)
{
    return (votes->voters[index / 8] >> (index % 8) & 1) != 0;
}

/* A validator as its own node told. */
struct fwl_tally_peer {
    bool connected;
    bool told; /* the fields below */
    uint64_t height;
    uint32_t view;
};

/** fwl_tally_peer - of validator @index < n of the height under way (FWL_ASSERT). */
void fwl_tally_peer(struct fwl_tally_peer *out, const struct fwl_consensus *c, uint32_t index);

/* For the other units of the engine; each does nothing without a tally. */

/** fwl_tally_decided - the height under way is decided here, as opposed to caught up with. */
void fwl_tally_decided(const struct fwl_consensus *c);
/** fwl_tally_members - the set in force may be another: what is known of a key stays with it. */
void fwl_tally_members(const struct fwl_consensus *c);
/** fwl_tally_gap - the height under way was not watched from its beginning. */
void fwl_tally_gap(const struct fwl_consensus *c);
/** fwl_tally_signed - a vote of validator @index of this height is known to hold. */
void fwl_tally_signed(const struct fwl_consensus *c, uint32_t index);
/** fwl_tally_late - @vote of a decided height came from @peer. */
void fwl_tally_late(const struct fwl_consensus *c, uint32_t peer, const struct fwl_vote *vote);
/** fwl_tally_duplicate - a vote came again. */
void fwl_tally_duplicate(const struct fwl_consensus *c);
/** fwl_tally_proposal - a fresh proposal, made at @time_ms by its header, came at @received_ms. */
void fwl_tally_proposal(const struct fwl_consensus *c, uint64_t received_ms, uint64_t time_ms);

#endif
