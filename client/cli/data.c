#include "client/cli/data.h"

#include <stdio.h>
#include <sys/stat.h>

#include "client/cli/commands.h"
#include "ledger/query/query.h"

enum {
    PATH_BYTES = 4096,
};

int
fwl_data_fail_absent(const char *dir, const char *name)
{
    (void)fprintf(stderr,
                  "fwledger: %s: it is no folder of a node: there is neither %s/data.mdb nor data/%s/data.mdb\n", dir,
                  name, name);
    return FWL_EXIT_STORAGE;
}

static int
open_data(struct fwl_data *out, const char *dir, enum fwl_store_kind kind, bool reader)
{
    static const char *const within[] = {"", "/data"};
    const char *name = kind == FWL_STORE_CHAIN ? "chain" : "votes";
    char folder[PATH_BYTES];
    char file[PATH_BYTES];
    struct stat st;
    enum fwl_err err = FWL_ERR_ABSENT;

    *out = (struct fwl_data){.store = NULL};
    for (size_t i = 0; i < FWL_COUNT(within) && err == FWL_ERR_ABSENT; i++) {
        (void)snprintf(folder, sizeof(folder), "%s%s/%s", dir, within[i], name);
        (void)snprintf(file, sizeof(file), "%.4000s/data.mdb", folder);
        if (stat(file, &st) == 0) {
            err = reader ? fwl_store_open_reader(&out->store, folder, kind)
                         : fwl_store_open(&out->store, folder, kind, 0);
        }
    }
    if (err == FWL_ERR_LOCKED) {
        (void)fprintf(stderr, "fwledger: %s: a running node has it open; stop the node first\n", dir);
        return FWL_EXIT_STORAGE;
    }
    if (err == FWL_ERR_ABSENT) {
        return fwl_data_fail_absent(dir, name);
    }
    if (err == FWL_OK) {
        out->storage = fwl_store_storage(out->store);
        err = fwl_read_begin(&out->storage, &out->read);
    }
    if (err != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s: %s\n", dir, name, fwl_err_text(err));
        return FWL_EXIT_STORAGE;
    }
    return 0;
}

int
fwl_data_open(struct fwl_data *out, const char *dir, enum fwl_store_kind kind)
{
    return open_data(out, dir, kind, false);
}

int
fwl_data_open_reader(struct fwl_data *out, const char *dir, enum fwl_store_kind kind)
{
    return open_data(out, dir, kind, true);
}

void
fwl_data_close(struct fwl_data *data)
{
    fwl_read_end(&data->read);
    fwl_store_close(data->store);
    *data = (struct fwl_data){.store = NULL};
}

enum fwl_err
fwl_data_certificate(struct fwl_span *out, uint8_t buffer[FWL_CERT_SIZE_MAX], const struct fwl_kv *chain,
                     uint64_t height)
{
    struct fwl_query_block block;
    struct fwl_cert cert;
    struct fwl_writer w;
    enum fwl_err err = fwl_query_block(chain, &block, height);

    *out = fwl_span(NULL, 0);
    err = err == FWL_OK ? fwl_query_certificate(chain, &cert, &block) : err;
    if (err == FWL_OK) {
        fwl_writer_init(&w, buffer, FWL_CERT_SIZE_MAX);
        fwl_cert_put(&w, &cert);
        err = fwl_writer_finish(&w, out);
    }
    return err;
}
