import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { S3Limits, S3Settings } from "./s3-settings.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** The store may work on one of these for minutes before it says a word. */
const PATIENT_TIMEOUT_MS = 10 * 60_000;
const MAX_ATTEMPTS = 4;
const MAX_SOCKETS = 1024;

/** Connections to one store. Whoever opens them destroys them. */
export interface S3Clients {
  /** For everything that is answered soon. */
  readonly quick: S3Client;
  /** For completing an upload and for copying within the store. */
  readonly patient: S3Client;
  /** Signs URLs that clients use; sends nothing. */
  readonly signing: S3Client;
  /** What {@link signing} takes as the bucket. */
  readonly signingBucket: string;
}

/** Nothing is sent yet. */
export function createS3Clients(settings: S3Settings, limits: S3Limits): S3Clients {
  const { idleTimeoutMs = IDLE_TIMEOUT_MS, maxSockets = MAX_SOCKETS } = limits;
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
    httpsAgent: new HttpsAgent({
      keepAlive: true,
      maxSockets,
      rejectUnauthorized: !settings.skipVerify,
    }),
  };
  const client = (socketTimeout: number): S3Client =>
    new S3Client({
      ...clientConfig(settings),
      requestHandler: { ...agents, connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout },
    });
  return {
    quick: client(idleTimeoutMs),
    patient: client(Math.max(idleTimeoutMs, PATIENT_TIMEOUT_MS)),
    ...signingClient(settings),
  };
}

/** Frees every connection. */
export function destroyS3Clients({ quick, patient, signing }: S3Clients): void {
  for (const client of [quick, patient, signing]) client.destroy();
}

function clientConfig(settings: S3Settings): S3ClientConfig {
  const { accessKey, secretKey, userAgent } = settings;
  const endpoint = settings.endpoint ?? plainEndpoint(settings);
  return {
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    useDualstackEndpoint: settings.useDualStack,
    useAccelerateEndpoint: settings.accelerate,
    useFipsEndpoint: settings.useFipsEndpoint,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: "standard",
    // Stores other than Amazon's stumble over checksums that nobody asked for.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // With it every upload would get a connection of its own.
    expectContinueHeader: false,
    ...(endpoint && { endpoint: endpoint.href }),
    ...(userAgent !== undefined && { customUserAgent: userAgent }),
    ...(accessKey !== undefined &&
      secretKey !== undefined && {
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey.reveal() },
      }),
  };
}

/** Amazon's own endpoint without encryption, for those who ask for that. */
function plainEndpoint({ secure, region }: S3Settings): URL | undefined {
  return secure ? undefined : new URL(`http://s3.${region}.amazonaws.com`);
}

/** The host is part of what is signed, so the URL must be made for the one that clients will use. */
function signingClient(settings: S3Settings): Pick<S3Clients, "signing" | "signingBucket"> {
  const { redirectEndpoint, bucket, forcePathStyle } = settings;
  const config = clientConfig(settings);
  if (redirectEndpoint === undefined) {
    return { signing: new S3Client(config), signingBucket: bucket };
  }
  if (forcePathStyle) {
    const signing = new S3Client({ ...config, endpoint: redirectEndpoint.href });
    return { signing, signingBucket: bucket };
  }
  // The endpoint stands for the bucket's own host.
  const signing = new S3Client({ ...config, bucketEndpoint: true });
  return { signing, signingBucket: redirectEndpoint.href };
}
