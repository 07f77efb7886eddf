/*
 * Snapshots of a chain with real signatures: the good one verifies, every damage is found, and the maker refuses a
 * store that it cannot tell the truth about.
 */
#include <fcntl.h>
#include <unistd.h>

#include "ledger/merkle/build/leaves.h"
#include "ledger/snapshot/file/snapfile.h"
#include "ledger/snapshot/file/snapmake.h"
#include "tests/unit/chain/chain_help.h"

enum { BLOCKS = 12, CHANGE = 6, ROOM = 1 << 20 };

static struct help_chain *chain;
static struct fwl_memstore *copy; /* of its store, for damage */
static struct fwl_trail trail;
static uint8_t bytes[ROOM]; /* the snapshot of the whole chain */
static struct fwl_span whole;
static struct fwl_snapshot good; /* views it */

/* ---- help ---- */

static enum fwl_err
make_to(struct fwl_memstore *store, FILE *f, const struct fwl_snapmake_config *config)
{
    struct fwl_storage storage = fwl_memstore_storage(store);
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    assert_non_null(f);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    err = fwl_snapmake(&read.kv, f, config);
    fwl_read_end(&read);
    return err;
}

/* The snapshot of a store in @out; a view of it. */
static struct fwl_span
make(uint8_t *out, struct fwl_memstore *store, const struct fwl_snapmake_config *config)
{
    FILE *f = tmpfile();
    size_t size = 0;

    assert_int_equal(make_to(store, f, config), FWL_OK);
    rewind(f);
    size = fread(out, 1, ROOM, f);
    assert_true(size < ROOM && fclose(f) == 0);
    return fwl_span(out, size);
}

static enum fwl_err
make_error(struct fwl_memstore *store)
{
    const struct fwl_snapmake_config config = {.split = 0};
    FILE *f = tmpfile();
    enum fwl_err err = make_to(store, f, &config);

    (void)fclose(f);
    return err;
}

static enum fwl_err
judge(struct fwl_span in, const struct fwl_hash32 *chain_id)
{
    struct fwl_snapshot s;
    enum fwl_err err = fwl_snapshot_decode(&s, in);

    return err == FWL_OK ? fwl_snapshot_verify(&s, &trail, chain_id, NULL, NULL) : err;
}

static void
add_block(uint32_t height)
{
    static const uint8_t next[] = {0, 1, 2, 3, 4};

    for (uint32_t i = 0; i < 8; i++) { /* enough that some chunk has several entries */
        help_add(chain, 8 * (height % 5) + i, height % 2 == 0 ? FWL_ROLE_ADVISOR : 0);
    }
    if (height == CHANGE) {
        chain->tx[chain->count] = world_change(chain->world, chain->txs[chain->count], next, FWL_COUNT(next), 1, 4,
                                               fwl_chain_tip(chain->chain)->header.height,
                                               &fwl_chain_tip(chain->chain)->hash, help_expires(chain));
        chain->count++;
    }
    assert_int_equal(help_commit(chain, help_build(chain, 0, 700, false)), FWL_OK);
    assert_int_equal(chain->refused, 0);
}

static int
build(void **state)
{
    (void)state;
    chain = help_chain_new(help_world_new(true, 16));
    copy = fwl_memstore_new();
    assert_non_null(copy);
    assert_int_equal(make_error(copy), FWL_ERR_STATE);         /* an empty store */
    assert_int_equal(make_error(chain->store), FWL_ERR_STATE); /* genesis alone: nothing is certified */
    for (uint32_t height = 1; height <= BLOCKS; height++) {
        uint64_t told = 0;
        const struct fwl_snapmake_config config = {.height = &told};
        struct fwl_span now;

        add_block(height);
        now = make(bytes, chain->store, &config);
        assert_int_equal(told, height);
        assert_int_equal(judge(now, &chain->world->chain_id), FWL_OK); /* the end of an epoch among them */
        assert_int_equal(trail.at.epoch, height < CHANGE ? 0 : 1);
        assert_int_equal(trail.first, height < CHANGE ? 0 : CHANGE + 1);
    }
    whole = make(bytes, chain->store, &(struct fwl_snapmake_config){.split = 0});
    return fwl_snapshot_decode(&good, whole) == FWL_OK ? 0 : -1;
}

static int
clean(void **state)
{
    struct world *w = chain->world;

    (void)state;
    fwl_memstore_free(copy);
    help_chain_free(chain);
    free(w);
    return 0;
}

/* ---- whole snapshots ---- */

static void
told(void *cookie, uint32_t done, uint32_t total)
{
    uint32_t *last = cookie;

    assert_true(done == *last + 1 && done <= total);
    *last = done;
}

static void
test_snapshot__what_it_has(void **state)
{
    uint8_t info[FWL_SNAPINFO_MAX];
    struct fwl_writer w;
    struct fwl_span again;
    struct fwl_reader it;
    struct fwl_span step;
    uint32_t chunks = 0;
    uint32_t entries = 0;

    (void)state;
    assert_int_equal(fwl_snapshot_verify(&good, &trail, &chain->world->chain_id, told, &chunks), FWL_OK);
    assert_int_equal(chunks, FWL_SNAPSHOT_CHUNKS_MIN);
    assert_true(fwl_span_equal(good.genesis, chain->world->genesis));
    assert_true(good.info.header.height == BLOCKS && good.first == 0);
    assert_int_equal(good.headers.size, BLOCKS * FWL_HEADER_SIZE);
    fwl_reader_init(&it, good.steps);
    assert_true(good.step_count == 1 && fwl_snapshot_step(&it, &step) && !fwl_snapshot_step(&it, &step));
    fwl_writer_init(&w, info, sizeof(info));
    fwl_snapinfo_put(&w, &good.info);
    assert_int_equal(fwl_writer_finish(&w, &again), FWL_OK);
    assert_true(fwl_span_equal(again, good.info_bytes));
    for (uint32_t i = 0; i < good.info.chunks; i++) {
        struct fwl_chunk_entry e;

        for (fwl_reader_init(&it, fwl_snapshot_chunk(&good, i)); fwl_chunk_next(&it, &e); entries++) {
            uint8_t value[FWL_ENTRY_MAX];
            size_t size = 0;

            assert_int_equal(help_get(chain, value, sizeof(value), &size, FWL_SPACE_KV, e.key), FWL_OK);
            assert_true(fwl_span_equal(e.value, fwl_span(value, size)));
        }
        assert_int_equal(fwl_reader_finish(&it), FWL_OK);
    }
    assert_true(entries > BLOCKS); /* ids of transactions, participants, validators, parameters */
}

static void
test_snapshot__every_truncation(void **state)
{
    struct fwl_snapshot s;

    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_not_equal(fwl_snapshot_decode(&s, fwl_span(whole.p, size)), FWL_OK);
        assert_null(s.genesis.p);
    }
    bytes[whole.size] = 0;
    assert_int_equal(fwl_snapshot_decode(&s, fwl_span(whole.p, whole.size + 1)), FWL_ERR_TRAILING);
}

static void
test_snapshot__flipped_bits(void **state)
{
    uint8_t *bad = malloc(whole.size);
    size_t roots = (size_t)(good.info.parts.p - whole.p);

    (void)state;
    assert_non_null(bad);
    memcpy(bad, whole.p, whole.size);
    for (size_t i = 0; i < whole.size; i++) {
        if (i >= roots && i < roots + good.info.parts.size && (i % 5 != 0 || (i - roots) % 33 == 0)) {
            continue; /* most of it is these; counts: test_snapinfo__counts */
        }
        bad[i] ^= (uint8_t)(1U << i % 8);
        if (judge(fwl_span(bad, whole.size), &chain->world->chain_id) == FWL_OK) {
            fail_msg("byte %zu of %zu", i, whole.size);
        }
        bad[i] = whole.p[i];
    }
    assert_int_equal(judge(fwl_span(bad, whole.size), &chain->world->chain_id), FWL_OK);
    free(bad);
}

static void
test_snapshot__of_another_chain(void **state)
{
    struct fwl_hash32 other = chain->world->chain_id;

    (void)state;
    other.b[5] ^= 1;
    assert_int_equal(judge(whole, &other), FWL_ERR_CHAIN);
}

/* The same state in more chunks; and with hardly any memory. */
static void
test_snapshot__more_chunks(void **state)
{
    const struct fwl_snapmake_config large = {.split = 300, .buffer_bytes = 1};
    const struct fwl_snapmake_config small = {.buffer_bytes = 100000};
    uint8_t *out = malloc(ROOM);
    struct fwl_snapshot s;
    struct fwl_span made;

    (void)state;
    assert_non_null(out);
    made = make(out, chain->store, &large);
    assert_int_equal(judge(made, &chain->world->chain_id), FWL_OK);
    assert_int_equal(fwl_snapshot_decode(&s, made), FWL_OK);
    assert_int_equal(s.info.chunks, FWL_SNAPSHOT_CHUNKS_MAX);
    assert_int_equal(s.chunks.size, good.chunks.size);
    assert_true(fwl_span_equal(make(out, chain->store, &small), whole));
    free(out);
}

/* ---- one chunk ---- */

struct parsed {
    struct fwl_span entry[64];
    size_t count;
};

/* The fullest chunk, entry by entry. */
static uint32_t
fullest(struct parsed *p)
{
    uint32_t best = 0;
    struct fwl_chunk_entry e;
    struct fwl_reader it;

    for (uint32_t i = 0; i < good.info.chunks; i++) {
        best = fwl_snapshot_chunk(&good, i).size > fwl_snapshot_chunk(&good, best).size ? i : best;
    }
    p->count = 0;
    fwl_reader_init(&it, fwl_snapshot_chunk(&good, best));
    for (const uint8_t *at = it.at; p->count < 64 && fwl_chunk_next(&it, &e); at = it.at) {
        p->entry[p->count++] = fwl_span(at, (size_t)(it.at - at));
    }
    return best;
}

static struct fwl_span
join(uint8_t *out, const struct fwl_span *entries, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        memcpy(out + size, entries[i].p, entries[i].size);
        size += entries[i].size;
    }
    return fwl_span(out, size);
}

static void
test_chunk__every_damage(void **state)
{
    static uint8_t out[1 << 17];
    struct parsed p;
    uint32_t index = fullest(&p);
    struct fwl_span chunk = fwl_snapshot_chunk(&good, index);
    struct fwl_span t[65];
    struct fwl_writer w;
    struct fwl_span big;
    static uint8_t zeros[FWL_ENTRY_MAX + 1];
    struct fwl_chunk_entry e = {.key = fwl_span(zeros, 1), .value = fwl_span(zeros, 1)};

    (void)state;
    assert_true(p.count >= 2);
    assert_int_equal(fwl_chunk_verify(&good.info, index, chunk), FWL_OK);
    for (size_t size = 0; size < chunk.size; size++) {
        assert_int_not_equal(fwl_chunk_verify(&good.info, index, fwl_span(chunk.p, size)), FWL_OK);
    }
    memcpy(t, p.entry, sizeof(p.entry));
    assert_int_equal(fwl_chunk_verify(&good.info, index, join(out, t + 1, p.count - 1)), FWL_ERR_PROOF);
    t[0] = p.entry[1];
    t[1] = p.entry[0];
    assert_int_equal(fwl_chunk_verify(&good.info, index, join(out, t, p.count)), FWL_ERR_ORDER);
    t[0] = t[1] = p.entry[0];
    memcpy(t + 2, p.entry + 1, sizeof(p.entry) - sizeof(p.entry[0]));
    assert_int_equal(fwl_chunk_verify(&good.info, index, join(out, t, p.count + 1)), FWL_ERR_ORDER);
    assert_int_equal(fwl_chunk_verify(&good.info, index ^ 1, chunk), FWL_ERR_PROOF);
    for (size_t i = 0; i < chunk.size; i++) {
        memcpy(out, chunk.p, chunk.size);
        out[i] ^= (uint8_t)(1U << i % 8);
        assert_int_not_equal(fwl_chunk_verify(&good.info, index, fwl_span(out, chunk.size)), FWL_OK);
    }
    /* the longest key and value, and one byte more; no key, no value */
    for (int longer = 0; longer < 4; longer++) {
        static const size_t keys[] = {FWL_KV_KEY_MAX, FWL_KV_KEY_MAX + 1, 1, 0};
        static const size_t values[] = {FWL_ENTRY_MAX, 1, FWL_ENTRY_MAX + 1, 1};
        struct fwl_chunk_entry got;
        struct fwl_reader it;

        e = (struct fwl_chunk_entry){fwl_span(zeros, keys[longer]), fwl_span(zeros, values[longer])};
        fwl_writer_init(&w, out, sizeof(out));
        fwl_chunk_put(&w, &e);
        assert_int_equal(fwl_writer_finish(&w, &big), FWL_OK);
        fwl_reader_init(&it, big);
        assert_int_equal(fwl_chunk_next(&it, &got), longer == 0);
        assert_int_equal(fwl_reader_finish(&it), longer == 0 ? FWL_OK : FWL_ERR_VALUE);
    }
    fwl_writer_init(&w, out, sizeof(out));
    e = (struct fwl_chunk_entry){fwl_span(zeros, 1), fwl_span(zeros, 0)};
    fwl_chunk_put(&w, &e);
    assert_int_equal(fwl_chunk_verify(&good.info, index, fwl_span(out, w.size)), FWL_ERR_VALUE);
    assert_int_equal(fwl_chunk_verify(&good.info, index, fwl_span(chunk.p, (size_t)FWL_SNAPSHOT_CHUNK_MAX + 1)),
                     FWL_ERR_LIMIT);
}

/* ---- what a certified header does not cover by itself ---- */

/* The SNAPINFO of the chain with the bytes at @offset changed and everything that can be made good again made good. */
static enum fwl_err
info_with(size_t offset, uint8_t with, size_t size)
{
    static uint8_t out[FWL_SNAPINFO_MAX];
    struct fwl_snapinfo info;
    enum fwl_err err = FWL_OK;

    memcpy(out, good.info_bytes.p, good.info_bytes.size);
    memset(out + offset, with, size);
    err = fwl_snapinfo_decode(&info, fwl_span(out, good.info_bytes.size));
    return err == FWL_OK ? fwl_snapinfo_roots(&info) : err;
}

static void
test_snapinfo__roots(void **state)
{
    size_t parts = (size_t)(good.info.parts.p - good.info_bytes.p);
    size_t end = good.info_bytes.size;
    uint32_t full = 0;
    uint32_t empty = 0;
    struct fwl_tree_part part;

    (void)state;
    for (fwl_snapinfo_part(&part, &good.info, full); part.count != 1; fwl_snapinfo_part(&part, &good.info, full)) {
        full++;
    }
    for (fwl_snapinfo_part(&part, &good.info, empty); part.count != 0; fwl_snapinfo_part(&part, &good.info, empty)) {
        empty++;
    }
    assert_int_equal(info_with(0, 0, 0), FWL_OK);
    assert_int_equal(info_with(parts + 33 * full, 0, 1), FWL_ERR_VALUE);  /* no leaf, but a hash */
    assert_int_equal(info_with(parts + 33 * full, 3, 1), FWL_ERR_VALUE);  /* no count */
    assert_int_equal(info_with(parts + 33 * empty, 1, 1), FWL_ERR_VALUE); /* a leaf without a hash */
    assert_int_equal(info_with(parts + 33 * full + 1, 7, 32), FWL_ERR_PROOF);
    assert_int_equal(info_with(end - 32, 7, 32), FWL_ERR_PROOF);         /* the log */
    assert_int_equal(info_with(parts + 33 * 256, 7, 32), FWL_ERR_PROOF); /* the history */
    assert_int_equal(info_with(parts - 2, 0, 1), FWL_ERR_VALUE);         /* 0 chunks */
    assert_int_equal(info_with(FWL_HEADER_SIZE, 0, 2), FWL_ERR_VALUE);   /* no member */
    assert_int_equal(info_with(FWL_HEADER_SIZE + 1, FWL_VALIDATORS_MAX + 1, 1), FWL_ERR_VALUE);
    assert_int_equal(info_with(34, 0, 8), FWL_ERR_VALUE);    /* height 0 */
    assert_int_equal(info_with(34, 0x7f, 8), FWL_ERR_LIMIT); /* a height beyond any tree */
}

/* Where the sibling has leaves too, a count of 2 for 1 changes no root: chunks must be judged by their hash. */
static void
test_snapinfo__counts(void **state)
{
    static uint8_t out[FWL_SNAPINFO_MAX];
    size_t parts = (size_t)(good.info.parts.p - good.info_bytes.p);
    struct fwl_snapinfo info;
    uint32_t same = 0;

    (void)state;
    for (uint32_t i = 0; i < good.info.chunks; i++) {
        memcpy(out, good.info_bytes.p, good.info_bytes.size);
        if (out[parts + 33 * i] == 1) {
            out[parts + 33 * i] = 2;
            assert_int_equal(fwl_snapinfo_decode(&info, fwl_span(out, good.info_bytes.size)), FWL_OK);
            same += fwl_snapinfo_roots(&info) == FWL_OK;
            assert_int_equal(fwl_chunk_verify(&info, i, fwl_snapshot_chunk(&good, i)), FWL_OK);
        }
    }
    assert_true(same > 0);
}

static void
test_snapinfo__sets(void **state)
{
    struct fwl_hash32 other = chain->world->chain_id;
    struct fwl_trail old;
    struct fwl_validators set;
    uint8_t keys[FWL_VALIDATORS_SIZE_MAX];

    (void)state;
    assert_int_equal(fwl_trail_begin(&old, good.genesis), FWL_OK);
    assert_int_equal(fwl_snapshot_verify(&good, &trail, &other, NULL, NULL), FWL_OK);
    assert_int_equal(fwl_snapinfo_verify(&good.info, &old.at.validators, &other, fwl_cert_schnorr, NULL),
                     FWL_ERR_EPOCH);
    set = trail.at.validators;
    assert_int_equal(fwl_snapinfo_verify(&good.info, &set, &other, fwl_cert_schnorr, NULL), FWL_OK);
    memcpy(keys, set.keys.p, set.keys.size);
    keys[40] ^= 1;
    set.keys.p = keys;
    assert_int_equal(fwl_snapinfo_verify(&good.info, &set, &other, fwl_cert_schnorr, NULL), FWL_ERR_EPOCH);
    other.b[0] ^= 1;
    assert_int_equal(fwl_snapinfo_verify(&good.info, &trail.at.validators, &other, fwl_cert_schnorr, NULL),
                     FWL_ERR_CHAIN);
}

static void
test_trail__steps(void **state)
{
    struct fwl_trail t;
    struct fwl_reader it;
    struct fwl_span step;
    uint8_t bad[4096];

    (void)state;
    assert_int_not_equal(fwl_trail_begin(&t, fwl_span(good.genesis.p, good.genesis.size - 1)), FWL_OK);
    fwl_reader_init(&it, good.steps);
    assert_true(fwl_snapshot_step(&it, &step) && step.size < sizeof(bad));
    assert_int_equal(fwl_trail_step(&t, step, fwl_cert_schnorr, NULL), FWL_ERR_STATE); /* not begun */
    assert_int_equal(fwl_trail_begin(&t, good.genesis), FWL_OK);
    for (size_t i = 0; i < step.size; i++) {
        memcpy(bad, step.p, step.size);
        bad[i] ^= (uint8_t)(1U << i % 8);
        assert_int_not_equal(fwl_trail_step(&t, fwl_span(bad, step.size), fwl_cert_schnorr, NULL), FWL_OK);
        assert_true(t.at.epoch == 0 && t.at.validators.n == 4);
    }
    assert_int_equal(fwl_trail_step(&t, step, fwl_cert_schnorr, NULL), FWL_OK);
    assert_true(t.at.epoch == 1 && t.at.validators.n == 5 && t.first == CHANGE + 1);
    assert_int_not_equal(fwl_trail_step(&t, step, fwl_cert_schnorr, NULL), FWL_OK); /* taken once */
    assert_int_equal(fwl_trail_leads_to(&t, &good.info.header), FWL_OK);
    assert_int_equal(fwl_trail_begin(&t, good.genesis), FWL_OK);
    assert_int_equal(fwl_trail_leads_to(&t, &good.info.header), FWL_ERR_EPOCH);
}

/* ---- the maker ---- */

static void
change(enum fwl_space space, struct fwl_span key, const struct fwl_span *value)
{
    struct fwl_storage storage = fwl_memstore_storage(copy);
    struct fwl_overlay o;
    uint8_t arena[4096];

    assert_int_equal(fwl_memstore_copy(copy, chain->store), FWL_OK);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    if (value == NULL) {
        assert_int_equal(fwl_overlay_delete(&o, space, key), FWL_OK);
    } else {
        assert_int_equal(fwl_overlay_put(&o, space, key, *value), FWL_OK);
    }
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
}

static void
test_snapmake__unsound_stores(void **state)
{
    uint8_t number[8] = {0};
    struct fwl_span zero = fwl_span(number, sizeof(number));
    struct fwl_span junk = fwl_span_text("?");
    struct fwl_span params = fwl_span("\5", 1); /* table 5, the parameters */

    (void)state;
    change(FWL_SPACE_META, fwl_span_text("history"), NULL);
    assert_int_equal(make_error(copy), FWL_ERR_ABSENT);
    change(FWL_SPACE_META, fwl_span_text("history"), &junk);
    assert_int_equal(make_error(copy), FWL_ERR_CORRUPT);
    change(FWL_SPACE_META, fwl_span_text("genesis"), NULL);
    assert_int_equal(make_error(copy), FWL_ERR_ABSENT);
    change(FWL_SPACE_HDR, zero, NULL); /* of height 0 */
    assert_int_equal(make_error(copy), FWL_ERR_ABSENT);
    change(FWL_SPACE_HDR, zero, &junk);
    assert_int_equal(make_error(copy), FWL_ERR_CORRUPT);
    change(FWL_SPACE_SET, zero, NULL); /* epoch 0 with its step */
    assert_int_equal(make_error(copy), FWL_ERR_ABSENT);
    change(FWL_SPACE_KV, params, &junk); /* an entry that the tree has otherwise */
    assert_int_equal(make_error(copy), FWL_ERR_CORRUPT);
    change(FWL_SPACE_KV, params, NULL);
    assert_int_equal(make_error(copy), FWL_ERR_CORRUPT);
    change(FWL_SPACE_SMT, fwl_span(number, 1), NULL); /* the root record */
    assert_int_equal(make_error(copy), FWL_ERR_CORRUPT);
}

static void
test_snapmake__files(void **state)
{
    struct fwl_storage storage = fwl_memstore_storage(chain->store);
    const struct fwl_snapmake_config config = {.split = 0};
    const char *tmp = getenv("TMPDIR");
    struct fwl_snapfile *file = NULL;
    struct fwl_read read;
    char folder[512];
    char path[600];
    char part[700];
    FILE *f = fopen("/dev/full", "w+");

    (void)state;
    assert_int_equal(make_to(chain->store, f, &config), FWL_ERR_FULL);
    (void)fclose(f);
    (void)snprintf(folder, sizeof(folder), "%s/fwl-snap-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/a.fws", folder);
    (void)snprintf(part, sizeof(part), "%s.part", path);
    assert_int_equal(fwl_snapfile_open(&file, path), FWL_ERR_ABSENT);
    assert_int_equal(fwl_snapfile_open(&file, folder), FWL_ERR_STORAGE);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_snapmake_file(&read.kv, "/dev/null/a.fws", &config), FWL_ERR_STORAGE);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(fwl_snapmake_file(&read.kv, path, &config), FWL_OK);
        assert_int_equal(access(part, F_OK), -1);
        assert_int_equal(fwl_snapfile_open(&file, path), FWL_OK);
        assert_true(fwl_span_equal(file->bytes, whole));
        fwl_snapfile_close(file);
    }
    fwl_read_end(&read);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(fwl_snapfile_open(&file, path), FWL_ERR_TRUNCATED);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(fwl_snapfile_open(&file, path), FWL_ERR_TRUNCATED);
    assert_null(file);
    assert_true(unlink(path) == 0 && rmdir(folder) == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot__what_it_has),    cmocka_unit_test(test_snapshot__every_truncation),
        cmocka_unit_test(test_snapshot__flipped_bits),   cmocka_unit_test(test_snapshot__of_another_chain),
        cmocka_unit_test(test_snapshot__more_chunks),    cmocka_unit_test(test_chunk__every_damage),
        cmocka_unit_test(test_snapinfo__roots),          cmocka_unit_test(test_snapinfo__counts),
        cmocka_unit_test(test_snapinfo__sets),           cmocka_unit_test(test_trail__steps),
        cmocka_unit_test(test_snapmake__unsound_stores), cmocka_unit_test(test_snapmake__files),
    };

    return cmocka_run_group_tests(tests, build, clean);
}
