#include "ledger/chain/mempool.h"

#include "core/carve.h"
#include "core/sha256.h"

enum {
    REFUSED_SLOTS = 8192, /* remembered refusals; a newer one replaces the older in its slot */
    NONE = 0,             /* in the hash table; entries count from 1 */
};

struct entry {
    struct fwl_hash32 txid;
    size_t offset; /* in the bytes */
    size_t size;   /* 0: removed */
};

struct fwl_mempool {
    struct fwl_mempool_config config;
    struct entry *entries; /* in order of arrival, removed ones among them */
    size_t used;           /* of entries */
    size_t count;          /* that wait */
    size_t waiting_bytes;
    uint8_t *bytes; /* transactions, one after the other, those of removed entries among them */
    size_t bytes_used;
    uint32_t *table; /* open addressing by id; entry number + 1 */
    size_t table_size;
    struct fwl_hash32 *refused;
    size_t recheck_at; /* entry where the next recheck begins */
};

static size_t
table_size(const struct fwl_mempool_config *config)
{
    size_t size = 64;

    while (size < 4 * config->transactions_max) {
        size *= 2;
    }
    return size;
}

size_t
fwl_mempool_footprint(const struct fwl_mempool_config *config)
{
    return fwl_carve_size(sizeof(struct fwl_mempool)) +
           fwl_carve_size(2 * config->transactions_max * sizeof(struct entry)) + fwl_carve_size(2 * config->bytes_max) +
           fwl_carve_size(table_size(config) * sizeof(uint32_t)) +
           fwl_carve_size(REFUSED_SLOTS * sizeof(struct fwl_hash32));
}

struct fwl_mempool *
fwl_mempool_init(void *memory, size_t size, const struct fwl_mempool_config *config)
{
    uint8_t *at = memory;
    struct fwl_mempool *m = fwl_carve(&at, sizeof(*m));

    FWL_ASSERT(size >= fwl_mempool_footprint(config) && config->bytes_max >= FWL_TX_MAX &&
               config->transactions_max > 0 && config->transactions_max < UINT32_MAX / 4);
    memset(m, 0, sizeof(*m));
    m->config = *config;
    m->entries = fwl_carve(&at, 2 * config->transactions_max * sizeof(struct entry));
    m->bytes = fwl_carve(&at, 2 * config->bytes_max);
    m->table_size = table_size(config);
    m->table = fwl_carve(&at, m->table_size * sizeof(uint32_t));
    memset(m->table, 0, m->table_size * sizeof(uint32_t));
    m->refused = fwl_carve(&at, REFUSED_SLOTS * sizeof(struct fwl_hash32));
    memset(m->refused, 0, REFUSED_SLOTS * sizeof(struct fwl_hash32));
    return m;
}

static size_t
slot_of(const struct fwl_mempool *m, const struct fwl_hash32 *hash)
{
    uint64_t v = (fwl_load_be64(hash->b) ^ m->config.seed) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(v >> 20) & (m->table_size - 1);
}

/* The table's place of @txid, or the empty place where it belongs. The table is never full. */
static size_t
probe(const struct fwl_mempool *m, const struct fwl_hash32 *txid)
{
    size_t at = slot_of(m, txid);

    while (m->table[at] != NONE && !fwl_hash32_equal(&m->entries[m->table[at] - 1].txid, txid)) {
        at = (at + 1) & (m->table_size - 1);
    }
    return at;
}

static struct entry *
find(const struct fwl_mempool *m, const struct fwl_hash32 *txid)
{
    uint32_t number = m->table[probe(m, txid)];

    return number == NONE || m->entries[number - 1].size == 0 ? NULL : &m->entries[number - 1];
}

/* Closes the gaps that removed entries left, in entries, bytes and table. */
static void
compact(struct fwl_mempool *m)
{
    size_t to = 0;
    size_t bytes = 0;
    size_t recheck_at = 0;

    memset(m->table, 0, m->table_size * sizeof(uint32_t));
    for (size_t i = 0; i < m->used; i++) {
        if (i == m->recheck_at) {
            recheck_at = to;
        }
        if (m->entries[i].size == 0) {
            continue;
        }
        memmove(m->bytes + bytes, m->bytes + m->entries[i].offset, m->entries[i].size);
        m->entries[to] = m->entries[i];
        m->entries[to].offset = bytes;
        bytes += m->entries[to].size;
        to++;
        m->table[probe(m, &m->entries[to - 1].txid)] = (uint32_t)to;
    }
    m->used = to;
    m->bytes_used = bytes;
    m->recheck_at = recheck_at;
}

static void
insert(struct fwl_mempool *m, const struct fwl_hash32 *txid, struct fwl_span tx)
{
    if (m->used == 2 * m->config.transactions_max || m->bytes_used + tx.size > 2 * m->config.bytes_max) {
        compact(m);
    }
    memcpy(m->bytes + m->bytes_used, tx.p, tx.size);
    m->entries[m->used] = (struct entry){.txid = *txid, .offset = m->bytes_used, .size = tx.size};
    m->bytes_used += tx.size;
    m->used++;
    m->table[probe(m, txid)] = (uint32_t)m->used;
    m->count++;
    m->waiting_bytes += tx.size;
}

static struct fwl_hash32 *
refusal_of(const struct fwl_mempool *m, const struct fwl_hash32 *all)
{
    return &m->refused[slot_of(m, all) % REFUSED_SLOTS];
}

/* Refusals that another block, or only time, can lift are not remembered; nor that it is final already, which is found
 * out at no cost and must be told each time. */
static bool
is_lasting(enum fwl_err err)
{
    return err >= 20 && err < 60;
}

enum fwl_err
fwl_mempool_add(struct fwl_mempool *m, struct fwl_chain *chain, struct fwl_state_refusal *why, struct fwl_hash32 *txid,
                struct fwl_span tx, uint64_t now_ms)
{
    struct fwl_hash32 all;
    enum fwl_err err = FWL_OK;

    *txid = (struct fwl_hash32){{0}};
    fwl_sha256(&all, tx);
    if (fwl_hash32_equal(refusal_of(m, &all), &all)) {
        if (why != NULL) {
            *why = (struct fwl_state_refusal){.err = FWL_ERR_STATE,
                                              .action = "transaction",
                                              .field = "",
                                              .rule = "exactly these bytes were refused a while ago"};
        }
        return FWL_ERR_STATE;
    }
    err = fwl_chain_try(chain, why, txid, tx, now_ms);
    if (err == FWL_OK && find(m, txid) != NULL) {
        return FWL_ERR_EXISTS;
    }
    if (err == FWL_OK && (m->count == m->config.transactions_max || m->waiting_bytes + tx.size > m->config.bytes_max)) {
        return FWL_ERR_BUSY;
    }
    if (err == FWL_OK) {
        insert(m, txid, tx);
    } else if (is_lasting(err)) {
        *refusal_of(m, &all) = all;
    }
    return err;
}

bool
fwl_mempool_find(const struct fwl_mempool *m, struct fwl_span *tx, const struct fwl_hash32 *txid)
{
    const struct entry *e = find(m, txid);

    *tx = e == NULL ? (struct fwl_span){0} : fwl_span(m->bytes + e->offset, e->size);
    return e != NULL;
}

void
fwl_mempool_remove(struct fwl_mempool *m, const struct fwl_hash32 *txid)
{
    struct entry *e = find(m, txid);

    if (e != NULL) {
        m->count--;
        m->waiting_bytes -= e->size;
        e->size = 0; /* its place in the table stays until it is compacted, or the same id comes again */
    }
}

bool
fwl_mempool_next(const struct fwl_mempool *m, size_t *at, struct fwl_span *tx, struct fwl_hash32 *txid)
{
    while (*at < m->used && m->entries[*at].size == 0) {
        (*at)++;
    }
    if (*at == m->used) {
        return false;
    }
    *tx = fwl_span(m->bytes + m->entries[*at].offset, m->entries[*at].size);
    *txid = m->entries[*at].txid;
    (*at)++;
    return true;
}

void
fwl_mempool_recheck(struct fwl_mempool *m, struct fwl_chain *chain, uint64_t now_ms, size_t most,
                    void (*dropped)(void *cookie, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why),
                    void *cookie)
{
    most = FWL_MIN(most, m->used);
    for (size_t i = 0; i < most; i++) {
        struct fwl_state_refusal why = {0};
        struct fwl_hash32 txid;
        struct entry *e = NULL;

        m->recheck_at = m->recheck_at < m->used ? m->recheck_at : 0;
        e = &m->entries[m->recheck_at++];
        if (e->size == 0 ||
            fwl_chain_try(chain, &why, &txid, fwl_span(m->bytes + e->offset, e->size), now_ms) == FWL_OK ||
            why.err == FWL_OK) { /* a failure of our own, which says nothing about it */
            continue;
        }
        if (dropped != NULL) {
            dropped(cookie, &txid, &why);
        }
        fwl_mempool_remove(m, &txid);
    }
}

size_t
fwl_mempool_count(const struct fwl_mempool *m)
{
    return m->count;
}

size_t
fwl_mempool_bytes(const struct fwl_mempool *m)
{
    return m->waiting_bytes;
}
