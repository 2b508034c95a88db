# shellcheck shell=bash
# The project itself: tools, log-ins, billing, APIs, secrets, database, functions, web app.

apis=(
  artifactregistry.googleapis.com
  cloudbilling.googleapis.com
  cloudbuild.googleapis.com
  cloudfunctions.googleapis.com
  cloudresourcemanager.googleapis.com
  cloudscheduler.googleapis.com
  compute.googleapis.com
  eventarc.googleapis.com
  firebase.googleapis.com
  firebaseappcheck.googleapis.com
  firebasehosting.googleapis.com
  firebaserules.googleapis.com
  firestore.googleapis.com
  identitytoolkit.googleapis.com
  logging.googleapis.com
  monitoring.googleapis.com
  pubsub.googleapis.com
  run.googleapis.com
  secretmanager.googleapis.com
)
firebase=tools/node_modules/.bin/firebase
# Roles of the account that builds and runs the functions. Organisations created since May 2024 grant it
# none; in older projects it is an Editor, which includes these.
roles=(roles/cloudbuild.builds.builder roles/datastore.user roles/firebaseauth.admin)

install() {
  begin 'Install and build' \
    'The Firebase CLI, the Python environment in which it looks for the functions, and the web app.' \
    'The registries of npm and Python packages must be reachable from here.'
  run make --no-print-directory .stamps/tools .stamps/python .stamps/web
  if [[ -z $dry_run && ! -x venv/bin/python3.11 ]]; then
    stop 'venv/ was created with another Python than 3.11. Remove it (rm -r venv) and run again.'
  fi
  if will web; then
    run env "VITE_FUNCTIONS_REGION=$region" ${app_check_key:+"VITE_APP_CHECK_KEY=$app_check_key"} \
      npm --prefix web run build
  fi
}

check_log_ins() {
  begin 'Check the log-ins' \
    'gcloud and the Firebase CLI have one each, and both must be able to see the project.' \
    "Log in with: gcloud auth login; $firebase login
If an API \"has not been used in the project or is disabled\", enable it, and wait some minutes:
  gcloud services enable cloudresourcemanager.googleapis.com --project $project"
  local projects components
  if will alerts; then
    # Unlike a missing command, this shows only at the end, and gcloud asks whether to install it.
    components=$(look gcloud version '--format=value(alpha,beta)')
    [[ -n $dry_run || $components == ?*$'\t'?* ]] ||
      stop 'The alerts need two components of gcloud. Run: gcloud components install alpha beta
(or apt-get install google-cloud-cli: the package holds both), or leave the step alerts out by --only.'
  fi
  account=$(look gcloud auth list --filter=status:ACTIVE '--format=value(account)')
  [[ -n $dry_run || -n $account ]] || stop 'gcloud is not logged in. Run: gcloud auth login'
  number=$(look gcloud projects describe "$project" '--format=value(projectNumber)')
  number=${number:-PROJECT_NUMBER}
  projects=$(look "$firebase" projects:list --json --non-interactive)
  if [[ -z $dry_run ]] && ! grep -qE "\"projectId\": *\"$project\"" <<<"$projects"; then
    stop "$project is not a Firebase project, or this account cannot see it. Add Firebase to it with:
  $firebase projects:addfirebase $project"
  fi
}

ask() {
  local answer
  [[ -z $dry_run && -z $yes ]] || return 0
  printf '\nDeploy to %s in %s, as %s? [y/N] ' "$project" "$region" "$account"
  read -r answer
  if [[ $answer != [yY]* ]]; then
    title=''
    stop 'Nothing was changed in the project.'
  fi
}

step_billing() {
  begin 'Check the billing' \
    'Functions run only in projects on the Blaze plan, which needs a billing account.' \
    "If an API \"has not been used in the project or is disabled\", enable it, and wait some minutes:
  gcloud services enable cloudbilling.googleapis.com --project $project"
  local enabled
  enabled=$(look gcloud billing projects describe "$project" '--format=value(billingEnabled)')
  [[ -n $dry_run || $enabled == True ]] || stop "$project has no billing account. Choose the Blaze plan:
  https://console.firebase.google.com/project/$project/usage/details
and set a budget there that writes to you: the plan has no limit of its own."
}

step_apis() {
  begin 'Enable the APIs' \
    'They are needed by the functions, Firestore, Pub/Sub, Hosting, Auth and the secrets.' \
    'The project must have billing (the Blaze plan), and the account the role Editor or Owner.'
  run gcloud services enable "${apis[@]}" --project "$project"
}

step_rights() {
  begin 'Grant the functions their roles' \
    'To the account that builds and runs them. Early, because a role takes minutes to take effect.' \
    'Your account needs the role Project IAM Admin. In a new project, the account of the
functions may take some minutes to exist: run again.'
  local role
  for role in "${roles[@]}"; do
    run gcloud projects add-iam-policy-binding "$project" "--member=$(functions_account)" \
      "--role=$role" --condition=None --format=none
  done
}

undo_rights() {
  begin "Take back the functions' rights" \
    'Those that this script gave, from the account that they were built and run under.' \
    'The account needs the role Project IAM Admin.'
  local granted role
  granted=$(look gcloud projects get-iam-policy "$project" '--flatten=bindings[].members' \
    "--filter=bindings.members=$(functions_account)" '--format=value(bindings.role)')
  for role in "${roles[@]}"; do
    if listed "$granted" "$role"; then
      run gcloud projects remove-iam-policy-binding "$project" "--member=$(functions_account)" \
        "--role=$role" --condition=None --format=none
    fi
  done
}

step_secrets() {
  begin 'Store the secrets' \
    'In Secret Manager, once. Each function gets only the secrets that it needs.' \
    "The account needs the role Secret Manager Admin (roles/secretmanager.admin). If the organisation allows only
certain locations (constraints/gcp.resourceLocations), write one into .env.$environment: SECRETS_LOCATION=$region"
  local present
  present=$(look gcloud secrets list --project "$project" '--format=value(name.basename())')
  store_secret "$present" PARTICLE_CLIENT_ID "$client_id" \
    'OAuth client id of the product (Particle console: product, Authentication; type two-legged, server)'
  store_secret "$present" PARTICLE_CLIENT_SECRET "$client_secret" \
    'OAuth client secret that belongs to it'
  store_secret "$present" SETUP_CODE_PEPPER '' ''
  store_secret "$present" WEBHOOK_SECRET '' ''
  store_secret "$present" WEBHOOK_KEY '' ''
  store_mail_server "$present"
  client_id='' client_secret='' smtp_url=''
}

# The CLI deploys no function while one of its secrets does not exist. So this one exists without mail,
# too: as "none", since Secret Manager takes no empty value.
store_mail_server() { # NAMES_PRESENT
  local value what='Your mail server: smtps://USER:PASSWORD@HOST:PORT, or smtp://USER:PASSWORD@HOST:PORT?starttls=1'
  if [[ -z $(setting MAIL_FROM) ]]; then
    store_secret "$1" SMTP_URL none ''
    return
  fi
  store_secret "$1" SMTP_URL "$smtp_url" "$what"
  value=$(look gcloud secrets versions access latest --secret SMTP_URL --project "$project")
  if [[ $value == none ]]; then
    note 'MAIL_FROM is set, and there was no mail server before'
    give_value SMTP_URL "$smtp_url" "$what" \
      gcloud secrets versions add SMTP_URL --data-file=- --project "$project"
  fi
}

# A secret that has a version is never changed: another pepper would invalidate all setup codes.
store_secret() { # NAMES_PRESENT NAME VALUE WHAT_IT_IS
  local states location
  location=$(setting SECRETS_LOCATION)
  local where=(--replication-policy=automatic)
  [[ -z $location ]] || where=(--replication-policy=user-managed "--locations=$location")
  if [[ -n $dry_run ]]; then
    note "$2, unless it has a value; the value is passed on standard input:"
    show gcloud secrets versions list "$2" --project "$project" '--format=value(state)'
    show gcloud secrets create "$2" "${where[@]}" --data-file=- --project "$project"
    note 'or, when the secret exists, but without a value:'
    show gcloud secrets versions add "$2" --data-file=- --project "$project"
  elif ! has_line "$1" "$2"; then
    give_value "$2" "$3" "$4" \
      gcloud secrets create "$2" "${where[@]}" --data-file=- --project "$project"
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
  if [[ $name == SETUP_CODE_PEPPER || $name == WEBHOOK_SECRET || $name == WEBHOOK_KEY ]]; then
    show "$@"
    python3.11 -c 'import secrets; print(secrets.token_hex(32), end="")' | "$@"
    return
  fi
  if [[ -z $value && -z $yes ]]; then
    printf '\n%s\n' "$what" >&2
    # The prompt of read, not one before it: once it is shown, typing is hidden.
    IFS= read -rsp "$name (not shown): " value
    printf '\n' >&2
  fi
  value=${value//[[:space:]]/}
  [[ -n $value ]] || stop "$name is needed: $what. With --yes it is taken from the environment."
  [[ $name != SMTP_URL || $value == none || $value == smtps://?* || $value == smtp://?*starttls=1 ]] ||
    stop "SMTP_URL is not of the right form. $what. Characters like @ and / in USER and PASSWORD are written as %40 and %2F."
  show "$@"
  printf '%s' "$value" | "$@"
}

step_database() {
  begin 'Create the Firestore database' \
    'Unless the project has one. Its location can never be changed.' \
    'The account needs the role Cloud Datastore Owner (roles/datastore.owner).'
  local databases here edition
  databases=$(look gcloud firestore databases list --project "$project" \
    '--format=csv[no-heading](name.basename(),type,locationId,databaseEdition)')
  here=$(awk -F , '$1 == "(default)" { print $2, $3 }' <<<"$databases")
  edition=$(awk -F , '$1 == "(default)" { print $4 }' <<<"$databases")
  if [[ -z $here ]]; then
    note 'Deletion protection: the database cannot be deleted by accident.'
    run gcloud firestore databases create '--database=(default)' "--location=$location" \
      --type=firestore-native --edition=standard --delete-protection --project "$project"
  elif [[ $here != FIRESTORE_NATIVE* ]]; then
    stop "The database of $project is in Datastore mode, which has no rules and no live updates.
An empty one can be changed: gcloud firestore databases update --type=firestore-native --project $project"
  elif [[ -n $edition && $edition != STANDARD ]]; then
    # It has no automatic indexes: every query without an index of its own would read the whole collection.
    stop "The database of $project is of the edition $edition, and the product needs STANDARD: the other has no
automatic indexes and refuses the exemptions. The edition can never be changed. Delete the database if it is empty, and
run again: gcloud firestore databases delete --database='(default)' --project $project"
  else
    note "there is one: $here"
    # The triggers are in the database's location: the Firebase CLI places them there.
    [[ ${here#* } == "$region" || ${here#* } != *-* ]] || note \
      "The functions run in $region: every event and every answer crosses from there to the database."
  fi
}

step_backups() {
  begin 'Keep backups of the database' \
    'Every moment of the last 7 days, and a backup a day for 7 days. --no-backups refuses both.' \
    "The account needs the role Cloud Datastore Owner (roles/datastore.owner). The product works without
backups: to continue, run the same command again with --no-backups."
  local recovery schedules
  recovery=$(look gcloud firestore databases describe '--database=(default)' --project "$project" \
    '--format=value(pointInTimeRecoveryEnablement)')
  if [[ $recovery != POINT_IN_TIME_RECOVERY_ENABLED ]]; then
    run gcloud firestore databases update '--database=(default)' --enable-pitr --project "$project" \
      --format=none
  fi
  schedules=$(look gcloud firestore backups schedules list '--database=(default)' --project "$project" \
    '--format=csv[no-heading](name.basename(),retention,weeklyRecurrence.day)')
  # A database has one daily schedule at most. One of the operator's own may keep backups for longer.
  if [[ -n $dry_run ]] || ! grep -q '^[^,]*,[^,]*,$' <<<"$schedules"; then
    run gcloud firestore backups schedules create '--database=(default)' --recurrence=daily \
      --retention=7d --project "$project" --format=none
  else
    note "there is a daily backup: $(awk -F , '$3 == "" { print "kept for " $2; exit }' <<<"$schedules")"
  fi
}

# Rules and indexes come before the functions that rely on them, and the functions before the page that
# calls them. Without --yes the CLI asks before it deletes what is in the project but not here.

step_rules() {
  begin 'Deploy the rules and the indexes' \
    'Who may read what in Firestore; what is indexed, and what expires (TTL policies).' \
    'If the service says that single-field or automatic indexes are not supported, the database is not of the
edition STANDARD: see the step database.'
  firebase_deploy firestore ${yes:+--non-interactive}
}

step_functions() {
  begin 'Deploy the functions' \
    'Also grants their service account access to the secrets. Takes some minutes.' \
    "In a new project the first try may fail until new accounts and roles take effect: run again. If Google
allows fewer instances or CPUs in the region (maxScale, CpuAllocPerProjectRegion), see \"When a step stops\" in
docs/deploy.md: a function that does not fit is created again and again until you interrupt it."
  # When it cannot ask, the CLI requires --force to turn on retries for the event functions.
  firebase_deploy functions ${yes:+--non-interactive --force}
}

step_public() {
  begin 'Let apps call the functions' \
    'Anybody may send a request: the functions verify the caller. The CLI does this only for new functions.' \
    "The account needs the role Cloud Run Admin (roles/run.admin). If the organisation allows only accounts
of its own domain (policy iam.allowedPolicyMemberDomains), which allUsers is not, its administrator must
make an exception for this project: docs/deploy.md. Then:
  ./deploy.sh --project $project --only public"
  local name
  for name in $(public_functions); do
    run gcloud functions add-invoker-policy-binding "$name" --member=allUsers "--region=$region" \
      --project "$project" --format=none
  done
}

# The functions that apps call, and Particle's webhooks. Each has a file with its name.
public_functions() {
  local file
  grep -l -e '^@callable_function(' -e '^@on_webhook(' functions/*.py | while IFS= read -r file; do
    file=${file##*/}
    printf '%s\n' "${file%.py}"
  done
}

undo_functions() {
  begin 'Delete the functions' \
    'With their triggers and schedule.' \
    'The account needs the role Owner or Editor.'
  enabled cloudfunctions || return 0
  local ours names='' name deployed
  deployed=$(look gcloud functions list --v2 "--regions=$region" --project "$project" \
    '--format=value(name.basename())')
  ours=$(awk -F '"' '/^FUNCTIONS = /,/^\)/ { if (NF == 3) print $2 }' main.py)
  for name in $ours; do
    if listed "$deployed" "$name"; then names+=" $name"; fi
  done
  if [[ -n $names ]]; then
    # shellcheck disable=SC2086 # names of functions contain no spaces
    run "$firebase" functions:delete $names --region "$region" --project "$project" --force
  fi
}

functions_account() {
  printf 'serviceAccount:%s-compute@developer.gserviceaccount.com' "$number"
}

step_web() {
  begin 'Deploy the web app' \
    'Registered in the project once, and linked to its site, since its configuration comes from there.' \
    "If another project has taken the name of the site (\"is reserved by another project\"), write a name of your own
into .env.$environment: HOSTING_SITE=NAME. If the CLI says that there is no Hosting site although there is one: it wants
a default site. Open Hosting in the Firebase console once, which creates it. Then run again:
  https://console.firebase.google.com/project/$project/hosting/sites"
  local wanted app found
  wanted=$(setting HOSTING_SITE)
  app=$(find_app)
  find_site "$wanted"
  # The site first: where there is none, the CLI asks for one when it registers an app, even if it may not ask.
  if [[ -z $site ]]; then
    [[ -z $dry_run ]] || note 'unless there is a site:'
    run "$firebase" hosting:sites:create "${wanted:-$project}" ${app:+--app "$app"} --project "$project" \
      --non-interactive
  fi
  if [[ -z $app ]]; then
    [[ -z $dry_run ]] || note 'unless one is registered:'
    run "$firebase" apps:create WEB web --project "$project" --non-interactive </dev/null
    app=$(find_app)
  fi
  if [[ -z $site ]]; then find_site "${wanted:-$project}"; fi
  site=${site:-${wanted:-$project}}
  if [[ -z $site_app ]]; then link_site "${app:-APP_ID}"; fi
  note "Which site the target web of firebase.json is, in .firebaserc:"
  run "$firebase" target:clear hosting web --project "$project"
  run "$firebase" target:apply hosting web "$site" --project "$project"
  firebase_deploy hosting:web ${yes:+--non-interactive}
}

find_app() {
  local apps
  # In a substitution, bash does not stop at a failure.
  apps=$(look "$firebase" apps:list WEB --project "$project" --json --non-interactive) || return
  [[ -n $dry_run ]] || python3.11 deploy/site.py app <<<"$apps"
}

# Name, address and app of the site, in $site, $site_url and $site_app; empty if there is none.
find_site() { # NAME, or nothing for the default site
  local sites found
  site='' site_url='' site_app=''
  sites=$(look "$firebase" hosting:sites:list --project "$project" --json --non-interactive)
  [[ -z $dry_run ]] || return 0
  found=$(python3.11 deploy/site.py site ${1:+"$1"} <<<"$sites")
  { IFS= read -r site; IFS= read -r site_url; IFS= read -r site_app; } <<<"$found" || true
}

# Without a link the app works, but for App Check, which needs the app's id.
link_site() { # APP_ID
  local token
  [[ -z $dry_run ]] || note 'unless it is linked already:'
  token=$(look gcloud auth print-access-token)
  show venv/bin/python deploy/link_site.py "$project" "$site" "$1"
  [[ -z $dry_run ]] || return 0
  if ! printf '%s' "$token" | venv/bin/python deploy/link_site.py "$project" "$site" "$1"; then
    unlinked=$1
    note 'Do this by hand: see below. Everything else continues.'
  fi
}

step_sign_in() {
  begin 'Turn on the sign-in' 'With e-mail address and password. Other methods: Firebase console.' ''
  # New in the CLI, and refused to log-ins of service accounts. It can be done by hand, so it stops nothing.
  if ! firebase_deploy auth ${yes:+--non-interactive}; then
    sign_in_by_hand=1
    note 'Do this by hand: see below. Everything else continues.'
  fi
}

undo_web() {
  begin 'Take the web app offline' \
    'Published versions stay in Hosting, and can be published again.' \
    'By hand: Firebase console, Hosting.'
  enabled firebasehosting || return 0
  find_site "$(setting HOSTING_SITE)"
  if [[ -n $dry_run || -n $site ]]; then
    run "$firebase" hosting:disable --site "${site:-SITE}" --project "$project" --force
  fi
}

firebase_deploy() { # TARGET FLAG...
  local target=$1
  shift
  # To find the functions, the CLI starts Python, and gives up after 10 s by default.
  run env FUNCTIONS_DISCOVERY_TIMEOUT=60 "$firebase" deploy --only "$target" --project "$environment" "$@"
}

