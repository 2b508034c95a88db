#!/bin/sh
# Stands in for gcloud, bq, firebase, npm, make and the operator's commands: records what it is
# called with and plays a project.
#
# Everything lies in the folder $STAND_IN:
#   calls      a record for each call: its words, its environment, its standard input
#   secrets/   a file for each secret in the project, a line for each of its values
#   topics, networks, metrics, ...: what there is of a kind, one a line, as it is listed; kinds are
#              called as in gcloud's commands
#   account, number, billing, firebase, state, granted, components: what else there is
#   public     the functions that anybody may call
#   refused    patterns of commands that fail, however often they are tried
#   fails      a pattern and a message: the first command of the pattern fails with it, once
#   failed     where it exists, each command fails twice, the first time before it has done anything,
#              then after it has done its work; a line for each failure
#
# Shell, with builtin commands nearly alone: it is started some thousand times.
set -eu

name=${0##*/}
if [ "$name $*" = 'node --version' ]; then # a question that changes nothing
  echo "${NODE_VERSION:-v22.12.0}"
  exit
fi
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

if [ -s "$STAND_IN/fails" ]; then
  { read -r pattern && read -r message; } <"$STAND_IN/fails"
  # shellcheck disable=SC2254 # a pattern it is
  case "$name $*" in
    $pattern)
      : >"$STAND_IN/fails"
      printf '%s\n' "$message" >&2
      exit 1
      ;;
  esac
fi

if [ -e "$STAND_IN/refused" ]; then
  while IFS= read -r line; do
    # shellcheck disable=SC2254 # patterns they are
    case "$name $*" in
      $line)
        echo 'PERMISSION_DENIED: not here' >&2
        exit 1
        ;;
    esac
  done <"$STAND_IN/refused"
fi

list() { # FILE [FORMAT]
  while IFS= read -r line; do
    # shellcheck disable=SC2059 # the format is one of those below
    printf "${2:-%s\\n}" "$line"
  done <"$STAND_IN/$1"
}

add() { # FILE LINE; as the services do, it refuses what is there
  while IFS= read -r line; do
    if [ "$line" = "$2" ]; then
      echo "ALREADY_EXISTS: $2" >&2
      exit 1
    fi
  done <"$STAND_IN/$1"
  printf '%s\n' "$2" >>"$STAND_IN/$1"
}

remove() { # FILE WORD, alone in its line, before a comma or between tabs
  rest=''
  while IFS= read -r line; do
    case $line in
      "$2" | "$2,"* | *"	$2	"*) ;;
      *) rest="$rest$line
" ;;
    esac
  done <"$STAND_IN/$1"
  printf '%s' "$rest" >"$STAND_IN/$1"
}

holds() { # FILE LINE
  while IFS= read -r line; do
    [ "$line" != "$2" ] || return 0
  done <"$STAND_IN/$1"
  return 1
}

put() { # FILE LINE, unless it is there
  holds "$@" || printf '%s\n' "$2" >>"$STAND_IN/$1"
}

option=''
of() { # OPTION ARGUMENTS...: its value, in $option
  option=''
  wanted=$1
  shift
  for word in "$@"; do
    case $word in "$wanted="*) option=${word#"$wanted="} ;; esac
  done
}

# The kind is the word before what is done to it: gcloud compute routers nats create NAME.
kind='' what='' item=''
for word in "$@"; do
  if [ -n "$what" ]; then
    item=$word
    break
  fi
  case $word in
    list | create | delete) what=$word ;;
    -*) break ;;
    *) kind=$word ;;
  esac
done

trigger=eventarc-us-central1-ingest-42-sub-7,particle-events
case "$name $*" in
  'gcloud version '*) list components ;;
  'gcloud auth list '*) list account ;;
  'gcloud projects describe '*) list number ;;
  'gcloud billing projects describe '*) list billing ;;
  'gcloud projects get-iam-policy '*) list granted ;;
  'gcloud projects add-iam-policy-binding '*)
    of --role "$@"
    put granted "$option"
    ;;
  'gcloud projects remove-iam-policy-binding '*)
    of --role "$@"
    remove granted "$option"
    ;;
  'gcloud services enable '*)
    for word in "$@"; do
      case $word in *.googleapis.com) put services "$word" ;; esac
    done
    ;;
  'gcloud firestore databases create '*) add databases '(default),FIRESTORE_NATIVE,nam5,STANDARD' ;;
  'gcloud firestore databases describe '*) list recovery ;;
  'gcloud firestore databases update '*' --enable-pitr '*)
    put recovery POINT_IN_TIME_RECOVERY_ENABLED
    ;;
  'gcloud firestore backups schedules create '*) add schedules '0f1e2d3c,604800s,' ;;
  'gcloud pubsub subscriptions create '*)
    of --topic "$@"
    add subscriptions "$item,$option"
    ;;
  'gcloud functions add-invoker-policy-binding '*) put public "$3" ;;
  'gcloud compute addresses describe '*) echo 203.0.113.7 ;;
  'gcloud beta monitoring channels create '*)
    add channels projects/p/notificationChannels/1
    echo projects/p/notificationChannels/1
    ;;
  'gcloud alpha monitoring policies create '*)
    of --user-labels "$@"
    label=${option##*=}
    of --notification-channels "$@"
    add policies "$label	projects/p/alertPolicies/$label	$option"
    ;;
  'gcloud alpha monitoring policies update '*)
    remove policies "$5"
    of --set-notification-channels "$@"
    add policies "${5##*/}	$5	$option"
    ;;
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
  'gcloud secrets versions access latest --secret '*)
    while IFS= read -r line; do value=$line; done <"$STAND_IN/secrets/$6"
    printf '%s' "$value"
    ;;
  'gcloud secrets versions add '*) printf '%s\n' "$given" >>"$STAND_IN/secrets/$4" ;;
  'gcloud compute routers delete '*) # and its NATs
    remove routers "$item"
    : >"$STAND_IN/nats"
    ;;
  'firebase projects:list '*) list firebase '    "projectId": "%s",\n' ;;
  'firebase apps:list WEB '*)
    rows=''
    while IFS= read -r line; do
      rows="$rows${rows:+,}{\"displayName\": \"$line\", \"appId\": \"1:4711:web:$line\"}"
    done <"$STAND_IN/apps"
    echo "{\"status\": \"success\", \"result\": [$rows]}"
    ;;
  'firebase apps:create WEB '*)
    if ! read -r _ <"$STAND_IN/sites"; then
      echo 'Error: User force closed the prompt' >&2 # it asks for the name of a site
      exit 1
    fi
    add apps "$3"
    ;;
  'firebase hosting:sites:list '*)
    rows=''
    while IFS=, read -r site type app; do
      row="\"name\": \"projects/p/sites/$site\", \"type\": \"$type\", \"defaultUrl\": \"https://$site.web.app\""
      [ -z "$app" ] || row="$row, \"appId\": \"$app\""
      rows="$rows${rows:+,}{$row}"
    done <"$STAND_IN/sites"
    echo "{\"status\": \"success\", \"result\": {\"sites\": [$rows]}}"
    ;;
  'firebase hosting:sites:create '*)
    type=DEFAULT_SITE app=''
    if read -r _ <"$STAND_IN/sites"; then type=USER_SITE; fi
    [ "$3" != --app ] || app=$4
    add sites "$2,$type,$app"
    ;;
  'firebase target:apply hosting web '*) printf '%s\n' "$4" >"$STAND_IN/target" ;;
  'firebase target:clear hosting web '*) : >"$STAND_IN/target" ;;
  'gcloud auth print-access-token') echo ya29.of-the-operator ;;
  'python deploy/link_site.py '*)
    rest=''
    while IFS=, read -r site type app; do
      [ "$site" != "$3" ] || app=$4
      rest="$rest$site,$type,$app
"
    done <"$STAND_IN/sites"
    printf '%s' "$rest" >"$STAND_IN/sites"
    ;;
  'firebase deploy --only hosting:web '*)
    if ! read -r _ <"$STAND_IN/target"; then
      echo 'Error: Deploy target web not configured for project' >&2
      exit 1
    fi
    ;;
  'firebase hosting:disable --site '*)
    found=''
    while IFS=, read -r site _; do
      [ "$site" != "$3" ] || found=1
    done <"$STAND_IN/sites"
    [ -n "$found" ]
    ;;
  'firebase deploy --only functions '*)
    if ! holds granted roles/editor && ! holds granted roles/cloudbuild.builds.builder; then
      echo 'Build failed: the service account lacks permissions' >&2
      exit 1
    fi
    holds functions mint_token || put public mint_token # only where it is created
    printf '%s\n' ingest mint_token somebodys_own >"$STAND_IN/functions"
    put subscriptions "$trigger"
    ;;
  'firebase functions:delete '*)
    echo somebodys_own >"$STAND_IN/functions"
    : >"$STAND_IN/public"
    remove subscriptions "$trigger"
    ;;
  'gcloud '*)
    case $what in
      list) list "$kind" ;;
      create) add "$kind" "$item" ;;
      delete) remove "$kind" "$item" ;;
    esac
    ;;
esac

if [ "$failures" -eq 1 ]; then
  echo 'DEADLINE_EXCEEDED: told to fail' >&2
  exit 1
fi
