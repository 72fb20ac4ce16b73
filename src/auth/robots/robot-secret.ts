/** Secrets of robots: random, shown once, kept as a hash. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What every secret that is made here begins with, so that scanners for leaked secrets know one. */
export const SECRET_PREFIX = "brg_";

const SECRET_BYTES = 32;

/** 256 random bits. As many cannot be guessed, so that a plain hash is enough to keep them. */
export function newRobotSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

/** SHA-256, 32 bytes. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Whether the secret has that hash. Takes as long where there is none to compare with. */
export function isSecretOf(secret: string, hash: Uint8Array | undefined): boolean {
  const shown = hashSecret(secret);
  const isSame = timingSafeEqual(shown, hash ?? randomBytes(shown.byteLength));
  return isSame && hash !== undefined;
}
