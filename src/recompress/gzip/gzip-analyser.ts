import type { Outcome, RawReason } from "../outcome.ts";
import { encodeRecipe } from "../recipe.ts";
import type { Recipe } from "../recipe.ts";
import type { StreamAnalyser, TakeBytes } from "../stream-codec.ts";
import { BrokenStream, UnsupportedStream } from "../stream-errors.ts";
import { createGzipColumns, gzipColumnsSizeBytes, toGzipRecipe } from "./gzip-columns.ts";
import { GZIP_ENGINES } from "./gzip-engines.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import { NotGzip, UnknownEncoder } from "./gzip-errors.ts";
import { GzipFindings } from "./gzip-findings.ts";
import { GzipHeaderReader } from "./gzip-header.ts";
import { GzipMembersWriter } from "./gzip-members.ts";
import { GzipRestartsWriter, STREAM_START } from "./gzip-restarts.ts";
import type { GzipRestart } from "./gzip-restarts.ts";
import { GzipTrailerReader, trailerDamage } from "./gzip-trailer.ts";
import { MemberAnalyser } from "./member-analyser.ts";
import type { AnalysedMember } from "./member-analyser.ts";
import { isRestartDue, USUAL_SPACING } from "./restart-spacing.ts";
import type { GzipRestartSpacing } from "./restart-spacing.ts";
import { USUAL_SAMPLE } from "./token-sample.ts";
import type { SampleSizes } from "./token-sample.ts";

/** What may follow the last member, junk or zeros, and still be kept in a recipe. */
const LARGEST_TAIL_BYTES = 64 * 1024;
/** A recipe larger than this, and than this share of the stream, saves too little. */
const ALWAYS_WORTH_BYTES = 1024;
const LARGEST_SHARE = 0.15;

/** What to do with a gzip stream. */
export interface GzipAnalysis {
  readonly onPlain: TakeBytes;
  /** Those that may have written the stream. By default all there are. */
  readonly engines?: readonly GzipEngine[];
  /** For tests with short streams. */
  readonly restartSpacing?: GzipRestartSpacing;
  /** For tests with short streams. */
  readonly sampleSizes?: SampleSizes;
}

/**
 * Reads a gzip stream (RFC 1952), hands on its plain bytes, and finds its recipe.
 *
 * Neither the recipe nor the verdict depends on how the stream was cut. The memory it takes does not
 * depend on the stream.
 */
export class GzipAnalyser implements StreamAnalyser {
  readonly #columns = createGzipColumns();
  readonly #members = new GzipMembersWriter(this.#columns);
  readonly #restarts = new GzipRestartsWriter(this.#columns.restarts);
  readonly #findings = new GzipFindings();
  readonly #trailer = new GzipTrailerReader();
  readonly #member: MemberAnalyser;
  readonly #spacing: GzipRestartSpacing;
  #header = new GzipHeaderReader();
  #state: "header" | "body" | "trailer" | "tail" = "header";
  #analysed: AnalysedMember | undefined;
  #memberCount = 0;
  #memberStart = 0;
  #headerEnd = 0;
  #streamBytes = 0;
  #plainBytes = 0;
  #lastRestart = STREAM_START;
  #reason: RawReason | undefined;

  constructor(analysis: GzipAnalysis) {
    const { onPlain, engines = GZIP_ENGINES, restartSpacing = USUAL_SPACING } = analysis;
    const { sampleSizes = USUAL_SAMPLE } = analysis;
    const columns = this.#columns;
    this.#spacing = restartSpacing;
    this.#member = new MemberAnalyser({ engines, onPlain, columns, restartSpacing, sampleSizes });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#reason !== undefined) return false;
    try {
      for (let at = 0; at < bytes.length;) {
        const taken = this.#take(bytes.subarray(at));
        this.#streamBytes += taken;
        at += taken;
        this.#settle();
      }
    } catch (error) {
      this.#reason = reasonOf(error);
    }
    return this.#reason === undefined;
  }

  end(): Outcome {
    const reason = this.#reason ?? this.#reasonAtEnd();
    if (reason !== undefined) return { kind: "raw", reason };
    const sizes = { streamBytes: this.#streamBytes, plainBytes: this.#plainBytes };
    const recipe = toGzipRecipe(this.#columns, sizes);
    if (!this.#isWorthIt(recipe)) return { kind: "raw", reason: reasonOf(new UnknownEncoder()) };
    return { kind: "exact", recipe, findings: this.#findings.told(sizes) };
  }

  /** @returns how many of the bytes were taken, at least one unless the state is at its end. */
  #take(bytes: Uint8Array): number {
    switch (this.#state) {
      case "header":
        return this.#header.write(bytes);
      case "body":
        return this.#member.write(bytes);
      case "trailer":
        return this.#trailer.write(bytes);
      case "tail":
        return this.#keepTail(bytes);
    }
  }

  /** Goes on to what comes next when one part of the stream has ended. */
  #settle(): void {
    if (this.#state === "header") this.#settleHeader();
    else if (this.#state === "body" && this.#member.isDone) {
      this.#analysed = this.#member.end();
      this.#trailer.reset();
      this.#state = "trailer";
    } else if (this.#state === "trailer" && this.#trailer.isDone) this.#endMember();
  }

  #settleHeader(): void {
    const { state, bytes } = this.#header;
    if (state === "other") this.#beginTail(bytes);
    if (state !== "done") return;
    this.#headerEnd = this.#streamBytes;
    this.#memberStart = this.#streamBytes - bytes.length;
    this.#considerRestart();
    this.#member.begin(bytes, this.#headerEnd);
    this.#state = "body";
  }

  #endMember(): void {
    const analysed = this.#analysed;
    if (analysed === undefined) return;
    const { runner, plainBytes, crc } = analysed;
    const { engine, framing } = runner.candidate;
    const { bytes } = this.#trailer;
    const damage = trailerDamage(bytes, crc, plainBytes);
    this.#writeRestarts(analysed);
    this.#members.member({
      header: this.#header.bytes,
      engineId: engine.id,
      framing,
      plainBytes,
      corrections: runner.corrections.written(),
      trailer: damage === undefined ? undefined : bytes,
    });
    this.#findings.damage(damage);
    this.#findings.member(analysed);
    this.#plainBytes += plainBytes;
    this.#memberCount++;
    this.#analysed = undefined;
    this.#header = new GzipHeaderReader();
    this.#state = "header";
  }

  /** A rebuild can begin at any member's header. */
  #considerRestart(): void {
    const { plainByte, streamByte } = this.#lastRestart;
    const distance = {
      plainBytes: this.#plainBytes - plainByte,
      streamBytes: this.#memberStart - streamByte,
    };
    if (!isRestartDue(distance, this.#spacing)) return;
    this.#restart({
      ...STREAM_START,
      member: this.#memberCount,
      plainByte: this.#plainBytes,
      streamByte: this.#memberStart,
    });
  }

  /** Enters the marks that the member's model answered for. */
  #writeRestarts({ runner, marks }: AnalysedMember): void {
    for (const [index, mark] of marks.entries()) {
      const tokens = runner.predictor.restarts[index];
      if (tokens === undefined) continue;
      this.#restart({
        member: this.#memberCount,
        block: mark.block,
        plainByte: this.#plainBytes + mark.byte,
        memberByte: mark.byte,
        streamByte: this.#headerEnd + Math.floor(mark.bit / 8),
        streamBit: mark.bit % 8,
        crc: mark.crc,
        tokens,
      });
    }
  }

  #restart(restart: GzipRestart): void {
    this.#lastRestart = restart;
    this.#restarts.restart(restart);
  }

  #beginTail(bytes: Uint8Array): void {
    this.#state = "tail";
    if (this.#memberCount === 0) throw new NotGzip();
    this.#keepTail(bytes);
  }

  #keepTail(bytes: Uint8Array): number {
    if (this.#columns.tail.sizeBytes + bytes.length > LARGEST_TAIL_BYTES) {
      throw new BrokenStream("more than 64 KiB that are no gzip follow its last member");
    }
    if (bytes.length > 0) this.#findings.damage("what follows its last member is no gzip");
    this.#columns.tail.raw(bytes);
    return bytes.length;
  }

  #reasonAtEnd(): RawReason | undefined {
    if (this.#state === "tail") return undefined;
    const begun = this.#header.bytes;
    if (this.#state !== "header" || begun.length > 1) return ENDS_EARLY;
    if (this.#memberCount === 0) return reasonOf(new NotGzip());
    // A lone byte that might have been the start of another member.
    this.#keepTail(begun);
    return undefined;
  }

  #isWorthIt(recipe: Recipe): boolean {
    const most = Math.max(ALWAYS_WORTH_BYTES, LARGEST_SHARE * this.#streamBytes);
    return gzipColumnsSizeBytes(this.#columns) < most || encodeRecipe(recipe).length <= most;
  }
}

const ENDS_EARLY: RawReason = { kind: "broken", text: "the stream ends early" };

/** @throws what is no error of the stream. */
function reasonOf(error: unknown): RawReason {
  if (error instanceof BrokenStream) return { kind: "broken", text: error.message };
  if (error instanceof UnsupportedStream) return { kind: "unsupported", text: error.message };
  if (error instanceof NotGzip) return { kind: "not-compressed", text: error.message };
  if (error instanceof UnknownEncoder) return { kind: "unknown-encoder", text: error.message };
  throw error;
}
