/** The heads of answers: the lines of every answer, and those of this one. */
import { type Answer, type AnswerBody, isBlobBody } from "./answer.ts";

/** In every answer; browsers that see attacker-made bytes must not run them. */
const ALWAYS = {
  "Docker-Distribution-Api-Version": "registry/2.0",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Names and values in turn, as node's `writeHead` takes them; a name may come several times. */
type Lines = string[];

export class ResponseHeads {
  readonly #standing: ReadonlyMap<string, Lines>;
  readonly #standingLines: Lines;
  /** Of lasting answers. */
  readonly #lines = new WeakMap<Answer, Lines>();

  /** @param configured `http.headers` of the config: they take the place of what is always there. */
  constructor(configured: Readonly<Record<string, readonly string[]>>) {
    const all = [...Object.entries(ALWAYS), ...Object.entries(configured)];
    this.#standing = new Map(
      all.map(([name, value]) => [name.toLowerCase(), linesOf(name, value)] as const),
    );
    this.#standingLines = [...this.#standing.values()].flat();
  }

  /** Lines of the answer take the place of those that stand in every one. Not to be changed. */
  linesOf(answer: Answer): Lines {
    const known = answer.isLasting ? this.#lines.get(answer) : undefined;
    if (known !== undefined) return known;
    const lines = this.#make(answer);
    if (answer.isLasting) this.#lines.set(answer, lines);
    return lines;
  }

  #make({ status, headers, body }: Answer): Lines {
    const lines = [...this.#standingBeside(headers)];
    for (const [name, value] of Object.entries(headers)) lines.push(...linesOf(name, value));
    if (body !== undefined) {
      lines.push("Content-Type", body.contentType, "Content-Length", String(lengthOf(body)));
    } else if (status !== 204 && status !== 304) {
      lines.push("Content-Length", "0");
    }
    return lines;
  }

  #standingBeside(headers: Answer["headers"]): Lines {
    const own = Object.keys(headers).map((name) => name.toLowerCase());
    if (!own.some((name) => this.#standing.has(name))) return this.#standingLines;
    return [...this.#standing].flatMap(([name, lines]) => (own.includes(name) ? [] : lines));
  }
}

function linesOf(name: string, value: string | readonly string[]): Lines {
  return typeof value === "string" ? [name, value] : value.flatMap((each) => [name, each]);
}

/** Of the body as it is announced, sent or not. */
export function lengthOf(body: AnswerBody): number {
  return isBlobBody(body) ? body.lengthBytes : body.bytes.byteLength;
}
