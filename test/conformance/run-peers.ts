/**
 * Runs the rows against the peers that are installed, and writes which fail into PEERS.md.
 *
 *     node test/conformance/run-peers.ts [part of a title]
 *
 * With an argument only the rows that contain it are run; what fails is printed, and nothing is written.
 */
import { writeFile } from "node:fs/promises";
import { argv, stdout } from "node:process";
import { fileURLToPath } from "node:url";

import { findPeer, openPeer, PEERS, type Peer } from "./peers.ts";
import { whyRowFails, type Row } from "./row.ts";
import { DELETES_OFF_ROWS, ROWS } from "./rows.ts";

/** Title -> the first line of what went wrong. */
type Failures = ReadonlyMap<string, string>;

interface Column {
  readonly peer: Peer;
  readonly failures: Failures;
}

const [, , part] = argv;
const columns: Column[] = [];
for (const peer of PEERS) {
  const program = await findPeer(peer);
  if (program === undefined) {
    stdout.write(`${peer.name} is not installed\n`);
    continue;
  }
  const failures = await runAll(program);
  stdout.write(`${peer.name}: ${failures.size} of ${allRows().length} rows fail\n`);
  columns.push({ peer, failures });
}
if (part === undefined && columns.length === PEERS.length) {
  await writeFile(fileURLToPath(new URL("PEERS.md", import.meta.url)), tableOf(columns));
} else {
  for (const { peer, failures } of columns) {
    for (const [title, why] of failures) stdout.write(`${peer.name}: ${title}\n    ${why}\n`);
  }
}

function allRows(): readonly Row[] {
  return [...ROWS, ...DELETES_OFF_ROWS].filter(({ title }) => title.includes(part ?? ""));
}

async function runAll(program: string): Promise<Failures> {
  await using resources = new AsyncDisposableStack();
  const withDeletes = await openPeer(resources, program, { deletes: true });
  const withoutDeletes = await openPeer(resources, program, { deletes: false });
  const failures = new Map<string, string>();
  for (const row of allRows()) {
    const { origin } = DELETES_OFF_ROWS.includes(row) ? withoutDeletes : withDeletes;
    const why = await whyRowFails(row, origin);
    if (why !== undefined) failures.set(row.title, why);
  }
  return failures;
}

function tableOf(all: readonly Column[]): string {
  const failing = allRows().filter(({ title }) => all.some(({ failures }) => failures.has(title)));
  const cell = ({ failures }: Column, { title }: Row): string =>
    failures.has(title) ? "fails" : "passes";
  const counts = all.map(
    ({ peer, failures }) => `- ${peer.name}: ${failures.size} of ${allRows().length} rows fail.`,
  );
  const head = ["row", ...all.map(({ peer }) => peer.name)];
  const lines = failing.map((row) => [
    row.title.replaceAll("|", "\\|"),
    ...all.map((one) => cell(one, row)),
  ]);
  const rule = head.map(() => "---");
  return `# What other registries do

Written by \`node test/conformance/run-peers.ts\`; the rows that every peer passes are left out.
A row that fails here is often no fault of the peer: many state what Barge chose where the spec leaves a choice.

${counts.join("\n")}

${[head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}
`;
}
