/*
 * slots - the numbers of the variables of lang 1. Zone F.
 *
 * Code refers to variables by slot; an evaluation gets an array of cells indexed by slot. A slot whose cell is
 * FWL_CEL_ABSENT is an error when it is read (a fact that was not told; rollout.* without a rollout).
 * Types and maxima: docs/spec/rules.md, table of variables (contracts/cel/compile/schema.h holds them as data).
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_SLOTS_H
#define FWL_CONTRACTS_CEL_EVAL_SLOTS_H

/* stored in code: append only */
enum fwl_cel_slot {
    FWL_CEL_SLOT_NOW = 0,                       /* timestamp */
    FWL_CEL_SLOT_DEVICE_ID = 1,                 /* string */
    FWL_CEL_SLOT_DEVICE_VENDOR = 2,             /* string */
    FWL_CEL_SLOT_DEVICE_HARDWARE = 3,           /* string */
    FWL_CEL_SLOT_DEVICE_REVISION = 4,           /* int */
    FWL_CEL_SLOT_DEVICE_VERSION = 5,            /* Version */
    FWL_CEL_SLOT_DEVICE_INSTALLED = 6,          /* map(string, Version) */
    FWL_CEL_SLOT_DEVICE_REGION = 7,             /* string */
    FWL_CEL_SLOT_DEVICE_UTC_OFFSET = 8,         /* string */
    FWL_CEL_SLOT_DEVICE_GROUPS = 9,             /* list(string) */
    FWL_CEL_SLOT_DEVICE_LABELS = 10,            /* map(string, string) */
    FWL_CEL_SLOT_DEVICE_BATTERY = 11,           /* int */
    FWL_CEL_SLOT_DEVICE_UPTIME = 12,            /* duration */
    FWL_CEL_SLOT_DEVICE_IP = 13,                /* string, N: never in a published rule */
    FWL_CEL_SLOT_RELEASE_ID = 14,               /* string */
    FWL_CEL_SLOT_RELEASE_SEVERITY = 15,         /* string */
    FWL_CEL_SLOT_RELEASE_CHANNEL = 16,          /* string */
    FWL_CEL_SLOT_RELEASE_VERSION = 17,          /* Version */
    FWL_CEL_SLOT_RELEASE_SIZE = 18,             /* int */
    FWL_CEL_SLOT_RELEASE_DIGEST = 19,           /* bytes */
    FWL_CEL_SLOT_RELEASE_PUBLISHED = 20,        /* timestamp */
    FWL_CEL_SLOT_RELEASE_CHANGED = 21,          /* timestamp */
    FWL_CEL_SLOT_RELEASE_SECURITY_COUNTER = 22, /* int */
    FWL_CEL_SLOT_RELEASE_ADVISORIES = 23,       /* list(string) */
    FWL_CEL_SLOT_RELEASE_ATTESTED_BY = 24,      /* list(string) */
    FWL_CEL_SLOT_RELEASE_APPROVALS = 25,        /* list(string) */
    FWL_CEL_SLOT_RELEASE_LABELS = 26,           /* map(string, string) */
    FWL_CEL_SLOT_RELEASE_HARDWARE = 27,         /* list(string), T */
    FWL_CEL_SLOT_RELEASE_MIN_REVISION = 28,     /* int, T */
    FWL_CEL_SLOT_RELEASE_MAX_REVISION = 29,     /* int, T */
    FWL_CEL_SLOT_RELEASE_REQUIRES = 30,         /* map(string, Version), T */
    FWL_CEL_SLOT_ROLLOUT_ID = 31,               /* string */
    FWL_CEL_SLOT_ROLLOUT_SALT = 32,             /* string */
    FWL_CEL_SLOT_ROLLOUT_STARTED = 33,          /* timestamp */
    FWL_CEL_SLOT_ROLLOUT_PERCENT = 34,          /* int */
    FWL_CEL_SLOT_ROLLOUT_ATTEMPTED = 35,        /* int */
    FWL_CEL_SLOT_ROLLOUT_SUCCEEDED = 36,        /* int */
    FWL_CEL_SLOT_ROLLOUT_FAILED = 37,           /* int */
    FWL_CEL_SLOT_PARAMS = 64, /* first of the policy's params, in the order of their keys; FWL_POLICY_PARAMS_MAX */
    FWL_CEL_SLOTS = 96,
    FWL_CEL_SLOT_UNBOUND = 255, /* never has a value: an unknown name in unchecked code */
};

#endif
