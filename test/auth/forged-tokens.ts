/** Tokens that must be refused, made from one that is taken: the table of attacks on JSON Web Tokens. */
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";

/** A token that is taken, and what made it. */
export interface GoodToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** EC on P-256. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Seconds that the clocks may be apart. */
  readonly toleranceSeconds: number;
  /** Seconds from `iat` on. */
  readonly maxAgeSeconds: number;
  readonly nowSeconds: number;
}

const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A compact JWS over exactly these texts, by ES256. */
export function seal(header: unknown, claims: unknown, privateKey: KeyObject | string): string {
  return sealText(JSON.stringify(header), JSON.stringify(claims), privateKey);
}

/** The same over texts as they are. */
export function sealText(header: string, claims: string, privateKey: KeyObject | string): string {
  const key = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** By what is wrong with them. `required` are the claims without which there is no token. */
export function forgedTokens(
  good: GoodToken,
  required: readonly string[],
): readonly (readonly [name: string, token: string])[] {
  return [
    ...forgedHeaders(good),
    ...forgedClaims(good),
    ...required.map((claim) => {
      const { [claim]: _, ...claims } = good.claims;
      return [`no ${claim}`, seal(good.header, claims, good.privateKey)] as const;
    }),
    ...damaged(seal(good.header, good.claims, good.privateKey)),
  ];
}

function forgedHeaders(good: GoodToken): readonly (readonly [string, string])[] {
  const { header, claims, privateKey, publicKey } = good;
  const { kid: _, ...withoutKid } = header;
  const strangerJwk = stranger.publicKey.export({ format: "jwk" });
  const bySigner = (changes: object): string => seal({ ...header, ...changes }, claims, privateKey);
  const byStranger = (changes: object): string =>
    seal({ ...header, ...changes }, claims, stranger.privateKey);
  const unsigned = (alg: string): string =>
    `${encode(JSON.stringify({ ...header, alg }))}.${encode(JSON.stringify(claims))}.`;
  const spki = publicKey.export({ type: "spki", format: "pem" });
  const hmacInput = `${encode(JSON.stringify({ ...header, alg: "HS256" }))}.${encode(JSON.stringify(claims))}`;
  const hmac = createHmac("sha256", spki).update(hmacInput).digest("base64url");
  return [
    ["alg none", unsigned("none")],
    ["alg nOnE", unsigned("nOnE")],
    ["no alg", bySigner({ alg: undefined })],
    ["HS256 with the public key as secret", `${hmacInput}.${hmac}`],
    ["another algorithm named", bySigner({ alg: "ES384" })],
    ["RS256 named", bySigner({ alg: "RS256" })],
    ["a stranger's signature", byStranger({})],
    ["a stranger's key within", byStranger({ jwk: strangerJwk })],
    [
      "a stranger's key within, no kid",
      seal({ ...withoutKid, jwk: strangerJwk }, claims, stranger.privateKey),
    ],
    ["a URL of keys", byStranger({ jku: "http://127.0.0.1:9/keys" })],
    ["a URL of a certificate", byStranger({ x5u: "http://127.0.0.1:9/cert" })],
    ["a stranger's certificate", byStranger({ x5c: ["AAAA"] })],
    ["no kid", seal(withoutKid, claims, privateKey)],
    ["an unknown kid", bySigner({ kid: "unknown" })],
    ["a kid that is no text", bySigner({ kid: 7 })],
    ["a kid that leads elsewhere", bySigner({ kid: "../../etc/passwd" })],
    ["an unknown crit", bySigner({ crit: ["exp", "hocus"], hocus: true })],
    ["an unencoded payload", bySigner({ crit: ["b64"], b64: false })],
  ];
}

function forgedClaims(good: GoodToken): readonly (readonly [string, string])[] {
  const { header, claims, privateKey, nowSeconds, toleranceSeconds, maxAgeSeconds } = good;
  const changed = (changes: object): string => seal(header, { ...claims, ...changes }, privateKey);
  const late = nowSeconds - toleranceSeconds - 3;
  const early = nowSeconds + toleranceSeconds + 3;
  return [
    ["expired", changed({ exp: late })],
    ["not yet valid", changed({ nbf: early })],
    ["issued in the future", changed({ iat: early })],
    ["issued long ago", changed({ iat: nowSeconds - maxAgeSeconds - toleranceSeconds - 3 })],
    ["exp a text", changed({ exp: String(nowSeconds + 60) })],
    ["nbf a text", changed({ nbf: String(nowSeconds - 60) })],
    ["iat a text", changed({ iat: String(nowSeconds - 60) })],
    ["another issuer", changed({ iss: "https://elsewhere.example" })],
    ["an issuer with a slash more", changed({ iss: `${String(claims["iss"])}/` })],
    ["an issuer in other case", changed({ iss: String(claims["iss"]).toUpperCase() })],
    ["a list of issuers", changed({ iss: [claims["iss"]] })],
    ["another audience", changed({ aud: "elsewhere" })],
    ["no audience in a list", changed({ aud: [] })],
    ["a part of the audience", changed({ aud: String(claims["aud"]).slice(0, -1) })],
    ["a subject that is no text", changed({ sub: 7 })],
    ["claims that are a list", seal(header, [claims], privateKey)],
    ["claims that are null", seal(header, null, privateKey)],
  ];
}

function damaged(token: string): readonly (readonly [string, string])[] {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const other = payload.startsWith("A") ? "B" : "A";
  return [
    ["nothing", ""],
    ["dots alone", ".."],
    ["a part missing", `${header}.${payload}`],
    ["a part more", `${token}.${signature}`],
    ["no signature", `${header}.${payload}.`],
    ["a shortened signature", token.slice(0, -4)],
    ["another payload", `${header}.${other}${payload.slice(1)}.${signature}`],
    ["a header that is no JSON", `${encode("{")}.${payload}.${signature}`],
    ["five parts, as if encrypted", `${token}.a.b`],
    ["spaces around", ` ${token} `],
  ];
}
