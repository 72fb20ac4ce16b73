/**
 * @returns the low byte of SQLite's extended result codes (https://sqlite.org/rescode.html); 0 when the error
 * is none of SQLite's
 */
export function sqliteCodeOf(error: unknown): number {
  const hasCode = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return hasCode ? Number(error.errcode) & 0xff : 0;
}
