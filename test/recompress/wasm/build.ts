/** `node test/recompress/wasm/build.ts [SOURCE...]`: compiles the engines that are written in AssemblyScript. */
import { glob, writeFile } from "node:fs/promises";
import { compileModule, ENGINE_SOURCES, moduleFile, moduleFileOf } from "./compile.ts";

const named = process.argv.slice(2);
const sources = named.length > 0 ? named : await Array.fromAsync(glob(ENGINE_SOURCES));
for (const source of sources) {
  const module = await compileModule(source);
  await writeFile(moduleFileOf(source), moduleFile(source, module));
  process.stdout.write(`${source}: ${module.length} bytes\n`);
}
