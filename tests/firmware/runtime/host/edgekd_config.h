/* The firmware's configuration when it is built for the host, as a board that speaks over stdin and stdout. */
#ifndef EDGEKD_CONFIG_H
#define EDGEKD_CONFIG_H

#define EDGEKD_BUILD_ID "host-build"
#define EDGEKD_BOARD "host"

#ifndef EDGEKD_PORT_TICK_HZ
#define EDGEKD_PORT_TICK_HZ 7000000u /* so that a reading of the port's counter takes a microsecond */
#endif

#ifndef EDGEKD_BAUD
#define EDGEKD_BAUD 115200u
#endif

#ifndef EDGEKD_RECEIVE_BYTES
#define EDGEKD_RECEIVE_BYTES 1024u
#endif

#ifndef EDGEKD_RESULT_BYTES
#define EDGEKD_RESULT_BYTES 512u
#endif

#ifndef EDGEKD_FRAME_BYTES
#define EDGEKD_FRAME_BYTES 256u
#endif

#endif
