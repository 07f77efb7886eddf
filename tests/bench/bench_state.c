/* Publications through execution, their signatures taken as good: a block of 1,000 over 20 classes. */
#include "../unit/state/ledger_help.h"
#include "bench.h"

enum { PUBLICATIONS = 1000, CLASSES = 20 };

static struct help_ledger ledger;
static struct fwl_span txs[PUBLICATIONS];

static void
block(void *cookie)
{
    struct fwl_state_result result;

    (void)cookie;
    fwl_overlay_reset(&ledger.block);
    fwl_state_begin(ledger.state, &ledger.block, &ledger.at);
    for (size_t i = 0; i < PUBLICATIONS; i++) {
        FWL_ASSERT(fwl_state_apply(ledger.state, NULL, NULL, txs[i]) == FWL_OK);
    }
    FWL_ASSERT(fwl_state_end(ledger.state, &result) == FWL_OK);
}

int
main(int argc, char **argv)
{
    static uint8_t bytes[PUBLICATIONS][1024];
    char name[CLASSES][32];

    help_open(&ledger);
    help_world(&ledger);
    help_begin(&ledger);
    for (unsigned i = 0; i < CLASSES; i++) {
        (void)snprintf(name[i], sizeof(name[i]), "acme/bench/c%u", i);
        FWL_ASSERT(help_class(&ledger, "acme", name[i]) == FWL_OK);
    }
    help_end(&ledger);
    for (unsigned i = 0; i < PUBLICATIONS; i++) {
        uint8_t record[512];
        struct fwl_action a = {.code = FWL_ACTION_RELEASE_PUBLISH,
                               .has = fwl_action_required(FWL_ACTION_RELEASE_PUBLISH)};

        a.u.publish.record = help_record(record, sizeof(record), "acme", name[i % CLASSES], i);
        txs[i] = help_tx(&ledger, bytes[i], sizeof(bytes[i]), "acme", &a, 1, &help_governor);
    }
    bench_run("state.publish_block_of_1000", bench_smoke(argc, argv), 0, block, NULL);
    help_close(&ledger);
    return 0;
}
