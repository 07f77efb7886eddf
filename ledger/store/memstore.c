#include "ledger/store/memstore.h"

#include "core/host/heap.h"

enum {
    FIRST_ARENA_BYTES = 64 * 1024,
};

/* One image: an overlay above nothing whose arena is replaced when it is full. */
struct image {
    struct fwl_overlay map;
    uint8_t *arena;
};

struct fwl_memstore {
    struct image durable;
    struct image seen; /* what reads see while lying; else empty */
    bool lying;
    bool refuses; /* after FWL_ERR_STORAGE */
    bool for_ever;
    uint64_t countdown; /* commits until the fault, 0: none */
    enum fwl_memstore_fault fault;
    uint64_t commits;
    size_t reads; /* open */
};

static enum fwl_err
image_init(struct image *image, size_t bytes)
{
    image->arena = fwl_malloc(bytes);
    if (image->arena == NULL) {
        return FWL_ERR_MEMORY;
    }
    fwl_overlay_init(&image->map, NULL, image->arena, bytes);
    return FWL_OK;
}

static void
image_deinit(struct image *image)
{
    fwl_free(image->arena);
    *image = (struct image){.arena = NULL};
}

/* A new image of what lives in @from, with room for at least @room_bytes more. */
static enum fwl_err
image_copy(struct image *to, const struct fwl_overlay *from, size_t room_bytes)
{
    struct fwl_overlay_write w = {.space = (enum fwl_space)0};
    enum fwl_err err = image_init(to, FIRST_ARENA_BYTES + 2 * (from->used_bytes + room_bytes));

    while (err == FWL_OK && fwl_overlay_next(from, &w)) {
        if (!w.deleted) {
            err = fwl_overlay_put(&to->map, w.space, w.key, w.value);
            FWL_ASSERT(err == FWL_OK); /* it had room where it comes from */
        }
    }
    return err;
}

static enum fwl_err
image_apply(struct image *image, const struct fwl_overlay *writes)
{
    /* Every write may need as much here as it took there, and its alignment. */
    size_t need = writes->used_bytes;

    if (image->map.arena_bytes - image->map.used_bytes < need) {
        struct image larger;
        enum fwl_err err = image_copy(&larger, &image->map, need);

        if (err != FWL_OK) {
            return err;
        }
        image_deinit(image);
        *image = larger;
    }
    return fwl_overlay_merge(&image->map, writes);
}

struct fwl_memstore *
fwl_memstore_new(void)
{
    struct fwl_memstore *m = fwl_calloc(1, sizeof(*m));

    if (m != NULL && image_init(&m->durable, FIRST_ARENA_BYTES) != FWL_OK) {
        fwl_free(m);
        return NULL;
    }
    return m;
}

void
fwl_memstore_free(struct fwl_memstore *m)
{
    if (m != NULL) {
        image_deinit(&m->seen);
        image_deinit(&m->durable);
        fwl_free(m);
    }
}

static struct image *
current(struct fwl_memstore *m)
{
    return m->lying ? &m->seen : &m->durable;
}

/* The fault that this commit meets. */
static enum fwl_memstore_fault
next_fault(struct fwl_memstore *m)
{
    if (m->countdown == 0) {
        return FWL_MEMSTORE_NONE;
    }
    if (m->countdown > 1) {
        m->countdown--;
        return FWL_MEMSTORE_NONE;
    }
    if (!m->for_ever) {
        m->countdown = 0;
    }
    return m->fault;
}

static enum fwl_err
memstore_commit(void *ctx, const struct fwl_overlay *writes)
{
    struct fwl_memstore *m = ctx;
    enum fwl_memstore_fault fault;
    enum fwl_err err;

    FWL_ASSERT(m->reads == 0);
    if (m->refuses) {
        return FWL_ERR_STORAGE;
    }
    fault = next_fault(m);
    if (fault == FWL_MEMSTORE_FULL) {
        return FWL_ERR_FULL;
    }
    if (fault == FWL_MEMSTORE_LOST) {
        m->refuses = true;
        return FWL_ERR_STORAGE;
    }
    err = image_apply(current(m), writes);
    if (err != FWL_OK) {
        return err;
    }
    if (fault == FWL_MEMSTORE_UNANSWERED) {
        m->refuses = true;
        return FWL_ERR_STORAGE;
    }
    m->commits++;
    return FWL_OK;
}

static enum fwl_err
memstore_read_begin(void *ctx, void **read, struct fwl_kv *kv)
{
    struct fwl_memstore *m = ctx;

    if (m->refuses) {
        return FWL_ERR_STORAGE;
    }
    *read = NULL;
    *kv = fwl_overlay_kv(&current(m)->map);
    m->reads++;
    return FWL_OK;
}

static void
memstore_read_end(void *ctx, void *read)
{
    struct fwl_memstore *m = ctx;

    (void)read;
    if (m->reads > 0) { /* a crash has ended them all */
        m->reads--;
    }
}

struct fwl_storage
fwl_memstore_storage(struct fwl_memstore *m)
{
    static const struct fwl_storage_ops ops = {
        .commit = memstore_commit, .read_begin = memstore_read_begin, .read_end = memstore_read_end};

    return (struct fwl_storage){.ops = &ops, .ctx = m};
}

void
fwl_memstore_fail(struct fwl_memstore *m, uint64_t nth, enum fwl_memstore_fault fault, bool for_ever)
{
    m->countdown = nth;
    m->fault = fault;
    m->for_ever = for_ever;
}

enum fwl_err
fwl_memstore_lie(struct fwl_memstore *m, bool on)
{
    if (on && !m->lying) {
        enum fwl_err err = image_copy(&m->seen, &m->durable.map, 0);

        if (err != FWL_OK) {
            image_deinit(&m->seen);
            return err;
        }
    }
    if (!on && m->lying) {
        image_deinit(&m->durable);
        m->durable = m->seen;
        m->seen = (struct image){.arena = NULL};
    }
    m->lying = on;
    return FWL_OK;
}

void
fwl_memstore_crash(struct fwl_memstore *m)
{
    image_deinit(&m->seen);
    m->lying = false;
    m->refuses = false;
    m->countdown = 0;
    m->reads = 0;
}

uint64_t
fwl_memstore_commits(const struct fwl_memstore *m)
{
    return m->commits;
}

enum fwl_err
fwl_memstore_copy(struct fwl_memstore *to, const struct fwl_memstore *from)
{
    struct image copy;
    enum fwl_err err;

    FWL_ASSERT(to->reads == 0);
    err = image_copy(&copy, &from->durable.map, 0);
    if (err != FWL_OK) {
        return err;
    }
    fwl_memstore_crash(to);
    image_deinit(&to->durable);
    to->durable = copy;
    return FWL_OK;
}
