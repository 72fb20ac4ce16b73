/** Who gets which answer: every actor, every action, every kind of repository, there or not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "./matrix-client.ts";
import { badCredentials, goodCredentials } from "./matrix-credentials.ts";
import { MOUNT_OPERATIONS } from "./matrix-mounts.ts";
import { READ_OPERATIONS } from "./matrix-reads.ts";
import { type MatrixRegistry, openMatrix } from "./matrix-registry.ts";
import { ACTORS, asksOf, type Credential, type Namespace, NAMESPACES } from "./matrix-table.ts";
import { UPLOAD_OPERATIONS } from "./matrix-uploads.ts";
import {
  type Context,
  EXISTING,
  HIDDEN_TAG,
  Names,
  type Operation,
  Owner,
  type Result,
} from "./matrix-world.ts";
import { WRITE_OPERATIONS } from "./matrix-writes.ts";

const LIMIT_MS = 120_000;

const resources = new AsyncDisposableStack();
let matrix: MatrixRegistry;
let owner: Owner;
let credentials: readonly Credential[];
const names = new Names();

beforeAll(async () => {
  matrix = await openMatrix(resources);
  owner = new Owner(matrix.client());
  await owner.fill();
  credentials = [...(await goodCredentials(matrix)), ...(await badCredentials(matrix))];
});
afterAll(async () => resources.disposeAsync());

/** Cases that came out wrong, in lines; and how many there were. */
interface Findings {
  readonly wrong: string[];
  /** By operation and status, an answer that tells nothing: all others must be the same. */
  readonly nothings: Map<string, string>;
  count: number;
}

type Operations = Readonly<Record<string, Operation>>;

/** What is no good is so everywhere, and passwords prove the same as tokens: few places show that. */
function placesOf({ actor, isFirst }: Credential): readonly Namespace[] {
  if (actor === undefined) return ["public", "secret"];
  return isFirst ? ["myteam", "intake"] : NAMESPACES;
}

async function runAll(operations: Operations): Promise<Findings> {
  const findings: Findings = { wrong: [], nothings: new Map(), count: 0 };
  await Promise.all(
    credentials.map(async (credential) => {
      const { actor } = credential;
      const isShown = actor !== undefined && ACTORS[actor].kind === "certificate";
      const client = matrix.client(isShown);
      for (const namespace of placesOf(credential)) {
        for (const [title, operation] of Object.entries(operations)) {
          await runPair({ title, operation, credential, client, namespace }, findings);
        }
      }
    }),
  );
  return findings;
}

interface Pair {
  readonly title: string;
  readonly operation: Operation;
  readonly credential: Credential;
  readonly client: Client;
  readonly namespace: Namespace;
}

/** The same at a repository that is there and at one that is not. */
async function runPair(pair: Pair, findings: Findings): Promise<void> {
  const there = await run(pair, { exists: true });
  const absent = await run(pair, { exists: false });
  findings.count += 2;
  const { credential, namespace, title } = pair;
  const line = `${credential.title}: ${title}, ${namespace}`;
  for (const { expected, observed, leak, answer } of [there, absent]) {
    if (observed !== expected) findings.wrong.push(`${line}: ${observed}, not ${expected}`);
    if (leak !== undefined) findings.wrong.push(`${line}: tells of ${leak}`);
    if (answer !== undefined) compareAnswers({ line, title, answer }, findings);
  }
  if (there.answer !== undefined && absent.answer !== undefined) {
    if (there.answer !== absent.answer) findings.wrong.push(`${line}: tells whether it is there`);
  }
}

/** Of what may not be seen everybody gets the answer that those who may see it get where there is nothing. */
function compareAnswers(
  {
    line,
    title,
    answer,
  }: { readonly line: string; readonly title: string; readonly answer: string },
  { nothings, wrong }: Findings,
): void {
  const [status = ""] = answer.split("\n", 1);
  // Challenges say what was wrong with what was shown.
  if (status === "401") return;
  const key = `${title} ${status}`;
  const known = nothings.get(key) ?? answer;
  nothings.set(key, known);
  if (known !== answer) wrong.push(`${line}: ${JSON.stringify([answer, known])}`);
}

async function run(
  { operation, credential, client, namespace }: Pair,
  { exists }: { readonly exists: boolean },
): Promise<Result & { readonly leak: string | undefined }> {
  let leak: string | undefined;
  const context: Context = {
    credential,
    namespace,
    exists,
    repository: `${namespace}/${exists ? EXISTING : names.next("r")}`,
    asks: asksOf(credential, namespace),
    owner,
    names,
    ask: async (asked) => {
      const answered = await client.ask(credential.authorization, {
        ...asked,
        target: `/v2/${asked.target}`,
      });
      const hidden = [HIDDEN_TAG, "hoard", "barge-matrix-", "/src/"];
      const all = answered.like();
      leak ??= hidden.find((word) => all.includes(word) && !asked.target.includes(word));
      return answered;
    },
  };
  const result = await operation(context);
  return { ...result, leak };
}

describe("every actor, at every repository, there or not", () => {
  it.each([
    ["reads", READ_OPERATIONS],
    ["writes", WRITE_OPERATIONS],
    ["uploads", UPLOAD_OPERATIONS],
    ["mounts", MOUNT_OPERATIONS],
  ] as const)("gets what the table says: %s", { timeout: LIMIT_MS }, async (_, operations) => {
    const { wrong, count } = await runAll(operations);
    expect(count).toBeGreaterThan(3000);
    expect(wrong).toEqual([]);
  });
});
