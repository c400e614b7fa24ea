/* QEMU TCG plugin: how often each instruction of one inference runs, told apart by layer.
 *
 * Loaded with -plugin FILE,plan=PLAN,counts=COUNTS; edgekd/evaluate/tracer.py writes PLAN and reads COUNTS. PLAN is
 *     code BEGIN END        addresses of all code
 *     entry ADDRESS         where an inference begins; it ends when the caller goes on
 *     layer BEGIN END N     an instruction here makes N the current layer; any other leaves it as it is
 * with any number of layer lines. Layer 0 is current when an inference begins. COUNTS, written when the first
 * inference has ended, is a line a layer and instruction:
 *     N ADDRESS COUNT JUMPS
 * JUMPS: how often the next instruction to run was not the next one in memory. All addresses are hexadecimal.
 *
 * Every instruction calls executed(). Counters that QEMU increments by itself would be faster, but neither see where
 * a branch goes nor which layer is current, and changed between versions of the API.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of the API that is used here: QEMU 7.2, docs/devel/tcg-plugins. Debian ships no header. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                            enum qemu_plugin_cb_flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
int qemu_plugin_install(qemu_plugin_id_t, const struct qemu_info *, int, char **);
extern int qemu_plugin_version;

/* QEMU refuses a plugin of another version of the API. Version 2 (QEMU 9.0) took away a function, which tells the two
 * apart, and left those used here as they were. */
__attribute__((weak)) int qemu_plugin_n_vcpus(void);
int qemu_plugin_version;
__attribute__((constructor)) static void choose_version(void) {
    qemu_plugin_version = qemu_plugin_n_vcpus != NULL ? 1 : 2;
}

#define ALIGNMENT 2u /* of instructions: Thumb, RISC-V with compressed instructions, AVR */
#define UNCHANGED (-1)

struct instruction {
    uint64_t address;
    uint64_t next; /* in memory */
    int32_t layer;
};

struct counter {
    uint64_t runs;
    uint64_t jumps;
};

static uint64_t code_begin, code_end, entry;
static size_t slots;                     /* places an instruction can begin at */
static size_t layers = 1;                /* layer 0 is always there */
static struct instruction *instructions; /* by slot */
static struct counter *counters;         /* by layer and slot: zero pages, of which few are ever touched */
static const char *counts_path;

static enum { BEFORE, RUNNING, ENDED } state;
static const struct instruction *last;
static struct counter *last_counter;
static uint64_t caller; /* where it goes on */
static size_t layer;

static void fail(const char *what, const char *which) {
    fprintf(stderr, "edgekd plugin: %s %s: %s\n", what, which, errno != 0 ? strerror(errno) : "not as expected");
    exit(1);
}

/* Written beside its place first, so that who finds the file finds all of it. */
static void write_counts(void) {
    char partial[4096];
    if (snprintf(partial, sizeof partial, "%s.partial", counts_path) >= (int)sizeof partial) {
        fail("too long a path", counts_path);
    }
    FILE *file = fopen(partial, "w");
    if (file == NULL) {
        fail("cannot write", partial);
    }
    for (size_t n = 0; n < layers; n++) {
        for (size_t slot = 0; slot < slots; slot++) {
            const struct counter *counter = &counters[n * slots + slot];
            if (counter->runs > 0) {
                fprintf(file, "%zu %" PRIx64 " %" PRIu64 " %" PRIu64 "\n", n, instructions[slot].address, counter->runs,
                        counter->jumps);
            }
        }
    }
    if (fclose(file) != 0 || rename(partial, counts_path) != 0) {
        fail("cannot write", counts_path);
    }
}

static void executed(unsigned cpu, void *data) {
    (void)cpu;
    const struct instruction *now = data;
    if (state == RUNNING) {
        if (now->address != last->next) {
            last_counter->jumps++;
        }
        if (now->address == caller) {
            state = ENDED;
            write_counts();
        }
    } else if (state == BEFORE && now->address == entry && last != NULL) {
        state = RUNNING;
        caller = last->next;
    }
    last = now;
    if (state == RUNNING) {
        if (now->layer != UNCHANGED) {
            layer = (size_t)now->layer;
        }
        last_counter = &counters[layer * slots + (size_t)(now - instructions)];
        last_counter->runs++;
    }
}

/* An inference that runs code where the plan has none would be counted wrong. */
static void strayed(unsigned cpu, void *data) {
    (void)cpu;
    (void)data;
    if (state == RUNNING) {
        errno = 0;
        fail("code outside", "the image");
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address < code_begin || address >= code_end) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, strayed, QEMU_PLUGIN_CB_NO_REGS, NULL);
            continue;
        }
        struct instruction *instruction = &instructions[(address - code_begin) / ALIGNMENT];
        instruction->next = address + qemu_plugin_insn_size(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS, instruction);
    }
}

static void mark(uint64_t begin, uint64_t end, size_t number) {
    if (begin < code_begin || end > code_end) {
        fail("a layer outside", "the code");
    }
    for (uint64_t address = begin; address < end; address += ALIGNMENT) {
        instructions[(address - code_begin) / ALIGNMENT].layer = (int32_t)number;
    }
    layers = number >= layers ? number + 1 : layers;
}

static void read_plan(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail("cannot read", path);
    }
    if (fscanf(file, "code %" SCNx64 " %" SCNx64 " entry %" SCNx64, &code_begin, &code_end, &entry) != 3 ||
        code_begin >= code_end) {
        fail("cannot understand", path);
    }
    slots = (size_t)((code_end - code_begin + ALIGNMENT - 1) / ALIGNMENT);
    instructions = calloc(slots, sizeof *instructions);
    if (instructions == NULL) {
        fail("no memory for", "the code");
    }
    for (size_t slot = 0; slot < slots; slot++) {
        instructions[slot] = (struct instruction){.address = code_begin + slot * ALIGNMENT, .layer = UNCHANGED};
    }
    uint64_t begin, end;
    size_t number;
    while (fscanf(file, " layer %" SCNx64 " %" SCNx64 " %zu", &begin, &end, &number) == 3) {
        mark(begin, end, number);
    }
    if (!feof(file)) {
        fail("cannot understand", path);
    }
    fclose(file);
    counters = calloc(layers * slots, sizeof *counters);
    if (counters == NULL) {
        fail("no memory for", "the counters");
    }
}

/* argv: "plan=PLAN", "counts=COUNTS". */
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv) {
    (void)info;
    errno = 0;
    if (argc != 2 || strncmp(argv[0], "plan=", 5) != 0 || strncmp(argv[1], "counts=", 7) != 0) {
        fail("wrong", "arguments");
    }
    read_plan(argv[0] + 5);
    counts_path = strdup(argv[1] + 7);
    if (counts_path == NULL) {
        fail("no memory for", "a path");
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
