#include "mlperf_clock.h"

#include "edgekd_config.h"
#include "port.h"

static uint32_t last;
static uint64_t ticks;

void edgekd_mlperf_clock_follow(void) {
    const uint32_t now = edgekd_port_ticks();
    ticks += (uint32_t)(now - last);
    last = now;
}

uint64_t edgekd_mlperf_clock_us(void) {
    edgekd_mlperf_clock_follow();
    const uint64_t seconds = ticks / EDGEKD_PORT_TICK_HZ;
    const uint64_t rest = ticks % EDGEKD_PORT_TICK_HZ; /* below 2^32, so the product fits */
    return seconds * 1000000u + rest * 1000000u / EDGEKD_PORT_TICK_HZ;
}
