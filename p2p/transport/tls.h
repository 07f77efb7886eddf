/*
 * tls - the TLS 1.3 context of a process. Zone H.
 *
 * Each process makes an Ed25519 self-signed certificate in memory; nobody checks its names or dates, for identity is
 * the AUTH frame signed over the exporter. Mutual, TLS 1.3 only, no tickets, no sessions, no early data.
 * Source: docs/spec/transport.md 4; RFC 9266 (channel binding).
 */
#ifndef FWL_P2P_TRANSPORT_TLS_H
#define FWL_P2P_TRANSPORT_TLS_H

#include <openssl/ssl.h>

#include "core/error.h"
#include "core/span.h"

/** fwl_tls_new - a context for both roles, with a fresh key and certificate; freed with SSL_CTX_free. NULL: OpenSSL
 * failed. */
FWL_NODISCARD SSL_CTX *fwl_tls_new(void);

/** fwl_tls_exporter - the 32 bytes both ends of a finished handshake agree on. FWL_ERR_NETWORK when there are none. */
FWL_NODISCARD enum fwl_err fwl_tls_exporter(struct fwl_hash32 *out, SSL *ssl);

#endif
