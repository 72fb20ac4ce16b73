/** Against values that openssl, jose and the reference registry's source give. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { describe, expect, it } from "vitest";
import { keyIds, libtrustKeyId, thumbprint } from "../../src/auth/key-id.ts";
import { newEcKey, newRsaKey, publicJwk } from "./outside-parties.ts";

/** The example of RFC 7638 section 3.1. */
const RFC_KEY = createPublicKey({
  format: "jwk",
  key: {
    kty: "RSA",
    n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    e: "AQAB",
  },
});

const LIBTRUST_ID_OF_RFC_KEY = "VUZD:EDHW:YWLN:RBFQ:KOA3:UVZ2:XKG5:2V2J:WTPI:6SRD:U6PZ:VCO5";

function hashed(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** A key one of whose coordinates begins with a zero byte: one in 128 does. */
function keyWithLeadingZero(): KeyObject {
  for (;;) {
    const key = newEcKey();
    const { x, y } = publicJwk(key);
    const starts = [x, y].map((coordinate) => Buffer.from(String(coordinate), "base64url")[0]);
    if (starts.includes(0)) return key;
  }
}

describe("thumbprint", () => {
  it("is that of the RFC's example", () => {
    expect(thumbprint(RFC_KEY)).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  });

  it.each(["P-256", "P-384", "P-521"])("is jose's for %s, public or private", async (curve) => {
    const key = newEcKey(curve);
    const expected = await calculateJwkThumbprint(publicJwk(key) as Record<string, string>);
    expect(thumbprint(key)).toBe(expected);
    expect(thumbprint(createPublicKey(key))).toBe(expected);
  });
});

describe("libtrustKeyId", () => {
  it("is twelve groups of four letters of the SHA-256 of the public key", () => {
    expect(libtrustKeyId(RFC_KEY)).toBe(LIBTRUST_ID_OF_RFC_KEY);
    expect(libtrustKeyId(RFC_KEY)).toMatch(/^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  });

  it("is the same for both halves of a key", () => {
    const key = newEcKey();
    expect(libtrustKeyId(key)).toBe(libtrustKeyId(createPublicKey(key)));
  });
});

describe("keyIds", () => {
  it("of an RSA key are the two", () => {
    const key = newRsaKey();
    expect(keyIds(key)).toEqual([thumbprint(key), libtrustKeyId(key)]);
  });

  it("of an EC key have its coordinates without leading zeros as well", () => {
    const key = keyWithLeadingZero();
    const { x, y } = publicJwk(key);
    const [strippedX, strippedY] = [x, y].map((coordinate) =>
      Buffer.from(
        Buffer.from(String(coordinate), "base64url")
          .toString("hex")
          .replace(/^(?:00)+/, ""),
        "hex",
      ).toString("base64url"),
    );
    const text = `{"crv":"P-256","kty":"EC","x":"${strippedX}","y":"${strippedY}"}`;
    expect(keyIds(key)).toContain(hashed(text));
    expect(hashed(text)).not.toBe(thumbprint(key));
  });

  it.each([
    [
      "P-256",
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    ],
    [
      "P-521",
      "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
      "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
    ],
  ])("of %s have the base point's, as the reference has", (curve, x, y) => {
    const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");
    // The second coordinate on P-521 begins with the byte 01: only whole zero bytes go.
    const text = `{"crv":"${curve}","kty":"EC","x":"${base64(x)}","y":"${base64(y)}"}`;
    expect(keyIds(newEcKey(curve))).toContain(hashed(text));
  });

  it("of an Ed25519 key have the reference's slip of the pen", () => {
    const key = generateKeyPairSync("ed25519").publicKey;
    const { x } = publicJwk(key);
    expect(keyIds(key)).toContain(hashed(`{"crv":"Ed25519","kty":"OTP","x":"${String(x)}"}`));
  });
});
