/** What went wrong, for people: an error's message, or its code or name where it has none (as when every address of a host refuses). */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
