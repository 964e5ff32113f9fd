#!/bin/sh
# A worker of a Roost pool: a JSON task a line on standard input, a JSON answer a line on standard output.

# What this worker is for. $1 is the task, as JSON (jq takes it apart). What it prints becomes a JSON string; when it
# fails, {"error": ...}. Standard error goes to the log.
work() {
    printf 'the task has %s bytes' "${#1}"
}

# The text on standard input as a JSON string.
quoted() {
    tr '\t' ' ' | tr -d '\000-\010\013-\037' | sed 's/\\/\\\\/g; s/"/\\"/g' |
        awk 'BEGIN { printf "\"" } { printf "%s%s", separator, $0; separator = "\\n" } END { printf "\"" }'
}

# Answers go to descriptor 3, and nothing else does: all other output goes to standard error, the log.
exec 3>&1 1>&2
while IFS= read -r task; do
    if text=$(work "$task" </dev/null 3>&-); then
        printf '%s\n' "$(printf '%s' "$text" | quoted)" >&3
    else
        printf '{"error":"exit status %s"}\n' "$?" >&3
    fi
done
