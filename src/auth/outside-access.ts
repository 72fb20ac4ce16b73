/** `auth.token`: the tokens of an outside token server say who may do what. */
import type * as Jose from "jose";
import type { OutsideTokenAuthConfig } from "../config/config.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { WeightedMap } from "../lib/weighted-map.ts";
import type { Logger } from "../observability/logger.ts";
import { actionsNeededFor } from "./outside/access-claim.ts";
import type { Access, Caller, ChallengeOptions, Shown } from "./access.ts";
import { bearerChallenge } from "./challenge.ts";
import { NOBODY } from "./open-access.ts";
import { type OutsideToken, SAFE_ALGORITHMS, verifyOutsideToken } from "./outside/outside-token.ts";
import { TrustedKeyFiles } from "./outside/trusted-key-files.ts";
import type { TrustedKeys } from "./outside/trusted-keys.ts";

export interface OutsideAccessOptions {
  readonly log: Logger;
  /** The system's by default. */
  readonly clock?: Clock;
}

/** A token that was verified with these keys. */
interface Verified {
  readonly caller: Caller;
  readonly keys: TrustedKeys;
  readonly untilMs: number;
  readonly weightBytes: number;
}

/** Memory for tokens that need not be verified again: some thousands of the usual size. */
const MAX_CACHED_BYTES = 16 * 2 ** 20;
/** A token is kept as text, and its rights as sets. */
const BYTES_PER_CHARACTER = 4;
const BYTES_PER_TOKEN = 512;

/**
 * Reads the keys, and again once their files change.
 *
 * @throws {TrustedKeysUnusable}
 */
export async function createOutsideAccess(
  config: OutsideTokenAuthConfig,
  { log, clock = systemClock }: OutsideAccessOptions,
): Promise<Access> {
  // Loaded here, so that a registry without tokens starts without it.
  const jose = await import("jose");
  const files = new TrustedKeyFiles({ ...config, log, clock });
  return new OutsideAccess({ config, files, clock, jose });
}

interface Parts {
  readonly config: OutsideTokenAuthConfig;
  readonly files: TrustedKeyFiles;
  readonly clock: Clock;
  readonly jose: typeof Jose;
}

class OutsideAccess implements Access {
  readonly #parts: Parts;
  readonly #algorithms: readonly string[];
  readonly #verified = new WeightedMap<string, Verified>({
    maxWeight: MAX_CACHED_BYTES,
    maxEntryWeight: MAX_CACHED_BYTES,
    weigh: ({ weightBytes }) => weightBytes,
  });

  constructor(parts: Parts) {
    this.#parts = parts;
    const { signingAlgorithms } = parts.config;
    this.#algorithms = signingAlgorithms.length === 0 ? SAFE_ALGORITHMS : signingAlgorithms;
  }

  identify({ authorization }: Shown): Caller | Promise<Caller> {
    const token = bearerToken(authorization);
    if (token === undefined) return NOBODY;
    const keys = this.#parts.files.current();
    const known = this.#verified.get(token);
    if (known === undefined) return this.#verify(token, keys);
    const isGood = known.keys === keys && this.#parts.clock.now().getTime() < known.untilMs;
    if (isGood) return known.caller;
    this.#verified.delete(token);
    return this.#verify(token, keys);
  }

  challenge({ origin, needed, error }: ChallengeOptions): string {
    const { autoRedirect, autoRedirectPath, realm, service } = this.#parts.config;
    const ownRealm = autoRedirect ? `${origin}${autoRedirectPath}` : realm;
    return bearerChallenge({ realm: ownRealm, service, needed, error });
  }

  async #verify(token: string, keys: TrustedKeys): Promise<Caller> {
    const { config, clock, jose } = this.#parts;
    const { issuer, service } = config;
    const algorithms = this.#algorithms;
    const options = { keys, now: clock.now(), issuer, service, algorithms, jose };
    const found = await verifyOutsideToken(token, options);
    const caller = callerOf(found);
    const weightBytes = token.length * BYTES_PER_CHARACTER + BYTES_PER_TOKEN;
    this.#verified.set(token, { caller, keys, untilMs: found.untilMs, weightBytes });
    return caller;
  }
}

/** The scheme in any case, one space, one word; everything else counts as nothing shown, as in the reference. */
function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = "", token, ...rest] = (authorization ?? "").split(" ");
  return scheme.toLowerCase() === "bearer" && rest.length === 0 ? token : undefined;
}

function callerOf({ subject, rights }: OutsideToken): Caller {
  return {
    identity: { kind: "user", name: subject, groups: [] },
    name: subject,
    may: (action, repository) => {
      const needed = actionsNeededFor(action);
      return needed !== undefined && rights.allow(repository, needed);
    },
    maySeeBelow: () => true,
    mayList: rights.mayList,
    // The right to the list is one of its own, and the reference shows all to whoever has it.
    seesAll: rights.mayList,
    isAdmin: false,
    lack: "scope",
  };
}
