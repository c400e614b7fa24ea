/* Constants of a model on AVR, within the first 64 kB of flash (GCC manual, "Named Address Spaces"). */
#ifndef EDGEKD_FLASH_H
#define EDGEKD_FLASH_H

#define EDGEKD_FLASH __flash

#endif
