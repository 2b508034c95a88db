/** Tables as CSV (RFC 4180), for spreadsheets in the reader's own language. */

/** So that a spreadsheet takes the text for UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';
const SIGNIFICANT = 12;

/**
 * Where numbers have a comma, fields have a semicolon between them: so does a spreadsheet write and
 * read them there. With a point it would take 20.5 for the 20th of May.
 */
export function toCsv(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  locale: string,
): string {
  const parts = new Intl.NumberFormat(locale).formatToParts(0.5);
  const decimal = parts.find(({ type }) => type === 'decimal')?.value ?? '.';
  const separator = decimal === ',' ? ';' : ',';
  const cell = (value: string | number) => {
    // Rounding takes the noise of binary fractions away.
    if (typeof value === 'number') {
      return String(Number(value.toPrecision(SIGNIFICANT))).replace('.', decimal);
    }
    // A text that a spreadsheet would take for a formula is kept from it.
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [heads, ...rows].map((row) => `${row.map(cell).join(separator)}\r\n`);
  return BYTE_ORDER_MARK + lines.join('');
}
