import { describe, expect, it } from "vitest";
import type { LayerReport } from "../../src/app/layer-report.ts";
import { adviceFor } from "../../src/cli/layer-advice.ts";
import { type FoundLayer, holdsGate, verdictOf } from "../../src/cli/layer-verdict.ts";
import type { BytesKind } from "../../src/layouts/bytes-kind.ts";
import type { StoredLayer } from "../../src/layouts/stored-layer.ts";
import { digestOf } from "../../src/oci/digest.ts";

const DIGEST = digestOf(Buffer.from("a layer"));
const IN_IMAGE = { isWhole: false, digest: DIGEST } as const;
const TYPE = "application/vnd.oci.image.layer.v1.tar";

describe("verdictOf() and adviceFor()", () => {
  it("tell by its corrections whether the encoder is known, whatever the recipe takes", () => {
    const small = exact({ corrections: 3, recipeBytes: 300 });
    expect(verdictOf(small)).toEqual({ travels: "nearly", flaw: undefined });
    expect(adviceFor(small)).toBe(
      "Travels, but its encoder is known only nearly, and each version costs 0.03 % of its size on top: " +
        "to save that, compress it again, for example with `gzip -dc FILE | gzip -n > NEW`.",
    );
    const large = exact({ corrections: 0, recipeBytes: 50_000 });
    expect(verdictOf(large)).toEqual({ travels: "well", flaw: undefined });
    expect(adviceFor(large)).toMatch(
      /^Travels well: .* Its recipe takes 5\.0 % of its size on top\.$/,
    );
    expect(adviceFor(exact({ corrections: 0, recipeBytes: 900 }))).toMatch(/has to move\.$/);
    expect(adviceFor(exact({ corrections: 1, recipeBytes: 9 }))).toContain("less than 0.01 %");
  });

  it("tell how to compress an image's layer again, and a file of zstd", () => {
    const like = { corrections: 3, recipeBytes: 300 };
    expect(adviceFor(exact(like, IN_IMAGE))).toContain(
      "with `skopeo copy --dest-decompress IMAGE dir:plain && skopeo copy dir:plain NEW`.",
    );
    const file = exact(like);
    const zstd = { ...file, report: { ...file.report, bytesKind: "zstd" } } as const;
    expect(adviceFor(zstd)).toContain("`zstd -dc FILE | gzip -n > NEW`");
  });

  it("tell a stream that clients refuse, though it can be rebuilt", () => {
    const found = exact({
      corrections: 0,
      recipeBytes: 300,
      damage: "a member's checksum is wrong",
    });
    expect(verdictOf(found)).toEqual({
      travels: "not at all",
      flaw: { kind: "broken", text: "a member's checksum is wrong" },
    });
    expect(adviceFor(found)).toBe(
      "Do not ship it: a member's checksum is wrong, and clients refuse it; make it again.",
    );
    const inImage = exact({ corrections: 0, recipeBytes: 300, damage: "it is wrong" }, IN_IMAGE);
    expect(adviceFor(inImage)).toMatch(/build or copy the image again\.$/);
  });

  it.each([
    ["tar", "not-compressed", "well", /^Travels well: it is not compressed, and /],
    [
      "xz",
      "other-compression",
      "whole",
      /with xz: compress it again, .*`xz -dc FILE \| gzip -n > NEW`/,
    ],
    ["other", "not-a-layer", "whole", /^Moves whole each time: it is neither a tar nor /],
  ] as const)("tell of uncompressed bytes of the kind %s that they are %s", (...row) => {
    const [kind, flaw, travels, text] = row;
    const found = raw(kind);
    expect(verdictOf(found)).toMatchObject({ travels, flaw: { kind: flaw } });
    expect(adviceFor(found)).toMatch(text);
  });

  it.each([
    [`${TYPE}`, "tar", undefined],
    [`${TYPE}+gzip`, "gzip", undefined],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip", undefined],
    ["application/wasm", "gzip", undefined],
    [`${TYPE}+gzip`, "tar", "its image says that it is gzip, and it is a plain tar"],
    [`${TYPE}+zstd`, "gzip", "its image says that it is zstd, and it is gzip"],
    [TYPE, "gzip", "its image says that it is a plain tar, and it is gzip"],
    [
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
      "other",
      "its image says that it is gzip, and it is something else",
    ],
  ] as const)("compare the media type %s with bytes of the kind %s", (mediaType, kind, text) => {
    const layer = { ...IN_IMAGE, mediaType };
    const recipe = { corrections: 0, recipeBytes: 1 };
    const found = kind === "gzip" ? exact(recipe, layer) : raw(kind, layer);
    const { travels, flaw } = verdictOf(found);
    if (text === undefined) expect(flaw?.kind).not.toBe("other-media-type");
    else
      expect({ travels, flaw }).toEqual({
        travels: "not at all",
        flaw: { kind: "other-media-type", text },
      });
  });

  it("tell what is encrypted, whatever its bytes look like", () => {
    const found = raw("other", { ...IN_IMAGE, mediaType: `${TYPE}+gzip+encrypted` });
    expect(verdictOf(found)).toMatchObject({ travels: "whole", flaw: { kind: "encrypted" } });
    expect(adviceFor(found)).toMatch(/^Moves whole each time: it is encrypted/);
  });

  it("say of plain layers of an image what clients do with them", () => {
    const found = raw("tar", IN_IMAGE);
    expect(adviceFor(found)).toMatch(
      /^Travels well: .* clients push it so, or compress it on the way/,
    );
  });
});

describe("holdsGate()", () => {
  const gate = { requireExact: true, mostRecipeShare: undefined };
  const none = { requireExact: false, mostRecipeShare: undefined };
  const good = exact({ corrections: 0, recipeBytes: 1000 });

  it.each([
    ["an exact layer", good, true],
    ["a nearly known one", exact({ corrections: 9, recipeBytes: 10_000 }), true],
    ["a plain tar", raw("tar"), true],
    ["no layer", raw("other"), false],
    ["xz", raw("xz"), false],
    ["a damaged one", exact({ corrections: 0, recipeBytes: 1, damage: "a reason" }), false],
    [
      "other bytes",
      exact({ corrections: 0, recipeBytes: 1 }, { digest: digestOf(Buffer.of(0)) }),
      false,
    ],
  ])("of %s is as it is asked for", (_, found, holds) => {
    expect(holdsGate([good, found], gate)).toBe(holds);
    expect(holdsGate([good, found], none)).toBe(true);
  });

  it("does not hold where there is no layer", () => {
    expect(holdsGate([], gate)).toBe(false);
    expect(holdsGate([], none)).toBe(true);
  });

  it("measures recipes by the size of their layers", () => {
    const most = { requireExact: false, mostRecipeShare: 0.001 };
    expect(holdsGate([good, raw("tar")], most)).toBe(true);
    expect(holdsGate([exact({ corrections: 0, recipeBytes: 1001 })], most)).toBe(false);
    expect(holdsGate([raw("other")], most)).toBe(false);
  });
});

interface Recipe {
  readonly corrections: number;
  readonly recipeBytes: number;
  readonly damage?: string;
}

/** A layer of gzip, of a million bytes. */
function exact({ damage, ...recipe }: Recipe, layer: Partial<StoredLayer> = {}): FoundLayer {
  const found = foundLayer("gzip", layer);
  const { corrections, recipeBytes } = recipe;
  const sizes = { streamBytes: found.report.streamBytes, plainBytes: 3_000_000 };
  const who = { encoder: "GNU gzip", level: "6", framing: "one member" };
  const findings = { ...who, corrections, ...sizes, damage };
  const result = {
    kind: "exact",
    format: "gzip",
    findings,
    recipeBytes,
    isVerified: true,
  } as const;
  return { ...found, report: { ...found.report, result } };
}

/** A layer that is neither gzip nor zstd, of a million bytes. */
function raw(bytesKind: BytesKind, layer: Partial<StoredLayer> = {}): FoundLayer {
  return foundLayer(bytesKind, layer);
}

function foundLayer(bytesKind: BytesKind, layer: Partial<StoredLayer>): FoundLayer {
  const streamBytes = 1_000_000;
  const reason = { kind: "not-compressed", text: "it is not compressed" } as const;
  const report: LayerReport = {
    streamBytes,
    digest: DIGEST,
    bytesKind,
    beginsAsImages: false,
    result: { kind: "raw", reason },
    chunks: undefined,
    base: undefined,
  };
  const range = { path: "file", offset: 0, sizeBytes: streamBytes };
  const said = { digest: undefined, mediaType: undefined, images: [] };
  return { layer: { file: "file", isWhole: true, ...said, range, ...layer }, report };
}
