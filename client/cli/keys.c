/*
 * fwledger keygen, fwledger key show - key files and what may be told of them.
 */
#include "core/host/keys.h"

#include <string.h>

#include "client/cli/commands.h"
#include "core/hex.h"
#include "core/host/instance.h"

/* Prints the public half of a key: what goes into genesis, participants, anchors. */
static void
print_public(const struct fwl_secret *secret, bool json)
{
    char hex[67];
    struct fwl_pubkey33 point;
    struct fwl_pubkey32 xonly;
    int64_t alg = 0;
    const char *alg_name = "bip340";

    if (secret->kind == FWL_KEY_VALIDATOR || secret->kind == FWL_KEY_NODE) {
        fwl_secret_xonly(&xonly, secret);
        fwl_hex_encode(hex, sizeof(hex), fwl_span(xonly.b, sizeof(xonly.b)));
    } else {
        fwl_secret_point(&alg, &point, secret);
        fwl_hex_encode(hex, sizeof(hex), fwl_span(point.b, sizeof(point.b)));
        alg_name = alg == FWL_ALG_ES256K ? "es256k" : "esp256";
    }
    if (json) {
        printf("{\"kind\":\"%s\",\"public\":\"%s:%s\"}\n", fwl_key_kind_name(secret->kind), alg_name, hex);
    } else {
        printf("%s:%s\n", alg_name, hex);
    }
}

static enum fwl_key_kind
kind_of(const char *name)
{
    for (int kind = FWL_KEY_VALIDATOR; kind <= FWL_KEY_AUTHOR_P256; kind++) {
        if (strcmp(name, fwl_key_kind_name((enum fwl_key_kind)kind)) == 0) {
            return (enum fwl_key_kind)kind;
        }
    }
    return 0;
}

static int
run_keygen(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_operands operands;
    struct fwl_secret secret;
    bool json = false;
    const struct fwl_option options[] = {
        {.name = "--json", .help = "print one JSON object", .flag = &json},
    };
    int parsed = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);
    enum fwl_key_kind kind = 0;
    enum fwl_err err = FWL_OK;

    if (parsed != -1) {
        return parsed;
    }
    kind = kind_of(operands.values[0]);
    if (kind == 0) {
        return fwl_args_usage(self,
                              "KIND is one of validator, node, participant, author, participant-p256, author-p256");
    }
    fwl_secret_generate(&secret, kind);
    err = fwl_secret_save(&secret, operands.values[1]);
    if (err == FWL_OK && kind == FWL_KEY_VALIDATOR) { /* only here is it certain that the key has voted nowhere */
        err = fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, operands.values[1]);
    }
    if (err == FWL_OK) {
        print_public(&secret, json);
    }
    fwl_secret_clear(&secret);
    if (err == FWL_ERR_STORAGE) {
        return fwl_commands_fail_write(operands.values[1]);
    }
    return err == FWL_OK ? FWL_EXIT_YES : fwl_commands_fail(operands.values[1], err);
}

static int
run_show(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_operands operands;
    struct fwl_secret secret;
    bool json = false;
    const struct fwl_option options[] = {
        {.name = "--json", .help = "print one JSON object", .flag = &json},
    };
    int parsed = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (parsed != -1) {
        return parsed;
    }
    parsed = fwl_commands_secret(&secret, operands.values[0], 0, 0);
    if (parsed == 0) {
        print_public(&secret, json);
    }
    fwl_secret_clear(&secret);
    return parsed;
}

const struct fwl_command fwl_commands_keys[] = {
    {"keygen", "KIND FILE",
     "Make a key and write it to a new file that only you can read; prints the public half.\n"
     "KIND: validator, node, participant, author, participant-p256, author-p256.",
     "fwledger keygen participant keys/acme.key", run_keygen},
    {"key show", "FILE", "Print the public half of a key file.", "fwledger key show keys/acme.key", run_show},
    {0},
};
