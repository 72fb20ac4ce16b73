/** Many connections that stay: half-dead readers, and clients that wait. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type CrowdJob, formatRequest, type JobResult, NO_RESULT } from "./load-job.ts";

const AT_ONCE = 100;
const SIP_BYTES = 16 * 1024;
const SIP_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 20_000;

/** They last until the process ends. @returns when all have had an answer or been refused. */
export async function gatherCrowd({ origin, slow, idle, target }: CrowdJob): Promise<JobResult> {
  const port = Number(new URL(origin).port);
  const asks = Array.from({ length: slow + idle }, (_, index) => ({
    isSlow: index < slow,
  }));
  const sockets: Socket[] = [];
  let refused = 0;
  for (let first = 0; first < asks.length; first += AT_ONCE) {
    const some = asks.slice(first, first + AT_ONCE);
    const opened = await Promise.all(
      some.map(async ({ isSlow }) => join(port, isSlow ? target : "/v2/")),
    );
    refused += opened.filter((socket) => socket === undefined).length;
    sockets.push(...opened.filter((_, index) => some[index]?.isSlow).flatMap((one) => one ?? []));
  }
  setInterval(() => sockets.forEach((socket) => void socket.read(SIP_BYTES)), SIP_EVERY_MS);
  return { ...NO_RESULT, refused, requests: asks.length };
}

/** @returns `undefined` when the server does not answer with 200. */
async function join(port: number, target: string): Promise<Socket | undefined> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => socket.destroy());
  socket.write(formatRequest({ target, status: 200 }));
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const came = await Promise.race([
    once(socket, "readable", { signal }),
    once(socket, "close", { signal }),
  ]).catch(() => undefined);
  const head = came === undefined ? "" : String(socket.read() ?? "");
  return head.startsWith("HTTP/1.1 200") ? socket : undefined;
}
