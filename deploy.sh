#!/usr/bin/env bash
# Deploys the whole product to a Firebase project of yours. docs/deploy.md says what each step does
# there, what it changes and how that is undone. Written for bash 3.2 (macOS) and newer.
#
# No secret is ever an argument of a command (the process list shows those) or printed.
set -euo pipefail

topic=particle-events
publisher=serviceAccount:particle-public@particle-public.iam.gserviceaccount.com
firebase=tools/node_modules/.bin/firebase
apis=(
  artifactregistry.googleapis.com
  cloudbuild.googleapis.com
  cloudfunctions.googleapis.com
  cloudscheduler.googleapis.com
  eventarc.googleapis.com
  firebase.googleapis.com
  firebasehosting.googleapis.com
  firebaserules.googleapis.com
  firestore.googleapis.com
  identitytoolkit.googleapis.com
  pubsub.googleapis.com
  run.googleapis.com
  secretmanager.googleapis.com
)
# The functions' parameters (shared/settings.py), each with what to write when it is missing. The
# Firebase CLI asks for missing ones, but not where nobody can answer; so all must be in the file.
settings=(
  PARTICLE_PRODUCT=YOUR_PRODUCT
  PARTICLE_API_URL=https://api.particle.io
  PARTICLE_ACCESS_MODE=customer
  EVENT_RETENTION_DAYS=90
  FUNCTIONS_REGION=us-central1
)

usage() {
  cat <<'END'
Deploys the product to a Firebase project: rules, indexes, functions, web app, topic and secrets.

usage: ./deploy.sh --project ID [--dry-run] [--region R] [--database-location L] [--yes] [--help]

  --project ID            the Firebase project; its settings stand in .env.ID
  --dry-run               print every command in order and run none; needs no log-in
  --region R              region of the functions, checked against FUNCTIONS_REGION in .env.ID
                          (by default what stands there)
  --database-location L   where Firestore is created if the project has none yet: a region or a
                          multi-region like nam5 or eur3 (by default the functions' region). It can
                          never be changed
  --yes                   ask nothing. Functions of the project's default codebase that are not in
                          this source are then deleted. PARTICLE_CLIENT_ID and
                          PARTICLE_CLIENT_SECRET are taken from the environment if they are needed

It can be run again at any time: what is in place already is left as it is.
END
}

main() {
  project='' region='' location='' dry_run='' yes=''
  step=0 title='' hint=''
  # Commands are shown on this one, also by functions whose own output is being read.
  exec 3>&1
  arguments "$@"
  cd "$(dirname "${BASH_SOURCE[0]}")"
  take_secrets_from_environment
  trap stopped EXIT
  check_tools_and_settings
  install
  check_log_ins
  enable_apis
  store_secrets
  create_database
  create_topic
  deploy_rules
  deploy_functions
  deploy_web_app
  let_particle_publish
  trap - EXIT
  what_remains
}

arguments() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --project | --region | --database-location)
        [[ $# -ge 2 && -n $2 && $2 != -* ]] || wrong_usage "$1 needs a value"
        case $1 in
          --project) project=$2 ;;
          --region) region=$2 ;;
          *) location=$2 ;;
        esac
        shift
        ;;
      --project=*) project=${1#*=} ;;
      --region=*) region=${1#*=} ;;
      --database-location=*) location=${1#*=} ;;
      --dry-run) dry_run=1 ;;
      --yes | -y) yes=1 ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
  [[ -n $project ]] || wrong_usage '--project ID is missing'
  [[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || wrong_usage "no project id: $project"
  [[ $project != demo-* ]] || wrong_usage \
    "$project exists in the emulators alone (every id that starts with demo- does): run make demo"
  [[ -z $region || $region =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || wrong_usage "no region: $region"
  [[ -z $location || $location =~ ^[a-z0-9-]+$ ]] || wrong_usage "no location: $location"
}

wrong_usage() {
  printf '%s\n\n' "$1" >&2
  usage >&2
  exit 2
}

# Out of the environment, so that no program that is started from here inherits them.
take_secrets_from_environment() {
  { set +x; } 2>/dev/null # bash -x would print them
  client_id=${PARTICLE_CLIENT_ID:-}
  client_secret=${PARTICLE_CLIENT_SECRET:-}
  unset PARTICLE_CLIENT_ID PARTICLE_CLIENT_SECRET SETUP_CODE_PEPPER
}

# What is shown and how things are run

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
      line+=" '$word'" # no word here holds a quotation mark
    fi
  done
  printf '%s\n' "$line" >&3
}

run() {
  show "$@"
  [[ -n $dry_run ]] || "$@"
}

# As run, for a command that only reads: its output goes to the caller, who sees none in a dry run.
look() {
  show "$@"
  [[ -n $dry_run ]] || "$@" </dev/null
}

has_line() { # TEXT LINE
  grep -qxF -- "$2" <<<"$1"
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
    printf 'What was done before is in place. Mend the cause, then run the same command again.\n'
  } >&2
}

# The steps

check_tools_and_settings() {
  begin 'Check the tools and the settings' \
    'Says all at once what is missing on this machine.' ''
  local file=.env.$project missing=()

  command -v gcloud >/dev/null || missing+=(
    'gcloud, the Google Cloud CLI: https://cloud.google.com/sdk/docs/install')
  command -v node >/dev/null && command -v npm >/dev/null || missing+=(
    'node 20 or newer, with npm: https://nodejs.org')
  command -v python3.11 >/dev/null || missing+=(
    'python3.11, the runtime in firebase.json: apt-get install python3.11-venv, or brew install python@3.11')
  command -v make >/dev/null || missing+=(
    'make: apt-get install make, or xcode-select --install')

  local one name value names='' lines=''
  for one in "${settings[@]}"; do
    name=${one%%=*}
    value=$(setting "$name")
    [[ $name != FUNCTIONS_REGION || -z $region ]] || one=$name=$region
    if [[ -z $value ]]; then
      names+=" $name"
      lines+=" $one"
    elif ! fits "$name" "$value"; then
      missing+=("a right $name in $file; it is '$value'")
    fi
  done
  if [[ -n $lines ]]; then
    missing+=("settings in $file:$names. Write them, with your product's id, by
      printf '%s\\n'$lines >> $file")
  fi
  for name in PARTICLE_CLIENT_ID PARTICLE_CLIENT_SECRET SETUP_CODE_PEPPER; do
    [[ -z $(setting "$name") ]] || missing+=(
      "a place for $name that is none of a file: take it out of $file, it is asked for below")
  done

  product=$(setting PARTICLE_PRODUCT)
  value=$(setting FUNCTIONS_REGION)
  if [[ -n $value && -n $region && $value != "$region" ]]; then
    missing+=("one region: --region says $region and FUNCTIONS_REGION in $file says $value. Functions that are deployed stay where they are: to move them, change the file and delete the old ones")
  fi
  region=${region:-${value:-us-central1}}
  location=${location:-$region}
  [[ -n $dry_run || -n $yes || -t 0 ]] || missing+=(
    'somebody to answer: there is no terminal here. Pass --yes if that is meant')

  [[ ${#missing[@]} -gt 0 ]] || return 0
  {
    printf '\nMissing%s:\n' "${dry_run:+ for a real run}"
    printf '  - %s\n' "${missing[@]}"
  } >&2
  title='' # nothing was begun
  [[ -n $dry_run ]] || exit 1
  product=${product:-YOUR_PRODUCT}
}

# The value of a setting as the Firebase CLI sees it: .env.ID goes before .env.
setting() {
  local file value=''
  for file in .env ".env.$project"; do
    [[ -f $file ]] || continue
    value=$(awk -v name="$1" -v value="$value" '
      { sub(/\r$/, ""); sub(/^[ \t]*(export[ \t]+)?/, "") }
      index($0, name) == 1 && substr($0, length(name) + 1) ~ /^[ \t]*=/ {
        value = substr($0, length(name) + 1)
        sub(/^[ \t]*=[ \t]*/, "", value)
        if (value ~ /^"[^"]*"/ || value ~ /^\047[^\047]*\047/) {
          quote = substr(value, 1, 1)
          value = substr(value, 2)
          value = substr(value, 1, index(value, quote) - 1)
        } else {
          sub(/[ \t]*#.*$/, "", value)
          sub(/[ \t]+$/, "", value)
        }
      }
      END { print value }' "$file")
  done
  printf '%s' "$value"
}

fits() { # NAME VALUE
  case $1 in
    PARTICLE_PRODUCT) [[ $2 =~ ^[A-Za-z0-9-]+$ ]] ;;
    PARTICLE_API_URL) [[ $2 =~ ^https://[^[:space:]]+$ ]] ;;
    PARTICLE_ACCESS_MODE) [[ $2 == customer || $2 == product ]] ;;
    EVENT_RETENTION_DAYS) [[ $2 =~ ^[1-9][0-9]*$ ]] ;;
    FUNCTIONS_REGION) [[ $2 =~ ^[a-z]+-[a-z]+[0-9]+$ ]] ;;
  esac
}

install() {
  begin 'Install and build' \
    'The Firebase CLI, the Python environment in which it looks for the functions, and the web app.' \
    'The registries of npm and Python packages must be reachable from here.'
  run make --no-print-directory .stamps/tools .stamps/python .stamps/web
  if [[ -z $dry_run && ! -x venv/bin/python3.11 ]]; then
    stop 'venv/ was made with another Python than 3.11. Remove it (rm -r venv) and run again.'
  fi
  run env "VITE_FUNCTIONS_REGION=$region" npm --prefix web run build
}

check_log_ins() {
  begin 'Check the log-ins' \
    'gcloud and the Firebase CLI each have their own; both must be able to see the project.' \
    'Log in with: gcloud auth login; '"$firebase"' login'
  local account projects
  account=$(look gcloud auth list --filter=status:ACTIVE '--format=value(account)')
  [[ -n $dry_run || -n $account ]] || stop 'gcloud is not logged in. Run: gcloud auth login'
  run gcloud projects describe "$project" '--format=value(projectId)'
  projects=$(look "$firebase" projects:list --json --non-interactive)
  if [[ -z $dry_run ]] && ! grep -qE "\"projectId\": *\"$project\"" <<<"$projects"; then
    stop "$project is no Firebase project, or this account does not see it. Add Firebase to it with:
  $firebase projects:addfirebase $project"
  fi
  if [[ -z $dry_run && -z $yes ]]; then
    local answer
    printf '\nDeploy to %s in %s, as %s? [y/N] ' "$project" "$region" "$account"
    read -r answer
    if [[ $answer != [yY]* ]]; then
      title=''
      stop 'Nothing was changed in the project.'
    fi
  fi
}

enable_apis() {
  begin 'Enable the APIs' \
    'What the functions, Firestore, Pub/Sub, Hosting, Auth and the secrets run on.' \
    'The project must have billing (Firebase plan Blaze), and the account the role Editor or Owner.'
  run gcloud services enable "${apis[@]}" --project "$project"
}

store_secrets() {
  begin 'Store the secrets' \
    'In Secret Manager, once. Only the functions that need a secret are given it.' \
    'The account needs the role Secret Manager Admin (roles/secretmanager.admin).'
  local present
  present=$(look gcloud secrets list --project "$project" '--format=value(name.basename())')
  store_secret "$present" PARTICLE_CLIENT_ID "$client_id" \
    'OAuth client id of the product (Particle console: product, Authentication; type two-legged, server)'
  store_secret "$present" PARTICLE_CLIENT_SECRET "$client_secret" \
    'OAuth client secret that belongs to it'
  store_secret "$present" SETUP_CODE_PEPPER '' ''
  client_id='' client_secret=''
}

# A secret that has a version is never touched: another pepper would void all setup codes.
store_secret() { # NAMES_PRESENT NAME VALUE WHAT_IT_IS
  local states
  if [[ -n $dry_run ]]; then
    note "$2, unless it has a value; the value comes on standard input:"
    show gcloud secrets versions list "$2" --project "$project" '--format=value(state)'
    show gcloud secrets create "$2" --replication-policy=automatic --data-file=- --project "$project"
    note 'or, when there is such a secret, but without a value:'
    show gcloud secrets versions add "$2" --data-file=- --project "$project"
  elif ! has_line "$1" "$2"; then
    give_value "$2" "$3" "$4" \
      gcloud secrets create "$2" --replication-policy=automatic --data-file=- --project "$project"
  else
    states=$(look gcloud secrets versions list "$2" --project "$project" '--format=value(state)')
    if [[ -z $states ]]; then
      give_value "$2" "$3" "$4" gcloud secrets versions add "$2" --data-file=- --project "$project"
    elif grep -qiw enabled <<<"$states"; then
      note "$2 has a value"
    else
      stop "$2 has a value that is disabled or destroyed. A disabled one can be enabled:
  gcloud secrets versions list $2 --project $project
  gcloud secrets versions enable VERSION --secret $2 --project $project"
    fi
  fi
}

give_value() { # NAME VALUE WHAT_IT_IS COMMAND...
  local name=$1 value=$2 what=$3
  shift 3
  if [[ $name == SETUP_CODE_PEPPER ]]; then
    show "$@"
    python3.11 -c 'import secrets; print(secrets.token_hex(32), end="")' | "$@"
    return
  fi
  if [[ -z $value && -z $yes ]]; then
    printf '\n%s\n' "$what" >&2
    # The prompt of read, not one before it: when it stands there, typing is not shown any more.
    IFS= read -rsp "$name (not shown): " value
    printf '\n' >&2
  fi
  value=${value//[[:space:]]/}
  [[ -n $value ]] || stop "$name is needed: $what. With --yes it comes from the environment."
  show "$@"
  printf '%s' "$value" | "$@"
}

create_database() {
  begin 'Create the Firestore database' \
    'Unless the project has one. Its location can never be changed.' \
    'The account needs the role Cloud Datastore Owner (roles/datastore.owner).'
  local databases
  databases=$(look gcloud firestore databases list --project "$project" \
    '--format=csv[no-heading](name.basename(),type,locationId)')
  if [[ -n $dry_run ]] || ! grep -q '^(default),' <<<"$databases"; then
    note 'Deletion protection: the database cannot be deleted by accident.'
    run gcloud firestore databases create '--database=(default)' "--location=$location" \
      --type=firestore-native --delete-protection --project "$project"
  elif ! grep -q '^(default),FIRESTORE_NATIVE,' <<<"$databases"; then
    stop "The database of $project is in Datastore mode, which has no rules and no live updates.
An empty one can be changed: gcloud firestore databases update --type=firestore-native --project $project"
  else
    note "there is one: $(grep '^(default),' <<<"$databases")"
  fi
}

create_topic() {
  begin 'Create the topic' \
    'Particle publishes events to it. It keeps them for 7 days, so that they can be replayed.' \
    'The account needs the role Pub/Sub Admin (roles/pubsub.admin).'
  local topics
  topics=$(look gcloud pubsub topics list --project "$project" '--format=value(name.basename())')
  if [[ -n $dry_run ]] || ! has_line "$topics" "$topic"; then
    run gcloud pubsub topics create "$topic" --message-retention-duration=7d --project "$project"
  fi
  if [[ -n $dry_run ]] || has_line "$topics" "$topic"; then
    [[ -z $dry_run ]] || note 'or, when it exists:'
    run gcloud pubsub topics update "$topic" --message-retention-duration=7d --project "$project"
  fi
}

# Rules and indexes before the functions that count on them, the functions before the page that
# calls them. Without --yes the CLI asks before it deletes what is in the project and not here.

deploy_rules() {
  begin 'Deploy the rules and the indexes' \
    'Who may read what in Firestore; what is indexed, and what expires (TTL policies).' ''
  firebase_deploy firestore ${yes:+--non-interactive}
}

deploy_functions() {
  begin 'Deploy the functions' \
    'Grants their service account access to the secrets, too. Takes some minutes.' \
    'In a new project the first try may fail while new service accounts become known: run again.'
  # With nobody to ask, the CLI wants --force before it turns retries on for the event functions.
  firebase_deploy functions ${yes:+--non-interactive --force}
  local number
  number=$(look gcloud projects describe "$project" '--format=value(projectNumber)')
  note 'In newer organisations this account has no rights of its own.'
  local role
  for role in roles/datastore.user roles/firebaseauth.admin; do
    run gcloud projects add-iam-policy-binding "$project" \
      "--member=serviceAccount:${number:-PROJECT_NUMBER}-compute@developer.gserviceaccount.com" \
      "--role=$role" --condition=None --format=none
  done
}

deploy_web_app() {
  begin 'Deploy the web app' \
    'Registers it in the project once: its configuration comes from there.' ''
  local apps
  apps=$(look "$firebase" apps:list WEB --project "$project" --json --non-interactive)
  if [[ -n $dry_run ]] || ! grep -q '"appId"' <<<"$apps"; then
    [[ -z $dry_run ]] || note 'unless one is registered:'
    run "$firebase" apps:create WEB web --project "$project" --non-interactive
  fi
  firebase_deploy hosting ${yes:+--non-interactive}
}

firebase_deploy() { # TARGET FLAG...
  local target=$1
  shift
  # Looking for the functions starts Python; the CLI gives up after 10 s unless it is told otherwise.
  run env FUNCTIONS_DISCOVERY_TIMEOUT=60 "$firebase" deploy --only "$target" --project "$project" "$@"
}

let_particle_publish() {
  begin 'Let Particle publish' \
    'The last step, so that events come only when there is something to receive them.' \
    "If the organisation allows only accounts of its own domain (policy iam.allowedPolicyMemberDomains),
its administrator must make an exception for this project."
  run gcloud pubsub topics add-iam-policy-binding "$topic" "--member=$publisher" \
    --role=roles/pubsub.publisher --project "$project"
}

what_remains() {
  local api
  api=$(setting PARTICLE_API_URL)
  if [[ -n $dry_run ]]; then
    printf '\nNothing was run. After a run, this remains to be done by hand:\n'
  else
    printf '\nDeployed: https://%s.web.app\nThis remains to be done by hand:\n' "$project"
  fi >&3
  cat >&3 <<END

1. Firebase console: turn on the sign-in method "Email/Password"
   https://console.firebase.google.com/project/$project/authentication/providers

2. Particle: integrations that bring the events of product $product here. In its console
   (https://console.particle.io/$product/integrations) New integration, "Google Cloud Platform", with
     Event name  the beginning of your events' names; one integration for each beginning, and one
                 for spark/status, which tells that a device went online or offline
     Topic       projects/$project/topics/$topic
   or by its API, with an access token of a member of the product's team:
     for event in YOUR_EVENTS spark/status; do
       curl -sS ${api:-https://api.particle.io}/v1/products/$product/integrations \\
         -H "Authorization: Bearer \$PARTICLE_ACCESS_TOKEN" \\
         -d integration_type=GoogleCloudPubSub -d event="\$event" \\
         -d topic=projects/$project/topics/$topic
     done

3. Your devices, so that they can be claimed by what is printed on them. python -m admin is the
   operator's command line (docs/operator.md; venv/bin/python -m admin --help):
     gcloud auth application-default login
     venv/bin/python -m admin --project $project devices import stock.csv
END
}

main "$@"
