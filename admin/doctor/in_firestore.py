"""The links in Firestore: database, rules, indexes with TTL policies, dead letters."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from admin.cli.errors import CannotRun
from admin.cli.failures import explained_firestore
from admin.cli.output import text
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, broken, ok, some, warning
from local.runs import ROOT
from shared import times
from shared.firestore import paths

_VIEWER = "Cloud Datastore Viewer (roles/datastore.viewer)"
_RULES_VIEWER = "Firebase Rules Viewer (roles/firebaserules.viewer)"
_DATABASE = "databases/(default)"
_BACKUP_LATE = timedelta(days=8)
"""A weekly schedule of the operator's own is enough."""


def _database(deployment: Deployment) -> Finding:
    where = "on this machine"
    if not deployment.local:
        url = f"{deployment.firestore}/v1/projects/{deployment.project}/{_DATABASE}"
        database = deployment.google.get(url, _VIEWER)
        if database.get("type") != "FIRESTORE_NATIVE":
            return broken(
                "it is in Datastore mode, which has no rules and no live updates",
                "gcloud firestore databases update --type=firestore-native "
                f"--project {deployment.project}, if it is empty",
            )
        edition = database.get("databaseEdition", "STANDARD")
        if edition != "STANDARD":
            return broken(
                f"it is of the edition {edition}, which has no automatic indexes: queries read "
                "whole collections",
                "an edition cannot be changed: delete the database if it is empty, and "
                f"{deployment.deploy('database')}",
            )
        where = f"in {database.get('locationId')}"
    try:
        with explained_firestore(deployment.project):
            paths.health("canary").get()
    except CannotRun as failure:
        return broken(str(failure), deployment.deploy("database"))
    return ok(f"{where}, and can be read")


def _rules(deployment: Deployment) -> Finding:
    google, project = deployment.google, deployment.project
    if deployment.local:
        url = f"{deployment.firestore}/emulator/v1/projects/{project}:ruleCoverage"
        source, deployed = google.get(url, "")["rules"], "loaded"
    else:
        base = "https://firebaserules.googleapis.com/v1"
        release = google.get(f"{base}/projects/{project}/releases/cloud.firestore", _RULES_VIEWER)
        source = google.get(f"{base}/{release['rulesetName']}", _RULES_VIEWER)["source"]
        deployed = f"deployed at {release.get('updateTime')}"
    present = "".join(file["content"] for file in source["files"])
    if present != (ROOT / "firestore.rules").read_text(encoding="utf-8"):
        return broken(
            f"those {deployed} are not firestore.rules of this checkout",
            deployment.deploy("rules"),
        )
    return ok(f"firestore.rules of this checkout, {deployed}")


def _indexes(deployment: Deployment) -> Finding:
    google = deployment.google
    groups = (
        f"{deployment.firestore}/v1/projects/{deployment.project}/{_DATABASE}/collectionGroups/-"
    )
    overridden = "indexConfig.usesAncestorConfig=false OR ttlConfig:*"
    states = dict(_composite(google.items(f"{groups}/indexes", "indexes", _VIEWER)))
    for field in google.items(f"{groups}/fields", "fields", _VIEWER, filter=overridden):
        states |= _of_field(field)
    wanted = set(_wanted(json.loads((ROOT / "firestore.indexes.json").read_text(encoding="utf-8"))))
    missing = sorted(name for name in wanted if states.get(name) is None)
    bad = sorted(name for name in wanted if states.get(name) == "NEEDS_REPAIR")
    building = sorted(name for name in wanted if states.get(name) == "CREATING")
    if missing or bad:
        return broken(
            "; ".join(
                f"{kind}: {some(names)}"
                for kind, names in (("missing", missing), ("failed", bad))
                if names
            ),
            deployment.deploy("rules"),
        )
    if building:
        return warning(f"still being built: {some(building)}", "wait, then run this again")
    return ok(f"{len(wanted)} indexes, exemptions and TTL policies, all ready")


def _composite(indexes: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Names as in `_wanted`, with states."""
    for index in indexes:
        group = _part(index["name"], "collectionGroups")
        yield _index_name(group, index["queryScope"], index["fields"]), index["state"]


def _of_field(field: dict[str, Any]) -> dict[str, str]:
    group = _part(field["name"], "collectionGroups")
    name = f"{group}.{_part(field['name'], 'fields')}"
    found = {}
    if ttl := field.get("ttlConfig"):
        found[f"TTL of {name}"] = ttl.get("state", "")
    config = field.get("indexConfig", {})
    for index in config.get("indexes", []):
        found[_index_name(group, index["queryScope"], index["fields"])] = index["state"]
    if not config.get("usesAncestorConfig") and not config.get("indexes"):
        found[f"exemption of {name}"] = "READY"
    return found


def _wanted(file: dict[str, Any]) -> Iterator[str]:
    for index in file["indexes"]:
        yield _index_name(index["collectionGroup"], index["queryScope"], index["fields"])
    for field in file["fieldOverrides"]:
        name = f"{field['collectionGroup']}.{field['fieldPath']}"
        if field.get("ttl"):
            yield f"TTL of {name}"
        for index in field["indexes"]:
            fields = [{"fieldPath": field["fieldPath"], **index}]
            yield _index_name(field["collectionGroup"], index["queryScope"], fields)
        if not field["indexes"]:
            yield f"exemption of {name}"


def _backups(deployment: Deployment) -> Finding:
    """Whether what is lost can be restored: nothing else holds registry, setup codes and owners."""
    database = f"{deployment.firestore}/v1/projects/{deployment.project}/{_DATABASE}"
    found = deployment.google.get(database, _VIEWER)
    viewer = "Cloud Datastore Backup Schedules Viewer (roles/datastore.backupSchedulesViewer)"
    schedules = deployment.google.get(f"{database}/backupSchedules", viewer)
    there = schedules.get("backupSchedules", [])
    lacking = []
    if found.get("pointInTimeRecoveryEnablement") != "POINT_IN_TIME_RECOVERY_ENABLED":
        lacking.append("no point-in-time recovery")
    if not there:
        lacking.append("no scheduled backup")
    if lacking:
        return warning(
            f"{' and '.join(lacking)}: what is deleted or overwritten by mistake is lost",
            deployment.deploy("backups"),
        )
    newest = _newest_backup(deployment, str(found.get("locationId")))
    expected = [newest, *(times.of_text(one.get("createTime")) for one in there)]
    if all(time is None or time < datetime.now(UTC) - _BACKUP_LATE for time in expected):
        made = f"the newest one is of {text(newest)}" if newest else "none was made"
        return warning(
            f"backups are scheduled, but {made}",
            f"gcloud firestore backups list --project {deployment.project}",
        )
    last = f"newest backup of {text(newest)}" if newest else "the first backup is still to come"
    return ok(f"point-in-time recovery; {last}")


def _newest_backup(deployment: Deployment, location: str) -> datetime | None:
    url = f"{deployment.firestore}/v1/projects/{deployment.project}/locations/{location}/backups"
    viewer = "Cloud Datastore Backups Viewer (roles/datastore.backupsViewer)"
    made = (
        times.of_text(one.get("snapshotTime"))
        for one in deployment.google.get(url, viewer).get("backups", [])
        if one.get("state") == "READY" and one["database"].endswith(f"/{_DATABASE}")
    )
    return max(filter(None, made), default=None)


def _index_name(group: str, scope: str, fields: list[dict[str, str]]) -> str:
    # Firestore adds `__name__` itself.
    orders = [
        f"{field['fieldPath']} {field.get('order') or field.get('arrayConfig')}".lower()
        for field in fields
        if field["fieldPath"] != "__name__"
    ]
    return f"{group} ({', '.join(orders)}) in {scope.lower()}"


def _part(name: str, kind: str) -> str:
    """`expireAt` of `…/collectionGroups/events/fields/expireAt` and `fields`."""
    return name.partition(f"/{kind}/")[2].partition("/")[0]


def _dead_letters(deployment: Deployment) -> Finding:
    with explained_firestore(deployment.project):
        letters = paths.client().collection(paths.DEAD_LETTERS)
        counted = letters.count().get()  # type: ignore[no-untyped-call] # the package has no types
    if number := int(counted[0][0].value):
        return warning(
            f"{number} messages could not be stored", f"{deployment.command} dead-letters list"
        )
    return ok("none")


DATABASE = Link("Firestore", _database)
RULES = Link("rules", _rules, needs=("Firestore",))
INDEXES = Link(
    "indexes",
    _indexes,
    needs=("Firestore",),
    cloud_only="the emulator needs no indexes and deletes nothing",
)
BACKUPS = Link(
    "backups", _backups, needs=("Firestore",), cloud_only="the emulator forgets everything"
)
DEAD_LETTERS = Link("dead letters", _dead_letters, needs=("Firestore",))
