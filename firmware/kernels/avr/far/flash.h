/* Constants of a model on AVR, anywhere in flash: slower, with pointers of 24 bits (GCC manual, "Named Address
 * Spaces").
 */
#ifndef EDGEKD_FLASH_H
#define EDGEKD_FLASH_H

#define EDGEKD_FLASH __memx

#endif
