#include "contracts/policy/decide.h"

const char *
fwl_refusal_text(enum fwl_refusal refusal)
{
    switch (refusal) {
    case FWL_REFUSAL_NONE: return "may be installed";
    case FWL_REFUSAL_NOTHING: return "was not judged";
    case FWL_REFUSAL_CLASS: return "is published for another class";
    case FWL_REFUSAL_UNKNOWN: return "has a field that this program does not know";
    case FWL_REFUSAL_HARDWARE: return "does not support this hardware";
    case FWL_REFUSAL_MALICIOUS: return "its image was found malicious";
    case FWL_REFUSAL_INVALID: return "its provider marked it as not valid";
    case FWL_REFUSAL_REGION: return "is not for this region";
    case FWL_REFUSAL_WINDOW: return "does not update from the running version";
    case FWL_REFUSAL_DEPENDENCY: return "needs a component that is not installed in a fitting version";
    case FWL_REFUSAL_CONFLICT: return "conflicts with an installed component";
    case FWL_REFUSAL_BREAKS: return "an installed component would lose what it depends on";
    case FWL_REFUSAL_FLOOR: return "its security counter is below the floor of the device";
    case FWL_REFUSAL_NOT_NEWER: return "is not newer than the running version";
    case FWL_REFUSAL_NO_PERMIT: return "no rule permits it";
    case FWL_REFUSAL_RULE: return "a rule refuses it";
    case FWL_REFUSAL_COST: return "the rules cost too much on it";
    case FWL_REFUSAL_NO_ROLLOUT: return "waits for a rollout of this fleet";
    case FWL_REFUSAL_ROLLOUT_STATE: return "its rollout is paused, halted or cancelled";
    case FWL_REFUSAL_ROLLOUT_SHARE: return "its rollout has not come to this device yet";
    }
    return "";
}

const char *
fwl_nothing_text(enum fwl_nothing nothing)
{
    switch (nothing) {
    case FWL_NOTHING_NONE: return "";
    case FWL_NOTHING_NO_VENDOR: return "there is no such vendor";
    case FWL_NOTHING_SUSPENDED: return "the vendor is suspended";
    case FWL_NOTHING_NO_CLASS: return "there is no such class";
    case FWL_NOTHING_NO_FLEET: return "there is no such fleet";
    case FWL_NOTHING_NO_HARDWARE: return "no release supports this hardware";
    case FWL_NOTHING_REFUSED: return "every newer release is refused";
    }
    return "";
}

const char *
fwl_running_name(enum fwl_running running)
{
    switch (running) {
    case FWL_RUNNING_UNKNOWN: return "unknown";
    case FWL_RUNNING_LIVE: return "live";
    case FWL_RUNNING_VULNERABLE: return "vulnerable";
    case FWL_RUNNING_WITHDRAWN: return "withdrawn";
    case FWL_RUNNING_MALICIOUS: return "malicious";
    }
    return "";
}

const char *
fwl_decision_name(enum fwl_decision_kind kind)
{
    switch (kind) {
    case FWL_DECISION_NOTHING: return "nothing";
    case FWL_DECISION_CURRENT: return "current";
    case FWL_DECISION_INSTALL: return "install";
    }
    return "";
}
