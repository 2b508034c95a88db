#!/bin/sh
# Stands in for gcloud, firebase, npm and make: records what it is called with and plays a project.
#
# Everything lies in the folder $STAND_IN:
#   calls      a record for each call: its words, its environment, its standard input
#   secrets/   a file for each secret in the project, a line for each of its values
#   account, number, firebase, state, databases, topics, apps: what else there is, one a line
#   failed     where it exists, each command fails twice, the first time before it has done anything,
#              then after it has done its work; a line for each failure
#
# Shell, with builtin commands nearly alone: it is started some thousand times.
set -eu

name=${0##*/}
given=
case " $* " in *' --data-file=- '*) given=$(cat) ;; esac
{
  printf '%s\037' "$name" "$@"
  printf '\035%s\035%s\036' "$(export -p)" "$given"
} >>"$STAND_IN/calls"

failures=2
if [ -e "$STAND_IN/failed" ]; then
  failures=0
  while IFS= read -r line; do
    [ "$line" != "$name $*" ] || failures=$((failures + 1))
  done <"$STAND_IN/failed"
  [ "$failures" -ge 2 ] || printf '%s\n' "$name $*" >>"$STAND_IN/failed"
fi
if [ "$failures" -eq 0 ]; then
  echo 'PERMISSION_DENIED: told to fail' >&2
  exit 1
fi

list() { # FILE [FORMAT]
  while IFS= read -r line; do
    # shellcheck disable=SC2059 # the format is one of those below
    printf "${2:-%s\\n}" "$line"
  done <"$STAND_IN/$1"
}

case "$name $*" in
  'gcloud auth list '*) list account ;;
  'gcloud projects describe '*) list number ;;
  'gcloud firestore databases list '*) list databases ;;
  'gcloud firestore databases create '*) echo '(default),FIRESTORE_NATIVE,nam5' >>"$STAND_IN/databases" ;;
  'gcloud pubsub topics list '*) list topics ;;
  'gcloud pubsub topics create '*) echo "$4" >>"$STAND_IN/topics" ;;
  'firebase projects:list '*) list firebase '    "projectId": "%s",\n' ;;
  'firebase apps:list WEB '*) list apps '    "appId": "%s",\n' ;;
  'firebase apps:create WEB '*) echo "$3" >>"$STAND_IN/apps" ;;
  'gcloud secrets list '*)
    for secret in "$STAND_IN"/secrets/*; do
      [ ! -e "$secret" ] || echo "${secret##*/}"
    done
    ;;
  'gcloud secrets create '*)
    if [ -e "$STAND_IN/secrets/$3" ]; then
      echo "ALREADY_EXISTS: $3" >&2
      exit 1
    fi
    printf '%s\n' "$given" >"$STAND_IN/secrets/$3"
    ;;
  'gcloud secrets versions list '*)
    while read -r _; do
      list state
    done <"$STAND_IN/secrets/$4"
    ;;
  'gcloud secrets versions add '*) printf '%s\n' "$given" >>"$STAND_IN/secrets/$4" ;;
esac

if [ "$failures" -eq 1 ]; then
  echo 'DEADLINE_EXCEEDED: told to fail' >&2
  exit 1
fi
