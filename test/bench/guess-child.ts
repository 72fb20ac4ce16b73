/** The process that sends wrong passwords, so many a second, and rests when it is told to. */
import { Agent, request } from "node:http";

export interface GuessJob {
  readonly origin: string;
  readonly perSecond: number;
  /** Users that there are. Every other guess is for one that there is not. */
  readonly users: readonly string[];
  /** Whether they bring a password at all: without, they cost what requests cost anyway. */
  readonly withPasswords: boolean;
}

/** What it answers when it is told to rest: how many answers of each status there were, 0 for none. */
export type GuessResult = Readonly<Record<number, number>>;

/** Every other guess comes from here, the rest each from an address of its own. */
const BUSY_ADDRESS = "203.0.113.7";
const TICK_MS = 10;

let statuses: Record<number, number> = {};
let sent = 0;
let timer: NodeJS.Timeout | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 128 });

process.on("disconnect", () => process.exit());
process.on("message", (message: GuessJob | "rest") => {
  clearInterval(timer);
  if (message === "rest") process.send?.(statuses);
  else guess(message);
});

function guess(job: GuessJob): void {
  const startedMs = performance.now();
  const before = sent;
  statuses = {};
  timer = setInterval(() => {
    const due = before + ((performance.now() - startedMs) / 1000) * job.perSecond;
    for (; sent < due; sent += 1) send(job, sent);
  }, TICK_MS);
}

function send({ origin, users, withPasswords }: GuessJob, index: number): void {
  const kind = index % 4;
  const name = kind < 2 ? users[(index >> 2) % users.length] : `nobody-${index}`;
  const password = Buffer.from(`${name}:wrong-${index}`).toString("base64");
  const headers = {
    "X-Forwarded-For":
      kind % 2 === 0 ? BUSY_ADDRESS : `198.18.${(index >> 8) & 255}.${index & 255}`,
    ...(withPasswords ? { Authorization: `Basic ${password}` } : {}),
  };
  const outgoing = request(new URL("/v2/", origin), { agent, headers }, (incoming) => {
    incoming.resume();
    count(incoming.statusCode ?? 0);
  });
  outgoing.on("error", () => count(0));
  outgoing.end();
}

function count(status: number): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
}
