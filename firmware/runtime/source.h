/* Samples of the board's own: a sensor, or some that are stored in its flash (PROTOCOL.md, "Watching").
 *
 * A project that has some defines this function, in src/ or anywhere else; the runtime brings one that has none.
 */
#ifndef EDGEKD_SOURCE_H
#define EDGEKD_SOURCE_H

#include <stdbool.h>

enum edgekd_source_state {
    EDGEKD_SOURCE_NONE,    /* there is no source: the host is told so */
    EDGEKD_SOURCE_WAITING, /* no sample yet: asked again after the next interrupt */
    EDGEKD_SOURCE_READY,   /* the model's input tensors hold one */
};

/* Writes the next sample into the input tensors of edgekd_engine. Called while a host watches, never while the model
 * runs; with `look` it writes nothing and says whether there is a source. */
enum edgekd_source_state edgekd_source_next(bool look);

#endif
