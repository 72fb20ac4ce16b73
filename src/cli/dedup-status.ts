/** `barge dedup status`: how blobs are kept, and what that saves. */
import { type DedupSurvey, surveyConfiguredStore } from "../app/dedup-tools.ts";
import type { Config } from "../config/config.ts";
import { effectiveDedup } from "../config/dedup.ts";
import { bytesText } from "./bytes-text.ts";
import { blobsText, configOf, type DedupArguments, interruptible } from "./dedup-surroundings.ts";
import type { Io } from "./io.ts";
import { percentText } from "./percent-text.ts";
import { printJson } from "./print-json.ts";
import { formatTable } from "./table.ts";

/** @returns 0. @throws {ConfigInvalid} {StoreMissing} {StorageError} {Interrupted} */
export async function run(args: DedupArguments, io: Io): Promise<number> {
  const config = await configOf(args, io);
  const survey = await interruptible((signal) =>
    surveyConfiguredStore(config, {
      signal,
      onWarning: (text) => io.stderr(`warning: ${text}\n`),
    }),
  );
  if (args.format === "json") printDocument(survey, io);
  else io.stdout(statusText(survey, modeText(config)));
  return 0;
}

/** The shape that scripts rely on. */
function printDocument({ blobs, bytes, indexBytes, backlog, kept }: DedupSurvey, io: Io): void {
  printJson(
    {
      blobs,
      bytes: { ...bytes, index: indexBytes },
      backlog,
      kept: [...kept].map(([reason, amount]) => ({ reason, ...amount })),
    },
    io,
  );
}

function modeText(config: Config): string {
  const { mode, why } = effectiveDedup(config);
  return why ?? `barge.dedup.mode is ${mode}`;
}

/** For people. */
export function statusText(survey: DedupSurvey, mode: string): string {
  return [
    statesTable(survey),
    `\n${mode}.\n`,
    `${savingText(survey)}\n`,
    backlogText(survey),
    keptText(survey),
    quarantineText(survey),
  ].join("");
}

function statesTable({ blobs, bytes }: DedupSurvey): string {
  return formatTable(
    ["STATE", "BLOBS", "WHAT LIES THERE"],
    [
      ["raw", String(blobs.raw), `data; of raw and indexed ones ${bytesText(bytes.raw)}`],
      [
        "indexed",
        String(blobs.indexed),
        `data and recipe; all recipes ${bytesText(bytes.recipes)}`,
      ],
      ["cold", String(blobs.cold), `recipe and chunks; all chunks ${bytesText(bytes.packs)}`],
      ["quarantined", String(blobs.quarantined), "nothing that makes the blob"],
    ],
  );
}

function savingText({ bytes, indexBytes }: DedupSurvey): string {
  const keptBytes = bytes.raw + bytes.packs + bytes.recipes + indexBytes;
  if (bytes.gzip === 0) return "There are no blobs.";
  const share = 1 - keptBytes / bytes.gzip;
  const verdict = share >= 0 ? `${percentText(share)} less` : `${percentText(-share)} more`;
  const sizes = `Blobs of ${bytesText(bytes.gzip)} take ${bytesText(keptBytes)}`;
  return `${sizes} with all that belongs to them (index: ${bytesText(indexBytes)}): ${verdict}.`;
}

function backlogText({ backlog }: DedupSurvey): string {
  if (backlog.blobs === 0) return "Nothing waits to be done.\n";
  const amount = `${blobsText(backlog.blobs)} (${bytesText(backlog.bytes)})`;
  return `To do: ${amount}; \`barge dedup run\` does it now.\n`;
}

function keptText({ kept }: DedupSurvey): string {
  if (kept.size === 0) return "";
  const lines = [...kept]
    .toSorted(([, one], [, other]) => other.bytes - one.bytes)
    .map(([reason, { blobs, bytes }]) => [blobsText(blobs), bytesText(bytes), reason]);
  return `\n${formatTable(["KEEP THEIR DATA", "BYTES", "BECAUSE"], lines)}`;
}

function quarantineText({ blobs: { quarantined } }: DedupSurvey): string {
  if (quarantined === 0) return "";
  const what = quarantined === 1 ? "1 blob is" : `${quarantined} blobs are`;
  return `\n${what} absent until pushed again; \`barge dedup verify\` names them.\n`;
}
