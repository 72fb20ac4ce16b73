/** Compiles the engines that are written in AssemblyScript, and says where their modules lie. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { main } from "assemblyscript/asc";

/** Sources of modules; other `.as` files are parts that they import. */
export const ENGINE_SOURCES = "src/recompress/**/*-engine.as";

const FLAGS = ["-O3", "--noAssert", "--runtime", "stub", "--converge"];
/** 4 MiB, of which pages that are never touched cost nothing. */
const MEMORY_FLAGS = ["--initialMemory", "64", "--maximumMemory", "64"];
/** Those of zstd begin with as much as the window of a stream takes (`wasm-pages.ts`): at most 256 MiB. */
const ZSTD_MEMORY_FLAGS = ["--initialMemory", "16", "--maximumMemory", "4096"];
const LINE_CHARACTERS = 96;

/**
 * @param source path of an `.as` file
 * @returns the module. The same source gives the same bytes on every machine: the compiler is pinned.
 * @throws {Error} with what the compiler says.
 */
export async function compileModule(source: string): Promise<Uint8Array> {
  const folder = dirname(source);
  const messages: string[] = [];
  let module: Uint8Array | undefined;
  const name = `${basename(source, ".as")}.ts`;
  const memory = source.includes("/zstd/") ? ZSTD_MEMORY_FLAGS : MEMORY_FLAGS;
  const { error } = await main([name, ...FLAGS, ...memory, "--outFile", "out.wasm"], {
    readFile: (file) => readSource(join(folder, file)),
    writeFile: (_file, contents) => void (module = Buffer.from(contents)),
    listFiles: () => [],
    stderr: {
      write: (text: string | Uint8Array) => void messages.push(Buffer.from(text).toString()),
    },
  });
  if (error !== null || module === undefined) {
    throw new Error(`${source} does not compile:\n${messages.join("")}`);
  }
  return module;
}

/** @param file as the compiler names it, which knows no other ending than `.ts` */
async function readSource(file: string): Promise<string | null> {
  try {
    return await readFile(file.replace(/\.ts$/, ".as"), "utf8");
  } catch {
    return null;
  }
}

/** @returns the source of a TypeScript file that holds the module, so that nothing is read to load it. */
export function moduleFile(source: string, module: Uint8Array): string {
  const text = Buffer.from(module).toString("base64");
  const lines = text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  const quoted = lines.map((line) => `  "${line}",\n`).join("");
  return (
    `/** ${basename(source)}, compiled: see test/recompress/wasm. */\n` +
    `export const MODULE_BASE64: string = [\n${quoted}].join("");\n`
  );
}

/** Where the compiled module of a source lies. */
export function moduleFileOf(source: string): string {
  return source.replace(/\.as$/, "-module.ts");
}
