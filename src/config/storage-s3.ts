import { z } from "zod";
import type { S3Config } from "./config.ts";
import {
  EVEN_IF_PARTS_ARE_WRONG,
  optionalParameterFlag,
  parameterCount,
  parameterFlag,
  parseHttpUrl,
  size,
  text,
} from "./leaves.ts";
import { SECRET } from "./schema-marks.ts";
import { Secret } from "./secret.ts";
import { isText } from "./value-at.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const STORAGE_CLASSES = [
  "NONE",
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "OUTPOSTS",
  "GLACIER_IR",
  "EXPRESS_ONEZONE",
] as const;

const OBJECT_ACLS = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
] as const;

const who = {
  accesskey: text()
    .describe(
      "Access key, with `secretkey`. Default: the environment, the profile or the machine's role.",
    )
    .meta({ [SECRET]: true }),
  secretkey: text()
    .describe("Secret key: itself, `env:NAME` for a variable, or `file:/path` for a file.")
    .meta({ [SECRET]: true }),
};

const where = {
  region: text().describe(
    "Region of the bucket. Required unless `regionendpoint` is set; then `us-east-1`.",
  ),
  regionendpoint: text().describe("URL of a store other than Amazon's, such as MinIO or Ceph."),
  redirectendpoint: text().describe(
    "URL of the store as clients reach it: stands in redirects in place of the endpoint.",
  ),
  forcepathstyle: optionalParameterFlag().describe(
    "Writes the bucket into the path, not the host. Default: true exactly when `regionendpoint` is set.",
  ),
  bucket: z.string().describe("Name of the bucket. Required."),
  rootdirectory: z.string().default("").describe("Prefix of every key; empty for none."),
  secure: parameterFlag(true).describe("Speaks https where the endpoint names no scheme."),
  skipverify: parameterFlag(false).describe("Takes the endpoint's certificate unchecked."),
  usedualstack: parameterFlag(false).describe("Uses Amazon's endpoints with IPv6."),
  accelerate: parameterFlag(false).describe("Uses Amazon's transfer acceleration."),
  usefipsendpoint: parameterFlag(false).describe("Uses Amazon's FIPS endpoints."),
};

const how = {
  encrypt: parameterFlag(false).describe("Asks the store to encrypt each object."),
  keyid: text().describe("KMS key to encrypt with; needs `encrypt`."),
  chunksize: size({ preset: 10 * MIB, min: 5 * MIB, max: 5 * GIB }).describe(
    "Size of a part of a multipart upload, in bytes or with a unit; at least 5MiB.",
  ),
  multipartcopychunksize: size({ preset: 32 * MIB, min: 5 * MIB, max: 5 * GIB }).describe(
    "Size of a part of a copy within the store, in bytes or with a unit.",
  ),
  multipartcopymaxconcurrency: parameterCount({ preset: 100, min: 1, max: 10_000 }).describe(
    "Parts of one copy at the same time.",
  ),
  multipartcopythresholdsize: size({ preset: 32 * MIB, min: 0, max: 5 * GIB }).describe(
    "Size above which a copy goes in parts, in bytes or with a unit.",
  ),
  storageclass: z
    .string()
    .toUpperCase()
    .pipe(z.enum(STORAGE_CLASSES))
    .default("STANDARD")
    .describe("Storage class of new objects; `NONE` leaves the header out."),
  objectacl: z
    .enum(OBJECT_ACLS)
    .optional()
    .describe("ACL of new objects. Default: no header is sent, which means private."),
  useragent: text().describe("Text that is added to the `User-Agent` of requests."),
  v4auth: parameterFlag(true).describe("Signature version 4; the older one is not carried out."),
  loglevel: text().describe("Log of the requests to the store; not carried out, except `off`."),
};

/** `storage.s3:` and `storage.s3aws:`, its other name. */
export const s3Schema = z
  .object({ ...who, ...where, ...how })
  .superRefine((s3, context) => {
    const report = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    if ((s3.accesskey === undefined) !== (s3.secretkey === undefined)) {
      const missing = s3.accesskey === undefined ? "accesskey" : "secretkey";
      report(missing, "is missing: accesskey and secretkey belong together");
    }
    if (s3.region === undefined && s3.regionendpoint === undefined) {
      report("region", "is missing: name the region of the bucket, or a regionendpoint");
    }
    for (const key of ["regionendpoint", "redirectendpoint"] as const) {
      const endpoint = s3[key];
      if (!isText(endpoint) || endpointUrl(endpoint, s3.secure) !== undefined) continue;
      report(key, "must be a URL or host:port, such as https://minio.example.com:9000");
    }
  }, EVEN_IF_PARTS_ARE_WRONG)
  .optional()
  .describe("Amazon S3 or a store that speaks its protocol.");

type S3Section = NonNullable<z.output<typeof s3Schema>>;

export function toS3Config(s3: S3Section): S3Config {
  return {
    name: "s3",
    ...toPlace(s3),
    accessKey: s3.accesskey,
    secretKey: s3.secretkey === undefined ? undefined : new Secret(s3.secretkey),
    encrypt: s3.encrypt,
    keyId: s3.keyid,
    chunkSizeBytes: s3.chunksize,
    multipartCopyChunkSizeBytes: s3.multipartcopychunksize,
    multipartCopyMaxConcurrency: s3.multipartcopymaxconcurrency,
    multipartCopyThresholdBytes: s3.multipartcopythresholdsize,
    storageClass: s3.storageclass === "NONE" ? undefined : s3.storageclass,
    objectAcl: s3.objectacl,
    userAgent: s3.useragent,
  };
}

function toPlace(s3: S3Section) {
  return {
    region: s3.region ?? "us-east-1",
    endpoint: endpointUrl(s3.regionendpoint, s3.secure),
    redirectEndpoint: endpointUrl(s3.redirectendpoint, s3.secure),
    forcePathStyle: s3.forcepathstyle ?? s3.regionendpoint !== undefined,
    bucket: s3.bucket,
    rootDirectory: s3.rootdirectory.replace(/^\/+|\/+$/g, ""),
    secure: s3.secure,
    skipVerify: s3.skipverify,
    useDualStack: s3.usedualstack,
    accelerate: s3.accelerate,
    useFipsEndpoint: s3.usefipsendpoint,
  };
}

/** An endpoint without a scheme gets the one that `secure` says. */
function endpointUrl(endpoint: string | undefined, isSecure: boolean): URL | undefined {
  if (endpoint === undefined) return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint)) return parseHttpUrl(endpoint);
  return parseHttpUrl(`${isSecure ? "https" : "http"}://${endpoint}`);
}
