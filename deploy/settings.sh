# shellcheck shell=bash
# The settings file, and the check of everything that must exist before anything is run.

# The functions' parameters (shared/settings.py) that have no default in .env, each with the value to
# write when it is missing. The Firebase CLI asks for missing ones, but only on a terminal.
settings=(
  PARTICLE_PRODUCT=YOUR_PRODUCT
  PARTICLE_API_URL=https://api.particle.io
  PARTICLE_ACCESS_MODE=customer
  EVENT_RETENTION_DAYS=90
  FUNCTIONS_REGION=us-central1
)

check_tools_and_settings() {
  begin 'Check the tools and the settings' \
    'Reports everything that is missing on this machine at once.' ''
  local file=.env.$environment missing=()

  command -v gcloud >/dev/null || missing+=(
    'gcloud, the Google Cloud CLI: https://cloud.google.com/sdk/docs/install')
  if will bigquery; then
    command -v bq >/dev/null || missing+=(
      'bq, a component of the Google Cloud CLI: gcloud components install bq')
  fi
  command -v node >/dev/null && command -v npm >/dev/null && builds_the_web_app "$(node --version)" || missing+=(
    'node 20.19, 22.12 or newer, with npm, to build the web app: https://nodejs.org')
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
      missing+=("a valid $name in $file; it is '$value'")
    fi
  done
  if [[ -n $lines ]]; then
    missing+=("settings in $file:$names. Write them, with your product's id, by
      printf '%s\\n'$lines >> $file")
  fi
  for name in PARTICLE_CLIENT_ID PARTICLE_CLIENT_SECRET PARTICLE_ACCESS_TOKEN SETUP_CODE_PEPPER WEBHOOK_SECRET WEBHOOK_KEY SMTP_URL; do
    [[ -z $(setting "$name") ]] || missing+=(
      "a place for $name other than a file, because the functions get its lines: remove it from $file")
  done
  for name in "$project" $(aliases); do
    [[ $name == "$environment" || ! -e .env.$name ]] || missing+=(
      "one settings file for $project: there are $file and .env.$name, and the Firebase CLI refuses both. Move the lines of one to the other")
  done

  app_check_key=$(setting VITE_APP_CHECK_KEY)
  if [[ -z $app_check_key ]]; then
    # If only a shell had it, the next deployment from another shell would build the app without it.
    [[ $(setting REQUIRE_APP_CHECK) != [tT][rR][uU][eE] && -z ${VITE_APP_CHECK_KEY:-} ]] || missing+=(
      "VITE_APP_CHECK_KEY in $file, the reCAPTCHA key without which nobody could use the web app (docs/deploy.md, App Check)")
  fi

  value=$(setting SECRETS_LOCATION)
  [[ -z $value || $value =~ ^[a-z]+-[a-z]+[0-9]+(,[a-z]+-[a-z]+[0-9]+)*$ ]] || missing+=(
    "a valid SECRETS_LOCATION in $file, one or more regions such as europe-west1,europe-west3; it is '$value'")
  value=$(setting HOSTING_SITE)
  [[ -z $value || $value =~ ^[a-z0-9][a-z0-9-]{1,62}$ ]] || missing+=(
    "a valid HOSTING_SITE in $file, the name of a site in Hosting, such as acme-pumps for acme-pumps.web.app; it is '$value'")
  value=$(setting PARTICLE_EVENTS)
  [[ -z $value || $value =~ ^[^,[:space:]]+(,[^,[:space:]]+)*$ ]] || missing+=(
    "a valid PARTICLE_EVENTS in $file, beginnings of event names such as temperature,pump/; it is '$value'")
  value=$(setting MAIL_FROM)
  local site sender='^([^@<>]+<)?[^@<>[:space:]]+@[^@<>[:space:]]+>?$'
  [[ -z $value || $value =~ $sender ]] || missing+=(
    "a valid MAIL_FROM in $file, an address or Name <address>; it is '$value'")
  site=$(setting SITE_URL)
  [[ -z $site || $site =~ ^https://[^/[:space:]]+/?$ ]] || missing+=(
    "a valid SITE_URL in $file, the web app's address, such as https://app.example.com; it is '$site'")
  [[ -z $value || -n $site ]] || missing+=(
    "SITE_URL in $file, the web app's address: MAIL_FROM is set, and mails contain links to the app")

  product=$(setting PARTICLE_PRODUCT)
  value=$(setting FUNCTIONS_REGION)
  if [[ -n $value && -n $region && $value != "$region" ]]; then
    missing+=("one region: --region says $region and FUNCTIONS_REGION in $file says $value. Functions that are deployed stay where they are: to move them, change the file and delete the old ones")
  fi
  region=${region:-${value:-us-central1}}
  location=${location:-$region}
  value=$(setting VPC_CONNECTOR)
  if will fixed-ip && [[ -n $value && $value != "$network" ]]; then
    missing+=("a VPC_CONNECTOR that this script may make: $file names $value, which is yours. Leave --fixed-ip out, or remove that line")
  fi
  if [[ -n $destroy ]]; then
    [[ -n $dry_run || -t 0 ]] || missing+=(
      'somebody to type the id of the project: --destroy needs a terminal, even with --yes')
  else
    [[ -n $dry_run || -n $yes || -t 0 ]] || missing+=(
      'somebody to answer: there is no terminal. Pass --yes if that is intended')
  fi

  [[ ${#missing[@]} -gt 0 ]] || return 0
  {
    printf '\nMissing%s:\n' "${dry_run:+ for a real run}"
    printf '  - %s\n' "${missing[@]}"
  } >&2
  title='' # nothing has begun
  [[ -n $dry_run ]] || exit 1
  product=${product:-YOUR_PRODUCT}
}

builds_the_web_app() { # VERSION, as node --version prints it; the package that builds the app demands it
  local major minor rest
  IFS=. read -r major minor rest <<<"${1#v}"
  [[ $major -gt 22 || ($major -eq 22 && $minor -ge 12) || ($major -eq 20 && $minor -ge 19) ]]
}

# The value of a setting as the Firebase CLI sees it: the environment's file takes precedence over .env.
setting() {
  local file value=''
  for file in .env ".env.$environment"; do
    [[ -f $file ]] || continue
    value=$(awk -v name="$1" -v value="$value" '
      { sub(/\r$/, ""); sub(/^[ \t]*(export[ \t]+)?/, "") }
      index($0, name) == 1 && substr($0, length(name) + 1) ~ /^[ \t]*=/ {
        value = substr($0, length(name) + 1)
        sub(/^[ \t]*=[ \t]*/, "", value)
        if (value ~ /^("[^"]*"|\047[^\047]*\047)[ \t]*(#.*)?$/) {
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

# The name of the project's settings file, which is also passed to the Firebase CLI.
environment_of_project() {
  local name
  environment=$project
  for name in $(aliases); do
    if [[ -e .env.$name ]]; then environment=$name; fi
  done
}

# Names for projects, as `firebase use --add` writes them: "alias": "project-id" in .firebaserc.

project_of() { # ALIAS
  named "\"$1\"[[:space:]]*:[[:space:]]*\"[a-z][a-z0-9-]+\"" | awk -F '"' '{ print $4; exit }'
}

aliases() { # of the project
  named "\"[^\"]+\"[[:space:]]*:[[:space:]]*\"$project\"" | awk -F '"' '{ print $2 }'
}

named() { # EXPRESSION
  [[ ! -f .firebaserc ]] || grep -oE "$1" .firebaserc || [[ $? -eq 1 ]]
}
