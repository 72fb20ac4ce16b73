import { describe, expect, it } from "vitest";
import * as auth from "../../src/auth/errors.ts";
import * as content from "../../src/content/errors.ts";
import { TakenOver } from "../../src/lib/takeover-lock.ts";
import { InvalidDigest, parseDigest } from "../../src/oci/digest.ts";
import { ManifestInvalid } from "../../src/oci/manifest.ts";
import { InvalidTag, parseReference, parseTag } from "../../src/oci/reference.ts";
import { InvalidName, parseRepositoryName } from "../../src/oci/repository-name.ts";
import { isBlobBody } from "../../src/registry/answer.ts";
import { type KnownError, toErrorAnswer } from "../../src/registry/error-response.ts";
import * as edge from "../../src/registry/errors.ts";
import * as storage from "../../src/storage/errors.ts";

const SECRET = "secret-of-the-store";
const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const OTHER = parseDigest(`sha256:${"b".repeat(64)}`);
const NAME = parseRepositoryName("a/b");

/** One of every kind, so that a new one cannot be forgotten here. */
const ERRORS: { readonly [Kind in KnownError["kind"]]: readonly [KnownError, number, string] } = {
  BlobUnknown: [new content.BlobUnknown(DIGEST), 404, "BLOB_UNKNOWN"],
  DigestMismatch: [new content.DigestMismatch(DIGEST, OTHER), 400, "DIGEST_INVALID"],
  ManifestIncomplete: [new content.ManifestIncomplete([DIGEST]), 400, "MANIFEST_BLOB_UNKNOWN"],
  ManifestRefused: [new content.ManifestRefused("not allowed"), 400, "MANIFEST_INVALID"],
  ManifestUnknown: [new content.ManifestUnknown(parseReference("x")), 404, "MANIFEST_UNKNOWN"],
  NameUnknown: [new content.NameUnknown(NAME), 404, "NAME_UNKNOWN"],
  StoredBytesDamaged: [new content.StoredBytesDamaged(DIGEST), 500, "UNKNOWN"],
  UploadOutOfOrder: [new content.UploadOutOfOrder(7), 416, "RANGE_INVALID"],
  UploadUnknown: [new content.UploadUnknown(), 404, "BLOB_UPLOAD_UNKNOWN"],
  InvalidDigest: [new InvalidDigest("x"), 400, "DIGEST_INVALID"],
  InvalidName: [new InvalidName("X"), 400, "NAME_INVALID"],
  InvalidTag: [new InvalidTag("-x"), 400, "TAG_INVALID"],
  ManifestInvalid: [new ManifestInvalid("no"), 400, "MANIFEST_INVALID"],
  TagExists: [new content.TagExists(parseTag("x")), 403, "DENIED"],
  AuthenticationRequired: [
    new edge.AuthenticationRequired({ challenge: "Basic realm=x", needed: [] }),
    401,
    "UNAUTHORIZED",
  ],
  CredentialsRefused: [new auth.CredentialsRefused(SECRET), 401, "UNAUTHORIZED"],
  TooManyAttempts: [new auth.TooManyAttempts(7), 429, "TOOMANYREQUESTS"],
  AuthUnavailable: [new auth.AuthUnavailable(SECRET), 503, "UNAVAILABLE"],
  Denied: [new edge.Denied("no"), 403, "DENIED"],
  AmbiguousRequest: [new edge.AmbiguousRequest("two hosts"), 400, "UNSUPPORTED"],
  BadRequest: [new edge.BadRequest("NAME_INVALID", "no"), 400, "NAME_INVALID"],
  BodyTooLarge: [new edge.BodyTooLarge(10), 413, "MANIFEST_INVALID"],
  ChunkRangeInvalid: [new edge.ChunkRangeInvalid("no"), 416, "RANGE_INVALID"],
  LengthMismatch: [new edge.LengthMismatch("no"), 400, "SIZE_INVALID"],
  MethodNotAllowed: [new edge.MethodNotAllowed(["GET", "HEAD"]), 405, "UNSUPPORTED"],
  PreconditionFailed: [new edge.PreconditionFailed("no"), 412, "UNSUPPORTED"],
  RangeNotSatisfiable: [new edge.RangeNotSatisfiable(5), 416, "RANGE_INVALID"],
  RouteUnknown: [new edge.RouteUnknown(), 404, "UNSUPPORTED"],
  TransferCodingUnknown: [new edge.TransferCodingUnknown(), 501, "UNSUPPORTED"],
  Overloaded: [new edge.Overloaded(), 503, "UNAVAILABLE"],
  Unhealthy: [new edge.Unhealthy(), 503, "UNAVAILABLE"],
  Unsupported: [new edge.Unsupported("off"), 405, "UNSUPPORTED"],
  TakenOver: [new TakenOver(), 409, "BLOB_UPLOAD_INVALID"],
  ObjectNotFound: [new storage.ObjectNotFound(SECRET), 500, "UNKNOWN"],
  ObjectExists: [new storage.ObjectExists(SECRET), 500, "UNKNOWN"],
  InvalidKey: [new storage.InvalidKey(SECRET), 500, "UNKNOWN"],
  StagedOutOfOrder: [new storage.StagedOutOfOrder("k", 7), 416, "RANGE_INVALID"],
  StorageUnavailable: [
    new storage.StorageUnavailable(SECRET, { reason: SECRET }),
    503,
    "UNAVAILABLE",
  ],
};

interface Sent {
  readonly status: number;
  readonly headers: object;
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly detail?: unknown;
  }[];
  readonly text: string;
}

function sent(error: unknown): Sent {
  const { status, headers, body } = toErrorAnswer(error);
  if (body === undefined || isBlobBody(body)) throw new TypeError("an error has a body");
  expect(body.contentType).toBe("application/json");
  const text = Buffer.from(body.bytes).toString();
  return { status, headers, text, ...(JSON.parse(text) as Pick<Sent, "errors">) };
}

describe("toErrorAnswer()", () => {
  it.each(Object.entries(ERRORS))("%s has its status and code", (_kind, [error, status, code]) => {
    const answer = sent(error);
    expect([answer.status, answer.errors[0]?.code]).toEqual([status, code]);
    expect(answer.errors[0]?.message).not.toBe("");
    expect(answer.text.endsWith("\n")).toBe(true);
  });

  it("tells nothing of our own faults", () => {
    const faults = Object.values(ERRORS).filter(([, status]) => status >= 500);
    for (const [error] of faults) {
      const { text } = sent(error);
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(DIGEST);
    }
  });

  it.each([
    new Error(SECRET),
    new TypeError(SECRET),
    Object.assign(new Error(SECRET), { kind: "SomethingElse" }),
    Object.assign(new Error(SECRET), { kind: "toString" }),
    Object.assign(new Error(SECRET), { code: "ENOSPC", path: SECRET }),
    { kind: "BlobUnknown", digest: SECRET },
    SECRET,
    undefined,
  ])("takes what is no error of ours for a fault: %s", (error) => {
    const answer = sent(error);
    expect(answer.status).toBe(500);
    expect(answer.errors).toEqual([{ code: "UNKNOWN", message: "unknown error" }]);
  });

  it("gives the header fields that belong to a status", () => {
    expect(sent(new edge.MethodNotAllowed(["GET", "HEAD"])).headers).toEqual({
      Allow: "GET, HEAD",
    });
    expect(sent(new edge.RangeNotSatisfiable(5)).headers).toEqual({ "Content-Range": "bytes */5" });
    expect(sent(new edge.Unhealthy()).headers).toEqual({ "Retry-After": "5" });
    expect(sent(ERRORS.StorageUnavailable[0]).headers).toEqual({ "Retry-After": "5" });
    expect(sent(new edge.AmbiguousRequest("x")).headers).toEqual({ Connection: "close" });
    expect(sent(new edge.TransferCodingUnknown()).headers).toEqual({ Connection: "close" });
    expect(sent(new edge.RouteUnknown()).headers).toEqual({});
  });

  it("gives details as clients of the reference know them", () => {
    expect(sent(new content.BlobUnknown(DIGEST)).errors[0]?.detail).toBe(DIGEST);
    expect(sent(new content.NameUnknown(NAME)).errors[0]?.detail).toEqual({ name: "a/b" });
    expect(sent(new content.UploadOutOfOrder(7)).errors[0]?.detail).toEqual({ size: 7 });
    expect(sent(new edge.RouteUnknown()).errors[0]).not.toHaveProperty("detail");
  });

  it("lists everything that a manifest lacks, one error each", () => {
    const { errors } = sent(new content.ManifestIncomplete([DIGEST, OTHER]));
    expect(errors.map(({ code, detail }) => [code, detail])).toEqual([
      ["MANIFEST_BLOB_UNKNOWN", DIGEST],
      ["MANIFEST_BLOB_UNKNOWN", OTHER],
    ]);
  });
});
