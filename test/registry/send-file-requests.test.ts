/** Blobs that are files, as clients ask for them: ranges, pipelines, crowds, and clients that go away. */
import { randomBytes, randomInt } from "node:crypto";
import { mkdtempDisposable, readdir, readFile, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { pushBlob } from "../fixtures/pushing.ts";
import { plainRequest, type RawAnswer, RawConnection } from "../fixtures/raw-http.ts";

const MIB = 2 ** 20;
const SIZE_BYTES = 16 * MIB;
const WAIT = { timeout: 20_000 };
/** For what takes long where others keep the processors busy. */
const SLOW = { timeout: 60_000 };

const resources = new AsyncDisposableStack();
const blob = randomBytes(SIZE_BYTES);
const digest: Digest = digestOf(blob);
const target = `/v2/a/blobs/${digest}`;
let folder = "";
let registry: InProcessRegistry;

beforeAll(async () => {
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-files-"))).path;
  const storage = { filesystem: { rootdirectory: folder } };
  registry = resources.use(await openRegistry({ sections: { storage } }));
  await pushBlob(registry.origin, "a", blob);
});

afterAll(async () => {
  await resources.disposeAsync();
});

/** Of this process; where the system does not tell, none. */
async function openFiles(): Promise<readonly string[]> {
  const all = await readdir("/proc/self/fd").catch(() => []);
  const files = await Promise.all(all.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return files.filter((file) => file.startsWith(folder));
}

function blobFile(): string {
  const hex = digest.slice("sha256:".length);
  return join(folder, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
}

/** Memory of buffers, without those that nobody has any more. */
async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let count = 0; count < 4; count += 1) {
    if (typeof collect === "function") collect();
    await turn();
  }
  return process.memoryUsage().arrayBuffers;
}

interface Expected {
  readonly status: number;
  readonly contentRange?: string;
  readonly pieces: readonly (readonly [first: number, end: number])[];
}

const END = SIZE_BYTES;
const single = (first: number, end: number): Expected => ({
  status: 206,
  contentRange: `bytes ${first}-${end - 1}/${END}`,
  pieces: [[first, end]],
});
const whole: Expected = { status: 200, pieces: [[0, END]] };
const FORMS: readonly (readonly [range: string, expected: Expected])[] = [
  ["bytes=0-0", single(0, 1)],
  ["bytes=0-", single(0, END)],
  [`bytes=${END - 1}-`, single(END - 1, END)],
  ["bytes=-1", single(END - 1, END)],
  [`bytes=-${END + 5}`, single(0, END)],
  ["bytes=4095-4096", single(4_095, 4_097)],
  ["bytes=1-20000", single(1, 20_001)],
  [`bytes=1000-${END + 7}`, single(1_000, END)],
  ["bytes=3000000-9000000", single(3_000_000, 9_000_001)],
  [
    "bytes=0-9,100-199",
    {
      status: 206,
      pieces: [
        [0, 10],
        [100, 200],
      ],
    },
  ],
  [
    "bytes=5000000-9999999, 0-0, -3000000",
    {
      status: 206,
      pieces: [
        [5_000_000, 10_000_000],
        [0, 1],
        [END - 3_000_000, END],
      ],
    },
  ],
  ["bytes=0-,1-", whole],
  ["lines=1-2", whole],
  [`bytes=${END}-`, { status: 416, pieces: [] }],
  ["bytes=5-4", { status: 416, pieces: [] }],
];

/** What the body of an answer with these pieces must be. */
function bodyOf({ status, pieces }: Expected, { headers }: RawAnswer): Buffer {
  const [first, ...more] = pieces.map(([start, end]) => blob.subarray(start, end));
  if (first === undefined || (status === 200 && more.length === 0)) return first ?? Buffer.alloc(0);
  if (more.length === 0) return first;
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(
    headers["content-type"] ?? "",
  )?.[1];
  const parts = pieces.map(([start, end]) => [
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\n` +
        `Content-Range: bytes ${start}-${end - 1}/${END}\r\n\r\n`,
    ),
    blob.subarray(start, end),
  ]);
  return Buffer.concat([...parts.flat(), Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function expectAnswer(answer: RawAnswer, expected: Expected): void {
  expect(answer.status).toBe(expected.status);
  if (expected.status === 416) return;
  expect(answer.headers["content-range"]).toBe(expected.contentRange);
  const body = bodyOf(expected, answer);
  expect(answer.headers["content-length"]).toBe(String(body.length));
  expect(answer.body.equals(body)).toBe(true);
}

describe("a range", () => {
  it.each(FORMS)(
    "%s is answered as the bytes say, and the connection goes on",
    async (range, expected) => {
      using connection = await RawConnection.open(registry.origin);
      for (let count = 0; count < 2; count += 1) {
        connection.send(plainRequest("GET", target, [`Range: ${range}`]));
        expectAnswer(await connection.answer(), expected);
      }
      connection.send(plainRequest("GET", "/v2/"));
      expect((await connection.answer()).body.toString()).toBe("{}");
    },
  );

  it("is right 10,000 times, on eight connections at once", SLOW, async () => {
    const client = async (): Promise<number> => {
      using connection = await RawConnection.open(registry.origin);
      let right = 0;
      for (let count = 0; count < 1_250; count += 1) {
        const first = randomInt(END);
        // As many short ones as long ones, up to a quarter of a MiB.
        const end = Math.min(END, first + 1 + Math.floor(2 ** (Math.random() * 18)));
        connection.send(plainRequest("GET", target, [`Range: bytes=${first}-${end - 1}`]));
        const { status, body } = await connection.answer();
        if (status === 206 && body.equals(blob.subarray(first, end))) right += 1;
      }
      return right;
    };
    const rights = await Promise.all(Array.from({ length: 8 }, client));
    expect(rights.reduce((sum, right) => sum + right)).toBe(10_000);
  });
});

describe("requests in a pipeline", () => {
  it("are answered in order, whatever they ask for", async () => {
    const asked = Array.from({ length: 60 }, (_, index) => {
      const first = randomInt(END - 2 * MIB);
      const [range, expected] = FORMS[index % FORMS.length] ?? ["", whole];
      return (
        [
          { method: "HEAD", path: target, lines: [], expected: undefined, status: 200 },
          { method: "GET", path: `/v2/a/blobs/sha256:${"0".repeat(64)}`, lines: [], status: 404 },
          { method: "GET", path: "/v2/", lines: [], status: 200 },
          {
            method: "GET",
            path: target,
            lines: [`Range: bytes=${first}-${first + MIB - 1}`],
            expected: single(first, first + MIB),
          },
          { method: "GET", path: target, lines: [`Range: ${range}`], expected },
        ] as const
      )[randomInt(5)];
    });
    using connection = await RawConnection.open(registry.origin);
    const requests = asked.map((one) => one && plainRequest(one.method, one.path, one.lines));
    connection.send(requests.join(""));
    for (const one of asked) {
      const answer = await connection.answer(one?.method);
      if (one && "expected" in one && one.expected) expectAnswer(answer, one.expected);
      else expect(answer.status).toBe(one && "status" in one ? one.status : 0);
    }
  });
});

describe("clients that go away", () => {
  it("at any moment leave no file open, and are noted", SLOW, async () => {
    const leave = async (): Promise<void> => {
      using connection = await RawConnection.open(registry.origin);
      const requests = Array.from({ length: randomInt(1, 4) }, () => plainRequest("GET", target));
      connection.send(requests.join(""));
      const enough = randomInt(SIZE_BYTES);
      let received = 0;
      const { promise, resolve } = Promise.withResolvers<void>();
      connection.socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received > enough) resolve();
      });
      await promise;
      if (randomInt(2) === 0) connection.socket.resetAndDestroy();
    };
    const before = registry.log.lines.length;
    for (let round = 0; round < 10; round += 1)
      await Promise.all([leave(), leave(), leave(), leave()]);
    await vi.waitUntil(async () => (await openFiles()).length === 0, WAIT);
    expect(registry.accessLog.text).toContain(`${digest} HTTP/1.1" 499`);
    const errors = registry.log.lines.slice(before).filter(({ level }) => level === "error");
    expect(errors).toEqual([]);
    await expectWhole();
  });
});

async function expectWhole(): Promise<void> {
  using connection = await RawConnection.open(registry.origin);
  connection.send(plainRequest("GET", target));
  expect(digestOf((await connection.answer()).body)).toBe(digest);
}

describe("many at once", () => {
  it("get the whole blob each", SLOW, async () => {
    await Promise.all(Array.from({ length: 8 }, expectWhole));
    await vi.waitUntil(async () => (await openFiles()).length === 0, WAIT);
  });

  it("that do not read take hardly any memory, and get the whole in the end", SLOW, async () => {
    const connections = await Promise.all(
      Array.from({ length: 12 }, () => RawConnection.open(registry.origin)),
    );
    // What has to come from the disk may take more, up to a limit for all together.
    await readFile(blobFile());
    const before = await usedBytes();
    for (const connection of connections) {
      connection.socket.pause();
      connection.send(plainRequest("GET", target));
    }
    await vi.waitUntil(() => connections.every(({ socket }) => socket.bytesRead > 0), WAIT);
    const perClient = async (): Promise<number> =>
      ((await usedBytes()) - before) / connections.length;
    for (let count = 0; count < 500; count += 1) await turn();
    await expect.poll(perClient, WAIT).toBeLessThan(192 * 1024);
    for (const connection of connections) {
      using reading = connection;
      reading.socket.resume();
      expect(digestOf((await reading.answer()).body)).toBe(digest);
    }
  });
});

describe("what is logged", () => {
  it("is how many bytes went out, by whatever way", async () => {
    const first = randomInt(MIB);
    using connection = await RawConnection.open(registry.origin);
    connection.send(plainRequest("GET", target, [`Range: bytes=${first}-`]));
    await connection.answer();
    const line = `GET ${target} HTTP/1.1" 206 ${END - first} `;
    await vi.waitUntil(() => registry.accessLog.text.includes(line), WAIT);
  });
});

describe("over TLS", () => {
  it("the same bytes go out", async () => {
    await using own = await mkdtempDisposable(join(tmpdir(), "barge-files-tls-"));
    const { certificate, key } = await writeCertificate(own.path, "localhost");
    const sections = {
      storage: { filesystem: { rootdirectory: own.path } },
      http: { addr: "127.0.0.1:0", tls: { certificate, key } },
    };
    await using secure = await openRegistry({ sections });
    using connection = await RawConnection.open(secure.origin);
    const upload = `/v2/a/blobs/uploads/?digest=${digest}`;
    connection.send(plainRequest("POST", upload, [`Content-Length: ${END}`]), blob);
    expect((await connection.answer()).status).toBe(201);
    for (const [range, expected] of FORMS) {
      connection.send(plainRequest("GET", target, [`Range: ${range}`]));
      expectAnswer(await connection.answer(), expected);
    }
  });
});
