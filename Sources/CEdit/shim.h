// libedit's readline face. Its settings are C globals, which Swift may not touch; these set them.
#ifndef ROOST_CEDIT_SHIM_H
#define ROOST_CEDIT_SHIM_H

#include <stdio.h>
#include <editline/readline.h>

static inline void roost_edit_complete_with(char **(*completion)(const char *, int, int)) {
    rl_attempted_completion_function = completion;
    rl_completer_word_break_characters = (char *)" \t\n";
}

// Without this, libedit goes on to complete file names.
static inline void roost_edit_completion_is_final(void) { rl_attempted_completion_over = 1; }

static inline void roost_edit_name(const char *name) { rl_readline_name = name; }

#endif
