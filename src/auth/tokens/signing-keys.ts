/** The keys that sign and verify Barge's own tokens: which signs, and how long the others are taken. */
import type { KeyObject } from "node:crypto";
import type { BuiltInAuthConfig } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observability/logger.ts";
import {
  KeysInFolder,
  KeysInMemory,
  type KeyStore,
  makeStoredKey,
  type StoredKey,
} from "./key-files.ts";
import {
  type KeyPair,
  parseKeyPem,
  type PemKeys,
  type PublicKey,
  SigningKeysRefused,
} from "./key-pem.ts";

/** How far the clocks of servers may be apart. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** What a token is for: a retired key lives on as long as tokens of that use do. */
export type TokenUse = "access" | "refresh";

/** Signs and verifies. All three readers answer at once unless it is time to look at the folder again. */
export interface SigningKeys {
  /** The key that signs from now on. */
  signer(): KeyPair | Promise<KeyPair>;
  /** The key of that id, if tokens of that use are still taken from it. */
  verifier(kid: string, use: TokenUse): KeyObject | undefined | Promise<KeyObject | undefined>;
  /** Those that access tokens are taken from, the one that signs first. */
  published(): readonly PublicKey[] | Promise<readonly PublicKey[]>;
  /**
   * Makes a key that signs from now on. Those before it are taken for as long as their tokens live, or, to
   * `revoke` all tokens, not at all any more.
   * @throws {KeysAreGiven} {SigningKeysRefused} also when one of the keys is of no use as it is.
   */
  rotate(options?: { readonly revoke?: boolean }): Promise<KeyRotation>;
}

/** What a rotation came to. */
export interface KeyRotation {
  readonly kid: string;
  readonly createdAt: Date;
  /** Those that do not sign any more, the newest first. */
  readonly retired: readonly {
    readonly kid: string;
    readonly retiredAt: Date;
    /** Until when refresh tokens are taken from it. */
    readonly acceptedUntil: Date;
  }[];
}

/** The keys come with the configuration: who wrote it rotates them there. */
export class KeysAreGiven extends Error {
  readonly kind = "KeysAreGiven";
  constructor() {
    super("the signing keys come from barge.auth.key: put a new one first there and start again");
  }
}

export interface SigningKeysOptions {
  /** PEM. */
  readonly given: BuiltInAuthConfig["key"];
  /** Of the keys alone, `<state>/keys`; `undefined`: they end with this process. */
  readonly directory: string | undefined;
  /** What certificates are made out to. */
  readonly issuer: string;
  readonly tokenLifetimeMs: number;
  readonly refreshTokenLifetimeMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Reads the keys, or makes the first one. Of several processes that start at once one makes it.
 * @throws {SigningKeysRefused} or the error of the file system.
 */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { given, directory } = options;
  if (given !== undefined) return new GivenKeys(parseKeyPem(given.reveal(), "barge.auth.key"));
  const store = directory === undefined ? new KeysInMemory() : new KeysInFolder(directory);
  const ring = new KeyRing(store, options);
  await ring.open();
  return ring;
}

class GivenKeys implements SigningKeys {
  readonly #signer: KeyPair;
  readonly #all: readonly PublicKey[];

  constructor({ pairs, verifyOnly }: PemKeys) {
    this.#signer = pairs[0];
    this.#all = [...pairs, ...verifyOnly];
  }

  signer(): KeyPair {
    return this.#signer;
  }

  verifier(kid: string): KeyObject | undefined {
    return this.#all.find((key) => key.kid === kid)?.publicKey;
  }

  published(): readonly PublicKey[] {
    return this.#all;
  }

  rotate(): Promise<KeyRotation> {
    return Promise.reject(new KeysAreGiven());
  }
}

/** How old may be what is known of the folder. */
const LOOK_EVERY_MS = 3000;
/** The same, where a token names a key that is not known. */
const LOOK_FOR_UNKNOWN_MS = 1000;

/** Keys that a store keeps, and that other processes may change. */
class KeyRing implements SigningKeys {
  readonly #store: KeyStore;
  readonly #options: SigningKeysOptions;
  /** The oldest first; not empty once opened. */
  #keys: readonly StoredKey[] = [];
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(store: KeyStore, options: SigningKeysOptions) {
    this.#store = store;
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#rereadAll();
    if (this.#keys.length > 0) return;
    await this.#make(1);
    await this.#rereadAll();
  }

  signer(): KeyPair | Promise<KeyPair> {
    const look = this.#lookAfter(LOOK_EVERY_MS);
    return look === undefined ? this.#newest() : look.then(() => this.#newest());
  }

  verifier(kid: string, use: TokenUse): KeyObject | undefined | Promise<KeyObject | undefined> {
    const isKnown = this.#keys.some((key) => key.kid === kid);
    const look = this.#lookAfter(isKnown ? LOOK_EVERY_MS : LOOK_FOR_UNKNOWN_MS);
    if (look !== undefined) return look.then(() => this.#find(kid, use));
    if (!isKnown && this.#looking !== undefined) {
      return this.#looking.then(() => this.#find(kid, use));
    }
    return this.#find(kid, use);
  }

  published(): readonly PublicKey[] | Promise<readonly PublicKey[]> {
    const look = this.#lookAfter(LOOK_EVERY_MS);
    return look === undefined
      ? this.#accepted("access")
      : look.then(() => this.#accepted("access"));
  }

  async rotate({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<KeyRotation> {
    await this.#rereadAll();
    await this.#make(this.#newest().generation + 1);
    await this.#rereadAll();
    const kept = revoke ? [this.#newest()] : this.#accepted("refresh");
    for (const key of this.#keys) if (!kept.includes(key)) await this.#store.remove(key);
    await this.#reread();
    return this.#describe();
  }

  /** Whoever loses to another process takes what that one made. */
  async #make(generation: number): Promise<void> {
    const { clock, issuer, log } = this.#options;
    const key = makeStoredKey(generation, { now: clock.now(), commonName: issuer });
    if (await this.#store.add(key)) log.info("made a key to sign tokens", { "auth.kid": key.kid });
  }

  #newest(): StoredKey {
    const newest = this.#keys.at(-1);
    if (newest === undefined) throw new SigningKeysRefused("there is no key to sign tokens");
    return newest;
  }

  #find(kid: string, use: TokenUse): KeyObject | undefined {
    const place = this.#keys.findIndex((key) => key.kid === kid);
    return this.#isAccepted(place, use) ? this.#keys[place]?.publicKey : undefined;
  }

  /** The newest first. */
  #accepted(use: TokenUse): readonly StoredKey[] {
    return this.#keys.filter((_, place) => this.#isAccepted(place, use)).toReversed();
  }

  #isAccepted(place: number, use: TokenUse): boolean {
    return this.#options.clock.now().getTime() < this.#acceptedUntilMs(place, use);
  }

  #acceptedUntilMs(place: number, use: TokenUse): number {
    const next = this.#keys[place + 1];
    if (next === undefined) return Number.POSITIVE_INFINITY;
    const { tokenLifetimeMs, refreshTokenLifetimeMs } = this.#options;
    const lifetimeMs = use === "access" ? tokenLifetimeMs : refreshTokenLifetimeMs;
    return next.createdAt.getTime() + lifetimeMs + CLOCK_TOLERANCE_MS;
  }

  #describe(): KeyRotation {
    const { kid, createdAt } = this.#newest();
    const retired = this.#keys.slice(0, -1).map((key, place) => ({
      kid: key.kid,
      retiredAt: this.#keys[place + 1]?.createdAt ?? createdAt,
      acceptedUntil: new Date(this.#acceptedUntilMs(place, "refresh")),
    }));
    return { kid, createdAt, retired: retired.toReversed() };
  }

  #lookAfter(ageMs: number): Promise<void> | undefined {
    if (this.#options.clock.monotonicMs() - this.#lookedAtMs < ageMs) return undefined;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** A folder that cannot be read leaves the keys as they are: they were good a moment ago. */
  async #look(): Promise<void> {
    try {
      for (const error of await this.#reread()) this.#complain(error);
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    this.#options.log.error("cannot look at the signing keys", { error });
  }

  /** Where each key matters. @throws the first problem there is. */
  async #rereadAll(): Promise<void> {
    const [problem] = await this.#reread();
    if (problem !== undefined) throw problem;
  }

  /**
   * What was removed is gone, though what came in its place cannot be read. A folder without any keys was
   * lost rather than emptied. @returns why some are of no use.
   */
  async #reread(): Promise<readonly Error[]> {
    this.#lookedAtMs = this.#options.clock.monotonicMs();
    const { keys, problems } = await this.#store.list();
    if (keys.length > 0 || problems.length > 0) this.#keys = keys;
    return problems;
  }
}
