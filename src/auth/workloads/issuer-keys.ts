/** The public keys of one issuer of workload tokens: where they come from, and how long they are kept. */
import { open, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JWK,
  type JWSHeaderParameters,
} from "jose";
import type { WorkloadIssuerConfig } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/error-text.ts";
import type { Logger } from "../../observability/logger.ts";
import { isJsonObject } from "../../oci/descriptor.ts";
import { AuthUnavailable, CredentialsRefused } from "../errors.ts";
import { isLoopbackHost } from "../../lib/loopback.ts";
import {
  DocumentUnavailable,
  fetchJson,
  isSafeUrl,
  MAX_DOCUMENT_BYTES,
  parseDocument,
} from "./fetch-json.ts";

export interface IssuerKeysOptions {
  /** What the configuration calls the issuer. */
  readonly name: string;
  readonly config: Pick<WorkloadIssuerConfig, "issuer" | "jwks" | "ca">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keys are asked for anew once they are that old. */
const FRESH_MS = 10 * 60_000;
/** While they cannot be had, those that were had last are good for so long. */
const USABLE_MS = 24 * 60 * 60_000;
/** Between two attempts that tokens with unknown keys, or a server that is down, give cause for. */
const COOLDOWN_MS = 30_000;
const MAX_KEYS = 100;

interface KeySet {
  readonly find: (header: JWSHeaderParameters) => Promise<CryptoKey>;
  readonly kids: ReadonlySet<string>;
  readonly fetchedAtMs: number;
}

/** Fetches keys when they are needed, one fetch at a time, and remembers them. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #known: KeySet | undefined;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #attempt: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The key that a token's header names. @throws {CredentialsRefused} {AuthUnavailable} */
  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    const { kid } = header;
    if (typeof kid !== "string") throw refused("the token names no key");
    if (this.#needsFetch(kid)) await this.#fetchOnce();
    const known = this.#usable();
    if (known === undefined) {
      throw new AuthUnavailable(`the keys of the issuer '${this.#options.name}' cannot be had`);
    }
    return await findIn(known, header);
  }

  #needsFetch(kid: string): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#known;
    const isFresh = known !== undefined && nowMs - known.fetchedAtMs < FRESH_MS;
    if (isFresh && known.kids.has(kid)) return false;
    return this.#attempt !== undefined || nowMs - this.#attemptedAtMs >= COOLDOWN_MS;
  }

  #usable(): KeySet | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    return this.#options.clock.monotonicMs() - known.fetchedAtMs < USABLE_MS ? known : undefined;
  }

  async #fetchOnce(): Promise<void> {
    this.#attempt ??= this.#fetch().finally(() => {
      this.#attempt = undefined;
    });
    await this.#attempt;
  }

  async #fetch(): Promise<void> {
    const { name, clock, log } = this.#options;
    try {
      const keys = publicKeysOf(await readKeys(this.#options));
      this.#known = { ...keys, fetchedAtMs: clock.monotonicMs() };
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const text =
        cause === undefined ? errorText(error) : `${errorText(error)}: ${errorText(cause)}`;
      log.warn("cannot get the keys of an issuer", { "auth.issuer": name, error: text });
    } finally {
      this.#attemptedAtMs = clock.monotonicMs();
    }
  }
}

/** A key that cannot be imported is as good as none. */
async function findIn(known: KeySet, header: JWSHeaderParameters): Promise<CryptoKey> {
  try {
    return await known.find(header);
  } catch (cause) {
    const isAmbiguous = cause instanceof errors.JWKSMultipleMatchingKeys;
    const complaint = isAmbiguous
      ? "the issuer has several keys of that id"
      : "no key of the issuer fits";
    throw refused(complaint, cause);
  }
}

async function readKeys({ config, clock }: IssuerKeysOptions): Promise<unknown> {
  const { issuer, jwks } = config;
  if (jwks !== undefined && !/^https?:/i.test(jwks)) return await readFileOfKeys(pathOf(jwks));
  const ca = config.ca === undefined ? undefined : await readFile(config.ca, "utf8");
  const url = jwks === undefined ? await discover(issuer, { clock, ca }) : new URL(jwks);
  if (!isSafeUrl(url, { mayBePlain: true })) throw insecure(url);
  return await fetchJson(url, { clock, ca });
}

/** OpenID Connect Discovery 1.0 section 4: the document must be about this very issuer. */
async function discover(
  issuer: string,
  options: { readonly clock: Clock; readonly ca: string | undefined },
): Promise<URL> {
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!isSafeUrl(url, { mayBePlain: true })) throw insecure(url);
  const document = await fetchJson(url, options);
  if (!isJsonObject(document) || document["issuer"] !== issuer) {
    throw new DocumentUnavailable(`${url.href} is about another issuer`);
  }
  const found = URL.parse(String(document["jwks_uri"]));
  if (found === null) throw new DocumentUnavailable(`${url.href} names no jwks_uri`);
  const mayBePlain = isLoopbackHost(url.hostname) && url.protocol === "http:";
  if (!isSafeUrl(found, { mayBePlain })) throw insecure(found);
  return found;
}

async function readFileOfKeys(path: string): Promise<unknown> {
  await using file = await open(path);
  const buffer = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  if (bytesRead > MAX_DOCUMENT_BYTES) throw new DocumentUnavailable(`${path} is too long`);
  return parseDocument(buffer.toString("utf8", 0, bytesRead));
}

function pathOf(text: string): string {
  return text.startsWith("file://") ? fileURLToPath(text) : text.replace(/^file:/, "");
}

/** Of a set of keys those that verify: nothing that is, or comes with, a secret. */
function publicKeysOf(document: unknown): Omit<KeySet, "fetchedAtMs"> {
  const list: unknown = isJsonObject(document) ? document["keys"] : undefined;
  if (!Array.isArray(list)) throw new DocumentUnavailable("it is not a set of keys");
  const items: readonly unknown[] = list;
  if (items.length > MAX_KEYS) throw new DocumentUnavailable(`it has more than ${MAX_KEYS} keys`);
  const keys = items.flatMap(toPublicKey);
  if (keys.length === 0) throw new DocumentUnavailable("it has no public key with an id");
  return { find: createLocalJWKSet({ keys }), kids: new Set(keys.map(({ kid }) => kid)) };
}

const MEMBERS = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"] as const;
const KEY_TYPES: ReadonlySet<unknown> = new Set(["RSA", "EC", "OKP"]);

/** A private key that everybody can read proves nothing. */
function toPublicKey(
  value: unknown,
): readonly (JWK & { readonly kid: string; readonly kty: string })[] {
  if (!isJsonObject(value) || "d" in value || !KEY_TYPES.has(value["kty"])) return [];
  const texts = MEMBERS.flatMap((name) => {
    const text = value[name];
    return typeof text === "string" ? [[name, text] as const] : [];
  });
  const { kid, kty, ...rest }: Partial<Record<string, string>> = Object.fromEntries(texts);
  return kid === undefined || kty === undefined ? [] : [{ ...rest, kid, kty }];
}

function insecure(url: URL): DocumentUnavailable {
  return new DocumentUnavailable(`${url.origin} is neither https nor this machine`);
}

function refused(message: string, cause?: unknown): CredentialsRefused {
  return new CredentialsRefused(message, { cause });
}
