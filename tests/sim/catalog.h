/*
 * catalog - what the net of the simulator says about firmware: a vendor, a class, a fleet that permits everything, and
 * releases 1.1.0, 1.2.0, ... by one author. Every step waits until its transaction is final.
 */
#ifndef FWL_TESTS_SIM_CATALOG_H
#define FWL_TESTS_SIM_CATALOG_H

#include "tests/sim/sim.h"

#define CATALOG_VENDOR "acme"
#define CATALOG_CLASS  "acme/gw100/app"
#define CATALOG_FLEET  "ops/line"

/** catalog_author - the key of the author of all releases; @foreign: of another one. */
void catalog_author(struct fwl_secret *secret, struct fwl_key *key, bool foreign);

/** catalog_open - participants, vendor, class, fleet and policy. catalog_release - 1.@minor.0, signed by the author or
 * by a @foreign one. catalog_floor - the vendor's floor epoch. catalog_policy - version @replaces + 1 of the policy,
 * with a rule more than the one before. All run the net until it is final; sim_fail when that takes too long. */
void catalog_open(struct sim *s);
void catalog_release(struct sim *s, unsigned minor, bool foreign);
void catalog_floor(struct sim *s, uint64_t floor);
void catalog_policy(struct sim *s, uint64_t replaces);

#endif
