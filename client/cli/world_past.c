/* A world as it was: the blocks of a store executed again, up to a moment. */
#include "client/cli/commands.h"
#include "client/cli/world_part.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/fsck/fsck.h"
#include "ledger/query/query.h"

static int
refuse(const char *what, uint64_t time_ms)
{
    char text[FWL_TIME_TEXT_SIZE];

    fwl_time_text(text, time_ms);
    (void)fprintf(stderr, "fwledger: --at: %s %s\n", what, text);
    return FWL_EXIT_NO;
}

/* The last height whose time is not after @at_ms. */
static int
height_at(const struct fwl_kv *kv, uint64_t *height, uint64_t at_ms)
{
    struct fwl_header header;
    struct fwl_span bytes;
    struct fwl_query_tip tip;
    enum fwl_err err = fwl_query_tip(kv, &tip);
    uint64_t low = 0;
    uint64_t high = err == FWL_OK ? tip.header.height : 0;

    while (err == FWL_OK && low < high) { /* times never go back: the height is in low..high */
        uint64_t middle = high - (high - low) / 2;

        err = fwl_query_header(kv, &bytes, middle);
        err = err == FWL_OK ? fwl_header_decode(&header, bytes) : err;
        if (err == FWL_OK && header.time_ms <= at_ms) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    err = err == FWL_OK ? fwl_query_header(kv, &bytes, 0) : err;
    err = err == FWL_OK ? fwl_header_decode(&header, bytes) : err;
    *height = low;
    if (err != FWL_OK) {
        return fwl_commands_fail("--at", err);
    }
    return at_ms < header.time_ms ? refuse("the ledger is younger; it began at", header.time_ms) : 0;
}

/* Execution needs every block from the first: a node that pruned some names the first moment it has all from. */
static int
check_unpruned(const struct fwl_kv *kv, uint64_t height)
{
    struct fwl_query_block block = {.has_txs = true};
    enum fwl_err err = height == 0 ? FWL_OK : fwl_query_block(kv, &block, 1);
    uint64_t oldest = 1;

    while (err == FWL_OK && !block.has_txs && oldest < height) {
        oldest++;
        err = fwl_query_block(kv, &block, oldest);
    }
    if (err != FWL_OK) {
        return fwl_commands_fail("--at", err);
    }
    return oldest > 1 || !block.has_txs
               ? refuse("older blocks were pruned here; ask a node that kept them. The oldest time here is",
                        block.header.time_ms)
               : 0;
}

static enum fwl_err
execute(struct fwl_world *world, uint64_t height)
{
    struct fwl_chain_config config = {.store = world->storage,
                                      .verify = fwl_state_verify_real,
                                      .verify_vote = fwl_cert_schnorr,
                                      .arena_bytes = fwl_chain_arena_bytes(FWL_BLOCK_WORK_MAX),
                                      .body_max = FWL_BLOCK_MAX_MAX};
    struct fwl_fsck_fault fault;
    uint8_t *body = fwl_malloc(FWL_BLOCK_MAX_MAX);
    size_t size = fwl_chain_footprint(&config);
    void *room = fwl_malloc(size);
    enum fwl_err err = FWL_ERR_MEMORY;

    if (body != NULL && room != NULL) {
        err = fwl_fsck_execute(&world->data.read.kv, fwl_chain_init(room, size, &config), height, body, &fault,
                               &(struct fwl_fsck_config){.progress = NULL});
    }
    fwl_free(room);
    fwl_free(body);
    return err;
}

int
fwl_world_past(struct fwl_world *world, uint64_t at_ms)
{
    uint64_t height = 0;
    enum fwl_err err = FWL_ERR_MEMORY;
    int code = height_at(&world->data.read.kv, &height, at_ms);

    code = code == 0 ? check_unpruned(&world->data.read.kv, height) : code;
    if (code != 0) {
        return code;
    }
    world->memory = fwl_memstore_new();
    if (world->memory != NULL) {
        world->storage = fwl_memstore_storage(world->memory);
        err = execute(world, height);
        err = err == FWL_OK ? fwl_read_begin(&world->storage, &world->read) : err;
    }
    if (err != FWL_OK) {
        return fwl_commands_fail("executing the blocks again", err);
    }
    world->kv = &world->read.kv;
    return 0;
}
