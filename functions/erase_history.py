"""Firestore trigger `erase_history`: erases what a customer's tree holds of a device given back."""

from cloudevents.http import CloudEvent

from shared import erasing
from shared.triggers import on_document_created


@on_document_created("erasures/{id}")
def erase_history(event: CloudEvent) -> None:
    """Run the job; what it cannot finish in time is gone on with at the next delivery."""
    erasing.run(event["document"].rpartition("/")[2])
