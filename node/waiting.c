#include "node/waiting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "ledger/model/entry.h"
#include "ledger/query/query.h"

enum {
    DIGIT_BYTES = 4,
    NAMES_MAX = 8, /* of those missing, that are named */
};

static void
find_participants(struct fwl_waiting_names *out, const struct fwl_kv *chain, const struct fwl_tally *tally)
{
    struct fwl_validators_entry entry;
    struct fwl_member member;
    struct fwl_reader it;
    struct fwl_span value;

    if (fwl_query_entry(chain, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) != FWL_OK ||
        fwl_entry_validators(&entry, NULL, value) != FWL_OK) {
        return;
    }
    for (fwl_list_begin(&it, entry.members); fwl_member_next(&it, &member);) {
        for (uint32_t i = 0; i < tally->n; i++) {
            if (memcmp(tally->members[i].key.b, member.key.b, sizeof(member.key.b)) == 0) {
                (void)snprintf(out->participant[i], sizeof(out->participant[i]), "%.*s", (int)member.organisation.size,
                               (const char *)member.organisation.p);
            }
        }
    }
}

void
fwl_waiting_names(struct fwl_waiting_names *out, const struct fwl_kv *chain, const struct fwl_tally *tally)
{
    memset(out, 0, sizeof(*out));
    find_participants(out, chain, tally);
    for (uint32_t i = 0; i < tally->n; i++) {
        const char *participant = out->participant[i];
        char digits[2 * DIGIT_BYTES + 1];
        bool alone = participant[0] != '\0';

        for (uint32_t j = 0; alone && j < tally->n; j++) {
            alone = j == i || strcmp(participant, out->participant[j]) != 0;
        }
        fwl_hex_encode(digits, sizeof(digits), fwl_span(tally->members[i].key.b, DIGIT_BYTES));
        (void)snprintf(out->name[i], sizeof(out->name[i]), alone ? "%s" : "%s(%s)", participant, digits);
    }
}

/* A text that is written piece by piece. */
struct text {
    char *out;
    size_t used;
    unsigned pieces; /* about votes */
};

static void FWL_PRINTF(2, 3) put(struct text *t, const char *format, ...)
{
    va_list args;
    int n = 0;

    va_start(args, format);
    n = vsnprintf(t->out + t->used, FWL_WAITING_TEXT_ROOM - t->used, format, args);
    va_end(args);
    FWL_ASSERT(n >= 0 && (size_t)n < FWL_WAITING_TEXT_ROOM - t->used);
    t->used += (size_t)n;
}

/* What stands before the next piece. */
static const char *
gap(struct text *t)
{
    t->pieces++;
    return t->pieces > 1 ? ", " : t->used > 0 ? "; " : "";
}

static void
put_count(struct text *t, const struct fwl_tally_votes *votes, const char *kind, uint32_t quorum)
{
    put(t, "%s%u of %u %s", gap(t), (unsigned)votes->count, (unsigned)quorum, kind);
}

static void
put_missing(struct text *t, const struct fwl_replica_watch *w, const struct fwl_waiting_names *names,
            const struct fwl_tally_view *present, const struct fwl_tally_view *past)
{
    unsigned missing = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        bool voted = fwl_tally_voted(&present->kinds[FWL_VOTE_NOTARIZE - 1], i) ||
                     fwl_tally_voted(&present->kinds[FWL_VOTE_NULLIFY - 1], i) ||
                     (past != NULL && fwl_tally_voted(&past->kinds[FWL_VOTE_FINALIZE - 1], i));

        if (voted) {
            continue;
        }
        if (missing < NAMES_MAX) {
            put(t, "%s%s", missing == 0 ? ", missing " : ", ", names->name[i]);
        }
        missing++;
    }
    if (missing > NAMES_MAX) {
        put(t, " and %u more", missing - NAMES_MAX);
    }
}

/* The present view, and the newest one before it whose block only lacks FINALIZE votes. */
static void
put_votes(struct text *t, const struct fwl_replica_watch *w, const struct fwl_waiting_names *names)
{
    const struct fwl_tally_view *present = NULL;
    const struct fwl_tally_view *past = NULL;
    uint32_t quorum = fwl_validators_quorum(w->n);

    for (size_t i = 0; i < w->view_count; i++) {
        const struct fwl_tally_view *v = &w->views[i];

        present = v->view == w->view ? v : present;
        past = past == NULL && v->view < w->view && v->notar ? v : past;
    }
    if (present == NULL) {
        return;
    }
    if (past != NULL) {
        put_count(t, &past->kinds[FWL_VOTE_FINALIZE - 1], "FINALIZE", quorum);
    }
    if (present->proposals == 0 && present->kinds[FWL_VOTE_NOTARIZE - 1].count == 0) {
        put(t, "%sno proposal by %s", gap(t), names->name[w->leader]);
    } else {
        put_count(t, &present->kinds[FWL_VOTE_NOTARIZE - 1], "NOTARIZE", quorum);
    }
    if (present->kinds[FWL_VOTE_NULLIFY - 1].count > 0) {
        put_count(t, &present->kinds[FWL_VOTE_NULLIFY - 1], "NULLIFY", quorum);
    }
    put_missing(t, w, names, present, past);
}

void
fwl_waiting_text(char out[FWL_WAITING_TEXT_ROOM], const char *own, const struct fwl_replica_watch *watch,
                 const struct fwl_waiting_names *names)
{
    struct text t = {.out = out};

    out[0] = '\0';
    put(&t, "%s", own == NULL ? "" : own);
    if (watch->running && watch->want) {
        put_votes(&t, watch, names);
    }
}
