/** Tags that may be created and not moved, with other processes on the same store. */
import { beforeEach, describe, expect, it } from "vitest";
import type { ContentStore } from "../../src/content/content-store.ts";
import { TagExists } from "../../src/content/errors.ts";
import { tagCurrentLink } from "../../src/content/layout.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { parseTag, type Tag } from "../../src/oci/reference.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import {
  createInMemoryStore,
  type InMemoryStore,
} from "../../storage-drivers/inmemory/inmemory-store.ts";
import { calm } from "../contracts/storage-subject.ts";
import { type DriverCall, intercepted, type Interception } from "../fakes/failing-driver.ts";
import { describeContent, openContent, type TestedContent } from "./content-subject.ts";
import { actor, APP, imageManifest, pushImage, pushManifest, tagged } from "./images.ts";

const ROUNDS = 60;
const LATEST = parseTag("latest");
const LINK = tagCurrentLink(APP, LATEST);
const IMAGES = ["1", "2"].map((version) =>
  imageManifest({ members: { annotations: { version } } }),
);
const [ONE, TWO] = IMAGES.map((bytes) => digestOf(bytes)) as [Digest, Digest];

function creator(name: string): { readonly actor: string; readonly mayOverwrite: boolean } & {
  readonly signal: AbortSignal;
} {
  return { ...actor(name), mayOverwrite: false };
}

/** A store that holds the images, under no tag yet. */
async function withImages<Opened extends TestedContent>(tested: Opened): Promise<Opened> {
  await pushImage(tested.content, undefined);
  for (const bytes of IMAGES) await pushManifest(tested.content, bytes);
  return tested;
}

async function movesOf(content: ContentStore, tag: Tag): Promise<readonly object[]> {
  const moves = await Array.fromAsync(content.history.read(APP, tag, calm()));
  return moves.map(({ from, to, actor: who }) => ({ from, to, who }));
}

describeContent("of two processes that create one tag", (open) => {
  it("one succeeds, and the history knows its move alone", async () => {
    const tested = await withImages(await open());
    const [content, replica] = [tested.content, (await tested.reopen()).content];
    for (let round = 0; round < ROUNDS; round += 1) {
      const tag = parseTag(`v${round}`);
      const outcomes = await Promise.allSettled([
        content.tags.set(APP, { tag, to: ONE }, creator("ann")),
        replica.tags.set(APP, { tag, to: TWO }, creator("ben")),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const isAnn = outcomes[0].status === "fulfilled";
      const lost = outcomes[isAnn ? 1 : 0];
      expect(lost).toMatchObject({ reason: { kind: "TagExists", tag } });
      const [to, who] = isAnn ? [ONE, "ann"] : [TWO, "ben"];
      expect(await content.tags.resolve(APP, tag, calm())).toBe(to);
      expect(await replica.tags.resolve(APP, tag, calm())).toBe(to);
      expect(await movesOf(content, tag)).toEqual([{ from: undefined, to, who }]);
    }
  });

  it("both succeed when both point it to the same manifest, and one has moved it", async () => {
    const tested = await withImages(await open());
    const replica = await tested.reopen();
    for (let round = 0; round < ROUNDS; round += 1) {
      const tag = parseTag(`v${round}`);
      await Promise.all([
        tested.content.tags.set(APP, { tag, to: ONE }, creator("ann")),
        replica.content.tags.set(APP, { tag, to: ONE }, creator("ben")),
      ]);
      expect(await movesOf(tested.content, tag)).toMatchObject([{ from: undefined, to: ONE }]);
    }
  });

  it("each heals a damaged link", async () => {
    const tested = await withImages(await open());
    for (const to of [ONE, TWO]) {
      await tested.driver.write(LINK, Buffer.alloc(71), calm());
      await tested.content.tags.set(APP, { tag: LATEST, to }, creator("ann"));
      expect(await tested.content.tags.resolve(APP, LATEST, calm())).toBe(to);
    }
    expect(await movesOf(tested.content, LATEST)).toEqual([
      { from: undefined, to: ONE, who: "ann" },
      { from: undefined, to: TWO, who: "ann" },
    ]);
  });
});

describe("who creates a tag while another process comes in between", () => {
  let store: InMemoryStore;
  let replica: ContentStore;
  let interception: Interception;
  let content: ContentStore;

  beforeEach(async () => {
    store = createInMemoryStore();
    interception = {};
    ({ content: replica } = await withImages(
      await openContent(async () => new InMemoryDriver(store)),
    ));
    const driver: StorageDriver = intercepted(new InMemoryDriver(store), {
      before: (call) => interception.before?.(call),
      after: (call) => interception.after?.(call),
    });
    ({ content } = await openContent(async () => driver));
  });

  const create = (to: Digest): Promise<Digest | undefined> =>
    content.tags.set(APP, { tag: LATEST, to }, creator("ann"));

  /** Once, after this process has looked where the tag points. */
  function afterTheLook(task: () => Promise<unknown>): void {
    let isDone = false;
    interception = {
      after: async ({ action, key }) => {
        if (isDone || action !== "read" || key !== LINK) return;
        isDone = true;
        await task();
      },
    };
  }

  /** Once, right before this process creates the link. */
  function beforeTheMove(task: () => Promise<unknown>): void {
    let isDone = false;
    interception = {
      before: async ({ action, key }) => {
        if (isDone || action !== "write" || key !== LINK) return;
        isDone = true;
        await task();
      },
    };
  }

  const point = (to: Digest): Promise<unknown> =>
    replica.tags.set(APP, { tag: LATEST, to }, actor("ben"));

  it("has said so in the history first", async () => {
    const written: string[] = [];
    interception = {
      before: ({ action, key }: DriverCall) => {
        if (action === "write") written.push(key.replace(/^.*\/(?=_barge|_manifests)/, ""));
      },
    };
    await create(ONE);
    expect(written).toEqual([
      expect.stringMatching(/^_barge\/history\/latest\//),
      `_manifests/tags/latest/index/sha256/${ONE.slice(7)}/link`,
      "_manifests/tags/latest/current/link",
    ]);
  });

  it("loses, and withdraws what the history says of it", async () => {
    beforeTheMove(async () => {
      expect(await movesOf(replica, LATEST)).toHaveLength(1);
      await point(TWO);
    });
    await expect(create(ONE)).rejects.toBeInstanceOf(TagExists);
    expect(await movesOf(replica, LATEST)).toEqual([{ from: undefined, to: TWO, who: "ben" }]);
    expect(await replica.tags.resolve(APP, LATEST, calm())).toBe(TWO);
  });

  it("is told of the other's tag as what was there before", async () => {
    beforeTheMove(() => point(ONE));
    expect(await create(ONE)).toBe(ONE);
    expect(await movesOf(replica, LATEST)).toEqual([{ from: undefined, to: ONE, who: "ben" }]);
  });

  it("moves no tag back that was the same at the look", async () => {
    await point(ONE);
    afterTheLook(() => point(TWO));
    await create(ONE);
    expect(await replica.tags.resolve(APP, LATEST, calm())).toBe(TWO);
    expect(await movesOf(replica, LATEST)).toHaveLength(2);
  });

  it("creates a tag again that was the same at the look and is deleted since", async () => {
    await point(ONE);
    afterTheLook(() => replica.tags.delete(APP, LATEST, actor("ben")));
    expect(await create(ONE)).toBeUndefined();
    expect(await replica.tags.resolve(APP, LATEST, calm())).toBe(ONE);
    // Of two processes that write within a millisecond either may be the first.
    const moves = await movesOf(replica, LATEST);
    expect(moves).toHaveLength(3);
    expect(moves).toContainEqual({ from: undefined, to: ONE, who: "ann" });
  });

  it("creates the tag when the one that was in the way is deleted", async () => {
    let looks = 0;
    interception = {
      before: async ({ action, key }) => {
        if (key !== LINK) return;
        if (action === "write") await point(TWO);
        if (action === "read" && (looks += 1) === 2) {
          await replica.tags.delete(APP, LATEST, actor("ben"));
          interception = {};
        }
      },
    };
    expect(await create(ONE)).toBeUndefined();
    expect(await replica.tags.resolve(APP, LATEST, calm())).toBe(ONE);
  });

  it("keeps the entry in the history when nobody knows whether the tag was created", async () => {
    interception = {
      after: ({ action, key }) => {
        if (action === "write" && key === LINK) throw new Error("the answer was lost");
      },
    };
    await expect(create(ONE)).rejects.toThrow("the answer was lost");
    expect(await movesOf(replica, LATEST)).toEqual([{ from: undefined, to: ONE, who: "ann" }]);
    expect(await replica.tags.resolve(APP, LATEST, calm())).toBe(ONE);
  });

  it("is refused by the push as a whole, with what it had stored before left unnamed", async () => {
    beforeTheMove(() => point(TWO));
    const push = { reference: tagged("latest"), tags: [], contentType: undefined };
    const bytes = IMAGES[0] ?? Buffer.alloc(0);
    const pushing = content.manifests.put(APP, { ...push, bytes }, creator("ann"));
    await expect(pushing).rejects.toBeInstanceOf(TagExists);
    expect((await replica.manifests.get(APP, tagged("latest"), calm())).digest).toBe(TWO);
  });
});
