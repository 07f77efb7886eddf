/*
 * release - the release record (X.1368 Table II.1). Zone F.
 *
 * Source: docs/spec/ledger.cddl. Optional fields are there iff FWL_HAS(key) is set in @has. Growth: keys < 0 are
 * informative; an unknown key >= 0 sets @unknown and the release is no candidate, but the record is readable.
 */
#ifndef FWL_LEDGER_MODEL_RELEASE_H
#define FWL_LEDGER_MODEL_RELEASE_H

#include "core/sha256.h"
#include "core/version.h"
#include "ledger/model/digest.h"
#include "ledger/model/fault.h"
#include "ledger/model/key.h"
#include "ledger/model/name.h"

enum { /* keys of the record that callers ask about with FWL_HAS */
       FWL_RELEASE_ENCRYPTION = 6,
       FWL_RELEASE_PUBLISHED = 8,
       FWL_RELEASE_AUTHOR = 10,
       FWL_RELEASE_CHANNEL = 11,
       FWL_RELEASE_SEVERITY = 12,
       FWL_RELEASE_RANK = 13,
       FWL_RELEASE_SCHEME = 14,
       FWL_RELEASE_PROVIDES = 15,
       FWL_RELEASE_CONFLICTS = 16,
       FWL_RELEASE_MANIFEST = 17,
       FWL_RELEASE_SBOM = 18,
       FWL_RELEASE_BUILD = 19,
       FWL_RELEASE_DIGESTS = 20,
       FWL_RELEASE_LINKS = 30,
       FWL_RELEASE_NOTES = 31,
       FWL_RELEASE_LABELS = 32,
       FWL_RELEASE_VALID = 33,
       FWL_RELEASE_HARDWARE = 34,
       FWL_RELEASE_WINDOW = 35,
       FWL_RELEASE_DEPENDENCIES = 36,
       FWL_RELEASE_REGIONS = 37,
};

/* stored: append only */
enum fwl_severity { FWL_SEVERITY_NORMAL = 1, FWL_SEVERITY_SECURITY = 2, FWL_SEVERITY_CRITICAL = 3 };
enum fwl_author_kind { FWL_AUTHOR_RECORD = 1, FWL_AUTHOR_IMAGE = 2 };
enum fwl_relation_op { FWL_OP_LT = 1, FWL_OP_LE = 2, FWL_OP_EQ = 3, FWL_OP_GE = 4, FWL_OP_GT = 5 };

struct fwl_version_range { /* inclusive; an absent end has size 0 */
    struct fwl_span min, max;
};

struct fwl_release {
    uint64_t has;
    struct fwl_span provider;
    struct fwl_span class_name;
    struct fwl_span version;
    struct fwl_digest digest; /* of the file as served */
    uint64_t size;            /* bytes of the file as served */
    struct fwl_encryption {
        uint64_t has;
        struct fwl_digest plain_digest;
        uint64_t plain_size;
        struct fwl_span encrypt; /* COSE_Encrypt */
    } encryption;
    struct fwl_span file_name;
    uint64_t published_s; /* of the source, Unix; informative */
    uint64_t counter;     /* security counter */
    struct fwl_author {
        uint64_t kind; /* enum fwl_author_kind */
        struct fwl_span sig;
    } author;
    struct fwl_span channel;
    uint64_t severity; /* enum fwl_severity */
    uint64_t rank;
    uint64_t scheme;           /* of provides, conflicts, dependencies */
    struct fwl_list provides;  /* fwl_release_next_provision */
    struct fwl_list conflicts; /* fwl_release_next_relation */
    struct fwl_manifest {
        uint64_t kind; /* 1 envelope, 2 digest */
        struct fwl_span envelope;
        struct fwl_digest digest;
    } manifest;
    struct fwl_digest sbom;
    struct fwl_build {
        struct fwl_digest source, recipe;
    } build;
    struct fwl_list digests; /* [alg, bytes], informative */
    struct fwl_list links;   /* fwl_list_next_text */
    struct fwl_span notes;
    struct fwl_list labels; /* fwl_list_next_pair */
    bool valid;
    struct fwl_list hardware; /* fwl_release_next_condition; absent: any hardware */
    struct fwl_version_range window;
    struct fwl_list dependencies; /* fwl_release_next_clause */
    struct fwl_list regions;      /* fwl_list_next_text */
    struct fwl_form_extra extra;  /* informative pairs; extra.unknown: no candidate */
};

struct fwl_condition { /* AND of its members */
    uint64_t has;      /* 1 models, 2 makers, 3 revision */
    struct fwl_list models, makers;
    struct fwl_revision_range {
        bool has_min, has_max;
        int64_t min, max;
    } revision;
};

struct fwl_relation {
    uint64_t has; /* 1 name, 2 op, 3 version; 2 and 3 come together */
    struct fwl_span name;
    uint64_t op; /* enum fwl_relation_op */
    struct fwl_span version;
    struct fwl_form_extra extra; /* -1 architecture, -2 kind */
};

struct fwl_provision {
    struct fwl_span name;
    struct fwl_span version; /* size 0: none */
};

/**
 * fwl_release_decode - read and check one record of at most FWL_RELEASE_MAX bytes.
 *
 * Checks every form and limit, names, ascending sets, that versions of 3 and 35 fit @scheme and those of 15, 16, 36
 * the record's own scheme (default @scheme). @scheme 0: the class's scheme is not known here; versions are checked by
 * length only.
 * Returns: FWL_OK; FWL_ERR_LIMIT, FWL_ERR_NAME, FWL_ERR_VERSION, FWL_ERR_ORDER, ...; @fault names the field
 * Cost:    one pass; stack below 2 KiB.
 */
FWL_NODISCARD enum fwl_err fwl_release_decode(struct fwl_release *out, struct fwl_fault *fault, struct fwl_span in,
                                              uint64_t scheme);
/** fwl_release_check_publish - what publication demands beyond the form: no unknown key (FWL_ERR_UNKNOWN), models
 * and makers of a condition are distinct (FWL_ERR_DUPLICATE). Cost: quadratic in the names of a condition. */
FWL_NODISCARD enum fwl_err fwl_release_check_publish(const struct fwl_release *release);
/** fwl_release_put - the inverse; FWL_ERR_UNKNOWN on the writer for a record with unknown keys. */
void fwl_release_put(struct fwl_writer *w, const struct fwl_release *release);
/** fwl_release_id - SHA-256 of the record as first published. */
void fwl_release_id(struct fwl_hash32 *out, struct fwl_span record);

/**
 * fwl_release_amend - a record with the fields of an amendment replaced.
 *
 * Shape:   @amendment: the pairs of release.amend, keys 30..37, null removes an optional field.
 * Returns: FWL_OK with the new record written to @w and decodable; FWL_ERR_VALUE (null for a required field),
 *          FWL_ERR_UNKNOWN (a key outside 30..37, or the old record has unknown keys), the errors of the fields
 */
FWL_NODISCARD enum fwl_err fwl_release_amend(struct fwl_writer *w, struct fwl_fault *fault, struct fwl_span record,
                                             struct fwl_list amendment, uint64_t scheme);

/* Iterators over checked lists; false at the end. And the writers of their items. */
bool fwl_release_next_condition(struct fwl_reader *it, struct fwl_condition *condition);
bool fwl_release_next_relation(struct fwl_reader *it, struct fwl_relation *relation);
bool fwl_release_next_clause(struct fwl_reader *it, struct fwl_list *alternatives);
bool fwl_release_next_provision(struct fwl_reader *it, struct fwl_provision *provision);
void fwl_release_put_condition(struct fwl_writer *w, const struct fwl_condition *condition);
void fwl_release_put_relation(struct fwl_writer *w, const struct fwl_relation *relation);
void fwl_release_put_provision(struct fwl_writer *w, const struct fwl_provision *provision);

/** fwl_release_author_digest - what `author_sig: record` signs: SHA-256 of the Sig_structure of this key. */
void fwl_release_author_digest(struct fwl_hash32 *out, const struct fwl_release *release, int64_t alg,
                               const struct fwl_kid *kid);
/** fwl_release_author_put - the COSE_Sign1 (detached payload) of an author signature, for key 10. */
void fwl_release_author_put(struct fwl_writer *w, int64_t alg, const struct fwl_kid *kid, const struct fwl_sig64 *sig);
/**
 * fwl_release_author_verify - is the record signed by one of the @count author @keys?
 *
 * Returns: FWL_OK; FWL_ERR_AUTHOR  no signature over the record, an unknown key, or it does not verify
 */
FWL_NODISCARD enum fwl_err fwl_release_author_verify(const struct fwl_release *release, const struct fwl_key *keys,
                                                     size_t count);

#endif
