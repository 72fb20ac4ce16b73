/**
 * What wrong passwords cost others, and what their answers tell: `node test/bench/wrong-passwords.ts
 * [--only speed|times] [--runs 7]`. Prints two tables, and exits with 1 when a target is missed.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { GuessJob, GuessResult } from "./guess-child.ts";
import { stopChild } from "../fixtures/stop-child.ts";
import { LoadClient } from "./load-client.ts";
import {
  openPasswordServer,
  type PasswordMode,
  type PasswordServer,
  pullAuthorization,
  pushRandomBlob,
} from "./password-server.ts";
import { quantile } from "./statistics.ts";
import { separationOf } from "./two-samples.ts";

const MIB = 1024 * 1024;
const BLOB_BYTES = 256 * MIB;
const PULL_MS = 1500;
const STOP_TIMEOUT_MS = 5000;
const WRONG_PER_SECOND = 200;
const USUAL_COST = 10;
const USERS = 20;
/** A pull beside wrong passwords keeps more than this of its speed. */
const TARGET_SHARE = 0.8;

const TRIES = 400;
/** So low that what else takes time would show. */
const QUICK_COSTS = [5, 5, 5, 7];
/** The share of answers to unknown users that take longer lies so close to a half. */
const TARGET_SEPARATION = 0.06;

/** What else goes on during a pull. */
type Company = "alone" | "requests" | "passwords";
const COMPANIES: readonly Company[] = ["alone", "requests", "passwords"];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, runs: { type: "string", default: "7" } },
  });
  let isMissed = false;
  if (values.only !== "times") isMissed = (await measureSpeed(Number(values.runs))) || isMissed;
  if (values.only !== "speed") isMissed = (await measureTimes()) || isMissed;
  return isMissed ? 1 : 0;
}

/** @returns whether the target is missed. */
async function measureSpeed(runs: number): Promise<boolean> {
  print(
    `A blob of 256 MiB pulled over and over: alone, beside ${WRONG_PER_SECOND} requests/s without\n`,
  );
  print(
    `a password, and beside as many wrong passwords. In turn, ${runs} times; medians, and the median\n`,
  );
  print("of each turn's share of its own figure alone.\n\n");
  print(
    "| users | alone, GB/s | share beside requests | share beside wrong passwords | answers |\n",
  );
  print("|---|--:|--:|--:|---|\n");
  let isMissed = false;
  for (const mode of ["htpasswd", "built-in"] as const) {
    const { turns, answers } = await pullInTurns(mode, runs);
    const median = (figure: (turn: Turn) => number): number => quantile(turns.map(figure), 0.5);
    const alone = (median((turn) => turn.alone) / 1e9).toFixed(2);
    const requests = median((turn) => turn.requests / turn.alone).toFixed(2);
    const passwords = median((turn) => turn.passwords / turn.alone);
    isMissed ||= passwords < TARGET_SHARE;
    const cells = [mode, alone, requests, passwords.toFixed(2), formatAnswers(answers)];
    print(`| ${cells.join(" | ")} |\n`);
  }
  print(`\nTarget: a share above ${TARGET_SHARE}.\n\n`);
  return isMissed;
}

/** Bytes per second of a pull in each company, one right after the other. */
type Turn = Record<Company, number>;

async function pullInTurns(
  mode: PasswordMode,
  runs: number,
): Promise<{ readonly turns: readonly Turn[]; readonly answers: GuessResult }> {
  await using resources = new AsyncDisposableStack();
  const costs = Array<number>(USERS).fill(USUAL_COST);
  const server = await openPasswordServer(resources, { mode, costs, isUnlimited: false });
  const target = await pushRandomBlob(server, BLOB_BYTES);
  const client = new LoadClient(resources);
  const guesser = new Guesser(resources, server);
  const headers = { Authorization: await pullAuthorization(server, mode) };
  const clients = [[{ target, status: 200, sizeBytes: BLOB_BYTES, headers }]];
  const job = { kind: "read", origin: server.origin.href, clients, durationMs: PULL_MS } as const;
  await client.run(job);
  const turns: Turn[] = [];
  const answers: Record<number, number> = {};
  for (let run = 0; run < runs; run += 1) {
    const turn: Turn = { alone: 0, requests: 0, passwords: 0 };
    // Neither of them always comes first.
    for (const company of run % 2 === 0 ? COMPANIES : COMPANIES.toReversed()) {
      guesser.start(company);
      const { sizeBytes, elapsedMs } = await client.run(job);
      turn[company] = sizeBytes / (elapsedMs / 1000);
      const told = await guesser.rest();
      if (company === "passwords") addTo(answers, told);
    }
    turns.push(turn);
  }
  return { turns, answers };
}

class Guesser {
  readonly #child: ChildProcess;
  readonly #server: PasswordServer;

  /** @param resources ends it. */
  constructor(resources: AsyncDisposableStack, server: PasswordServer) {
    this.#server = server;
    this.#child = fork(fileURLToPath(new URL("guess-child.ts", import.meta.url)));
    resources.defer(async () => stopChild(this.#child, STOP_TIMEOUT_MS));
  }

  start(company: Company): void {
    if (company === "alone") return;
    const { origin, users } = this.#server;
    const withPasswords = company === "passwords";
    const job = { origin: origin.href, users, withPasswords, perSecond: WRONG_PER_SECOND };
    this.#child.send(job satisfies GuessJob);
  }

  async rest(): Promise<GuessResult> {
    const told = once(this.#child, "message");
    this.#child.send("rest");
    const [statuses]: unknown[] = await told;
    return statuses as GuessResult;
  }
}

function addTo(answers: Record<number, number>, told: GuessResult): void {
  for (const [status, count] of Object.entries(told)) {
    answers[Number(status)] = (answers[Number(status)] ?? 0) + count;
  }
}

function formatAnswers(answers: GuessResult): string {
  return Object.entries(answers)
    .map(([status, count]) => `${count} x ${status}`)
    .join(", ");
}

/** @returns whether the target is missed. */
async function measureTimes(): Promise<boolean> {
  print(`Answers to ${TRIES} wrong passwords of users that there are, and of others, in turn;`);
  print(` bcrypt costs ${QUICK_COSTS.join(", ")}.\n\n`);
  print("| asked | existing, ms: median, p95 | unknown, ms | unknown slower | deviations |\n");
  print("|---|--:|--:|--:|--:|\n");
  await using resources = new AsyncDisposableStack();
  const costs = Array.from({ length: USERS }, (_, index) => QUICK_COSTS[index % 4] ?? USUAL_COST);
  const server = await openPasswordServer(resources, {
    mode: "built-in",
    costs,
    isUnlimited: true,
  });
  // With a warm cache, as after the logins of some of the users.
  await fetch(new URL("/v2/", server.origin), { headers: { authorization: server.authorization } });
  let isMissed = false;
  for (const path of ["/v2/", "/auth/token?service=barge"]) {
    const { existing, unknown } = await answerTimes(server, path);
    const { share, deviations } = separationOf(existing, unknown);
    isMissed ||= Math.abs(share - 0.5) > TARGET_SEPARATION;
    const cells = [existing, unknown].map(formatTimes).join(" | ");
    print(`| ${path} | ${cells} | ${share.toFixed(3)} | ${deviations.toFixed(1)} |\n`);
  }
  print(`\nTarget: a share of 0.5, give or take ${TARGET_SEPARATION}.\n`);
  return isMissed;
}

async function answerTimes(
  server: PasswordServer,
  path: string,
): Promise<{ readonly existing: readonly number[]; readonly unknown: readonly number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { existing: [] as number[], unknown: [] as number[] };
  const url = new URL(path, server.origin);
  for (let index = 0; index < TRIES; index += 1) {
    const user = server.users[index % server.users.length] ?? "";
    const both = [
      { kind: "existing", name: user },
      { kind: "unknown", name: `nobody-${index}` },
    ] as const;
    // Neither kind always comes first.
    for (const { kind, name } of index % 2 === 0 ? both : both.toReversed()) {
      times[kind].push(await answerMs(url, `${name}:wrong-${index}`, agent));
    }
  }
  agent.destroy();
  return times;
}

async function answerMs(url: URL, credentials: string, agent: Agent): Promise<number> {
  const headers = { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
  const startedMs = performance.now();
  const outgoing = request(url, { agent, headers });
  outgoing.end();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  outgoing.once("error", reject);
  outgoing.once("response", (incoming) => {
    incoming.resume();
    incoming.once("end", () => resolve(performance.now() - startedMs));
    if (incoming.statusCode !== 401) reject(new Error(`answered with ${incoming.statusCode}`));
  });
  return await promise;
}

function formatTimes(figures: readonly number[]): string {
  return `${quantile(figures, 0.5).toFixed(2)}, ${quantile(figures, 0.95).toFixed(2)}`;
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main();
