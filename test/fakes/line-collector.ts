import type { LineSink } from "../../src/lib/line-writer.ts";

/** A sink that keeps its lines; while `isBlocked` it gives them up. */
export class LineCollector implements LineSink {
  readonly lines: string[] = [];
  isBlocked = false;

  write(line: string): boolean {
    if (!this.isBlocked) this.lines.push(line);
    return !this.isBlocked;
  }

  get text(): string {
    return this.lines.join("");
  }
}
