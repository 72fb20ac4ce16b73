import { expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { calm } from "../contracts/storage-subject.ts";
import { describeContent, type TestedContent } from "./content-subject.ts";
import { actor, APP, imageManifest, OTHER, pushImage, pushManifest } from "./images.ts";

const LATEST = parseTag("latest");
const IMAGES = ["1", "2", "3"].map((version) =>
  imageManifest({ members: { annotations: { version } } }),
);
const [ONE, TWO, THREE] = IMAGES.map((bytes) => digestOf(bytes));

/** A store that holds the images, under no tag yet. */
async function withImages(tested: TestedContent): Promise<TestedContent> {
  await pushImage(tested.content, undefined);
  for (const bytes of IMAGES) await pushManifest(tested.content, bytes);
  return tested;
}

async function movesOf({ content }: TestedContent): Promise<readonly object[]> {
  const moves = await Array.fromAsync(content.history.read(APP, LATEST, calm()));
  return moves.map(({ from, to, actor: who }) => ({ from, to, who }));
}

describeContent("the history of a tag", (open) => {
  async function point(tested: TestedContent, to: typeof ONE, who = "ann"): Promise<void> {
    if (to === undefined) await tested.content.tags.delete(APP, LATEST, actor(who));
    else await tested.content.tags.set(APP, { tag: LATEST, to }, actor(who));
  }

  it("has each move once, with who did it, oldest first", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE, "ann");
    await point(tested, TWO, "ben");
    await point(tested, ONE, "ann");
    expect(await movesOf(tested)).toEqual([
      { from: undefined, to: ONE, who: "ann" },
      { from: ONE, to: TWO, who: "ben" },
      { from: TWO, to: ONE, who: "ann" },
    ]);
  });

  it("has no entry for a move to where the tag is", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE);
    await point(tested, ONE);
    expect(await movesOf(tested)).toHaveLength(1);
  });

  it("tells of deletions, by tag and with the manifest, and goes on behind them", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE);
    await point(tested, undefined);
    await point(tested, undefined);
    await point(tested, TWO);
    if (TWO !== undefined) await tested.content.manifests.delete(APP, TWO, actor("eve"));
    await point(tested, THREE);
    expect(await movesOf(tested)).toEqual([
      { from: undefined, to: ONE, who: "ann" },
      { from: ONE, to: undefined, who: "ann" },
      { from: undefined, to: TWO, who: "ann" },
      { from: TWO, to: undefined, who: "eve" },
      { from: undefined, to: THREE, who: "ann" },
    ]);
  });

  it("stays in order when many moves fall into one millisecond", async () => {
    const tested = await withImages(await open());
    for (let move = 0; move < 40; move += 1) await point(tested, move % 2 === 0 ? ONE : TWO);
    const moves = await movesOf(tested);
    expect(moves).toHaveLength(40);
    expect(moves.map((move) => ("to" in move ? move.to : undefined))).toEqual(
      Array.from({ length: 40 }, (_, move) => (move % 2 === 0 ? ONE : TWO)),
    );
  });

  it("is whole when many move the tag at once: each begins where the one before ended", async () => {
    const tested = await withImages(await open());
    const targets = Array.from({ length: 30 }, (_, move) => [ONE, TWO, THREE][move % 3]);
    await Promise.all(targets.map((to) => point(tested, to)));
    const moves = await Array.fromAsync(tested.content.history.read(APP, LATEST, calm()));
    for (const [index, { from }] of moves.entries()) expect(from).toBe(moves[index - 1]?.to);
    const now = await tested.content.tags.resolve(APP, LATEST, calm());
    expect(moves.at(-1)?.to).toBe(now);
  });

  it("is there for another process, which goes on with it", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE);
    const later = await tested.reopen();
    await point(later, TWO);
    expect(await movesOf(later)).toHaveLength(2);
    expect(await movesOf(tested)).toEqual(await movesOf(later));
  });

  it("says when", async () => {
    const tested = await withImages(await open());
    const before = Date.now();
    await point(tested, ONE);
    const [move] = await Array.fromAsync(tested.content.history.read(APP, LATEST, calm()));
    expect(move?.at.getTime()).toBeGreaterThanOrEqual(before);
    expect(move?.at.getTime()).toBeLessThanOrEqual(Date.now() + 100);
  });

  it("is empty for a tag that never was, and knows other repositories and tags apart", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE);
    const { history } = tested.content;
    expect(await Array.fromAsync(history.read(OTHER, LATEST, calm()))).toEqual([]);
    expect(await Array.fromAsync(history.read(APP, parseTag("late"), calm()))).toEqual([]);
  });

  it("passes over what is no entry", async () => {
    const tested = await withImages(await open());
    await point(tested, ONE);
    const folder = `docker/registry/v2/repositories/${APP}/_barge/history/latest`;
    for (const [name, text] of [
      ["0-empty", ""],
      ["0-later-version", `{"version":2}`],
      ["0-no-time", `{"version":1,"at":"yesterday"}`],
    ] as const) {
      await tested.driver.write(`${folder}/${name}`, Buffer.from(text), calm());
    }
    expect(await movesOf(tested)).toHaveLength(1);
  });
});
