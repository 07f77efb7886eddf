/* A whole node in this process: stores on disk, sockets, a chain of one validator; and what it refuses to start with.
 */
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"
#include "core/hex.h"
#include "core/host/instance.h"
#include "core/host/keys.h"
#include "ledger/merkle/proof.h"
#include "ledger/model/answer.h"
#include "ledger/model/attest.h"
#include "ledger/model/cert.h"
#include "ledger/model/entry.h"
#include "ledger/model/genesis.h"
#include "ledger/model/statement.h"
#include "ledger/model/tx.h"
#include "node/node.h"

static char folder[256];
static struct fwl_secret governor, validator, node_key;
static struct fwl_pubkey32 validator_public;
static struct fwl_hash32 chain_id;
static struct fwl_config config;
static struct fwl_log quiet; /* no stream: set in main */
static struct fwl_node *node;
static pthread_t thread;
static enum fwl_node_exit run_code;
static struct client_reply reply;

static const char *
path_of(const char *name)
{
    static char path[4][400];
    static size_t next;
    char *out = path[next++ % 4];

    (void)snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
    return out;
}

static void
write_file(const char *name, struct fwl_span bytes)
{
    FILE *f = fopen(path_of(name), "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.size, f), bytes.size);
    assert_int_equal(fclose(f), 0);
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static void
remove_tree(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static struct fwl_span
finish(struct fwl_writer *w)
{
    struct fwl_span out;

    assert_int_equal(fwl_writer_finish(w, &out), FWL_OK);
    return out;
}

static struct fwl_list
key_list(uint8_t *buffer, size_t room)
{
    struct fwl_key key;
    struct fwl_writer w;

    fwl_secret_point(&key.alg, &key.point, &governor);
    fwl_writer_init(&w, buffer, room);
    fwl_key_put_list(&w, &key, 1);
    return (struct fwl_list){.items = finish(&w), .count = 1};
}

static int
compare_members(const void *a, const void *b)
{
    return memcmp(((const struct fwl_member *)a)->key.b, ((const struct fwl_member *)b)->key.b, 32);
}

/* A genesis of the validator and @others that never run. */
static void
write_genesis(const char *name, unsigned others)
{
    struct fwl_genesis g = {.has = 0x7e, .threshold = 1, .development = others == 0};
    struct fwl_member members[4] = {{.has = 0xe, .organisation = fwl_span_text("org-0")}};
    uint8_t list[1024];
    uint8_t keys[128];
    uint8_t buffer[2048];
    struct fwl_writer w;

    g.time_ms = ((uint64_t)time(NULL) - 3600) * 1000;
    fwl_params_default(&g.params);
    g.params.heartbeat_ms = 1000;
    g.governors = key_list(keys, sizeof(keys));
    memcpy(members[0].key.b, validator_public.b, 32);
    for (unsigned i = 1; i <= others; i++) {
        struct fwl_secret secret;
        struct fwl_pubkey32 key;

        fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
        fwl_secret_xonly(&key, &secret);
        members[i] = members[0];
        memcpy(members[i].key.b, key.b, 32);
    }
    qsort(members, others + 1, sizeof(members[0]), compare_members);
    fwl_writer_init(&w, list, sizeof(list));
    for (unsigned i = 0; i <= others; i++) {
        fwl_member_put(&w, &members[i]);
    }
    g.members = (struct fwl_list){.items = finish(&w), .count = others + 1};
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_genesis_put(&w, &g);
    write_file(name, finish(&w));
    fwl_genesis_chain_id(&chain_id, finish(&w));
}

static void
load_config(const char *genesis, const char *more)
{
    char text[1024];
    char error[FWL_CONFIG_ERROR_MAX];

    (void)snprintf(text, sizeof(text),
                   "genesis: %s\ndata: data\nnode_key: node.key\nvalidator_key: validator.key\n"
                   "p2p: {listen: \"127.0.0.1:0\"}\napi: {listen: \"127.0.0.1:0\", threads: 2}\n"
                   "timers: {t0: 300ms, td: 100ms, tf: 80ms, resend: 200ms, min_interval: 0ms}\n%s",
                   genesis, more);
    write_file("config.yaml", fwl_span_text(text));
    assert_int_equal(fwl_config_load(&config, error, path_of("config.yaml")), FWL_OK);
}

static int
setup(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-node-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    fwl_secret_generate(&governor, FWL_KEY_PARTICIPANT);
    fwl_secret_generate(&validator, FWL_KEY_VALIDATOR);
    fwl_secret_generate(&node_key, FWL_KEY_NODE);
    fwl_secret_xonly(&validator_public, &validator);
    assert_int_equal(fwl_secret_save(&validator, path_of("validator.key")), FWL_OK);
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, path_of("validator.key")),
                     FWL_OK);
    assert_int_equal(fwl_secret_save(&node_key, path_of("node.key")), FWL_OK);
    write_genesis("genesis.cbor", 0);
    load_config("genesis.cbor", "");
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

static enum fwl_node_exit
try_open(bool force_voting, bool check_only)
{
    const struct fwl_node_options options = {.force_voting = force_voting, .check_only = check_only};

    return fwl_node_open(&node, &config, &options, &quiet);
}

static void *
run(void *cookie)
{
    run_code = fwl_node_run(cookie);
    return NULL;
}

static void
start_with(bool force_voting)
{
    assert_int_equal(try_open(force_voting, false), FWL_NODE_EXIT_DONE);
    assert_int_equal(pthread_create(&thread, NULL, run, node), 0);
}

static void
start(void)
{
    start_with(false);
}

static void
stop(void)
{
    fwl_node_stop(node);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(run_code, FWL_NODE_EXIT_DONE);
    fwl_node_close(node);
    node = NULL;
}

/* participant.put of @id, signed by the governor for @as. */
static struct fwl_span
make_tx(uint8_t *out, size_t room, const char *as, const char *id)
{
    static uint8_t items[2048];
    static uint8_t payload[4096];
    uint8_t keys[128];
    uint8_t roles[] = {FWL_ROLE_PROVIDER};
    uint8_t salt[FWL_TX_SALT_SIZE];
    struct fwl_tx tx = {.has = 0x3e, .chain_id = chain_id, .participant = fwl_span_text(as)};
    struct fwl_action a = {.code = FWL_ACTION_PARTICIPANT_PUT};
    struct fwl_tx_signature sig;
    struct fwl_key key;
    struct fwl_hash32 digest;
    struct fwl_span bytes;
    struct fwl_writer w;

    fwl_random(salt, sizeof(salt));
    tx.salt = fwl_span(salt, sizeof(salt));
    tx.expires_s = (uint64_t)time(NULL) + 600;
    a.has = fwl_action_required(a.code);
    a.u.participant.id = fwl_span_text(id);
    a.u.participant.keys = key_list(keys, sizeof(keys));
    a.u.participant.threshold = 1;
    a.u.participant.roles = (struct fwl_list){.items = fwl_span(roles, 1), .count = 1};
    fwl_writer_init(&w, items, sizeof(items));
    fwl_action_put(&w, &a);
    tx.actions = (struct fwl_list){.items = finish(&w), .count = 1};
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_tx_put_payload(&w, &tx);
    bytes = finish(&w);
    fwl_secret_point(&key.alg, &key.point, &governor);
    sig.alg = key.alg;
    fwl_key_kid(&sig.kid, &key);
    fwl_tx_digest(&digest, sig.alg, &sig.kid, bytes);
    fwl_ecdsa_sign(&sig.sig, &governor, &digest);
    fwl_writer_init(&w, out, room);
    fwl_tx_put(&w, bytes, &sig, 1);
    return finish(&w);
}

static int
get(const char *path)
{
    return client_get(fwl_node_api_port(node), &reply, path);
}

static int
post(const char *path, struct fwl_span body)
{
    return client_do(fwl_node_api_port(node), &reply, "POST", path, body);
}

static uint64_t
height_in(const char *before)
{
    uint8_t *at = memmem(reply.body, reply.size, before, strlen(before));

    assert_non_null(at);
    return strtoull((char *)at + strlen(before), NULL, 10);
}

static void
test_node__transaction_becomes_final(void **state)
{
    uint8_t bytes[4096];
    char path[128];
    struct fwl_span tx;
    struct fwl_tx decoded;
    struct fwl_hash32 txid;
    char hex[65];

    (void)state;
    start();
    tx = make_tx(bytes, sizeof(bytes), "governors", "acme");
    assert_int_equal(fwl_tx_decode(&decoded, NULL, tx), FWL_OK);
    fwl_tx_id(&txid, decoded.payload);
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&txid));

    assert_int_equal(post("/v1/transactions?wait=final", tx), 200);
    assert_true(client_has(&reply, hex));
    assert_true(height_in("\"height\":") > 0);
    assert_int_equal(get("/v1/participants/acme"), 200);
    assert_true(client_has(&reply, "\"id\":\"acme\""));
    (void)snprintf(path, sizeof(path), "/v1/transactions/%s", hex);
    assert_int_equal(get(path), 200);
    assert_true(client_has(&reply, "participant.put"));

    /* asking again is harmless: who waits gets the place, who does not is told that it is there */
    assert_int_equal(post("/v1/transactions?wait=final", tx), 200);
    assert_int_equal(post("/v1/transactions", tx), 409);
    assert_true(client_has(&reply, "urn:fwledger:error:REPLAY"));
    assert_int_equal(get("/ready"), 200);
    assert_int_equal(get("/metrics"), 200);
    assert_true(client_has(&reply, "fwledger_consensus_total_txs 1\n"));
    stop();
}

static void
test_node__refused_by_the_rules(void **state)
{
    uint8_t bytes[4096];

    (void)state;
    start();
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "nobody", "acme")), 422);
    assert_true(client_has(&reply, "urn:fwledger:error:NO_PARTICIPANT"));
    assert_true(client_has(&reply, "\"detail\":"));
    stop();
}

static void
test_node__answer_verifies(void **state)
{
    uint8_t bytes[4096];
    uint8_t set_bytes[FWL_VALIDATORS_SIZE(1)] = {0, 1};
    struct fwl_validators set;
    struct fwl_answer a;
    struct fwl_header header;
    struct fwl_cert cert;
    struct fwl_proven proven;
    struct fwl_hash32 hash;

    (void)state;
    start();
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "governors", "acme")), 200);
    assert_int_equal(get("/v1/answers/acme/fleet/v/m/c?since=0"), 200);
    assert_int_equal(fwl_answer_decode(&a, NULL, fwl_span(reply.body, reply.size)), FWL_OK);
    assert_int_equal(fwl_header_decode(&header, a.header), FWL_OK);
    assert_true(fwl_hash32_equal(&header.chain_id, &chain_id));
    fwl_header_hash(&hash, &header);
    memcpy(set_bytes + 2, validator_public.b, 32);
    assert_int_equal(fwl_validators_decode(&set, fwl_span(set_bytes, sizeof(set_bytes))), FWL_OK);
    assert_int_equal(fwl_cert_decode_short(&cert, a.cert, 1, header.height, &hash), FWL_OK);
    assert_int_equal(fwl_cert_verify(&cert, &set, &chain_id), FWL_OK);
    assert_int_equal(
        fwl_proof_verify(&proven, &header.state_root, FWL_TABLE_CLASS, fwl_span_text("v/m/c"), a.proofs[1]), FWL_OK);
    assert_false(proven.present);
    stop();
}

static void
test_node__restart_keeps_the_chain(void **state)
{
    uint8_t bytes[4096];
    uint64_t before = 0;

    (void)state;
    start();
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "governors", "acme")), 200);
    before = height_in("\"height\":");
    stop();
    start();
    assert_int_equal(get("/v1/status"), 200);
    assert_true(height_in("\"height\":") >= before);
    assert_int_equal(get("/v1/participants/acme"), 200);
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "governors", "bolt")), 200);
    stop();
}

static void
test_node__stop_answers_who_waits(void **state)
{
    uint8_t bytes[4096];
    struct fwl_span tx;
    int waiting = -1;
    int gone = -1;

    (void)state;
    write_genesis("four.cbor", 3); /* one of four: no quorum, nothing becomes final */
    load_config("four.cbor", "");
    start();
    tx = make_tx(bytes, sizeof(bytes), "governors", "acme");
    waiting = client_connect(fwl_node_api_port(node));
    client_send(waiting, "POST", "/v1/transactions?wait=final", tx);
    do { /* until it is in the pool: the same again is not refused */
        assert_int_equal(get("/metrics"), 200);
    } while (!client_has(&reply, "fwledger_mempool_size 1\n"));
    assert_int_equal(post("/v1/transactions", tx), 202);
    gone = client_connect(fwl_node_api_port(node)); /* a client that does not wait for the end */
    client_send(gone, "POST", "/v1/transactions?wait=final", tx);
    assert_int_equal(shutdown(gone, SHUT_RDWR), 0);
    assert_int_equal(close(gone), 0);
    for (int i = 0; i < 50; i++) { /* the server sees it go meanwhile */
        assert_int_equal(get("/v1/status"), 200);
    }
    assert_int_equal(get("/v1/answers/a/b/v/m/c"), 503);
    assert_int_equal(get("/ready"), 503);
    stop();
    client_read(waiting, &reply);
    assert_int_equal(reply.status, 503);
    assert_true(client_has(&reply, "urn:fwledger:error:STATE"));
}

/* Until so many requests wait for their block. */
static void
await_waiting(unsigned count)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    char line[64];

    (void)snprintf(line, sizeof(line), "fwledger_api_waiting %u\n", count);
    for (int i = 0; i < 500; i++) { /* the number is at most a second old */
        assert_int_equal(get("/metrics"), 200);
        if (client_has(&reply, line)) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("never %u requests wait", count);
}

/* Half of the places at the API may wait for a block; the next one is told to come back, and everybody else is served.
 * A client that has gone gives its place to another. */
static void
test_node__bounded_waiting(void **state)
{
    enum { PLACES = 8 };
    uint8_t bytes[4096];
    struct fwl_span tx;
    int waiting[PLACES / 2];

    (void)state;
    write_genesis("four.cbor", 3); /* one of four: nothing becomes final */
    load_config("four.cbor", "");
    config.api_connections_max = PLACES;
    start();
    tx = make_tx(bytes, sizeof(bytes), "governors", "acme");
    for (unsigned i = 0; i < FWL_COUNT(waiting); i++) {
        waiting[i] = client_connect(fwl_node_api_port(node));
        client_send(waiting[i], "POST", "/v1/transactions?wait=final", tx);
        await_waiting(i + 1);
    }
    assert_int_equal(post("/v1/transactions?wait=final", tx), 503);
    assert_true(client_has(&reply, "urn:fwledger:error:BUSY"));
    assert_non_null(strstr(reply.head, "Retry-After: 1"));
    assert_int_equal(post("/v1/transactions", tx), 202);
    assert_int_equal(get("/v1/status"), 200);
    assert_int_equal(close(waiting[0]), 0);
    await_waiting(FWL_COUNT(waiting) - 1);
    waiting[0] = client_connect(fwl_node_api_port(node));
    client_send(waiting[0], "POST", "/v1/transactions?wait=final", tx);
    await_waiting(FWL_COUNT(waiting));
    stop();
    for (unsigned i = 0; i < FWL_COUNT(waiting); i++) {
        client_read(waiting[i], &reply);
        assert_int_equal(reply.status, 503);
        assert_true(client_has(&reply, "urn:fwledger:error:STATE"));
    }
}

/* The path of a question about the tip, with a nonce of @number. */
static const char *
question(unsigned number)
{
    static char path[256];
    char hash[65] = "";
    uint8_t *at = NULL;

    assert_int_equal(get("/v1/status"), 200);
    at = memmem(reply.body, reply.size, "\"block_hash\":\"", 14);
    assert_non_null(at);
    memcpy(hash, at + 14, 64);
    (void)snprintf(path, sizeof(path), "/v1/attest?nonce=%032x&height=%llu&hash=%s", number,
                   (unsigned long long)height_in("\"height\":"), hash);
    return path;
}

/* A validator says the time of its tip, and of no other. */
static void
test_node__attest(void **state)
{
    struct fwl_attests attests;
    struct fwl_attest a;
    struct fwl_hash32 digest;
    struct fwl_reader it;
    char other[256];
    uint64_t before = (uint64_t)time(NULL) * 1000;
    int status = 0;

    (void)state;
    start();
    for (unsigned i = 0; i < 100 && status != 200; i++) { /* a block a second: the tip may move meanwhile */
        const struct timespec pause = {.tv_nsec = 250000000};

        status = get(question(i));
        assert_true(status == 200 || status == 409 || status == 503);
        if (status != 200) {
            (void)nanosleep(&pause, NULL); /* five a second are taken */
        }
    }
    assert_int_equal(status, 200);
    assert_int_equal(fwl_attest_decode(&attests, NULL, fwl_span(reply.body, reply.size)), FWL_OK);
    assert_int_equal(attests.count, 1);
    fwl_attest_begin(&it, &attests);
    assert_true(fwl_attest_next(&it, &a));
    assert_true(a.time_ms >= before && a.time_ms <= ((uint64_t)time(NULL) + 1) * 1000);
    fwl_statement_attest(&digest, &chain_id, attests.request.nonce, attests.request.height, &attests.request.block_hash,
                         a.time_ms);
    assert_int_equal(fwl_schnorr_verify(&a.sig, &digest, &validator_public), FWL_OK);
    (void)snprintf(other, sizeof(other), "%s", question(200));
    other[strlen(other) - 1] = other[strlen(other) - 1] == '0' ? '1' : '0';
    assert_int_equal(get(other), 409);
    assert_true(client_has(&reply, "urn:fwledger:error:CONFLICT"));
    stop();
}

/* One of four is no quorum: 503 after 5 s, or when the node goes. */
static void
test_node__attest_without_quorum(void **state)
{
    int waiting = -1;
    unsigned number = 2;

    (void)state;
    write_genesis("four.cbor", 3);
    load_config("four.cbor", "");
    start();
    assert_int_equal(get(question(1)), 503);
    assert_true(client_has(&reply, "urn:fwledger:error:TIMEOUT"));
    for (;; number++) { /* the same twice: whichever comes first waits, the other one is told so */
        waiting = client_connect(fwl_node_api_port(node));
        client_send(waiting, "GET", question(number), fwl_span(NULL, 0));
        if (get(question(number)) == 409) {
            break;
        }
        client_read(waiting, &reply);
    }
    assert_true(client_has(&reply, "urn:fwledger:error:EXISTS"));
    stop();
    client_read(waiting, &reply);
    assert_int_equal(reply.status, 503);
    assert_true(client_has(&reply, "urn:fwledger:error:NETWORK"));
}

/* A quarter of the places at the API may wait for the time. */
static void
test_node__bounded_questions(void **state)
{
    enum { PLACES = 8 };
    int asking[PLACES / 4];
    bool busy = false;

    (void)state;
    write_genesis("four.cbor", 3);
    load_config("four.cbor", "");
    config.api_connections_max = PLACES;
    start();
    for (unsigned round = 0; round < 5 && !busy;
         round++) { /* one that came before the others waits for 5 s like them */
        for (unsigned i = 0; i < FWL_COUNT(asking); i++) {
            asking[i] = client_connect(fwl_node_api_port(node));
            client_send(asking[i], "GET", question(10 * round + i), fwl_span(NULL, 0));
        }
        assert_int_equal(get(question(10 * round + 9)), 503);
        busy = client_has(&reply, "urn:fwledger:error:BUSY");
        assert_non_null(strstr(reply.head, "Retry-After: 1"));
        for (unsigned i = 0; i < FWL_COUNT(asking); i++) {
            client_read(asking[i], &reply);
            assert_int_equal(reply.status, 503);
            assert_true(!busy || client_has(&reply, "urn:fwledger:error:TIMEOUT"));
        }
    }
    assert_true(busy);
    stop();
}

static void
test_node__lost_votes_do_not_vote(void **state)
{
    uint8_t bytes[4096];

    (void)state;
    start();
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "governors", "acme")), 200);
    stop();
    remove_tree(path_of("data/votes"));
    start();
    assert_int_equal(get("/v1/status"), 200);
    assert_true(client_has(&reply, "\"voting\":false"));
    stop();
    start(); /* it does not forget that it must not */
    assert_int_equal(get("/v1/status"), 200);
    assert_true(client_has(&reply, "\"voting\":false"));
    stop();
    start_with(true);
    assert_int_equal(post("/v1/transactions?wait=final", make_tx(bytes, sizeof(bytes), "governors", "bolt")), 200);
    stop();
}

static void
test_node__one_process_a_store(void **state)
{
    struct fwl_node *first = NULL;

    (void)state;
    start();
    first = node;
    assert_int_equal(try_open(false, false),
                     FWL_NODE_EXIT_SECOND_INSTANCE); /* of the key file, wherever its data lies */
    assert_null(node);
    config.validator_key[0] = '\0';
    assert_int_equal(try_open(false, false), FWL_NODE_EXIT_STORAGE);
    assert_null(node);
    node = first;
    stop();
}

static void
test_node__check_starts_nothing(void **state)
{
    (void)state;
    assert_int_equal(try_open(false, true), FWL_NODE_EXIT_DONE);
    assert_null(node);
    assert_int_equal(access(path_of("data"), F_OK), -1);
}

static void
test_node__configuration_faults(void **state)
{
    struct fwl_pubkey32 own;
    char hex[65];
    char more[200];

    (void)state;
    load_config("none.cbor", "");
    assert_int_equal(try_open(false, false), FWL_NODE_EXIT_CONFIG);
    write_file("bad.cbor", fwl_span_text("no genesis"));
    load_config("bad.cbor", "");
    assert_int_equal(try_open(false, true), FWL_NODE_EXIT_CONFIG);

    fwl_secret_xonly(&own, &node_key);
    fwl_hex_encode(hex, sizeof(hex), fwl_span(own.b, 32));
    load_config("genesis.cbor", "");
    memcpy(config.peers[0].node_key.b, own.b, 32);
    config.peer_count = 1;
    assert_int_equal(try_open(false, true), FWL_NODE_EXIT_CONFIG);
    (void)snprintf(more, sizeof(more), "%s", path_of("validator.key"));
    load_config("genesis.cbor", "");
    memcpy(config.node_key, more, strlen(more) + 1); /* a key of another kind */
    assert_int_equal(try_open(false, true), FWL_NODE_EXIT_CONFIG);
    load_config("genesis.cbor", "");
    memcpy(config.validator_key, config.node_key, sizeof(config.validator_key));
    assert_int_equal(try_open(false, true), FWL_NODE_EXIT_CONFIG);
}

static void
test_node__other_genesis(void **state)
{
    (void)state;
    start();
    stop();
    write_genesis("other.cbor", 3);
    load_config("other.cbor", "");
    assert_int_equal(try_open(false, false), FWL_NODE_EXIT_CONFIG);
}

static void
test_node__taken_ports(void **state)
{
    struct fwl_node *first = NULL;
    struct fwl_config saved;
    uint16_t api = 0;
    uint16_t p2p = 0;

    (void)state;
    start();
    first = node;
    api = fwl_node_api_port(node);
    p2p = fwl_node_p2p_port(node);
    saved = config; /* the first node keeps a pointer to `config`, whose words it has read by now */
    (void)snprintf(config.data, sizeof(config.data), "%s", path_of("data2"));
    config.validator_key[0] = '\0';
    config.api_listen.port = api;
    assert_int_equal(try_open(false, false), FWL_NODE_EXIT_CONFIG);
    config.api_listen.port = 0;
    config.p2p_listen.port = p2p;
    assert_int_equal(try_open(false, false), FWL_NODE_EXIT_CONFIG);
    config = saved;
    node = first;
    stop();
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_node__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(transaction_becomes_final),
        CASE(refused_by_the_rules),
        CASE(answer_verifies),
        CASE(restart_keeps_the_chain),
        CASE(stop_answers_who_waits),
        CASE(bounded_waiting),
        CASE(attest),
        CASE(attest_without_quorum),
        CASE(bounded_questions),
        CASE(lost_votes_do_not_vote),
        CASE(one_process_a_store),
        CASE(check_starts_nothing),
        CASE(configuration_faults),
        CASE(other_genesis),
        CASE(taken_ports),
    };

    quiet = (struct fwl_log){.to = stderr, .level = getenv("VERBOSE") == NULL ? FWL_LOG_BROKEN : FWL_LOG_DEBUG};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
