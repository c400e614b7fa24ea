/* Two checksums of 32 bits: CRC-32 as in zlib and Ethernet for frames, CRC-32C (Castagnoli) for whole samples and
 * results. PROTOCOL.md, "Why two polynomials". */
#ifndef EDGEKD_CRC32_H
#define EDGEKD_CRC32_H

#include <stddef.h>
#include <stdint.h>

#define EDGEKD_CRC32_START 0u

/* Carry `crc` on over more bytes; begin with EDGEKD_CRC32_START. */
uint32_t edgekd_crc32(uint32_t crc, const uint8_t *data, size_t length);
uint32_t edgekd_crc32c(uint32_t crc, const uint8_t *data, size_t length);

#endif
