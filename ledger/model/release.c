#include "ledger/model/release.h"

#define R struct fwl_release /* the table below names it in every line */

static enum fwl_err
check_class(struct fwl_span text)
{
    return fwl_name_class(NULL, text);
}

static const struct fwl_form_field encryption_fields[] = {
    FWL_F_CUSTOM(1, false, struct fwl_encryption, plain_digest, fwl_digest_read, fwl_digest_put,
                 "release.plain_digest"),
    FWL_F_UINT(2, false, struct fwl_encryption, plain_size, 0, UINT64_MAX, "release.plain_size"),
    FWL_F_BYTES(3, false, struct fwl_encryption, encrypt, 1, FWL_ENCRYPTION_MAX, "release.encryption"),
};

static void
read_encryption(struct fwl_reader *r, void *at)
{
    struct fwl_encryption *e = at;

    fwl_form_read(r, e, &e->has, encryption_fields, FWL_COUNT(encryption_fields));
}

static void
put_encryption(struct fwl_writer *w, const void *at)
{
    const struct fwl_encryption *e = at;

    fwl_form_put(w, e, e->has, encryption_fields, FWL_COUNT(encryption_fields), (struct fwl_list){0});
}

static void
read_author(struct fwl_reader *r, void *at)
{
    struct fwl_author *a = at;
    size_t count = fwl_cbor_array(r, 2);

    *a = (struct fwl_author){.kind = fwl_form_uint(r, FWL_AUTHOR_RECORD, FWL_AUTHOR_IMAGE)};
    if (fwl_reader_ok(r) && count != (a->kind == FWL_AUTHOR_RECORD ? 2 : 1)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    if (fwl_reader_ok(r) && a->kind == FWL_AUTHOR_RECORD) {
        a->sig = fwl_cbor_bytes(r, FWL_AUTHOR_SIG_MAX);
        if (fwl_reader_ok(r) && a->sig.size == 0) {
            fwl_reader_fail(r, FWL_ERR_VALUE);
        }
    }
}

static void
put_author(struct fwl_writer *w, const void *at)
{
    const struct fwl_author *a = at;

    fwl_cbor_put_array(w, a->kind == FWL_AUTHOR_RECORD ? 2 : 1);
    fwl_cbor_put_uint(w, a->kind);
    if (a->kind == FWL_AUTHOR_RECORD) {
        fwl_cbor_put_bytes(w, a->sig);
    }
}

static void
read_manifest(struct fwl_reader *r, void *at)
{
    struct fwl_manifest *m = at;

    *m = (struct fwl_manifest){0};
    fwl_cbor_array_exact(r, 2);
    m->kind = fwl_form_uint(r, 1, 2);
    if (m->kind == 2) {
        fwl_digest_read(r, &m->digest);
        return;
    }
    m->envelope = fwl_cbor_bytes(r, FWL_MANIFEST_MAX);
    if (fwl_reader_ok(r) && m->envelope.size == 0) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
put_manifest(struct fwl_writer *w, const void *at)
{
    const struct fwl_manifest *m = at;

    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, m->kind);
    if (m->kind == 2) {
        fwl_digest_put(w, &m->digest);
    } else {
        fwl_cbor_put_bytes(w, m->envelope);
    }
}

static void
read_build(struct fwl_reader *r, void *at)
{
    struct fwl_build *b = at;

    fwl_cbor_array_exact(r, 2);
    fwl_digest_read(r, &b->source);
    fwl_digest_read(r, &b->recipe);
}

static void
put_build(struct fwl_writer *w, const void *at)
{
    const struct fwl_build *b = at;

    fwl_cbor_put_array(w, 2);
    fwl_digest_put(w, &b->source);
    fwl_digest_put(w, &b->recipe);
}

static void
read_window(struct fwl_reader *r, void *at)
{
    struct fwl_version_range *v = at;

    fwl_cbor_array_exact(r, 2);
    v->min = fwl_form_version(r);
    v->max = fwl_form_version(r);
    if (fwl_reader_ok(r) && v->min.size == 0 && v->max.size == 0) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
put_window(struct fwl_writer *w, const void *at)
{
    const struct fwl_version_range *v = at;

    fwl_cbor_put_array(w, 2);
    fwl_form_put_version(w, v->min);
    fwl_form_put_version(w, v->max);
}

static void
read_revision(struct fwl_reader *r, void *at)
{
    struct fwl_revision_range *v = at;

    fwl_cbor_array_exact(r, 2);
    v->has_min = !fwl_cbor_try_null(r);
    v->min = v->has_min ? fwl_cbor_int(r) : 0;
    v->has_max = !fwl_cbor_try_null(r);
    v->max = v->has_max ? fwl_cbor_int(r) : 0;
    if (fwl_reader_ok(r) && !v->has_min && !v->has_max) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
put_revision(struct fwl_writer *w, const void *at)
{
    const struct fwl_revision_range *v = at;

    fwl_cbor_put_array(w, 2);
    if (v->has_min) {
        fwl_cbor_put_int(w, v->min);
    } else {
        fwl_cbor_put_null(w);
    }
    if (v->has_max) {
        fwl_cbor_put_int(w, v->max);
    } else {
        fwl_cbor_put_null(w);
    }
}

static void
item_other_digest(struct fwl_reader *r, struct fwl_form_order *order)
{
    (void)order;
    fwl_cbor_array_exact(r, 2);
    (void)fwl_cbor_int(r);
    if (fwl_cbor_bytes(r, 64).size == 0) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

/* http, https or relative: anything before the first of ":/?#" is a scheme only when that one is ":". */
static bool
is_link(struct fwl_span link)
{
    size_t end = 0;

    for (size_t i = 0; i < link.size; i++) {
        if (link.p[i] <= 0x20 || link.p[i] == 0x7f) {
            return false;
        }
    }
    while (end < link.size && link.p[end] != ':' && link.p[end] != '/' && link.p[end] != '?' && link.p[end] != '#') {
        end++;
    }
    if (end == link.size || link.p[end] != ':') {
        return true;
    }
    return (link.size > 7 && memcmp(link.p, "http://", 7) == 0) ||
           (link.size > 8 && memcmp(link.p, "https://", 8) == 0);
}

static void
item_link(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_span link = fwl_form_text(r, 1, FWL_LINK_MAX);

    (void)order;
    if (fwl_reader_ok(r) && !is_link(link)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
item_label(struct fwl_reader *r, struct fwl_form_order *order)
{
    const uint8_t *start = r->at;

    (void)fwl_cbor_text(r, FWL_LABEL_KEY_MAX);
    if (fwl_reader_ok(r)) {
        fwl_form_ascend(r, order, fwl_span(start, (size_t)(r->at - start)));
    }
    (void)fwl_cbor_text(r, FWL_LABEL_VALUE_MAX);
}

static void
item_condition_name(struct fwl_reader *r, struct fwl_form_order *order)
{
    (void)order;
    (void)fwl_form_text(r, 1, FWL_CONDITION_NAME_MAX);
}

static void
item_region(struct fwl_reader *r, struct fwl_form_order *order)
{
    (void)order;
    (void)fwl_form_name(r, 2, fwl_name_region);
}

static const struct fwl_form_field condition_fields[] = {
    FWL_F_LIST(1, true, struct fwl_condition, models, 1, FWL_CONDITION_NAMES_MAX, item_condition_name,
               "release.hardware.models"),
    FWL_F_LIST(2, true, struct fwl_condition, makers, 1, FWL_CONDITION_NAMES_MAX, item_condition_name,
               "release.hardware.makers"),
    FWL_F_CUSTOM(3, true, struct fwl_condition, revision, read_revision, put_revision, "release.hardware.revision"),
};

static void
read_condition(struct fwl_reader *r, struct fwl_condition *out)
{
    *out = (struct fwl_condition){0};
    fwl_form_read(r, out, &out->has, condition_fields, FWL_COUNT(condition_fields));
    if (fwl_reader_ok(r) && out->has == 0) {
        fwl_reader_fail(r, FWL_ERR_MISSING);
    }
}

static void
item_condition(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_condition c;

    (void)order;
    read_condition(r, &c);
}

static const struct fwl_form_field relation_fields[] = {
    FWL_F_TEXT(1, false, struct fwl_relation, name, 1, FWL_RELATION_NAME_MAX, "release.relation.name"),
    FWL_F_UINT(2, true, struct fwl_relation, op, FWL_OP_LT, FWL_OP_GT, "release.relation.op"),
    FWL_F_TEXT(3, true, struct fwl_relation, version, 1, FWL_VERSION_BYTES_MAX, "release.relation.version"),
};

static void
read_relation(struct fwl_reader *r, struct fwl_relation *out)
{
    *out = (struct fwl_relation){0};
    fwl_form_read_growing(r, out, &out->has, relation_fields, FWL_COUNT(relation_fields), &out->extra);
    if (fwl_reader_ok(r) && ((out->has & FWL_HAS(2)) != 0) != ((out->has & FWL_HAS(3)) != 0)) {
        fwl_reader_fail(r, FWL_ERR_MISSING);
    }
    if (fwl_reader_ok(r) && out->extra.unknown) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN); /* only the record itself grows */
    }
}

static void
item_relation(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_relation rel;

    (void)order;
    read_relation(r, &rel);
}

static void
item_clause(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_list alternatives;

    (void)order;
    fwl_form_array(r, &alternatives, 1, FWL_ALTERNATIVES_MAX, item_relation);
}

static void
read_provision(struct fwl_reader *r, struct fwl_provision *out)
{
    size_t count = fwl_cbor_array(r, 2);

    *out = (struct fwl_provision){0};
    if (fwl_reader_ok(r) && count == 0) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    out->name = fwl_form_text(r, 1, FWL_RELATION_NAME_MAX);
    if (count == 2) {
        out->version = fwl_form_text(r, 1, FWL_VERSION_BYTES_MAX);
    }
}

static void
item_provision(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_provision p;

    (void)order;
    read_provision(r, &p);
}

static const struct fwl_form_field fields[] = {
    FWL_F_NAME(1, false, R, provider, FWL_PARTICIPANT_ID_MAX, fwl_name_participant, "release.provider"),
    FWL_F_NAME(2, false, R, class_name, FWL_CLASS_MAX, check_class, "release.class"),
    FWL_F_TEXT(3, false, R, version, 1, FWL_VERSION_BYTES_MAX, "release.version"),
    FWL_F_CUSTOM(4, false, R, digest, fwl_digest_read, fwl_digest_put, "release.digest"),
    FWL_F_UINT(5, false, R, size, 0, UINT64_MAX, "release.size"),
    FWL_F_CUSTOM(6, true, R, encryption, read_encryption, put_encryption, "release.encryption"),
    FWL_F_TEXT(7, false, R, file_name, 1, FWL_FILENAME_MAX, "release.file_name"),
    FWL_F_UINT(8, true, R, published_s, 0, UINT64_MAX, "release.published"),
    FWL_F_UINT(9, false, R, counter, 0, UINT64_MAX, "release.security_counter"),
    FWL_F_CUSTOM(10, true, R, author, read_author, put_author, "release.author_sig"),
    FWL_F_TEXT(11, true, R, channel, 1, FWL_CHANNEL_MAX, "release.channel"),
    FWL_F_UINT(12, true, R, severity, FWL_SEVERITY_NORMAL, FWL_SEVERITY_CRITICAL, "release.severity"),
    FWL_F_UINT(13, true, R, rank, 0, UINT32_MAX, "release.rank"),
    FWL_F_UINT(14, true, R, scheme, FWL_SCHEME_SEMVER, FWL_SCHEME_OPAQUE, "release.scheme"),
    FWL_F_LIST(15, true, R, provides, 1, FWL_RELATIONS_MAX, item_provision, "release.provides"),
    FWL_F_LIST(16, true, R, conflicts, 1, FWL_RELATIONS_MAX, item_relation, "release.conflicts"),
    FWL_F_CUSTOM(17, true, R, manifest, read_manifest, put_manifest, "release.manifest"),
    FWL_F_CUSTOM(18, true, R, sbom, fwl_digest_read, fwl_digest_put, "release.sbom"),
    FWL_F_CUSTOM(19, true, R, build, read_build, put_build, "release.build"),
    FWL_F_LIST(20, true, R, digests, 1, FWL_DIGESTS_MAX, item_other_digest, "release.digests"),
    FWL_F_LIST(30, true, R, links, 1, FWL_LINKS_MAX, item_link, "release.links"),
    FWL_F_TEXT(31, true, R, notes, 1, FWL_NOTES_MAX, "release.notes"),
    FWL_F_MAP(32, true, R, labels, 0, FWL_LABELS_MAX, item_label, "release.labels"),
    FWL_F_BOOL(33, false, R, valid, "release.valid"),
    FWL_F_LIST(34, true, R, hardware, 1, FWL_CONDITIONS_MAX, item_condition, "release.hardware"),
    FWL_F_CUSTOM(35, true, R, window, read_window, put_window, "release.window"),
    FWL_F_LIST(36, true, R, dependencies, 1, FWL_CLAUSES_MAX, item_clause, "release.dependencies"),
    FWL_F_LIST(37, true, R, regions, 1, FWL_REGIONS_MAX, item_region, "release.regions"),
};

static void
check_version(struct fwl_reader *r, const char *field, uint64_t scheme, struct fwl_span version)
{
    enum fwl_err err = version.size == 0 || scheme == 0 ? FWL_OK : fwl_version_check(scheme, version, NULL);

    fwl_reader_field(r, field);
    if (err != FWL_OK && fwl_reader_ok(r)) {
        fwl_reader_fail(r, err);
    }
}

static void
check_relations(struct fwl_reader *r, const char *field, uint64_t scheme, struct fwl_list relations)
{
    struct fwl_reader it;
    struct fwl_relation rel;

    for (fwl_list_begin(&it, relations); fwl_release_next_relation(&it, &rel);) {
        check_version(r, field, scheme, rel.version);
    }
}

/* Every version against its scheme; @r carries the failure only. */
static void
check_versions(struct fwl_reader *r, const struct fwl_release *release, uint64_t scheme)
{
    uint64_t other = (release->has & FWL_HAS(FWL_RELEASE_SCHEME)) != 0 ? release->scheme : scheme;
    struct fwl_reader it;
    struct fwl_provision p;
    struct fwl_list clause;

    check_version(r, "release.version", scheme, release->version);
    check_version(r, "release.window", scheme, release->window.min);
    check_version(r, "release.window", scheme, release->window.max);
    for (fwl_list_begin(&it, release->provides); fwl_release_next_provision(&it, &p);) {
        check_version(r, "release.provides", other, p.version);
    }
    check_relations(r, "release.conflicts", other, release->conflicts);
    for (fwl_list_begin(&it, release->dependencies); fwl_release_next_clause(&it, &clause);) {
        check_relations(r, "release.dependencies", other, clause);
    }
}

enum fwl_err
fwl_release_decode(struct fwl_release *out, struct fwl_fault *fault, struct fwl_span in, uint64_t scheme)
{
    struct fwl_reader r;

    memset(out, 0, sizeof(*out));
    fwl_fault_begin(&r, in, FWL_RELEASE_MAX);
    fwl_form_read_growing(&r, out, &out->has, fields, FWL_COUNT(fields), &out->extra);
    if (fwl_reader_finish(&r) == FWL_OK) {
        check_versions(&r, out, scheme);
    }
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

void
fwl_release_put(struct fwl_writer *w, const struct fwl_release *release)
{
    if (release->extra.unknown) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN);
        return;
    }
    fwl_form_put(w, release, release->has, fields, FWL_COUNT(fields), release->extra.negative);
}

void
fwl_release_id(struct fwl_hash32 *out, struct fwl_span record)
{
    fwl_sha256(out, record);
}

static bool
distinct(struct fwl_list texts)
{
    struct fwl_reader it;
    struct fwl_span text;

    for (fwl_list_begin(&it, texts); fwl_list_next_text(&it, &text);) {
        struct fwl_list rest = {.items = fwl_span(it.at, it.left)};

        if (fwl_list_has_text(rest, text)) {
            return false;
        }
    }
    return true;
}

enum fwl_err
fwl_release_check_publish(const struct fwl_release *release)
{
    struct fwl_reader it;
    struct fwl_condition c;

    if (release->extra.unknown) {
        return FWL_ERR_UNKNOWN;
    }
    for (fwl_list_begin(&it, release->hardware); fwl_release_next_condition(&it, &c);) {
        if (!distinct(c.models) || !distinct(c.makers)) {
            return FWL_ERR_DUPLICATE;
        }
    }
    return FWL_OK;
}

/* One pair of an amendment. */
static void
amend_field(struct fwl_reader *r, struct fwl_release *release)
{
    int64_t key = fwl_cbor_int(r);

    if (fwl_reader_ok(r) && (key < FWL_RELEASE_LINKS || key > FWL_RELEASE_REGIONS)) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    if (!fwl_reader_ok(r)) {
        return;
    }
    if (!fwl_cbor_try_null(r)) {
        (void)fwl_form_read_field(r, release, fields, FWL_COUNT(fields), key);
        release->has |= FWL_HAS(key);
        return;
    }
    release->has &= ~FWL_HAS(key);
    if (key == FWL_RELEASE_VALID) {
        fwl_reader_field(r, "release.valid");
        fwl_reader_fail(r, FWL_ERR_VALUE);
    } else if (key == FWL_RELEASE_WINDOW) {
        release->window = (struct fwl_version_range){{0}, {0}};
    } else if (key == FWL_RELEASE_DEPENDENCIES) {
        release->dependencies = (struct fwl_list){0};
    } else if (key == FWL_RELEASE_HARDWARE) {
        release->hardware = (struct fwl_list){0};
    }
}

enum fwl_err
fwl_release_amend(struct fwl_writer *w, struct fwl_fault *fault, struct fwl_span record, struct fwl_list amendment,
                  uint64_t scheme)
{
    struct fwl_release release;
    enum fwl_err err = fwl_release_decode(&release, fault, record, 0);
    struct fwl_reader r;
    size_t before = w->size;

    if (err != FWL_OK) {
        return err;
    }
    fwl_list_begin(&r, amendment);
    fwl_reader_field(&r, "release");
    if (release.extra.unknown) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    while (r.left > 0) {
        amend_field(&r, &release);
    }
    if (fwl_reader_ok(&r)) {
        check_versions(&r, &release, scheme);
    }
    if (fwl_reader_ok(&r)) {
        err = fwl_release_check_publish(&release);
        if (err != FWL_OK) {
            fwl_reader_field(&r, "release.hardware");
            fwl_reader_fail(&r, err);
        }
    }
    if (fwl_reader_ok(&r)) {
        fwl_release_put(w, &release);
        if (w->size - before > FWL_RELEASE_MAX) {
            fwl_reader_field(&r, "release");
            fwl_reader_fail(&r, FWL_ERR_LIMIT);
        } else if (w->err != FWL_OK) {
            fwl_reader_fail(&r, w->err);
        }
    }
    return fwl_fault_from_reader(fault, &r);
}

bool
fwl_release_next_condition(struct fwl_reader *it, struct fwl_condition *condition)
{
    bool more = it->left != 0;

    *condition = (struct fwl_condition){0};
    if (more) {
        read_condition(it, condition);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_release_next_relation(struct fwl_reader *it, struct fwl_relation *relation)
{
    bool more = it->left != 0;

    *relation = (struct fwl_relation){0};
    if (more) {
        read_relation(it, relation);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_release_next_clause(struct fwl_reader *it, struct fwl_list *alternatives)
{
    bool more = it->left != 0;

    *alternatives = (struct fwl_list){0};
    if (more) {
        fwl_form_array(it, alternatives, 1, FWL_ALTERNATIVES_MAX, item_relation);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_release_next_provision(struct fwl_reader *it, struct fwl_provision *provision)
{
    bool more = it->left != 0;

    *provision = (struct fwl_provision){{0}, {0}};
    if (more) {
        read_provision(it, provision);
    }
    return more && fwl_reader_ok(it);
}

void
fwl_release_put_condition(struct fwl_writer *w, const struct fwl_condition *condition)
{
    fwl_form_put(w, condition, condition->has, condition_fields, FWL_COUNT(condition_fields), (struct fwl_list){0});
}

void
fwl_release_put_relation(struct fwl_writer *w, const struct fwl_relation *relation)
{
    fwl_form_put(w, relation, relation->has, relation_fields, FWL_COUNT(relation_fields), relation->extra.negative);
}

void
fwl_release_put_provision(struct fwl_writer *w, const struct fwl_provision *provision)
{
    fwl_cbor_put_array(w, provision->version.size == 0 ? 1 : 2);
    fwl_cbor_put_text(w, provision->name);
    if (provision->version.size != 0) {
        fwl_cbor_put_text(w, provision->version);
    }
}
