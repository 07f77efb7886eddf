/*
 * mutants - does the simulator notice faults that were put in on purpose (core/mutant.h)?
 *
 * Each fault is switched on for one run that is known to catch it, or is looked for from the first seed on; the same
 * run of the program as it is must pass. A run is a process of its own: an assertion that fails has caught the fault,
 * too.
 */
#ifndef FWL_TESTS_SIM_MUTANTS_H
#define FWL_TESTS_SIM_MUTANTS_H

#include <stdbool.h>

/** mutants_run - the table of all; true when all were caught and every run passes in @plain, the path of the program
 * without faults. @search: find the runs. False in a build without mutants. */
bool mutants_run(const char *plain, bool search);
/** mutants_switch - switch one on for all runs; false in a build without mutants. */
bool mutants_switch(int number);

#endif
