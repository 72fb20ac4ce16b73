/** `node test/recompress/wasm/build.ts`: compiles every engine that has an AssemblyScript source. */
import { glob, writeFile } from "node:fs/promises";
import { compileModule, ENGINE_SOURCES, moduleFile, moduleFileOf } from "./compile.ts";

for await (const source of glob(ENGINE_SOURCES)) {
  const module = await compileModule(source);
  await writeFile(moduleFileOf(source), moduleFile(source, module));
  process.stdout.write(`${source}: ${module.length} bytes\n`);
}
