/** Secrets that are sent, or stand in the config, and must turn up nowhere else. */
import { randomBytes } from "node:crypto";

const CHARACTERS = 24;

export class Canaries {
  readonly #labels = new Map<string, string>();

  /** A new secret. @param label tells where it was put. */
  mint(label: string): string {
    const secret = `c4n4ry${randomBytes(CHARACTERS / 2).toString("hex")}`;
    this.#labels.set(secret, label);
    return secret;
  }

  /** Something that is a secret already; of a token, what nobody can guess of it. */
  adopt(label: string, secret: string): string {
    this.#labels.set(secret.split(".").at(-1) ?? secret, label);
    return secret;
  }

  /** Where each that turns up in the text was put. */
  in(text: string): readonly string[] {
    return [...this.#labels].flatMap(([secret, label]) =>
      formsOf(secret).some((form) => text.includes(form)) ? [label] : [],
    );
  }
}

/** The ways in which a secret may be written down, each whole or without its ends. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    secret.toUpperCase(),
    encodeURIComponent(secret),
    bytes.toString("hex"),
    ...[0, 1, 2].flatMap((offset) => inBase64(bytes, offset)),
  ];
}

/** As it stands in something that was encoded together with what stood before and behind it. */
function inBase64(bytes: Buffer, offset: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  return (["base64", "base64url"] as const).map((encoding) =>
    padded.toString(encoding).replace(/=+$/, "").slice(4, -2),
  );
}
