/** The files that a config names for accounts and certificates, read as `serve` reads them. */
import { readFile } from "node:fs/promises";
import { IssuerKeys } from "../auth/workloads/issuer-keys.ts";
import { parseKeyPem, SigningKeysRefused } from "../auth/tokens/key-pem.ts";
import { TrustedKeyFiles, TrustedKeysUnusable } from "../auth/outside/trusted-key-files.ts";
import { parseCertificates } from "../auth/outside/trusted-keys.ts";
import { readCertificate, TlsUnusable } from "../app/tls-context.ts";
import type {
  BuiltInAuthConfig,
  Config,
  OutsideTokenAuthConfig,
  TlsConfig,
  WorkloadIssuerConfig,
} from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import { errorText } from "../lib/error-text.ts";
import { CollectedLog } from "./collected-log.ts";
import type { FileFindings } from "./file-findings.ts";
import { checkUsersOf } from "./users-file.ts";

/** Asks nothing of other machines, and writes nothing. */
export async function checkConfigFiles(config: Config): Promise<FileFindings> {
  const { auth, http } = config;
  const findings = [
    await checkTls(http.tls),
    auth.kind === "token" ? checkTrustedKeys(auth) : NOTHING,
    auth.kind === "built-in" ? await checkBuiltIn(auth) : NOTHING,
    checkUsersOf(config),
  ];
  return {
    problems: findings.flatMap(({ problems }) => problems),
    warnings: findings.flatMap(({ warnings }) => warnings),
  };
}

const NOTHING: FileFindings = { problems: [], warnings: [] };

async function checkTls(tls: TlsConfig | undefined): Promise<FileFindings> {
  if (tls === undefined) return NOTHING;
  try {
    await readCertificate(tls);
    return NOTHING;
  } catch (error) {
    if (!(error instanceof TlsUnusable)) throw error;
    return problemAt("http.tls", error);
  }
}

function checkTrustedKeys(auth: OutsideTokenAuthConfig): FileFindings {
  const log = new CollectedLog();
  try {
    void new TrustedKeyFiles({ ...auth, log, clock: systemClock });
    return { problems: [], warnings: log.complaints };
  } catch (error) {
    if (error instanceof TrustedKeysUnusable) return problemAt(error.setting, error);
    // Of the file system, from a look at the file before it is read.
    if (error instanceof Error && "code" in error) return problemAt("auth.token", error);
    throw error;
  }
}

async function checkBuiltIn({ key, issuers }: BuiltInAuthConfig): Promise<FileFindings> {
  const warnings = await Promise.all(
    Object.entries(issuers).map(([name, config]) => checkIssuer(name, config)),
  );
  const { problems } = key === undefined ? NOTHING : checkSigningKey(key.reveal());
  return { problems, warnings: warnings.flat() };
}

function checkSigningKey(pem: string): FileFindings {
  try {
    parseKeyPem(pem, "barge.auth.key");
    return NOTHING;
  } catch (error) {
    if (!(error instanceof SigningKeysRefused)) throw error;
    return problemAt("barge.auth.key", error);
  }
}

/** The server reads them when the first job comes: until then nobody would know. */
async function checkIssuer(name: string, config: WorkloadIssuerConfig): Promise<readonly string[]> {
  const place = `barge.auth.issuers.${name}`;
  const [authorities, keys] = await Promise.all([
    config.ca === undefined ? undefined : complaintOfAuthorities(config.ca),
    isFile(config.jwks) ? complaintOfKeys(name, config) : undefined,
  ]);
  const tell = (key: string, complaint: string | undefined): readonly string[] =>
    complaint === undefined ? [] : [`${place}.${key}: ${complaint}; its jobs cannot log in`];
  return [
    ...tell("ca", authorities),
    ...tell("jwks", keys && `cannot use ${config.jwks ?? ""}: ${keys}`),
  ];
}

function isFile(jwks: string | undefined): boolean {
  return jwks !== undefined && !/^https?:/i.test(jwks);
}

async function complaintOfAuthorities(path: string): Promise<string | undefined> {
  try {
    parseCertificates(await readFile(path, "utf8"));
    return undefined;
  } catch (error) {
    return `cannot use ${path}: ${errorText(error)}`;
  }
}

/** Whoever looks for a key has them read, and tells the log why they cannot be had. */
async function complaintOfKeys(
  name: string,
  config: WorkloadIssuerConfig,
): Promise<string | undefined> {
  const log = new CollectedLog();
  const keys = new IssuerKeys({ name, config, clock: systemClock, log });
  // No key has this name: what matters is what was told on the way.
  await keys.find({ alg: "ES256", kid: "" }).catch(() => undefined);
  return log.reasons[0];
}

/** The place says the setting already. */
function problemAt(path: string, error: Error): FileFindings {
  const text = errorText(error);
  const message = [`${path}: `, `${path} `].reduce(
    (rest, start) => (rest.startsWith(start) ? rest.slice(start.length) : rest),
    text,
  );
  return { problems: [{ path, message }], warnings: [] };
}
