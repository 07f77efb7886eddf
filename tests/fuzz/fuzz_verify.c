/* A good bundle with damage: it is accepted only when it is the good one. The input is a list of (offset u16, xor u8)
 * applied to it, then, when bytes are left, the length to cut it to. */
#include <stdlib.h>

#include "../unit/verify/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chain *chain;
static struct fwl_span good;

static void
start(void)
{
    if (chain == NULL) {
        chain = chain_new();
        chain_step(chain, 0, 1, 0, 1, (struct chain_flaw){0});
        good = chain_bundle(chain);
        chain->w->work.cells = chain->w->cells;
        chain->w->work.cell_count = FWL_COUNT(chain->w->cells);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fwl_device device;
    static struct fwl_verify v;
    struct fwl_verify_settings settings = {0};
    struct fwl_reader r;
    uint8_t *copy = NULL;
    size_t length = 0;
    enum fwl_err err = FWL_OK;

    start();
    settings.authors = (struct fwl_authors){.keys = &chain->author_key, .count = 1};
    copy = malloc(good.size);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, good.p, good.size);
    length = good.size;
    fwl_reader_init(&r, fwl_span(data, size));
    while (r.left >= 3) {
        size_t offset = fwl_reader_u16(&r) % good.size;

        copy[offset] ^= fwl_reader_u8(&r);
    }
    if (r.left == 2) {
        length = fwl_reader_u16(&r) % (good.size + 1);
    }
    err = fwl_device_start(&device, &chain->anchor);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_init(&v, &device, &settings, &chain->w->facts, chain->tip.time_ms);
    FWL_ASSERT(err == FWL_OK);
    err = fwl_verify_bundle(&v, chain->w->candidates, &chain->w->work, fwl_span(copy, length));
    FWL_ASSERT((err == FWL_OK) == fwl_span_equal(fwl_span(copy, length), good));
    FWL_ASSERT(err != FWL_ERR_STALE && err != FWL_ERR_ROLLBACK);
    free(copy);
    return 0;
}
