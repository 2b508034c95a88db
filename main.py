"""Exports the functions.

The Firebase CLI imports this module to discover what to deploy, and so does every instance, where
`FUNCTION_TARGET` names the one function that it serves. Only that one is imported there, so that a
cold start does not pay for the others.
"""

import importlib

from shared import log, settings

FUNCTIONS = (
    "accept_invitation",
    "accept_transfer",
    "acknowledge_alert",
    "cancel_command",
    "cancel_invitation",
    "cancel_transfer",
    "change_share",
    "check_health",
    "claim_device",
    "confirm_claim",
    "create_claim_code",
    "delete_account",
    "delete_alert",
    "delete_schedule",
    "delete_webhook",
    "deliver_notification",
    "end_share",
    "end_tokens",
    "erase_account",
    "export_account",
    "fan_out_alert",
    "finish_release",
    "ingest",
    "ingest_webhook",
    "invoke_function",
    "list_devices",
    "mint_token",
    "offer_transfer",
    "on_user_created",
    "pause_schedules",
    "read_variable",
    "release_device",
    "rename_device",
    "restore_status",
    "revoke_tokens",
    "run_due",
    "run_schedule",
    "save_alert",
    "save_notifications",
    "save_schedule",
    "save_webhook",
    "send_queued",
    "settle_commands",
    "share_device",
    "test_webhook",
)


def _check_product_files() -> None:
    """Raise for what is wrong with the product's own files, before it is deployed or started."""
    importlib.import_module("shared.commands.offer").offer()
    importlib.import_module("shared.telemetry.rules").all_rules()


_served = settings.function_served()
if _served in FUNCTIONS:
    log.capture_standard_logging()
else:
    _check_product_files()
for _name in [_served] if _served in FUNCTIONS else FUNCTIONS:
    globals()[_name] = getattr(importlib.import_module(f"functions.{_name}"), _name)
