#include "node/snapshots.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/host/folder.h"
#include "core/host/heap.h"
#include "ledger/snapshot/file/snapmake.h"

enum {
    NAME_DIGITS = 20, /* of a height, so that names sort like heights */
    NICE = 10,        /* of the process that makes one */
    FAR_AGAIN = 100,  /* blocks until the next attempt after a failure */
};

#define SUFFIX ".fws"

/* ---- files that are kept ---- */

static bool
path_of(const struct fwl_snapshots *s, char out[FWL_SNAPSHOTS_PATH_MAX], uint64_t height)
{
    int n =
        snprintf(out, FWL_SNAPSHOTS_PATH_MAX, "%s/%0*llu" SUFFIX, s->folder, NAME_DIGITS, (unsigned long long)height);

    return n > 0 && n < FWL_SNAPSHOTS_PATH_MAX;
}

static void
hold_less(struct fwl_snapshots_file *f)
{
    if (--f->holders == 0) {
        fwl_snapfile_close(f->file);
        fwl_free(f);
    }
}

uint64_t
fwl_snapshots_height(const struct fwl_snapshots *s)
{
    return s->count == 0 ? 0 : s->kept[0]->file->snapshot.info.header.height;
}

static uint64_t
height_of(const struct fwl_snapshots *s, size_t i)
{
    return s->kept[i]->file->snapshot.info.header.height;
}

/* The oldest ones go; who is being sent a chunk of one still has it. */
static void
drop_beyond(struct fwl_snapshots *s, size_t keep)
{
    char path[FWL_SNAPSHOTS_PATH_MAX];

    while (s->count > keep) {
        s->count--;
        if (path_of(s, path, height_of(s, s->count))) {
            (void)unlink(path);
        }
        hold_less(s->kept[s->count]);
    }
}

/* Opens the file of @height, among the others by its height. */
static enum fwl_err
keep(struct fwl_snapshots *s, uint64_t height)
{
    struct fwl_snapshots_file *f = NULL;
    struct fwl_hash32 chain_id;
    char path[FWL_SNAPSHOTS_PATH_MAX];
    size_t at = 0;
    enum fwl_err err = path_of(s, path, height) ? FWL_OK : FWL_ERR_STORAGE;

    if (err != FWL_OK) {
        return err;
    }
    if (s->count == FWL_SNAPSHOTS_KEEP_MAX) {
        drop_beyond(s, FWL_SNAPSHOTS_KEEP_MAX - 1);
    }
    f = fwl_calloc(1, sizeof(*f));
    if (f == NULL) {
        return FWL_ERR_MEMORY;
    }
    f->holders = 1;
    err = fwl_snapfile_open(&f->file, path);
    if (err == FWL_OK) {
        fwl_genesis_chain_id(&chain_id, f->file->snapshot.genesis);
        err = f->file->snapshot.info.header.height == height && fwl_hash32_equal(&chain_id, s->config.chain_id)
                  ? FWL_OK
                  : FWL_ERR_CHAIN;
    }
    if (err != FWL_OK) {
        hold_less(f);
        return err;
    }
    while (at < s->count && height_of(s, at) > height) {
        at++;
    }
    for (size_t i = s->count; i > at; i--) {
        s->kept[i] = s->kept[i - 1];
    }
    s->kept[at] = f;
    s->count++;
    return FWL_OK;
}

/* A file of the folder: one that is no snapshot of this chain, or was not finished, is deleted. */
static void
take_file(struct fwl_snapshots *s, const char *name)
{
    char path[FWL_SNAPSHOTS_PATH_MAX];
    char *end = NULL;
    unsigned long long height = strtoull(name, &end, 10);
    enum fwl_err err = FWL_ERR_UNKNOWN;
    int n = snprintf(path, sizeof(path), "%s/%s", s->folder, name);

    if (end == name + NAME_DIGITS && strcmp(end, SUFFIX) == 0) {
        err = keep(s, height);
    }
    if (err != FWL_OK && n > 0 && n < (int)sizeof(path)) {
        fwl_log(s->config.log, FWL_LOG_UNUSUAL, "node", "a file that is no snapshot of this chain is deleted",
                "file=\"%s\" reason=%s", path, fwl_err_name(err));
        (void)unlink(path);
    }
}

enum fwl_err
fwl_snapshots_open(struct fwl_snapshots *s, const struct fwl_snapshots_config *config)
{
    DIR *folder = NULL;
    struct dirent *entry = NULL;
    int n = 0;

    *s = (struct fwl_snapshots){.config = *config};
    n = snprintf(s->folder, sizeof(s->folder), "%s/snapshots", config->data);
    if (n < 0 || n >= (int)sizeof(s->folder) - 64) {
        return FWL_ERR_STORAGE;
    }
    (void)snprintf(s->restore, sizeof(s->restore), "%s/restore", config->data);
    if (mkdir(s->folder, S_IRWXU) != 0 && errno != EEXIST) {
        return FWL_ERR_STORAGE;
    }
    folder = opendir(s->folder);
    if (folder == NULL) {
        return FWL_ERR_STORAGE;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            take_file(s, entry->d_name);
        }
    }
    (void)closedir(folder);
    drop_beyond(s, config->keep);
    s->next = s->count == 0 ? 1 : fwl_snapshots_height(s) + config->every;
    return FWL_OK;
}

void
fwl_snapshots_close(struct fwl_snapshots *s)
{
    int status = 0;

    if (s->child > 0) {
        (void)kill(s->child, SIGTERM);
        (void)waitpid(s->child, &status, 0);
    }
    for (size_t i = 0; i < s->count; i++) {
        hold_less(s->kept[i]);
    }
    fwl_store_close(s->received);
    *s = (struct fwl_snapshots){.count = 0};
}

/* ---- making one ---- */

int
fwl_snapshots_write(const char *chain, const char *path)
{
    const struct fwl_snapmake_config config = {.split = 0};
    struct fwl_store *store = NULL;
    struct fwl_storage storage;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    (void)setpriority(PRIO_PROCESS, 0, NICE);
    err = fwl_store_open_reader(&store, chain, FWL_STORE_CHAIN);
    if (err == FWL_OK) {
        storage = fwl_store_storage(store);
        err = fwl_read_begin(&storage, &read);
    }
    if (err == FWL_OK) {
        err = fwl_snapmake_file(&read.kv, path, &config);
        fwl_read_end(&read);
    }
    fwl_store_close(store);
    if (err != FWL_OK) {
        (void)fprintf(stderr, "fwledgerd: %s: %s\n", path, fwl_err_text(err));
    }
    return err == FWL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The file is named after the height that it turns out to have; until then "new". */
static void
draft_path(const struct fwl_snapshots *s, char out[FWL_SNAPSHOTS_PATH_MAX])
{
    (void)snprintf(out, FWL_SNAPSHOTS_PATH_MAX, "%.1080s/new", s->folder);
}

static void
begin(struct fwl_snapshots *s)
{
    char chain[FWL_SNAPSHOTS_PATH_MAX];
    char draft[FWL_SNAPSHOTS_PATH_MAX];
    char program[] = "fwledgerd";
    char option[] = "--write-snapshot";
    char *argv[] = {program, option, chain, draft, NULL};
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);

    (void)snprintf(chain, sizeof(chain), "%.1080s/chain", s->config.data);
    draft_path(s, draft);
    if (rc == 0) {
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        rc = rc == 0 ? posix_spawn(&s->child, s->config.program, &actions, NULL, argv, environ) : rc;
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    if (rc != 0) {
        s->child = 0;
        fwl_log(s->config.log, FWL_LOG_UNUSUAL, "node", "no process for a snapshot", "reason=\"%s\"", strerror(rc));
    }
}

static enum fwl_err
take_draft(struct fwl_snapshots *s)
{
    struct fwl_snapfile *file = NULL;
    char draft[FWL_SNAPSHOTS_PATH_MAX];
    char path[FWL_SNAPSHOTS_PATH_MAX];
    uint64_t height = 0;
    enum fwl_err err = FWL_OK;

    draft_path(s, draft);
    err = fwl_snapfile_open(&file, draft);
    if (err != FWL_OK) {
        return err;
    }
    height = file->snapshot.info.header.height;
    fwl_snapfile_close(file);
    if (!path_of(s, path, height) || rename(draft, path) != 0 || fwl_folder_sync(s->folder) != FWL_OK) {
        return FWL_ERR_STORAGE;
    }
    if (s->count > 0 && fwl_snapshots_height(s) == height) {
        return FWL_OK; /* the chain stood still */
    }
    return keep(s, height);
}

/* The process has ended. */
static void
end(struct fwl_snapshots *s, int status, uint64_t tip)
{
    enum fwl_err err = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? take_draft(s) : FWL_ERR_STORAGE;

    s->child = 0;
    if (err == FWL_OK) {
        drop_beyond(s, s->config.keep);
        s->failed = false;
        s->next = fwl_snapshots_height(s) + s->config.every;
        fwl_log(s->config.log, FWL_LOG_INFO, "node", "snapshot", "height=%llu bytes=%zu",
                (unsigned long long)fwl_snapshots_height(s), s->kept[0]->file->bytes.size);
        return;
    }
    s->next = tip + FWL_MIN(s->config.every, (uint64_t)FAR_AGAIN);
    if (!s->failed) {
        fwl_log(s->config.log, FWL_LOG_UNUSUAL, "node", "a snapshot could not be made", "status=%d reason=%s next=%llu",
                status, fwl_err_name(err), (unsigned long long)s->next);
    }
    s->failed = true;
}

bool
fwl_snapshots_tick(struct fwl_snapshots *s, uint64_t tip)
{
    uint64_t before = fwl_snapshots_height(s);
    int status = 0;

    if (s->child > 0 && waitpid(s->child, &status, WNOHANG) == s->child) {
        end(s, status, tip);
    }
    if (s->child == 0 && s->config.program != NULL && s->config.every > 0 && tip >= s->next && tip > 0) {
        begin(s);
    }
    return fwl_snapshots_height(s) != before;
}

/* ---- serving ---- */

enum fwl_err
fwl_snapshots_send_info(const struct fwl_snapshots *s, struct fwl_transport *transport, fwl_peer_id peer)
{
    struct fwl_span info = s->count == 0 ? (struct fwl_span){0} : s->kept[0]->file->snapshot.info_bytes;

    return fwl_transport_send(transport, peer, FWL_FRAME_SNAPINFO, info);
}

struct sending {
    struct fwl_snapshots_file *of;
    struct fwl_span chunk;
};

static enum fwl_err
read_chunk(void *cookie, uint8_t *out, uint32_t offset, uint32_t size)
{
    const struct sending *s = cookie;

    if (offset > s->chunk.size || size > s->chunk.size - offset) {
        return FWL_ERR_RANGE;
    }
    memcpy(out, s->chunk.p + offset, size);
    return FWL_OK;
}

static void
release_chunk(void *cookie, enum fwl_err err)
{
    struct sending *s = cookie;

    (void)err;
    hold_less(s->of);
    fwl_free(s);
}

enum fwl_err
fwl_snapshots_send_chunk(struct fwl_snapshots *s, struct fwl_transport *transport, fwl_peer_id peer, uint64_t height,
                         uint16_t chunk, uint32_t offset)
{
    struct fwl_transport_source source = {.total = 0};
    struct sending *sending = NULL;
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < s->count; i++) {
        const struct fwl_snapshot *snapshot = &s->kept[i]->file->snapshot;
        struct fwl_span bytes = {0};

        if (height_of(s, i) == height && chunk < snapshot->info.chunks) {
            bytes = fwl_snapshot_chunk(snapshot, chunk);
        }
        if (offset >= bytes.size) {
            continue;
        }
        sending = fwl_malloc(sizeof(*sending));
        if (sending == NULL) {
            return FWL_ERR_MEMORY;
        }
        *sending = (struct sending){.of = s->kept[i], .chunk = bytes};
        s->kept[i]->holders++;
        source = (struct fwl_transport_source){.total = (uint32_t)bytes.size,
                                               .start = offset,
                                               .read = read_chunk,
                                               .release = release_chunk,
                                               .cookie = sending};
        break;
    }
    err = fwl_transport_send_object(transport, peer, FWL_FRAME_CHUNK, &source);
    if (err != FWL_OK && sending != NULL) {
        release_chunk(sending, err);
    }
    return err;
}

/* ---- receiving ---- */

enum fwl_err
fwl_snapshots_receive(struct fwl_snapshots *s, struct fwl_storage *to)
{
    enum fwl_err err = FWL_OK;

    if (s->received == NULL) {
        err = fwl_store_open(&s->received, s->restore, FWL_STORE_CHAIN, 0);
    }
    if (err == FWL_ERR_CORRUPT) { /* nothing in it is worth a halt */
        fwl_snapshots_drop(s);
        err = fwl_store_open(&s->received, s->restore, FWL_STORE_CHAIN, 0);
    }
    if (err == FWL_OK) {
        *to = fwl_store_storage(s->received);
    }
    return err;
}

void
fwl_snapshots_drop(struct fwl_snapshots *s)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "LOCK"};
    char path[FWL_SNAPSHOTS_PATH_MAX];

    fwl_store_close(s->received);
    s->received = NULL;
    for (size_t i = 0; i < FWL_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%.1080s/%s", s->restore, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->restore);
}

enum fwl_err
fwl_snapshots_adopt(struct fwl_snapshots *s, struct fwl_store *chain)
{
    enum fwl_err err = FWL_OK;

    fwl_store_close(s->received);
    s->received = NULL;
    err = fwl_store_replace(chain, s->restore);
    fwl_snapshots_drop(s);
    return err;
}
