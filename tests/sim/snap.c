/* Snapshots in the simulator: made of a node's store, served by it, received into a store beside. */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/snapshot/file/snapmake.h"
#include "tests/sim/sim.h"

void
sim_snapshot(struct sim *s, uint32_t node)
{
    struct sim_node *n = &s->node[node];
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    const struct fwl_snapmake_config config = {.split = s->snap_split};
    struct fwl_snapfile *made = NULL;
    struct fwl_read read;
    FILE *f = tmpfile();

    FWL_ASSERT(f != NULL && fwl_read_begin(&storage, &read) == FWL_OK);
    if (fwl_snapmake(&read.kv, f, &config) != FWL_OK || fwl_snapfile_map(&made, fileno(f)) != FWL_OK) {
        sim_fail(s, SIM_RUNS_ON, "node %u cannot make a snapshot", node);
    }
    fwl_read_end(&read);
    (void)fclose(f);
    fwl_snapfile_close(n->snap[1]);
    n->snap[1] = n->snap[0];
    n->snap[0] = made;
    if (n->alive) {
        fwl_replica_snapshot(n->replica, sim_time(n), made->snapshot.info.header.height);
    }
}

void
sim_snap_free(struct sim_node *n)
{
    for (size_t i = 0; i < FWL_COUNT(n->snap); i++) {
        fwl_snapfile_close(n->snap[i]);
        n->snap[i] = NULL;
    }
    fwl_memstore_free(n->restore);
    n->restore = NULL;
}

struct fwl_span
sim_snap_info(struct sim_node *n, uint8_t buffer[FWL_SNAPINFO_MAX])
{
    const struct fwl_snapshot *snap = n->snap[0] == NULL ? NULL : &n->snap[0]->snapshot;

    if (snap == NULL) {
        return (struct fwl_span){0};
    }
    memcpy(buffer, snap->info_bytes.p, snap->info_bytes.size);
    if (n->lie == SIM_SNAP_INFO_ROOT) {
        buffer[snap->info_bytes.size - 40 - 64 - 3] ^= 1;
    } else if (n->lie == SIM_SNAP_INFO_CERT) {
        buffer[FWL_HEADER_SIZE + 30] ^= 1;
    } else if (n->lie == SIM_SNAP_INFO_HEIGHT) {
        buffer[34] ^= 1; /* an enormous height */
    } else if (n->lie == SIM_SNAP_INFO_JUNK) {
        return fwl_span(buffer, snap->info_bytes.size - 1);
    }
    return fwl_span(buffer, snap->info_bytes.size);
}

struct fwl_span
sim_snap_chunk(struct sim_node *n, uint64_t height, uint16_t chunk, uint8_t *buffer, size_t room)
{
    struct fwl_span bytes = {0};

    for (size_t i = 0; i < FWL_COUNT(n->snap) && bytes.size == 0; i++) {
        const struct fwl_snapshot *snap = n->snap[i] == NULL ? NULL : &n->snap[i]->snapshot;

        if (snap != NULL && snap->info.header.height == height && chunk < snap->info.chunks) {
            bytes = fwl_snapshot_chunk(snap, chunk);
        }
    }
    FWL_ASSERT(bytes.size <= room);
    if (bytes.size > 0) {
        memcpy(buffer, bytes.p, bytes.size);
        buffer[bytes.size / 2] ^= n->lie == SIM_SNAP_CHUNK;
        bytes.p = buffer;
    }
    return bytes;
}

enum fwl_err
sim_snap_open(void *ctx, struct fwl_storage *to)
{
    struct sim_node *n = ctx;

    n->restore = n->restore == NULL ? fwl_memstore_new() : n->restore;
    FWL_ASSERT(n->restore != NULL);
    *to = fwl_memstore_storage(n->restore);
    return FWL_OK;
}

void
sim_snap_drop(void *ctx)
{
    struct sim_node *n = ctx;

    n->drops++;
    fwl_memstore_free(n->restore);
    n->restore = NULL;
}

enum fwl_err
sim_snap_adopt(void *ctx)
{
    struct sim_node *n = ctx;
    enum fwl_err err = fwl_memstore_copy(n->chain.mem, n->restore);

    fwl_memstore_free(n->restore);
    n->restore = NULL;
    return err;
}

void
sim_snap_restored(void *ctx, const struct fwl_chain_tip *tip)
{
    struct sim_node *n = ctx;
    struct sim *s = n->sim;

    if (tip->header.height <= n->height) {
        sim_fail(s, SIM_ONE_CHAIN, "node %u goes from height %llu to %llu", n->id, (unsigned long long)n->height,
                 (unsigned long long)tip->header.height);
    }
    n->height = n->acked = tip->header.height;
    n->restored++;
    if (tip->header.height > s->best || !fwl_hash32_equal(&s->decided_hash[tip->header.height], &tip->hash)) {
        sim_fail(s, SIM_ONE_CHAIN, "node %u has another block %llu", n->id, (unsigned long long)tip->header.height);
    }
}
