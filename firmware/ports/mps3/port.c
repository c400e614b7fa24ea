/* Arm MPS3 with an SSE-300: a CMSDK UART and the subsystem's counter. Registers of the counter: Arm 101370, the system
 * counter's control and status frames; their addresses: Arm 101773. */
#include "port.h"

#include "cmsdk_uart.h"
#include "cortex_m.h"
#include "edgekd_config.h"

#if !defined(EDGEKD_PORT_COUNTER_CONTROL) || !defined(EDGEKD_PORT_COUNTER_STATUS)
#error "build.options of the board profile must have counter_control and counter_status"
#endif

#define CNTCR EDGEKD_REGISTER(EDGEKD_PORT_COUNTER_CONTROL + 0x00u)
#define CNTCR_ENABLE 0x1u
#define CNTCV_LOW EDGEKD_REGISTER(EDGEKD_PORT_COUNTER_STATUS + 0x00u)

void edgekd_port_init(void) {
    edgekd_cmsdk_uart_start();
    CNTCR = CNTCR_ENABLE;
}

uint32_t edgekd_port_ticks(void) {
    return CNTCV_LOW;
}
