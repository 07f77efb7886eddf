/*
 * Files that operators and devices hand in, by the first byte: a node's configuration, the YAML of a genesis, of a
 * validator set and of parameters, a trust anchor, a snapshot, a chunk of one. Whatever they hold, they are taken or
 * refused with a sentence.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/cli/anchor.h"
#include "client/cli/spec.h"
#include "ledger/kv/kv.h"
#include "ledger/snapshot/snapshot.h"
#include "node/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_config(const char *path)
{
    static struct fwl_config config;
    static char error[FWL_CONFIG_ERROR_MAX];

    if (fwl_config_load(&config, error, path) != FWL_OK) {
        FWL_ASSERT(error[0] != '\0');
    }
}

static void
try_spec(uint8_t kind, const char *path)
{
    static struct fwl_spec spec;
    enum fwl_err err = kind == 'g'   ? fwl_spec_genesis(&spec, path, 1)
                       : kind == 'v' ? fwl_spec_validators(&spec, path)
                                     : fwl_spec_params(&spec, path);

    FWL_ASSERT(err == FWL_OK || spec.error[0] != '\0');
}

static void
try_anchor(const uint8_t *data, size_t size)
{
    static struct fwl_anchor_file file;
    char error[256] = "";
    json_t *doc = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

    if (doc != NULL) {
        if (fwl_anchor_parse(&file, error, doc) != FWL_OK) {
            FWL_ASSERT(error[0] != '\0');
        }
        fwl_anchor_close(&file);
    }
}

/* What is an entry is written as it was read. */
static void
try_chunk(struct fwl_span in)
{
    static uint8_t again[FWL_CHUNK_ENTRY_BYTES(FWL_KV_KEY_MAX, FWL_ENTRY_MAX)];
    struct fwl_chunk_entry e;
    struct fwl_reader it;

    fwl_reader_init(&it, in);
    for (const uint8_t *at = it.at; fwl_chunk_next(&it, &e); at = it.at) {
        struct fwl_writer w;
        struct fwl_span out;

        fwl_writer_init(&w, again, sizeof(again));
        fwl_chunk_put(&w, &e);
        FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK && fwl_span_equal(out, fwl_span(at, (size_t)(it.at - at))));
    }
}

static void
try_snapshot(struct fwl_span in)
{
    static struct fwl_snapshot s;
    static struct fwl_trail trail;
    static uint8_t info[FWL_SNAPINFO_MAX];
    struct fwl_hash32 chain_id;
    struct fwl_writer w;
    struct fwl_span out;
    bool verified = false;
    bool sound = false;

    if (fwl_snapshot_decode(&s, in) != FWL_OK) {
        return;
    }
    fwl_writer_init(&w, info, sizeof(info));
    fwl_snapinfo_put(&w, &s.info);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK && fwl_span_equal(out, s.info_bytes));
    fwl_genesis_chain_id(&chain_id, s.genesis);
    verified = fwl_snapshot_verify(&s, &trail, &chain_id, NULL, NULL) == FWL_OK;
    sound = fwl_snapinfo_roots(&s.info) == FWL_OK &&
            fwl_snapshot_headers_linked(s.headers, s.info.header.height - 1, &s.info.header.prev_hash) == FWL_OK;
    for (uint32_t i = 0; i < s.info.chunks; i++) {
        sound = fwl_chunk_verify(&s.info, i, fwl_snapshot_chunk(&s, i)) == FWL_OK && sound;
    }
    FWL_ASSERT(sound || !verified);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = -1;

    if (size < 1) {
        return 0;
    }
    if (data[0] == 'a') {
        try_anchor(data + 1, size - 1);
        return 0;
    }
    if (data[0] == 's' || data[0] == 'k') {
        (data[0] == 's' ? try_snapshot : try_chunk)(fwl_span(data + 1, size - 1));
        return 0;
    }
    fd = memfd_create("input", MFD_CLOEXEC);
    FWL_ASSERT(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (data[0] == 'c') {
        try_config(path);
    } else {
        try_spec(data[0], path);
    }
    (void)close(fd);
    return 0;
}
