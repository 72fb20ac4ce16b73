/** Several processes on one port: they serve as one, end as one, and one that dies is replaced. */
import { request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { ProcessGroup } from "../../src/app/process-group.ts";
import { restartDelayMs } from "../../src/app/restart-delay.ts";
import { processCount } from "../../src/app/serve.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";
import { RawConnection, requestHead } from "../fixtures/raw-http.ts";

const WAIT = { timeout: 20_000 };
const KIB = 1024;
const CHUNKS = 40;

async function openGroup(
  resources: AsyncDisposableStack,
  http: Readonly<Record<string, unknown>> = {},
  rootDirectory?: string,
): Promise<RunningBarge> {
  const debug = { addr: "127.0.0.1:0", prometheus: { enabled: true } };
  return await openBarge(resources, {
    storage: "filesystem",
    ...(rootDirectory !== undefined && { rootDirectory }),
    sections: {
      http: { addr: "127.0.0.1:0", draintimeout: "20s", debug, ...http },
      barge: { processes: 2 },
    },
  });
}

/** On a connection of its own, so that either process may get it. */
async function send(
  url: URL,
  {
    method,
    body = "",
    headers = {},
  }: { method: string; body?: Uint8Array | string; headers?: object },
): Promise<{ readonly status: number; readonly location: string; readonly text: Buffer }> {
  const length = { "content-length": Buffer.byteLength(body) };
  const asked = request(url, { method, agent: false, headers: { ...length, ...headers } });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const text = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
  return { status: answer.statusCode ?? 0, location: answer.headers.location ?? "", text };
}

/** The instance ids of the processes that have answered such requests. */
function answeredBy({ output }: RunningBarge, method: string): ReadonlySet<string> {
  return new Set(
    output
      .filter((line) => line.includes(`http.request.method=${method}`))
      .flatMap((line) => /instance\.id=(\S+)/.exec(line)?.[1] ?? []),
  );
}

/** The further processes that have been started so far. */
function startedProcesses({ output }: RunningBarge): readonly number[] {
  return output
    .filter((line) => line.includes("another process serves"))
    .map((line) => Number(/process\.pid=(\d+)/.exec(line)?.[1]));
}

async function figuresOf({ output }: RunningBarge): Promise<string> {
  const address = output.join("\n").match(/debug server listening (http:[^"]+)/)?.[1];
  const response = await fetch(new URL("/metrics", address));
  expect(response.status).toBe(200);
  return await response.text();
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A chunk whose second half the server waits for. */
async function holdChunk(origin: URL): Promise<RawConnection> {
  const { location } = await send(new URL("/v2/a/blobs/uploads/", origin), { method: "POST" });
  const { pathname } = new URL(location, origin);
  const connection = await RawConnection.open(origin);
  const lines = ["Content-Length: 10", "Expect: 100-continue"];
  connection.send(`${requestHead("PATCH", pathname, lines)}\r\n`);
  await connection.continued();
  connection.send("first");
  return connection;
}

describe("two processes", () => {
  it("take the chunks of one upload in turn, and count as one", async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGroup(resources);
    const blob = pattern(CHUNKS * KIB);
    const uploads = new URL("/v2/a/blobs/uploads/", barge.origin);
    let { location } = await send(uploads, { method: "POST" });
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
      const body = blob.subarray(chunk * KIB, (chunk + 1) * KIB);
      const sent = await send(new URL(location, barge.origin), { method: "PATCH", body });
      expect(sent.status).toBe(202);
      ({ location } = sent);
    }
    const commit = new URL(location, barge.origin);
    commit.searchParams.set("digest", digestOf(blob));
    expect((await send(commit, { method: "PUT" })).status).toBe(201);
    const blobUrl = new URL(`/v2/a/blobs/${digestOf(blob)}`, barge.origin);
    for (let pull = 0; pull < 10; pull += 1) {
      expect(digestOf((await send(blobUrl, { method: "GET" })).text)).toBe(digestOf(blob));
    }
    await vi.waitUntil(() => answeredBy(barge, "PATCH").size === 2, WAIT);
    const figures = await figuresOf(barge);
    const counted = `{handler="blob_upload_chunk",code="202",method="patch"} ${CHUNKS}\n`;
    expect(figures).toContain(`registry_http_requests_total${counted}`);
    expect(figures).toContain("barge_processes 2\n");
    expect(figures).not.toContain("NaN");
  });

  it("finish what runs at SIGTERM, and all end", async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGroup(resources);
    const pids = startedProcesses(barge);
    expect(pids).toHaveLength(1);
    const held = await Promise.all(Array.from({ length: 8 }, () => holdChunk(barge.origin)));
    process.kill(barge.processId, "SIGTERM");
    const isClosed = async (): Promise<boolean> =>
      RawConnection.open(barge.origin).then(
        (one) => (one[Symbol.dispose](), false),
        () => true,
      );
    await vi.waitUntil(isClosed, WAIT);
    for (const connection of held) {
      connection.send("later");
      expect((await connection.answer()).status).toBe(202);
    }
    expect(await barge.ended).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("end at once at a second signal", async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGroup(resources, { draintimeout: "1h" });
    const held = await Promise.all(Array.from({ length: 8 }, () => holdChunk(barge.origin)));
    process.kill(barge.processId, "SIGTERM");
    await vi.waitUntil(() => barge.output.some((line) => line.includes("msg=stopping")), WAIT);
    process.kill(barge.processId, "SIGTERM");
    expect(await barge.ended).toBe(130);
    await Promise.all(held.map((connection) => connection.closed()));
    await vi.waitUntil(() => !startedProcesses(barge).some(isAlive), WAIT);
  });

  it("one that is killed is replaced, and what it had counted stays", async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGroup(resources);
    const [first = 0] = startedProcesses(barge);
    for (let ping = 0; ping < CHUNKS; ping += 1) {
      await send(new URL("/v2/", barge.origin), { method: "GET" });
    }
    const counted = `registry_http_requests_total{handler="base",code="200",method="get"} ${CHUNKS}\n`;
    expect(await figuresOf(barge)).toContain(counted);
    process.kill(first, "SIGKILL");
    await vi.waitUntil(() => startedProcesses(barge).length === 2, WAIT);
    expect(barge.output.join("\n")).toMatch(/a serving process has ended.*process\.end=SIGKILL/);
    expect(startedProcesses(barge)[1]).not.toBe(first);
    const figures = await figuresOf(barge);
    expect(figures).toContain(counted);
    expect(figures).toContain("barge_processes 2\n");
  });

  it("when the first is killed, the other ends", async () => {
    await using resources = new AsyncDisposableStack();
    const barge = await openGroup(resources);
    const pids = startedProcesses(barge);
    expect(pids.map(isAlive)).toEqual([true]);
    process.kill(barge.processId, "SIGKILL");
    await vi.waitUntil(() => !pids.some(isAlive), WAIT);
  });

  it("do not share their port with another registry", async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-shared-"))).path;
    const barge = await openGroup(resources);
    const addr = barge.origin.host;
    await expect(openGroup(resources, { addr }, folder)).rejects.toThrow(/EADDRINUSE/);
  });
});

it("a further process that cannot start tells why", async () => {
  using group = new ProcessGroup({ further: 2, log: new RecordingLogger(), clock: systemClock });
  const config = { text: "version: 0.1\nstorage: nothing\n", source: "test.yml" };
  const starting = group.start({ kind: "start", config, port: 0, processes: 3 });
  await expect(starting).rejects.toThrow(/storage\.nothing/);
});

it("restartDelayMs() waits longer for each that ends early, and begins anew after a long life", () => {
  let shortLives = 0;
  const delays: number[] = [];
  for (const livedMs of [0, 59_999, 0, 0, 0, 0, 0, 60_000, 0]) {
    const next = restartDelayMs(livedMs, shortLives);
    ({ shortLives } = next);
    delays.push(next.delayMs);
  }
  expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 1, 1].map((seconds) => seconds * 1000));
});

it.each([
  [1, 8, 1],
  [4, 2, 4],
  ["auto", 8, 8],
] as const)("processCount() of %s on %i cores is %i", (processes, cores, count) => {
  expect(processCount({ processes }, cores)).toBe(count);
});
