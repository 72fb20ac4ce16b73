/** What one may look at. */
import type { Answered } from "./matrix-client.ts";
import { refusal } from "./matrix-table.ts";
import {
  BLOB,
  type Content,
  type Context,
  HIDDEN_BLOB,
  HIDDEN_IMAGE,
  HIDDEN_TAG,
  IMAGE,
  NO_BLOB,
  NO_IMAGE,
  type Operation,
  REFERRER,
} from "./matrix-world.ts";

interface Read {
  /** Behind the name of the repository. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where there is nothing; an answer like this one is all that those get who may not pull. */
  readonly unknown: string;
  /** In the repository that exists; like `unknown` without it. */
  readonly known?: string;
  /** What is shown, in a word. */
  readonly shows?: (answered: Answered) => string;
}

const BYTES = { shows: ({ body }: Answered) => `${body.length} bytes` };
const manifestAt = (reference: string, held?: Content): Read => ({
  ...BYTES,
  path: `manifests/${reference}`,
  unknown: "404 MANIFEST_UNKNOWN",
  ...(held && { known: `200 ${held.bytes.length} bytes` }),
});
const blobAt = ({ digest }: Content, held?: Content): Read => ({
  ...BYTES,
  path: `blobs/${digest}`,
  unknown: "404 BLOB_UNKNOWN",
  ...(held && { known: `200 ${held.bytes.length} bytes` }),
});
const RANGE = { headers: { range: "bytes=2-5" } };

const TAGS: Read = {
  path: "tags/list",
  unknown: "404 NAME_UNKNOWN",
  known: "200 v1,v1.sig",
  shows: ({ body }) => (JSON.parse(body) as { tags: string[] }).tags.join(","),
};
const referrersOf = (subject: Content, known?: string): Read => ({
  path: `referrers/${subject.digest}`,
  unknown: "200 ",
  ...(known !== undefined && { known }),
  shows: ({ body }) =>
    (JSON.parse(body) as { manifests: { digest: string }[] }).manifests
      .map(({ digest }) => digest)
      .join(","),
});

const READS: Readonly<Record<string, Read>> = {
  "manifest by tag": manifestAt("v1", IMAGE),
  "manifest by a tag that is not there": manifestAt("v2"),
  "manifest by a tag of another repository": manifestAt(HIDDEN_TAG),
  "manifest by digest": manifestAt(IMAGE.digest, IMAGE),
  "manifest by a digest that is elsewhere": manifestAt(HIDDEN_IMAGE.digest),
  "manifest by a digest that is nowhere": manifestAt(NO_IMAGE.digest),
  blob: blobAt(BLOB, BLOB),
  "blob that is elsewhere": blobAt(HIDDEN_BLOB),
  "blob that is nowhere": blobAt(NO_BLOB),
  "blob in part": { ...blobAt(BLOB), ...RANGE, known: "206 4 bytes" },
  "blob in part that is elsewhere": { ...blobAt(HIDDEN_BLOB), ...RANGE },
  "blob unless it is known": {
    ...blobAt(BLOB),
    headers: { "if-none-match": `"${BLOB.digest}"` },
    known: "304",
  },
  tags: TAGS,
  "tags by page": { ...TAGS, path: "tags/list?n=1", known: "200 v1" },
  "tags behind one": { ...TAGS, path: "tags/list?last=v1", known: "200 v1.sig" },
  referrers: referrersOf(IMAGE, `200 ${REFERRER.digest}`),
  "referrers of what is elsewhere": referrersOf(HIDDEN_IMAGE),
  "referrers of a type": {
    ...referrersOf(IMAGE),
    path: `referrers/${IMAGE.digest}?artifactType=a/b`,
  },
};

export const READ_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries(READS).flatMap(([title, read]) => [
    [`GET ${title}`, (context) => run("GET", read, context)] as const,
    [`HEAD ${title}`, (context) => run("HEAD", read, context)] as const,
  ]) satisfies (readonly [string, Operation])[],
);

async function run(
  method: "GET" | "HEAD",
  read: Read,
  context: Context,
): Promise<Awaited<ReturnType<Operation>>> {
  const { path, headers = {} } = read;
  const { exists, repository, asks } = context;
  const answered = await context.ask({ method, target: `${repository}/${path}`, headers });
  const expected = expectedOf(read, context);
  return {
    expected: method === "HEAD" ? expected.slice(0, 3) : expected,
    observed: observedOf(read, method, answered),
    answer: asks("pull") && exists ? undefined : answered.like(repository),
  };
}

function expectedOf({ unknown, known = unknown }: Read, context: Context): string {
  if (!context.asks("pull")) return refusal(context.credential, unknown);
  return context.exists ? known : unknown;
}

function observedOf({ shows = () => "" }: Read, method: string, answered: Answered): string {
  const isGood = method === "GET" && [200, 206].includes(answered.status);
  return isGood ? `${answered.status} ${shows(answered)}` : answered.outcome;
}
