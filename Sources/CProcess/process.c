#include "CProcess.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

int twitchy_set_parent_death_signal(int number) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)number, 0UL, 0UL, 0UL);
}

int twitchy_set_process_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}

// Of Swift, by number of the signal.
static struct sigaction handlers[NSIG];

static void crash(int number, siginfo_t *info, void *context) {
    handlers[number].sa_sigaction(number, info, context);
    // Faults have a code above zero.
    if (info->si_code > 0) return;
    signal(number, SIG_DFL);
    kill(getpid(), number);
}

void twitchy_die_of_sent_signals(void) {
    const int numbers[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction *handler = &handlers[numbers[i]];
        if (sigaction(numbers[i], NULL, handler) != 0 || !(handler->sa_flags & SA_SIGINFO)) continue;
        struct sigaction own = *handler;
        own.sa_sigaction = crash;
        sigaction(numbers[i], &own, NULL);
    }
}
