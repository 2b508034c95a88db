# shellcheck shell=bash
# --destroy: takes back what this script made, from the outermost step to the innermost. Never data.

destroy() {
  require_the_project_id
  local part left=''
  begin 'See what there can be' 'What has no API enabled was never made.' ''
  enabled_apis=$(look gcloud services list --enabled --project "$project" \
    '--format=value(config.name)')
  title='' # each part says for itself what failed
  for part in integration web functions rights topics monitoring fixed_ip; do
    take_back "$part"
  done
  trap - EXIT
  what_stays
  [[ -z $left ]] || stop "Not taken back, for the reasons above:$left
All else is. Mend the causes, then run the same command again."
}

# A part that cannot be taken back (Particle does not answer, a secret is gone) must not keep the others.
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
  [[ $1 -eq 0 ]] || printf '\nNot taken back: %s.\n%s\n' "$title" "$hint" >&2
}

# Whether something can be there: without its API nothing was ever made.
enabled() { # API
  if ! listed "$enabled_apis" "$1.googleapis.com"; then
    note 'there is none'
    return 1
  fi
}

require_the_project_id() {
  local answer
  [[ -z $dry_run ]] || return 0
  printf '\nThis takes the product off %s: customers can no longer sign in to anything that works,\n' \
    "$project"
  printf 'and events of their devices are lost from now on. Data stays.\n'
  printf 'Type the id of the project to go on: '
  read -r answer
  if [[ $answer != "$project" ]]; then
    title=''
    stop 'Nothing was changed in the project.'
  fi
}

what_stays() {
  cat >&3 <<END

${dry_run:+Nothing was run. }These stay, for they hold data or cost nothing; each with what deletes it:
  - Firestore, with everything of your customers
      gcloud firestore databases update --no-delete-protection --project $project
      gcloud firestore databases delete --database='(default)' --project $project
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
