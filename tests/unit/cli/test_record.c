/* Records, amendments, templates, and the plan of an import. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/import.h"
#include "core/host/heap.h"

#define SHA "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define LINE                                                                                                           \
    "{\"provider\":\"Big Co\",\"name\":\"%s\",\"version\":\"%zu\",\"sha256\":\"" SHA                                   \
    "\",\"size\":3,\"filename\":\"f\"}\n"

static struct fwl_json_release work;
static struct fwl_record record;
static char error[FWL_PARSE_ERROR_MAX];

static void
test_record__templates(void **state)
{
    char out[32];
    json_t *line = json_loads("{\"provider\":\"Big Co.\",\"name\":\"A+b\"}", 0, NULL);

    (void)state;
    assert_true(fwl_record_expand(out, sizeof(out), error, "z-{provider}/{name}/Image", line));
    assert_string_equal(out, "z-big-co-/A+b/Image");
    assert_true(fwl_record_expand(out, sizeof(out), error, "", line));
    assert_string_equal(out, "");
    assert_false(fwl_record_expand(out, sizeof(out), error, "{version}", line));
    assert_non_null(strstr(error, "{version}"));
    assert_false(fwl_record_expand(out, sizeof(out), error, "{name", line));
    assert_true(fwl_record_expand(out, 4, error, "{name}", line));
    assert_false(fwl_record_expand(out, 3, error, "{name}", line));
    (void)json_object_set_new(line, "name", json_string("a/b"));
    assert_false(fwl_record_expand(out, sizeof(out), error, "{name}", line));
    assert_non_null(strstr(error, "name"));
    (void)json_object_del(line, "name");
    assert_false(fwl_record_expand(out, sizeof(out), error, "{name}", line));
    json_decref(line);
}

static json_t *
object(const char *version)
{
    return json_pack("{s:s,s:s,s:s,s:i,s:s}", "class", "a/b/c", "version", version, "sha256", SHA, "size", 3,
                     "filename", "f");
}

static void
test_record__author(void **state)
{
    struct fwl_secret author;
    struct fwl_key key;
    struct fwl_release decoded;
    json_t *doc = object("1.0.0");

    (void)state;
    fwl_secret_generate(&author, FWL_KEY_AUTHOR);
    fwl_secret_point(&key.alg, &key.point, &author);
    assert_int_equal(fwl_record_make(&record, &work, doc, "acme", NULL, FWL_SCHEME_SEMVER, &author), FWL_OK);
    assert_int_equal(fwl_release_decode(&decoded, NULL, fwl_span(record.bytes, record.size), FWL_SCHEME_SEMVER),
                     FWL_OK);
    assert_int_equal(fwl_release_author_verify(&decoded, &key, 1), FWL_OK);
    (void)json_object_set_new(doc, "author_sig", json_string("image"));
    assert_int_equal(fwl_record_make(&record, &work, doc, "acme", NULL, FWL_SCHEME_SEMVER, &author), FWL_ERR_DUPLICATE);
    json_decref(doc);
    doc = object("one");
    assert_int_equal(fwl_record_make(&record, &work, doc, "acme", NULL, FWL_SCHEME_SEMVER, NULL), FWL_ERR_VERSION);
    assert_non_null(strstr(record.error, "version"));
    json_decref(doc);
}

static void
test_record__amendment(void **state)
{
    uint8_t buffer[FWL_RELEASE_MAX];
    uint8_t amended[FWL_RELEASE_MAX];
    struct fwl_list fields;
    struct fwl_writer w;
    struct fwl_span bytes;
    struct fwl_release decoded;
    json_t *doc = object("1");
    json_t *change = json_loads("{\"regions\":[\"DE\"],\"valid\":false,\"notes\":null}", 0, NULL);

    (void)state;
    (void)json_object_set_new(doc, "notes", json_string("old"));
    assert_int_equal(fwl_record_make(&record, &work, doc, "acme", NULL, FWL_SCHEME_NUMBER, NULL), FWL_OK);
    assert_int_equal(fwl_record_amendment(&fields, error, buffer, sizeof(buffer), &work, change), FWL_OK);
    assert_int_equal(fields.count, 3);
    fwl_writer_init(&w, amended, sizeof(amended));
    assert_int_equal(fwl_release_amend(&w, NULL, fwl_span(record.bytes, record.size), fields, FWL_SCHEME_NUMBER),
                     FWL_OK);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(fwl_release_decode(&decoded, NULL, bytes, FWL_SCHEME_NUMBER), FWL_OK);
    assert_false(decoded.valid);
    assert_int_equal(decoded.notes.size, 0);
    assert_int_equal(decoded.regions.count, 1);
    (void)json_object_set_new(change, "version", json_string("2"));
    assert_int_equal(fwl_record_amendment(&fields, error, buffer, sizeof(buffer), &work, change), FWL_ERR_UNKNOWN);
    (void)json_object_clear(change);
    assert_int_equal(fwl_record_amendment(&fields, error, buffer, sizeof(buffer), &work, change), FWL_ERR_MISSING);
    (void)json_object_set_new(change, "regions", json_array());
    assert_int_equal(fwl_record_amendment(&fields, error, buffer, sizeof(buffer), &work, change), FWL_ERR_VALUE);
    json_decref(change);
    json_decref(doc);
}

static void
test_record__import_plan(void **state)
{
    static const char *const names[] = {"x", "y", "x"};
    const struct fwl_import_templates t = {
        .class_name = "v-{provider}/{name}/i", .participant = "v-{provider}", .key = "k", .scheme = FWL_SCHEME_NUMBER};
    struct fwl_import import = {.path = "lines"};
    struct fwl_import_batch *batches = NULL;
    size_t count = 0;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    (void)state;
    for (size_t i = 0; i < 600; i++) {
        (void)fprintf(file, LINE, names[i % 3], i);
    }
    (void)fprintf(file, "\n{}\n{\n");
    (void)fclose(file);
    file = fmemopen(text, size, "r");
    assert_int_equal(fwl_import_read(&import, file, &t), FWL_OK);
    (void)fclose(file);
    assert_int_equal(import.bad, 2);
    assert_int_equal(import.line_count, 600);
    assert_int_equal(import.group_count, 1);
    assert_int_equal(import.class_count, 2);
    import.lines[0].state = FWL_IMPORT_THERE;
    assert_int_equal(fwl_import_plan(&import, &batches, &count), FWL_OK);
    assert_true(count > 1);
    assert_false(batches[0].follows);
    assert_int_equal(batches[count - 1].to, 599);
    for (size_t i = 0; i < 599; i++) { /* one class after the other, each in the order of the file */
        assert_true(i == 0 || import.lines[i].class_index != import.lines[i - 1].class_index ||
                    import.lines[i].number > import.lines[i - 1].number);
    }
    for (size_t i = 1; i < count; i++) {
        const struct fwl_import_line *first = &import.lines[batches[i].from];

        assert_int_equal(batches[i].from, batches[i - 1].to);
        assert_true(batches[i].follows == (first->class_index == first[-1].class_index));
        assert_true(batches[i].to - batches[i].from <= FWL_TX_ACTIONS_MAX / 2);
    }
    fwl_free(batches);
    fwl_import_clear(&import);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__templates),
        cmocka_unit_test(test_record__author),
        cmocka_unit_test(test_record__amendment),
        cmocka_unit_test(test_record__import_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
