# shellcheck shell=bash
# --destroy: takes back what this script made, from the outermost step to the innermost. Never data.

destroy() {
  require_the_project_id
  undo_integration
  undo_web
  undo_functions
  undo_topics
  undo_monitoring
  undo_fixed_ip
  trap - EXIT
  what_stays
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
  - rules, indexes, enabled APIs, the registered web app: they go with the project
      gcloud projects delete $project
END
}
