#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/config.h"

static char folder[] = "/tmp/fwl-config-XXXXXX";
static char path[64];
static char error[FWL_CONFIG_ERROR_MAX];
static struct fwl_config config;

#define NEEDED "genesis: genesis.cbor\ndata: data\nnode_key: keys/node.key\n"
#define KEY    "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"

static enum fwl_err
load(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return fwl_config_load(&config, error, path);
}

static void
test_config__good(void **state)
{
    char expected[80];

    (void)state;
    assert_int_equal(load(NEEDED "validator_key: /etc/v.key\n"
                                 "p2p:\n  listen: '[::1]:7101'\n  accept: anyone\n  peers:\n"
                                 "    - {key: " KEY ", address: 'host.example:7102'}\n    - {key: " KEY "}\n"
                                 "api: {listen: '127.0.0.1:0', threads: 2, max_connections: 9}\n"
                                 "timers: {t0: 300ms, td: 100ms}\nmempool: {transactions: 5, bytes: 65536}\n"
                                 "retain: 5000\nsync: snapshot\nsnapshots: {every: 100, keep: 16}\n"
                                 "log: {level: debug, format: json}\n"),
                     FWL_OK);
    (void)snprintf(expected, sizeof(expected), "%s/keys/node.key", folder);
    assert_string_equal(config.node_key, expected);
    assert_string_equal(config.validator_key, "/etc/v.key");
    assert_string_equal(config.p2p_listen.host, "::1");
    assert_int_equal(config.p2p_listen.port, 7101);
    assert_true(config.accept_anyone);
    assert_int_equal(config.peer_count, 2);
    assert_true(config.peers[0].dial);
    assert_string_equal(config.peers[0].address.host, "host.example");
    assert_int_equal(config.peers[0].node_key.b[0], 0xf9);
    assert_false(config.peers[1].dial);
    assert_int_equal(config.api_threads, 2);
    assert_int_equal(config.timers.t0, 300);
    assert_int_equal(config.timers.tf, 500);
    assert_int_equal(config.mempool_transactions_max, 5);
    assert_true(config.log_json);
    assert_true(config.retain == 5000 && config.snapshots_every == 100 && config.snapshots_keep == 16);
    assert_int_equal(config.catch_up, FWL_SYNC_SNAPSHOT);
    assert_int_equal(load(NEEDED "retain: all\nsnapshots: {every: 0}\n"), FWL_OK);
    assert_true(config.retain == 0 && config.snapshots_every == 0 && config.catch_up == FWL_SYNC_AUTO);
    assert_int_equal(load(NEEDED), FWL_OK);
    assert_true(config.retain == 0 && config.snapshots_every == 10000 && config.snapshots_keep == 2);
}

static void
test_config__errors(void **state)
{
    static const struct {
        const char *text;
        enum fwl_err err;
        const char *says;
    } bads[] = {
        {NEEDED "gensis: x\n", FWL_ERR_UNKNOWN, ":4: unknown key \"gensis\"; did you mean \"genesis\"?"},
        {"genesis: x\ndata: y\n", FWL_ERR_MISSING, "\"node_key\" is missing"},
        {NEEDED "p2p:\n  listen: nowhere\n", FWL_ERR_VALUE, ":5: \"nowhere\" is not HOST:PORT"},
        {NEEDED "p2p: {listen: 'a:65536'}\n", FWL_ERR_VALUE, "not HOST:PORT"},
        {NEEDED "p2p: {listen: ':1'}\n", FWL_ERR_VALUE, "not HOST:PORT"},
        {NEEDED "p2p: {accept: all}\n", FWL_ERR_VALUE, "accept is listed"},
        {NEEDED "p2p: {peers: [{key: abc}]}\n", FWL_ERR_VALUE, "64 lower-case hexadecimal"},
        {NEEDED "p2p: {peers: [{address: 'a:1'}]}\n", FWL_ERR_MISSING, "\"key\" is missing"},
        {NEEDED "p2p: {peers: [{key: " KEY ", port: 1}]}\n", FWL_ERR_UNKNOWN, "unknown key \"port\""},
        {NEEDED "api: {threads: 0}\n", FWL_ERR_RANGE, "from 1 to 64"},
        {NEEDED "api: {threads: 65}\n", FWL_ERR_RANGE, "from 1 to 64"},
        {NEEDED "timers: {t0: 5ms}\n", FWL_ERR_RANGE, "between 10"},
        {NEEDED "timers: {t0: 2m, tmax: 1m}\n", FWL_ERR_RANGE, "tmax is smaller than t0"},
        {NEEDED "log: {level: loud}\n", FWL_ERR_VALUE, "one of debug"},
        {NEEDED "log: {format: xml}\n", FWL_ERR_VALUE, "text or json"},
        {NEEDED "mempool: {bytes: 65535}\n", FWL_ERR_RANGE, "from 65536"},
        {"genesis: ''\n", FWL_ERR_VALUE, "the path is empty"},
        {NEEDED "p2p: [1]\n", FWL_ERR_TYPE, "a map"},
        {NEEDED "retain: 9\n", FWL_ERR_RANGE, "from 10"},
        {NEEDED "retain: some\n", FWL_ERR_RANGE, "from 10"},
        {NEEDED "retain: 10\nsnapshots: {every: 0}\n", FWL_ERR_RANGE, ":4: blocks are forgotten only below a snapshot"},
        {NEEDED "snapshots: {keep: 0}\n", FWL_ERR_RANGE, "from 1 to 16"},
        {NEEDED "snapshots: {keep: 17}\n", FWL_ERR_RANGE, "from 1 to 16"},
        {NEEDED "snapshots: {often: 1}\n", FWL_ERR_UNKNOWN, "unknown key \"often\""},
        {NEEDED "sync: never\n", FWL_ERR_VALUE, "one of auto, blocks, snapshot"},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bads); i++) {
        assert_int_equal(load(bads[i].text), bads[i].err);
        if (strstr(error, bads[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error, bads[i].says);
        }
    }
    assert_int_equal(fwl_config_load(&config, error, "/nonexistent"), FWL_ERR_ABSENT);
}

static int
make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/config.yaml", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__good),
        cmocka_unit_test(test_config__errors),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
