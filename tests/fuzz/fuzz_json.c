/*
 * JSON that people and programs hand in: a release line or a device's facts, by the first byte. A release that is
 * taken becomes a record; where that decodes, its JSON is taken again and gives the same bytes.
 */
#include <stdlib.h>

#include "contracts/json/facts.h"
#include "ledger/json/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fwl_json_release first;
static struct fwl_json_release second;
static struct fwl_json_facts facts;

static bool
encode(struct fwl_span *out, uint8_t *buffer, size_t room, const struct fwl_json_release *parsed)
{
    struct fwl_writer w;

    fwl_writer_init(&w, buffer, room);
    fwl_release_put(&w, &parsed->release);
    return fwl_writer_finish(&w, out) == FWL_OK;
}

static void
try_release(const json_t *value)
{
    static uint8_t one[2 * FWL_RELEASE_MAX];
    static uint8_t two[2 * FWL_RELEASE_MAX];
    struct fwl_release record;
    struct fwl_span bytes;
    struct fwl_span again;
    json_t *back = NULL;

    if (fwl_json_release_parse(&first, value, "acme", "acme/gw100/modem") != FWL_OK ||
        !encode(&bytes, one, sizeof(one), &first) || fwl_release_decode(&record, NULL, bytes, 0) != FWL_OK) {
        return;
    }
    back = fwl_json_release_value(&record);
    FWL_ASSERT(back != NULL);
    if (fwl_json_release_parse(&second, back, "acme", NULL) == FWL_OK) {
        FWL_ASSERT(encode(&again, two, sizeof(two), &second) && fwl_span_equal(bytes, again));
    }
    json_decref(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *value = size < 2 ? NULL : json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);

    if (value == NULL) {
        return 0;
    }
    if (data[0] == 'f') {
        (void)(fwl_json_facts_parse(&facts, value) == FWL_OK);
    } else {
        try_release(value);
    }
    json_decref(value);
    return 0;
}
