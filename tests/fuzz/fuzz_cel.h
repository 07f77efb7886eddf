/* Slots of lang 1 with values of every kind, as large as the schema allows; some stay without a value. */
#ifndef FWL_TESTS_FUZZ_FUZZ_CEL_H
#define FWL_TESTS_FUZZ_FUZZ_CEL_H

#include "contracts/cel/eval/eval.h"

static inline struct fwl_cel_cell
fuzz_text(const char *text)
{
    return fwl_cel_cell_string(fwl_span_text(text));
}

static inline void
fuzz_slots(struct fwl_cel_cell slots[FWL_CEL_SLOTS])
{
    /* {"a": "1.2.3", "bb": "1.0.0-rc.1"} and ["canary", "x"] */
    static const uint8_t installed[] = "\xa2\x61"
                                       "a\x65"
                                       "1.2.3\x62"
                                       "bb\x6a"
                                       "1.0.0-rc.1";
    static const uint8_t groups[] = "\x82\x66"
                                    "canary\x61"
                                    "x";
    static struct fwl_cel_cell labels[4];
    static char long_text[257];

    memset(long_text, 'x', 256);
    memset(slots, 0, FWL_CEL_SLOTS * sizeof(*slots));
    labels[0] = fuzz_text("pin");
    labels[1] = fuzz_text("1.2.3");
    labels[2] = fuzz_text("site");
    labels[3] = fuzz_text(long_text);
    slots[FWL_CEL_SLOT_NOW] = fwl_cel_cell_timestamp(1770000000, 5);
    slots[FWL_CEL_SLOT_DEVICE_ID] = fuzz_text("gw-000417");
    slots[FWL_CEL_SLOT_DEVICE_VENDOR] = fuzz_text(long_text);
    slots[FWL_CEL_SLOT_DEVICE_HARDWARE] = fuzz_text("");
    slots[FWL_CEL_SLOT_DEVICE_REVISION] = fwl_cel_cell_int(7);
    slots[FWL_CEL_SLOT_DEVICE_VERSION] = fwl_cel_cell_version(FWL_SCHEME_SEMVER, fwl_span_text("1.9.4"), 0);
    slots[FWL_CEL_SLOT_DEVICE_INSTALLED] =
        fwl_cel_cell_cbor_map(fwl_span(installed, sizeof(installed) - 1), FWL_SCHEME_SEMVER);
    slots[FWL_CEL_SLOT_DEVICE_UTC_OFFSET] = fuzz_text("-09:30");
    slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_cbor_list(fwl_span(groups, sizeof(groups) - 1), 0);
    slots[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_map(labels, 2);
    slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(INT64_MIN);
    slots[FWL_CEL_SLOT_DEVICE_UPTIME] = fwl_cel_cell_duration(INT64_MAX);
    slots[FWL_CEL_SLOT_RELEASE_ID] = fuzz_text("r1");
    slots[FWL_CEL_SLOT_RELEASE_SEVERITY] = fuzz_text("critical");
    slots[FWL_CEL_SLOT_RELEASE_CHANNEL] = fuzz_text("stable");
    slots[FWL_CEL_SLOT_RELEASE_VERSION] = fwl_cel_cell_version(FWL_SCHEME_OPAQUE, fwl_span_text("blue"), 3);
    slots[FWL_CEL_SLOT_RELEASE_SIZE] = fwl_cel_cell_int(INT64_MAX);
    slots[FWL_CEL_SLOT_RELEASE_DIGEST] = fwl_cel_cell_bytes(fwl_span("\xff\xfe", 2));
    slots[FWL_CEL_SLOT_RELEASE_PUBLISHED] = fwl_cel_cell_timestamp(-62135596800, 0);
    slots[FWL_CEL_SLOT_RELEASE_CHANGED] = fwl_cel_cell_timestamp(253402300799, 999999999);
    slots[FWL_CEL_SLOT_RELEASE_APPROVALS] = fwl_cel_cell_list(labels, 2);
    slots[FWL_CEL_SLOT_RELEASE_LABELS] = fwl_cel_cell_map(labels, 2);
}

#endif
