#include "ledger/kv/overlay.h"

#include <assert.h> /* static_assert */

enum {
    HEIGHT_MAX = 64, /* an AVL tree of this height has more nodes than memory has bytes */
    ALIGN = 8,
};

struct fwl_overlay_node {
    struct fwl_overlay_node *child[2]; /* smaller, greater */
    const uint8_t *key;
    uint8_t *value;
    size_t value_size;
    uint32_t value_room; /* bytes reserved; values of 4 GiB do not exist */
    uint16_t key_size;
    uint8_t space;
    uint8_t flags_height; /* bit 7: deleted; bits 0..6: height of the subtree */
};

static_assert(sizeof(struct fwl_overlay_node) <= FWL_OVERLAY_NODE_BYTES, "the documented cost");

static bool
is_deleted(const struct fwl_overlay_node *n)
{
    return (n->flags_height & 0x80U) != 0;
}

static unsigned
height(const struct fwl_overlay_node *n)
{
    return n == NULL ? 0 : n->flags_height & 0x7fU;
}

static struct fwl_span
node_key(const struct fwl_overlay_node *n)
{
    return fwl_span(n->key, n->key_size);
}

/* Where (space, key) lies relative to a node. */
static int
compare(enum fwl_space space, struct fwl_span key, const struct fwl_overlay_node *n)
{
    if ((unsigned)space != n->space) {
        return (unsigned)space < n->space ? -1 : 1;
    }
    return fwl_span_compare(key, node_key(n));
}

static const struct fwl_overlay_node *
lookup(const struct fwl_overlay *o, enum fwl_space space, struct fwl_span key)
{
    const struct fwl_overlay_node *n = o->root;

    while (n != NULL) {
        int order = compare(space, key, n);

        if (order == 0) {
            return n;
        }
        n = n->child[order > 0];
    }
    return NULL;
}

/* The first node at or after (space, key); with @after strictly after it. */
static const struct fwl_overlay_node *
lookup_from(const struct fwl_overlay *o, enum fwl_space space, struct fwl_span key, bool after)
{
    const struct fwl_overlay_node *n = o->root;
    const struct fwl_overlay_node *best = NULL;

    while (n != NULL) {
        int order = compare(space, key, n);

        if (order < 0 || (order == 0 && !after)) {
            best = n;
            n = n->child[0];
        } else {
            n = n->child[1];
        }
    }
    return best;
}

static void
set_height(struct fwl_overlay_node *n)
{
    unsigned h = 1 + FWL_MAX(height(n->child[0]), height(n->child[1]));

    n->flags_height = (uint8_t)((n->flags_height & 0x80U) | h);
}

/* Lift the child on @side above @n. */
static struct fwl_overlay_node *
rotate(struct fwl_overlay_node *n, unsigned side)
{
    struct fwl_overlay_node *up = n->child[side];

    n->child[side] = up->child[1 - side];
    up->child[1 - side] = n;
    set_height(n);
    set_height(up);
    return up;
}

static struct fwl_overlay_node *
balance(struct fwl_overlay_node *n)
{
    for (unsigned side = 0; side < 2; side++) {
        struct fwl_overlay_node *tall = n->child[side];

        if (height(tall) > height(n->child[1 - side]) + 1) {
            if (height(tall->child[1 - side]) > height(tall->child[side])) {
                n->child[side] = rotate(tall, 1 - side);
            }
            return rotate(n, side);
        }
    }
    set_height(n);
    return n;
}

static void *
take(struct fwl_overlay *o, size_t size)
{
    size_t room = o->arena_bytes - o->used_bytes;
    uint8_t *p;

    if (o->err != FWL_OK || size > room || ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) > room) {
        o->err = FWL_ERR_SPACE;
        return NULL;
    }
    p = o->arena + o->used_bytes;
    o->used_bytes += (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return p;
}

static struct fwl_overlay_node *
new_node(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key)
{
    uint8_t *p = take(o, sizeof(struct fwl_overlay_node) + key.size);
    struct fwl_overlay_node *n = (struct fwl_overlay_node *)(void *)p;

    if (p == NULL) {
        return NULL;
    }
    memcpy(p + sizeof(*n), key.p, key.size);
    *n = (struct fwl_overlay_node){
        .key = p + sizeof(*n),
        .key_size = (uint16_t)key.size,
        .space = (uint8_t)space,
        .flags_height = 1,
    };
    o->count++;
    return n;
}

/* The node of a key, made if need be; NULL when the overlay has failed. */
static struct fwl_overlay_node *
find_or_insert(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key)
{
    struct fwl_overlay_node **path[HEIGHT_MAX];
    struct fwl_overlay_node **at = &o->root;
    struct fwl_overlay_node *n;
    size_t depth = 0;

    FWL_ASSERT(key.size >= 1 && key.size <= FWL_KV_KEY_MAX);
    FWL_ASSERT(space >= FWL_SPACE_FIRST && space <= FWL_SPACE_LAST);
    if (o->err != FWL_OK) {
        return NULL;
    }
    while (*at != NULL) {
        int order = compare(space, key, *at);

        if (order == 0) {
            return *at;
        }
        FWL_ASSERT(depth < HEIGHT_MAX);
        path[depth++] = at;
        at = &(*at)->child[order > 0];
    }
    n = new_node(o, space, key);
    if (n == NULL) {
        return NULL;
    }
    *at = n;
    while (depth > 0) {
        depth--;
        *path[depth] = balance(*path[depth]);
    }
    return n;
}

static enum fwl_err
overlay_get(void *ctx, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    const struct fwl_overlay *o = ctx;
    const struct fwl_overlay_node *n = lookup(o, space, key);
    enum fwl_err err = FWL_ERR_ABSENT;

    if (n != NULL && !is_deleted(n)) {
        *value = fwl_span(n->value, n->value_size);
        err = FWL_OK;
    } else if (n == NULL && o->base.ops != NULL) {
        err = fwl_kv_get(&o->base, value, space, key);
    }
    return err;
}

static const struct fwl_overlay_node *
own_from(const struct fwl_overlay *o, enum fwl_space space, struct fwl_span key, bool after)
{
    const struct fwl_overlay_node *n = lookup_from(o, space, key, after);

    return n != NULL && n->space == (unsigned)space ? n : NULL;
}

/* The merge: the smaller of the two next keys; on equal keys the overlay's write decides. */
static enum fwl_err
overlay_seek(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    const struct fwl_overlay *o = ctx;
    const struct fwl_overlay_node *own = own_from(o, space, key, after);
    struct fwl_kv_entry below = {.key = {NULL, 0}, .value = {NULL, 0}};
    bool more = o->base.ops != NULL;

    if (more) {
        enum fwl_err err =
            after ? fwl_kv_next(&o->base, &below, space, key) : fwl_kv_seek(&o->base, &below, space, key);

        if (err != FWL_OK && err != FWL_ERR_ABSENT) {
            return err;
        }
        more = err == FWL_OK;
    }
    for (;;) {
        int order;

        if (own == NULL) {
            *entry = below;
            return more ? FWL_OK : FWL_ERR_ABSENT;
        }
        order = more ? fwl_span_compare(below.key, node_key(own)) : 1;
        if (order < 0) {
            *entry = below;
            return FWL_OK;
        }
        if (!is_deleted(own)) {
            entry->key = node_key(own);
            entry->value = fwl_span(own->value, own->value_size);
            return FWL_OK;
        }
        if (order == 0) {
            enum fwl_err err = fwl_kv_next(&o->base, &below, space, below.key);

            if (err != FWL_OK && err != FWL_ERR_ABSENT) {
                return err;
            }
            more = err == FWL_OK;
        }
        own = own_from(o, space, node_key(own), true);
    }
}

static const struct fwl_kv_ops overlay_ops = {.get = overlay_get, .seek = overlay_seek};

void
fwl_overlay_init(struct fwl_overlay *o, const struct fwl_kv *base, void *arena, size_t arena_bytes)
{
    uintptr_t off = (uintptr_t)arena % ALIGN;
    size_t skip = FWL_MIN(off == 0 ? 0 : ALIGN - (size_t)off, arena_bytes);

    *o = (struct fwl_overlay){.arena = (uint8_t *)arena + skip, .arena_bytes = arena_bytes - skip};
    if (base != NULL) {
        o->base = *base;
    }
}

void
fwl_overlay_reset(struct fwl_overlay *o)
{
    o->root = NULL;
    o->used_bytes = 0;
    o->count = 0;
    o->err = FWL_OK;
}

struct fwl_kv
fwl_overlay_kv(struct fwl_overlay *o)
{
    return (struct fwl_kv){.ops = &overlay_ops, .ctx = o};
}

/* A node with room for a value of @size; its old bytes are not touched. */
static struct fwl_overlay_node *
make_room(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key, size_t size)
{
    struct fwl_overlay_node *n;

    FWL_ASSERT(size <= UINT32_MAX);
    n = find_or_insert(o, space, key);
    if (n == NULL) {
        return NULL;
    }
    if (size > n->value_room) {
        uint8_t *value = take(o, size);

        if (value == NULL) {
            return NULL; /* failed for ever, so the node just made is never read as a write */
        }
        n->value = value;
        n->value_room = (uint32_t)size;
    }
    n->value_size = size;
    n->flags_height &= 0x7fU;
    return n;
}

enum fwl_err
fwl_overlay_reserve(struct fwl_overlay *o, uint8_t **value, enum fwl_space space, struct fwl_span key, size_t size)
{
    struct fwl_overlay_node *n = make_room(o, space, key, size);

    *value = n == NULL ? NULL : n->value;
    return n == NULL ? o->err : FWL_OK;
}

enum fwl_err
fwl_overlay_put(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    uint8_t *to = NULL;
    enum fwl_err err = fwl_overlay_reserve(o, &to, space, key, value.size);

    if (to != NULL && value.size > 0) {
        memmove(to, value.p, value.size);
    }
    return err;
}

enum fwl_err
fwl_overlay_delete(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key)
{
    struct fwl_overlay_node *n = find_or_insert(o, space, key);

    if (n == NULL) {
        return o->err;
    }
    n->flags_height |= 0x80U;
    n->value_size = 0;
    return FWL_OK;
}

enum fwl_err
fwl_overlay_merge(struct fwl_overlay *into, const struct fwl_overlay *from)
{
    struct fwl_overlay_write w = {.space = (enum fwl_space)0};
    enum fwl_err err = from->err;

    while (err == FWL_OK && fwl_overlay_next(from, &w)) {
        err = w.deleted ? fwl_overlay_delete(into, w.space, w.key) : fwl_overlay_put(into, w.space, w.key, w.value);
    }
    return err;
}

bool
fwl_overlay_next(const struct fwl_overlay *o, struct fwl_overlay_write *w)
{
    const struct fwl_overlay_node *n = lookup_from(o, w->space, w->key, true);

    if (n == NULL) {
        *w = (struct fwl_overlay_write){.space = (enum fwl_space)0};
        return false;
    }
    *w = (struct fwl_overlay_write){
        .space = (enum fwl_space)n->space,
        .deleted = is_deleted(n),
        .key = node_key(n),
        .value = fwl_span(n->value, n->value_size),
    };
    return true;
}
