/**
 * `node test/recompress/golden/foresee.ts [PREFIX]...`: analyses every golden stream and names those that
 * are not foreseen without a correction. Takes some minutes for all.
 */
import { readGoldenRecipes } from "./golden-table.ts";
import { correctionsIn, goldenPlain, rebuilt } from "./golden-streams.ts";

const prefixes = process.argv.slice(2);
let tried = 0;
let unforeseen = 0;
for (const { encoder, input, recipe } of readGoldenRecipes()) {
  if (prefixes.length > 0 && !prefixes.some((prefix) => encoder.startsWith(prefix))) continue;
  const corrections = correctionsIn(rebuilt(recipe, goldenPlain(encoder, input)));
  tried++;
  if (corrections === 0) continue;
  unforeseen++;
  process.stdout.write(`${encoder} ${input}: ${corrections}\n`);
}
process.stdout.write(`${tried} streams, ${unforeseen} not foreseen\n`);
process.exitCode = unforeseen === 0 ? 0 : 1;
