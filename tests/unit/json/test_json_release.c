/* Releases from and to JSON: every real line, every error, every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/json/release.h"

#define DATA FWL_TEST_DATA "/../testnet/data/"

static struct fwl_json_release parsed;
static uint8_t first[FWL_RELEASE_MAX];
static uint8_t second[FWL_RELEASE_MAX];

static struct fwl_span
encode(uint8_t *buffer, const struct fwl_release *release)
{
    struct fwl_writer w;
    struct fwl_span bytes;

    fwl_writer_init(&w, buffer, FWL_RELEASE_MAX);
    fwl_release_put(&w, release);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    return bytes;
}

/* line -> record -> bytes -> record -> JSON -> record -> the same bytes */
static void
round_trip(const json_t *object, const char *provider, const char *class_name, enum fwl_scheme scheme)
{
    struct fwl_release decoded;
    struct fwl_fault fault;
    struct fwl_span bytes;
    struct fwl_span again;
    json_t *value = NULL;
    enum fwl_err err = fwl_json_release_parse(&parsed, object, provider, class_name);

    if (err != FWL_OK) {
        fail_msg("%s", parsed.parse.error);
    }
    bytes = encode(first, &parsed.release);
    err = fwl_release_decode(&decoded, &fault, bytes, scheme);
    if (err != FWL_OK) {
        fail_msg("%s: %s", fault.field, fwl_err_text(err));
    }
    assert_int_equal(fwl_release_check_publish(&decoded), FWL_OK);
    value = fwl_json_release_value(&decoded);
    assert_non_null(value);
    assert_int_equal(fwl_json_release_parse(&parsed, value, provider, NULL), FWL_OK);
    again = encode(second, &parsed.release);
    assert_int_equal(again.size, bytes.size);
    assert_memory_equal(again.p, bytes.p, bytes.size);
    json_decref(value);
}

static size_t
all_lines(const char *path, enum fwl_scheme scheme)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    size_t count = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        json_error_t error;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

        assert_non_null(object);
        round_trip(object, "somebody", "acme/gw100/modem", scheme);
        json_decref(object);
        count++;
    }
    free(line);
    (void)fclose(file);
    return count;
}

static void
test_json_release__every_device_image(void **state)
{
    (void)state;
    assert_int_equal(all_lines(DATA "zigbee-ota/releases.jsonl", FWL_SCHEME_NUMBER), 1236);
}

static void
test_json_release__every_package(void **state)
{
    (void)state;
    assert_int_equal(all_lines(DATA "debian/releases.jsonl", FWL_SCHEME_DEBIAN), 2003);
}

#define SHA "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define MIN "\"class\":\"a/b/c\",\"version\":\"2\",\"sha256\":\"" SHA "\",\"size\":3,\"filename\":\"f\""

static void
test_json_release__every_member(void **state)
{
    static const char text[] =
        "{" MIN
        ",\"published\":\"2026-01-31T23:59:59Z\",\"counter\":7,\"channel\":\"stable\",\"severity\":\"critical\","
        "\"rank\":4,\"scheme\":\"debian\",\"links\":[\"https://a.example/f\",\"f\"],\"notes\":\"n\",\"valid\":false,"
        "\"labels\":{\"k\":\"v\",\"bb\":\"w\"},\"regions\":[\"DE\",\"FR\"],\"window\":{\"min\":\"1\",\"max\":\"2\"},"
        "\"hardware\":[{\"models\":[\"m\",\"a\"],\"makers\":\"x\",\"revision\":[-1,null]},{\"hardwareMin\":1,"
        "\"hardwareMax\":2}],\"dependencies\":[[{\"name\":\"d\",\"op\":\"<<\",\"version\":\"1:1\"},{\"name\":\"e\","
        "\"arch\":\"any\"}]],\"provides\":[{\"name\":\"p\"},{\"name\":\"q\",\"version\":\"1~\"}],\"conflicts\":[{"
        "\"name\":\"c\",\"kind\":\"Breaks\"}],\"replaces\":[{\"name\":\"r\",\"op\":\"=\",\"version\":\"1\"}],"
        "\"encryption\":{\"plain_digest\":{\"sha256\":\"" SHA "\"},\"plain_size\":2,\"encrypt\":\"d860\"},"
        "\"author_sig\":{\"record\":\"0102\"},\"manifest\":{\"envelope\":\"a0\"},\"sbom\":{\"sha256\":\"" SHA "\"},"
        "\"build\":{\"source\":{\"sha256\":\"" SHA "\"},\"recipe\":{\"sha256\":\"" SHA "\"}},"
        "\"digests\":[[-15,\"00112233\"],[-16,\"" SHA "\"]]}";
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    struct fwl_release r;
    json_t *value = NULL;

    (void)state;
    assert_non_null(object);
    round_trip(object, "acme", NULL, FWL_SCHEME_NUMBER);
    assert_int_equal(fwl_json_release_parse(&parsed, object, "acme", NULL), FWL_OK);
    assert_int_equal(fwl_release_decode(&r, NULL, encode(first, &parsed.release), FWL_SCHEME_NUMBER), FWL_OK);
    assert_int_equal(r.counter, 7);
    assert_int_equal(r.rank, 4);
    assert_int_equal(r.severity, FWL_SEVERITY_CRITICAL);
    assert_false(r.valid);
    assert_int_equal(r.published_s, 1769903999);
    assert_true(fwl_span_is(r.window.max, "2"));
    assert_int_equal(r.hardware.count, 2);
    assert_int_equal(r.digests.count, 2);
    assert_int_equal(r.encryption.plain_size, 2);
    value = fwl_json_release_value(&r);
    assert_string_equal(json_string_value(json_object_get(value, "scheme")), "debian");
    assert_string_equal(json_string_value(json_object_get(json_object_get(value, "author_sig"), "record")), "0102");
    json_decref(value);
    json_decref(object);
}

static void
test_json_release__facts_of_real_indexes(void **state)
{
    json_t *object =
        json_loads("{" MIN ",\"name\":\"5-6\",\"provider\":\"Big Co\",\"list\":\"latest\",\"source\":{\"name\":\"s\","
                   "\"version\":\"1\"},\"essential\":true,\"hardware\":[{\"manufacturerCode\":5,"
                   "\"imageType\":6}],\"dependencies\":[[{\"name\":\"5-6\",\"op\":\">=\",\"version\":\"1\"}]]}",
                   0, NULL);
    struct fwl_reader it;
    struct fwl_span key;
    struct fwl_span value;
    char seen[256] = "";

    (void)state;
    assert_int_equal(fwl_json_release_parse(&parsed, object, "big", NULL), FWL_OK);
    assert_int_equal(parsed.release.hardware.count, 0); /* the image line is the class: no condition is left */
    assert_true(fwl_span_is(parsed.release.window.min, "1"));
    assert_int_equal(parsed.release.dependencies.count, 0);
    assert_true(fwl_span_is(parsed.release.provider, "big"));
    for (fwl_list_begin(&it, parsed.release.labels); fwl_list_next_pair(&it, &key, &value);) {
        (void)snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%.*s=%.*s;", (int)key.size,
                       (const char *)key.p, (int)value.size, (const char *)value.p);
    }
    assert_string_equal(seen, "list=latest;source=s;provider=Big Co;essential=true;source-version=1;");
    json_decref(object);
}

/* What is refused, why, and that the sentence names the member. */
static const struct {
    const char *members; /* added to MIN */
    enum fwl_err err;
    const char *names;
} refused[] = {
    {"\"color\":1", FWL_ERR_UNKNOWN, "color"},
    {"\"channel\":1", FWL_ERR_TYPE, "channel"},
    {"\"counter\":-1", FWL_ERR_TYPE, "counter"},
    {"\"counter\":1.5", FWL_ERR_TYPE, "counter"},
    {"\"sha512\":\"00\"", FWL_ERR_DUPLICATE, "sha512"},
    {"\"published\":\"yesterday\"", FWL_ERR_VALUE, "published"},
    {"\"published\":\"1969-12-31T23:59:59Z\"", FWL_ERR_VALUE, "published"},
    {"\"severity\":\"bad\"", FWL_ERR_VALUE, "severity"},
    {"\"scheme\":\"roman\"", FWL_ERR_VALUE, "scheme"},
    {"\"links\":\"x\"", FWL_ERR_TYPE, "links"},
    {"\"links\":[1]", FWL_ERR_TYPE, "links"},
    {"\"valid\":1", FWL_ERR_TYPE, "valid"},
    {"\"labels\":[]", FWL_ERR_TYPE, "labels"},
    {"\"labels\":{\"a\":1}", FWL_ERR_TYPE, "a"},
    {"\"labels\":{\"list\":\"x\"},\"list\":\"y\"", FWL_ERR_DUPLICATE, "list"},
    {"\"regions\":[1]", FWL_ERR_TYPE, "regions"},
    {"\"hardware\":[1]", FWL_ERR_TYPE, "hardware"},
    {"\"hardware\":[{\"x\":1}]", FWL_ERR_UNKNOWN, "x"},
    {"\"hardware\":[{\"revision\":[1,\"2\"]}]", FWL_ERR_TYPE, "revision"},
    {"\"hardware\":[{\"models\":[1]}]", FWL_ERR_TYPE, "models"},
    {"\"hardware\":[{},{\"models\":[\"a\"]}]", FWL_ERR_VALUE, "hardware"},
    {"\"hardware\":[\"all\",\"amd64\"]", FWL_ERR_VALUE, "hardware"},
    {"\"hardware\":[{\"manufacturerCode\":1,\"imageType\":2}]", FWL_ERR_VALUE, "manufacturerCode"},
    {"\"window\":[]", FWL_ERR_TYPE, "window"},
    {"\"window\":{\"mid\":\"1\"}", FWL_ERR_UNKNOWN, "mid"},
    {"\"dependencies\":[{}]", FWL_ERR_TYPE, "dependencies"},
    {"\"dependencies\":[[]]", FWL_ERR_TYPE, "dependencies"},
    {"\"dependencies\":[[1]]", FWL_ERR_TYPE, "dependencies"},
    {"\"dependencies\":[[{\"name\":\"x\",\"op\":\"=\"}]]", FWL_ERR_VALUE, "op and version"},
    {"\"dependencies\":[[{\"name\":\"x\",\"op\":\"~\",\"version\":\"1\"}]]", FWL_ERR_VALUE, "op"},
    {"\"dependencies\":[[{\"op\":\"=\",\"version\":\"1\"}]]", FWL_ERR_MISSING, "name"},
    {"\"dependencies\":[[{\"name\":\"x\",\"y\":1}]]", FWL_ERR_UNKNOWN, "y"},
    {"\"name\":\"n\",\"dependencies\":[[{\"name\":\"n\",\"op\":\"=\",\"version\":\"1\"}]]", FWL_ERR_VALUE, "own name"},
    {"\"provides\":[1]", FWL_ERR_TYPE, "provides"},
    {"\"provides\":[{\"name\":\"p\",\"op\":\"=\"}]", FWL_ERR_UNKNOWN, "op"},
    {"\"author_sig\":\"none\"", FWL_ERR_VALUE, "author_sig"},
    {"\"author_sig\":{\"record\":\"0\"}", FWL_ERR_TYPE, "author_sig"},
    {"\"author_sig\":{\"record\":\"0G\"}", FWL_ERR_VALUE, "author_sig"},
    {"\"manifest\":{}", FWL_ERR_TYPE, "manifest"},
    {"\"sbom\":\"" SHA "\"", FWL_ERR_TYPE, "sbom"},
    {"\"sbom\":{\"sha256\":\"00\"}", FWL_ERR_VALUE, "sha256"},
    {"\"sbom\":{}", FWL_ERR_MISSING, "sbom"},
    {"\"encryption\":{\"plain_digest\":{\"sha256\":\"" SHA "\"},\"encrypt\":\"00\"}", FWL_ERR_MISSING, "plain_size"},
    {"\"digests\":[]", FWL_ERR_LIMIT, "digests"},
    {"\"digests\":[[1,2,3]]", FWL_ERR_TYPE, "digests"},
};

static void
test_json_release__every_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(refused); i++) {
        char text[1024];
        json_t *object = NULL;
        enum fwl_err err = FWL_OK;

        (void)snprintf(text, sizeof(text), "{" MIN ",%s}", refused[i].members);
        object = json_loads(text, 0, NULL);
        assert_non_null(object);
        err = fwl_json_release_parse(&parsed, object, "acme", NULL);
        if (err != refused[i].err || strstr(parsed.parse.error, refused[i].names) == NULL) {
            fail_msg("%s: %s, \"%s\"", refused[i].members, fwl_err_text(err), parsed.parse.error);
        }
        assert_int_equal(parsed.release.has, 0);
        json_decref(object);
    }
}

static void
test_json_release__missing_members(void **state)
{
    static const char *const members[] = {"class", "version", "sha256", "size", "filename"};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(members); i++) {
        json_t *object = json_loads("{" MIN "}", 0, NULL);

        assert_int_equal(fwl_json_release_parse(&parsed, object, "acme", NULL), FWL_OK);
        (void)json_object_del(object, members[i]);
        assert_int_equal(fwl_json_release_parse(&parsed, object, "acme", NULL), FWL_ERR_MISSING);
        assert_non_null(strstr(parsed.parse.error, members[i]));
        json_decref(object);
    }
    assert_int_equal(fwl_json_release_parse(&parsed, NULL, "acme", NULL), FWL_ERR_TYPE);
}

static json_t *
with_labels(size_t count)
{
    json_t *object = json_loads("{" MIN "}", 0, NULL);
    json_t *labels = json_object();

    for (size_t i = 0; i < count; i++) {
        char key[8];

        (void)snprintf(key, sizeof(key), "k%zu", i);
        (void)json_object_set_new(labels, key, json_string("v"));
    }
    (void)json_object_set_new(object, "labels", labels);
    return object;
}

static void
test_json_release__limits(void **state)
{
    json_t *object = with_labels(FWL_LABELS_MAX);
    json_t *names = json_array();
    json_t *condition = json_object();
    json_t *hardware = json_array();

    (void)state;
    round_trip(object, "acme", NULL, FWL_SCHEME_NUMBER);
    json_decref(object);
    object = with_labels(FWL_LABELS_MAX + 1);
    assert_int_equal(fwl_json_release_parse(&parsed, object, "acme", NULL), FWL_ERR_LIMIT);
    json_decref(object);
    object = json_loads("{" MIN "}", 0, NULL);
    for (size_t i = 0; i < 6 * FWL_CONDITION_NAMES_MAX; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "model-with-a-name-of-more-than-thirty-bytes-%05zu", i);
        (void)json_array_append_new(names, json_string(name));
    }
    (void)json_object_set_new(condition, "models", names);
    (void)json_array_append_new(hardware, condition);
    (void)json_object_set_new(object, "hardware", hardware);
    assert_int_equal(fwl_json_release_parse(&parsed, object, "acme", NULL), FWL_ERR_LIMIT);
    json_decref(object);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_release__every_device_image),
        cmocka_unit_test(test_json_release__every_package),
        cmocka_unit_test(test_json_release__every_member),
        cmocka_unit_test(test_json_release__facts_of_real_indexes),
        cmocka_unit_test(test_json_release__every_refusal),
        cmocka_unit_test(test_json_release__missing_members),
        cmocka_unit_test(test_json_release__limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
