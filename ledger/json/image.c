/* What a record says about the image file: digests, encryption, author signature, manifest, SBOM, build. */
#include "core/host/heap.h"
#include "ledger/json/release_parts.h"

static const struct {
    const char *member;
    int64_t alg;
} digests[] = {
    {"sha256", FWL_DIGEST_SHA256},
    {"sha384", FWL_DIGEST_SHA384},
    {"sha512", FWL_DIGEST_SHA512},
};

/* The one digest among the members of @object: {"sha256": HEX}. */
static enum fwl_err
take_digest(struct fwl_parse *out, struct fwl_digest *digest, const json_t *object, const char *what)
{
    size_t found = 0;

    for (size_t i = 0; i < FWL_COUNT(digests); i++) {
        const json_t *value = json_object_get(object, digests[i].member);
        size_t size = fwl_digest_size(digests[i].alg);
        enum fwl_err err = FWL_OK;

        if (value == NULL) {
            continue;
        }
        if (found++ > 0) {
            return fwl_parse_fail(out, FWL_ERR_DUPLICATE, "%s%s: one digest is possible", what, digests[i].member);
        }
        digest->alg = digests[i].alg;
        err = fwl_parse_hex(out, &digest->bytes, value, size, digests[i].member);
        if (err != FWL_OK) {
            return err;
        }
        if (digest->bytes.size != size) {
            return fwl_parse_fail(out, FWL_ERR_VALUE, "%s%s: %zu lower-case hexadecimal digits are expected", what,
                                  digests[i].member, 2 * size);
        }
    }
    return found == 1 ? FWL_OK
                      : fwl_parse_fail(out, FWL_ERR_MISSING, "%sone of sha256, sha384, sha512 is missing", what);
}

/* A digest that is the member @member of @object: {"sbom": {"sha256": HEX}}. */
static enum fwl_err
take_member(struct fwl_parse *out, struct fwl_digest *digest, const json_t *object, const char *member)
{
    static const char *const known[] = {"sha256", "sha384", "sha512"};
    const json_t *value = json_object_get(object, member);
    char what[32];
    enum fwl_err err = FWL_OK;

    (void)snprintf(what, sizeof(what), "%s: ", member);
    if (!json_is_object(value)) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: an object like {\"sha256\": HEX} is expected", member);
    }
    err = fwl_parse_members(out, value, known, FWL_COUNT(known), member);
    return err == FWL_OK ? take_digest(out, digest, value, what) : err;
}

static enum fwl_err
parse_encryption(struct fwl_json_release *out, const json_t *value)
{
    static const char *const known[] = {"plain_digest", "plain_size", "encrypt"};
    struct fwl_encryption *e = &out->release.encryption;
    bool there = false;
    enum fwl_err err = FWL_OK;

    if (!json_is_object(value)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE,
                              "encryption: an object with plain_digest, plain_size and encrypt is expected");
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_ENCRYPTION);
    e->has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3);
    err = fwl_parse_members(&out->parse, value, known, FWL_COUNT(known), "encryption");
    err = err == FWL_OK ? take_member(&out->parse, &e->plain_digest, value, "plain_digest") : err;
    err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &e->plain_size, &there, value, "plain_size") : err;
    if (err == FWL_OK && !there) {
        return fwl_parse_fail(&out->parse, FWL_ERR_MISSING, "encryption: plain_size is missing");
    }
    return err == FWL_OK ? fwl_parse_hex(&out->parse, &e->encrypt, json_object_get(value, "encrypt"),
                                         FWL_ENCRYPTION_MAX, "encryption: encrypt")
                         : err;
}

/* "image", or {"record": HEX of the COSE_Sign1}. */
static enum fwl_err
parse_author(struct fwl_json_release *out, const json_t *value)
{
    out->release.has |= FWL_HAS(FWL_RELEASE_AUTHOR);
    if (json_is_string(value) && fwl_span_is(fwl_parse_text(value), "image")) {
        out->release.author.kind = FWL_AUTHOR_IMAGE;
        return FWL_OK;
    }
    if (!json_is_object(value) || json_object_size(value) != 1 || json_object_get(value, "record") == NULL) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "author_sig: \"image\" or {\"record\": HEX} is expected");
    }
    out->release.author.kind = FWL_AUTHOR_RECORD;
    return fwl_parse_hex(&out->parse, &out->release.author.sig, json_object_get(value, "record"), FWL_AUTHOR_SIG_MAX,
                         "author_sig: record");
}

static enum fwl_err
parse_manifest(struct fwl_json_release *out, const json_t *value)
{
    struct fwl_manifest *m = &out->release.manifest;
    const json_t *envelope = json_object_get(value, "envelope");

    if (!json_is_object(value) || json_object_size(value) != 1) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "manifest: either envelope or digest is expected");
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_MANIFEST);
    m->kind = envelope != NULL ? 1 : 2;
    return envelope != NULL ? fwl_parse_hex(&out->parse, &m->envelope, envelope, FWL_MANIFEST_MAX, "manifest: envelope")
                            : take_member(&out->parse, &m->digest, value, "digest");
}

static enum fwl_err
parse_build(struct fwl_json_release *out, const json_t *value)
{
    static const char *const known[] = {"source", "recipe"};
    enum fwl_err err = fwl_parse_members(&out->parse, value, known, FWL_COUNT(known), "build");

    out->release.has |= FWL_HAS(FWL_RELEASE_BUILD);
    err = err == FWL_OK ? take_member(&out->parse, &out->release.build.source, value, "source") : err;
    return err == FWL_OK ? take_member(&out->parse, &out->release.build.recipe, value, "recipe") : err;
}

/* [[COSE algorithm, HEX]]: other digests of the same file, informative. */
static enum fwl_err
parse_digests(struct fwl_json_release *out, const json_t *value)
{
    uint8_t buffer[FWL_DIGESTS_MAX * 80];
    struct fwl_writer items;
    struct fwl_span bytes;
    struct fwl_writer w;
    const json_t *pair = NULL;
    size_t i = 0;

    fwl_writer_init(&items, buffer, sizeof(buffer));
    json_array_foreach(value, i, pair)
    {
        enum fwl_err err = FWL_OK;

        if (json_array_size(pair) != 2 || !json_is_integer(json_array_get(pair, 0))) {
            return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "digests: pairs of a COSE algorithm and HEX are expected");
        }
        err = fwl_parse_hex(&out->parse, &bytes, json_array_get(pair, 1), 64, "digests");
        if (err != FWL_OK) {
            return err;
        }
        fwl_cbor_put_array(&items, 2);
        fwl_cbor_put_int(&items, json_integer_value(json_array_get(pair, 0)));
        fwl_cbor_put_bytes(&items, bytes);
    }
    if (json_array_size(value) == 0 || fwl_writer_finish(&items, &bytes) != FWL_OK) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT, "digests: a list of 1 to %d is expected", FWL_DIGESTS_MAX);
    }
    w = fwl_parse_open(&out->parse);
    fwl_writer_span(&w, bytes);
    out->release.has |= FWL_HAS(FWL_RELEASE_DIGESTS);
    return fwl_parse_close(&out->parse, &out->release.digests, &w, json_array_size(value), "digests");
}

enum fwl_err
fwl_release_parts_image(struct fwl_json_release *out, const json_t *object)
{
    static const struct {
        const char *member;
        enum fwl_err (*parse)(struct fwl_json_release *out, const json_t *value);
    } parts[] = {
        {"encryption", parse_encryption}, {"author_sig", parse_author}, {"manifest", parse_manifest},
        {"build", parse_build},           {"digests", parse_digests},
    };
    enum fwl_err err = take_digest(&out->parse, &out->release.digest, object, "");

    for (size_t i = 0; i < FWL_COUNT(parts) && err == FWL_OK; i++) {
        const json_t *value = json_object_get(object, parts[i].member);

        err = value == NULL ? FWL_OK : parts[i].parse(out, value);
    }
    if (err == FWL_OK && json_object_get(object, "sbom") != NULL) {
        out->release.has |= FWL_HAS(FWL_RELEASE_SBOM);
        err = take_member(&out->parse, &out->release.sbom, object, "sbom");
    }
    return err;
}

/* ---- the inverse ---- */

static const char *
digest_member(int64_t alg)
{
    for (size_t i = 0; i < FWL_COUNT(digests); i++) {
        if (digests[i].alg == alg) {
            return digests[i].member;
        }
    }
    return "digest";
}

json_t *
fwl_json_digest(const struct fwl_digest *digest)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, digest_member(digest->alg), fwl_json_hex(digest->bytes));
    return object;
}

static json_t *
digests_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;

    fwl_list_begin(&it, list);
    for (size_t i = 0; i < list.count; i++) {
        json_t *pair = json_array();

        fwl_cbor_array_exact(&it, 2);
        (void)json_array_append_new(pair, json_integer(fwl_cbor_int(&it)));
        (void)json_array_append_new(pair, fwl_json_hex(fwl_cbor_bytes(&it, 64)));
        (void)json_array_append_new(array, pair);
    }
    return array;
}

void
fwl_release_parts_set_image(json_t *object, const struct fwl_release *r)
{
    json_t *part = NULL;

    (void)json_object_set_new(object, digest_member(r->digest.alg), fwl_json_hex(r->digest.bytes));
    if ((r->has & FWL_HAS(FWL_RELEASE_ENCRYPTION)) != 0) {
        part = json_object();
        (void)json_object_set_new(part, "plain_digest", fwl_json_digest(&r->encryption.plain_digest));
        (void)json_object_set_new(part, "plain_size", json_integer((json_int_t)r->encryption.plain_size));
        (void)json_object_set_new(part, "encrypt", fwl_json_hex(r->encryption.encrypt));
        (void)json_object_set_new(object, "encryption", part);
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_AUTHOR)) != 0 && r->author.kind == FWL_AUTHOR_IMAGE) {
        (void)json_object_set_new(object, "author_sig", json_string("image"));
    } else if ((r->has & FWL_HAS(FWL_RELEASE_AUTHOR)) != 0) {
        part = json_object();
        (void)json_object_set_new(part, "record", fwl_json_hex(r->author.sig));
        (void)json_object_set_new(object, "author_sig", part);
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_MANIFEST)) != 0) {
        part = json_object();
        (void)(r->manifest.kind == 1 ? json_object_set_new(part, "envelope", fwl_json_hex(r->manifest.envelope))
                                     : json_object_set_new(part, "digest", fwl_json_digest(&r->manifest.digest)));
        (void)json_object_set_new(object, "manifest", part);
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_SBOM)) != 0) {
        (void)json_object_set_new(object, "sbom", fwl_json_digest(&r->sbom));
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_BUILD)) != 0) {
        part = json_object();
        (void)json_object_set_new(part, "source", fwl_json_digest(&r->build.source));
        (void)json_object_set_new(part, "recipe", fwl_json_digest(&r->build.recipe));
        (void)json_object_set_new(object, "build", part);
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_DIGESTS)) != 0) {
        (void)json_object_set_new(object, "digests", digests_value(r->digests));
    }
}
