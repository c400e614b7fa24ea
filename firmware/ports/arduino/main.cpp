// Arduino's own main() calls these two.
#include <Arduino.h>

extern "C" {
#include "port.h"
#include "server.h"
#include "stack.h"
}

void setup() {
    edgekd_stack_start();
    edgekd_port_init();
    edgekd_server_start();
}

void loop() {
    edgekd_server_poll();
    edgekd_port_idle();
}
