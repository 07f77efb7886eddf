/*
 * The state tree at 10^5 keys, and commits to LMDB (in TMPDIR): what a block costs beside its signatures.
 */
#include <unistd.h>

#include "ledger/merkle/build/smt.h"
#include "ledger/merkle/build/tiles.h"
#include "ledger/store/store.h"
#include "tests/bench/bench.h"

enum {
    TREE_KEYS = 100000,
    SMOKE_KEYS = 1000,
    BATCH = 1000,
    ARENA_BYTES = 256 << 20,
};

struct bench {
    struct fwl_overlay below;
    struct fwl_overlay above;
    struct fwl_kv base;
    uint32_t keys;
    uint32_t turn;
    struct fwl_store *store;
};

static void
change_of(struct fwl_smt_change *c, uint32_t key, uint32_t value)
{
    uint8_t bytes[4];

    *c = (struct fwl_smt_change){.removed = false};
    fwl_store_be32(bytes, key);
    fwl_tree_key_hash(&c->key_hash, 9, fwl_span(bytes, 4));
    fwl_store_be32(bytes, value);
    fwl_tree_value_hash(&c->value_hash, fwl_span(bytes, 4));
}

static void
check(enum fwl_err err)
{
    if (err != FWL_OK) {
        (void)fprintf(stderr, "%s\n", fwl_err_text(err));
        exit(1);
    }
}

/* A batch in an overlay of its own above the tree, thrown away. */
static void
update(void *cookie)
{
    static struct fwl_smt_change changes[BATCH];
    struct bench *b = cookie;
    struct fwl_hash32 root;

    b->turn++;
    for (uint32_t i = 0; i < BATCH; i++) {
        change_of(&changes[i], (i * 97 + b->turn * 31) % (2 * b->keys), b->turn);
    }
    fwl_overlay_reset(&b->above);
    check(fwl_smt_update(&b->above, &root, changes, BATCH));
}

static void
prove(void *cookie)
{
    static uint8_t proof[FWL_PROOF_MAX];
    struct bench *b = cookie;
    struct fwl_smt_change c;
    struct fwl_hash32 root;
    size_t size;

    change_of(&c, b->turn++ % (2 * b->keys), 0);
    check(fwl_smt_prove(&b->base, proof, &size, &root, &c.key_hash));
}

static void
append(void *cookie)
{
    static struct fwl_hash32 leaves[BATCH];
    struct bench *b = cookie;
    struct fwl_hash32 root;
    uint64_t size;

    fwl_overlay_reset(&b->above);
    check(fwl_tiles_append(&b->above, &root, &size, FWL_SPACE_LOG, leaves, BATCH));
}

static void
commit_small(void *cookie)
{
    struct bench *b = cookie;
    const struct fwl_storage storage = fwl_store_storage(b->store);
    uint8_t key[4];

    fwl_overlay_reset(&b->above);
    fwl_store_be32(key, b->turn++ % 1000);
    check(fwl_overlay_put(&b->above, FWL_SPACE_REC, fwl_span(key, 4), fwl_span(key, 4)));
    check(fwl_storage_commit(&storage, &b->above));
}

static void
commit_large(void *cookie)
{
    struct bench *b = cookie;
    const struct fwl_storage storage = fwl_store_storage(b->store);

    fwl_overlay_reset(&b->above);
    for (uint32_t i = 0; i < 4000; i++) {
        uint8_t key[4];
        uint8_t *value;

        fwl_store_be32(key, (i * 2654435761U) ^ b->turn);
        check(fwl_overlay_reserve(&b->above, &value, FWL_SPACE_BODY, fwl_span(key, 4), 200));
        memset(value, 1, 200);
    }
    check(fwl_storage_commit(&storage, &b->above));
}

static void
open_temporary(struct bench *b, char *folder, size_t room)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(folder, room, "%s/fwl-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
        check(FWL_ERR_STORAGE);
    }
    check(fwl_store_open(&b->store, folder, FWL_STORE_VOTES, 0));
}

static void
remove_temporary(struct bench *b, const char *folder)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "LOCK"};
    char path[600];

    fwl_store_close(b->store);
    for (size_t i = 0; i < FWL_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int
main(int argc, char **argv)
{
    static struct bench b;
    bool smoke = bench_smoke(argc, argv);
    uint8_t *arena = malloc(ARENA_BYTES);
    struct fwl_smt_change *changes;
    struct fwl_hash32 root;
    char folder[512];

    b.keys = smoke ? SMOKE_KEYS : TREE_KEYS;
    changes = malloc(b.keys * sizeof(*changes));
    if (arena == NULL || changes == NULL) {
        return 1;
    }
    fwl_overlay_init(&b.below, NULL, arena, ARENA_BYTES / 2);
    b.base = fwl_overlay_kv(&b.below);
    for (uint32_t i = 0; i < b.keys; i++) {
        change_of(&changes[i], i, i);
    }
    check(fwl_smt_update(&b.below, &root, changes, b.keys));
    free(changes);
    fwl_overlay_init(&b.above, &b.base, arena + ARENA_BYTES / 2, ARENA_BYTES / 2);
    bench_run("smt_update_1000_of_100k", smoke, 0, update, &b);
    bench_run("smt_prove_100k", smoke, 0, prove, &b);
    bench_run("tiles_append_1000", smoke, 0, append, &b);
    fwl_overlay_init(&b.above, NULL, arena + ARENA_BYTES / 2, ARENA_BYTES / 2);
    open_temporary(&b, folder, sizeof(folder));
    bench_run("lmdb_commit_1_write", smoke, 0, commit_small, &b);
    bench_run("lmdb_commit_4000_writes", smoke, 0, commit_large, &b);
    remove_temporary(&b, folder);
    free(arena);
    return 0;
}
