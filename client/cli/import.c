#include "client/cli/import.h"

#include <stdlib.h>
#include <sys/types.h>

#include "core/host/heap.h"
#include "ledger/model/name.h"

enum {
    BATCH_BYTES = FWL_TX_MAX - 4096, /* the rest is for signatures and the payload around the actions */
    ACTION_OVERHEAD = 32,            /* bytes of an action around its record or name, at most */
    TEXT_ROOM = 4096,
};

/* Makes room for one more element; false when out of memory. */
static bool
grow(void **array, size_t *room, size_t count, size_t element)
{
    void *grown = NULL;

    if (count < *room) {
        return true;
    }
    grown = fwl_realloc(*array, (*room == 0 ? 64 : 2 * *room) * element);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *room = *room == 0 ? 64 : 2 * *room;
    return true;
}

/* The index of the group, or of the class, made when it is new; false when out of memory. */
static bool
find_group(struct fwl_import *import, size_t *index, const char *participant, const char *key)
{
    struct fwl_import_group *group = NULL;

    for (*index = 0; *index < import->group_count; (*index)++) {
        group = &import->groups[*index];
        if (strcmp(group->participant, participant) == 0 && strcmp(group->key, key) == 0) {
            return true;
        }
    }
    if (!grow((void **)&import->groups, &import->group_room, import->group_count, sizeof(*group))) {
        return false;
    }
    group = &import->groups[import->group_count];
    *group = (struct fwl_import_group){.participant = fwl_strdup(participant), .key = fwl_strdup(key)};
    import->group_count++;
    return group->participant != NULL && group->key != NULL;
}

static bool
find_class(struct fwl_import *import, size_t *index, const char *name)
{
    for (*index = 0; *index < import->class_count; (*index)++) {
        if (strcmp(import->classes[*index].name, name) == 0) {
            return true;
        }
    }
    if (!grow((void **)&import->classes, &import->class_room, import->class_count, sizeof(import->classes[0]))) {
        return false;
    }
    import->classes[import->class_count] = (struct fwl_import_class){.name = fwl_strdup(name)};
    import->class_count++;
    return import->classes[*index].name != NULL;
}

static enum fwl_err
keep(struct fwl_import *import, size_t number, const struct fwl_record *record, const char *class_name,
     const char *participant, const char *key)
{
    struct fwl_import_line *line = NULL;

    if (!grow((void **)&import->lines, &import->line_room, import->line_count, sizeof(*line))) {
        return FWL_ERR_MEMORY;
    }
    line = &import->lines[import->line_count];
    *line = (struct fwl_import_line){.number = number, .id = record->id, .size = record->size};
    line->record = fwl_malloc(record->size);
    if (line->record == NULL) {
        return FWL_ERR_MEMORY;
    }
    memcpy(line->record, record->bytes, record->size);
    import->line_count++;
    return find_group(import, &line->group, participant, key) && find_class(import, &line->class_index, class_name)
               ? FWL_OK
               : FWL_ERR_MEMORY;
}

/* One line; FWL_ERR_MEMORY ends the run, anything else is a bad line with its reason in record->error. */
static enum fwl_err
take_line(struct fwl_import *import, size_t number, const char *text, size_t size, const struct fwl_import_templates *t,
          struct fwl_json_release *work, struct fwl_record *record)
{
    char class_name[FWL_CLASS_MAX + 1];
    char participant[FWL_PARTICIPANT_ID_MAX + 1];
    char key[TEXT_ROOM];
    json_error_t where;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    enum fwl_err err = FWL_ERR_VALUE;

    if (object == NULL) {
        (void)snprintf(record->error, sizeof(record->error), "column %d: %s", where.column, where.text);
    } else if (fwl_record_expand(class_name, sizeof(class_name), record->error, t->class_name, object) &&
               fwl_record_expand(participant, sizeof(participant), record->error, t->participant, object) &&
               fwl_record_expand(key, sizeof(key), record->error, t->key, object)) {
        err = fwl_record_make(record, work, object, participant, class_name, t->scheme, t->author);
    }
    json_decref(object);
    return err == FWL_OK ? keep(import, number, record, class_name, participant, key) : err;
}

enum fwl_err
fwl_import_read(struct fwl_import *import, FILE *file, const struct fwl_import_templates *templates)
{
    struct fwl_json_release *work = fwl_malloc(sizeof(*work));
    struct fwl_record *record = fwl_malloc(sizeof(*record));
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    ssize_t got = 0;
    enum fwl_err err = work == NULL || record == NULL ? FWL_ERR_MEMORY : FWL_OK;

    import->scheme = templates->scheme;
    while (err == FWL_OK && (got = getline(&line, &room, file)) >= 0) {
        number++;
        if (got <= 1) {
            continue;
        }
        err = take_line(import, number, line, (size_t)got, templates, work, record);
        if (err != FWL_OK && err != FWL_ERR_MEMORY) {
            (void)fprintf(stderr, "fwledger: %s:%zu: %s\n", import->path, number, record->error);
            import->bad++;
            err = FWL_OK;
        }
    }
    if (err == FWL_OK && ferror(file)) { /* half a file is not its end */
        err = FWL_ERR_STORAGE;
    }
    free(line); /* of getline, so of the C library */
    fwl_free(record);
    fwl_free(work);
    return err;
}

static int
by_class(const void *a, const void *b)
{
    const struct fwl_import_line *x = a;
    const struct fwl_import_line *y = b;
    const size_t keys[][2] = {
        {x->state != FWL_IMPORT_TODO, y->state != FWL_IMPORT_TODO}, /* what is to do comes first */
        {x->group, y->group},
        {x->class_index, y->class_index},
        {x->number, y->number},
    };

    for (size_t i = 0; i < FWL_COUNT(keys); i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* Bytes and actions that a line adds to a batch; its class is counted with the first line of it. */
static size_t
weight(const struct fwl_import *import, size_t i, bool new_class)
{
    const struct fwl_import_class *class_of = &import->classes[import->lines[i].class_index];
    size_t bytes = import->lines[i].size + ACTION_OVERHEAD;

    return new_class && !class_of->registered ? bytes + strlen(class_of->name) + ACTION_OVERHEAD : bytes;
}

enum fwl_err
fwl_import_plan(struct fwl_import *import, struct fwl_import_batch **batches, size_t *count)
{
    size_t room = 0;
    size_t i = 0;

    *batches = NULL;
    *count = 0;
    qsort(import->lines, import->line_count, sizeof(import->lines[0]), by_class);
    while (i < import->line_count && import->lines[i].state == FWL_IMPORT_TODO) {
        const struct fwl_import_line *lines = import->lines;
        struct fwl_import_batch batch = {.from = i, .to = i};
        size_t bytes = 0;

        batch.follows =
            i > 0 && lines[i].group == lines[i - 1].group && lines[i].class_index == lines[i - 1].class_index;
        for (; i < import->line_count && lines[i].state == FWL_IMPORT_TODO && lines[i].group == lines[batch.from].group;
             i++) {
            bool new_class = i == batch.from || lines[i].class_index != lines[i - 1].class_index;
            size_t more = weight(import, i, new_class);

            /* each line may bring its class with it, so half of the actions are lines */
            if (i > batch.from && (bytes + more > BATCH_BYTES || i - batch.from >= FWL_TX_ACTIONS_MAX / 2)) {
                break;
            }
            bytes += more;
        }
        batch.to = i;
        if (!grow((void **)batches, &room, *count, sizeof(batch))) {
            fwl_free(*batches);
            *batches = NULL;
            *count = 0;
            return FWL_ERR_MEMORY;
        }
        (*batches)[(*count)++] = batch;
    }
    return FWL_OK;
}

void
fwl_import_clear(struct fwl_import *import)
{
    for (size_t i = 0; i < import->line_count; i++) {
        fwl_free(import->lines[i].record);
    }
    for (size_t i = 0; i < import->group_count; i++) {
        fwl_free(import->groups[i].participant);
        fwl_free(import->groups[i].key);
    }
    for (size_t i = 0; i < import->class_count; i++) {
        fwl_free(import->classes[i].name);
    }
    fwl_free(import->lines);
    fwl_free(import->groups);
    fwl_free(import->classes);
    *import = (struct fwl_import){0};
}
