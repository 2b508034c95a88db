# shellcheck shell=bash
# The path of events: Particle's integration, the topic, the dead letters of ingest, and the copy in
# BigQuery.

topic=particle-events
dead=particle-events-dead
archive=particle-events-bigquery
publisher=serviceAccount:particle-public@particle-public.iam.gserviceaccount.com

step_particle() {
  begin 'Ask Particle' \
    'Whether the product exists, and whether the OAuth client can serve it.' \
    'What is wrong is listed above. For another client, store new versions of the secrets: docs/deploy.md.'
  admin particle check
}

step_topic() {
  begin 'Create the topic' \
    'Particle publishes events to it. It keeps them for 7 days, so that they can be replayed.' \
    'The account needs the role Pub/Sub Admin (roles/pubsub.admin).'
  local topics
  topics=$(list_topics)
  if missing "$topics" "$topic"; then
    run gcloud pubsub topics create "$topic" --message-retention-duration=7d --project "$project"
  fi
  if listed "$topics" "$topic"; then
    [[ -z $dry_run ]] || note 'or, when it exists:'
    run gcloud pubsub topics update "$topic" --message-retention-duration=7d --project "$project"
  fi
}

step_dead_letters() {
  begin 'Keep what ingest never acknowledges' \
    'After 100 tries, which take 16 hours, a message goes to a topic of its own. All wait for 7 days.' \
    "The account needs the role Pub/Sub Admin (roles/pubsub.admin). If Pub/Sub's own account does not exist yet:
  gcloud beta services identity create --service=pubsub.googleapis.com --project $project"
  local topics subscriptions found ingest
  topics=$(list_topics)
  if missing "$topics" "$dead"; then
    run gcloud pubsub topics create "$dead" --project "$project"
  fi
  subscriptions=$(list_subscriptions)
  if missing "$subscriptions" "$dead,$dead"; then
    run gcloud pubsub subscriptions create "$dead" "--topic=$dead" \
      --message-retention-duration=7d --expiration-period=never --project "$project"
  fi
  note 'Pub/Sub itself moves them, from the subscription that was created for ingest.'
  run gcloud pubsub topics add-iam-policy-binding "$dead" "--member=$(pubsub_agent)" \
    --role=roles/pubsub.publisher --project "$project"
  # Eventarc gives its subscriptions such names; this topic has only the trigger of ingest.
  found=$(awk -F , -v topic="$topic" '/^eventarc-/ && $2 == topic { print $1 }' <<<"$subscriptions")
  [[ -n $dry_run || -n $found ]] || stop "No function has a subscription to $topic. Deploy them first:
  ./deploy.sh --project $project --only functions"
  for ingest in ${found:-SUBSCRIPTION_OF_INGEST}; do
    run gcloud pubsub subscriptions add-iam-policy-binding "$ingest" "--member=$(pubsub_agent)" \
      --role=roles/pubsub.subscriber --project "$project"
    run gcloud pubsub subscriptions update "$ingest" "--dead-letter-topic=$dead" \
      --max-delivery-attempts=100 --min-retry-delay=10s --max-retry-delay=600s \
      --message-retention-duration=7d --project "$project"
  done
}

step_bigquery() {
  begin 'Send a copy of all events to BigQuery' \
    'Every message unchanged, for questions over months. Pub/Sub writes it, without any code of ours.' \
    'The account needs the roles BigQuery Admin and Pub/Sub Admin. A role that was just granted
takes minutes to take effect: run again.'
  local subscriptions table=$project:particle.events
  run gcloud services enable bigquery.googleapis.com --project "$project"
  note 'What exists is left as it is.'
  run bq "--project_id=$project" "--location=$region" mk --force --dataset "$project:particle"
  run bq "--project_id=$project" mk --force --table --schema=deploy/bigquery-schema.json \
    --time_partitioning_type=DAY --time_partitioning_field=publish_time \
    --require_partition_filter "$table"
  run bq "--project_id=$project" add-iam-policy-binding "--member=$(pubsub_agent)" \
    --role=roles/bigquery.dataEditor "$table"
  subscriptions=$(list_subscriptions)
  if missing "$subscriptions" "$archive,$topic"; then
    run gcloud pubsub subscriptions create "$archive" "--topic=$topic" "--bigquery-table=$table" \
      --write-metadata --message-retention-duration=7d --expiration-period=never \
      --project "$project"
  fi
}

step_publisher() {
  begin 'Let Particle publish' \
    'At the end, so that events arrive only when something can receive them.' \
    "If the organisation allows only accounts of its own domain (policy iam.allowedPolicyMemberDomains),
its administrator must make an exception for this project."
  run gcloud pubsub topics add-iam-policy-binding "$topic" "--member=$publisher" \
    --role=roles/pubsub.publisher --project "$project"
}

step_integration() {
  begin 'Connect Particle' \
    'Creates or repairs the integrations that forward the events of the product.' \
    "Everything else is in place. Fix the cause shown above, then run:
  ./deploy.sh --project $project --only integration"
  admin particle integrate --topic "projects/$project/topics/$topic"
}

undo_integration() {
  begin 'Disconnect Particle' \
    'First, so that no event is lost on the way: Particle then sends nothing any more.' \
    'Until it is removed, Particle keeps trying to publish. By hand: console.particle.io, product,
Integrations.'
  enabled secretmanager || return 0 # the secrets are what the integration is made with
  admin particle disintegrate --yes --topic "projects/$project/topics/$topic"
}

undo_topics() {
  begin 'Delete the topics and their subscriptions' \
    'After the functions, which include a subscription. Events that wait there are lost.' \
    'The account needs the role Pub/Sub Admin (roles/pubsub.admin).'
  enabled pubsub || return 0
  local topics subscriptions name
  subscriptions=$(list_subscriptions)
  for name in "$archive,$topic" "$dead,$dead"; do
    if listed "$subscriptions" "$name"; then
      run gcloud pubsub subscriptions delete "${name%,*}" --project "$project" --quiet
    fi
  done
  topics=$(list_topics)
  for name in "$topic" "$dead"; do
    if listed "$topics" "$name"; then
      run gcloud pubsub topics delete "$name" --project "$project" --quiet
    fi
  done
}

list_topics() {
  look gcloud pubsub topics list --project "$project" '--format=value(name.basename())'
}

list_subscriptions() {
  look gcloud pubsub subscriptions list --project "$project" \
    '--format=csv[no-heading](name.basename(),topic.basename())'
}

# Google's own account for Pub/Sub in this project.
pubsub_agent() {
  printf 'serviceAccount:service-%s@gcp-sa-pubsub.iam.gserviceaccount.com' "$number"
}
