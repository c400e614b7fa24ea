/* CRC-32 of zlib and Ethernet (ISO-HDLC). */
#ifndef EDGEKD_CRC32_H
#define EDGEKD_CRC32_H

#include <stddef.h>
#include <stdint.h>

#define EDGEKD_CRC32_START 0u

/* The checksum of everything so far, `crc`, carried on over `length` more bytes. */
uint32_t edgekd_crc32(uint32_t crc, const uint8_t *data, size_t length);

#endif
