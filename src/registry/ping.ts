/** `/v2/`, by which clients find out that this is a registry, and `/`, which load balancers ask. */
import type { Answer } from "./answer.ts";
import type { Handler } from "./handler.ts";

const PONG: Answer = {
  status: 200,
  headers: {},
  body: { contentType: "application/json", bytes: Buffer.from("{}") },
  isLasting: true,
};

export const ping: Handler = () => PONG;

export const root: Handler = () => ({ status: 200, headers: { "Cache-Control": "no-cache" } });
