/** `/v2/`, by which clients find out that this is a registry, and `/`, which load balancers ask. */
import type { Handler } from "./handler.ts";

export const ping: Handler = () => ({
  status: 200,
  headers: {},
  body: { contentType: "application/json", bytes: Buffer.from("{}") },
});

export const root: Handler = () => ({ status: 200, headers: { "Cache-Control": "no-cache" } });
