/* Trust anchors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/anchor.h"

#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
/* G and 2 G of secp256k1 */
#define X1 "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define X2 "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define GOOD                                                                                                           \
    "{\"fwledger_anchor\":1,\"chain_id\":\"" HASH "\",\"epoch\":3,\"validators\":[\"" X2 "\",\"" X1                    \
    "\"],\"governors\":{\"threshold\":1,\"keys\":[\"es256k:02" X2 "\",\"02" X1                                         \
    "\"]},\"height\":9,\"time_ms\":1700000000000,\"block_hash\":\"" HASH "\"}"

static struct fwl_anchor_file file;
static char error[256];

static void
test_anchor__good(void **state)
{
    struct fwl_trust trust;
    json_t *value = NULL;
    json_t *doc = json_loads(GOOD, 0, NULL);

    (void)state;
    assert_int_equal(fwl_anchor_parse(&file, error, doc), FWL_OK);
    assert_int_equal(file.anchor.epoch, 3);
    assert_int_equal(file.anchor.height, 9);
    assert_int_equal(file.anchor.validators.n, 2);
    assert_int_equal(file.anchor.validators.keys.p[0], 0x79); /* sorted */
    assert_int_equal(file.anchor.governors.count, 2);
    assert_int_equal(fwl_trust_start(&trust, &file.anchor), FWL_OK);
    assert_false(fwl_anchor_has_authors(&file));
    value = fwl_anchor_json(&file.anchor);
    fwl_anchor_close(&file);
    assert_int_equal(fwl_anchor_parse(&file, error, value), FWL_OK);
    assert_int_equal(file.anchor.time_ms, 1700000000000);
    fwl_anchor_close(&file);
}

static const struct {
    const char *member;
    const char *value; /* JSON; NULL: the member is missing */
} refused[] = {
    {"fwledger_anchor", "2"},
    {"fwledger_anchor", NULL},
    {"chain_id", "\"00\""},
    {"chain_id", NULL},
    {"epoch", "-1"},
    {"height", "\"9\""},
    {"time_ms", NULL},
    {"block_hash", "\"" HASH "0\""},
    {"validators", "[]"},
    {"validators", "[\"" X1 "\",\"" X1 "\"]"},
    {"validators", "[\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"]"},
    {"validators", "[1]"},
    {"governors", "{\"threshold\":0,\"keys\":[\"02" X1 "\"]}"},
    {"governors", "{\"threshold\":2,\"keys\":[\"02" X1 "\"]}"},
    {"governors", "{\"threshold\":1,\"keys\":[\"02" X1 "\",\"es256k:02" X1 "\"]}"},
    {"governors", "{\"threshold\":1,\"keys\":[\"esp256:02" X1 "\"]}"},
    {"authors", "[]"},
};

static void
test_anchor__refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(refused); i++) {
        json_t *doc = json_loads(GOOD, 0, NULL);

        if (refused[i].value == NULL) {
            (void)json_object_del(doc, refused[i].member);
        } else {
            (void)json_object_set_new(doc, refused[i].member, json_loads(refused[i].value, JSON_DECODE_ANY, NULL));
        }
        assert_int_equal(fwl_anchor_parse(&file, error, doc), FWL_ERR_VALUE);
        if (strncmp(error, refused[i].member, strlen(refused[i].member)) != 0) {
            fail_msg("%s: %s", refused[i].member, error);
        }
        fwl_anchor_close(&file);
    }
}

static void
test_anchor__authors(void **state)
{
    struct fwl_key keys[FWL_ANCHOR_AUTHORS_MAX];
    size_t count = 7;
    json_t *doc = json_loads(GOOD, 0, NULL);
    json_t *authors = json_object();
    json_t *list = json_array();

    (void)state;
    for (size_t i = 0; i < FWL_ANCHOR_AUTHORS_MAX; i++) {
        (void)json_array_append_new(list, json_string("es256k:02" X1));
    }
    (void)json_object_set_new(authors, "acme", list);
    (void)json_object_set_new(doc, "authors", authors);
    assert_int_equal(fwl_anchor_parse(&file, error, doc), FWL_OK);
    assert_true(fwl_anchor_has_authors(&file));
    assert_int_equal(fwl_anchor_authors(keys, &count, &file, fwl_span_text("acme")), FWL_OK);
    assert_int_equal(count, FWL_ANCHOR_AUTHORS_MAX);
    assert_int_equal(fwl_anchor_authors(keys, &count, &file, fwl_span_text("other")), FWL_OK);
    assert_int_equal(count, 0);
    (void)json_array_append_new(list, json_string("x"));
    assert_int_equal(fwl_anchor_authors(keys, &count, &file, fwl_span_text("acme")), FWL_ERR_LIMIT);
    (void)json_array_clear(list);
    (void)json_array_append_new(list, json_string("x"));
    assert_int_equal(fwl_anchor_authors(keys, &count, &file, fwl_span_text("acme")), FWL_ERR_VALUE);
    fwl_anchor_close(&file);
}

static void
test_anchor__files(void **state)
{
    char path[] = "/tmp/fwl_anchor_XXXXXX";
    struct fwl_hash32 id;
    json_t *doc = json_loads(GOOD, 0, NULL);
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fwl_anchor_chain_id(&id, path), 3); /* empty: no JSON */
    assert_int_equal(fwl_anchor_save(doc, path), 0);
    assert_int_equal(fwl_anchor_chain_id(&id, path), 0);
    assert_int_equal(id.b[0], 0x9f);
    assert_int_equal(remove(path), 0);
    assert_int_equal(fwl_anchor_chain_id(&id, path), 3);
    json_decref(doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor__good),
        cmocka_unit_test(test_anchor__refusals),
        cmocka_unit_test(test_anchor__authors),
        cmocka_unit_test(test_anchor__files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
