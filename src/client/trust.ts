/** Which certificates are trusted, and which are shown, as docker and containers keep them in files. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { errorText } from "../lib/error-text.ts";
import { TrustUnusable } from "./errors.ts";

/** As `node:tls` takes them. Texts are PEM. */
export interface Trust {
  readonly rejectUnauthorized: boolean;
  /** Empty when nothing is verified. */
  readonly ca: readonly string[];
  readonly cert: readonly string[];
  /** In the order of `cert`. */
  readonly key: readonly string[];
}

export interface TrustOptions {
  /** With its port, as it is typed: what the folders are called. */
  readonly host: string;
  /** PEM file of further authorities. */
  readonly caFile: string | undefined;
  /** Whether any certificate will do. */
  readonly insecure: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders of a folder for each host, looked through in this order; those of the system when left out. */
  readonly certificateFolders?: readonly string[];
}

/**
 * The authorities are those of the system, or of `SSL_CERT_FILE` in their place; and those of
 * `NODE_EXTRA_CA_CERTS`, of the option and of the host's folders.
 * @throws {TrustUnusable} when a file that somebody named cannot be read.
 */
export async function loadTrust(options: TrustOptions): Promise<Trust> {
  const { environment, insecure } = options;
  const folders = options.certificateFolders ?? certificateFolders(environment);
  const found = await Promise.all(folders.map((folder) => readFolder(join(folder, options.host))));
  const pairs = found.flatMap(({ pairs: some }) => some);
  const shown = { cert: pairs.map(({ cert }) => cert), key: pairs.map(({ key }) => key) };
  if (insecure) return { rejectUnauthorized: false, ca: [], ...shown };
  const named = [environment["NODE_EXTRA_CA_CERTS"], options.caFile];
  const texts = [
    ...(await systemAuthorities(environment["SSL_CERT_FILE"])),
    ...(await Promise.all(named.filter(isNamed).map(readNamed))),
    ...found.flatMap(({ authorities }) => authorities),
  ];
  return { rejectUnauthorized: true, ca: [...new Set(texts)], ...shown };
}

/** Where certificates of hosts lie; a user's own come first. */
export function certificateFolders(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const home = environment["HOME"] ?? "";
  const own = [".config/containers/certs.d", ".config/docker/certs.d"].map((at) => join(home, at));
  return [...(home === "" ? [] : own), "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

async function systemAuthorities(file: string | undefined): Promise<readonly string[]> {
  if (isNamed(file)) return [await readNamed(file)];
  return [...getCACertificates("bundled"), ...getCACertificates("system")];
}

function isNamed(path: string | undefined): path is string {
  return path !== undefined && path !== "";
}

interface HostFolder {
  readonly authorities: readonly string[];
  readonly pairs: readonly { readonly cert: string; readonly key: string }[];
}

/** `*.crt` are authorities, `NAME.cert` and `NAME.key` a certificate to show. */
async function readFolder(folder: string): Promise<HostFolder> {
  const names = await namesIn(folder);
  const read = async (name: string): Promise<string> => await readNamed(join(folder, name));
  const authorities = names.filter((name) => name.endsWith(".crt"));
  const certificates = names.filter((name) => name.endsWith(".cert"));
  const pairs = certificates.map(async (name) => {
    const [cert, key] = await Promise.all([read(name), read(name.replace(/cert$/, "key"))]);
    return { cert, key };
  });
  return {
    authorities: await Promise.all(authorities.map(read)),
    pairs: await Promise.all(pairs),
  };
}

/** A folder that is not there, or that others keep to themselves, has nothing for us. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw new TrustUnusable(`cannot read ${folder}: ${errorText(cause)}`, { cause });
  }
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new TrustUnusable(`cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}
