import { z } from "zod";
import type { HttpConfig } from "./config.ts";
import { debugSchema, toDebugConfig } from "./http-debug.ts";
import { tlsSchema, toTlsConfig } from "./http-tls.ts";
import { duration, EVEN_IF_PARTS_ARE_WRONG, flag, headers, httpUrl, text } from "./leaves.ts";
import { describeTcpAddress, parseListenAddress } from "./listen-address.ts";
import { isText } from "./value-at.ts";

/** `http:` */
export const httpSchema = z
  .object(
    {
      addr: z
        .string()
        .describe(
          "Address to listen on: `:5000` (all interfaces), `127.0.0.1:5000`, `[::1]:5000`; with `net: unix` the path of a socket. Required.",
        ),
      net: z.enum(["tcp", "unix"]).default("tcp").describe("`tcp` or `unix`."),
      prefix: z
        .string()
        .regex(/^\/(?:.*\/)?$/, "must begin and end with /, such as /registry/")
        .default("/")
        .describe("Path below which everything is served; begins and ends with `/`."),
      host: httpUrl().describe(
        "URL under which clients reach the registry. Default: taken from each request.",
      ),
      secret: text().describe(
        "Not needed: upload sessions live in the store and nothing is signed with it.",
      ),
      relativeurls: flag(false).describe("Gives `Location` without scheme and host."),
      draintimeout: duration("0s").describe(
        "How long requests may take to end after the signal to stop; 0 waits for none.",
      ),
      tls: tlsSchema,
      headers: headers().describe(
        "Header fields of every answer: each name with a list of values.",
      ),
      debug: debugSchema,
      http2: z
        .object({ disabled: flag(false).describe("Not needed: HTTP/1.1 is spoken.") })
        .optional()
        .describe("HTTP/2."),
      h2c: z
        .object({ enabled: flag(false).describe("HTTP/2 without TLS; not carried out.") })
        .optional()
        .describe("HTTP/2 without TLS."),
    },
    { error: describeMissing },
  )
  .superRefine(({ addr, net }, context) => {
    if (!isText(addr) || parseListenAddress(addr, net) !== undefined) return;
    context.addIssue({ code: "custom", path: ["addr"], message: describeTcpAddress(addr) });
  }, EVEN_IF_PARTS_ARE_WRONG)
  .describe("The HTTP server.");

function describeMissing({ input }: { readonly input?: unknown }): string | undefined {
  return input === undefined ? 'is missing: write at least http: {addr: ":5000"}' : undefined;
}

/** `undefined` when the address does not fit the network, which the schema has found before. */
export function toHttpConfig(http: z.output<typeof httpSchema>): HttpConfig | undefined {
  const listen = parseListenAddress(http.addr, http.net);
  if (listen === undefined) return undefined;
  return {
    listen,
    prefix: http.prefix,
    host: http.host,
    relativeUrls: http.relativeurls,
    drainTimeoutMs: http.draintimeout,
    headers: http.headers,
    tls: toTlsConfig(http.tls),
    debug: toDebugConfig(http.debug),
  };
}
