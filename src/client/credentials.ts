/** Credentials of servers: found, kept and erased where docker, podman and the like keep them. */
import type { Clock } from "../lib/clock.ts";
import {
  type Credentials,
  entryFor,
  fromHelper,
  helperFor,
  hostOf,
  IDENTITY_TOKEN_NAME,
  isKeyOf,
  keysOf,
  type NamedCredentials,
  withEntry,
  withoutEntries,
} from "./credential-entries.ts";
import {
  changeCredentialFile,
  credentialFiles,
  type CredentialPlaces,
  loginFile,
  readCredentialFile,
} from "./credential-files.ts";
import {
  eraseFromHelper,
  getFromHelper,
  type HelperCall,
  storeInHelper,
} from "./credential-helpers.ts";
import type { JsonObject } from "../oci/descriptor.ts";

export interface CredentialSources extends CredentialPlaces {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told which entry won, never what stands in it. */
  readonly debug: (line: string) => void;
}

export interface FoundCredentials {
  readonly credentials: Credentials;
  readonly file: string;
}

/**
 * In each file a helper is asked first, then the file itself.
 * @param place a host as it is typed, with its port if any; with a path behind it where one repository is meant.
 * @returns `undefined` when nobody has logged in there.
 * @throws {CredentialFileUnusable} {CredentialHelperFailed}
 */
export async function findCredentials(
  place: string,
  sources: CredentialSources,
): Promise<FoundCredentials | undefined> {
  for (const file of credentialFiles(sources)) {
    const content = await readCredentialFile(file);
    if (content === undefined) continue;
    const kept = await fromHelperOf(content, place, sources);
    const entry = kept ?? entryFor(content, place, file);
    if (entry === undefined) continue;
    sources.debug(`credentials for ${place}: ${entry.key} in ${file}`);
    return { credentials: entry.credentials, file };
  }
  sources.debug(`credentials for ${place}: none in ${credentialFiles(sources).join(", ")}`);
  return undefined;
}

export interface KeptLogin {
  readonly file: string;
  /** `undefined`: the secret stands in the file, readable to its owner. */
  readonly helper: string | undefined;
}

/** Keeps credentials through the helper that the file names for the host, else in the file. @throws as {@link findCredentials} */
export async function keepCredentials(
  host: string,
  credentials: NamedCredentials,
  sources: CredentialSources,
): Promise<KeptLogin> {
  const file = loginFile(sources);
  const helper = helperFor((await readCredentialFile(file)) ?? {}, host);
  if (helper !== undefined) {
    const { name, secret } = credentials;
    const kept =
      secret.kind === "password"
        ? { name, secret: secret.password }
        : { name: IDENTITY_TOKEN_NAME, secret: secret.token };
    await storeInHelper(host, kept, helperCall(helper, sources));
  }
  const held = helper === undefined ? credentials : undefined;
  await changeCredentialFile(file, (content) => withEntry(content, host, held));
  return { file, helper };
}

/**
 * Erases what {@link keepCredentials} kept.
 * @param host `undefined`: of every server in the file.
 * @returns the hosts that there was something for.
 * @throws as {@link findCredentials}
 */
export async function eraseCredentials(
  host: string | undefined,
  sources: CredentialSources,
): Promise<readonly string[]> {
  const file = loginFile(sources);
  const content = await readCredentialFile(file);
  if (content === undefined) return [];
  const keys = keysOf(content).filter((key) => host === undefined || isKeyOf(host, key));
  const isKept = host !== undefined && (await fromHelperOf(content, host, sources)) !== undefined;
  const hosts = [...new Set([...keys.map(hostOf), ...(isKept ? [host] : [])])];
  for (const one of hosts) {
    const helper = helperFor(content, one);
    if (helper !== undefined) await eraseFromHelper(one, helperCall(helper, sources));
  }
  await changeCredentialFile(file, (latest) => withoutEntries(latest, keys));
  return hosts;
}

/** The hosts that some file has an entry for. @throws {CredentialFileUnusable} */
export async function knownHosts(places: CredentialPlaces): Promise<readonly string[]> {
  const hosts = new Set<string>();
  for (const file of credentialFiles(places)) {
    const content = (await readCredentialFile(file)) ?? {};
    for (const key of keysOf(content)) hosts.add(hostOf(key));
  }
  return [...hosts];
}

interface FromHelper {
  /** For people: where it was found. */
  readonly key: string;
  readonly credentials: Credentials;
}

/** Helpers know servers, not places below them. */
async function fromHelperOf(
  content: JsonObject,
  place: string,
  sources: CredentialSources,
): Promise<FromHelper | undefined> {
  const helper = helperFor(content, place);
  if (helper === undefined) return undefined;
  const host = hostOf(place);
  const kept = await getFromHelper(host, helperCall(helper, sources));
  if (kept === undefined) return undefined;
  return {
    key: `helper ${helper}, named`,
    credentials: fromHelper(kept.name, kept.secret),
  };
}

function helperCall(helper: string, { environment, clock, signal }: CredentialSources): HelperCall {
  return { helper, environment, clock, signal };
}
