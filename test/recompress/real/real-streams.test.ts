import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { itWithTools } from "../../real/tools.ts";
import { makeRealStream, REAL_STREAMS } from "../corpora/real-streams.ts";

/** Starting its engine takes longer than all the others together; the corpora have it. */
const STREAMS = REAL_STREAMS.filter(({ name }) => name !== "docker-gzip");

describe("what real tools push", () => {
  let folder = "";
  let layerFile = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "barge-real-streams-"));
    layerFile = join(folder, "layer.tar");
    await writeFile(layerFile, plainLayer({ seed: 11, sizeBytes: 1_200_000, canUnpack: true }));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  for (const stream of STREAMS) {
    itWithTools(stream.needs, `${stream.name} is foreseen without a correction`, async () => {
      const streamFile = join(folder, stream.name);
      await makeRealStream(stream, { layerFile, streamFile });
      expectForeseen(await readFile(streamFile));
    });
  }
});

function expectForeseen(stream: Uint8Array): void {
  const analyser = analyseStream(() => undefined);
  analyser.write(stream);
  expect(analyser.end()).toMatchObject({ kind: "exact", findings: { corrections: 0 } });
}
