/** Rows with pages of long lists. */
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { isRegistry, type Row, type Session, type Subject } from "./row.ts";

const COUNT = 100_000;
const PER_PAGE = 100;
const DIGITS = 6;
const V2 = "docker/registry/v2";
const REPOSITORY = "bench/many-tags";
const TAGS_TARGET = `/v2/${REPOSITORY}/tags/list`;
const CATALOG_TARGET = "/v2/_catalog";
/** Fast answers are asked for again and again, for so long at the most. */
const LONG_ENOUGH_MS = 300;

interface List {
  readonly target: string;
  readonly key: string;
  readonly entry: (index: number) => string;
  readonly make: (directory: string) => void;
}

const TAGS: List = {
  target: TAGS_TARGET,
  key: "tags",
  entry: (index) => `v${padded(index)}`,
  make: makeTags,
};
const CATALOG: List = {
  target: CATALOG_TARGET,
  key: "repositories",
  entry: (index) => `many/r${padded(index)}`,
  make: makeRepositories,
};

export const PAGE_ROWS: readonly Row[] = [
  pageRow("pages-tags-1", TAGS, 1),
  pageRow("pages-tags-1000", TAGS, 1000),
  pageRow("pages-catalog-1", CATALOG, 1),
  pageRow("pages-catalog-1000", CATALOG, 1000),
];

function pageRow(name: string, list: List, page: number): Row {
  return {
    name,
    group: "pages",
    unit: "ms",
    mostRuns: 2,
    takes: (system) => isRegistry(system) && system.layout === "reference",
    open: (subject) => openPage(subject, list, page),
  };
}

async function openPage(
  { lab, system, resources }: Subject,
  list: List,
  page: number,
): Promise<Session> {
  const directory = await dataFor(lab, list);
  const { origin, processId } = await lab.open(resources, system, { data: { directory } });
  const first = (page - 1) * PER_PAGE;
  const last = first === 0 ? "" : `&last=${encodeURIComponent(list.entry(first - 1))}`;
  const target = `${list.target}?n=${PER_PAGE}${last}`;
  const note = await checkPage(new URL(target, origin), list, first);
  return {
    processId,
    run: async () => {
      const startedMs = performance.now();
      let requests = 0;
      do {
        await fetchPage(new URL(target, origin));
        requests += 1;
      } while (performance.now() - startedMs < LONG_ENOUGH_MS);
      const value = (performance.now() - startedMs) / requests;
      return { value, work: requests / 1000, ...(note === "" ? {} : { note }) };
    },
  };
}

/** A client that takes answers without a length too. @returns the body. */
async function fetchPage(url: URL): Promise<string> {
  const response = await fetch(url);
  const body = await response.text();
  if (response.ok) return body;
  throw new Error(`${url.pathname}${url.search} was answered with ${response.status}: ${body}`);
}

/**
 * An old registry does not know pages of tags and always sends the whole list.
 * @returns what there is to say about that.
 * @throws {Error} when what the page should hold is not there.
 */
async function checkPage(url: URL, { key, entry }: List, first: number): Promise<string> {
  const answer = JSON.parse(await fetchPage(url)) as Readonly<Record<string, readonly string[]>>;
  const entries = answer[key] ?? [];
  const expected = Array.from({ length: PER_PAGE }, (_, index) => entry(first + index));
  if (entries.length === COUNT) return "sends the whole list";
  if (JSON.stringify(entries) === JSON.stringify(expected)) return "";
  throw new Error(`${url.pathname}${url.search}: another page than expected`);
}

/** Made once and then kept as long as the data set. */
async function dataFor(lab: Lab, { key, make }: List): Promise<string> {
  const directory = join(lab.directory, "data", `many-${key}`);
  const note = join(directory, "made");
  const isMade = await readFile(note).then(
    () => true,
    () => false,
  );
  if (isMade) return directory;
  await mkdir(directory, { recursive: true });
  make(directory);
  await writeFile(note, "");
  return directory;
}

const DIGEST = `sha256:${"0".repeat(64)}`;

function makeTags(directory: string): void {
  const repository = join(directory, V2, "repositories", REPOSITORY);
  mkdirSync(join(repository, "_layers"), { recursive: true });
  const tags = join(repository, "_manifests", "tags");
  for (let index = 0; index < COUNT; index += 1) makeLink(join(tags, TAGS.entry(index), "current"));
}

function makeRepositories(directory: string): void {
  const repositories = join(directory, V2, "repositories");
  for (let index = 0; index < COUNT; index += 1) {
    const repository = join(repositories, CATALOG.entry(index));
    mkdirSync(join(repository, "_layers"), { recursive: true });
    makeLink(join(repository, "_manifests", "tags", "latest", "current"));
  }
}

function makeLink(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "link"), DIGEST);
}

function padded(index: number): string {
  return String(index).padStart(DIGITS, "0");
}
