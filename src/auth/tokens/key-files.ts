/** Where signing keys are kept: a folder of the state directory, or memory. */
import { createPublicKey, generateKeyPairSync, randomUUID, X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatPem, selfSignedCertificate } from "./certificate.ts";
import {
  absentAs,
  checkGuardedFile,
  checkGuardedFolder,
  errnoOf,
  openGuardedFile,
} from "./guarded-path.ts";
import { thumbprint } from "../key-id.ts";
import { type KeyPair, parseKeyPem, SigningKeysRefused } from "./key-pem.ts";

/** A key and its place in the order of keys. */
export interface StoredKey extends KeyPair {
  /** Counts up from 1; the highest signs. */
  readonly generation: number;
  readonly createdAt: Date;
  readonly certificate: Buffer;
}

/** What a store holds. */
export interface KeyListing {
  /** Those that are of use, the oldest first. */
  readonly keys: readonly StoredKey[];
  /** Why others are not: {SigningKeysRefused} or the error of the file system. */
  readonly problems: readonly Error[];
}

/** Keeps signing keys. */
export interface KeyStore {
  /** @throws {SigningKeysRefused} or the error of the file system when nothing can be said of any. */
  list(): Promise<KeyListing>;
  /** Durable once it resolves; `false` when somebody else was first with a key of that generation. */
  add(key: StoredKey): Promise<boolean>;
  remove(key: StoredKey): Promise<void>;
}

/** So that a registry whose clock is behind takes the certificate at once. */
const BACKDATED_MS = 5 * 60_000;
const CERTIFICATE_LIFETIME_MS = 10 * 365 * 86_400_000;

const FILE_NAME = /^key-(\d{4,9})\.pem$/;

/** Makes a key and its certificate. @param commonName what the certificate is made out to. */
export function makeStoredKey(
  generation: number,
  { now, commonName }: { readonly now: Date; readonly commonName: string },
): StoredKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const notBefore = new Date(now.getTime() - BACKDATED_MS);
  const notAfter = new Date(now.getTime() + CERTIFICATE_LIFETIME_MS);
  const certificate = selfSignedCertificate({ privateKey, commonName, notBefore, notAfter });
  const kid = thumbprint(publicKey);
  return { generation, kid, privateKey, publicKey, certificate, createdAt: createdAt(certificate) };
}

/** For registries that keep nothing beyond their process. */
export class KeysInMemory implements KeyStore {
  #keys: readonly StoredKey[] = [];

  list(): Promise<KeyListing> {
    return Promise.resolve({ keys: this.#keys, problems: [] });
  }

  add(key: StoredKey): Promise<boolean> {
    this.#keys = [...this.#keys, key];
    return Promise.resolve(true);
  }

  remove(key: StoredKey): Promise<void> {
    this.#keys = this.#keys.filter((other) => other !== key);
    return Promise.resolve();
  }
}

interface ReadKey {
  /** Changes when the file is replaced. */
  readonly version: string;
  readonly key: StoredKey;
}

/**
 * One file for each key, `key-0001.pem` with the key and its certificate, and beside it `<kid>.crt` with
 * the certificate alone, for whoever else is to trust the tokens. Several processes may share the folder.
 */
export class KeysInFolder implements KeyStore {
  readonly #directory: string;
  #read: ReadonlyMap<number, ReadKey> = new Map();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async list(): Promise<KeyListing> {
    const read = new Map<number, ReadKey>();
    const problems: Error[] = [];
    for (const generation of await this.#generations()) {
      const known = this.#read.get(generation);
      const version = await versionOf(this.#pathOf(generation), known?.version);
      if (version === undefined) continue;
      const same = known?.version === version ? known : undefined;
      // One that was read before, and is there as it was, counts whatever is wrong with it now.
      if (same !== undefined) read.set(generation, same);
      try {
        read.set(generation, await this.#readKey(generation, same));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (errnoOf(error) === "ENOENT") read.delete(generation);
        else problems.push(error);
      }
    }
    this.#read = read;
    return { keys: Array.from(read.values(), ({ key }) => key), problems };
  }

  async add(key: StoredKey): Promise<boolean> {
    await makeDirectory(this.#directory);
    const certificate = formatPem("CERTIFICATE", key.certificate);
    const beside = this.#certificateOf(key);
    await rename(await writeTemporary(beside, certificate), beside);
    const content = `${exportKey(key)}${certificate}`;
    const isFirst = await publishNew(this.#pathOf(key.generation), content);
    if (!isFirst) await removeFile(beside);
    return isFirst;
  }

  async remove(key: StoredKey): Promise<void> {
    await removeFile(this.#pathOf(key.generation));
    await removeFile(this.#certificateOf(key));
    await syncDirectory(this.#directory);
  }

  async #generations(): Promise<readonly number[]> {
    const isThere = await checkGuardedFolder(this.#directory).then(() => true, absentAs(false));
    const names = isThere ? await readdir(this.#directory) : [];
    return names
      .map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0))
      .filter((generation) => generation > 0)
      .toSorted((a, b) => a - b);
  }

  async #readKey(generation: number, known: ReadKey | undefined): Promise<ReadKey> {
    const path = this.#pathOf(generation);
    await using file = await openGuardedFile(path);
    const version = versionIn(await file.stat());
    const isKnown = known?.version === version;
    const key = isKnown ? known.key : readStored(await file.readFile("utf8"), { path, generation });
    await checkGuardedFile(this.#certificateOf(key));
    return { version, key };
  }

  #certificateOf({ kid }: StoredKey): string {
    return join(this.#directory, `${kid}.crt`);
  }

  #pathOf(generation: number): string {
    return join(this.#directory, `key-${String(generation).padStart(4, "0")}.pem`);
  }
}

interface FileTimes {
  readonly ino: number;
  readonly mtimeMs: number;
}

function versionIn({ ino, mtimeMs }: FileTimes): string {
  return `${ino}:${mtimeMs}`;
}

/** @returns `undefined` when it has been removed; `known` when that cannot be said. */
async function versionOf(path: string, known: string | undefined): Promise<string | undefined> {
  try {
    return versionIn(await lstat(path));
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? undefined : (known ?? "unknown");
  }
}

function readStored(
  text: string,
  { path, generation }: { readonly path: string; readonly generation: number },
): StoredKey {
  const [{ kid, privateKey, certificate }] = parseKeyPem(text, path).pairs;
  if (certificate === undefined) throw new SigningKeysRefused(`${path} lacks its certificate`);
  const publicKey = createPublicKey(privateKey);
  return { generation, kid, privateKey, publicKey, certificate, createdAt: createdAt(certificate) };
}

function createdAt(certificate: Buffer): Date {
  const { validFromDate } = new X509Certificate(certificate);
  return new Date(validFromDate.getTime() + BACKDATED_MS);
}

function exportKey({ privateKey }: StoredKey): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Makes the folder so that a power cut does not take it. @throws {SigningKeysRefused} when others may write there. */
async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  await checkGuardedFolder(path);
  if (made === undefined) return;
  for (let above = dirname(path); ; above = dirname(above)) {
    await syncDirectory(above);
    if (above === dirname(made) || above === dirname(above)) return;
  }
}

/** Writes a file that is there whole or not at all. @returns `false` when there is one of that name already. */
async function publishNew(path: string, content: string): Promise<boolean> {
  const temporary = await writeTemporary(path, content);
  try {
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(path));
  return true;
}

async function writeTemporary(path: string, content: string): Promise<string> {
  const temporary = `${path}.${randomUUID()}.new`;
  await using file = await open(temporary, "wx", 0o600);
  await file.writeFile(content);
  await file.sync();
  return temporary;
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } catch (error) {
    if (errnoOf(error) !== "EINVAL") throw error; // this file system has no such operation
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(absentAs(undefined));
}
