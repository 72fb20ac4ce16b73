import { relative } from "node:path";
import {
  type FileSystem,
  type OpenFile,
  realFileSystem,
} from "../../storage-drivers/filesystem/file-system.ts";

/** Calls that change or sync something; looking around is not recorded. */
const RECORDED = ["link", "mkdir", "open", "rename", "rm", "rmdir", "unlink"] as const;
const RECORDED_OF_FILES = ["sync", "writev"] as const;

type AnyCall = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * The real file system, with a note of each call and failures where a test wants them.
 *
 * A call reads `sync a/b`, `rename a/b.*.tmp a/b`: paths are relative to the root, and the random part
 * of a temporary name is a star.
 */
export class RecordingFileSystem {
  readonly calls: string[] = [];
  /** Called before each recorded call is made; what it throws, the call throws. */
  before: (call: string, number: number) => void | Promise<void> = () => undefined;
  /** How many bytes one `writev` takes at most. */
  shortWriteBytes = Infinity;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** What a driver takes in place of the real one. */
  get fileSystem(): FileSystem {
    const real = realFileSystem();
    const wrapped: Record<string, AnyCall> = {};
    for (const name of RECORDED) {
      const call = real[name] as unknown as AnyCall;
      wrapped[name] = async (...args) => {
        const paths = args
          .filter((arg) => typeof arg === "string")
          .map((path) => this.#short(path));
        await this.#record(`${name} ${paths.join(" ")}`);
        const result = await call(...args);
        return name === "open" ? this.#wrapFile(result as OpenFile, paths[0] ?? "") : result;
      };
    }
    return { ...real, ...wrapped } as FileSystem;
  }

  /** Makes the calls that match fail with `code`. */
  fail(matching: RegExp, code: string): void {
    this.before = (call) => {
      if (matching.test(call)) throw systemError(code);
    };
  }

  /** Makes the n-th call from now on fail with `code`, counted from 1. */
  failNth(nth: number, code: string): void {
    const target = this.calls.length + nth;
    this.before = (_call, number) => {
      if (number === target) throw systemError(code);
    };
  }

  /** Forgets what was recorded. */
  reset(): void {
    this.calls.length = 0;
    this.before = () => undefined;
  }

  #short(path: string): string {
    const below = relative(this.#root, path).replace(/\.[0-9a-f]{16}\.tmp$/, ".*.tmp");
    return below === "" ? "." : below;
  }

  async #record(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call, this.calls.length);
  }

  #wrapFile(file: OpenFile, path: string): OpenFile {
    const record = (call: string): Promise<void> => this.#record(`${call} ${path}`);
    const shorten = (pieces: readonly Uint8Array[]): readonly Uint8Array[] =>
      Number.isFinite(this.shortWriteBytes)
        ? [(pieces[0] ?? new Uint8Array()).subarray(0, this.shortWriteBytes)]
        : pieces;
    return new Proxy(file, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        const call = value.bind(target) as AnyCall;
        if (!RECORDED_OF_FILES.some((name) => name === property)) return call;
        return async (...args: readonly unknown[]) => {
          await record(String(property));
          if (property === "sync") return call();
          return call(shorten(args[0] as readonly Uint8Array[]), ...args.slice(1));
        };
      },
    });
  }
}

/** As the kernel's failures arrive. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: planted by the test`), { code });
}
