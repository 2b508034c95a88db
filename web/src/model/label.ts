/** What a label's QR code holds: a link to “Add a device” with serial number and setup code. */
import { theme } from '../theme/theme';

export interface Label {
  serialNumber: string;
  /** Empty where the product does without. */
  setupCode: string;
}

/**
 * From the fragment of the link, as in `/claim#serial=TH-2040-0118&code=9RWH-C3NE`: browsers
 * keep fragments to themselves, so that no server's log holds a setup code.
 */
export function labelInFragment(
  fragment: string,
  needsCode: boolean = theme.setupCodes,
): Label | undefined {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const serialNumber = fields.get('serial')?.trim();
  const setupCode = fields.get('code')?.trim() ?? '';
  return serialNumber && (setupCode || !needsCode) ? { serialNumber, setupCode } : undefined;
}

/** From what a scanner read. Whose site the link leads to does not matter: a label outlives domains. */
export function labelInScan(text: string): Label | undefined {
  const start = text.indexOf('#');
  return start < 0 ? undefined : labelInFragment(text.slice(start));
}
