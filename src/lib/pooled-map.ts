/**
 * Runs `work` over the items, at most `concurrency` at a time, and yields the results in the order of
 * the items. The first failure ends it; what was begun is waited for, so that nothing runs on unseen.
 */
export async function* pooledMap<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const promise = work(item);
      promise.catch(() => undefined);
      running.push(promise);
      const oldest = running.length >= concurrency ? running.shift() : undefined;
      if (oldest !== undefined) yield await oldest;
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
  } finally {
    await Promise.allSettled(running);
  }
}
