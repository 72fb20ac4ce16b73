import { send } from "../lib/http-send.ts";

export interface HeadOptions {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** A redirect of this very status is taken as the answer. */
  readonly expectedStatus: number;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 10;

/** The redirects did not end. */
export class TooManyRedirects extends Error {
  readonly kind = "TooManyRedirects";
  constructor() {
    super(`more than ${MAX_REDIRECTS} redirects`);
  }
}

/** The status that a HEAD request ends with. The given headers, which may hold credentials, go to the first origin only. */
export async function headStatus(url: URL, options: HeadOptions): Promise<number> {
  let current = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const headers = current.origin === url.origin ? options.headers : {};
    const { status, location } = await head(current, headers, options.signal);
    const isRedirect = status >= 300 && status < 400 && location !== undefined;
    if (!isRedirect || status === options.expectedStatus) return status;
    current = new URL(location, current);
  }
  throw new TooManyRedirects();
}

async function head(
  url: URL,
  headers: HeadOptions["headers"],
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  const lines = Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, [...values]]),
  );
  const response = await send(url, { method: "HEAD", headers: lines, agent: false, signal });
  response.destroy();
  return { status: response.statusCode ?? 0, location: response.headers.location };
}
