#include "p2p/transport/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum {
    CERTIFICATE_MAX = 8192, /* bytes of the other side's chain; ours has about 300 */
};

static int
accept_any(X509_STORE_CTX *store, void *cookie)
{
    (void)store;
    (void)cookie;
    return 1;
}

static bool
fill_certificate(X509 *cert, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(cert);

    return X509_set_version(cert, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(cert), 365 * 100, 0, NULL) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fwledger", -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, NULL) > 0;
}

static bool
use_new_certificate(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *cert = X509_new();
    bool ok = key != NULL && cert != NULL && fill_certificate(cert, key) && SSL_CTX_use_certificate(ctx, cert) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key) == 1;

    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

SSL_CTX *
fwl_tls_new(void)
{
    char sigalgs[] = "ed25519"; /* the macro below casts const away */
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    if (ctx == NULL) {
        ERR_clear_error();
        return NULL;
    }
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 || SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
        SSL_CTX_set_max_early_data(ctx, 0) != 1 || SSL_CTX_set1_sigalgs_list(ctx, sigalgs) != 1 ||
        !use_new_certificate(ctx)) {
        SSL_CTX_free(ctx);
        ERR_clear_error();
        return NULL;
    }
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(ctx, CERTIFICATE_MAX);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    return ctx;
}

enum fwl_err
fwl_tls_exporter(struct fwl_hash32 *out, SSL *ssl)
{
    static const char label[] = "EXPORTER-Channel-Binding";

    if (SSL_export_keying_material(ssl, out->b, sizeof(out->b), label, sizeof(label) - 1, NULL, 0, 0) != 1) {
        *out = (struct fwl_hash32){0};
        ERR_clear_error();
        return FWL_ERR_NETWORK;
    }
    return FWL_OK;
}
