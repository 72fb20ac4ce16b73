/** Two processes of one registry, and people who may create tags and not move them. */
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_INDEX } from "../../src/oci/media-type.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";
import { writeUsers } from "../real/people.ts";

const ROUNDS = 50;
/** Connections of each of the people: so many that either process gets some of them. */
const EACH = 5;
const PATIENT = { timeout: 60_000 };
const PEOPLE = [
  { name: "ann", password: "ann's" },
  { name: "ben", password: "ben's" },
] as const;

/** One for each of the people; it needs no blobs. */
const DOCUMENTS = PEOPLE.map(({ name }) =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [],
      annotations: { "made.by": name },
    }),
  ),
);

/** Somebody who sends everything on one connection. */
interface Pusher {
  readonly agent: Agent;
  readonly authorization: string;
  readonly document: Buffer;
}

async function openGuardedGroup(resources: AsyncDisposableStack): Promise<RunningBarge> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-tags-"))).path;
  const users = await writeUsers(folder, PEOPLE);
  const access = [{ subject: "authenticated", repositories: "team/**", actions: ["pull", "push"] }];
  return await openBarge(resources, {
    storage: "filesystem",
    sections: { barge: { processes: 2, auth: { users }, access } },
  });
}

function openPushers(resources: AsyncDisposableStack): readonly Pusher[] {
  return Array.from({ length: 2 * EACH }, (_, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    resources.defer(() => agent.destroy());
    const { name, password } = PEOPLE[index % 2] ?? PEOPLE[0];
    const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
    return { agent, authorization, document: DOCUMENTS[index % 2] ?? Buffer.alloc(0) };
  });
}

async function send(
  url: URL,
  { agent, authorization, document }: Pusher,
  method: "GET" | "PUT",
): Promise<{ readonly status: number; readonly digest: string }> {
  const headers = { authorization, "content-type": OCI_INDEX };
  const asked = request(url, { method, agent, headers });
  asked.end(method === "PUT" ? document : undefined);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const body = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
  return { status: answer.statusCode ?? 0, digest: method === "GET" ? digestOf(body) : "" };
}

it(
  "a tag that several create at one moment points to what one of them has pushed, for all",
  PATIENT,
  async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGuardedGroup(resources);
    const pushers = openPushers(resources);
    for (let round = 0; round < ROUNDS; round += 1) {
      const url = new URL(`/v2/team/app/manifests/v${round}`, barge.origin);
      const answers = await Promise.all(pushers.map((pusher) => send(url, pusher, "PUT")));
      const accepted = pushers.filter((_, index) => answers[index]?.status === 201);
      const others = answers.flatMap(({ status }) => (status === 201 ? [] : [status]));
      expect([accepted.length, others]).toEqual([EACH, Array(EACH).fill(403)]);
      const digests = new Set(accepted.map(({ document }) => digestOf(document)));
      expect(digests.size).toBe(1);
      const now = await Promise.all(pushers.map((pusher) => send(url, pusher, "GET")));
      expect(new Set(now.map(({ digest }) => digest))).toEqual(digests);
    }
    const isAnsweredByBoth = (): boolean => {
      const puts = barge.output.filter((line) => line.includes("http.request.method=PUT"));
      return new Set(puts.flatMap((line) => /instance\.id=(\S+)/.exec(line)?.[1] ?? [])).size === 2;
    };
    await vi.waitUntil(isAnsweredByBoth, PATIENT);
  },
);
