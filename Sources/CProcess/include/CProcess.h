// What Swift cannot do to its own process.
#pragma once

// The kernel sends the calling process this signal when the thread that started it ends.
int twitchy_set_parent_death_signal(int number);

// What `ps` and `top` call the process, of at most 15 characters.
int twitchy_set_process_name(const char *name);

// Swift's handlers write a backtrace and return, so that the fault comes again and ends the process. A signal that
// somebody sent does not come again, and the process would live on, without handlers: from this call on it dies.
// To be called while there is one thread.
void twitchy_die_of_sent_signals(void);
