#include "contracts/cel/compile/schema.h"

#define NAME FWL_FACT_TEXT_MAX

static const struct fwl_cel_variable variables[] = {
    {"device.id", "string", FWL_CEL_SLOT_DEVICE_ID, NAME, 0, FWL_CEL_FROM_DEVICE},
    {"device.vendor", "string", FWL_CEL_SLOT_DEVICE_VENDOR, NAME, 0, FWL_CEL_FROM_DEVICE},
    {"device.hardware", "string", FWL_CEL_SLOT_DEVICE_HARDWARE, NAME, 0, FWL_CEL_FROM_DEVICE},
    {"device.revision", "int", FWL_CEL_SLOT_DEVICE_REVISION, 0, 0, FWL_CEL_FROM_DEVICE},
    {"device.version", "Version", FWL_CEL_SLOT_DEVICE_VERSION, 0, 0, FWL_CEL_FROM_DEVICE},
    {"device.installed", "map(string, Version)", FWL_CEL_SLOT_DEVICE_INSTALLED, FWL_FACT_INSTALLED_MAX,
     FWL_RELATION_NAME_MAX, FWL_CEL_FROM_DEVICE},
    {"device.region", "string", FWL_CEL_SLOT_DEVICE_REGION, NAME, 0, FWL_CEL_FROM_DEVICE},
    {"device.utc_offset", "string", FWL_CEL_SLOT_DEVICE_UTC_OFFSET, NAME, 0, FWL_CEL_FROM_DEVICE},
    {"device.groups", "list(string)", FWL_CEL_SLOT_DEVICE_GROUPS, FWL_FACT_GROUPS_MAX, NAME, FWL_CEL_FROM_DEVICE},
    {"device.labels", "map(string, string)", FWL_CEL_SLOT_DEVICE_LABELS, FWL_FACT_LABELS_MAX, NAME,
     FWL_CEL_FROM_DEVICE},
    {"device.battery", "int", FWL_CEL_SLOT_DEVICE_BATTERY, 0, 0, FWL_CEL_FROM_DEVICE},
    {"device.uptime", "duration", FWL_CEL_SLOT_DEVICE_UPTIME, 0, 0, FWL_CEL_FROM_DEVICE},
    {"device.ip", "string", FWL_CEL_SLOT_DEVICE_IP, NAME, 0, FWL_CEL_FROM_NODE},
    {"release.id", "string", FWL_CEL_SLOT_RELEASE_ID, 64, 0, FWL_CEL_FROM_CHAIN},
    {"release.severity", "string", FWL_CEL_SLOT_RELEASE_SEVERITY, FWL_CHANNEL_MAX, 0, FWL_CEL_FROM_CHAIN},
    {"release.channel", "string", FWL_CEL_SLOT_RELEASE_CHANNEL, FWL_CHANNEL_MAX, 0, FWL_CEL_FROM_CHAIN},
    {"release.version", "Version", FWL_CEL_SLOT_RELEASE_VERSION, 0, 0, FWL_CEL_FROM_CHAIN},
    {"release.size", "int", FWL_CEL_SLOT_RELEASE_SIZE, 0, 0, FWL_CEL_FROM_CHAIN},
    {"release.digest", "bytes", FWL_CEL_SLOT_RELEASE_DIGEST, 64, 0, FWL_CEL_FROM_CHAIN},
    {"release.published", "timestamp", FWL_CEL_SLOT_RELEASE_PUBLISHED, 0, 0, FWL_CEL_FROM_CHAIN},
    {"release.changed", "timestamp", FWL_CEL_SLOT_RELEASE_CHANGED, 0, 0, FWL_CEL_FROM_CHAIN},
    {"release.security_counter", "int", FWL_CEL_SLOT_RELEASE_SECURITY_COUNTER, 0, 0, FWL_CEL_FROM_CHAIN},
    {"release.advisories", "list(string)", FWL_CEL_SLOT_RELEASE_ADVISORIES, FWL_CLASS_ADVISORIES_MAX, NAME,
     FWL_CEL_FROM_CHAIN},
    {"release.attested_by", "list(string)", FWL_CEL_SLOT_RELEASE_ATTESTED_BY, 64, FWL_PARTICIPANT_ID_MAX,
     FWL_CEL_FROM_CHAIN},
    {"release.approvals", "list(string)", FWL_CEL_SLOT_RELEASE_APPROVALS, FWL_POLICY_APPROVERS_MAX,
     FWL_PARTICIPANT_ID_MAX, FWL_CEL_FROM_CHAIN},
    {"release.labels", "map(string, string)", FWL_CEL_SLOT_RELEASE_LABELS, FWL_LABELS_MAX, FWL_LABEL_VALUE_MAX,
     FWL_CEL_FROM_CHAIN},
    {"release.hardware", "list(string)", FWL_CEL_SLOT_RELEASE_HARDWARE, 32, FWL_CONDITION_NAME_MAX, FWL_CEL_FROM_TEST},
    {"release.min_revision", "int", FWL_CEL_SLOT_RELEASE_MIN_REVISION, 0, 0, FWL_CEL_FROM_TEST},
    {"release.max_revision", "int", FWL_CEL_SLOT_RELEASE_MAX_REVISION, 0, 0, FWL_CEL_FROM_TEST},
    {"release.requires", "map(string, Version)", FWL_CEL_SLOT_RELEASE_REQUIRES, 16, FWL_RELATION_NAME_MAX,
     FWL_CEL_FROM_TEST},
    {"now", "timestamp", FWL_CEL_SLOT_NOW, 0, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.id", "string", FWL_CEL_SLOT_ROLLOUT_ID, 64, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.salt", "string", FWL_CEL_SLOT_ROLLOUT_SALT, 64, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.started", "timestamp", FWL_CEL_SLOT_ROLLOUT_STARTED, 0, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.percent", "int", FWL_CEL_SLOT_ROLLOUT_PERCENT, 0, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.attempted", "int", FWL_CEL_SLOT_ROLLOUT_ATTEMPTED, 0, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.succeeded", "int", FWL_CEL_SLOT_ROLLOUT_SUCCEEDED, 0, 0, FWL_CEL_FROM_CHAIN},
    {"rollout.failed", "int", FWL_CEL_SLOT_ROLLOUT_FAILED, 0, 0, FWL_CEL_FROM_CHAIN},
};

enum {
    PROGRESS = 8, /* now and rollout.*, the last of the table */
};

const struct fwl_cel_schema fwl_cel_schema_lang1 = {variables, FWL_COUNT(variables)};
const struct fwl_cel_schema fwl_cel_schema_progress = {variables + FWL_COUNT(variables) - PROGRESS, PROGRESS};
