/** Tables as CSV (RFC 4180), for spreadsheets. */

/** A text that a spreadsheet would take for a formula is kept from it. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [heads, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
