/* A world as it was: blocks of a store executed again, from genesis or a snapshot, up to a moment; or a snapshot. */
#include "client/cli/bar.h"
#include "client/cli/commands.h"
#include "client/cli/snapshots.h"
#include "client/cli/world_part.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/chain/restore.h"
#include "ledger/fsck/fsck.h"
#include "ledger/query/query.h"

/* Where execution starts: a snapshot, or genesis with file NULL. */
struct start {
    struct fwl_snapfile *file;
    const char *path;
};

static int
refuse(const char *what, uint64_t time_ms)
{
    char text[FWL_TIME_TEXT_SIZE];

    fwl_time_text(text, time_ms);
    (void)fprintf(stderr, "fwledger: --at: %s %s\n", what, text);
    return FWL_EXIT_NO;
}

static enum fwl_err
time_of(const struct fwl_kv *kv, uint64_t *time_ms, uint64_t height)
{
    struct fwl_header header;
    struct fwl_span bytes;
    enum fwl_err err = fwl_query_header(kv, &bytes, height);

    err = err == FWL_OK ? fwl_header_decode(&header, bytes) : err;
    *time_ms = err == FWL_OK ? header.time_ms : 0;
    return err;
}

/* The last height whose time is not after @at_ms; 0 when even the lowest header is later. */
static enum fwl_err
height_at(const struct fwl_kv *kv, uint64_t *height, uint64_t at_ms, uint64_t tip)
{
    uint64_t low = 0;
    uint64_t high = tip;
    uint64_t time_ms = 0;
    enum fwl_err err = fwl_query_lowest(kv, &low);

    while (err == FWL_OK && low < high) { /* times never go back: the height is in low..high */
        uint64_t middle = high - (high - low) / 2;

        err = time_of(kv, &time_ms, middle);
        if (err == FWL_OK && time_ms <= at_ms) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    err = err == FWL_OK ? time_of(kv, &time_ms, low) : err;
    *height = err == FWL_OK && time_ms <= at_ms ? low : 0;
    return err;
}

/* ---- where to start ---- */

/* Can the blocks after @s be executed? */
static bool
reaches(const struct start *s, uint64_t base)
{
    return base <= (s->file == NULL ? 1 : s->file->snapshot.info.header.height + 1);
}

static uint64_t
height_of(const struct start *s)
{
    return s->file == NULL ? 0 : s->file->snapshot.info.header.height;
}

/* The newest start at or before @height; when there is none, *oldest_ms is the first moment that could be had. */
static bool
choose(struct start *out, uint64_t *oldest_ms, const struct start *starts, size_t count, uint64_t base, uint64_t height)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if (!reaches(&starts[i], base)) {
            continue;
        }
        if (height_of(&starts[i]) <= height && (!found || height_of(&starts[i]) > height_of(out))) {
            *out = starts[i];
            found = true;
        }
        if (starts[i].file != NULL) {
            *oldest_ms = FWL_MIN(*oldest_ms, starts[i].file->snapshot.info.header.time_ms);
        }
    }
    return found;
}

static int
open_starts(struct start *starts, size_t *count, const struct fwl_arg_list *snapshots)
{
    starts[0] = (struct start){.file = NULL}; /* genesis */
    for (*count = 1; *count <= snapshots->count; (*count)++) {
        int code = fwl_snapshots_open(&starts[*count].file, snapshots->values[*count - 1]);

        starts[*count].path = snapshots->values[*count - 1];
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* ---- the chain in memory ---- */

static void
show(void *cookie, const char *part, uint64_t done, uint64_t total)
{
    fwl_bar_show(cookie, part, done, total);
}

/* The snapshot's state into the world's memory; every byte is checked under the certificate in it. */
static enum fwl_err
restore(struct fwl_world *world, const struct fwl_snapfile *file, struct fwl_span genesis)
{
    struct fwl_restore *r = fwl_malloc(sizeof(*r));
    void *arena = fwl_malloc(FWL_RESTORE_ARENA_BYTES);
    const struct fwl_restore_config config = {
        .to = world->storage, .arena = arena, .arena_bytes = FWL_RESTORE_ARENA_BYTES, .verify = fwl_cert_schnorr};
    enum fwl_err err = FWL_ERR_MEMORY;

    if (r != NULL && arena != NULL) {
        err = fwl_restore_open(r, &config, genesis);
        err = err == FWL_OK ? fwl_restore_snapshot(r, &file->snapshot, fwl_snapshots_show(), NULL) : err;
    }
    fwl_free(arena);
    fwl_free(r);
    return err;
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
    struct fwl_bar bar;
    uint8_t *body = fwl_malloc(FWL_BLOCK_MAX_MAX);
    size_t size = fwl_chain_footprint(&config);
    void *room = fwl_malloc(size);
    enum fwl_err err = FWL_ERR_MEMORY;

    fwl_bar_begin(&bar, "");
    if (body != NULL && room != NULL) {
        err = fwl_fsck_execute(&world->data.read.kv, fwl_chain_init(room, size, &config), height, body, &fault,
                               &(struct fwl_fsck_config){.progress = show, .cookie = &bar});
    }
    fwl_bar_wipe(&bar);
    fwl_free(room);
    fwl_free(body);
    return err;
}

static enum fwl_err
open_memory(struct fwl_world *world)
{
    world->memory = fwl_memstore_new();
    if (world->memory == NULL) {
        return FWL_ERR_MEMORY;
    }
    world->storage = fwl_memstore_storage(world->memory);
    return FWL_OK;
}

static int
read_memory(struct fwl_world *world)
{
    enum fwl_err err = fwl_read_begin(&world->storage, &world->read);

    world->kv = &world->read.kv;
    return err == FWL_OK ? 0 : fwl_commands_fail(world->source, err);
}

int
fwl_world_snapshot(struct fwl_world *world, const char *path)
{
    struct fwl_snapfile *file = NULL;
    int code = fwl_snapshots_open(&file, path);
    enum fwl_err err = code == 0 ? open_memory(world) : FWL_OK;

    if (code == 0) {
        err = err == FWL_OK ? restore(world, file, file->snapshot.genesis) : err;
        code = err == FWL_OK ? read_memory(world) : fwl_commands_fail(path, err);
    }
    fwl_snapfile_close(file);
    return code;
}

static int
run_from(struct fwl_world *world, const struct start *start, uint64_t height)
{
    struct fwl_span genesis = {0};
    enum fwl_err err = open_memory(world);

    if (err == FWL_OK && start->file != NULL) {
        err = fwl_kv_get(&world->data.read.kv, &genesis, FWL_SPACE_META, fwl_span_text("genesis"));
        err = err == FWL_OK ? restore(world, start->file, genesis) : err;
        if (err != FWL_OK) {
            return fwl_commands_fail(start->path, err);
        }
    }
    err = err == FWL_OK ? execute(world, height) : err;
    return err == FWL_OK ? read_memory(world) : fwl_commands_fail("executing the blocks again", err);
}

/* ---- a moment ---- */

/* From one of @starts to @at_ms; the present state needs none. */
static int
go_back(struct fwl_world *world, uint64_t at_ms, const struct start *starts, size_t count)
{
    const struct fwl_kv *kv = &world->data.read.kv;
    struct start start = {.file = NULL};
    struct fwl_query_tip tip;
    uint64_t height = 0;
    uint64_t base = 0;
    uint64_t oldest_ms = 0;
    enum fwl_err err = fwl_query_tip(kv, &tip);

    err = err == FWL_OK ? fwl_query_base(kv, &base) : err;
    err = err == FWL_OK ? height_at(kv, &height, at_ms, tip.header.height) : err;
    if (err != FWL_OK) {
        return fwl_commands_fail("--at", err);
    }
    oldest_ms = tip.header.time_ms;
    if (at_ms >= oldest_ms) {
        return 0;
    }
    if (base == 1) {
        err = time_of(kv, &oldest_ms, 0);
        if (err == FWL_OK && at_ms < oldest_ms) {
            return refuse("the ledger is younger; it began at", oldest_ms);
        }
    }
    if (!choose(&start, &oldest_ms, starts, count, base, height)) {
        return refuse("older blocks were pruned here; ask a node that kept them, or give a --snapshot from before. The "
                      "oldest time that can be had is",
                      oldest_ms);
    }
    return run_from(world, &start, height);
}

int
fwl_world_past(struct fwl_world *world, uint64_t at_ms, const struct fwl_arg_list *snapshots)
{
    struct start *starts = fwl_calloc(FWL_ARGS_REPEAT_MAX + 1, sizeof(*starts));
    size_t count = 0;
    int code = 0;

    if (starts == NULL) {
        return fwl_commands_fail("--at", FWL_ERR_MEMORY);
    }
    code = open_starts(starts, &count, snapshots);
    code = code == 0 ? go_back(world, at_ms, starts, count) : code;
    for (size_t i = 0; i <= FWL_ARGS_REPEAT_MAX; i++) {
        fwl_snapfile_close(starts[i].file);
    }
    fwl_free(starts);
    return code;
}
