/** The files of `auth.token.rootcertbundle` and `auth.token.jwks`, read again once they change. */
import { readFileSync, statSync } from "node:fs";
import { errorText } from "../../lib/error-text.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observability/logger.ts";
import { parseCertificates, readTrustedKeys, type TrustedKeys } from "./trusted-keys.ts";

export interface TrustedKeyFilesOptions {
  /** PEM file; at least one of the two is there. */
  readonly rootCertBundle: string | undefined;
  /** JSON file. */
  readonly jwks: string | undefined;
  readonly log: Logger;
  readonly clock: Clock;
}

type Setting = "auth.token.rootcertbundle" | "auth.token.jwks";

/** A file of keys cannot be used. The message names the setting and the file. */
export class TrustedKeysUnusable extends Error {
  readonly kind = "TrustedKeysUnusable";
  readonly setting: Setting;
  readonly file: string;
  constructor(setting: Setting, file: string, cause: unknown) {
    super(`${setting}: cannot use ${file}: ${errorText(cause)}`, { cause });
    this.setting = setting;
    this.file = file;
  }
}

const CHECK_INTERVAL_MS = 1000;
const MAX_FILE_BYTES = 8 * 2 ** 20;

/**
 * Looks at the files at most once a second, when it is asked, and at once rather than in the background: a key
 * that was taken away must not serve another request. A change that cannot be read leaves the keys as they
 * were, and is told in the log.
 */
export class TrustedKeyFiles {
  readonly #options: TrustedKeyFilesOptions;
  #keys: TrustedKeys;
  #state: string;
  #checkedAtMs: number;

  /** @throws {TrustedKeysUnusable} */
  constructor(options: TrustedKeyFilesOptions) {
    this.#options = options;
    this.#checkedAtMs = options.clock.monotonicMs();
    this.#state = this.#fileState();
    this.#keys = this.#read();
  }

  /** Another object exactly when other keys were read. */
  current(): TrustedKeys {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#checkedAtMs >= CHECK_INTERVAL_MS) {
      this.#checkedAtMs = nowMs;
      this.#readIfChanged();
    }
    return this.#keys;
  }

  #readIfChanged(): void {
    const state = this.#fileState();
    if (state === this.#state) return;
    const { log } = this.#options;
    this.#state = state;
    try {
      this.#keys = this.#read();
      log.info("the keys of the token server have changed");
    } catch (error) {
      log.error("the keys of the token server stay as they were", { error });
    }
  }

  /** Noted before the files are read: what changes meanwhile is seen the next time. */
  #fileState(): string {
    const { rootCertBundle, jwks } = this.#options;
    return [rootCertBundle, jwks].map(stateOf).join(" ");
  }

  #read(): TrustedKeys {
    const { rootCertBundle, jwks, log } = this.#options;
    const certificates = readAs("auth.token.rootcertbundle", rootCertBundle, parseCertificates);
    const keys =
      readAs("auth.token.jwks", jwks, (text) =>
        readTrustedKeys({ certificates: certificates ?? [], jwks: text }),
      ) ?? readTrustedKeys({ certificates: certificates ?? [], jwks: undefined });
    for (const remark of keys.remarks) log.warn(`keys of the token server: ${remark}`);
    return keys;
  }
}

function stateOf(file: string | undefined): string {
  if (file === undefined) return "-";
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "missing" : `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

function readAs<Content>(
  setting: Setting,
  file: string | undefined,
  parse: (text: string) => Content,
): Content | undefined {
  if (file === undefined) return undefined;
  try {
    const size = statSync(file).size;
    if (size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    return parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new TrustedKeysUnusable(setting, file, cause);
  }
}
