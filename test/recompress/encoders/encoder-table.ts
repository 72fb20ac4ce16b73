/**
 * Every encoder whose streams the tests rebuild, or at least look at.
 *
 * The Go programs below this folder are built by `build.sh`, one for each version that `versions/` pins.
 */

const SPEEDS = [
  ["fastest", "1"],
  ["default", "2"],
  ["better", "3"],
  ["best", "4"],
] as const;
const LEVELS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;
/** The size of umoci's blocks; pgzip's own default is 1 MiB. */
const QUARTER_MIB = "262144";

/** The program that an encoder is. */
export type EncoderProgram =
  /** A Go program below this folder, at a pinned version. */
  | { readonly from: "module"; readonly folder: string; readonly version: string }
  /** A row of `test/install/tools.txt`. */
  | { readonly from: "tool"; readonly name: string }
  /** A script below `scripts/`, run by a tool, by this Node, or by what the path has. */
  | {
      readonly from: "script";
      readonly interpreter: "python3" | "node" | "java";
      readonly file: string;
    };

/** One encoder at one level, which reads standard input and writes standard output. */
export interface Encoder {
  /** Letters, digits, dots and dashes; fit for a file name. */
  readonly name: string;
  readonly format: "gzip" | "zstd";
  readonly program: EncoderProgram;
  readonly args: readonly string[];
  /** Whether its streams must be rebuilt without a single correction. */
  readonly hasModel: boolean;
  /** Whether the stream decompresses to just what went in. */
  readonly keepsPlain: boolean;
  /** What it can compress. */
  readonly takes: "anything" | "tar";
}

/** @throws {RangeError} when there is none of that name. */
export function encoderNamed(name: string): Encoder {
  const encoder = ENCODERS.find((candidate) => candidate.name === name);
  if (encoder === undefined) throw new RangeError(`no encoder is named '${name}'`);
  return encoder;
}

/** The row of `test/install/tools.txt` that a Go program may have. */
export function moduleToolName({ folder, version }: ModuleProgram): string {
  return `${folder}@${version}`;
}

/** The file name of a Go program. */
export function moduleBinary({ folder, version }: ModuleProgram): string {
  return `barge-encoder-${folder}-${version}`;
}

type ModuleProgram = Extract<EncoderProgram, { from: "module" }>;

/** All of them; the names are for ever, since golden tables use them. */
export const ENCODERS: readonly Encoder[] = [
  ...goEncoders(),
  ...klauspostGzipEncoders(),
  ...pgzipEncoders(),
  ...zlibEncoders(),
  ...pigzEncoders(),
  ...otherGzipEncoders(),
  ...klauspostZstdEncoders(),
  ...otherZstdEncoders(),
];

/** Go's own gzip. What 1.19 writes, 1.26 writes; 1.27 brought another design. */
function goEncoders(): readonly Encoder[] {
  const versions = [
    ["1.19", "go1.19.13", ["1", "6", "9"]],
    ["1.26", "go1.26.8", ["0", ...LEVELS]],
    ["1.27", "go1.27.3", ["0", ...LEVELS]],
  ] as const;
  return versions.flatMap(([short, version, levels]) => {
    const program = { from: "module", folder: "go-stdlib", version } as const;
    const huffmanOnly = gzip(`go-${short}-huffman`, program, { args: ["-2"] });
    return [
      ...levels.map((level) => gzip(`go-${short}-${level}`, program, { args: [level] })),
      huffmanOnly,
    ];
  });
}

/** The library that Go 1.27 took over; older versions choose other tokens or write other trees. */
function klauspostGzipEncoders(): readonly Encoder[] {
  const versions = [
    ["1.15.0", LEVELS],
    ["1.15.15", LEVELS],
    ["1.16.7", ["4", "5", "9"]],
    ["1.17.11", ["4", "5", "9"]],
    ["1.18.0", LEVELS],
    ["1.18.6", ["4", "9"]],
    ["1.20.3", LEVELS],
  ] as const;
  return versions.flatMap(([version, levels]) => {
    const program = { from: "module", folder: "klauspost", version: `v${version}` } as const;
    return levels.map((level) =>
      gzip(`klauspost-${version}-${level}`, program, { args: ["gzip", level] }),
    );
  });
}

/** podman, buildah, skopeo (blocks of 1 MiB) and umoci (256 KiB). */
function pgzipEncoders(): readonly Encoder[] {
  const newest = { from: "module", folder: "pgzip", version: "v1.2.6" } as const;
  const older = { from: "module", folder: "pgzip", version: "v1.2.5" } as const;
  return [
    gzip("pgzip-default", newest, { args: ["-1"] }),
    gzip("pgzip-1.2.5-default", older, { args: ["-1"] }),
    ...["1", "6", "9"].map((level) => gzip(`pgzip-1.2.5-${level}`, older, { args: [level] })),
    ...LEVELS.map((level) => gzip(`pgzip-${level}`, newest, { args: [level] })),
    ...["-1", "1", "6", "9"].map((level) =>
      gzip(`pgzip-256k-${level === "-1" ? "default" : level}`, newest, {
        args: [level, QUARTER_MIB],
      }),
    ),
  ];
}

/** zlib as Debian has it, by way of Python, and GNU gzip, whose ancestor it shares. */
function zlibEncoders(): readonly Encoder[] {
  const python = { from: "script", interpreter: "python3", file: "gzip-stream.py" } as const;
  const gnu = { from: "tool", name: "gzip" } as const;
  return [
    ...LEVELS.map((level) => gzip(`zlib-${level}`, python, { args: [level] })),
    ...LEVELS.map((level) => gzip(`gnu-${level}`, gnu, { args: ["-n", `-${level}`] })),
    gzip("gnu-rsyncable", gnu, { args: ["-n", "--rsyncable"] }),
    ...["1", "3", "9"].map((level) =>
      gzip(`gnu-rsyncable-${level}`, gnu, { args: ["-n", "--rsyncable", `-${level}`] }),
    ),
    gzip("java", { from: "script", interpreter: "java", file: "GzipStream.java" }, { args: [] }),
  ];
}

function pigzEncoders(): readonly Encoder[] {
  const pigz = { from: "tool", name: "pigz" } as const;
  const args = ["-n", "-p", "2"];
  return [
    ...["1", "6", "9"].map((level) =>
      gzip(`pigz-${level}`, pigz, { args: [...args, `-${level}`] }),
    ),
    gzip("pigz-independent", pigz, { args: [...args, "-i"] }),
    gzip("pigz-one-thread", pigz, { args: ["-n", "-p", "1"] }),
    gzip("pigz-rsyncable", pigz, { args: [...args, "-R"], hasModel: false }),
  ];
}

/** Encoders that nobody models, and one that cuts a tar into many members. */
function otherGzipEncoders(): readonly Encoder[] {
  const node = { from: "script", interpreter: "node", file: "gzip-stream.mjs" } as const;
  const stargz = { from: "module", folder: "stargz", version: "v0.18.1" } as const;
  const unknown = { hasModel: false };
  return [
    ...["1", "6", "9"].map((level) => gzip(`node-${level}`, node, { args: [level], ...unknown })),
    ...["1", "6", "12"].map((level) =>
      gzip(
        `libdeflate-${level}`,
        { from: "tool", name: "libdeflate-gzip" },
        { args: ["-n", `-${level}`], ...unknown },
      ),
    ),
    gzip(
      "7z",
      { from: "tool", name: "7z" },
      { args: ["a", "-tgzip", "-si", "-so", "plain"], ...unknown },
    ),
    gzip(
      "zopfli",
      { from: "tool", name: "zopfli" },
      { args: ["-c", "--i1", "/dev/stdin"], ...unknown },
    ),
    { ...gzip("estargz-9", stargz, { args: ["gzip", "9"] }), keepsPlain: false, takes: "tar" },
  ];
}

/** What every Go tool writes zstd with; revisions of the two slower speeds differ. */
function klauspostZstdEncoders(): readonly Encoder[] {
  const versions = "1.15.0 1.15.9 1.15.15 1.16.3 1.16.7 1.17.4 1.17.7 1.17.11 1.18.6 1.20.3".split(
    " ",
  );
  const newest = { from: "module", folder: "klauspost", version: "v1.20.3" } as const;
  const parallel = { ...newest, version: "v1.20.3-jobs" } as const;
  return [
    ...versions.flatMap((version) =>
      SPEEDS.map(([speed, number]) => {
        const name = `zstd-${version}-${speed}`;
        const program = { ...newest, version: `v${version}` } as const;
        return zstd(name, program, { args: ["zstd", number] });
      }),
    ),
    ...SPEEDS.map(([speed, number]) =>
      zstd(`zstd-1.20.3-${speed}-all`, newest, { args: ["zstd", number, "all"] }),
    ),
    ...SPEEDS.map(([speed, number]) =>
      zstd(`zstd-1.20.3-${speed}-jobs`, parallel, { args: ["zstd", number, "jobs"] }),
    ),
    ...SPEEDS.map(([speed, number]) =>
      zstd(`zstd-1.20.3-${speed}-jobs-128k`, parallel, {
        args: ["zstd", number, "jobs", "window=131072"],
      }),
    ),
  ];
}

function otherZstdEncoders(): readonly Encoder[] {
  const chunked = { from: "module", folder: "chunked", version: "v1.59.1" } as const;
  const stargz = { from: "module", folder: "stargz", version: "v0.18.1" } as const;
  return [
    { ...zstd("chunked-default", chunked, { args: [] }), takes: "tar" },
    { ...zstd("chunked-3", chunked, { args: ["3"] }), takes: "tar" },
    { ...zstd("stargz-zstd", stargz, { args: ["zstd"] }), keepsPlain: false, takes: "tar" },
    ...["1", "3", "19"].map((level) =>
      zstd(
        `libzstd-${level}`,
        { from: "tool", name: "zstd" },
        { args: ["-q", `-${level}`], hasModel: false },
      ),
    ),
  ];
}

interface EncoderDetails {
  readonly args: readonly string[];
  readonly hasModel?: boolean;
}

function gzip(
  name: string,
  program: EncoderProgram,
  { args, hasModel = true }: EncoderDetails,
): Encoder {
  return { name, format: "gzip", program, args, hasModel, keepsPlain: true, takes: "anything" };
}

function zstd(
  name: string,
  program: EncoderProgram,
  { args, hasModel = true }: EncoderDetails,
): Encoder {
  return { name, format: "zstd", program, args, hasModel, keepsPlain: true, takes: "anything" };
}
