/**
 * Counts the documents that the server has sent: what Firestore charges for. In the demo's build
 * alone, for the tests that hold each page to its number.
 */
import type { DocumentData, DocumentSnapshot, QuerySnapshot } from 'firebase/firestore';
import { isDemo } from './config';

declare global {
  var documentReads: number | undefined;
}

function add(count: number): void {
  if (isDemo) globalThis.documentReads = (globalThis.documentReads ?? 0) + count;
}

/** A snapshot of a query. What comes from this machine's own copy is counted too, so rather too much. */
export function countReads(snapshot: QuerySnapshot<DocumentData, DocumentData>): void {
  add(snapshot.docChanges().filter(({ type }) => type !== 'removed').length);
}

/** A snapshot of one document. */
export function countRead(snapshot: DocumentSnapshot<DocumentData, DocumentData>): void {
  const { fromCache, hasPendingWrites } = snapshot.metadata;
  if (!fromCache && !hasPendingWrites) add(1);
}
