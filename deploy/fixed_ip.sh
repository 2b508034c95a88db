# shellcheck shell=bash
# One fixed address for the functions' requests: network, connector, router, NAT and address, all
# with one name.

network=particle-egress

step_fixed_ip() {
  begin 'Create one fixed address' \
    'Particle counts requests by address, and the addresses of Google are shared with strangers.' \
    'The account needs the roles Compute Network Admin and Serverless VPC Access Admin.'
  local networks subnets connectors addresses routers nats
  run gcloud services enable compute.googleapis.com vpcaccess.googleapis.com --project "$project"
  networks=$(look gcloud compute networks list --project "$project" '--format=value(name)')
  if missing "$networks" "$network"; then
    run gcloud compute networks create "$network" --subnet-mode=custom --project "$project"
  fi
  subnets=$(list_in_region subnets)
  if missing "$subnets" "$network"; then
    # A connector needs a subnet of this size of its own.
    run gcloud compute networks subnets create "$network" "--network=$network" \
      --range=10.8.0.0/28 "--region=$region" --project "$project"
  fi
  connectors=$(list_in_region connectors)
  if missing "$connectors" "$network"; then
    run gcloud compute networks vpc-access connectors create "$network" "--subnet=$network" \
      --min-instances=2 --max-instances=10 "--region=$region" --project "$project"
  fi
  addresses=$(list_in_region addresses)
  if missing "$addresses" "$network"; then
    run gcloud compute addresses create "$network" "--region=$region" --project "$project"
  fi
  routers=$(list_in_region routers)
  if missing "$routers" "$network"; then
    run gcloud compute routers create "$network" "--network=$network" "--region=$region" \
      --project "$project"
  fi
  nats=$(list_in_region nats)
  if missing "$nats" "$network"; then
    # Each machine of the connector needs a port for each connection to Particle; 64 by default.
    run gcloud compute routers nats create "$network" "--router=$network" \
      --nat-all-subnet-ip-ranges "--nat-external-ip-pool=$network" --min-ports-per-vm=4096 \
      "--region=$region" --project "$project"
  fi
  if [[ -z $(setting VPC_CONNECTOR) ]]; then
    note "VPC_CONNECTOR=$network is written to .env.$environment; the functions use it from their next deployment on."
    [[ -n $dry_run ]] || printf '\nVPC_CONNECTOR=%s\n' "$network" >>".env.$environment"
  fi
  note 'The address:'
  run gcloud compute addresses describe "$network" "--region=$region" --project "$project" \
    '--format=value(address)'
}

undo_fixed_ip() {
  begin 'Release the fixed address' \
    'After the functions that use it, from the outside in.' \
    'A connector that was just in use may block its network for some minutes: run again.'
  enabled vpcaccess || return 0
  local routers addresses connectors subnets networks
  routers=$(list_in_region routers)
  if listed "$routers" "$network"; then
    note 'with its NAT'
    run gcloud compute routers delete "$network" "--region=$region" --project "$project" --quiet
  fi
  addresses=$(list_in_region addresses)
  if listed "$addresses" "$network"; then
    run gcloud compute addresses delete "$network" "--region=$region" --project "$project" --quiet
  fi
  connectors=$(list_in_region connectors)
  if listed "$connectors" "$network"; then
    run gcloud compute networks vpc-access connectors delete "$network" "--region=$region" \
      --project "$project" --quiet
  fi
  subnets=$(list_in_region subnets)
  if listed "$subnets" "$network"; then
    run gcloud compute networks subnets delete "$network" "--region=$region" \
      --project "$project" --quiet
  fi
  networks=$(look gcloud compute networks list --project "$project" '--format=value(name)')
  if listed "$networks" "$network"; then
    run gcloud compute networks delete "$network" --project "$project" --quiet
  fi
  note "VPC_CONNECTOR stays in .env.$environment: remove the line before you deploy again without it."
}

list_in_region() { # KIND
  case $1 in
    subnets) look gcloud compute networks subnets list "--network=$network" "--regions=$region" \
      --project "$project" '--format=value(name)' ;;
    connectors) look gcloud compute networks vpc-access connectors list "--region=$region" \
      --project "$project" '--format=value(name.basename())' ;;
    nats) look gcloud compute routers nats list "--router=$network" "--region=$region" \
      --project "$project" '--format=value(name)' ;;
    *) look gcloud compute "$1" list "--regions=$region" --project "$project" \
      '--format=value(name)' ;;
  esac
}
