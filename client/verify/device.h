/*
 * device - what a device keeps across power cuts: trust, floors, and two slots to write them to. Zone F.
 *
 * The state lives in one of two slots, each with a sequence number and a checksum; writing goes to the other one, so
 * a torn write leaves the older state. Encoding is pure: files and flash are the caller's.
 * Source: docs/spec/answer.md "State of a device".
 */
#ifndef FWL_CLIENT_VERIFY_DEVICE_H
#define FWL_CLIENT_VERIFY_DEVICE_H

#include "client/verify/trust.h"
#include "contracts/policy/facts.h"

enum {
    FWL_DEVICE_FLOORS_MAX = 16,
    FWL_SLOT_SIZE_MAX = 4 + 8 + 2 + 32 + 8 + 8 + 8 + 32 + FWL_VALIDATORS_SIZE_MAX + FWL_GOVERNORS_SIZE_MAX + 1 +
                        FWL_DEVICE_FLOORS_MAX * (1 + FWL_SEGMENT_MAX + 8 + 8) + 32,
};

#define FWL_DEVICE_SAVE_MS UINT64_C(86400000) /* time of the chain after which an advance is written */

struct fwl_device_floor {
    uint8_t size; /* of the name */
    uint8_t component[FWL_SEGMENT_MAX];
    uint64_t counter;
    uint64_t epoch; /* the vendor's floor epoch when it was set */
};

struct fwl_device {
    struct fwl_trust trust;
    struct fwl_device_floor floors[FWL_DEVICE_FLOORS_MAX];
    size_t floor_count;
    uint64_t sequence; /* of the slot that was read or written last; 0 = none yet */
    unsigned slot;     /* 0 or 1: that slot */
    bool saved;        /* what follows describes that slot */
    bool floor_changed;
    struct fwl_hash32 saved_chain;
    uint64_t saved_epoch;
    uint64_t saved_height;
    uint64_t saved_time_ms;
};

/** fwl_device_start - a new device from its anchor; nothing is saved yet. As fwl_trust_start. */
FWL_NODISCARD enum fwl_err fwl_device_start(struct fwl_device *out, const struct fwl_anchor *anchor);

/** fwl_device_must_save - must the state be written now? When nothing was saved, an epoch step or a
 * re-anchor document was taken, a floor changed, the chain's time advanced by FWL_DEVICE_SAVE_MS, or before an install
 * (@installing) anything moved. */
bool fwl_device_must_save(const struct fwl_device *device, bool installing);

/** fwl_device_floor - the floor of @component as a fact; false when there is none. Views @device. */
bool fwl_device_floor(struct fwl_floor *out, const struct fwl_device *device, struct fwl_span component);

/**
 * fwl_device_confirm - an image of @component with @counter was confirmed under the vendor's @floor_epoch.
 *
 * Raises the floor, never lowers it, unless @floor_epoch is higher than the stored one: then the floor becomes
 * @counter. Returns: FWL_OK; FWL_ERR_ROLLBACK when @floor_epoch or, in the same epoch, @counter is below the stored
 * one; FWL_ERR_LIMIT beyond FWL_DEVICE_FLOORS_MAX components; FWL_ERR_NAME
 */
FWL_NODISCARD enum fwl_err fwl_device_confirm(struct fwl_device *device, struct fwl_span component, uint64_t counter,
                                              uint64_t floor_epoch);

/**
 * fwl_slot_encode - the state as the bytes of a slot with sequence device->sequence + 1.
 *
 * Write them to slot fwl_slot_next(device), sync, then call fwl_device_saved.
 * Shape:   "FWS1" || sequence u64 || length u16 of what follows up to the checksum || chain_id 32 || epoch u64 ||
 *          height u64 || time_ms u64 || block_hash 32 || ValidatorSet || GovernorSet || floor_count u8 || floors
 *          (name length u8 || name || counter u64 || epoch u64) || checksum 32, ascending by name
 * Returns: FWL_OK; FWL_ERR_SPACE, FWL_SLOT_SIZE_MAX is always enough
 */
FWL_NODISCARD enum fwl_err fwl_slot_encode(struct fwl_span *out, uint8_t *buffer, size_t room,
                                           const struct fwl_device *device);
/** fwl_slot_next - 0 or 1: the slot to write next. fwl_device_saved - it is written and synced. */
unsigned fwl_slot_next(const struct fwl_device *device);
void fwl_device_saved(struct fwl_device *device);

/**
 * fwl_slots_decode - the newer good one of both slots.
 *
 * Shape:   @a and @b may have bytes after their slot (an erased flash page) or be empty.
 * Returns: FWL_OK; FWL_ERR_ABSENT when both are empty; FWL_ERR_CORRUPT when neither is good
 */
FWL_NODISCARD enum fwl_err fwl_slots_decode(struct fwl_device *out, struct fwl_span a, struct fwl_span b);

#endif
