import type { Findings } from "../outcome.ts";
import type { Framing } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { StreamSizes } from "./gzip-columns.ts";
import type { AnalysedMember } from "./member-analyser.ts";

const KIB = 1024;
const MIB = 1024 * 1024;

/** What is said of plain bytes that were written alike. */
interface Written {
  readonly encoder: string;
  readonly level: string;
  readonly framing: string;
  bytes: number;
}

/** Gathers what a person wants to know of a gzip stream. */
export class GzipFindings {
  /** Plain bytes by who wrote them. */
  readonly #written = new Map<string, Written>();
  #members = 0;
  #corrections = 0;
  #damage: string | undefined;

  member({ runner, isStored, plainBytes }: AnalysedMember): void {
    this.#members++;
    this.#corrections += runner.predictor.corrections;
    const { engine, framing } = runner.candidate;
    const key = `${isStored ? "stored" : engine.id} ${framingWords(framing)}`;
    const written = this.#written.get(key);
    if (written !== undefined) written.bytes += plainBytes;
    else {
      const names = isStored
        ? STORED
        : { encoder: encoderOf(engine, framing), level: engine.level };
      this.#written.set(key, { ...names, framing: framingWords(framing), bytes: plainBytes });
    }
  }

  /** Of several the first is told. `undefined` is none. */
  damage(text: string | undefined): void {
    this.#damage ??= text;
  }

  /** @returns the findings; where members differ, of the engine that wrote most. */
  told(sizes: StreamSizes): Findings {
    const [most] = [...this.#written.values()].toSorted((one, other) => other.bytes - one.bytes);
    return {
      encoder: most?.encoder ?? "",
      level: most?.level ?? "",
      framing: [membersWords(this.#members), most?.framing ?? ""]
        .filter((words) => words !== "")
        .join(", "),
      corrections: this.#corrections,
      ...sizes,
      damage: this.#damage,
    };
  }
}

/** Every encoder stores alike. */
const STORED = { encoder: "stored", level: "0" } as const;

function encoderOf({ encoder, family }: GzipEngine, framing: Framing): string {
  return family === "zlib" && isPigzFraming(framing) ? "pigz (zlib)" : encoder;
}

function isPigzFraming(framing: Framing): boolean {
  return framing.kind === "blocks" && framing.historyBytes !== 16 * KIB;
}

function membersWords(members: number): string {
  return members === 1 ? "one member" : `${members.toLocaleString("en")} members`;
}

function framingWords(framing: Framing): string {
  if (framing.kind === "none") return "";
  const program = PROGRAMS[framing.historyBytes];
  const size = sizeWords(framing.blockBytes);
  return program === undefined ? `blocks of ${size}` : `blocks of ${size} (${program})`;
}

/** Who cuts its input, by how much a block knows of the one before. */
const PROGRAMS: Readonly<Record<number, string>> = {
  [16 * KIB]: "pgzip",
  [32 * KIB]: "pigz",
  0: "pigz --independent",
};

function sizeWords(bytes: number): string {
  if (bytes % MIB === 0) return `${bytes / MIB} MiB`;
  return bytes % KIB === 0 ? `${bytes / KIB} KiB` : `${bytes.toLocaleString("en")} bytes`;
}
