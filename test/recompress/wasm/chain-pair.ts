import type { ChainEngine, PendingMatch } from "../../../src/recompress/gzip/chain/chain-engine.ts";
import { CHAIN_WINDOW_BYTES } from "../../../src/recompress/gzip/chain/chain-engine.ts";
import type { ChainStart } from "../../../src/recompress/gzip/chain/chain-matcher.ts";
import { GoMatcher } from "../../../src/recompress/gzip/chain/go-matcher.ts";
import { LazyEngine } from "../../../src/recompress/gzip/chain/lazy-engine.ts";
import {
  createLazyTwin,
  type LazySettings,
  type LazyTwin,
} from "../../../src/recompress/gzip/chain/lazy-twin.ts";
import { ZlibMatcher } from "../../../src/recompress/gzip/chain/zlib-matcher.ts";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";

/** More than the twin has room for at once. */
export const MOST_TOKENS = 10_000;

/** What can be seen of an engine. */
interface Seen {
  readonly position: number;
  readonly canChoose: boolean;
  readonly pending: PendingMatch;
  /** What the last call returned, and the tokens it chose, if any. */
  readonly result: unknown;
  readonly tokens: Uint32Array;
}

/** What both engines of a pair came to: the same, if they are twins. */
export interface BothSeen {
  readonly oracle: Seen;
  readonly twin: Seen;
}

/** A lazy engine in TypeScript and its twin, told the same. */
export class ChainPair {
  readonly oracle: LazyEngine;
  readonly twin: LazyTwin;

  constructor(settings: LazySettings) {
    const twin = createLazyTwin(settings);
    if (twin === undefined) throw new Error("this Node has no WebAssembly");
    this.twin = twin;
    this.oracle = createOracle(settings);
  }

  begin(start: ChainStart): BothSeen {
    return this.#both((engine) => engine.begin(start));
  }

  append(bytes: Uint8Array): void {
    this.oracle.window.append(bytes);
    this.twin.window.append(bytes);
  }

  supply(end: number, isLast: boolean): BothSeen {
    return this.#both((engine) => engine.supply(end, isLast));
  }

  follow(tokens: Uint32Array, from: number): BothSeen {
    return this.#both((engine) => engine.follow(tokens, from, tokens.length));
  }

  produce(count: number, until: number): BothSeen {
    return this.#both((engine, tokens) => {
      engine.until = until;
      return engine.produce(tokens, 1, 1 + count);
    });
  }

  pass(until: number): BothSeen {
    return this.#both((engine) => engine.pass(until));
  }

  /** Chooses a token and overrules it, if there are bytes enough. */
  force(token: number): BothSeen {
    return this.#both((engine) => {
      const isReady = engine.consider();
      if (isReady) engine.force(token);
      return isReady;
    });
  }

  slide(by: number): BothSeen {
    return this.#both((engine) => engine.slide(by));
  }

  /** Hands the match in hand to the engines of another pair. */
  takeUp(pending: PendingMatch): BothSeen {
    return this.#both((engine) => engine.takeUp(pending));
  }

  /** Whether each finds itself alike to its fellow in the other pair. */
  areAlike(other: ChainPair): readonly [boolean, boolean] {
    return [this.oracle.isAlike(other.oracle), this.twin.isAlike(other.twin)];
  }

  #both(call: (engine: ChainEngine, tokens: Uint32Array) => number | boolean | void): BothSeen {
    return { oracle: seen(this.oracle, call), twin: seen(this.twin, call) };
  }
}

function createOracle({ flavour, good, lazy, nice, tries }: LazySettings): LazyEngine {
  const window = new PlainWindow(CHAIN_WINDOW_BYTES);
  const common = { nice, tries };
  const matcher =
    flavour === "go"
      ? new GoMatcher(window, common)
      : new ZlibMatcher(window, { ...common, good, takesFarThrees: false, ending: undefined });
  return new LazyEngine(window, matcher, lazy);
}

function seen(
  engine: ChainEngine,
  call: (engine: ChainEngine, tokens: Uint32Array) => number | boolean | void,
): Seen {
  const room = new Uint32Array(MOST_TOKENS + 1);
  const result = call(engine, room);
  const { position, canChoose, pending } = engine;
  const tokens = room.slice(0, typeof result === "number" ? result : 0);
  return { position, canChoose, pending, result, tokens };
}
