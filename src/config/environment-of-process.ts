/** The variables that this process was started with. Only `src/config` reads them. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}
