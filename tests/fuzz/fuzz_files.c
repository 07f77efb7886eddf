/*
 * What operators, administrators, authors and devices hand in, by the first byte: 'c' a node's configuration; the YAML
 * of 'g' a genesis, 'v' a validator set, 'p' parameters and 'y' a policy; the JSON of 'a' a trust anchor, 'r' a release
 * line and 'f' a device's facts; 's' a snapshot, 'k' a chunk of one. Whatever they hold, they are taken or refused with
 * a sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/cli/anchor.h"
#include "client/cli/policy_file.h"
#include "client/cli/spec.h"
#include "contracts/json/facts.h"
#include "core/cbor.h"
#include "ledger/json/release.h"
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
try_anchor(json_t *doc)
{
    static struct fwl_anchor_file file;
    struct fwl_key keys[FWL_ANCHOR_AUTHORS_MAX];
    size_t count = 0;
    char error[256] = "";

    if (fwl_anchor_parse(&file, error, json_incref(doc)) != FWL_OK) {
        FWL_ASSERT(error[0] != '\0');
    } else if (fwl_anchor_authors(keys, &count, &file, fwl_span_text("acme")) == FWL_OK) {
        FWL_ASSERT(count <= FWL_COUNT(keys));
    }
    fwl_anchor_close(&file);
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

/* Those that are read by the name of a file. */
static void
try_path(uint8_t kind, const uint8_t *data, size_t size)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    char path[64];

    FWL_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (kind == 'c') {
        try_config(path);
    } else {
        try_spec(kind, path);
    }
    (void)close(fd);
}

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

/* A release that is taken becomes a record; where that decodes, its JSON is taken again and gives the same bytes. */
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

static void
try_json(uint8_t kind, const uint8_t *data, size_t size)
{
    json_t *value = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

    if (value == NULL) {
        return;
    }
    if (kind == 'a') {
        try_anchor(value);
    } else if (kind == 'r') {
        try_release(value);
    } else {
        (void)(fwl_json_facts_parse(&facts, value) == FWL_OK);
    }
    json_decref(value);
}

/* A policy as administrators write it: a form that decodes or an error with a sentence. */
static void
try_policy(const uint8_t *data, size_t size)
{
    static struct fwl_policy_file file;
    struct fwl_place place;

    if (fwl_policy_file_parse(&file, "policy.yaml", fwl_span(data, size)) == FWL_OK) {
        FWL_ASSERT(fwl_cbor_check(fwl_span(file.source, file.source_size)) == FWL_OK);
    } else {
        FWL_ASSERT(file.error[0] != '\0' && file.source_size == 0);
    }
    /* Everything of the source has a place in the text, or none. */
    for (size_t at = 0; at < file.source_size; at += 1 + file.source_size / 64) {
        fwl_policy_file_find_text(&place, &file, fwl_span(file.source + at, FWL_MIN(file.source_size - at, size)),
                                  at % 8);
    }
    fwl_policy_file_clear(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (size == 0 ? 0 : data[0]) {
    case 'c':
    case 'g':
    case 'v':
    case 'p': try_path(data[0], data + 1, size - 1); break;
    case 'y': try_policy(data + 1, size - 1); break;
    case 'a':
    case 'r':
    case 'f': try_json(data[0], data + 1, size - 1); break;
    case 's': try_snapshot(fwl_span(data + 1, size - 1)); break;
    case 'k': try_chunk(fwl_span(data + 1, size - 1)); break;
    default: break;
    }
    return 0;
}
