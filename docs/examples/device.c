/*
 * device - what a device does with a bundle: check it, decide, keep its state. Explained in docs/device.md.
 *
 *   fwledger verify --anchor anchor.json --state device.state ...    makes the state file, as a factory would
 *   example_device device.state bundle.fwb AUTHOR VERSION            AUTHOR: fwledger key show author.key
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/verify/verify.h"
#include "core/hex.h"

/* All memory that a check takes besides the stack; nothing is allocated. */
static struct fwl_device device;
static struct fwl_verify verify;
static struct fwl_decide_work work;
static struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
static struct fwl_cel_cell cells[FWL_DECIDE_CELLS(0, 0, 0) + 64];
static uint8_t bundle[196608];              /* up to 128 KiB of epoch steps after a long time away */
static uint8_t slots[2][FWL_SLOT_SIZE_MAX]; /* two flash pages; here two halves of a file */

static size_t
read_file(void *out, size_t room, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(out, 1, room, file);

    if (file != NULL) {
        (void)fclose(file);
    }
    return size;
}

/* The older slot is overwritten; a power cut on the way leaves the newer one. */
static enum fwl_err
save(const char *path)
{
    unsigned to = fwl_slot_next(&device);
    struct fwl_span slot;
    enum fwl_err err = fwl_slot_encode(&slot, slots[to], sizeof(slots[to]), &device);
    FILE *file = err == FWL_OK ? fopen(path, "r+b") : NULL;
    bool good = file != NULL && fseek(file, (long)(to * sizeof(slots[to])), SEEK_SET) == 0 &&
                fwrite(slot.p, 1, slot.size, file) == slot.size && fflush(file) == 0; /* a device also syncs here */

    if (file != NULL) {
        good = fclose(file) == 0 && good;
    }
    if (good) {
        fwl_device_saved(&device);
    }
    return good ? FWL_OK : FWL_ERR_STORAGE;
}

/* FWL_OK: verify.decision holds. Anything else: install nothing. */
static enum fwl_err
check(const char *state, const char *file, const struct fwl_key *author, const char *version)
{
    const struct fwl_verify_settings settings = {.authors = {.keys = author, .count = 1}};
    const struct fwl_facts facts = {.id = fwl_span_text("gw-0001"),
                                    .fleet = fwl_span_text("plant-ops/line-7"),
                                    .class_name = fwl_span_text("acme/gw100/modem"),
                                    .model = fwl_span_text("gw100"),
                                    .has_revision = true,
                                    .revision = 3,
                                    .has_battery = true,
                                    .battery = 80,
                                    .version = fwl_span_text(version)};
    size_t size = read_file(bundle, sizeof(bundle), file);
    enum fwl_err err = FWL_OK;

    if (read_file(slots, sizeof(slots), state) == 0) {
        return FWL_ERR_ABSENT;
    }
    err = fwl_slots_decode(&device, fwl_span(slots[0], sizeof(slots[0])), fwl_span(slots[1], sizeof(slots[1])));
    if (err != FWL_OK) {
        return err;
    }
    work.cells = cells;
    work.cell_count = FWL_COUNT(cells);
    err = fwl_verify_init(&verify, &device, &settings, &facts, (uint64_t)time(NULL) * 1000);
    if (err == FWL_OK) {
        err = fwl_verify_bundle(&verify, candidates, &work, fwl_span(bundle, size));
    }
    if ((verify.fresh || fwl_verify_keep_steps(&verify)) &&
        fwl_device_must_save(&device, err == FWL_OK && verify.decision.kind == FWL_DECISION_INSTALL)) {
        enum fwl_err saved = save(state);

        err = err == FWL_OK ? saved : err; /* without saved trust nothing is installed */
    }
    return err;
}

int
main(int argc, char **argv)
{
    struct fwl_key author = {.alg = FWL_ALG_ES256K};
    enum fwl_err err = FWL_ERR_ARG;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: example_device STATE BUNDLE AUTHOR VERSION\n");
        return 2;
    }
    if (strncmp(argv[3], "es256k:", 7) == 0 &&
        fwl_hex_decode(author.point.b, sizeof(author.point.b), fwl_span_text(argv[3] + 7)) == FWL_OK) {
        err = check(argv[1], argv[2], &author, argv[4]);
    }
    if (err != FWL_OK) {
        (void)fprintf(stderr, "example_device: %s\n", fwl_err_text(err));
        return fwl_verify_exit(err);
    }
    printf("%s", fwl_decision_name(verify.decision.kind));
    if (verify.decision.kind == FWL_DECISION_INSTALL) {
        struct fwl_span v = verify.chosen.record.version;
        char id[65];

        fwl_hex_encode(id, sizeof(id), fwl_hash32_span(&verify.decision.release));
        printf(" version %.*s, release %s, %llu bytes", (int)v.size, (const char *)v.p, id,
               (unsigned long long)verify.chosen.record.size);
    }
    printf("\nproven at height %llu\n", (unsigned long long)verify.header.height);
    return 0;
}
