/** Rows with whole images. */
import { mkdir, mkdtempDisposable } from "node:fs/promises";
import { join } from "node:path";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import { runProgram } from "../fixtures/program.ts";
import { MIB, throughput } from "./blob-read-rows.ts";
import { blobTarget, manifestTarget, MANIFEST_HEADERS } from "./data-set.ts";
import { checkBlob, checkDigest, type Lab, type OpenedServer } from "./lab.ts";
import { LoadClient } from "./load-client.ts";
import { cpuSecondsOf, peakRssOf } from "./process-usage.ts";
import { isRegistry, type Row, type Sample, type Session, type Subject } from "./row.ts";
import { findProgram, type System } from "./systems.ts";

const LAYER_BYTES = [120 * MIB, 40 * MIB, 20 * MIB, 10 * MIB, 10 * MIB];
const CLIENTS = 50;
const SKOPEO_LAYER_BYTES = 150_000_000;
const TAG = "real";

export const IMAGE_ROWS: readonly Row[] = [
  { name: "image-50", unit: "GB/s", mostRuns: 2, takes: isRegistry, open: openFifty },
  skopeoRow("skopeo-push", push),
  skopeoRow("skopeo-pull", pull),
];

async function openFifty({ lab, system, resources }: Subject): Promise<Session> {
  const image = await lab.dataSet.image("five-layers", LAYER_BYTES);
  const server = await lab.open(resources, system, { data: "shared", blobs: [], image });
  const { origin, processId } = server;
  for (const blob of image.blobs) await checkBlob(origin, blob);
  await checkDigest(
    origin,
    { target: manifestTarget(image.tag), status: 200 },
    image.manifest.digest,
  );
  const client = new LoadClient(resources);
  const requests = [
    {
      target: manifestTarget(image.tag),
      status: 200,
      sizeBytes: image.manifest.sizeBytes,
      headers: MANIFEST_HEADERS,
    },
    ...image.blobs.map((blob) => ({
      target: blobTarget(blob),
      status: 200,
      sizeBytes: blob.sizeBytes,
    })),
  ];
  const clients = Array.from({ length: CLIENTS }, () => requests);
  return {
    processId,
    run: async () => throughput(await client.run({ kind: "read", origin: origin.href, clients })),
  };
}

type SkopeoRun = (server: OpenedServer, layout: string, folder: string) => Promise<number>;

function skopeoRow(name: string, act: SkopeoRun): Row {
  return {
    name,
    group: "skopeo",
    unit: "ms",
    mostRuns: 3,
    takes: isRegistry,
    whyNot: () => Promise.resolve(findProgram("skopeo") === undefined ? "needs skopeo" : undefined),
    open: async ({ lab, system }) => {
      const layout = await imageLayout(lab);
      return { run: async () => runSkopeo({ lab, system, layout }, act) };
    },
  };
}

/** Each run has a fresh server, for skopeo and registries remember what they have seen. */
async function runSkopeo(
  { lab, system, layout }: { lab: Lab; system: System; layout: string },
  act: SkopeoRun,
): Promise<Sample> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(lab.directory, "skopeo-"))).path;
  const server = await lab.open(resources, system, { data: "own" });
  const { processId } = server;
  const value = await act(server, layout, folder);
  return {
    value,
    work: (2 * SKOPEO_LAYER_BYTES) / 1e9,
    cpuSeconds: await cpuSecondsOf(processId),
    peakRssBytes: await peakRssOf(processId),
  };
}

async function push({ origin }: OpenedServer, layout: string, folder: string): Promise<number> {
  const target = `docker://${origin.host}/bench/skopeo:${TAG}`;
  return await skopeo(folder, ["--dest-tls-verify=false", `oci:${layout}:${TAG}`, target]);
}

/** Skopeo checks the digest of every layer. */
async function pull(server: OpenedServer, layout: string, folder: string): Promise<number> {
  await push(server, layout, folder);
  const source = `docker://${server.origin.host}/bench/skopeo:${TAG}`;
  return await skopeo(folder, ["--src-tls-verify=false", source, `dir:${join(folder, "pulled")}`]);
}

/** @returns how many milliseconds it took. */
async function skopeo(folder: string, args: readonly string[]): Promise<number> {
  const program = findProgram("skopeo") ?? "skopeo";
  const startedMs = performance.now();
  await runProgram({
    command: [program, "--insecure-policy", "copy", "--quiet", ...args],
    env: { PATH: "/usr/bin:/bin", HOME: folder, TMPDIR: folder },
  });
  return performance.now() - startedMs;
}

/** An image of 300 MB in two gzipped layers that no compression helps with. */
async function imageLayout(lab: Lab): Promise<string> {
  const directory = join(lab.directory, "data", "skopeo-layout");
  const made = await mkdir(directory, { recursive: true });
  if (made !== undefined) {
    await writeOciLayout(directory, { tag: TAG, layerBytes: SKOPEO_LAYER_BYTES });
  }
  return directory;
}
