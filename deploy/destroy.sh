# shellcheck shell=bash
# --destroy: removes what this script created, from the outermost step to the innermost. Never data.

destroy() {
  require_the_project_id
  local part left=''
  begin 'See what can exist' 'Nothing exists whose API is not enabled.' ''
  enabled_apis=$(look gcloud services list --enabled --project "$project" \
    '--format=value(config.name)')
  title='' # each part reports its own failure
  for part in integration web functions rights topics monitoring fixed_ip; do
    take_back "$part"
  done
  trap - EXIT
  what_stays
  [[ -z $left ]] || stop "Not removed, for the reasons above:$left
All else is. Mend the causes, then run the same command again."
}

# A part that cannot be removed (Particle does not answer, a secret is missing) must not stop the others.
# Not as a condition, where bash does not stop at failures.
take_back() { # PART
  local status
  set +e
  (
    set -e
    trap 'not_taken_back $?' EXIT
    "undo_$1"
  )
  status=$?
  set -e
  [[ $status -eq 0 ]] || left+=" $1"
  step=$((step + 1))
}

not_taken_back() { # STATUS
  [[ $1 -eq 0 ]] || printf '\nNot removed: %s.\n%s\n' "$title" "$hint" >&2
}

# Whether something can exist: without its API nothing was ever created.
enabled() { # API
  if ! listed "$enabled_apis" "$1.googleapis.com"; then
    note 'there is none'
    return 1
  fi
}

require_the_project_id() {
  local answer
  [[ -z $dry_run ]] || return 0
  printf '\nThis removes the product from %s: the app stops working for all customers,\n' \
    "$project"
  printf 'and events of their devices are lost from now on. Data stay.\n'
  printf 'Type the id of the project to continue: '
  read -r answer
  if [[ $answer != "$project" ]]; then
    title=''
    stop 'Nothing was changed in the project.'
  fi
}

what_stays() {
  cat >&3 <<END

${dry_run:+Nothing was run. }These stay, because they hold data or cost nothing. To delete them:
  - Firestore, with everything of your customers
      gcloud firestore databases update --no-delete-protection --project $project
      gcloud firestore databases delete --database='(default)' --project $project
  - backups of it, which are deleted 7 days after the last of them, and their schedule with the database
      gcloud firestore backups list --project $project
  - users in Firebase Auth: Firebase console, Authentication
  - secrets: gcloud secrets delete NAME --project $project
    (without SETUP_CODE_PEPPER no printed setup code works again)
  - events in BigQuery: bq rm --table $project:particle.events
  - images of the functions' builds, which cost cents: Artifact Registry, gcf-artifacts
  - roles that the Firebase CLI gave to accounts of the project (docs/deploy.md)
  - rules, indexes, enabled APIs, the registered web app: they go with the project
      gcloud projects delete $project
END
}
