/* How much stack is used: the free part is painted, and what lost its paint was in use.
 *
 * A function that reserves memory below its neighbour's and never writes it leaves the paint on it, so the figure is
 * what was written, which is what running needs.
 */
#ifndef EDGEKD_STACK_H
#define EDGEKD_STACK_H

#include <stdint.h>

/* Paints the stack below the caller. Call it once at the start of main. */
void edgekd_stack_start(void);

/* Size of the stack, and the most of it that was ever in use. */
uint32_t edgekd_stack_bytes(void);
uint32_t edgekd_stack_used(void);

/* Calls `function` and returns its result; *used becomes the stack it took, counted from the call. A function that used
 * the stack up has its board restarted, like one that runs into the guard of a stack that has one. */
int edgekd_stack_measure(int (*function)(void), uint32_t *used);

#endif
