/* EDGEKD_FLASH qualifies a model's constants, and pointers to them, where flash is another address space than RAM
 * (avr/flash.h). Here it is not.
 *
 * Of an array in a struct take &p->array[0]: avr-gcc 5 forgets the address space of one that decays to a pointer.
 */
#ifndef EDGEKD_FLASH_H
#define EDGEKD_FLASH_H

#define EDGEKD_FLASH

#endif
