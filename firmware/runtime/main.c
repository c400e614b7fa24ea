#include "port.h"
#include "server.h"
#include "stack.h"

int main(void) {
    edgekd_stack_start();
    edgekd_port_init();
    edgekd_server_start();
    for (;;) {
        edgekd_server_poll();
        edgekd_port_idle();
    }
}
