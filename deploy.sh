#!/usr/bin/env bash
# Deploys the whole product to your Firebase project. docs/deploy.md explains what each step does
# there, what it changes and how to undo it. Written for bash 3.2 (macOS) and newer.
#
# No secret is ever an argument of a command (the process list shows those) or printed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=deploy/run.sh
. deploy/run.sh
# shellcheck source=deploy/settings.sh
. deploy/settings.sh
# shellcheck source=deploy/project.sh
. deploy/project.sh
# shellcheck source=deploy/events.sh
. deploy/events.sh
# shellcheck source=deploy/fixed_ip.sh
. deploy/fixed_ip.sh
# shellcheck source=deploy/monitoring.sh
. deploy/monitoring.sh
# shellcheck source=deploy/destroy.sh
. deploy/destroy.sh

usage() {
  cat <<'END'
Deploys the product to a Firebase project: rules, indexes, functions, web app, topic and secrets.

usage: ./deploy.sh --project ID [--dry-run] [--only STEP,...] [--yes] [more, below]
       ./deploy.sh --project ID --destroy [--dry-run]

  --project ID            the Firebase project, or its alias in .firebaserc; its settings are in
                          .env.ID or .env.ALIAS
  --dry-run               print every command in order and run none; needs no log-in
  --only STEP[,STEP]      run only these steps, in the order below. public and dead-letters always
                          follow functions
  --yes                   ask nothing. Functions of the project's default codebase that are not in
                          this source are then deleted. PARTICLE_CLIENT_ID, PARTICLE_CLIENT_SECRET
                          and SMTP_URL come from the environment if they are needed
  --region R              region of the functions, checked against FUNCTIONS_REGION in .env.ID
                          (by default the value there)
  --database-location L   where Firestore is created if the project has none yet: a region or a
                          multi-region like nam5 or eur3 (by default the functions' region). It can
                          never be changed
  --no-backups            leave out the step backups, which is charged by the size of the database
  --fixed-ip              also run the step fixed-ip. It is charged by the hour
  --bigquery              also run the step bigquery
  --alert-email ADDRESS   also run the step alerts, and send alerts to this address
  --destroy               remove what this script created, except data. Asks for the project's id

PARTICLE_ACCESS_TOKEN in the environment, a token of a member of the product's team, is used for the
integration if Particle does not let the OAuth client manage it.

You can run it again at any time: it leaves what is in place already as it is.

Steps (docs/deploy.md):
END
  steps
}

# A step NAME is the function step_NAME, with _ for -. They run in this order.
steps() {
  cat <<'END'
  billing        check that the project has the Blaze plan
  apis           enable the APIs
  rights         grant the functions' account its roles
  secrets        store the secrets
  particle       check product and OAuth client at Particle
  database       create the Firestore database
  backups        keep backups of the database (unless --no-backups)
  topic          create the topic
  metrics        count what the functions log
  rules          deploy the rules, the indexes and the TTL policies
  fixed-ip       give the functions one fixed address (--fixed-ip)
  functions      deploy the functions
  public         let apps call the functions
  dead-letters   keep what ingest never acknowledges
  web            build and deploy the web app
  sign-in        turn on the sign-in with e-mail address and password
  bigquery       send a copy of all events to BigQuery (--bigquery)
  alerts         create the alert policies
  publisher      let Particle publish
  integration    create or repair Particle's integrations
END
}

main() {
  project='' environment='' region='' location='' dry_run='' yes='' only='' extra='' alert_email='' destroy=''
  no_backups='' site='' site_url='' site_app='' unlinked='' step=0 title='' hint='' account='' number='' enabled_apis='' app_check_key='' sign_in_by_hand='' told=''
  # Commands are shown on this one, also by functions whose own output is being read.
  exec 3>&1
  arguments "$@"
  take_secrets_from_environment
  trap stopped EXIT
  check_tools_and_settings
  install
  check_log_ins
  if [[ -n $destroy ]]; then
    destroy
    return
  fi
  ask
  local name
  for name in $(steps | awk '{ print $1 }'); do
    if will "$name"; then "step_${name//-/_}"; fi
  done
  trap - EXIT
  what_remains
}

arguments() {
  local name
  while [[ $# -gt 0 ]]; do
    case $1 in
      --project | --region | --database-location | --only | --alert-email)
        [[ $# -ge 2 && -n $2 && $2 != -* ]] || wrong_usage "$1 needs a value"
        case $1 in
          --project) project=$2 ;;
          --region) region=$2 ;;
          --only) only=$2 ;;
          --alert-email) alert_email=$2 extra+=' alerts' ;;
          *) location=$2 ;;
        esac
        shift
        ;;
      --project=*) project=${1#*=} ;;
      --region=*) region=${1#*=} ;;
      --database-location=*) location=${1#*=} ;;
      --only=*) only=${1#*=} ;;
      --alert-email=*) alert_email=${1#*=} extra+=' alerts' ;;
      --fixed-ip | --bigquery) extra+=" ${1#--}" ;;
      --no-backups) no_backups=1 ;;
      --destroy) destroy=1 ;;
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
  if [[ $project =~ ^[A-Za-z0-9_-]+$ ]]; then
    name=$(project_of "$project")
    project=${name:-$project}
  fi
  environment_of_project
  [[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || wrong_usage "no project id: $project"
  [[ $project != demo-* ]] || wrong_usage \
    "$project exists only in the emulators (like every id that starts with demo-): run make demo"
  [[ -z $region || $region =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || wrong_usage "no region: $region"
  [[ -z $location || $location =~ ^[a-z0-9-]+$ ]] || wrong_usage "no location: $location"
  [[ -z $alert_email || $alert_email =~ ^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$ ]] ||
    wrong_usage "no e-mail address: $alert_email"
  [[ -z $destroy || -z $only$extra ]] ||
    wrong_usage '--destroy removes everything, so it cannot be combined with a choice of steps'
  only=${only//[[:space:]]/}
  for name in ${only//,/ }; do
    steps | awk '{ print $1 }' | grep -qxF -- "$name" ||
      wrong_usage "no step: $name. The steps are listed below"
  done
  [[ -z $no_backups || ,$only, != *,backups,* ]] ||
    wrong_usage '--no-backups leaves out the step that --only names'
  # A function that is created anew is private, and its trigger has a subscription of its own.
  [[ ,$only, != *,functions,* ]] || only+=,public,dead-letters
}

wrong_usage() {
  printf '%s\n\n' "$1" >&2
  usage >&2
  exit 2
}

will() { # STEP: whether it should run
  [[ -z $destroy ]] || return 1
  case ,${only:-all},${extra// /,}, in
    *",$1,"*) ;;
    ,all,*) [[ $1 != fixed-ip && $1 != bigquery && ($1 != backups || -z $no_backups) ]] ;;
    *) return 1 ;;
  esac
}

# Out of the environment, so that no program that is started from here inherits them.
take_secrets_from_environment() {
  { set +x; } 2>/dev/null # bash -x would print them
  client_id=${PARTICLE_CLIENT_ID:-}
  client_secret=${PARTICLE_CLIENT_SECRET:-}
  access_token=${PARTICLE_ACCESS_TOKEN:-}
  smtp_url=${SMTP_URL:-}
  unset SMTP_URL PARTICLE_CLIENT_ID PARTICLE_CLIENT_SECRET PARTICLE_ACCESS_TOKEN SETUP_CODE_PEPPER WEBHOOK_SECRET WEBHOOK_KEY
}

what_remains() {
  if [[ -n $dry_run ]]; then
    printf '\nNothing was run.'
  elif [[ -n $only ]]; then
    printf '\nDone: %s.' "$only"
  else
    printf '\nDeployed: %s' "$site_url"
  fi >&3
  {
    [[ -n $only && -z $sign_in_by_hand$unlinked ]] || printf ' This remains to be done by hand:\n'
    [[ -z $sign_in_by_hand ]] || cat <<END

- Turn on sign-in, which the Firebase CLI could not do: Firebase console, the method "Email/Password"
  https://console.firebase.google.com/project/$project/authentication/providers
END
    [[ -z $unlinked ]] || cat <<END

- Link the site $site to the web app $unlinked: without that, App Check cannot work. Firebase console, Project
  settings, your web app, "Link to a Firebase Hosting site"
  https://console.firebase.google.com/project/$project/settings/general
END
    [[ -n $only || -n $told ]] || cat <<END

- Alerts reach nobody, because the policies have no address. Set one, for example that of a group:
    ./deploy.sh --project $project --only alerts --alert-email ADDRESS
END
    [[ -n $only || -z $no_backups ]] || cat <<END

- Nothing keeps backups of the database, unless that was set up before: registry, setup codes and owners
  exist nowhere else. To have them: ./deploy.sh --project $project --only backups
END
    [[ -n $only ]] || cat <<END

- Import your devices, so that customers can claim them with what is printed on them. python -m admin
  is the operator's command line (docs/operator.md; venv/bin/python -m admin --help):
    gcloud auth application-default login
    venv/bin/python -m admin --project $project devices import stock.csv
END
  } >&3
  printf '\nTo check every link, from the secrets to an event in Firestore:\n' >&3
  printf '  venv/bin/python -m admin --project %s doctor\n' "$project" >&3
}

main "$@"
