#include "stack.h"

#include "port.h"

#define PAINT 0xC5A3E17Bu

#ifndef __GNUC__
#error "stack.c needs to know how to read the stack pointer with this compiler"
#endif

/* Painting must not be inlined: what lies below the stack pointer of a function of its own is free. */
#define OWN_FRAME __attribute__((noinline))

#if defined(__arm__)
#define READ_POINTER "mov %0, sp"
#elif defined(__riscv)
#define READ_POINTER "mv %0, sp"
#elif defined(__AVR__)
#define READ_POINTER "in %A0, __SP_L__\n\tin %B0, __SP_H__"
#endif

#ifdef READ_POINTER
#define MARGIN 0u /* bytes that may be in use below stack_pointer() */
static inline uintptr_t stack_pointer(void) {
    uintptr_t pointer;
    __asm__ volatile(READ_POINTER : "=r"(pointer));
    return pointer;
}
#else
#define MARGIN 512u /* the frame's own variables and, on x86-64, the red zone */
static inline uintptr_t stack_pointer(void) {
    return (uintptr_t)__builtin_frame_address(0);
}
#endif

static uint32_t most_used; /* up to the last painting */

static uintptr_t low_end(void) {
    uintptr_t low;
    uintptr_t high;
    edgekd_port_stack(&low, &high);
    return (low + sizeof(uint32_t) - 1u) & ~(uintptr_t)(sizeof(uint32_t) - 1u);
}

static uintptr_t high_end(void) {
    uintptr_t low;
    uintptr_t high;
    edgekd_port_stack(&low, &high);
    return high;
}

OWN_FRAME static void paint(void) {
    volatile uint32_t *word = (volatile uint32_t *)low_end();
    const uintptr_t end = stack_pointer() - MARGIN - sizeof(uint32_t);
    while ((uintptr_t)word <= end) {
        *word++ = PAINT;
    }
}

/* The lowest address whose paint is gone. */
OWN_FRAME static uintptr_t deepest(void) {
    const volatile uint32_t *word = (const volatile uint32_t *)low_end();
    const uintptr_t end = stack_pointer();
    while ((uintptr_t)word < end && *word == PAINT) {
        word++;
    }
    return (uintptr_t)word;
}

void edgekd_stack_start(void) {
    most_used = 0;
    paint();
}

uint32_t edgekd_stack_bytes(void) {
    uintptr_t low;
    uintptr_t high;
    edgekd_port_stack(&low, &high);
    return (uint32_t)(high - low);
}

uint32_t edgekd_stack_used(void) {
    uint32_t used = (uint32_t)(high_end() - deepest());
    if (used > most_used) {
        most_used = used;
    }
    return most_used;
}

OWN_FRAME int edgekd_stack_measure(int (*function)(void), uint32_t *used) {
    (void)edgekd_stack_used();
    paint();
    const uintptr_t call = stack_pointer();
    int result = function();
    const uintptr_t reached = deepest();
    if (reached == low_end()) {
        edgekd_port_reset(); /* all of it was used, and where nothing guards its end maybe more */
    }
    *used = reached < call ? (uint32_t)(call - reached) : 0;
    return result;
}
