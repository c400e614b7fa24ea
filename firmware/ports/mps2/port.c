/* Arm MPS2: a CMSDK UART and a CMSDK timer. Registers of the timer: Arm DDI 0479, chapter 4.1. */
#include "port.h"

#include "cmsdk_uart.h"
#include "cortex_m.h"
#include "edgekd_config.h"

#ifndef EDGEKD_PORT_TIMER
#error "build.options of the board profile must have timer"
#endif

#define TIMER_CTRL EDGEKD_REGISTER(EDGEKD_PORT_TIMER + 0x00u)
#define TIMER_VALUE EDGEKD_REGISTER(EDGEKD_PORT_TIMER + 0x04u)
#define TIMER_RELOAD EDGEKD_REGISTER(EDGEKD_PORT_TIMER + 0x08u)
#define TIMER_CTRL_ENABLE 0x1u

void edgekd_port_init(void) {
    edgekd_cmsdk_uart_start();
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = TIMER_CTRL_ENABLE;
}

uint32_t edgekd_port_ticks(void) {
    return UINT32_MAX - TIMER_VALUE; /* it counts down */
}
