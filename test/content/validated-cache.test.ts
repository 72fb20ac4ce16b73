import { beforeEach, describe, expect, it } from "vitest";
import { type Kept, ValidatedCache } from "../../src/content/validated-cache.ts";
import { WeightedMap } from "../../src/lib/weighted-map.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const SETTLES_MS = 100;

/** One object, of whose version and text the test is master. */
class Subject {
  readonly clock = new FakeClock();
  readonly cache: ValidatedCache<string>;
  loads = 0;
  version = 1;
  text: string | undefined = "one";
  /** Called while the object is being read, after its bytes have been. */
  whileLoading = (): void => undefined;

  constructor() {
    const weights = { maxWeight: 10, maxEntryWeight: 1, weigh: () => 1 };
    this.cache = new ValidatedCache({
      driver: { quickStat: () => this.#look() },
      clock: this.clock,
      kept: new WeightedMap<string, Kept<string>>(weights),
    });
  }

  read(): Promise<string | undefined> {
    return this.cache.read("key", async () => {
      this.loads += 1;
      const { text } = this;
      this.whileLoading();
      return text;
    });
  }

  /** Read so often, and so far apart, that the value is kept. */
  async settle(): Promise<void> {
    await this.read();
    await this.clock.advance(SETTLES_MS);
    await this.read();
    this.loads = 0;
  }

  change(text: string | undefined, version = this.version + 1): void {
    this.text = text;
    this.version = version;
  }

  #look(): { sizeBytes: number; version: number[]; settlesAfterMs: number } | undefined {
    if (this.text === undefined) return undefined;
    const { length: sizeBytes } = this.text;
    return { sizeBytes, version: [7, this.version], settlesAfterMs: SETTLES_MS };
  }
}

describe("a validated cache", () => {
  let subject: Subject;
  beforeEach(() => {
    subject = new Subject();
  });

  it("reads an object no more once its version has been the same for long enough", async () => {
    await subject.settle();
    expect([await subject.read(), await subject.read(), subject.loads]).toEqual(["one", "one", 0]);
  });

  it("reads it at every use before that", async () => {
    await subject.read();
    await subject.clock.advance(SETTLES_MS - 1);
    await subject.read();
    await subject.read();
    expect(subject.loads).toBe(3);
  });

  it("sees a change that leaves the version as it was, made right after a reading", async () => {
    await subject.read();
    subject.change("two", subject.version);
    expect(await subject.read()).toBe("two");
    await subject.clock.advance(SETTLES_MS);
    expect([await subject.read(), await subject.read()]).toEqual(["two", "two"]);
  });

  it("sees a change of the version at once, and waits for that one to settle", async () => {
    await subject.settle();
    subject.change("two");
    expect(await subject.read()).toBe("two");
    subject.change("tri", subject.version);
    expect(await subject.read()).toBe("tri");
  });

  it("sees a change that was made while the object was being read", async () => {
    await subject.read();
    await subject.clock.advance(SETTLES_MS);
    subject.whileLoading = () => subject.change("two");
    expect(await subject.read()).toBe("one");
    subject.whileLoading = () => undefined;
    expect(await subject.read()).toBe("two");
  });

  it("sees at once that an object has gone, and that it is back", async () => {
    await subject.settle();
    subject.change(undefined);
    expect([await subject.read(), subject.loads]).toEqual([undefined, 0]);
    subject.change("two");
    expect([await subject.read(), subject.loads]).toEqual(["two", 1]);
  });

  it("does not keep that there is no object", async () => {
    subject.change(undefined);
    for (let round = 0; round < 3; round += 1) {
      expect(await subject.read()).toBe(undefined);
      await subject.clock.advance(SETTLES_MS);
    }
    subject.change("one", subject.version);
    expect(await subject.read()).toBe("one");
  });

  it("throws what reading throws, and goes on afterwards", async () => {
    await subject.read();
    await subject.clock.advance(SETTLES_MS);
    const error = new Error("no");
    subject.whileLoading = () => {
      throw error;
    };
    await expect(subject.read()).rejects.toBe(error);
    subject.whileLoading = () => undefined;
    expect([await subject.read(), await subject.read(), subject.loads]).toEqual(["one", "one", 3]);
  });
});
