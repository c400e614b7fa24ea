/* The server of a firmware that speaks MLPerf Tiny's protocol (MLPERF.md), in place of edgekd's own. */
#include <stdbool.h>
#include <string.h>

#include "edgekd_config.h"
#include "edgekd_mlperf_config.h"
#include "engine.h"
#include "mlperf_clock.h"
#include "mlperf_input.h"
#include "mlperf_task.h"
#include "mlperf_text.h"
#include "port.h"
#include "server.h"
#include "stack.h"

#define END '%'
#define LONGEST 80u /* characters of a command, without its end */
#define MOST_WORDS 3u
#define INFERENCES 1u /* of `infer` without numbers */
#define WARMUPS 10u

/* The host's programs tell by it what kind of firmware answers. */
#define PROFILE "ULPMark for tinyML Firmware V0.0.1"

struct words {
    uint32_t count; /* those beyond MOST_WORDS included */
    const char *at[MOST_WORDS];
};

static char command[LONGEST + 1u];
static uint32_t length; /* characters that came; LONGEST + 1: too many */

static int setup_code;
static bool inferred; /* since the last `db load`: the output tensor is that of the loaded input */

static void put_number_line(const char *head, uint64_t number, const char *tail) {
    edgekd_mlperf_put(head);
    edgekd_mlperf_put_number(number);
    edgekd_mlperf_put(tail);
}

static void put_code(const char *what, int code) {
    edgekd_mlperf_put("e-[");
    edgekd_mlperf_put(what);
    edgekd_mlperf_put(" failed with code ");
    edgekd_mlperf_put_signed(code);
    edgekd_mlperf_put("]\r\n");
}

static bool model_is_the_benchmarks(void) {
    return edgekd_engine.input_count == 1 && edgekd_engine.output_count == 1 &&
           edgekd_engine.inputs[0].bytes == EDGEKD_MLPERF_ELEMENTS &&
           edgekd_engine.outputs[0].bytes == EDGEKD_MLPERF_OUTPUTS;
}

/* `count` inferences; the engine's code. An inference uses its input up, so each gets it anew. */
static int infer_times(uint32_t count, const int8_t *input) {
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        memcpy(edgekd_engine.inputs[0].data, input, EDGEKD_MLPERF_ELEMENTS);
        code = edgekd_engine.invoke();
        edgekd_mlperf_clock_follow();
    }
    return code;
}

static void put_results(void) {
    edgekd_mlperf_task_results(edgekd_mlperf_input(), edgekd_engine.outputs[0].data);
}

static void run_inferences(uint32_t count, uint32_t warmups, const int8_t *input) {
    put_number_line("m-warmup-start-", warmups, "\r\n");
    int code = infer_times(warmups, input);
    if (code == 0) {
        edgekd_mlperf_put("m-warmup-done\r\n");
        put_number_line("m-infer-start-", count, "\r\n");
        const uint64_t start = edgekd_mlperf_clock_us();
        code = infer_times(count, input);
        const uint64_t end = edgekd_mlperf_clock_us();
        /* Both are told afterwards: sending the first would be part of what is measured. */
        put_number_line("m-lap-us-", start, "\r\n");
        put_number_line("m-lap-us-", end, "\r\n");
    }
    if (code != 0) {
        put_code("the model", code);
        return;
    }
    if (edgekd_stack_used() + sizeof(uint32_t) > edgekd_stack_bytes()) { /* to the word */
        edgekd_mlperf_put("e-[the stack was used up]\r\n");
        return;
    }
    inferred = true;
    edgekd_mlperf_put("m-infer-done\r\n");
    put_results();
}

static void name(const struct words *words) {
    (void)words;
    edgekd_mlperf_put("m-name-dut-[" EDGEKD_BOARD "]\r\n");
}

static void profile(const struct words *words) {
    (void)words;
    edgekd_mlperf_put("m-profile-[" PROFILE "]\r\n"
                      "m-model-[" EDGEKD_MLPERF_BENCHMARK "]\r\n");
}

static void timestamp(const struct words *words) {
    (void)words;
    put_number_line("m-lap-us-", edgekd_mlperf_clock_us(), "\r\n");
}

static void help(const struct words *words) {
    (void)words;
    edgekd_mlperf_put("edgekd " EDGEKD_MLPERF_BENCHMARK " " EDGEKD_BUILD_ID "\r\n"
                      "name, profile, timestamp, help\r\n"
                      "db load N: expect N input bytes\r\n"
                      "db HEX: take input bytes\r\n"
                      "db print: show them\r\n"
                      "infer [N=1 [W=10]]: W inferences unmeasured, then N measured\r\n"
                      "results: of the last inference\r\n");
}

/* `db` with what it does not know counts as a damaged load: the input is no longer complete. */
static void db(const struct words *words) {
    const char *what = words->count > 1 ? words->at[1] : "";
    const bool load = strcmp(what, "load") == 0;
    const bool print = strcmp(what, "print") == 0;
    if (words->count != (load ? 3u : 2u)) {
        inferred = false;
        edgekd_mlperf_input_refuse("e-[db: not load N, print or hex digits]\r\n");
    } else if (print) {
        edgekd_mlperf_input_print();
    } else {
        inferred = false;
        (load ? edgekd_mlperf_input_begin : edgekd_mlperf_input_take)(load ? words->at[2] : what);
    }
}

static void infer(const struct words *words) {
    uint32_t count = INFERENCES;
    uint32_t warmups = WARMUPS;
    inferred = false;
    if (words->count > 1 && (!edgekd_mlperf_number(words->at[1], &count) || count == 0)) {
        edgekd_mlperf_put("e-[infer: not a number of inferences]\r\n");
        return;
    }
    if (words->count > 2 && !edgekd_mlperf_number(words->at[2], &warmups)) {
        edgekd_mlperf_put("e-[infer: not a number of warm-up inferences]\r\n");
        return;
    }
    if (setup_code != 0) {
        put_code("setting the model up", setup_code);
        return;
    }
    if (!model_is_the_benchmarks()) {
        edgekd_mlperf_put("e-[the model is not one of " EDGEKD_MLPERF_BENCHMARK "]\r\n");
        return;
    }
    const uint8_t *loaded = edgekd_mlperf_input();
    const int8_t *input = loaded != NULL ? edgekd_mlperf_task_input(loaded) : NULL;
    if (input != NULL) {
        run_inferences(count, warmups, input);
    }
}

static void results(const struct words *words) {
    (void)words;
    if (inferred) {
        put_results();
    } else {
        edgekd_mlperf_put("e-[no results: infer first]\r\n");
    }
}

static const struct {
    const char *name;
    uint32_t least; /* words, the name included */
    uint32_t most;
    void (*run)(const struct words *words);
} commands[] = {
    {"name", 1, 1, name},      {"profile", 1, 1, profile}, {"timestamp", 1, 1, timestamp}, {"help", 1, 1, help},
    {"db", 1, UINT32_MAX, db}, {"infer", 1, 3, infer},     {"results", 1, 1, results},
};

/* Splits `text` at its spaces, in place. */
static struct words split(char *text) {
    struct words words = {0};
    for (char *at = text; *at != '\0';) {
        if (*at == ' ') {
            *at++ = '\0';
            continue;
        }
        if (words.count < MOST_WORDS) {
            words.at[words.count] = at;
        }
        words.count++;
        at += strcspn(at, " ");
    }
    return words;
}

static void put_error(const char *error, const char *word) {
    edgekd_mlperf_put(error);
    edgekd_mlperf_put(word);
    edgekd_mlperf_put("]\r\n");
}

static void run_command(void) {
    const struct words words = split(command);
    if (words.count == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words.at[0], commands[i].name) != 0) {
            continue;
        }
        if (words.count < commands[i].least || words.count > commands[i].most) {
            put_error("e-[Wrong number of arguments: ", words.at[0]);
        } else {
            commands[i].run(&words);
        }
        return;
    }
    put_error("e-[Unknown command: ", words.at[0]);
}

static void end_command(void) {
    if (length > LONGEST) {
        edgekd_mlperf_put("e-[Command longer than 80 characters]\r\n");
    } else {
        command[length] = '\0';
        run_command();
    }
    length = 0;
    edgekd_mlperf_put("m-ready\r\n");
}

void edgekd_server_start(void) {
    setup_code = edgekd_engine.setup();
    edgekd_mlperf_put("m-timestamp-mode-performance\r\n");
    timestamp(NULL);
    edgekd_mlperf_put("m-init-done\r\n"
                      "m-ready\r\n");
}

void edgekd_server_poll(void) {
    edgekd_mlperf_clock_follow();
    const int byte = edgekd_port_read();
    if (byte < 0) {
        return;
    }
    if (byte == END) {
        end_command();
        return;
    }
    if (length < LONGEST) {
        command[length] = byte >= ' ' && byte <= '~' ? (char)byte : '?'; /* as errors show it; in no command */
    }
    length += length <= LONGEST ? 1u : 0u;
}
