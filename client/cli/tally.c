#include "client/cli/tally.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/print.h"
#include "core/host/heap.h"

struct fwl_tally_item {
    struct fwl_tally_item *next;
    uint64_t count;
    char text[];
};

static int
by_text(const void *a, const void *b)
{
    return strcmp(((const struct fwl_tally_item *)a)->text, ((const struct fwl_tally_item *)b)->text);
}

static int
by_count(const void *a, const void *b)
{
    const struct fwl_tally_item *x = *(struct fwl_tally_item *const *)a;
    const struct fwl_tally_item *y = *(struct fwl_tally_item *const *)b;

    return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->text, y->text);
}

void
fwl_tally_add(struct fwl_tally *tally, const char *text)
{
    size_t size = strlen(text) + 1;
    struct fwl_tally_item *item = fwl_calloc(1, sizeof(*item) + size);
    void *const *node = NULL;

    if (item == NULL) {
        return;
    }
    memcpy(item->text, text, size);
    node = tsearch(item, &tally->tree, by_text);
    if (node == NULL || *node != item) {
        fwl_free(item);
        item = node == NULL ? NULL : *node;
    } else {
        item->next = tally->all;
        tally->all = item;
        tally->count++;
    }
    if (item != NULL) {
        item->count++;
    }
}

const char *
fwl_tally_number(char out[FWL_TALLY_NUMBER], uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    size_t at = 0;

    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

void
fwl_tally_print(FILE *to, const struct fwl_tally *tally, const char *title)
{
    struct fwl_tally_item **sorted = fwl_calloc(tally->count + 1, sizeof(struct fwl_tally_item *));
    char number[FWL_TALLY_NUMBER];
    uint64_t rest = 0;
    size_t count = 0;

    if (sorted == NULL || tally->count == 0) {
        fwl_free(sorted);
        return;
    }
    for (struct fwl_tally_item *item = tally->all; item != NULL; item = item->next) {
        sorted[count++] = item;
    }
    qsort(sorted, count, sizeof(struct fwl_tally_item *), by_count);
    (void)fprintf(to, "%s\n", title);
    for (size_t i = 0; i < count; i++) {
        if (i < FWL_TALLY_SHOWN) {
            (void)fprintf(to, "  %10s  ", fwl_tally_number(number, sorted[i]->count));
            fwl_print_text(to, sorted[i]->text);
            (void)fputc('\n', to);
        } else {
            rest += sorted[i]->count;
        }
    }
    if (rest > 0) {
        (void)fprintf(to, "  %10s  %zu other%s\n", fwl_tally_number(number, rest), count - FWL_TALLY_SHOWN,
                      count - FWL_TALLY_SHOWN == 1 ? "" : "s");
    }
    fwl_free(sorted);
}

static void
forget(void *element)
{
    fwl_free(element);
}

void
fwl_tally_clear(struct fwl_tally *tally)
{
    tdestroy(tally->tree, forget);
    *tally = (struct fwl_tally){.tree = NULL};
}
