#include "client/verify/device.h"

#include "ledger/model/name.h"

static const uint8_t slot_magic[4] = {'F', 'W', 'S', '1'};

enum {
    SLOT_HEAD = 4 + 8 + 2, /* magic, sequence, length */
};

enum fwl_err
fwl_device_start(struct fwl_device *out, const struct fwl_anchor *anchor)
{
    memset(out, 0, sizeof(*out));
    return fwl_trust_start(&out->trust, anchor);
}

bool
fwl_device_must_save(const struct fwl_device *device, bool installing)
{
    const struct fwl_trust *trust = &device->trust;

    if (!device->saved || device->floor_changed || trust->reanchored || trust->epoch != device->saved_epoch ||
        !fwl_hash32_equal(&trust->chain_id, &device->saved_chain)) {
        return true;
    }
    return trust->time_ms >= device->saved_time_ms + FWL_DEVICE_SAVE_MS ||
           (installing && (trust->height != device->saved_height || trust->time_ms != device->saved_time_ms));
}

static struct fwl_span
floor_name(const struct fwl_device_floor *floor)
{
    return fwl_span(floor->component, floor->size);
}

bool
fwl_device_floor(struct fwl_floor *out, const struct fwl_device *device, struct fwl_span component)
{
    *out = (struct fwl_floor){0};
    for (size_t i = 0; i < device->floor_count; i++) {
        const struct fwl_device_floor *floor = &device->floors[i];

        if (fwl_span_equal(floor_name(floor), component)) {
            *out = (struct fwl_floor){.component = floor_name(floor), .counter = floor->counter, .epoch = floor->epoch};
            return true;
        }
    }
    return false;
}

/* Make room for @component in the ascending list. */
static struct fwl_device_floor *
insert_floor(struct fwl_device *device, struct fwl_span component)
{
    size_t at = device->floor_count++;

    for (; at > 0 && fwl_span_compare(floor_name(&device->floors[at - 1]), component) > 0; at--) {
        device->floors[at] = device->floors[at - 1];
    }
    device->floors[at] = (struct fwl_device_floor){.size = (uint8_t)component.size};
    memcpy(device->floors[at].component, component.p, component.size);
    return &device->floors[at];
}

enum fwl_err
fwl_device_confirm(struct fwl_device *device, struct fwl_span component, uint64_t counter, uint64_t floor_epoch)
{
    struct fwl_device_floor *floor = NULL;

    if (fwl_name_segment(component) != FWL_OK) {
        return FWL_ERR_NAME;
    }
    for (size_t i = 0; i < device->floor_count && floor == NULL; i++) {
        floor = fwl_span_equal(floor_name(&device->floors[i]), component) ? &device->floors[i] : NULL;
    }
    if (floor == NULL) {
        if (device->floor_count == FWL_DEVICE_FLOORS_MAX) {
            return FWL_ERR_LIMIT;
        }
        floor = insert_floor(device, component);
    } else if (floor_epoch < floor->epoch || (floor_epoch == floor->epoch && counter < floor->counter)) {
        return FWL_ERR_ROLLBACK;
    } else if (floor_epoch == floor->epoch && counter == floor->counter) {
        return FWL_OK;
    }
    floor->counter = counter;
    floor->epoch = floor_epoch;
    device->floor_changed = true;
    return FWL_OK;
}

static void
put_content(struct fwl_writer *w, const struct fwl_device *device)
{
    const struct fwl_trust *trust = &device->trust;

    fwl_writer_span(w, fwl_hash32_span(&trust->chain_id));
    fwl_writer_u64(w, trust->epoch);
    fwl_writer_u64(w, trust->height);
    fwl_writer_u64(w, trust->time_ms);
    fwl_writer_span(w, fwl_hash32_span(&trust->block_hash));
    fwl_writer_bytes(w, trust->validators, trust->validators_size);
    fwl_writer_bytes(w, trust->governors, trust->governors_size);
    fwl_writer_u8(w, (uint8_t)device->floor_count);
    for (size_t i = 0; i < device->floor_count; i++) {
        const struct fwl_device_floor *floor = &device->floors[i];

        fwl_writer_u8(w, floor->size);
        fwl_writer_span(w, floor_name(floor));
        fwl_writer_u64(w, floor->counter);
        fwl_writer_u64(w, floor->epoch);
    }
}

static void
slot_sum(struct fwl_hash32 *out, struct fwl_span bytes)
{
    fwl_tagged_hash(out, "fwledger/slot/v1", bytes);
}

enum fwl_err
fwl_slot_encode(struct fwl_span *out, uint8_t *buffer, size_t room, const struct fwl_device *device)
{
    struct fwl_writer w;
    struct fwl_hash32 sum;
    size_t content = 0;

    fwl_writer_init(&w, NULL, 0);
    put_content(&w, device);
    content = w.size;
    fwl_writer_init(&w, buffer, room);
    fwl_writer_bytes(&w, slot_magic, sizeof(slot_magic));
    fwl_writer_u64(&w, device->sequence + 1);
    fwl_writer_u16(&w, (uint16_t)content);
    put_content(&w, device);
    if (w.err == FWL_OK) {
        slot_sum(&sum, fwl_span(buffer, w.size));
        fwl_writer_span(&w, fwl_hash32_span(&sum));
    }
    return fwl_writer_finish(&w, out);
}

unsigned
fwl_slot_next(const struct fwl_device *device)
{
    return device->sequence == 0 ? 0 : 1 - device->slot;
}

static void
mark_saved(struct fwl_device *device, unsigned slot, uint64_t sequence)
{
    device->slot = slot;
    device->sequence = sequence;
    device->saved = true;
    device->floor_changed = false;
    device->trust.reanchored = false;
    device->saved_chain = device->trust.chain_id;
    device->saved_epoch = device->trust.epoch;
    device->saved_height = device->trust.height;
    device->saved_time_ms = device->trust.time_ms;
}

void
fwl_device_saved(struct fwl_device *device)
{
    mark_saved(device, fwl_slot_next(device), device->sequence + 1);
}

static void
read_floors(struct fwl_reader *r, struct fwl_device *out)
{
    uint8_t count = fwl_reader_u8(r);

    if (count > FWL_DEVICE_FLOORS_MAX) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
    }
    for (uint8_t i = 0; i < count && fwl_reader_ok(r); i++) {
        struct fwl_span name = fwl_reader_bytes(r, fwl_reader_u8(r));

        if (fwl_reader_ok(r) && (fwl_name_segment(name) != FWL_OK ||
                                 (i > 0 && fwl_span_compare(floor_name(&out->floors[i - 1]), name) >= 0))) {
            fwl_reader_fail(r, FWL_ERR_NAME);
        }
        if (fwl_reader_ok(r)) {
            struct fwl_device_floor *floor = insert_floor(out, name);

            floor->counter = fwl_reader_u64(r);
            floor->epoch = fwl_reader_u64(r);
        }
    }
}

static void
read_content(struct fwl_reader *r, struct fwl_device *out)
{
    struct fwl_trust *trust = &out->trust;
    struct fwl_anchor anchor;

    memset(&anchor, 0, sizeof(anchor));
    fwl_reader_copy(r, anchor.chain_id.b, sizeof(anchor.chain_id.b));
    anchor.epoch = fwl_reader_u64(r);
    anchor.height = fwl_reader_u64(r);
    anchor.time_ms = fwl_reader_u64(r);
    fwl_reader_copy(r, anchor.block_hash.b, sizeof(anchor.block_hash.b));
    fwl_validators_read(&anchor.validators, r);
    fwl_governors_read(&anchor.governors, r);
    if (fwl_reader_ok(r) && fwl_trust_start(trust, &anchor) != FWL_OK) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    read_floors(r, out);
}

/* One slot; false when it is not good. @sequence of a good one is not 0. */
static bool
read_slot(struct fwl_device *out, uint64_t *sequence, struct fwl_span slot)
{
    struct fwl_reader r;
    struct fwl_span magic;
    struct fwl_span content;
    struct fwl_hash32 stored;
    struct fwl_hash32 sum;
    size_t size = 0;

    memset(out, 0, sizeof(*out));
    fwl_reader_init(&r, slot);
    magic = fwl_reader_bytes(&r, sizeof(slot_magic));
    *sequence = fwl_reader_u64(&r);
    size = fwl_reader_u16(&r);
    content = fwl_reader_bytes(&r, size);
    fwl_reader_copy(&r, stored.b, sizeof(stored.b));
    if (!fwl_reader_ok(&r) || memcmp(magic.p, slot_magic, sizeof(slot_magic)) != 0 || *sequence == 0) {
        return false;
    }
    slot_sum(&sum, fwl_span(slot.p, SLOT_HEAD + size));
    if (!fwl_hash32_equal(&sum, &stored)) {
        return false;
    }
    fwl_reader_init(&r, content);
    read_content(&r, out);
    return fwl_reader_finish(&r) == FWL_OK;
}

enum fwl_err
fwl_slots_decode(struct fwl_device *out, struct fwl_span a, struct fwl_span b)
{
    uint64_t sequence_a = 0;
    uint64_t sequence_b = 0;
    bool good_a = read_slot(out, &sequence_a, a);
    bool good_b = read_slot(out, &sequence_b, b);

    if (!good_a && !good_b) {
        memset(out, 0, sizeof(*out));
        return a.size == 0 && b.size == 0 ? FWL_ERR_ABSENT : FWL_ERR_CORRUPT;
    }
    if (good_a && (!good_b || sequence_a > sequence_b)) {
        good_a = read_slot(out, &sequence_a, a);
        FWL_ASSERT(good_a);
        mark_saved(out, 0, sequence_a);
    } else {
        mark_saved(out, 1, sequence_b);
    }
    return FWL_OK;
}
