/*
 * mutants - does the simulator notice faults that were put in on purpose (core/mutant.h)?
 *
 * Each fault is switched on for one run that is known to catch it, or with @search for seeds until one does; the same
 * run without it must pass. A run is a process of its own: an assertion that fails has caught the fault, too.
 */
#ifndef FWL_TESTS_SIM_MUTANTS_H
#define FWL_TESTS_SIM_MUTANTS_H

#include <stdbool.h>

/** mutants_run - the table of all; true when all were caught and every run passes without them. False in a build
 * without mutants. */
bool mutants_run(bool search);
/** mutants_switch - switch one on for all runs; false in a build without mutants. */
bool mutants_switch(int number);

#endif
