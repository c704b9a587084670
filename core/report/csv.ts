/** Tables as text (RFC 4180). Pure. */
export type Cell = string | number | null;
export interface Table {
  head: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** Lines end with CRLF; an empty field is "not known". Numbers with a point and at most six decimals. */
export function toCsv({ head, rows }: Table): string {
  return [head, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(Math.round(cell * 1e6) / 1e6) : '';
  const text = harmless(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A name that begins like a formula would be run by spreadsheets (OWASP, "CSV injection"): an apostrophe before it says that it is text. */
function harmless(text: string): string {
  return /^\s*[=+\-@\t\r]/.test(text) || /^[\t\r\n]/.test(text) ? `'${text}` : text;
}
