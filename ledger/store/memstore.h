/*
 * memstore - a store in memory with faults, for tests and the simulator. Zone H.
 *
 * The same interface and promises as ledger/store/store.h, for one thread, with as many stores in a process as there
 * are nodes. What commits makes up the durable image, which outlives fwl_memstore_crash; faults are asked for by the
 * number of the commit, so a simulator can strike at every durable write.
 */
#ifndef FWL_LEDGER_STORE_MEMSTORE_H
#define FWL_LEDGER_STORE_MEMSTORE_H

#include "ledger/kv/storage.h"

enum fwl_memstore_fault {
    FWL_MEMSTORE_NONE = 0,
    FWL_MEMSTORE_FULL = 1,       /* FWL_ERR_FULL, nothing committed, the store goes on */
    FWL_MEMSTORE_LOST = 2,       /* FWL_ERR_STORAGE, nothing committed, refuses all until fwl_memstore_crash */
    FWL_MEMSTORE_UNANSWERED = 3, /* the same, but the commit is durable: power went before the answer */
};

struct fwl_memstore;

/** fwl_memstore_new - an empty store; NULL when out of memory. fwl_memstore_free - NULL is fine. */
FWL_NODISCARD struct fwl_memstore *fwl_memstore_new(void);
void fwl_memstore_free(struct fwl_memstore *m);

/** fwl_memstore_storage - the store as storage.h sees it. Keeps @m. */
struct fwl_storage fwl_memstore_storage(struct fwl_memstore *m);

/** fwl_memstore_fail - the @nth commit from now (1 = the next) meets @fault, and with @for_ever all after it; @nth 0
 * takes a fault back. */
void fwl_memstore_fail(struct fwl_memstore *m, uint64_t nth, enum fwl_memstore_fault fault, bool for_ever);

/** fwl_memstore_lie - from now on (@on), commits are acknowledged but not durable, as on a disk that ignores
 * flushes or with a forgotten sync; turning it off makes everything so far durable. FWL_OK or FWL_ERR_MEMORY. */
FWL_NODISCARD enum fwl_err fwl_memstore_lie(struct fwl_memstore *m, bool on);

/** fwl_memstore_crash - the process dies and starts again: open reads end, what was not durable is lost, faults
 * and refusal are over. */
void fwl_memstore_crash(struct fwl_memstore *m);

/** fwl_memstore_commits - commits acknowledged since the store was made. */
uint64_t fwl_memstore_commits(const struct fwl_memstore *m);

/** fwl_memstore_copy - make the durable image of @to that of @from (backup, restore, cloned folder; an empty @from is a
 * lost store). FWL_OK, or FWL_ERR_MEMORY with @to as before. No read of @to is open. */
FWL_NODISCARD enum fwl_err fwl_memstore_copy(struct fwl_memstore *to, const struct fwl_memstore *from);

#endif
