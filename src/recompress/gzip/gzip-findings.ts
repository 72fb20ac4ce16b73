import type { Findings } from "../outcome.ts";
import type { Candidate } from "./engine-race.ts";
import type { Framing } from "./framing.ts";
import type { StreamSizes } from "./gzip-columns.ts";
import type { AnalysedMember } from "./member-analyser.ts";

const KIB = 1024;
const MIB = 1024 * 1024;

/** Gathers what a person wants to know of a gzip stream. */
export class GzipFindings {
  /** Plain bytes by who wrote them. */
  readonly #written = new Map<string, { readonly candidate: Candidate; bytes: number }>();
  #members = 0;
  #corrections = 0;
  #damage: string | undefined;

  member({ runner, plainBytes }: AnalysedMember): void {
    this.#members++;
    this.#corrections += runner.predictor.corrections;
    const { candidate } = runner;
    const key = `${candidate.engine.id} ${framingWords(candidate.framing)}`;
    const written = this.#written.get(key);
    if (written === undefined) this.#written.set(key, { candidate, bytes: plainBytes });
    else written.bytes += plainBytes;
  }

  /** Of several the first is told. `undefined` is none. */
  damage(text: string | undefined): void {
    this.#damage ??= text;
  }

  /** @returns the findings; where members differ, of the engine that wrote most. */
  told(sizes: StreamSizes): Findings {
    const [most] = [...this.#written.values()].toSorted((one, other) => other.bytes - one.bytes);
    const framing = most?.candidate.framing ?? { kind: "none" };
    return {
      encoder: most?.candidate.engine.encoder ?? "",
      level: most?.candidate.engine.level ?? "",
      framing: [membersWords(this.#members), framingWords(framing)]
        .filter((words) => words !== "")
        .join(", "),
      corrections: this.#corrections,
      ...sizes,
      damage: this.#damage,
    };
  }
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
