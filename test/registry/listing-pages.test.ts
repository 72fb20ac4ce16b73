/** Pages of tags and repositories through HTTP: by whatever number, they are the whole list. */
import { Buffer } from "node:buffer";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";

const REPOSITORIES = "docker/registry/v2/repositories";
/** Names that begin others and go on with what comes before a slash; more than the driver finds worth keeping. */
const BASES = ["a", "a-b", "a.b", "a.b-c", "a0", "b"];
const TAGS = [...BASES, "A", "a-", "a..b", ...numbered("v1.0-")].toSorted();
const NAMES = [...BASES.flatMap((one) => [one, `${one}/x`, `${one}/x-y`]), ...numbered("a-b/r")];

let resources: AsyncDisposableStack;
let registry: InProcessRegistry;
let driver: FilesystemDriver;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-")));
  driver = await FilesystemDriver.open({ rootDirectory: path, maxThreads: 25 });
  for (const name of NAMES) await tag(name, "latest");
  for (const name of TAGS) await tag("tagged", name);
  registry = resources.use(await openRegistry({ driver }));
});
afterEach(() => resources.disposeAsync());

it.each([1, 2, 7, 50, 1000])("tags by n=%i are those of the whole list", async (n) => {
  expect(await listed("/v2/tagged/tags/list")).toEqual([TAGS]);
  const pages = await listed(`/v2/tagged/tags/list?n=${n}`);
  expect(pages.flat()).toEqual(TAGS);
  expect(pages.map(({ length }) => length)).toEqual(lengths(TAGS.length, n));
});

it.each([1, 2, 7, 50, 1000])("repositories by n=%i are all there are", async (n) => {
  const all = [...NAMES, "tagged"].toSorted();
  const pages = await listed(`/v2/_catalog?n=${n}`);
  expect(pages.flat()).toEqual(all);
  expect(pages.map(({ length }) => length)).toEqual(lengths(all.length, n));
});

it("a tag that comes or goes between two pages is there or not", async () => {
  const [first = []] = await listed("/v2/tagged/tags/list?n=3");
  const last = first.at(-1) ?? "";
  const rest = TAGS.filter((name) => name > last);
  await tag("tagged", "v1.0");
  const next = `/v2/tagged/tags/list?n=1000&last=${encodeURIComponent(last)}`;
  expect(await listed(next)).toEqual([[...rest, "v1.0"].toSorted()]);
  await driver.deleteTree(`${REPOSITORIES}/tagged/_manifests/tags/v1.0`, calm());
  expect(await listed(next)).toEqual([rest]);
});

it("a page behind odd texts is an answer", async () => {
  for (const last of ["%00", "%01", "/", "%C3%A9", "a%2F", "a-b/r", "x".repeat(3000)]) {
    for (const path of ["/v2/tagged/tags/list", "/v2/_catalog"]) {
      const answer = await fetch(new URL(`${path}?n=5&last=${last}`, registry.origin));
      expect([last, answer.status]).toEqual([last, 200]);
    }
  }
});

/** The pages from `target` on, by their links. */
async function listed(target: string): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let next: string | undefined = target;
  while (next !== undefined) {
    const answer: Response = await fetch(new URL(next, registry.origin));
    expect(answer.status).toBe(200);
    const page = (await answer.json()) as { tags?: string[]; repositories?: string[] };
    pages.push(page.tags ?? page.repositories ?? []);
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  return pages;
}

async function tag(repository: string, name: string): Promise<void> {
  const link = `${REPOSITORIES}/${repository}/_manifests/tags/${name}/current/link`;
  await driver.write(link, Buffer.from(`sha256:${"0".repeat(64)}`), calm());
}

function numbered(beginning: string): readonly string[] {
  return Array.from({ length: 100 }, (_, index) => `${beginning}${index}`);
}

function lengths(total: number, n: number): readonly number[] {
  const whole = Array.from({ length: Math.floor(total / n) }, () => n);
  return total % n === 0 ? whole : [...whole, total % n];
}
