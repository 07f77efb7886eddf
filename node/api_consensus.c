/* /v1/consensus: votes a view and kind, who is missing. Of this node's view of things, at most a second old. */
#include "core/host/heap.h"
#include "ledger/json/release.h"
#include "node/api_part.h"
#include "node/waiting.h"

static json_t *
members_json(const struct fwl_replica_watch *w, const struct fwl_waiting_names *names)
{
    json_t *list = json_array();

    for (uint32_t i = 0; list != NULL && i < w->n; i++) {
        const struct fwl_tally_member *m = &w->tally.members[i];
        const struct fwl_tally_peer *p = &w->peers[i];
        json_t *item =
            json_pack("{s:s, s:o, s:s, s:b, s:I, s:I}", "name", names->name[i], "key",
                      fwl_json_hex(fwl_span(m->key.b, sizeof(m->key.b))), "participant", names->participant[i],
                      "connected", (int)(p->connected || i == w->own), "last_signed_height", (json_int_t)m->last_signed,
                      "missed_blocks", (json_int_t)m->missed);

        if (item != NULL && p->told) {
            (void)json_object_set_new(item, "height", json_integer((json_int_t)p->height));
            (void)json_object_set_new(item, "view", json_integer((json_int_t)p->view));
        }
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* NULL where there are no votes: the member is left out. */
static json_t *
votes_json(const struct fwl_replica_watch *w, const struct fwl_waiting_names *names, const struct fwl_tally_view *view,
           enum fwl_vote_kind kind)
{
    const struct fwl_tally_votes *votes = &view->kinds[kind - 1];
    json_t *voters = NULL;

    if (votes->count == 0) {
        return NULL;
    }
    voters = json_array();
    for (uint32_t i = 0; i < w->n; i++) {
        if (fwl_tally_voted(votes, i)) {
            (void)json_array_append_new(voters, json_string(names->name[i]));
        }
    }
    return json_pack("{s:i, s:o, s:o*}", "count", (int)votes->count, "voters", voters, "block_hash",
                     kind == FWL_VOTE_NULLIFY ? NULL : fwl_json_hex(fwl_hash32_span(&votes->hash)));
}

static json_t *
view_json(const struct fwl_replica_watch *w, const struct fwl_waiting_names *names, const struct fwl_tally_view *view)
{
    json_t *held = json_array();
    json_t *out = NULL;

    if (view->notar) {
        (void)json_array_append_new(held, json_string("NOTARIZE"));
    }
    if (view->null) {
        (void)json_array_append_new(held, json_string("NULLIFY"));
    }
    if (view->final) {
        (void)json_array_append_new(held, json_string("FINALIZE"));
    }
    out = json_pack("{s:I, s:i, s:o, s:o*, s:o*, s:o*, s:o*}", "view", (json_int_t)view->view, "proposals",
                    (int)view->proposals, "certificates", held, "block_hash",
                    view->proposals == 0 ? NULL : fwl_json_hex(fwl_hash32_span(&view->proposal)), "notarize",
                    votes_json(w, names, view, FWL_VOTE_NOTARIZE), "nullify",
                    votes_json(w, names, view, FWL_VOTE_NULLIFY), "finalize",
                    votes_json(w, names, view, FWL_VOTE_FINALIZE));
    return out;
}

static json_t *
views_json(const struct fwl_replica_watch *w, const struct fwl_waiting_names *names)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < w->view_count; i++) {
        if (json_array_append_new(list, view_json(w, names, &w->views[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static void
reply(struct fwl_api_call *c, const struct fwl_api_watch *watch)
{
    const struct fwl_replica_watch *w = &watch->replica;
    struct fwl_waiting_names names;
    char text[FWL_WAITING_TEXT_ROOM];
    json_t *object = NULL;

    fwl_waiting_names(&names, &c->read.kv, &w->tally);
    fwl_waiting_text(text, watch->own, w, &names);
    object = json_pack("{s:I, s:I, s:b, s:s*, s:f, s:i, s:i, s:b, s:o*, s:s*, s:o, s:o}", "height",
                       (json_int_t)(w->running ? w->height : c->tip_height + 1), "view", (json_int_t)w->view, "wanted",
                       (int)w->want, "waiting", text[0] == '\0' ? NULL : text, "seconds",
                       (double)watch->waited_ms / 1000.0, "validators", (int)w->n, "quorum",
                       (int)(w->n == 0 ? 0 : fwl_validators_quorum(w->n)), "voting", (int)w->voting, "voting_from",
                       w->own == FWL_CONSENSUS_NOBODY || !w->running || w->voting || w->voting_from > INT64_MAX
                           ? NULL
                           : json_integer((json_int_t)w->voting_from),
                       "leader", w->running ? names.name[w->leader] : NULL, "members", members_json(w, &names), "views",
                       views_json(w, &names));
    fwl_api_json(c, object);
}

void
fwl_api_consensus_get(struct fwl_api_call *c)
{
    struct fwl_api_watch *watch = fwl_malloc(sizeof(*watch));

    if (watch == NULL) {
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    c->api->backend.watch(c->api->backend.cookie, watch);
    reply(c, watch);
    fwl_free(watch);
}
