/** Pages of tags and repositories: `n`, `last` and the `Link` to the next page. */
import { BadRequest } from "./errors.ts";

/**
 * @param text the `n` parameter.
 * @param max larger numbers are clamped: a refusal (as in one release of the reference) broke clients.
 * @throws {BadRequest} for what is not a whole number.
 */
export function parsePageSize(text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,18}$/.test(text)) {
    throw new BadRequest("PAGINATION_NUMBER_INVALID", "n is not a whole number", { n: text });
  }
  return Math.min(Number(text), max);
}

/** RFC 8288. `path` is absolute, without a host, for servers behind proxies. */
export function nextLink(path: string, { last, n }: { last: string; n: number }): string {
  return `<${path}?${new URLSearchParams({ last, n: String(n) }).toString()}>; rel="next"`;
}
