/** Where signing keys are kept: a folder of the state directory, or memory. */
import { createPublicKey, generateKeyPairSync, randomUUID, X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatPem, selfSignedCertificate } from "./certificate.ts";
import { thumbprint } from "./key-id.ts";
import { type KeyPair, parseKeyPem, SigningKeysRefused } from "./key-pem.ts";

/** A key and its place in the order of keys. */
export interface StoredKey extends KeyPair {
  /** Counts up from 1; the highest signs. */
  readonly generation: number;
  readonly createdAt: Date;
  readonly certificate: Buffer;
}

/** Keeps signing keys. */
export interface KeyStore {
  /** All of them, the oldest first. @throws {SigningKeysRefused} or the error of the file system. */
  list(): Promise<readonly StoredKey[]>;
  /** Durable once it resolves; `false` when somebody else was first with a key of that generation. */
  add(key: StoredKey): Promise<boolean>;
  remove(key: StoredKey): Promise<void>;
}

/** So that a registry whose clock is behind takes the certificate at once. */
const BACKDATED_MS = 5 * 60_000;
const CERTIFICATE_LIFETIME_MS = 10 * 365 * 86_400_000;

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
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

  list(): Promise<readonly StoredKey[]> {
    return Promise.resolve(this.#keys);
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

  async list(): Promise<readonly StoredKey[]> {
    const read = new Map<number, ReadKey>();
    for (const generation of await this.#generations()) {
      const found = await this.#readKey(generation);
      if (found !== undefined) read.set(generation, found);
    }
    this.#read = read;
    return Array.from(read.values(), ({ key }) => key);
  }

  async add(key: StoredKey): Promise<boolean> {
    await makeDirectory(this.#directory);
    const certificate = formatPem("CERTIFICATE", key.certificate);
    const beside = join(this.#directory, `${key.kid}.crt`);
    await rename(await writeTemporary(beside, certificate), beside);
    const content = `${exportKey(key)}${certificate}`;
    const isFirst = await publishNew(this.#pathOf(key.generation), content);
    if (!isFirst) await removeFile(beside);
    return isFirst;
  }

  async remove(key: StoredKey): Promise<void> {
    await removeFile(this.#pathOf(key.generation));
    await removeFile(join(this.#directory, `${key.kid}.crt`));
    await syncDirectory(this.#directory);
  }

  async #generations(): Promise<readonly number[]> {
    const names = await readdir(this.#directory).catch(absentAs([]));
    return names
      .map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0))
      .filter((generation) => generation > 0)
      .toSorted((a, b) => a - b);
  }

  /** @returns `undefined` when it has been removed meanwhile. */
  async #readKey(generation: number): Promise<ReadKey | undefined> {
    const path = this.#pathOf(generation);
    const file = await open(path, constants.O_RDONLY).catch(absentAs(undefined));
    if (file === undefined) return undefined;
    await using opened = file;
    const { ino, mtimeMs, mode } = await opened.stat();
    if ((mode & OTHERS) !== 0) throw tooOpen(path, "chmod 600");
    const version = `${ino}:${mtimeMs}`;
    const known = this.#read.get(generation);
    if (known?.version === version) return known;
    return { version, key: readStored(await opened.readFile("utf8"), { path, generation }) };
  }

  #pathOf(generation: number): string {
    return join(this.#directory, `key-${String(generation).padStart(4, "0")}.pem`);
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
  if (((await stat(path)).mode & OTHERS_WRITE) !== 0) throw tooOpen(path, "chmod 700");
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

function absentAs<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (errnoOf(error) === "ENOENT") return value;
    throw error;
  };
}

function tooOpen(path: string, remedy: string): SigningKeysRefused {
  return new SigningKeysRefused(`${path} is open to other users of this machine: ${remedy} it`);
}

function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
