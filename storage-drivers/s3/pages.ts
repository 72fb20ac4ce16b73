import { StorageUnavailable } from "../../src/storage/errors.ts";

/** Pages in a row without anything on them before we say that the store goes round in circles. */
const MAX_EMPTY_PAGES = 1000;

/** What all of the store's listings say about their pages. */
export interface Page {
  readonly IsTruncated?: boolean | undefined;
  readonly NextContinuationToken?: string | undefined;
  readonly Contents?: readonly unknown[] | undefined;
  readonly CommonPrefixes?: readonly unknown[] | undefined;
  readonly Uploads?: readonly unknown[] | undefined;
}

/**
 * The pages of a listing. A listing that seems to end is taken for the whole by whoever deletes what
 * it lacks, so anything odd is an error and not an end.
 * @param fetchPage gives the page that a token stands for; the first one for `undefined`.
 * @throws {StorageUnavailable} when the store repeats a page, or does not say how to go on.
 */
export async function* pagesOf<Fetched extends Page>(
  fetchPage: (token: string | undefined) => Promise<Fetched>,
): AsyncGenerator<Fetched> {
  const seen = new Set<string>();
  let emptyPages = 0;
  let page = await fetchPage(undefined);
  yield page;
  while (page.IsTruncated === true) {
    const token = page.NextContinuationToken;
    if (token === undefined || token === "") throw oddListing("NoContinuationToken");
    if (seen.has(token)) throw oddListing("RepeatedContinuationToken");
    seen.add(token);
    emptyPages = isEmpty(page) ? emptyPages + 1 : 0;
    if (emptyPages > MAX_EMPTY_PAGES) throw oddListing("EndlessListing");
    page = await fetchPage(token);
    yield page;
  }
}

function isEmpty({ Contents = [], CommonPrefixes = [], Uploads = [] }: Page): boolean {
  return Contents.length + CommonPrefixes.length + Uploads.length === 0;
}

function oddListing(reason: string): StorageUnavailable {
  return new StorageUnavailable(`cannot list to the end: ${reason}`, { reason });
}
