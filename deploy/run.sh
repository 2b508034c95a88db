# shellcheck shell=bash
# How commands are shown and run.

begin() { # TITLE WHAT_FOR HINT_WHEN_IT_FAILS
  step=$((step + 1))
  title=$1 hint=$3
  printf '\n%s. %s\n   %s\n' "$step" "$title" "$2" >&3
}

note() {
  printf '   # %s\n' "$*" >&3
}

show() {
  local word line='   +'
  for word in "$@"; do
    if [[ $word =~ ^[A-Za-z0-9_./:=@,+-]+$ ]]; then
      line+=" $word"
    else
      line+=" '$word'" # no word here contains a quotation mark of this kind
    fi
  done
  printf '%s\n' "$line" >&3
}

run() {
  show "$@"
  [[ -n $dry_run ]] || "$@"
}

# Like run, but its output goes to the caller. There is none in a dry run.
look() {
  show "$@"
  [[ -n $dry_run ]] || "$@" </dev/null
}

has_line() { # TEXT LINE
  grep -qxF -- "$2" <<<"$1"
}

# What has to be created, and what has to be removed. A dry run shows all of it.

missing() { # LIST LINE
  [[ -n $dry_run ]] || ! has_line "$1" "$2"
}

listed() { # LIST LINE
  [[ -n $dry_run ]] || has_line "$1" "$2"
}

stop() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

stopped() {
  local status=$?
  [[ $status -ne 0 && -n $title ]] || return "$status"
  {
    printf '\nStopped in step %s: %s.\n' "$step" "$title"
    [[ -z $hint ]] || printf '%s\n' "$hint"
    printf 'What was done before stays in place. Fix the cause, then run the same command again.\n'
  } >&2
}

# Only these commands get the Particle token, if the operator gave one.
admin() { # COMMAND...
  PARTICLE_ACCESS_TOKEN=$access_token run venv/bin/python -m admin --project "$project" "$@"
}
