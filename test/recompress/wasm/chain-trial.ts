import type { LazySettings } from "../../../src/recompress/gzip/chain/lazy-twin.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import { type BothSeen, ChainPair, MOST_TOKENS } from "./chain-pair.ts";
import { wrongTokens } from "./wrong-tokens.ts";

const REACH = 32_768;
const LONGEST_MATCH = 258;
const FAR = 2 ** 30;

/** What a trial is about. */
export interface TrialOptions {
  readonly settings: LazySettings;
  readonly plain: Uint8Array;
  readonly random: SeededRandom;
}

/** Leads a pair of engines through plain bytes in all ways that an engine can be led. */
export class ChainTrial {
  readonly pair: ChainPair;
  /** Whether each of two engines found itself alike to one that begins where it is. */
  readonly likenesses: (readonly [boolean, boolean])[] = [];
  readonly #options: TrialOptions;
  /** A token that begins at a place, as an engine that is left alone chooses it. */
  readonly #tokenAt: Uint32Array;
  #slid = 0;
  #given = 0;
  /** Where the encoder's input began; before the first byte if it was taken up in its midst. */
  #inputStart = 0;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.pair = new ChainPair(options.settings);
    this.#tokenAt = tokensByPlace(options);
  }

  get #place(): number {
    return this.pair.oracle.position + this.#slid;
  }

  /** @returns what the engines came to, step by step. */
  *steps(): Generator<BothSeen, void, undefined> {
    const { plain, random } = this.#options;
    yield this.pair.begin({ from: 0, at: 0, bytesBefore: 0, isDictionary: false });
    while (this.#place < plain.length) {
      this.#give();
      yield this.#supply();
      while (this.pair.oracle.canChoose) {
        yield this.#step();
        if (random.oneIn(20)) this.#compare();
        if (random.oneIn(12)) yield* this.#beginAgain();
      }
      yield* this.#slide();
    }
  }

  #give(): void {
    const { plain, random } = this.#options;
    const most = Math.min(this.pair.oracle.window.free, 1 + random.lowBelow(120_000));
    const piece = plain.subarray(this.#given, this.#given + most);
    this.pair.append(piece);
    this.#given += piece.length;
  }

  #supply(): BothSeen {
    const { plain } = this.#options;
    return this.pair.supply(this.pair.oracle.window.end, this.#given === plain.length);
  }

  #step(): BothSeen {
    const { random } = this.#options;
    const { position } = this.pair.oracle;
    const until = random.oneIn(6) ? FAR : position + random.lowBelow(20_000);
    switch (random.below(5)) {
      case 0:
        return this.pair.produce(1 + random.lowBelow(MOST_TOKENS), until);
      case 1:
        return this.pair.pass(until);
      case 2:
        return this.pair.force(this.#anyToken());
      default:
        return this.#follow();
    }
  }

  /** Follows tokens of which some are wrong, up to the first of these. */
  #follow(): BothSeen {
    const { plain, random } = this.#options;
    const tokens: number[] = [];
    const count = 1 + random.lowBelow(MOST_TOKENS);
    for (let place = this.#place; tokens.length < count && place < plain.length;) {
      const token = this.#tokenAt[place] ?? 0;
      tokens.push(token);
      place += token < 256 ? 1 : token >>> 16;
    }
    return this.pair.follow(wrongTokens(Uint32Array.from(tokens), random), 0);
  }

  #anyToken(): number {
    const { random } = this.#options;
    const { position, window } = this.pair.oracle;
    const most = Math.min(LONGEST_MATCH, window.end - position);
    if (most < 3 || random.oneIn(3)) return 0;
    return (random.between(3, most) << 16) | (1 + random.below(REACH));
  }

  /** A block with or without a dictionary, or an encoder that is taken up in its midst. */
  *#beginAgain(): Generator<BothSeen, void, undefined> {
    const { random } = this.#options;
    const { position } = this.pair.oracle;
    const history = random.oneIn(3) ? 0 : Math.min(position, 1 + random.below(REACH));
    const isDictionary = history > 0 && random.oneIn(2);
    const bytesBefore = isDictionary ? 0 : random.lowBelow(300_000);
    this.#inputStart = this.#place - history - bytesBefore;
    yield this.pair.begin({ from: position - history, at: position, bytesBefore, isDictionary });
    yield this.#supply();
  }

  *#slide(): Generator<BothSeen, void, undefined> {
    const { random } = this.#options;
    const { position, window } = this.pair.oracle;
    if (window.free > 400_000 && !random.oneIn(3)) return;
    const by = Math.floor((position - REACH - 2 * LONGEST_MATCH) / REACH) * REACH;
    if (by <= 0) return;
    yield this.pair.slide(by);
    this.#slid += by;
  }

  /** Sets the pair against one that is begun here, with what a rebuild would know. */
  #compare(): void {
    const { settings, random } = this.#options;
    const { position, window, canChoose, pending } = this.pair.oracle;
    if (!canChoose || position < REACH) return;
    const history = random.oneIn(4) ? REACH - 1000 : REACH;
    const shadow = new ChainPair(settings);
    shadow.append(window.bytes.subarray(position - history, window.end));
    const bytesBefore = Math.max(this.#place - history - this.#inputStart, 0);
    shadow.begin({ from: 0, at: history, bytesBefore, isDictionary: false });
    shadow.supply(shadow.oracle.window.end, this.#given === this.#options.plain.length);
    shadow.takeUp(pending);
    this.likenesses.push(this.pair.areAlike(shadow));
  }
}

function tokensByPlace({ settings, plain }: TrialOptions): Uint32Array {
  const { oracle } = new ChainPair(settings);
  const byPlace = new Uint32Array(plain.length);
  const room = new Uint32Array(MOST_TOKENS);
  oracle.begin({ from: 0, at: 0, bytesBefore: 0, isDictionary: false });
  oracle.until = FAR;
  let place = 0;
  for (let given = 0; given < plain.length || oracle.canChoose;) {
    const piece = plain.subarray(given, given + Math.min(oracle.window.free, REACH));
    oracle.window.append(piece);
    given += piece.length;
    oracle.supply(oracle.window.end, given === plain.length);
    const count = oracle.produce(room, 0, room.length);
    for (const token of room.subarray(0, count)) {
      byPlace[place] = token;
      place += token < 256 ? 1 : token >>> 16;
    }
    if (oracle.position > 8 * REACH) oracle.slide(4 * REACH);
  }
  return byPlace;
}
