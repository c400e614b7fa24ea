/* The firmware's configuration when it is built for the host, as a board that speaks over stdin and stdout. */
#ifndef EDGEKD_CONFIG_H
#define EDGEKD_CONFIG_H

#define EDGEKD_BUILD_ID "host-build"

#ifndef EDGEKD_FRAME_BYTES
#define EDGEKD_FRAME_BYTES 256u
#endif

#endif
