/** Manifests that are too large, too deep, ambiguous or not what they say: refused, and nothing of them kept. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../src/oci/manifest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, type RawAnswer, RawConnection, requestHead } from "../fixtures/raw-http.ts";

const DIGEST = digestOf(Buffer.from("absent"));
const CHILD = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 10 };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [CHILD] };
const withSize = (size: string): string =>
  JSON.stringify(INDEX).replace('"size":10', `"size":${size}`);

let registry: InProcessRegistry;
let tags = 0;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(async () => registry[Symbol.asyncDispose]());

interface Push {
  readonly text: string;
  readonly type?: string;
  readonly isChunked?: boolean;
}

/** Pushes under a tag of its own and asks for that tag on the same connection. */
async function push({ text, type = OCI_INDEX, isChunked = false }: Push): Promise<{
  readonly pushed: RawAnswer;
  readonly pulled: RawAnswer;
}> {
  tags += 1;
  const target = `/v2/hostile/manifests/t${tags}`;
  using connection = await RawConnection.open(registry.origin);
  const bytes = Buffer.from(text);
  const length = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`;
  connection.send(`${requestHead("PUT", target, [`Content-Type: ${type}`, length])}\r\n`);
  if (isChunked) connection.send(`${bytes.length.toString(16)}\r\n`, bytes, "\r\n0\r\n\r\n");
  else connection.send(bytes);
  const pushed = await connection.answer();
  connection.send(plainRequest("GET", target));
  return { pushed, pulled: await connection.answer() };
}

const codeOf = ({ body }: RawAnswer): string => {
  const { errors } = JSON.parse(body.toString()) as { errors: readonly { code: string }[] };
  return errors[0]?.code ?? "";
};

describe("a manifest of", () => {
  const padded = (lengthBytes: number): string => JSON.stringify(INDEX).padEnd(lengthBytes, " ");

  it.each([false, true])("4 MiB is taken, chunked: %s", async (isChunked) => {
    const text = padded(MAX_MANIFEST_BYTES);
    const { pushed, pulled } = await push({ text, isChunked });
    expect([pushed.status, pulled.status]).toEqual([201, 200]);
    expect(pulled.body.equals(Buffer.from(text))).toBe(true);
  });

  it.each([false, true])("one byte more is refused, chunked: %s", async (isChunked) => {
    const { pushed, pulled } = await push({ text: padded(MAX_MANIFEST_BYTES + 1), isChunked });
    expect([pushed.status, codeOf(pushed)]).toEqual([413, "MANIFEST_INVALID"]);
    expect([pulled.status, codeOf(pulled)]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });
});

const REFUSED: Readonly<Record<string, Push>> = {
  "no bytes": { text: "" },
  "no JSON": { text: "{" },
  "a byte order mark": { text: `\uFEFF${JSON.stringify(INDEX)}` },
  "a million open brackets": { text: "[".repeat(1_000_000) },
  "depth 65": { text: `{"schemaVersion":2,"x":${"[".repeat(64)}${"]".repeat(64)}}` },
  "a million empty objects": { text: `{"x":[${"{},".repeat(1_000_000)}{}]}` },
  "10,001 children": { text: JSON.stringify({ ...INDEX, manifests: Array(10_001).fill(CHILD) }) },
  "a member twice": { text: JSON.stringify(INDEX).replace("{", '{"mediaType":"x",') },
  "a member twice, once escaped": {
    text: JSON.stringify(INDEX).replace("{", '{"manifest\\u0073":[],'),
  },
  "layers beside manifests": { text: JSON.stringify({ ...INDEX, layers: [] }) },
  "config beside manifests": { text: JSON.stringify({ ...INDEX, config: CHILD }) },
  "manifests beside layers": {
    text: JSON.stringify({ schemaVersion: 2, config: CHILD, layers: [], manifests: [] }),
    type: OCI_MANIFEST,
  },
  "another mediaType than Content-Type": { text: JSON.stringify(INDEX), type: OCI_MANIFEST },
  "a Content-Type of a page": { text: JSON.stringify(INDEX), type: "text/html" },
  "a mediaType of a page": { text: JSON.stringify({ ...INDEX, mediaType: "text/html" }), type: "" },
  "a mediaType with a line break": {
    text: JSON.stringify({ ...INDEX, mediaType: `${OCI_INDEX}\r\nX-Injected: y` }),
    type: "",
  },
  "its members in __proto__": { text: `{"__proto__":${JSON.stringify(INDEX)}}` },
  "a size of 1e400": { text: withSize("1e400") },
  "a size that loses precision": { text: withSize("9007199254740993") },
  "a size below zero": { text: withSize("-1") },
  "a size with a fraction": { text: withSize("1.5") },
  "a size in quotes": { text: withSize('"10"') },
  "a digest in upper case": { text: JSON.stringify(INDEX).replace(DIGEST, DIGEST.toUpperCase()) },
  "a digest that is a path": { text: JSON.stringify(INDEX).replace(DIGEST, "sha256:../../x") },
  "a digest of md5": { text: JSON.stringify(INDEX).replace(DIGEST, "md5:0123456789abcdef") },
  "an annotation that is a number": { text: JSON.stringify({ ...INDEX, annotations: { a: 1 } }) },
};

describe("a manifest is refused that has", () => {
  it.each(Object.entries(REFUSED))("%s", async (_name, wanted) => {
    const { pushed, pulled } = await push(wanted);
    expect([pushed.status, codeOf(pushed)]).toEqual([400, "MANIFEST_INVALID"]);
    expect([pulled.status, codeOf(pulled)]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });
});

describe("a manifest is taken as it is", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "with an annotation named %s",
    async (name) => {
      const text = JSON.stringify({ ...INDEX, annotations: { x: "y" } }).replace(
        '"x"',
        `"${name}"`,
      );
      const { pushed, pulled } = await push({ text });
      expect([pushed.status, pulled.body.toString()]).toEqual([201, text]);
    },
  );

  it("and served so that no browser runs it", async () => {
    const { pulled } = await push({ text: JSON.stringify(INDEX) });
    expect(pulled.headers).toMatchObject({
      "content-type": OCI_INDEX,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "content-disposition": "attachment",
    });
  });
});

it("a manifest whose client goes away in its middle is not kept", async () => {
  const text = JSON.stringify(INDEX);
  for (const length of [`Content-Length: ${text.length + 1}`, "Transfer-Encoding: chunked"]) {
    using connection = await RawConnection.open(registry.origin);
    const target = "/v2/hostile/manifests/cut";
    const body = length.startsWith("C") ? text : `${text.length.toString(16)}\r\n${text}\r\n`;
    connection.send(
      `${requestHead("PUT", target, [`Content-Type: ${OCI_INDEX}`, length])}\r\n${body}`,
    );
    connection.socket.end();
    await connection.closed();
    using next = await RawConnection.open(registry.origin);
    next.send(plainRequest("GET", target));
    expect((await next.answer()).status).toBe(404);
  }
});
