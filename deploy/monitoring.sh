# shellcheck shell=bash
# The contents of deploy/monitoring/: log-based metrics, alert policies, and the address for alerts.
# The label particle_alert, which contains the name of its file, identifies a policy.

step_metrics() {
  begin 'Count what the functions log' \
    'Log-based metrics. Alerts can use them some minutes later.' \
    'The account needs the role Logs Configuration Writer (roles/logging.configWriter).'
  local file name metrics
  metrics=$(list_metrics)
  for file in deploy/monitoring/metrics/*.*; do
    name=$(stem "$file")
    if missing "$metrics" "$name"; then
      run gcloud logging metrics create "$name" "--config-from-file=$file" --project "$project"
    fi
    if listed "$metrics" "$name"; then
      [[ -z $dry_run ]] || note 'or, when it exists:'
      run gcloud logging metrics update "$name" "--config-from-file=$file" --project "$project"
    fi
  done
}

step_alerts() {
  begin 'Create the alert policies' \
    'They notify somebody when events do not arrive or something fails: see --alert-email.' \
    "Everything is in place but Particle's connection. A new metric may be unknown here for ten minutes. The
commands need components of gcloud (gcloud components install alpha beta). Then, or without the alerts:
  ./deploy.sh --project $project --only alerts,publisher,integration
  ./deploy.sh --project $project --only publisher,integration"
  local file name policies policy channels channel=''
  if [[ -n $alert_email ]]; then find_channel; fi
  told=$channel
  policies=$(list_policies)
  for file in deploy/monitoring/alerts/*.*; do
    name=$(stem "$file")
    policy=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' <<<"$policies")
    if [[ -z $policy ]]; then
      # Unlike below, labels in the file are replaced here.
      run gcloud alpha monitoring policies create "--policy-from-file=$file" \
        "--user-labels=product=particle-backend,particle_alert=$name" ${channel:+"--notification-channels=$channel"} \
        --project "$project" --format=none
    fi
    if [[ -n $dry_run || -n $policy ]]; then
      [[ -z $dry_run ]] || note 'or, when it exists, with its channels:'
      # Otherwise channels that somebody attached by hand would be lost with the old policy.
      channels=$(awk -F '\t' -v name="$name" '$1 == name { print $3 }' <<<"$policies")
      told+=$channels
      [[ -z $channel || ",$channels," == *",$channel,"* ]] || channels+=${channels:+,}$channel
      run gcloud alpha monitoring policies update "${policy:-POLICY}" "--policy-from-file=$file" \
        "--update-user-labels=particle_alert=$name" \
        ${channels:+"--set-notification-channels=$channels"} --project "$project" --format=none
    fi
  done
}

undo_monitoring() {
  begin 'Remove the alert policies' \
    'With the log-based metrics and the e-mail channel that this script created.' \
    'The account needs the roles Logs Configuration Writer and Monitoring Editor.'
  enabled monitoring || return 0
  local file name metrics policy policies channel channels
  policies=$(list_policies)
  for policy in ${dry_run:+POLICY} $(awk -F '\t' '$1 { print $2 }' <<<"$policies"); do
    run gcloud alpha monitoring policies delete "$policy" --project "$project" --quiet
  done
  channels=$(list_channels 'userLabels.particle_alert="email"')
  for channel in ${dry_run:+CHANNEL} $channels; do
    run gcloud beta monitoring channels delete "$channel" --force --project "$project" --quiet
  done
  metrics=$(list_metrics)
  for file in deploy/monitoring/metrics/*.*; do
    name=$(stem "$file")
    if listed "$metrics" "$name"; then
      run gcloud logging metrics delete "$name" --project "$project" --quiet
    fi
  done
}

# The channel of the address; creates it when there is none.
find_channel() {
  channel=$(list_channels "labels.email_address=\"$alert_email\"")
  if [[ -z $channel ]]; then
    [[ -z $dry_run ]] || note 'unless there is one:'
    channel=$(look gcloud beta monitoring channels create "--display-name=Alerts to $alert_email" \
      --type=email "--channel-labels=email_address=$alert_email" \
      --user-labels=particle_alert=email --project "$project" '--format=value(name)')
  fi
  channel=${channel%%$'\n'*}
  channel=${channel:-CHANNEL}
}

list_metrics() {
  look gcloud logging metrics list --project "$project" '--format=value(name)'
}

list_channels() { # FILTER
  look gcloud beta monitoring channels list --type=email "--filter=$1" --project "$project" \
    '--format=value(name)'
}

# File, policy, channels, separated by tabs; policies of others have no file.
list_policies() {
  look gcloud alpha monitoring policies list --project "$project" \
    '--format=value(userLabels.particle_alert,name,notificationChannels.list())'
}

stem() { # FILE
  local name=${1##*/}
  printf '%s' "${name%.*}"
}
