import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeOciLayout, type OciLayout, type OciLayoutOptions } from "../fixtures/oci-layout.ts";
import { collectGarbage } from "../fixtures/reference-registry.ts";
import { checkStore } from "./check-store.ts";
import { openClients, type Clients } from "./clients.ts";
import { sha256Of } from "./registry-answers.ts";
import {
  listSharedFiles,
  readHoldings,
  signUploadState,
  whileServed,
  type Server,
} from "./shared-directory.ts";
import { describeWithTools } from "./tools.ts";

const BYTES = "application/octet-stream";

describeWithTools(["docker-registry", "registry", "skopeo", "crane"], "one data directory", () => {
  const resources = new AsyncDisposableStack();
  let clients: Clients;
  beforeAll(async () => {
    clients = await openClients(resources);
  });
  afterAll(async () => resources.disposeAsync());

  const file = (name: string): string => join(clients.directory, name);

  const layout = async (
    name: string,
    options: Partial<OciLayoutOptions> = {},
  ): Promise<OciLayout> => writeOciLayout(file(name), { tag: "1", layerBytes: 20_000, ...options });

  /** Pushes a layout as `name:tag` of a reference. */
  async function push(origin: URL, reference: string, { directory }: OciLayout): Promise<void> {
    const flags = ["--quiet", "--all", "--preserve-digests", "--dest-tls-verify=false"];
    const target = `docker://${origin.host}/${reference}`;
    await clients.run("skopeo", "copy", ...flags, `oci:${directory}:1`, target);
  }

  const digestOf = async (origin: URL, reference: string): Promise<string> =>
    (await clients.run("crane", "digest", `${origin.host}/${reference}`)).trim();

  /** Reads every byte of an image and checks it against its digests. */
  const validate = async (origin: URL, reference: string): Promise<string> =>
    clients.run("crane", "validate", "--remote", `${origin.host}/${reference}`);

  const remove = async (origin: URL, name: string, reference: string): Promise<number> => {
    const url = new URL(`/v2/${name}/manifests/${reference}`, origin);
    return (await fetch(url, { method: "DELETE" })).status;
  };

  const status = async (origin: URL, path: string): Promise<number> => {
    const accept =
      "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    const response = await fetch(new URL(path, origin), { method: "HEAD", headers: { accept } });
    return response.status;
  };

  describe.each([2, 3] as const)("with the reference registry, version %i", (reference) => {
    const turns: readonly (readonly [writer: Server, reader: Server])[] = [
      [reference, "barge"],
      ["barge", reference],
    ];

    it.each(turns)("what %s pushed, %s serves in full", async (writer, reader) => {
      const root = file(`push-${writer}-${reader}`);
      const image = await layout(`image-${writer}-${reader}`);
      const index = await layout(`index-${writer}-${reader}`, {
        architectures: ["amd64", "arm64"],
      });
      const held = await whileServed(writer, root, async (origin) => {
        await push(origin, "plain:1", image);
        await push(origin, "deep/er/name:v1.0", image);
        await push(origin, "multi:1", index);
        return readHoldings(origin);
      });
      await whileServed(reader, root, async (origin) => {
        expect(await readHoldings(origin)).toEqual(held);
        expect(await digestOf(origin, "deep/er/name:v1.0")).toBe(image.top.digest);
        expect(await digestOf(origin, "multi:1")).toBe(index.top.digest);
        for (const name of ["plain:1", "deep/er/name:v1.0", "multi:1"])
          await validate(origin, name);
      });
      expect((await checkStore(root)).violations).toEqual([]);
    });

    it("the same pushes leave the same files", async () => {
      const index = await layout(`files-${reference}`, { architectures: ["amd64", "arm64"] });
      const image = await layout(`files-image-${reference}`);
      const fill = async (server: Server): Promise<Record<string, string>> => {
        const root = file(`files-${reference}-by-${server}`);
        await whileServed(server, root, async (origin) => {
          await push(origin, "a/b:1", index);
          await push(origin, "a/b:2", image);
          await push(origin, "a/b:1", image);
          await push(origin, "c:1", index);
        });
        return listSharedFiles(root);
      };
      expect(await fill("barge")).toEqual(await fill(reference));
    });

    it.each(turns)("a tag that %s moves is moved for %s, and back", async (first, second) => {
      const root = file(`move-${first}-${second}`);
      const one = await layout(`one-${first}-${second}`);
      const two = await layout(`two-${first}-${second}`);
      await whileServed(first, root, async (origin) => push(origin, "moved:1", one));
      await whileServed(second, root, async (origin) => {
        await push(origin, "moved:1", two);
        expect(await digestOf(origin, `moved@${one.top.digest}`)).toBe(one.top.digest);
      });
      await whileServed(first, root, async (origin) => {
        expect(await digestOf(origin, "moved:1")).toBe(two.top.digest);
        await push(origin, "moved:1", one);
      });
      await whileServed(second, root, async (origin) => {
        expect(await digestOf(origin, "moved:1")).toBe(one.top.digest);
      });
      expect((await checkStore(root)).violations).toEqual([]);
    });

    it.each(turns)(
      "an image that %s deleted is gone for %s with its tags",
      async (writer, reader) => {
        const root = file(`delete-${writer}-${reader}`);
        const kept = await layout(`kept-${writer}-${reader}`);
        const gone = await layout(`gone-${writer}-${reader}`);
        await whileServed(reader, root, async (origin) => {
          await push(origin, "app:kept", kept);
          for (const tag of ["gone", "gone-too"]) await push(origin, `app:${tag}`, gone);
        });
        const held = await whileServed(writer, root, async (origin) => {
          expect(await remove(origin, "app", gone.top.digest)).toBe(202);
          return readHoldings(origin);
        });
        await whileServed(reader, root, async (origin) => {
          expect(await status(origin, `/v2/app/manifests/${gone.top.digest}`)).toBe(404);
          expect(await readHoldings(origin)).toEqual(held);
          expect(held.tags).toEqual({ app: ["kept"] });
          await validate(origin, "app:kept");
        });
        expect((await checkStore(root)).violations).toEqual([]);
      },
    );

    it("a tag that Barge deleted is gone, its image stays", async () => {
      const root = file(`untag-${reference}`);
      const image = await layout(`untagged-${reference}`);
      await whileServed(reference, root, async (origin) => {
        for (const tag of ["1", "2"]) await push(origin, `app:${tag}`, image);
      });
      await whileServed("barge", root, async (origin) => {
        expect(await remove(origin, "app", "1")).toBe(202);
      });
      await whileServed(reference, root, async (origin) => {
        expect((await readHoldings(origin)).tags).toEqual({ app: ["2"] });
        expect(await digestOf(origin, `app@${image.top.digest}`)).toBe(image.top.digest);
      });
    });

    it.each(turns)("an upload that %s began is finished by %s", async (first, second) => {
      const root = file(`upload-${first}-${second}`);
      const [head, tail] = [randomBytes(70_001), randomBytes(50_000)];
      const digest = sha256Of(Buffer.concat([head, tail]));
      const id = await whileServed(first, root, async (origin) => beginUpload(origin, "app", head));
      await whileServed(second, root, async (origin) => {
        const state = signUploadState({ name: "app", id, offsetBytes: head.byteLength });
        const query = `_state=${encodeURIComponent(state)}&digest=${digest}`;
        const url = new URL(`/v2/app/blobs/uploads/${id}?${query}`, origin);
        const headers = { "content-type": BYTES };
        const finished = await fetch(url, { method: "PUT", body: tail, headers });
        expect(finished.status).toBe(201);
      });
      await whileServed(first, root, async (origin) => {
        const blob = await fetch(new URL(`/v2/app/blobs/${digest}`, origin));
        expect(sha256Of(await blob.bytes())).toBe(digest);
      });
      expect((await checkStore(root)).violations).toEqual([]);
    });

    it("the reference's garbage collection takes nothing that Barge needs", async () => {
      const root = file(`collected-${reference}`);
      const index = await layout(`collect-${reference}`, { architectures: ["amd64", "arm64"] });
      const gone = await layout(`garbage-${reference}`);
      const waste = gone.images[0]?.layers[0]?.digest ?? "";
      await whileServed("barge", root, async (origin) => {
        await push(origin, "app:1", index);
        await push(origin, "app:2", gone);
        expect(await remove(origin, "app", gone.top.digest)).toBe(202);
      });
      expect(await collectGarbage(reference, root)).toContain(waste);
      await whileServed("barge", root, async (origin) => {
        expect(await digestOf(origin, "app:1")).toBe(index.top.digest);
        await validate(origin, "app:1");
        expect(await status(origin, `/v2/app/blobs/${waste}`)).toBe(404);
        await push(origin, "app:2", gone);
        await validate(origin, "app:2");
      });
    });
  });
});

/** Opens an upload and sends its first bytes. @returns its id. */
async function beginUpload(
  origin: URL,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const opened = await fetch(new URL(`/v2/${name}/blobs/uploads/`, origin), { method: "POST" });
  const location = new URL(opened.headers.get("location") ?? "", origin);
  const range = `0-${bytes.byteLength - 1}`;
  const headers = { "content-type": BYTES, "content-range": range };
  const sent = await fetch(location, { method: "PATCH", body: bytes, headers });
  expect(sent.status).toBe(202);
  return opened.headers.get("docker-upload-uuid") ?? "";
}
