#!/usr/bin/env bash
# Runs one step of the set-up and prints its name, a dot every three seconds, and its duration. The
# output of the command goes to a log, whose end is shown only when the step fails.
#
# usage: step.sh NAME COMMAND [ARGUMENT...]
set -euo pipefail
# Each background job gets its own process group, so that all of its processes can be ended.
set -m

name=$1
shift
logs=.local/setup
mkdir -p "$logs"
log=$logs/$(printf '%s' "$name" | tr -cs 'A-Za-z0-9' '-' | tr '[:upper:]' '[:lower:]').log

printf '%s ' "$name"
"$@" >"$log" 2>&1 </dev/null &
command=$!
(while sleep 3; do printf '.'; done) &
dots=$!

finish() {
  kill -- "-$dots" 2>/dev/null || true
  wait "$dots" 2>/dev/null || true
}
interrupted() {
  kill -- "-$command" 2>/dev/null || true
  finish
  echo ' interrupted'
  exit 130
}
trap interrupted INT TERM HUP

status=0
wait "$command" || status=$?
finish
if [ "$status" -ne 0 ]; then
  printf ' failed after %s s\n' "$SECONDS"
  tail -n 40 "$log" >&2
  printf '\nThe complete log: %s\n' "$log" >&2
  exit "$status"
fi
printf ' %s s\n' "$SECONDS"
